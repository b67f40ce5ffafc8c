"""Azure to Azure: ``A2A``. The only provider that names its target and its test machine."""

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.estate import Machine
from azstaging.emulator.shapes.hyperv import protection_nic
from azstaging.emulator.shapes.scene import GIB, NO_EXPIRY, Json, Scene


def a2a_details(scene: Scene, machine: Machine) -> Json:
    """Render ``providerSpecificDetails``; ids of the source are wholly lower case."""
    ids = scene.ids
    done = machine.situation not in {"replicating", "seeding", "cutover-running", "failed"}
    tested = machine.situation == "test-outstanding"
    disks = range(len(machine.disks_gib))
    nic = protection_nic(scene, machine, stable_guid("nic", machine.key))
    return {
        "instanceType": "A2A",
        "fabricObjectId": ids.source(machine).lower(),
        "initialPrimaryZone": "",
        "initialPrimaryFabricLocation": "northeurope",
        "initialRecoveryZone": "",
        "initialPrimaryExtendedLocation": None,
        "initialRecoveryExtendedLocation": None,
        "initialRecoveryFabricLocation": machine.location,
        "multiVmGroupId": stable_guid("group", machine.key),
        "multiVmGroupName": "",
        "multiVmGroupCreateOption": "AutoCreated",
        "managementId": stable_guid("management", machine.key),
        "protectedDisks": None,
        "unprotectedDisks": None,
        "protectedManagedDisks": [_disk(scene, machine, i, done=done) for i in disks],
        "recoveryBootDiagStorageAccountId": None,
        "primaryFabricLocation": "northeurope",
        "recoveryFabricLocation": machine.location,
        "osType": machine.os.title(),
        "recoveryAzureVMSize": machine.size,
        "recoveryAzureVMName": machine.key,
        "recoveryAzureResourceGroupId": ids.target_group(machine),
        "recoveryCloudService": None,
        "recoveryAvailabilitySet": None,
        "selectedRecoveryAzureNetworkId": ids.network(machine),
        "selectedTfoAzureNetworkId": None,
        "vmNics": [{**nic, "sourceNicArmId": source_nic(scene, machine)}],
        "vmSyncedConfigDetails": {"tags": dict(machine.tags), "inputEndpoints": []},
        "monitoringPercentageCompletion": 43,
        "monitoringJobType": "InitialReplication",
        "lastHeartbeat": scene.ago(60 * 48),
        "agentVersion": "9.62.7050.1",
        "agentExpiryDate": NO_EXPIRY,
        "isReplicationAgentUpdateRequired": False,
        "agentCertificateExpiryDate": scene.ago(-60 * 24 * 700),
        "isReplicationAgentCertificateUpdateRequired": False,
        "recoveryFabricObjectId": ids.vm(machine) if done and machine.has_vm else None,
        "vmProtectionState": "Protected",
        "vmProtectionStateDescription": "Protected",
        "lifecycleId": stable_guid("lifecycle", machine.key),
        "testFailoverRecoveryFabricObjectId": ids.test_vm(machine) if tested else None,
        "rpoInSeconds": 114,
        "lastRpoCalculatedTime": scene.ago(60 * 48),
        "primaryAvailabilityZone": None,
        "recoveryAvailabilityZone": None,
        "primaryExtendedLocation": None,
        "recoveryExtendedLocation": None,
        "vmEncryptionType": "NotEncrypted",
        "tfoAzureVMName": machine.test_name,
        "recoveryAzureGeneration": "V2",
        "recoveryProximityPlacementGroupId": None,
        "autoProtectionOfDataDisk": "Disabled",
        "recoveryVirtualMachineScaleSetId": None,
        "recoveryCapacityReservationGroupId": None,
    }


def source_nic(scene: Scene, machine: Machine) -> str:
    """Id of the network interface of the source VM."""
    group = scene.ids.source(machine).partition("/providers/")[0]
    return f"{group}/providers/Microsoft.Network/networkInterfaces/nic-{machine.key}"


def source_disk_id(scene: Scene, machine: Machine, index: int) -> str:
    """Id of a disk of the source VM."""
    group = scene.ids.source(machine).partition("/providers/")[0]
    return f"{group}/providers/Microsoft.Compute/disks/{machine.key}-disk-{index}"


def _disk(scene: Scene, machine: Machine, index: int, *, done: bool) -> Json:
    name = scene.ids.disk_name(machine, index)
    return {
        "diskId": source_disk_id(scene, machine, index).lower(),
        "recoveryResourceGroupId": scene.ids.target_group(machine),
        "recoveryTargetDiskId": scene.ids.disk(machine, index) if done else None,
        "recoveryReplicaDiskId": scene.ids.seed_disk(machine, index),
        "recoveryOrignalTargetDiskId": "",
        "recoveryReplicaDiskAccountType": "Premium_LRS",
        "recoveryTargetDiskAccountType": "Premium_LRS",
        "recoveryDiskEncryptionSetId": None,
        "primaryDiskEncryptionSetId": None,
        "diskName": name,
        "diskCapacityInBytes": machine.disks_gib[index] * GIB,
        "primaryStagingAzureStorageAccountId": scene.ids.storage(machine),
        "diskType": "OperatingSystem" if index == 0 else "DataDisk",
        "resyncRequired": False,
        "monitoringPercentageCompletion": None,
        "monitoringJobType": None,
        "dataPendingInStagingStorageAccountInMB": 0.0,
        "dataPendingAtSourceAgentInMB": 0.0,
        "diskState": "Protected",
        "allowedDiskLevelOperation": [],
        "isDiskEncrypted": False,
        "secretIdentifier": None,
        "dekKeyVaultArmId": None,
        "isDiskKeyEncrypted": False,
        "keyIdentifier": None,
        "kekKeyVaultArmId": None,
        "failoverDiskName": name,
        "tfoDiskName": f"{name}-ASRtest",
    }
