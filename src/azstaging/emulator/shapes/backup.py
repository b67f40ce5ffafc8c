"""Backup items of Azure VMs, as a Recovery Services vault lists them."""

from datetime import datetime
from typing import Any

from azstaging.emulator.shapes.scene import service_time

Json = dict[str, Any]


def backup_item(
    vault_id: str, vm_id: str, *, last_point: datetime | None, state: str = "Protected"
) -> Json:
    """Render a backup item; one without a recovery point leaves ``lastRecoveryPoint`` out."""
    group, name = vm_id.split("/")[4], vm_id.rpartition("/")[2]
    container = f"iaasvmcontainer;iaasvmcontainerv2;{group};{name}"
    item = f"vm;iaasvmcontainerv2;{group};{name}"
    properties: Json = {
        "friendlyName": name,
        "virtualMachineId": vm_id,
        "protectionStatus": "Healthy",
        "protectionState": state,
        "healthStatus": "Passed",
        "lastBackupStatus": "Completed" if last_point else "",
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "containerName": f"iaasvmcontainerv2;{group};{name}",
        "sourceResourceId": vm_id,
        "policyId": f"{vault_id}/backupPolicies/DefaultPolicy",
    }
    if last_point is not None:
        properties["lastRecoveryPoint"] = service_time(last_point)
    return {
        "id": f"{vault_id}/backupFabrics/Azure/protectionContainers/{container}"
        f"/protectedItems/{item}",
        "name": item,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics"
        "/protectionContainers/protectedItems",
        "properties": properties,
    }
