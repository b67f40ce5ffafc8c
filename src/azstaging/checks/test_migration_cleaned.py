"""No test machine is left over. The item's own flag is not trusted alone."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.items import TestMachine

_NEEDED = ("virtual machine", "virtualmachines", "disk")


@check(
    id="test-migration-cleaned",
    title="No test machine is left over",
    source="https://learn.microsoft.com/azure/migrate/tutorial-migrate-vmware",
    lifetime_seconds=DAY,
    next_step="Clean up the test migration of this item in Azure Migrate or Site Recovery.",
)
def test_migration_cleaned(context: ItemContext) -> Verdict:
    """Judge the item's state, the allowed operations, and what was found by looking."""
    row = context.row
    if row.test_machines:
        names = ", ".join(machine.name for machine in row.test_machines)
        return failed(f"test machine {names} was found")
    if row.facts.cleanup_allowed:
        return failed("the service offers to clean up a test machine")
    if row.facts.test in {TestMachine.RUNNING, TestMachine.OUTSTANDING}:
        return failed(f"the item says that a test is {row.facts.test.value}")
    if row.facts.test is None:
        return inconclusive("the item does not tell whether a test is outstanding")
    unread = [gap for gap in context.unread if _concerns_machines(gap.detail + gap.permission)]
    if unread:
        return inconclusive(
            "nobody could look for test machines: the target subscription was not read",
            "Grant read access to the target's subscription, then run the check again.",
        )
    if row.target_unknown:
        return inconclusive(
            "no test machine was found, and it is not known which machine is the target",
            "Find out which machine is the target, then run the check again.",
        )
    return passed("no test is outstanding, and no test machine was found")


def _concerns_machines(text: str) -> bool:
    folded = text.casefold()
    return any(word in folded for word in _NEEDED)
