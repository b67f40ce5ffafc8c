"""The ``replicationProtectedItems`` envelope: Site Recovery, and what Azure Migrate does with it.

The service publishes no enum for ``protectionState``: these are recorded values, those of its
published examples (2021-03-01) and of public scripts. Names of ranges (``...StatesBegin``) are
real states too ("Planned failover committed"), so states are matched by membership and never by
their spelling. What is not here is unrecognised and closes the gate.
"""

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
    "protectionState",
    "protectionStateDescription",
    "activeLocation",
    "testFailoverState",
    "testFailoverStateDescription",
    "switchProviderState",
    "switchProviderStateDescription",
    "replicationHealth",
    "failoverHealth",
)
_OF_DETAILS = (
    "vmProtectionState",
    "vmProtectionStateDescription",
    "resyncState",
    "resyncRequired",
)
# What each item says for itself.
_OWN = ("lastSuccessfulFailoverTime", "lastSuccessfulTestFailoverTime", "currentScenario")
RAW = (*STATE_FIELDS, *_OF_DETAILS, *_OWN)

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
    "PlannedFailoverInProgress": (Cutover.RUNNING, Replication.ACTIVE),
    "PlannedFailoverFailed": (Cutover.FAILED, Replication.ACTIVE),
    "PlannedFailoverCommitRequired": (Cutover.DONE, Replication.PAUSED),
    "PlannedFailoverCommitPendingStatesBegin": (Cutover.DONE, Replication.PAUSED),
    "PlannedFailoverStatesBegin": (Cutover.DONE, Replication.PAUSED),
    "PlannedFailoverCommitted": (Cutover.DONE, Replication.PAUSED),
    "UnplannedFailoverInProgress": (Cutover.RUNNING, Replication.ACTIVE),
    "UnplannedFailoverFailed": (Cutover.FAILED, Replication.ACTIVE),
    "UnplannedFailoverCommitPendingStatesBegin": (Cutover.DONE, Replication.PAUSED),
    "UnplannedFailoverStatesBegin": (Cutover.DONE, Replication.PAUSED),
    "UnplannedFailoverCommitted": (Cutover.DONE, Replication.PAUSED),
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
    "WaitingForCompletion": TestMachine.OUTSTANDING,
    "TestFailoverCompleted": TestMachine.OUTSTANDING,
    "TestFailoverFailed": TestMachine.OUTSTANDING,
    "TestFailoverCompletionFailed": TestMachine.OUTSTANDING,
}

# What Microsoft's published sample sends; recorded as accepted with 202 (2016-08-10).
GENERIC_INPUT = {"instanceType": "DisableProtectionProviderSpecificInput"}

CLEAN_UP = "TestFailoverCleanup"
STOP_ALLOWED = frozenset({"DisableProtection", "CompleteMigration"})


def parse_protected_item(
    body: JsonObject, details_of: Callable[[Fields], Details], *, also: tuple[str, ...] = ()
) -> ReplicatedItem:
    """Read a protected item; ``details_of`` reads its ``providerSpecificDetails``.

    ``also`` are further state fields of this provider.
    """
    properties = Fields(body).object("properties")
    specific = properties.object("providerSpecificDetails")
    return assemble(
        id_of(body),
        details_of(specific),
        body=body,
        health_errors=health_errors_of(properties),
        collection=Collection.PROTECTED_ITEMS,
        name=properties.text("friendlyName"),
        provider=specific.text("instanceType"),
        generation=properties.text("eventCorrelationId"),
        allowed_operations=properties.texts("allowedOperations"),
        running_job=job_name(properties.value("currentScenario")),
        health=properties.text("replicationHealth"),
        failover_health=properties.text("failoverHealth"),
        raw=raw_of(properties, specific, (*STATE_FIELDS, *_OF_DETAILS, *also, *_OWN)),
    )


def facts_of_protected_item(
    item: ReplicatedItem, *, stop_operations: frozenset[str] = STOP_ALLOWED
) -> Facts:
    """Map the raw states of a protected item to facts.

    A failed-over state counts as cutover only while ``activeLocation`` is Recovery; a replicating
    state with ``activeLocation`` Recovery is replication back to the source.
    """
    return _facts(
        state_of(item, "protectionState"),
        state_of(item, "activeLocation"),
        state_of(item, "testFailoverState"),
        item.allowed_operations,
        stop_operations,
        idle_of(item, "currentScenario"),
    )


@lru_cache(maxsize=1024)
def _facts(
    state: State,
    place: State,
    test: State,
    allowed: tuple[str, ...],
    stop_operations: frozenset[str],
    idle: Idle,
) -> Facts:
    is_idle, not_told = idle
    unrecognised: list[str] = []
    cutover, replication = _state(state, unrecognised)
    location = _location(place, unrecognised)
    known_test = _test(test, allowed, unrecognised)
    if location == "Primary" and cutover is Cutover.DONE:
        unrecognised.append(f"activeLocation=Primary with protectionState={shown(state)}")
        cutover = None
    reverse = None
    if location is not None and replication is not None:
        reverse = location == "Recovery" and cutover is Cutover.NONE
    return Facts(
        cutover=cutover if location is not None else None,
        replication=replication,
        test=known_test,
        reversed=reverse,
        stop_allowed=not stop_operations.isdisjoint(allowed),
        cleanup_allowed=CLEAN_UP in allowed,
        idle=is_idle,
        unrecognised=(*unrecognised, *not_told),
    )


def _state(given: State, unrecognised: list[str]) -> tuple[Cutover | None, Replication | None]:
    meaning = STATES.get(given) if isinstance(given, str) else None
    if meaning is None:
        unrecognised.append(f"protectionState={shown(given)}")
        return None, None
    return meaning


def _location(given: State, unrecognised: list[str]) -> str | None:
    if given in ("Primary", "Recovery"):
        return str(given)
    unrecognised.append(f"activeLocation={shown(given)}")
    return None


def _test(given: State, allowed: tuple[str, ...], unrecognised: list[str]) -> TestMachine | None:
    if CLEAN_UP in allowed:
        return TestMachine.OUTSTANDING
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
    if not is_item_of(item.id, Collection.PROTECTED_ITEMS):
        return None
    return StopRequest(
        operation="ReplicationProtectedItems_Delete",
        method="POST",
        id=item.id,
        action="remove",
        body={"properties": properties},
    )
