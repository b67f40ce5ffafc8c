"""The one table of exit codes, and how an error becomes a line on stderr."""

from collections.abc import Collection

from azstaging.cli.streams import say
from azstaging.errors import (
    AuthenticationError,
    ConfigurationError,
    DeadlineReachedError,
    Effect,
    GateClosedError,
    JournalError,
    LeaseHeldError,
    PlanRefusedError,
    ServiceError,
    StagingError,
)
from azstaging.model.backlog import UNKNOWN_EFFECT, BoardsResult, Choice
from azstaging.model.differences import Diff, DiffClass
from azstaging.model.drift import Drift
from azstaging.model.findings import Findings, Outcome
from azstaging.model.inventory import Inventory
from azstaging.model.plans import ReceiptState, ReleaseResult
from azstaging.model.text import display
from azstaging.rules.preflight import NOT_OK, Preflight

DONE = 0
CLOSED = 1
USAGE = 2
UNDETERMINED = 3
PARTLY = 4
REFUSED = 5
LEASE_HELD = 6
DEADLINE = 7

# The first class that matches counts.
ERRORS: tuple[tuple[type[StagingError], int], ...] = (
    (PlanRefusedError, REFUSED),
    (LeaseHeldError, LEASE_HELD),
    (DeadlineReachedError, DEADLINE),
    (GateClosedError, CLOSED),
    (ConfigurationError, USAGE),
    (AuthenticationError, UNDETERMINED),
    (ServiceError, UNDETERMINED),
)


def exit_code_of(error: StagingError) -> int:
    """Return the exit code of an error. An unknown effect is 4, whatever the class."""
    if error.effect is not Effect.NONE:
        return PARTLY
    if isinstance(error, JournalError):
        return CLOSED if error.broken else UNDETERMINED
    return next((code for cls, code in ERRORS if isinstance(error, cls)), UNDETERMINED)


def report_error(error: StagingError) -> None:
    """Write an error for people: what happened, what changed in it, what to do."""
    lines = [f"Error: {display(str(error))}"]
    if isinstance(error, PlanRefusedError):
        lines += [f"  changed: {display(change)}" for change in error.changes]
    if error.effect is Effect.UNKNOWN:
        lines.append("  Whether Azure was changed is unknown. Do not send it again; run status.")
    lines.append(f"  {display(error.advice())}")
    for line in lines:
        say(line)


def of_inventory(inventory: Inventory) -> int:
    """0 complete, 3 with a gap."""
    return DONE if inventory.complete else UNDETERMINED


def of_findings(findings: Findings, inventory: Inventory, *, required: Collection[str]) -> int:
    """1 when a check failed, 3 when something could not be determined, else 0.

    A check that is not required may be skipped: a workload without endpoints has none to probe.
    """
    outcomes = {
        finding.outcome
        for finding in findings
        if finding.outcome is not Outcome.SKIPPED or finding.check in required
    }
    if Outcome.FAIL in outcomes:
        return CLOSED
    if outcomes - {Outcome.PASS} or not findings.findings:
        return UNDETERMINED
    return of_inventory(inventory)


def of_diff(diff: Diff, inventory: Inventory) -> int:
    """1 with a suspicious difference, 3 with an unknown one or a gap, else 0."""
    classes = {row.cls for row in diff}
    if DiffClass.SUSPICIOUS in classes:
        return CLOSED
    return UNDETERMINED if DiffClass.UNKNOWN in classes else of_inventory(inventory)


def of_drift(drift: Drift, inventory: Inventory) -> int:
    """1 when something changed since the baseline, 3 when that cannot be told, else 0.

    A change whose author is not known is still a change.
    """
    if len(drift):
        return CLOSED
    return UNDETERMINED if drift.unknown or drift.gaps else of_inventory(inventory)


def of_boards(result: BoardsResult, inventory: Inventory) -> int:
    """4 in part or effect unknown, 3 with a gap, 1 with a conflict that is left, else 0.

    In this order: what is unknown or half done comes first.
    """
    gaps = bool(result.gaps) or not inventory.complete
    if gaps and (result.applied or any(gap.reason == UNKNOWN_EFFECT for gap in result.gaps)):
        return PARTLY
    if gaps:
        return UNDETERMINED
    if any(conflict.choice is Choice.LEAVE for conflict in result.conflicts):
        return CLOSED
    return DONE


def of_preflight(preflight: Preflight, inventory: Inventory) -> int:
    """1 when something is not as a release needs it, 3 when it is not known or read, else 0."""
    states = {check.state for check in preflight.checks}
    if NOT_OK in states:
        return CLOSED
    return DONE if preflight.ok and inventory.complete else UNDETERMINED


def of_release(result: ReleaseResult) -> int:
    """0 all done, 4 partly or unknown, 3 all refused by the service, 5 nothing may go, 7 run again.

    Out of time, or at the limit of the hour, all that was sent is done: running again, when there
    is time or room, goes on with the rest.
    """
    states = {receipt.state for receipt in result.receipts}
    if ReceiptState.UNKNOWN in states or result.open_attempts:
        return PARTLY
    late = result.out_of_time or result.next_at is not None
    if late and states <= {ReceiptState.DONE}:
        return DEADLINE
    if states == {ReceiptState.NONE}:
        return UNDETERMINED
    if result.executed and result.receipts:
        return DONE if result.clean else PARTLY
    # What an earlier plan left of a begun workload is held too, and refuses nothing of this one.
    if any(held.item_id in result.names for held in result.held) and not result.requests:
        return REFUSED
    return PARTLY if result.held else DONE
