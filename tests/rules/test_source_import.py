"""Source machines out of tables, against case files; and what nobody may guess."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import SourceMachine
from azstaging.rules.canonical import from_plain
from azstaging.rules.quantities import UNITS, quantity_of
from azstaging.rules.source_import import (
    ColumnMap,
    Imported,
    Table,
    conflicts,
    filled,
    match_sources,
    read_sources,
)

CASES = Path(__file__).parent.parent / "cases"
FILES = sorted((CASES / "source_import").glob("*.json"))
texts = st.text(max_size=12)


def tables_of(case: dict[str, Any]) -> list[Table]:
    return [
        Table(
            name=name,
            rows=[
                (number, {header.casefold(): cell for header, cell in row.items()})
                for number, row in enumerate(rows, 2)
            ],
        )
        for name, rows in case["tables"].items()
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_tables_are_read_as_the_case_expects(file: Path) -> None:
    case = json.loads(file.read_text("utf-8"))
    known = ColumnMap(columns=case["columns"], units=case["units"], facts=case["facts"])
    found = read_sources(tables_of(case), known)
    assert sorted(found.problems) == sorted(case["problems"])
    machines = {machine.name: machine for machine in found.machines}
    assert set(machines) == set(case["expect"])
    for name, expected in case["expect"].items():
        shown = {field: getattr(machines[name], field) for field in expected}
        if "disks" in shown:
            shown["disks"] = [[d.id, d.size_bytes, d.lun] for d in machines[name].disks]
        if "nics" in shown:
            shown["nics"] = [
                [n.mac_address, list(n.addresses), n.network] for n in machines[name].nics
            ]
        assert shown == expected


@given(st.lists(st.dictionaries(texts, texts, max_size=4), max_size=4))
def test_no_table_makes_it_raise(rows: list[dict[str, str]]) -> None:
    table = Table(
        name="t.csv", rows=[(i, {"name": "a", "ram": "1"} | row) for i, row in enumerate(rows)]
    )
    read_sources([table], ColumnMap())


@given(texts, st.sampled_from(["", *UNITS]))
def test_a_size_is_a_number_of_bytes_or_a_problem(text: str, unit: str) -> None:
    found = quantity_of(text, unit)
    assert (found.size_bytes is None) == bool(found.problem)


@given(st.integers(0, 10**6), st.sampled_from(UNITS))
def test_a_plain_number_is_itself_in_every_unit(number: int, unit: str) -> None:
    one = quantity_of("1", unit).size_bytes
    assert one is not None
    assert quantity_of(f"{number} {unit.upper()}", "TB").size_bytes == number * one


def healthy(**changes: Any) -> InventoryItem:
    row = from_plain(InventoryItem, json.loads((CASES / "healthy_row.json").read_text("utf-8")))
    return replace(row, **changes)


def machine(name: str, **more: Any) -> SourceMachine:
    (found,) = read_sources(
        [Table(name="t", rows=[(2, {"name": name, "cpu": "8"})])], ColumnMap()
    ).machines
    return replace(found, **more)


def test_a_machine_is_found_by_its_bios_id_before_its_name() -> None:
    row = healthy()
    assert row.source is not None
    by_bios = machine("renamed", bios_id=row.source.bios_id.upper())
    found, notes = match_sources([row], Imported(machines=(machine("app-01"), by_bios)))
    assert found == {row.id: by_bios}
    assert notes == ("app-01: no item of the inventory is this machine",)


def test_what_is_told_twice_or_has_a_namesake_is_not_taken() -> None:
    row = healthy(source=None)
    twice = Imported(machines=(machine("app-01"), machine("APP-01", cores=2)))
    found, notes = match_sources([row], twice)
    assert found == {}
    assert "APP-01: the import tells it 2 times" in notes
    namesake = replace(row, item=replace(row.item, id=row.item.id.child("x", "y")))
    found, notes = match_sources([row, namesake], Imported(machines=(machine("app-01"),)))
    assert found == {}
    assert sum("several items have this name" in note for note in notes) == 2


def test_an_import_fills_what_discovery_does_not_tell_and_nothing_else() -> None:
    row = healthy()
    assert row.source is not None
    told = machine("app-01", facts={"time_zone": "UTC"}, os_name="Other")
    thin = replace(row.source, cores=None, host_name="")
    both = filled(thin, told, row)
    assert (both.cores, both.os_name, both.id) == (8, row.source.os_name, row.source.id)
    assert both.facts == {"time_zone": "UTC"}
    alone = filled(None, told, row)
    assert (alone.id, alone.cores) == (row.item.source_id, 8)
    assert conflicts(row.source, told) == ("APP-01: cores: discovery tells 4, the import 8",)
    assert conflicts(None, told) == conflicts(thin, told) == ()
