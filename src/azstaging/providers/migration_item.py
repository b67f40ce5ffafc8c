"""The ``replicationMigrationItems`` envelope: Azure Migrate, agentless."""

from collections.abc import Callable, Mapping
from functools import lru_cache

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
    Idle,
    State,
    assemble,
    health_errors_of,
    id_of,
    idle_of,
    is_item_of,
    job_name,
    raw_of,
    shown,
    state_of,
)
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details, StateTable

STATE_FIELDS = (
    "migrationState",
    "migrationStateDescription",
    "replicationStatus",
    "lastMigrationStatus",
    "testMigrateState",
    "testMigrateStateDescription",
    "lastTestMigrationStatus",
    "health",
    "resyncState",
    "resyncRequired",
)
# And what each item says for itself.
RAW = (*STATE_FIELDS, "lastMigrationTime", "lastTestMigrationTime", "currentJob")

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
    return _facts(
        state_of(item, "migrationState"),
        state_of(item, "replicationStatus"),
        state_of(item, "testMigrateState"),
        item.allowed_operations,
        idle_of(item, "currentJob"),
    )


@lru_cache(maxsize=1024)
def _facts(
    state: State,
    status: State,
    test: State,
    allowed: tuple[str, ...],
    idle: Idle,
) -> Facts:
    is_idle, not_told = idle
    unrecognised: list[str] = []
    cutover, replication = _state(state, status, unrecognised)
    known_test = _test(test, allowed, unrecognised)
    return Facts(
        cutover=cutover,
        replication=replication,
        test=known_test,
        reversed=False,
        stop_allowed="DisableMigration" in allowed,
        cleanup_allowed=CLEAN_UP in allowed,
        idle=is_idle,
        unrecognised=(*unrecognised, *not_told),
    )


def _state(
    given: State, status: State, unrecognised: list[str]
) -> tuple[Cutover | None, Replication | None]:
    meaning = STATES.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"migrationState={shown(given)}")
        return None, None
    cutover, replication = meaning
    if cutover is Cutover.DONE or cutover is Cutover.DONE_WITH_NOTES:
        return cutover, _of_migrated(status, unrecognised)
    return cutover, replication


def _of_migrated(status: State, unrecognised: list[str]) -> Replication | None:
    if not isinstance(status, str) or status in {"", ABSENT}:
        unrecognised.append(f"replicationStatus={shown(status)}")
        return None
    # A migrated machine whose replication runs again: the two fields disagree.
    return Replication.PAUSED if status.casefold() == "paused" else Replication.ACTIVE


def _test(given: State, allowed: tuple[str, ...], unrecognised: list[str]) -> TestMachine | None:
    if CLEAN_UP in allowed:
        return TestMachine.OUTSTANDING
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
