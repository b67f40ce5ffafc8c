"""Migration items: agentless VMware, provider ``VMwareCbt``.

The vault-wide list gives the same rows with ``protectedDisks`` and ``vmNics`` empty.
"""

from typing import NamedTuple

from azstaging.emulator.addresses import SITE_RECOVERY, stable_guid
from azstaging.emulator.estate import Machine
from azstaging.emulator.shapes.scene import GIB, IDLE_SINCE, Json, Scene

TYPE = f"{SITE_RECOVERY}/replicationMigrationItems"


class _Stage(NamedTuple):
    state: str
    description: str
    replication: str
    health: str
    allowed: tuple[str, ...]
    migrated: str = ""


_STEADY = ("DisableMigration", "TestMigrate", "Migrate", "PauseReplication")
_AFTER = ("DisableMigration", "ResumeReplication")
_STAGES = {
    "staged": _Stage("MigrationSucceeded", "Migrated", "Paused", "None", _AFTER, "Succeeded"),
    "test-outstanding": _Stage(
        "MigrationSucceeded",
        "Migrated",
        "Paused",
        "None",
        ("DisableMigration", "TestMigrateCleanup", "ResumeReplication"),
        "Succeeded",
    ),
    "notes": _Stage(
        "MigrationCompletedWithInformation",
        "Migrated with information",
        "Paused",
        "None",
        _AFTER,
        "CompletedWithInformation",
    ),
    "partial": _Stage(
        "MigrationPartiallySucceeded",
        "Partially migrated",
        "Paused",
        "None",
        _AFTER,
        "PartiallySucceeded",
    ),
    "replicating": _Stage("Replicating", "Ready to migrate", "Delta sync", "Normal", _STEADY),
    "replicating-again": _Stage(
        "Replicating", "Ready to migrate", "Delta sync", "Normal", _STEADY, "Succeeded"
    ),
    "paused": _Stage("ProtectionSuspended", "Paused", "Paused", "None", _AFTER),
    "seeding": _Stage(
        "InitialSeedingInProgress",
        "Initial replication in progress",
        "Initial replication",
        "Normal",
        ("DisableMigration",),
    ),
    "cutover-running": _Stage(
        "MigrationInProgress", "Migration in progress", "Delta sync", "Normal", ()
    ),
    "failed": _Stage("MigrationFailed", "Migration failed", "Delta sync", "Critical", _STEADY),
}


def migration_item(scene: Scene, machine: Machine, *, slim: bool = False) -> Json:
    """Render one item; ``slim`` is the row of the vault-wide list."""
    stage = _STAGES.get(machine.situation, _STAGES["staged"])
    item_id = scene.ids.item(machine)
    vault = item_id.partition("/replicationFabrics/")[0]
    policy = f"migrate{machine.site}policy"
    fabric = item_id.partition("/replicationProtectionContainers/")[0]
    tested = machine.situation == "test-outstanding"
    properties: Json = {
        "machineName": machine.name,
        "policyId": f"{vault}/replicationPolicies/{policy}",
        "policyFriendlyName": policy,
        "recoveryServicesProviderId": f"{fabric}/replicationRecoveryServicesProviders/"
        + stable_guid("dra", fabric),
        "replicationStatus": stage.replication,
        "migrationState": stage.state,
        "migrationStateDescription": stage.description,
        "lastTestMigrationStatus": "Succeeded" if tested else None,
        "lastMigrationStatus": stage.migrated or None,
        "testMigrateState": "TestMigrationSucceeded" if tested else "None",
        "testMigrateStateDescription": "Test migration succeeded" if tested else "None",
        "health": stage.health,
        "healthErrors": [],
        "allowedOperations": list(stage.allowed),
        "currentJob": idle_job(vault, "jobName"),
        "criticalJobHistory": [],
        "eventCorrelationId": scene.ids.correlation(machine),
        "providerSpecificDetails": _details(scene, machine, item_id, stage, slim=slim),
    }
    if tested:
        properties["lastTestMigrationTime"] = scene.ago(60 * 72)
    if stage.migrated:
        properties["lastMigrationTime"] = scene.ago(60 * 48)
    if machine.situation == "replicating-again":
        properties["criticalJobHistory"] = [_cutover_job(scene, machine, vault)]
    return {
        "id": item_id,
        "name": scene.ids.item_name(machine),
        "type": TYPE,
        "properties": properties,
    }


