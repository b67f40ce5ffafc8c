"""No management lock stands in the way of the stop."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)


@check(
    id="locks",
    title="No management lock would block the stop",
    source="https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources",
    lifetime_seconds=DAY,
    next_step="Have the lock removed by its owner, and put back afterwards.",
)
def locks(context: ItemContext) -> Verdict:
    """Judge the locks on item, vault, resource group and subscription."""
    found = context.row.locks
    if found:
        names = ", ".join(f"{lock.id.name} ({lock.level}) on {lock.scope.name}" for lock in found)
        return failed(names)
    if any("lock" in (gap.detail + gap.permission).casefold() for gap in context.unread):
        return inconclusive(
            "the locks could not be read", "Grant Microsoft.Authorization/locks/read."
        )
    return passed("no lock covers the item")
