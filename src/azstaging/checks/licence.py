"""The licence benefit is as intended."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.differences import DiffClass

_GOOD = frozenset({DiffClass.SAME, DiffClass.EXPECTED})


@check(
    id="licence",
    title="The licence benefit is applied as intended",
    source="https://learn.microsoft.com/azure/virtual-machines/windows/hybrid-use-benefit-licensing",
    lifetime_seconds=7 * DAY,
    next_step="Set or remove the benefit on the machine; it takes no reboot.",
)
def licence(context: ItemContext) -> Verdict:
    """Judge the licence rows of the diff."""
    rows = [row for row in context.differences if row.area == "licence"]
    if not rows or any(row.cls is DiffClass.UNKNOWN for row in rows):
        return inconclusive(rows[0].reason if rows else "the diff does not tell the licence")
    row = next((row for row in rows if row.cls not in _GOOD), rows[0])
    detail = f"{row.intended or row.source} -> {row.actual}: {row.reason}"
    return passed(detail) if row.cls in _GOOD else failed(detail)
