"""The item is staged: migrated, and its replication not yet stopped."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.inventory import Phase


@check(
    id="phase-staged",
    title="The item is migrated and its replication not yet stopped",
    source="https://learn.microsoft.com/rest/api/site-recovery/replication-migration-items/get",
    lifetime_seconds=DAY,
    next_step="Bring the item to the phase staged, or take it out of the wave.",
)
def phase_staged(context: ItemContext) -> Verdict:
    """Judge the phase that was derived from item, target and test machines."""
    row = context.row
    evidence = "; ".join(row.phase_evidence)
    detail = f"phase {row.phase.value}" + (f": {evidence}" if evidence else "")
    if row.phase is Phase.UNRECOGNISED:
        return inconclusive(detail, "Look at the raw state; this version does not know it.")
    if row.phase is not Phase.STAGED:
        return failed(detail)
    if row.target is None:
        return inconclusive(
            "the item says migrated, but its target was not read", "Read the target machine."
        )
    return passed(detail)
