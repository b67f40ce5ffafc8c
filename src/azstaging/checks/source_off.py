"""The source machine is off: two running copies of one machine harm both."""

from datetime import timedelta

from azstaging.checks.interface import (
    HOUR,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.ids import ResourceId
from azstaging.model.machines import SourceMachine

_FRESH = timedelta(hours=24)
_VM = "microsoft.compute/virtualmachines"


@check(
    id="source-off",
    title="The source machine is off",
    source="https://learn.microsoft.com/azure/migrate/tutorial-migrate-vmware",
    lifetime_seconds=8 * HOUR,
    next_step="Shut the source machine down, and wait until discovery sees it.",
)
def source_off(context: ItemContext) -> Verdict:
    """Judge the power that discovery saw, if it looked within a day."""
    row = context.row
    source = row.source
    if source is None:
        told = row.item.source.power.casefold()
        if told in {"on", "poweredon", "running"}:
            return failed("the item says that the source is on")
        return inconclusive(row.source_note or "the source machine was not read")
    if source.power == "on":
        return failed(f"{source.name} is on")
    if row.source_note:
        # A namesake that is off says nothing of the machine that was migrated.
        return inconclusive(
            f"{source.name} is {source.power or 'of unknown power'}, but it was {row.source_note}",
            "Look whether it is the machine that was migrated, and whether that one is off.",
        )
    if source.is_deleted:
        return inconclusive("discovery does not see the source any more; its power is not known")
    if source.power != "off":
        return inconclusive("discovery does not tell the power of the source")
    if not _is_live(source.id) and not _is_fresh(source, context):
        return inconclusive(
            "the source was off, but discovery saw it more than a day ago or tells no time",
            "Look at the source, and let discovery run.",
        )
    return passed(f"{source.name} is off")


def _is_live(id: ResourceId) -> bool:
    """Tell whether the source is an Azure VM, which was asked itself."""
    return id.resource_type == _VM


def _is_fresh(source: SourceMachine, context: ItemContext) -> bool:
    """Tell whether discovery looked within a day; its clock may be ahead, but not by days."""
    seen = source.updated_at
    return seen is not None and abs(context.now - seen) <= _FRESH
