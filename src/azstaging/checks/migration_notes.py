"""The migration ended without notes, or somebody has read them."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.items import Cutover


@check(
    id="migration-notes",
    title="The migration ended without information to act on",
    source="https://learn.microsoft.com/rest/api/site-recovery/replication-migration-items/get",
    lifetime_seconds=30 * DAY,
    next_step="Read the errors of the migration job, act on them, then waive this check.",
)
def migration_notes(context: ItemContext) -> Verdict:
    """Judge how the cutover ended; the notes themselves are in the job."""
    cutover = context.row.facts.cutover
    if cutover is Cutover.DONE:
        return passed("the migration succeeded")
    if cutover in {Cutover.DONE_WITH_NOTES, Cutover.PARTIAL, Cutover.FAILED}:
        return failed(f"the migration ended: {cutover.value}")
    return inconclusive(f"the migration has not ended: {cutover.value if cutover else 'not told'}")
