"""The ``replicationProtectedItems`` envelope: Site Recovery, and what Azure Migrate does with it.

The service publishes no enum for ``protectionState``: these are recorded values and those of
public scripts. Names of ranges (``...StatesBegin``) are real states too, so states are matched by
membership and never by their spelling. What is not here is unrecognised and closes the gate.
"""

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
    generation_of,
    health_errors_of,
    identity_of,
    idle_of,
    is_of,
    job_name,
    outstanding,
    raw_of,
    shown,
)
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details, StateTable

RAW = (
    "protectionState",
    "protectionStateDescription",
    "activeLocation",
    "testFailoverState",
    "testFailoverStateDescription",
    "switchProviderState",
    "switchProviderStateDescription",
    "replicationHealth",
    "failoverHealth",
    "lastSuccessfulFailoverTime",
    "lastSuccessfulTestFailoverTime",
    "currentScenario",
    "vmProtectionState",
    "vmProtectionStateDescription",
    "resyncState",
    "resyncRequired",
)

STATES: StateTable = {
    "UnprotectedStatesBegin": (Cutover.NONE, Replication.PREPARING),
    "EnablingProtection": (Cutover.NONE, Replication.PREPARING),
    "EnablingFailed": (Cutover.NONE, Replication.FAILED),
    "DisablingProtection": (None, Replication.STOPPING),
    "DisablingFailed": (None, Replication.STOP_FAILED),
    "MarkedForDeletion": (None, Replication.STOPPING),
    "ReplicaConfigurationInProgress": (Cutover.NONE, Replication.PREPARING),
    "InitialReplicationInProgress": (Cutover.NONE, Replication.PREPARING),
    "InitialReplicationRecoveryCompletionPending": (Cutover.NONE, Replication.PREPARING),
    "InitialReplicationFailed": (Cutover.NONE, Replication.FAILED),
    "Protected": (Cutover.NONE, Replication.ACTIVE),
    "UnplannedFailoverStatesBegin": (Cutover.DONE, Replication.PAUSED),
    "UnplannedFailoverCommitPendingStatesBegin": (Cutover.DONE, Replication.PAUSED),
    "UnplannedFailoverCommitted": (Cutover.DONE, Replication.PAUSED),
    "PlannedFailoverCommitPendingStatesBegin": (Cutover.DONE, Replication.PAUSED),
    "PlannedFailoverCommitted": (Cutover.DONE, Replication.PAUSED),
}

# MarkedForDeletion is what stays when a test machine has been cleaned up: seen on items that
# replicate and on items that were failed over, with no clean-up offered.
TESTS: Mapping[str, TestMachine] = {
    "": TestMachine.NONE,
    "None": TestMachine.NONE,
    "MarkedForDeletion": TestMachine.NONE,
    "TestFailoverInitiated": TestMachine.RUNNING,
    "TestFailoverCompleting": TestMachine.RUNNING,
    "TestFailoverCleanupInitiated": TestMachine.RUNNING,
    "TestFailoverCleanupCompleting": TestMachine.RUNNING,
    "TestFailoverCompleted": TestMachine.OUTSTANDING,
    "TestFailoverFailed": TestMachine.OUTSTANDING,
    "TestFailoverCompletionFailed": TestMachine.OUTSTANDING,
}

# What Microsoft's published sample sends; recorded as accepted with 202 (2016-08-10).
GENERIC_INPUT = {"instanceType": "DisableProtectionProviderSpecificInput"}

STOP_ALLOWED = frozenset({"DisableProtection", "CompleteMigration"})


