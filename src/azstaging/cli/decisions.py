"""How gates are shown: one row per workload, then every reason with its next step."""

from collections.abc import Mapping
from dataclasses import replace

from azstaging.cli.session import Session
from azstaging.cli.streams import say
from azstaging.model.decisions import Decisions, GateClosed
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.names import told_apart
from azstaging.model.text import display
from azstaging.rules.selection import Filter, is_one_of
from azstaging.rules.whole_workloads import complete_workloads

_NAMED = 5  # machines in a line; the JSON has all


def decide_selected(run: Session) -> tuple[Inventory, Decisions]:
    """Read the inventory, decide every gate, and keep the selected workloads of both, whole."""
    whole = run.staging.inventory()
    decisions = run.staging.decide(whole)
    kept = run.inventory_of(whole)
    if not run.wanted:
        return kept, decisions
    selected, names = complete_workloads(kept, whole, run.config.wave, run.wanted)
    more = len(selected) - len(kept)
    if more:
        items = "1 more item is" if more == 1 else f"{more:,} more items are"
        say(f"{items} told: a workload is told whole, with all that share its machines.")
    found = tuple(each for each in decisions.decisions if each.workload in names)
    return selected, replace(decisions, decisions=found)


def narrow_decisions(decisions: Decisions, inventory: Inventory, wanted: Filter) -> Decisions:
    """Keep the decisions on the workloads of the rows in a narrowed inventory.

    Gates are decided over the whole wave, because a shared item waits for all its workloads.
    """
    if not wanted:
        return decisions
    names = {name for row in inventory.items for name in row.workloads}
    if wanted.workloads:
        # A workload may have no item that could be read; its gate is closed, and must be shown.
        named = {d.workload for d in decisions if is_one_of(d.workload, wanted.workloads)}
        names = names & named if wanted.items or wanted.vaults or wanted.subscriptions else named
    return replace(
        decisions, decisions=tuple(d for d in decisions.decisions if d.workload in names)
    )


def say_closed(decisions: Decisions, inventory: Inventory) -> None:
    """Say why each closed gate is closed, on stderr: every reason, alike ones in one line."""
    rows = {row.id: row for row in inventory.items}
    shortened = False
    for decision in decisions.closed:
        say(f"{display(decision.workload)} is held:")
        for next_step, said in _by_step(decision, rows).items():
            for (_, detail), names in said.items():
                shortened |= len(names) > _NAMED
                say(f"  - {_named_in(names)}{display(detail)}")
            say(f"    {display(next_step)}")
    if shortened:
        say("azstaging plan -o json names every item of every reason.")


_Said = dict[tuple[str, str], list[str]]


def _by_step(decision: GateClosed, rows: Mapping[ResourceId, InventoryItem]) -> dict[str, _Said]:
    """Group the reasons of one gate: next step -> (code, what is said) -> of which machines."""
    of_items = (rows.get(reason.item_id) for reason in decision.reasons if reason.item_id)
    names = told_apart((row.id, row.name) for row in of_items if row is not None)
    grouped: dict[str, _Said] = {}
    for reason in decision.reasons:
        row = rows.get(reason.item_id) if reason.item_id else None
        lead = f"{row.name}: " if row is not None else ""
        detail = reason.detail.removeprefix(lead)
        said = grouped.setdefault(reason.next_step, {}).setdefault((reason.code, detail), [])
        if row is not None and detail != reason.detail:
            said.append(names[row.id.key])
    return grouped


def _named_in(names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    first = sorted(names, key=str.casefold)[:_NAMED]
    return f"{display(', '.join(first), limit=500)}{more}: "
