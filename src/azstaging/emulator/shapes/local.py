"""Azure Local: ``Microsoft.DataReplication`` protected items, both directions of casing mixed."""

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.estate import Machine, Vault
from azstaging.emulator.shapes.migration import os_name, source_disk
from azstaging.emulator.shapes.scene import GIB, Json, Scene

TYPE = "Microsoft.DataReplication/replicationVaults/protectedItems"

_STAGES = {
    "staged": ("PlannedFailoverCompleted", "Planned failover completed", "Recovery"),
    "replicating": ("Protected", "Protected", "Primary"),
}


def replication_vault(scene: Scene, vault: Vault) -> Json:
    """Render a DataReplication vault."""
    return {
        "location": vault.location,
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "serviceResourceId": stable_guid("service", vault.name),
            "vaultType": "Migrate",
        },
        "id": scene.ids.vault(vault),
        "name": vault.name,
        "type": "Microsoft.DataReplication/replicationVaults",
        "systemData": None,
    }


def local_item(scene: Scene, machine: Machine) -> Json:
    """Render one protected item; the list gives the same rows."""
    state, description, location = _STAGES.get(machine.situation, _STAGES["staged"])
    allowed = ["PlannedFailover", "DisableProtection"]
    if location == "Recovery":
        allowed = ["CommitFailover", "DisableProtection"]
    properties: Json = {
        "policyName": f"{machine.vault}{machine.provider}policy",
        "replicationExtensionName": f"{machine.site}-azlocal-MigReplicationExtn",
        "correlationId": scene.ids.correlation(machine),
        "provisioningState": "Succeeded",
        "protectionState": state,
        "protectionStateDescription": description,
        "testFailoverState": "None",
        "testFailoverStateDescription": "None",
        "resynchronizationState": "None",
        "fabricObjectId": stable_guid("fabric object", machine.key),
        "fabricObjectName": machine.name,
        "sourceFabricProviderId": stable_guid("provider", machine.site),
        "targetFabricProviderId": stable_guid("provider", "azlocal"),
        "fabricId": stable_guid("fabric", machine.site),
        "targetFabricId": stable_guid("fabric", "azlocal"),
        "fabricAgentId": stable_guid("agent", machine.site),
        "targetFabricAgentId": stable_guid("agent", "azlocal"),
        "resyncRequired": "false",
        "allowedJobs": allowed,
        "replicationHealth": "Normal",
        "healthErrors": [],
        "customProperties": _custom(scene, machine, location),
    }
    if location == "Recovery":
        properties["lastSuccessfulPlannedFailoverTime"] = scene.ago(60 * 48)
    return {
        "properties": properties,
        "id": scene.ids.item(machine),
        "name": scene.ids.item_name(machine),
        "type": TYPE,
        "systemData": None,
    }


def _custom(scene: Scene, machine: Machine, location: str) -> Json:
    ids = scene.ids
    group = ids.target_group(machine)
    custom_location = (
        f"{group}/providers/Microsoft.ExtendedLocation/customLocations/azlocal-01".upper()
    )
    storage = f"{group}/providers/Microsoft.AzureStackHCI/storageContainers/csv-01"
    network = f"{group}/providers/Microsoft.AzureStackHCI/logicalNetworks/lnet-01"
    point = stable_guid("point", machine.key)
    return {
        "activeLocation": location,
        "targetHciClusterId": f"{group}/providers/Microsoft.AzureStackHCI/clusters/azlocal-01",
        "targetArcClusterCustomLocationId": custom_location,
        "targetAzStackHciClusterName": custom_location,
        "storageContainerId": storage,
        "targetResourceGroupId": group,
        "targetLocation": "West Europe",
        "customLocationRegion": machine.location,
        "disksToInclude": None,
        "nicsToInclude": None,
        "protectedDisks": [
            _disk(machine, index, storage) for index in range(len(machine.disks_gib))
        ],
        "protectedNics": [_nic(network)],
        "targetVmBiosId": stable_guid("bios", machine.key) if location == "Recovery" else None,
        "targetVmName": machine.vm_name,
        "hyperVGeneration": "2",
        "targetNetworkId": None,
        "testNetworkId": None,
        "targetCpuCores": machine.cores,
        "isDynamicRam": False,
        "dynamicMemoryConfig": {
            "maximumMemoryInMegaBytes": 1048576,
            "minimumMemoryInMegaBytes": 1024,
            "targetMemoryBufferPercentage": 20,
        },
        "targetMemoryInMegaBytes": machine.memory_mib,
        "osType": f"{machine.os}Guest",
        "osName": os_name(machine),
        "firmwareType": "efi",
        "fabricDiscoveryMachineId": ids.source(machine),
        "sourceVmName": machine.name,
        "sourceCpuCores": machine.cores,
        "sourceMemoryInMegaBytes": float(machine.memory_mib),
        "runAsAccountId": f"{ids.site(ids.sites[machine.site])}/runasaccounts/"
        + stable_guid("account", machine.site),
        "sourceFabricAgentName": f"{machine.site}dra",
        "targetFabricAgentName": "azlocaldra",
        "sourceApplianceName": machine.site,
        "targetApplianceName": "azlocal",
        "failoverRecoveryPointId": point,
        "lastRecoveryPointReceived": scene.ago(60 * 48),
        "lastRecoveryPointId": point,
        "initialReplicationProgressPercentage": None,
        "migrationProgressPercentage": None,
        "resumeProgressPercentage": None,
        "resyncProgressPercentage": None,
        "resyncRetryCount": 0,
        "resyncRequired": "false",
        "resyncState": "None",
        "performAutoResync": "false",
        "resumeRetryCount": 0,
        "lastReplicationUpdateTime": scene.ago(60 * 48),
        "instanceType": machine.provider,
    }


def _disk(machine: Machine, index: int, storage: str) -> Json:
    name = f"{machine.key}-{'OSdisk' if index == 0 else 'datadisk'}-{index}"
    return {
        "storageContainerId": storage,
        "storageContainerLocalPath": "c:\\clusterstorage\\volume1\\csv-01",
        "sourceDiskId": source_disk(machine, index),
        "sourceDiskName": f"scsi0:{index}",
        "seedDiskName": f"{name}-seed",
        "testMigrateDiskName": f"{name}-test",
        "migrateDiskName": name,
        "isOsDisk": index == 0,
        "capacityInBytes": machine.disks_gib[index] * GIB,
        "isDynamic": True,
        "diskType": "VHDX",
        "diskBlockSize": None,
        "diskLogicalSectorSize": None,
        "diskPhysicalSectorSize": None,
    }


def _nic(network: str) -> Json:
    return {
        "nicId": "4000",
        "macAddress": "00:50:56:a3:21:f8",
        "label": "Network adapter 1",
        # Recorded so: false on the only adapter.
        "isPrimaryNic": False,
        "networkName": network,
        "targetNetworkId": network,
        "testNetworkId": network,
        "selectionTypeForFailover": "SelectedByUser",
    }
