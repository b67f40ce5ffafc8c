"""The configuration is frozen: after the stop the source cannot be read any more."""

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
    id="baseline-present",
    title="Source, intended and target configuration are frozen in the estate folder",
    source="after replication has stopped nothing else tells what the source was",
    lifetime_seconds=30 * DAY,
    next_step="Run azstaging baseline.",
)
def baseline_present(context: ItemContext) -> Verdict:
    """Judge whether the journal holds a baseline of this item."""
    if context.baseline is None:
        return inconclusive("without a journal there is no baseline", "Name a journal.")
    return passed("frozen") if context.baseline else failed("no baseline is frozen")
