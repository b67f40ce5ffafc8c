"""Agent-based replication: ``InMageRcm`` (simplified appliance) and ``InMageAzureV2`` (classic)."""

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.estate import Machine
from azstaging.emulator.shapes.hyperv import protection_nic
from azstaging.emulator.shapes.migration import os_name
from azstaging.emulator.shapes.scene import GIB, NO_EXPIRY, Json, Scene

_MIGRATED = {"staged", "commit-pending", "test-outstanding"}


def inmage_rcm_details(scene: Scene, machine: Machine) -> Json:
    """Render ``providerSpecificDetails`` of an item of the simplified appliance."""
    ids = scene.ids
    return {
        "instanceType": "InMageRcm",
        "internalIdentifier": stable_guid("rcm", machine.key),
        "fabricDiscoveryMachineId": ids.source(machine),
        "multiVmGroupName": stable_guid("group", machine.key),
        "discoveryType": "Agentless",
        "processServerId": stable_guid("ps", machine.site),
        "processServerName": f"{machine.site}-appliance",
        "processorCoreCount": machine.cores,
        "allocatedMemoryInMB": float(machine.memory_mib),
        "runAsAccountId": f"{ids.site(ids.sites[machine.site])}/runasaccounts/"
        + stable_guid("account", machine.site),
        "osType": machine.os.title(),
        "osName": os_name(machine),
        "firmwareType": "UEFI",
        "primaryNicIpAddress": "10.1" + machine.address[4:],
        "targetGeneration": "V2",
        "licenseType": "WindowsServer" if machine.os == "windows" else "NoLicenseType",
        "sqlServerLicenseType": "NotSpecified",
        "storageAccountId": None,
        "targetVmName": machine.key,
        "targetVmSize": machine.size,
        "targetResourceGroupId": ids.target_group(machine),
        "targetLocation": machine.location,
        "targetAvailabilitySetId": "",
        "targetAvailabilityZone": "",
        "targetProximityPlacementGroupId": "",
        "targetBootDiagnosticsStorageAccountId": ids.storage(machine),
        "targetNetworkId": ids.network(machine),
        "testNetworkId": ids.network(machine),
        "failoverRecoveryPointId": None,
        "lastRecoveryPointReceived": scene.ago(60 * 48),
        "lastRpoInSeconds": 14,
        "lastRpoCalculatedTime": scene.ago(60 * 48),
        "lastRecoveryPointId": None,
        **_rcm_progress(),
        "protectedDisks": [_rcm_disk(scene, machine, i) for i in range(len(machine.disks_gib))],
        "unprotectedDisks": [],
        "isLastUpgradeSuccessful": "true",
        "isAgentRegistrationSuccessfulAfterFailover": True,
        "mobilityAgentDetails": _agent(scene),
        "lastAgentUpgradeErrorDetails": [],
        "agentUpgradeBlockingErrorDetails": [],
        "vmNics": [_rcm_nic(machine)],
        "discoveredVmDetails": _discovered(scene, machine),
        # A list of pairs here, an object everywhere else.
        "targetVmTags": [{"tagName": k, "tagValue": v} for k, v in machine.tags.items()],
        "seedManagedDiskTags": [],
        "targetManagedDiskTags": [],
        "targetNicTags": [],
        "supportedOSVersions": [],
        "targetVmSecurityProfile": {
            "targetVmSecurityType": "None",
            "targetVmSecureBoot": "Disabled",
            "targetVmTpm": "Disabled",
            "targetVmMonitoring": "Disabled",
            "targetVmConfidentialEncryption": "Disabled",
        },
    }


def _rcm_progress() -> Json:
    return {
        "initialReplicationProgressPercentage": 100,
        "initialReplicationProcessedBytes": 0,
        "initialReplicationTransferredBytes": 0,
        "initialReplicationProgressHealth": "None",
        "resyncProgressPercentage": None,
        "resyncProcessedBytes": 0,
        "resyncTransferredBytes": 0,
        "resyncProgressHealth": "None",
        "resyncRequired": "false",
        "resyncState": "None",
        "agentUpgradeState": "None",
        "lastAgentUpgradeType": "None",
        "agentUpgradeJobId": None,
        "agentUpgradeAttemptToVersion": None,
    }