def idle_job(vault: str, key: str) -> Json:
    """Render what stands for "no job": name None, and a date that means not set."""
    return {key: "None", "jobId": f"{vault}/replicationJobs/None", "startTime": IDLE_SINCE}


def _cutover_job(scene: Scene, machine: Machine, vault: str) -> Json:
    return {
        "jobName": "PlannedFailover",
        "jobId": f"{vault}/replicationJobs/{stable_guid('cutover', machine.key)}",
        "startTime": scene.ago(60 * 48 + 20),
        "jobStatus": "Succeeded",
    }


def _details(scene: Scene, machine: Machine, item_id: str, stage: _Stage, *, slim: bool) -> Json:
    ids = scene.ids
    site = ids.site(ids.sites[machine.site])
    account = f"{site}/runasaccounts/{stable_guid('account', site)}"
    points = f"{item_id}/migrationRecoveryPoints/"
    cutover_done = bool(stage.migrated)
    return {
        "instanceType": "VMwareCbt",
        "vmwareMachineId": ids.source(machine),
        "osType": machine.os.title(),
        "osName": os_name(machine),
        "firmwareType": "EFI",
        "targetGeneration": "V2",
        "licenseType": "WindowsServer" if machine.os == "windows" else "NoLicenseType",
        "sqlServerLicenseType": "NotSpecified",
        "linuxLicenseType": "NoLicenseType",
        "dataMoverRunAsAccountId": account,
        "snapshotRunAsAccountId": account,
        "storageAccountId": None,
        "targetVmName": machine.key,
        "targetVmSize": machine.size,
        "targetLocation": machine.location,
        "targetResourceGroupId": ids.target_group(machine),
        "targetAvailabilitySetId": "",
        "targetAvailabilityZone": "",
        "targetProximityPlacementGroupId": "",
        "confidentialVmKeyVaultId": None,
        "targetVmSecurityProfile": {
            "targetVmSecurityType": "None",
            "isTargetVmSecureBootEnabled": "false",
            "isTargetVmTpmEnabled": "false",
            "isTargetVmIntegrityMonitoringEnabled": None,
            "isTargetVmConfidentialEncryptionEnabled": "false",
        },
        "targetBootDiagnosticsStorageAccountId": ids.storage(machine),
        "targetVmTags": dict(machine.tags),
        "protectedDisks": [] if slim else _disks(scene, machine, done=cutover_done),
        "targetNetworkId": ids.network(machine),
        "testNetworkId": ids.network(machine),
        "vmNics": [] if slim else [_nic(scene, machine)],
        "targetNicTags": {},
        "migrationRecoveryPointId": points + stable_guid("point", machine.key, "cutover")
        if cutover_done
        else None,
        # Recorded hours ahead of the response: the appliance's local time, marked as UTC.
        "lastRecoveryPointReceived": scene.ago(60 * 48 - 97),
        "lastRecoveryPointId": points + stable_guid("point", machine.key, "last"),
        **_progress(machine, slim=slim),
        "supportedOSVersions": ["Microsoft Windows Server 2022 (64-bit)"],
        "applianceMonitoringDetails": _appliance(),
        "gatewayOperationDetails": _gateway(done=cutover_done),
        "operationName": None,
    }


