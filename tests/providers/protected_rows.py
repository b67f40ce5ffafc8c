"""Rows of protected items as the service documents them, one per provider."""

from typing import Any

VAULT = "/Subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"
VM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines"
DISKS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks"
_NICS = [
    {
        "nicId": "Nic-1",
        "recoveryVMNetworkId": "/subscriptions/s/networks/n",
        "selectionType": "SelectedByUser",
        "vMNetworkName": "VM Network",
        "ipConfigs": [
            {"isPrimary": False, "staticIPAddress": "10.0.0.1", "recoverySubnetName": "a"},
            {
                "isPrimary": "true",
                "staticIPAddress": "10.0.0.2",
                "recoveryStaticIPAddress": None,
                "recoveryIPAddressType": "Dynamic",
                "recoverySubnetName": "b",
            },
        ],
    },
    {"nicId": "nic-2", "selectionType": "NotSelected", "ipConfigs": []},
]
_INMAGE_RCM = {
    "instanceType": "InMageRcm",
    "fabricDiscoveryMachineId": "/subscriptions/s/machines/m",
    "processorCoreCount": 2,
    "allocatedMemoryInMB": 4096.0,
    "osType": "Windows",
    "osName": "",
    "primaryNicIpAddress": "10.0.0.9",
    "targetVmName": "srv-1",
    "targetVmSize": "Standard_D2s_v5",
    "targetLocation": "westeurope",
    "targetNetworkId": "/subscriptions/s/networks/n",
    "targetVmSecurityProfile": {"targetVmSecureBoot": "Disabled", "targetVmTpm": None},
    "targetVmTags": [{"tagName": "a", "tagValue": "b"}],
    "lastRecoveryPointReceived": "2026-11-25T04:29:42Z",
    "lastRpoInSeconds": -1,
    "resyncRequired": "false",
    "discoveredVmDetails": {"ipAddresses": ["", "10.0.0.9"], "osName": "x", "powerStatus": "OFF"},
    "protectedDisks": [
        {
            "diskId": "{1}",
            "diskName": None,
            "customTargetDiskName": "os",
            "isOSDisk": "true",
            "capacityInBytes": 1024,
            "diskType": "Premium_LRS",
            "targetManagedDiskId": f"{DISKS}/d",
            "dataPendingInLogDataStoreInMB": 0.0,
        },
        {"diskId": "{2}", "diskName": "", "customTargetDiskName": "data", "isOSDisk": False},
    ],
    "vmNics": [{"nicId": "n", "isPrimaryNic": "true", "sourceIPAddress": "10.0.0.9"}],
}
_HYPER_V = {
    "instanceType": "HyperVReplicaAzure",
    "azureVmDiskDetails": [
        {"diskId": "", "vhdId": "V1", "vhdName": "os", "vhdType": "OperatingSystem"}
        | {"maxSizeMB": "1024"},
        {"diskId": "D2", "vhdName": None, "vhdType": "DataDisk", "maxSizeMB": 7},
    ],
    "protectedManagedDisks": [
        {"diskId": "d2", "replicaDiskType": "Premium_LRS", "targetDiskAccountType": None}
        | {"seedManagedDiskId": f"{DISKS}/seed", "diskEncryptionSetId": "/subscriptions/s/sets/e"},
    ],
    "recoveryAzureVmName": "srv-1",
    "recoveryAzureVMSize": "Standard_D2s_v5",
    "recoveryAzureResourceGroupId": "/subscriptions/s/resourceGroups/rg",
    "selectedRecoveryAzureNetworkId": "",
    "licenseType": "NoLicenseType",
    "targetVmTags": {"a": "b"},
    "vmNics": _NICS,
    "selectedSourceNicId": "NIC-1",
    "oSDetails": {"osType": "Windows", "osEdition": "Standard", "userSelectedOSName": ""},
    "sourceVmCpuCount": 2,
    "sourceVmRamSizeInMB": 4096,
    "rpoInSeconds": 30,
    "vmProtectionState": "Protected",
    "vmProtectionStateDescription": None,
}
_A2A = {
    "instanceType": "A2A",
    "fabricObjectId": f"{VM}/srv-1",
    "recoveryFabricObjectId": f"{VM}/",
    "testFailoverRecoveryFabricObjectId": "",
    "tfoAzureVMName": "srv-1-test",
    "osType": "Linux",
    "recoveryAzureVMName": "srv-1",
    "recoveryFabricLocation": "northeurope",
    "recoveryAvailabilitySet": "",
    "vmSyncedConfigDetails": {"tags": {"a": "b"}, "inputEndpoints": []},
    "protectedManagedDisks": [
        {
            "diskId": f"{DISKS}/source",
            "diskName": "os",
            "diskType": "OperatingSystem",
            "diskCapacityInBytes": 1024,
            "recoveryTargetDiskId": f"{DISKS}/d",
            "recoveryReplicaDiskId": f"{DISKS}/r",
            "recoveryDiskEncryptionSetId": None,
        }
    ],
    "protectedDisks": [],
    "vmNics": _NICS,
    "rpoInSeconds": 30,
    "initialPrimaryFabricLocation": "westeurope",
    "primaryFabricLocation": "WestEurope",
    "initialPrimaryZone": None,
    "primaryAvailabilityZone": None,
}


def _row(details: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{VAULT}/replicationFabrics/f/replicationProtectionContainers/c"
        "/replicationProtectedItems/i",
        "name": "i",
        "type": "Microsoft.RecoveryServices/vaults/x",
        "properties": {
            "friendlyName": "SRV-1",
            "protectedItemType": "x",
            "protectionState": "PlannedFailoverCommitted",
            "protectionStateDescription": "Committed",
            "activeLocation": "Recovery",
            "testFailoverState": "None",
            "switchProviderState": None,
            "allowedOperations": ["DisableProtection", ""],
            "replicationHealth": "Normal",
            "failoverHealth": "None",
            "healthErrors": [],
            "lastSuccessfulFailoverTime": "2026-11-25T02:52:42.2218407Z",
            "currentScenario": {"scenarioName": "None", "jobId": "None", "startTime": None},
            "eventCorrelationId": " c8f5666c ",
            "providerSpecificDetails": details,
        },
    }


PROTECTED_ROWS = {
    str(details["instanceType"]): _row(details) for details in (_INMAGE_RCM, _HYPER_V, _A2A)
}
