"""No replication job runs on the item."""

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
    id="no-running-job",
    title="No replication job runs on the item",
    source="https://learn.microsoft.com/azure/site-recovery/site-recovery-monitor-and-troubleshoot",
    lifetime_seconds=DAY,
    next_step="Wait until the job has ended.",
)
def no_running_job(context: ItemContext) -> Verdict:
    """Judge the item's current job."""
    if context.row.facts.idle is None:
        return inconclusive("the item does not tell whether a job runs")
    if not context.row.facts.idle:
        return failed(f"job {context.row.item.running_job or 'without name'} is running")
    return passed("no job is running")
