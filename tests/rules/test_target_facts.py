"""Facts of target machines are given to the machine that they are of, or to none."""

import json
from dataclasses import replace
from pathlib import Path

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.machines import SourceMachine
from azstaging.model.times import parse_time
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import compare
from azstaging.rules.source_import import Imported
from azstaging.rules.target_facts import match_facts, with_facts

HEALTHY: InventoryItem = from_plain(
    InventoryItem,
    json.loads((Path(__file__).parents[1] / "cases" / "healthy_row.json").read_text("utf-8")),
)
NOW = parse_time("2026-01-31T08:00:00Z")


def machine(name: str, zone: str = "UTC", **more: str) -> SourceMachine:
    facts = {"time_zone": zone} if zone else {}
    return SourceMachine(id=ResourceId(f"/imports/{name}"), name=name, facts=facts, **more)


def other(name: str, vm_id: str) -> InventoryItem:
    assert HEALTHY.target is not None
    item = replace(HEALTHY.item, id=ResourceId(f"/subscriptions/s/items/{vm_id}"), name=name)
    return replace(HEALTHY, item=item, target=replace(HEALTHY.target, name=name, vm_id=vm_id))


def test_a_machine_is_found_by_its_bios_id_before_its_name() -> None:
    twin = other("APP-01", "two")
    told = Imported(machines=(machine("app-01", bios_id="TWO"),))
    assert match_facts([HEALTHY, twin], told) == ({twin.id: {"time_zone": "UTC"}}, ())


def test_a_machine_is_found_by_the_name_of_its_item_or_of_its_target() -> None:
    renamed = other("db-new", "three")
    told = Imported(machines=(machine("App-01"), machine("DB-NEW", "CET")))
    found, notes = match_facts([HEALTHY, renamed], told)
    assert found == {HEALTHY.id: {"time_zone": "UTC"}, renamed.id: {"time_zone": "CET"}}
    assert notes == ()


def test_what_is_not_certain_is_named_and_left_out() -> None:
    rows = [HEALTHY, other("twin", "two"), other("twin", "three")]
    told = Imported(
        machines=(
            machine("app-01"),
            machine("APP-01", "CET"),
            machine("twin"),
            machine("nobody"),
            machine("silent", zone=""),
        )
    )
    assert match_facts(rows, told) == (
        {},
        (
            "twin: several items have this name, and no BIOS id tells which",
            "nobody: no item of the inventory is this machine",
            "silent: the file tells no fact of it",
            "app-01: the file tells it 2 times",
        ),
    )


def test_told_facts_are_compared_and_no_machine_is_invented_for_them() -> None:
    assert HEALTHY.source is not None
    assert NOW is not None
    row = replace(HEALTHY, source=replace(HEALTHY.source, facts={"time_zone": "CET"}))
    gone = replace(other("gone", "two"), target=None)
    inventory = Inventory(read_at=NOW, items=(row, gone))
    facts = {row.id: {"time_zone": "UTC"}, gone.id: {"time_zone": "UTC"}}
    first, second = with_facts(inventory, facts).items
    zone = next(each for each in compare(first) if each.field == "time_zone")
    assert (zone.source, zone.actual, zone.rule) == ("CET", "UTC", "time-zone.differs")
    assert second == gone
