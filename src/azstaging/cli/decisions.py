"""How gates are shown: one row per workload, then every reason with its next step."""

from dataclasses import replace

from azstaging.cli.output import say
from azstaging.model.decisions import Decisions
from azstaging.model.inventory import Inventory
from azstaging.model.text import display
from azstaging.rules.selection import Filter


def narrow_decisions(decisions: Decisions, inventory: Inventory, wanted: Filter) -> Decisions:
    """Keep the decisions on the workloads of the rows in a narrowed inventory.

    Gates are decided over the whole wave, because a shared item waits for all its workloads.
    """
    if not wanted:
        return decisions
    names = {name for row in inventory.items for name in row.workloads}
    if wanted.workloads:
        wanted_names = {name.casefold() for name in wanted.workloads}
        names = {name for name in names if name.casefold() in wanted_names} or names
    return replace(
        decisions, decisions=tuple(d for d in decisions.decisions if d.workload in names)
    )


def say_closed(decisions: Decisions, *, most: int = 5) -> None:
    """Say why each closed gate is closed, on stderr."""
    for decision in decisions.closed:
        say(f"{display(decision.workload)} is held:")
        for reason in decision.reasons[:most]:
            say(f"  - {display(reason.detail)}")
            say(f"    {display(reason.next_step)}")
        if len(decision.reasons) > most:
            say(f"  ... and {len(decision.reasons) - most} more reasons; see the report.")
