"""Backup items of Azure VMs, by REST: one list per vault."""

from azstaging.azure.api_versions import BACKUP
from azstaging.azure.bodies import Json
from azstaging.azure.session import ArmSession
from azstaging.model.ids import ResourceId


class Backups:
    """Reads of Azure Backup."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def list_backup_items(self, vault: ResourceId) -> list[Json]:
        """List the backup items of Azure VMs in a vault, soft-deleted ones included.

        Azure: BackupProtectedItems_List, GET {vault}/backupProtectedItems,
        https://learn.microsoft.com/rest/api/backup/backup-protected-items/list
        """
        query = {"$filter": "backupManagementType eq 'AzureIaasVM'"}
        return self._session.list_all(vault.child("backupProtectedItems"), BACKUP, query)
