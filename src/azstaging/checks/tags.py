"""The intended tags are set."""

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
from azstaging.model.differences import DiffClass


@check(
    id="tags",
    title="The tags that were intended are set, with the intended values",
    source="https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources",
    lifetime_seconds=7 * DAY,
    next_step="Set the tags on the target machine.",
)
def tags(context: ItemContext) -> Verdict:
    """Judge the tag rows of the diff."""
    intended = context.row.item.settings.tags
    if intended is None:
        return inconclusive("the replication item does not tell which tags it intends")
    rows = tuple(row for row in context.differences if row.area == "tags")
    if wrong := rows_of_class(rows, DiffClass.SUSPICIOUS, DiffClass.ACT):
        return failed(listed(wrong))
    if rows_of_class(rows, DiffClass.UNKNOWN) or context.row.target is None:
        return inconclusive("the target machine was not read")
    return passed(f"{len(intended)} intended tags are set")
