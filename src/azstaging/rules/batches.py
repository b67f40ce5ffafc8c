"""An inventory in batches that can be checked one after the other. Pure.

A check of a workload looks at all of its items, so whatever shares a workload stays together.
"""

from collections.abc import Iterator
from dataclasses import replace

from azstaging.model.inventory import Inventory, InventoryItem


def batches(inventory: Inventory, *, size: int) -> Iterator[Inventory]:
    """Yield the inventory in parts of about ``size`` items, in the order of the inventory.

    Args:
        inventory: what was read; its gaps go along with every part.
        size: a part is closed once it has so many; items that share a workload are never parted.
    """
    part: list[InventoryItem] = []
    for group in _groups(inventory.items):
        part += group
        if len(part) >= size:
            yield _part(inventory, part)
            part = []
    if part:
        yield _part(inventory, part)


def _part(inventory: Inventory, rows: list[InventoryItem]) -> Inventory:
    rows.sort(key=lambda row: row.id.key)
    return replace(inventory, items=tuple(rows), expected=None, unexpected=())


def _groups(rows: tuple[InventoryItem, ...]) -> list[list[InventoryItem]]:
    """Return the items that are tied by workloads, directly or through others."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = name = leader[leader[name]]
        return name

    for row in rows:
        for name in row.workloads[1:]:
            leader[find(name)] = find(row.workloads[0])
    groups: dict[str, list[InventoryItem]] = {}
    for row in rows:
        key = f"workload:{find(row.workloads[0])}" if row.workloads else row.id.key
        groups.setdefault(key, []).append(row)
    return list(groups.values())
