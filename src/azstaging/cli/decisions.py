"""How gates are shown: one row per workload, then every reason with its next step."""

from dataclasses import replace
from fnmatch import fnmatchcase

from azstaging.cli.streams import say
from azstaging.model.decisions import Decisions
from azstaging.model.inventory import Inventory
from azstaging.model.text import display
from azstaging.reports.words import count
from azstaging.rules.selection import Filter, folded


def narrow_decisions(decisions: Decisions, inventory: Inventory, wanted: Filter) -> Decisions:
    """Keep the decisions on the workloads of the rows in a narrowed inventory.

    Gates are decided over the whole wave, because a shared item waits for all its workloads.
    """
    if not wanted:
        return decisions
    names = {name for row in inventory.items for name in row.workloads}
    if wanted.workloads:
        # A workload may have no item that could be read; its gate is closed, and must be shown.
        named = {d.workload for d in decisions if _named(d.workload, wanted.workloads)}
        names = names & named if wanted.items or wanted.vaults or wanted.subscriptions else named
    return replace(
        decisions, decisions=tuple(d for d in decisions.decisions if d.workload in names)
    )


def _named(workload: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(folded(workload), folded(pattern)) for pattern in patterns)


def say_closed(decisions: Decisions, *, most: int = 5) -> None:
    """Say why each closed gate is closed, on stderr."""
    for decision in decisions.closed:
        say(f"{display(decision.workload)} is held:")
        for reason in decision.reasons[:most]:
            say(f"  - {display(reason.detail)}")
            say(f"    {display(reason.next_step)}")
        if len(decision.reasons) > most:
            more = count(len(decision.reasons) - most, "more reason")
            say(f"  ... and {more}; see the report.")