def _rcm_disk(scene: Scene, machine: Machine, index: int) -> Json:
    done = machine.situation in _MIGRATED
    return {
        "diskId": f"{{{stable_guid('disk', machine.key, index)}}}",
        "diskName": f"\\\\.\\PHYSICALDRIVE{index}",
        "isOSDisk": "true" if index == 0 else "false",
        "capacityInBytes": machine.disks_gib[index] * GIB,
        "diskState": "Protected",
        "logStorageAccountId": scene.ids.storage(machine),
        "diskEncryptionSetId": None,
        "seedManagedDiskId": scene.ids.seed_disk(machine, index),
        "seedBlobUri": None,
        "targetManagedDiskId": scene.ids.disk(machine, index) if done else None,
        "diskType": "Premium_LRS",
        "dataPendingInLogDataStoreInMB": 0.0,
        "dataPendingAtSourceAgentInMB": 0.0,
        "isInitialReplicationComplete": "true",
        "irDetails": None,
        "resyncDetails": None,
        "customTargetDiskName": scene.ids.disk_name(machine, index),
        "sectorSizeInBytes": 512,
    }


def _rcm_nic(machine: Machine) -> Json:
    return {
        "nicId": _mac(machine),
        "isPrimaryNic": "true",
        "isSelectedForFailover": "true",
        "sourceIPAddress": "10.1" + machine.address[4:],
        "sourceIPAddressType": "Static",
        "sourceNetworkId": "VM Network",
        "sourceSubnetName": "",
        "targetIPAddress": machine.address,
        "targetIPAddressType": "Static",
        "targetSubnetName": machine.subnet,
        "testSubnetName": machine.subnet,
        "testIPAddress": None,
        "testIPAddressType": "Dynamic",
    }


def _mac(machine: Machine) -> str:
    digits = stable_guid("mac", machine.key)[:6].upper()
    return "00:50:56:" + ":".join(digits[i : i + 2] for i in (0, 2, 4))


def _agent(scene: Scene) -> Json:
    return {
        "version": "9.62.0.0",
        "latestVersion": "9.62.0.0",
        "latestAgentReleaseDate": None,
        "driverVersion": "9.62.0.0",
        "latestUpgradableVersionWithoutReboot": "9.62.0.0",
        "agentVersionExpiryDate": NO_EXPIRY,
        "driverVersionExpiryDate": NO_EXPIRY,
        "lastHeartbeatUtc": scene.ago(60 * 48),
        "reasonsBlockingUpgrade": [],
        "isUpgradeable": "true",
    }


def _discovered(scene: Scene, machine: Machine) -> Json:
    site = scene.ids.site(scene.ids.sites[machine.site])
    return {
        "vCenterId": f"{site}/vcenters/vcenter-01",
        "vCenterFqdn": "vcenter-01.contoso.example",
        "datastores": ["datastore1"],
        "ipAddresses": ["10.1" + machine.address[4:]],
        "vmwareToolsStatus": "NotRunning",
        "powerStatus": machine.source_power,
        "vmFqdn": f"{machine.key}.contoso.example",
        "osName": os_name(machine),
        "createdTimestamp": scene.ago(60 * 24 * 90),
        "updatedTimestamp": scene.ago(25),
        "isDeleted": False,
        "lastDiscoveryTimeInUtc": scene.ago(25),
    }


def inmage_azure_v2_details(scene: Scene, machine: Machine) -> Json:
    """Render ``providerSpecificDetails`` of an item of the classic configuration server."""
    ids = scene.ids
    done = machine.situation in _MIGRATED and machine.has_vm
    return {
        "instanceType": "InMageAzureV2",
        "infrastructureVmId": stable_guid("protectable", machine.key),
        "vCenterInfrastructureId": "5",
        "protectionStage": "DifferentialSync",
        "vmId": stable_guid("protectable", machine.key),
        "vmProtectionState": "Protected",
        "vmProtectionStateDescription": "Protected",
        "resyncProgressPercentage": 0,
        "rpoInSeconds": 21,
        "compressedDataRateInMB": 0.0,
        "uncompressedDataRateInMB": 0.0,
        "ipAddress": "10.1" + machine.address[4:],
        "agentVersion": "9.62.0.0",
        "agentExpiryDate": NO_EXPIRY,
        "isAgentUpdateRequired": "NotRequired",
        "isRebootAfterUpdateRequired": "NotRequired",
        "lastHeartbeat": scene.ago(60 * 48),
        "processServerId": stable_guid("ps", machine.site),
        "processServerName": f"{machine.site}-ps",
        "multiVmGroupId": stable_guid("group", machine.key),
        "multiVmGroupName": stable_guid("group", machine.key),
        "multiVmSyncStatus": "Enabled",
        "protectedDisks": [_v2_disk(scene, machine, i) for i in range(len(machine.disks_gib))],
        "diskResized": "NotResized",
        "masterTargetId": stable_guid("ps", machine.site),
        "sourceVmCpuCount": machine.cores,
        "sourceVmRamSizeInMB": machine.memory_mib,
        "osType": machine.os.title(),
        "osName": os_name(machine),
        "osVersion": "10.0.17763",
        "vhdName": "\\\\.\\PHYSICALDRIVE0",
        "osDiskId": f"{{{stable_guid('disk', machine.key, 0)}}}",
        "azureVMDiskDetails": [_v2_vhd(machine, i) for i in range(len(machine.disks_gib))],
        **_v2_target(scene, machine),
        "targetVmId": ids.vm(machine) if done else None,
        "protectedManagedDisks": [
            {
                "diskId": f"{{{stable_guid('disk', machine.key, i)}}}",
                "seedManagedDiskId": ids.seed_disk(machine, i),
                "replicaDiskType": "Premium_LRS",
                "diskEncryptionSetId": None,
                "targetDiskName": ids.disk_name(machine, i),
            }
            for i in range(len(machine.disks_gib))
        ],
    }


