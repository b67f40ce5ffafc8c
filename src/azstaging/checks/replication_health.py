"""The replication is healthy, or at rest, and reports no error."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.items import HealthError

_GOOD = frozenset({"normal", "none"})
_BAD = frozenset({"warning", "critical"})
# Both stand on healthy items that were never tested: "no successful test migration (failover)".
_HARMLESS = frozenset({"110084", "161011"})
_ERROR_LEVELS = frozenset({"error", "critical", "fatal"})
_QUIET_LEVELS = frozenset({"warning", "info", "information", "none"})


@check(
    id="replication-health",
    title="The replication is healthy or at rest, and reports no error",
    source="https://learn.microsoft.com/azure/site-recovery/site-recovery-monitor-and-troubleshoot",
    lifetime_seconds=DAY,
    next_step="Read the item's health errors and mend their cause.",
)
def replication_health(context: ItemContext) -> Verdict:
    """Judge both health values and the errors behind them.

    A warning whose errors are all known to be harmless counts as good; one without errors does
    not: nobody knows what it warns of.
    """
    item = context.row.item
    errors = [error for error in item.health_errors if error.code not in _HARMLESS]
    severe = [error for error in errors if error.level.casefold() in _ERROR_LEVELS]
    told = ", ".join(
        f"{name} {value}"
        for name, value in (("replication", item.health), ("failover", item.failover_health))
        if value
    )
    if severe:
        return failed(f"{told or 'health not told'}; {_shown(severe)}")
    harmless = bool(item.health_errors) and not errors
    values = [value.casefold() for value in (item.health, item.failover_health) if value]
    if any(value in _BAD and not (harmless and value == "warning") for value in values):
        return failed(f"{told}" + (f"; {_shown(errors)}" if errors else ""))
    known = _GOOD | _BAD
    unclear = [error for error in errors if error.level.casefold() not in _QUIET_LEVELS]
    if not item.health or any(value not in known for value in values) or unclear:
        return inconclusive(told or "the item tells no health")
    return passed(told + (", with nothing but a test that was never run" if harmless else ""))


def _shown(errors: list[HealthError]) -> str:
    first = errors[0]
    more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"error {first.code}: {first.message}{more}"