def _progress(machine: Machine, *, slim: bool) -> Json:
    seeding = machine.situation == "seeding"
    return {
        "initialSeedingProgressPercentage": 41 if seeding else None,
        "migrationProgressPercentage": 63 if machine.situation == "cutover-running" else None,
        "resyncProgressPercentage": None,
        "resumeProgressPercentage": None,
        "deltaSyncProgressPercentage": None,
        "isCheckSumResyncCycle": None,
        "initialSeedingRetryCount": 0,
        "resyncRetryCount": 0,
        "resumeRetryCount": 0,
        "deltaSyncRetryCount": 0,
        "resyncRequired": "false",
        "resyncState": "None",
        "performAutoResync": "true",
        # Recorded so: an empty object in the list, null in the item.
        "seedDiskTags": {} if slim else None,
        "targetDiskTags": {},
    }


def _disks(scene: Scene, machine: Machine, *, done: bool) -> list[Json]:
    account = scene.ids.storage(machine)
    return [
        {
            "diskId": source_disk(machine, index),
            "diskName": machine.key if index == 0 else f"{machine.key}_{index}",
            "diskType": "Premium_LRS",
            "diskPath": f"[datastore1] {machine.key}/{machine.key}_{index}.vmdk",
            "isOSDisk": "true" if index == 0 else "false",
            "capacityInBytes": size * GIB,
            "logStorageAccountId": account,
            "logStorageAccountSasSecretName": account.rpartition("/")[2] + "-cacheSas",
            "diskEncryptionSetId": None,
            "seedManagedDiskId": scene.ids.seed_disk(machine, index),
            "seedBlobUri": None,
            "targetManagedDiskId": scene.ids.disk(machine, index) if done else None,
            "targetBlobUri": None,
            "targetDiskName": scene.ids.disk_name(machine, index),
            "gatewayOperationDetails": {**_gateway(done=done), "progressPercentage": 100},
            "sectorSizeInBytes": 0,
        }
        for index, size in enumerate(machine.disks_gib)
    ]


def source_disk(machine: Machine, index: int) -> str:
    """Id of a disk at the source, as the hypervisor writes it."""
    return "6000C29" + stable_guid("vmdk", machine.key, index)[7:]


def _nic(scene: Scene, machine: Machine) -> Json:
    return {
        "nicId": "4000",
        "isPrimaryNic": "true",
        "sourceIPAddress": "10.1" + machine.address[4:],
        "sourceIPAddressType": "Static",
        "sourceNetworkId": "VM Network",
        "targetIPAddress": machine.address,
        "targetIPAddressType": "Static",
        "targetSubnetName": machine.subnet,
        "testNetworkId": scene.ids.network(machine),
        "testSubnetName": machine.subnet,
        "testIPAddress": None,
        "testIPAddressType": "Dynamic",
        "targetNicName": f"nic-{machine.key}-00",
        "isSelectedForMigration": "true",
    }


def os_name(machine: Machine) -> str:
    """Full name of the operating system, as discovery tells it."""
    if machine.os == "windows":
        return "Windows Server 2019 (64-bit)"
    return "Ubuntu Linux (64-bit)"


def _gateway(*, done: bool) -> Json:
    state = "PlannedFailoverOverDeltaReplication" if done else "DeltaReplication"
    return {
        "state": f"{state} Completed",
        "progressPercentage": None,
        "timeElapsed": 0,
        "timeRemaining": 0,
        "uploadSpeed": 0,
        "hostName": None,
        "dataStores": ["datastore1"],
        "vmwareReadThroughput": 0,
    }


def _usage(capacity: int, process: float, total: float | None) -> Json:
    return {
        "capacity": capacity,
        "processUtilization": process,
        "totalUtilization": total,
        "status": None,
    }


def _appliance() -> Json:
    return {
        "cpuDetails": _usage(4, 3.0, 21.0),
        "ramDetails": _usage(16384, 1400.0, 6300.0),
        "datastoreSnapshot": [
            {
                "totalSnapshotsSupported": 15,
                "totalSnapshotsCreated": 0,
                "dataStoreName": "datastore1",
            }
        ],
        "disksReplicationDetails": _usage(58, 2.0, None),
        "esxiNfcBuffer": _usage(32, 4.0, None),
        "networkBandwidth": _usage(1192, 0.0, 0.0),
    }
