"""How a left-over test machine is cleaned up: by the item's own operation, never by its name."""

from azstaging.model.items import Collection, ReplicatedItem
from azstaging.providers.envelope import is_item_of

_ACTIONS = {
    Collection.MIGRATION_ITEMS: "testMigrateCleanup",
    Collection.PROTECTED_ITEMS: "testFailoverCleanup",
}


def clean_up_path(item: ReplicatedItem) -> str:
    """Return the path that is POSTed to clean up the item's test machine, "" where there is none.

    Azure: ReplicationMigrationItems_TestMigrateCleanup,
    ReplicationProtectedItems_TestFailoverCleanup,
    https://learn.microsoft.com/rest/api/site-recovery/replication-migration-items/test-migrate-cleanup
    """
    action = _ACTIONS.get(item.collection)
    if action is None or not is_item_of(item.id, item.collection):
        return ""
    return f"{item.id}/{action}"