def parse_protected_item(
    body: JsonObject, details_of: Callable[[Fields], Details]
) -> ReplicatedItem:
    """Read a protected item; ``details_of`` reads its ``providerSpecificDetails``."""
    item_id, vault_id = identity_of(body)
    properties = Fields(body).object("properties")
    specific = properties.object("providerSpecificDetails")
    details = details_of(specific)
    return ReplicatedItem(
        id=item_id,
        name=properties.text("friendlyName") or item_id.name,
        provider=specific.text("instanceType"),
        collection=Collection.PROTECTED_ITEMS,
        vault_id=vault_id,
        fabric=item_id.after("replicationFabrics") or "",
        container=item_id.after("replicationProtectionContainers") or "",
        generation=generation_of(properties, "eventCorrelationId"),
        health=properties.text("replicationHealth"),
        failover_health=properties.text("failoverHealth"),
        health_errors=health_errors_of(properties),
        raw=raw_of(properties, specific, RAW),
        allowed_operations=properties.texts("allowedOperations"),
        running_job=job_name(properties.value("currentScenario")),
        detailed=details.detailed,
        source_id=details.source_id,
        target_id=details.target_id,
        test_target_id=details.test_target_id,
        test_target_name=details.test_target_name,
        settings=details.settings,
        source=details.source,
        disks=details.disks,
        nics=details.nics,
        last_recovery_point=details.last_recovery_point,
        rpo_seconds=details.rpo_seconds,
        body=body,
    )


def facts_of_protected_item(
    item: ReplicatedItem, *, stop_operations: frozenset[str] = STOP_ALLOWED
) -> Facts:
    """Map the raw states of a protected item to facts.

    A failed-over state counts as cutover only while ``activeLocation`` is Recovery; a replicating
    state with ``activeLocation`` Recovery is replication back to the source.
    """
    unrecognised: list[str] = []
    cutover, replication = _state(item, unrecognised)
    location = _location(item, unrecognised)
    test = _test(item, unrecognised)
    if location == "Primary" and cutover is Cutover.DONE:
        state = shown(item.raw.get("protectionState"))
        unrecognised.append(f"activeLocation=Primary with protectionState={state}")
        cutover = None
    reverse = None
    if location is not None and replication is not None:
        reverse = location == "Recovery" and cutover is Cutover.NONE
    idle, not_told = idle_of(item, "currentScenario")
    cleanup_allowed = "TestFailoverCleanup" in item.allowed_operations
    return Facts(
        cutover=cutover if location is not None else None,
        replication=replication,
        test=outstanding(test, cleanup_allowed=cleanup_allowed),
        reversed=reverse,
        stop_allowed=not stop_operations.isdisjoint(item.allowed_operations),
        cleanup_allowed=cleanup_allowed,
        idle=idle,
        unrecognised=(*unrecognised, *not_told),
    )


def _state(
    item: ReplicatedItem, unrecognised: list[str]
) -> tuple[Cutover | None, Replication | None]:
    given = item.raw.get("protectionState", ABSENT)
    meaning = STATES.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"protectionState={shown(given)}")
        return None, None
    return meaning


def _location(item: ReplicatedItem, unrecognised: list[str]) -> str | None:
    given = item.raw.get("activeLocation", ABSENT)
    if given in ("Primary", "Recovery"):
        return str(given)
    unrecognised.append(f"activeLocation={shown(given)}")
    return None


def _test(item: ReplicatedItem, unrecognised: list[str]) -> TestMachine | None:
    given = item.raw.get("testFailoverState", ABSENT)
    if given is None:
        return TestMachine.NONE
    meaning = TESTS.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"testFailoverState={shown(given)}")
    return meaning


def stop_protected_item(item: ReplicatedItem) -> StopRequest | None:
    """Return the POST remove of a migrated protected item ("complete migration").

    The DELETE of a protected item is the purge, which is never offered.

    Azure: ReplicationProtectedItems_Delete,
    https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/delete
    """
    return remove_request(
        item,
        {
            "disableProtectionReason": "MigrationComplete",
            "replicationProviderInput": dict(GENERIC_INPUT),
        },
    )


def remove_request(item: ReplicatedItem, properties: JsonObject) -> StopRequest | None:
    """Return a POST remove with these properties, or None for an id of another collection."""
    if not is_of(item, Collection.PROTECTED_ITEMS):
        return None
    return StopRequest(
        operation="ReplicationProtectedItems_Delete",
        method="POST",
        id=item.id,
        action="remove",
        body={"properties": properties},
    )
