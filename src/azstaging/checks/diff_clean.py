"""The machine is what was planned: nothing suspicious, and nothing decisive unknown."""

import re

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    listed,
    passed,
    rows_of_class,
)
from azstaging.model.differences import DiffClass, Difference

# Not to know these is not to know the machine. What else is unknown is shown, and closes nothing.
_DECISIVE = re.compile(
    r"size|cores|memory_mib|os_family|disk_count|disk\[\d+\]\.size_gib|nic_count"
    r"|nic\[\d+\]\.(address|subnet)"
)


@check(
    id="diff-clean",
    title="The machine is what was planned",
    source="the configuration diff (docs/diff.md)",
    lifetime_seconds=DAY,
    next_step="Mend the machine, or state the difference under [[expect]] with owner and reason.",
)
def diff_clean(context: ItemContext) -> Verdict:
    """Judge all rows of the diff."""
    rows = context.differences
    if not rows:
        return inconclusive("there is no diff of this item", "Run azstaging diff.")
    if wrong := rows_of_class(rows, DiffClass.SUSPICIOUS):
        return failed(listed(wrong))
    unknown = rows_of_class(rows, DiffClass.UNKNOWN)
    if decisive := [row for row in unknown if _is_decisive(row)]:
        return inconclusive(
            f"not told: {listed(decisive)} ({decisive[0].reason})",
            "Read source and target again, or compare by hand and waive.",
        )
    act = len(rows_of_class(rows, DiffClass.ACT))
    return passed(f"{len(rows)} fields, {act} to act on, {len(unknown)} unknown and not decisive")


def _is_decisive(row: Difference) -> bool:
    return _DECISIVE.fullmatch(row.field) is not None
