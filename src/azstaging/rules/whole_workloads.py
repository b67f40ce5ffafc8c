"""Completes a selection to whole workloads: what is released together is told together. Pure.

A part of a workload would be called released or ready while another part of it is held.
"""

from collections.abc import Iterator
from dataclasses import replace

from azstaging.model.inventory import Gap, Inventory
from azstaging.model.waves import Wave, Workload
from azstaging.rules.completeness import EXPECTED_COUNT, gaps_touching
from azstaging.rules.selection import Filter, is_one_of


def complete_workloads(
    kept: Inventory, whole: Inventory, wave: Wave, wanted: Filter
) -> tuple[Inventory, frozenset[str]]:
    """Add to a selection the rest of its workloads, and all that share a machine with them.

    Args:
        kept: what of the inventory was selected.
        whole: the inventory.
        wave: its workloads.
        wanted: what selected it.

    Returns:
        The inventory with every row and every gap of these workloads, and their names. One of
        which nothing was read is among them where a gap that was kept may hide it.
    """
    if not (wanted.workloads or wanted.items or wanted.vaults or wanted.subscriptions):
        return whole, frozenset(workload.name for workload in wave.workloads)
    told = {name for row in kept.items for name in row.workloads}
    names = _grown(told | set(_unread(kept, whole, wave, wanted)), whole)
    ids = {row.id for row in kept.items}
    rows = tuple(row for row in whole.items if row.id in ids or not names.isdisjoint(row.workloads))
    ids = {row.id for row in rows}
    gaps = set(kept.gaps)
    left_out = replace(whole, gaps=tuple(gap for gap in whole.gaps if gap not in gaps))
    gaps.update(_touching(names, left_out, wave))
    completed = replace(
        kept,
        items=rows,
        gaps=tuple(gap for gap in whole.gaps if gap in gaps),
        unresolved=tuple(pair for pair in whole.unresolved if pair[0] in names),
        ambiguous=tuple(pair for pair in whole.ambiguous if pair[0] in names),
        unexpected=tuple(each for each in whole.unexpected if each in ids),
    )
    return completed, names


def _grown(names: set[str], whole: Inventory) -> frozenset[str]:
    """Add the workloads that share a machine with these, and those that share one with them."""
    shared = [row.workloads for row in whole.items if len(row.workloads) > 1]
    before = 0
    while len(names) > before:
        before = len(names)
        for each in shared:
            if not names.isdisjoint(each):
                names = names.union(each)
    return frozenset(names)


def _unread(kept: Inventory, whole: Inventory, wave: Wave, wanted: Filter) -> Iterator[str]:
    """Yield the workloads of which no item was read, and that were asked for."""
    here = {name for row in whole.items for name in row.workloads}
    at_hand = set(kept.gaps)
    by_name_alone = not (wanted.items or wanted.vaults or wanted.subscriptions)
    for workload in wave.workloads:
        if workload.name in here or not is_one_of(workload.name, wanted.workloads):
            continue
        hidden = not at_hand.isdisjoint(_gaps(workload, whole))
        if hidden or (wanted.workloads and by_name_alone):
            yield workload.name


def _gaps(workload: Workload, whole: Inventory) -> list[Gap]:
    """Return the gaps that close one workload; a count that is not met closes all alike."""
    return [gap for gap in gaps_touching(workload, whole) if gap.reason != EXPECTED_COUNT]


def _touching(names: frozenset[str], inventory: Inventory, wave: Wave) -> Iterator[Gap]:
    for workload in wave.workloads:
        if workload.name in names:
            yield from gaps_touching(workload, inventory)
