"""An inventory seen through its baselines: frozen sources, and the machines of released items.

A released item is gone from its vault, and its source from discovery. What it was and what was
intended is told by the baseline alone; its machine is read by the id that was frozen.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from azstaging.engine.machines import Matched, places_of, read_what_lists_lack
from azstaging.engine.ports import AzurePort, Progress
from azstaging.engine.reads import Reads
from azstaging.engine.resources import TARGET_KINDS
from azstaging.engine.rows import build_rows
from azstaging.engine.target_lists import TargetLists
from azstaging.engine.targets import Match
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import Cutover
from azstaging.rules.baseline import Frozen, is_of, on_baseline


def with_baselines(
    azure: AzurePort,
    inventory: Inventory,
    frozen: Mapping[str, Frozen],
    *,
    threads: int,
    progress: Progress,
) -> Inventory:
    """Return the inventory as it is compared: with frozen sources, released machines read.

    Args:
        azure: where machines are read.
        inventory: what was read.
        frozen: baselines by casefolded item id.
        threads: reads in flight at most.
        progress: called with (step, done, total).

    Returns:
        The same rows; what could not be read of a released machine is a gap more.
    """
    rows = tuple(on_baseline(row, frozen) for row in inventory)
    released = {
        row.id: row
        for row in rows
        if row.phase is Phase.RELEASED and _frozen_target(row, frozen) is not None
    }
    if not released:
        return replace(inventory, items=rows)
    executor = ThreadPoolExecutor(threads, thread_name_prefix="azstaging-read")
    reads = Reads(executor, progress)
    try:
        found = _read(azure, list(released.values()), frozen, reads)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    items = tuple(found.get(row.id, row) for row in rows)
    return replace(inventory, items=items, gaps=(*inventory.gaps, *reads.gaps))


def _frozen_target(row: InventoryItem, frozen: Mapping[str, Frozen]) -> ResourceId | None:
    known = frozen.get(row.id.key)
    if known is None or known.target is None or not is_of(known, row):
        return None
    return known.target.id


def _read(
    azure: AzurePort, rows: list[InventoryItem], frozen: Mapping[str, Frozen], reads: Reads
) -> dict[ResourceId, InventoryItem]:
    vms = {row.id: vm for row in rows if (vm := _frozen_target(row, frozen)) is not None}
    subscriptions = sorted(
        {vm.subscription_id.casefold() for vm in vms.values() if vm.subscription_id}
    )
    lists = TargetLists(azure, reads)
    lists.start(subscriptions, TARGET_KINDS)
    resources = lists.gather()
    matched = [
        Matched(
            item=row.item,
            # Its machine was migrated: read it as one that was.
            facts=replace(row.facts, cutover=Cutover.DONE),
            match=Match(vm=vms[row.id], how="baseline", note="found by its frozen id"),
        )
        for row in rows
    ]
    matched = read_what_lists_lack(azure, matched, resources, reads)
    lists.start_sizes(sorted(places_of(matched, resources)))
    lists.gather_sizes()
    found = build_rows(matched, resources, {})
    return {
        row.id: replace(
            row,
            target=read.target,
            target_unknown=read.target_unknown,
            target_note=read.target_note,
        )
        for row, read in zip(rows, found, strict=True)
    }
