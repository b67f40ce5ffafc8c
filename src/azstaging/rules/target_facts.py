"""Facts of target machines out of a table that a person or a script made of the guests. Pure.

A fact belongs to the machine with its BIOS id, which an Azure VM calls ``vmId``, else to the one
with its name. Nothing is guessed: a machine that is told twice, or a name that several have, is
named and left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.machines import SourceMachine
from azstaging.rules.source_import import Imported

Facts = Mapping[ResourceId, Mapping[str, str]]


def match_facts(
    rows: Iterable[InventoryItem], imported: Imported
) -> tuple[dict[ResourceId, Mapping[str, str]], tuple[str, ...]]:
    """Find the item of each machine that a table tells.

    Args:
        rows: the inventory.
        imported: what the tables tell; only facts are used of it.

    Returns:
        Item -> its facts by field of ``diff_facts.toml``; and one sentence for each machine that
        was left out.
    """
    rows = tuple(rows)
    claims: dict[ResourceId, list[SourceMachine]] = {}
    notes = []
    for machine in imported.machines:
        owners = _owners(rows, machine)
        if not machine.facts:
            notes.append(f"{machine.name}: the file tells no fact of it")
        elif len(owners) == 1:
            claims.setdefault(owners[0].id, []).append(machine)
        elif owners:
            notes.append(
                f"{machine.name}: several items have this name, and no BIOS id tells which"
            )
        else:
            notes.append(f"{machine.name}: no item of the inventory is this machine")
    notes += [
        f"{told[0].name}: the file tells it {len(told)} times"
        for told in claims.values()
        if len(told) > 1
    ]
    found = {item: told[0].facts for item, told in claims.items() if len(told) == 1}
    return found, tuple(notes)


def _owners(rows: tuple[InventoryItem, ...], machine: SourceMachine) -> list[InventoryItem]:
    bios, name = machine.bios_id.casefold(), machine.name.casefold()
    by_id = [row for row in rows if bios and row.target and row.target.vm_id.casefold() == bios]
    return by_id or [row for row in rows if name in _names(row)]


def _names(row: InventoryItem) -> set[str]:
    return {row.name.casefold(), row.target.name.casefold() if row.target else ""} - {""}


def with_facts(inventory: Inventory, told: Facts) -> Inventory:
    """Return an inventory whose targets have what was told of them; a missing target has none."""
    items = tuple(
        replace(row, target=replace(row.target, facts={**row.target.facts, **told[row.id]}))
        if row.target and row.id in told
        else row
        for row in inventory
    )
    return replace(inventory, items=items)