def _v2_target(scene: Scene, machine: Machine) -> Json:
    ids = scene.ids
    return {
        "recoveryAzureVMName": machine.key,
        "recoveryAzureVMSize": machine.size,
        "recoveryAzureStorageAccount": ids.storage(machine),
        "recoveryAzureLogStorageAccountId": None,
        "vmNics": [protection_nic(scene, machine, _mac(machine))],
        "selectedRecoveryAzureNetworkId": ids.network(machine),
        "selectedTfoAzureNetworkId": None,
        "selectedSourceNicId": _mac(machine),
        "discoveryType": "vCenter",
        "enableRdpOnTargetOption": "Never",
        "datastores": ["datastore1"],
        "recoveryAzureResourceGroupId": ids.target_group(machine),
        "recoveryAvailabilitySetId": "",
        "targetAvailabilityZone": None,
        "targetProximityPlacementGroupId": None,
        "useManagedDisks": "true",
        "licenseType": "WindowsServer" if machine.os == "windows" else "NoLicenseType",
        "sqlServerLicenseType": "NotSpecified",
        "validationErrors": [],
        "lastRpoCalculatedTime": scene.ago(60 * 48),
        "lastUpdateReceivedTime": scene.ago(60 * 48),
        "replicaId": stable_guid("replica", machine.key),
        "lastRecoveryPointReceived": scene.ago(60 * 48),
        "firmwareType": "EFI",
        "azureVmGeneration": "V2",
        "isAdditionalStatsAvailable": False,
        "totalDataTransferred": None,
        "totalProgressHealth": None,
        "targetVmTags": dict(machine.tags),
        "seedManagedDiskTags": {},
        "targetManagedDiskTags": {},
        "targetNicTags": {},
        "switchProviderBlockingErrorDetails": [],
        "switchProviderDetails": None,
        "supportedOSVersions": [],
    }


def _v2_disk(scene: Scene, machine: Machine, index: int) -> Json:
    return {
        "diskId": f"{{{stable_guid('disk', machine.key, index)}}}",
        "diskName": f"Disk{index}",
        "protectionStage": "DifferentialSync",
        "healthErrorCode": "ECH0007",
        "rpoInSeconds": 21,
        "resyncRequired": "NotRequired",
        "resyncProgressPercentage": 0,
        "resyncDurationInSeconds": 0,
        "diskCapacityInBytes": machine.disks_gib[index] * GIB,
        "fileSystemCapacityInBytes": machine.disks_gib[index] * GIB,
        "sourceDataInMegaBytes": 0.0,
        "psDataInMegaBytes": 0.0,
        "targetDataInMegaBytes": 0.0,
        "diskResized": "NotResized",
        "lastRpoCalculatedTime": scene.ago(60 * 48),
    }


def _v2_vhd(machine: Machine, index: int) -> Json:
    return {
        "vhdType": "OperatingSystem" if index == 0 else "DataDisk",
        "vhdId": f"{{{stable_guid('disk', machine.key, index)}}}",
        "diskId": f"{{{stable_guid('disk', machine.key, index)}}}",
        "vhdName": f"Disk{index}",
        "maxSizeMB": str(machine.disks_gib[index] * 1024),
        "targetDiskLocation": None,
        "targetDiskName": None,
        "lunId": str(index),
        "diskEncryptionSetId": None,
        "customTargetDiskName": None,
    }
