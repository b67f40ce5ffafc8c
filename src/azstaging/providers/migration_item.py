"""The ``replicationMigrationItems`` envelope: Azure Migrate, agentless."""

from collections.abc import Callable, Mapping

from azstaging.model.items import (
    Collection,
    Cutover,
    Facts,
    JsonObject,
    ReplicatedItem,
    Replication,
    StopRequest,
    TestMachine,
)
from azstaging.providers.envelope import (
    ABSENT,
    assemble,
    health_errors_of,
    id_of,
    idle_of,
    is_item_of,
    job_name,
    raw_of,
    shown,
)
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details, StateTable

RAW = (
    "migrationState",
    "migrationStateDescription",
    "replicationStatus",
    "lastMigrationTime",
    "lastMigrationStatus",
    "testMigrateState",
    "testMigrateStateDescription",
    "lastTestMigrationTime",
    "lastTestMigrationStatus",
    "health",
    "currentJob",
    "resyncState",
    "resyncRequired",
)

STATES: StateTable = {
    "None": (Cutover.NONE, Replication.PREPARING),
    "EnableMigrationInProgress": (Cutover.NONE, Replication.PREPARING),
    "EnableMigrationFailed": (Cutover.NONE, Replication.FAILED),
    "DisableMigrationInProgress": (None, Replication.STOPPING),
    "DisableMigrationFailed": (None, Replication.STOP_FAILED),
    "InitialSeedingInProgress": (Cutover.NONE, Replication.PREPARING),
    "InitialSeedingFailed": (Cutover.NONE, Replication.FAILED),
    "Replicating": (Cutover.NONE, Replication.ACTIVE),
    "MigrationInProgress": (Cutover.RUNNING, Replication.ACTIVE),
    "MigrationSucceeded": (Cutover.DONE, Replication.PAUSED),
    "MigrationFailed": (Cutover.FAILED, Replication.ACTIVE),
    "ResumeInProgress": (Cutover.NONE, Replication.ACTIVE),
    "ResumeInitiated": (Cutover.NONE, Replication.ACTIVE),
    "SuspendingProtection": (Cutover.NONE, Replication.PAUSED),
    "ProtectionSuspended": (Cutover.NONE, Replication.PAUSED),
    "MigrationCompletedWithInformation": (Cutover.DONE_WITH_NOTES, Replication.PAUSED),
    "MigrationPartiallySucceeded": (Cutover.PARTIAL, Replication.PAUSED),
}

TESTS: Mapping[str, TestMachine] = {
    "None": TestMachine.NONE,
    "TestMigrationInProgress": TestMachine.RUNNING,
    "TestMigrationCleanupInProgress": TestMachine.RUNNING,
    "TestMigrationSucceeded": TestMachine.OUTSTANDING,
    "TestMigrationFailed": TestMachine.OUTSTANDING,
    "TestMigrationCompletedWithInformation": TestMachine.OUTSTANDING,
    "TestMigrationPartiallySucceeded": TestMachine.OUTSTANDING,
}

CLEAN_UP = "TestMigrateCleanup"


def parse_migration_item(
    body: JsonObject, details_of: Callable[[Fields], Details]
) -> ReplicatedItem:
    """Read a migration item; ``details_of`` reads its ``providerSpecificDetails``."""
    properties = Fields(body).object("properties")
    specific = properties.object("providerSpecificDetails")
    return assemble(
        id_of(body),
        details_of(specific),
        body=body,
        health_errors=health_errors_of(properties),
        collection=Collection.MIGRATION_ITEMS,
        name=properties.text("machineName"),
        provider=specific.text("instanceType"),
        generation=properties.text("eventCorrelationId"),
        allowed_operations=properties.texts("allowedOperations"),
        running_job=job_name(properties.value("currentJob")),
        health=properties.text("health"),
        raw=raw_of(properties, specific, RAW),
    )


def facts_of_migration_item(item: ReplicatedItem) -> Facts:
    """Map the raw states of a migration item to facts."""
    unrecognised: list[str] = []
    cutover, replication = _state(item, unrecognised)
    test = _test(item, unrecognised)
    idle, not_told = idle_of(item, "currentJob")
    return Facts(
        cutover=cutover,
        replication=replication,
        test=test,
        reversed=False,
        stop_allowed="DisableMigration" in item.allowed_operations,
        cleanup_allowed=CLEAN_UP in item.allowed_operations,
        idle=idle,
        unrecognised=(*unrecognised, *not_told),
    )


def _state(
    item: ReplicatedItem, unrecognised: list[str]
) -> tuple[Cutover | None, Replication | None]:
    given = item.raw.get("migrationState", ABSENT)
    meaning = STATES.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"migrationState={shown(given)}")
        return None, None
    cutover, replication = meaning
    if cutover is Cutover.DONE or cutover is Cutover.DONE_WITH_NOTES:
        return cutover, _of_migrated(item, unrecognised)
    return cutover, replication


def _of_migrated(item: ReplicatedItem, unrecognised: list[str]) -> Replication | None:
    status = item.raw.get("replicationStatus", ABSENT)
    if not isinstance(status, str) or status in {"", ABSENT}:
        unrecognised.append(f"replicationStatus={shown(status)}")
        return None
    # A migrated machine whose replication runs again: the two fields disagree.
    return Replication.PAUSED if status.casefold() == "paused" else Replication.ACTIVE


def _test(item: ReplicatedItem, unrecognised: list[str]) -> TestMachine | None:
    if CLEAN_UP in item.allowed_operations:
        return TestMachine.OUTSTANDING
    given = item.raw.get("testMigrateState", ABSENT)
    meaning = TESTS.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"testMigrateState={shown(given)}")
    return meaning


def stop_migration_item(item: ReplicatedItem) -> StopRequest | None:
    """Return the DELETE of a migration item ("complete migration", "stop replication").

    ``deleteOption`` is left out: it forces, and forcing is never offered.

    Azure: ReplicationMigrationItems_Delete,
    https://learn.microsoft.com/rest/api/site-recovery/replication-migration-items/delete
    """
    if not is_item_of(item.id, Collection.MIGRATION_ITEMS):
        return None
    return StopRequest(operation="ReplicationMigrationItems_Delete", method="DELETE", id=item.id)
