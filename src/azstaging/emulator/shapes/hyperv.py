"""Hyper-V to Azure: ``HyperVReplicaAzure``, and the adapter shape it shares with others."""

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.estate import Machine
from azstaging.emulator.shapes.scene import Json, Scene


def hyperv_details(scene: Scene, machine: Machine) -> Json:
    """Render ``providerSpecificDetails``; sizes of disks are text here."""
    ids = scene.ids
    disks = range(len(machine.disks_gib))
    nic = f"Microsoft:{stable_guid('nic', machine.key).upper()}"
    return {
        "instanceType": "HyperVReplicaAzure",
        "azureVmDiskDetails": [_vhd(scene, machine, index) for index in disks],
        "recoveryAzureVmName": machine.key,
        "recoveryAzureVMSize": machine.size,
        "recoveryAzureStorageAccount": ids.storage(machine),
        "recoveryAzureLogStorageAccountId": None,
        "lastReplicatedTime": scene.ago(60 * 48),
        "rpoInSeconds": 30,
        "lastRpoCalculatedTime": scene.ago(60 * 48),
        "vmId": stable_guid("source", machine.key),
        "vmProtectionState": "Protected",
        "vmProtectionStateDescription": "Protected",
        "initialReplicationDetails": {
            "initialReplicationType": "InitialReplication",
            "initialReplicationProgressPercentage": "100",
        },
        "vmNics": [protection_nic(scene, machine, nic)],
        "selectedRecoveryAzureNetworkId": ids.network(machine),
        "selectedSourceNicId": nic,
        "encryption": "Disabled",
        "oSDetails": {
            "osType": machine.os.title(),
            "productType": "UNKNOWN",
            "osEdition": "Standard",
            "oSVersion": "1.1.1.1",
            "oSMajorVersion": "0",
            "oSMinorVersion": "0",
        },
        "sourceVmRamSizeInMB": machine.memory_mib,
        "sourceVmCpuCount": machine.cores,
        "enableRdpOnTargetOption": "Never",
        "recoveryAzureResourceGroupId": ids.target_group(machine),
        "recoveryAvailabilitySetId": None,
        "targetAvailabilityZone": None,
        "targetProximityPlacementGroupId": None,
        "useManagedDisks": "true",
        "licenseType": "WindowsServer" if machine.os == "windows" else "NoLicenseType",
        "sqlServerLicenseType": "NotSpecified",
        "lastRecoveryPointReceived": scene.ago(60 * 48),
        "targetVmTags": dict(machine.tags),
        "seedManagedDiskTags": None,
        "targetManagedDiskTags": None,
        "targetNicTags": {},
        "protectedManagedDisks": [
            {
                "diskId": _disk_id(machine, index),
                "seedManagedDiskId": ids.seed_disk(machine, index),
                "replicaDiskType": "Premium_LRS",
                "diskEncryptionSetId": None,
            }
            for index in disks
        ],
    }


def _disk_id(machine: Machine, index: int) -> str:
    controller = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
    return f"{stable_guid('source', machine.key).upper()}_{controller}_0_{index}"


def _vhd(scene: Scene, machine: Machine, index: int) -> Json:
    return {
        "vhdType": "OperatingSystem" if index == 0 else "DataDisk",
        "vhdId": stable_guid("vhd", machine.key, index),
        "diskId": _disk_id(machine, index),
        "vhdName": machine.key if index == 0 else f"{machine.key}_{index}",
        "maxSizeMB": str(machine.disks_gib[index] * 1024),
        "targetDiskLocation": None,
        "targetDiskName": scene.ids.disk_name(machine, index),
        "lunId": str(index),
        "diskEncryptionSetId": None,
        "customTargetDiskName": scene.ids.disk_name(machine, index),
    }


def protection_nic(scene: Scene, machine: Machine, nic_id: str) -> Json:
    """Render one adapter as A2A, Hyper-V and the classic appliance do, typing errors included."""
    return {
        "nicId": nic_id,
        "replicaNicId": None,
        "sourceNicArmId": None,
        "vMNetworkName": "VM Network",
        "recoveryVMNetworkId": scene.ids.network(machine),
        "ipConfigs": [
            {
                "name": None,
                "isPrimary": True,
                "subnetName": "VM Network",
                "staticIPAddress": "10.1" + machine.address[4:],
                "ipAddressType": "Static",
                "isSeletedForFailover": True,
                "recoverySubnetName": machine.subnet,
                "recoveryStaticIPAddress": machine.address,
                "recoveryIPAddressType": "Static",
                "recoveryPublicIPAddressId": None,
                "recoveryLBBackendAddressPoolIds": None,
                "tfoSubnetName": None,
                "tfoStaticIPAddress": None,
                "tfoPublicIPAddressId": None,
                "tfoLBBackendAddressPoolIds": None,
            }
        ],
        "selectionType": "SelectedByUser",
        "recoveryNetworkSecurityGroupId": None,
        "enableAcceleratedNetworkingOnRecovery": None,
        "tfoVMNetworkId": None,
        "tfoNetworkSecurityGroupId": None,
        "enableAcceleratedNetworkingOnTfo": None,
        "recoveryNicName": None,
        "recoveryNicResourceGroupName": None,
        "reuseExistingNic": False,
        "tfoRecoveryNicName": None,
        "tfoRecoveryNicResourceGroupName": None,
        "tfoReuseExistingNic": False,
        "targetNicName": f"nic-{machine.key}-00",
    }
