"""The sample estate over real sockets, compared with what the estate says of itself."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from azstaging.emulator import Emulator
from azstaging.emulator.addresses import Addresses
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, Phase
from azstaging.model.items import Collection
from azstaging.model.views import inventory_document
from azstaging.model.waves import Wave, Workload
from azstaging.providers import ROWS, parse_item
from azstaging.rules.completeness import gaps_touching

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "inventory-1.schema.json"


@pytest.fixture(scope="module")
def ids(emulator: Emulator) -> Addresses:
    """ARM ids of everything in the estate."""
    return Addresses(emulator.estate)


@pytest.fixture(scope="module")
def inventory(
    emulator: Emulator, ids: Addresses, read: Any, connected: Callable[..., Any]
) -> Inventory:
    """The inventory that the planner reads, with the workloads of the estate."""
    machines = {machine.key: machine for machine in emulator.estate.machines}
    workloads = tuple(
        Workload(name=each.name, items=tuple(ids.item(machines[key]) for key in each.machines))
        for each in emulator.estate.workloads
    )
    with connected(emulator.url, emulator.token("planner")) as azure:
        found: Inventory = read(azure, wave=Wave(workloads=workloads))
    return found


def _denied(emulator: Emulator, ids: Addresses) -> set[str]:
    scopes = [denial.scope.casefold() for denial in emulator.estate.denials]
    return {
        vault.name
        for vault in emulator.estate.vaults
        if any(ids.vault(vault).casefold().startswith(scope) for scope in scopes)
    }


def test_every_machine_is_read_or_lies_in_the_refused_vault(
    emulator: Emulator, ids: Addresses, inventory: Inventory
) -> None:
    denied = _denied(emulator, ids)
    assert denied
    read = {row.id for row in inventory}
    for machine in emulator.estate.machines:
        assert (ResourceId(ids.item(machine)) in read) == (machine.vault not in denied)
    assert {gap.scope.name for gap in inventory.gaps} == denied


def test_every_target_is_the_machine_that_the_estate_made(
    emulator: Emulator, ids: Addresses, inventory: Inventory
) -> None:
    found = Counter[str]()
    for machine in emulator.estate.machines:
        row = inventory.find(ids.item(machine))
        if row is None or row.target is None:
            continue
        assert row.target.id == ResourceId(ids.vm(machine))
        assert row.target.size == (machine.actual_size or machine.size)
        assert row.target.cores
        assert len(row.target.disks) == len(machine.disks_gib)
        assert [disk.size_gib for disk in row.target.disks] == list(machine.disks_gib)
        assert all(nic.addresses for nic in row.target.nics)
        found[row.target.resolved_by] += 1
    assert set(found) == {"disks", "item", "name"}
    migrated = [row for row in inventory if row.phase in {Phase.STAGED, Phase.CONTRADICTION}]
    local = [row for row in migrated if row.target_unknown]
    assert {row.item.provider for row in local} <= {"VMwareToAzStackHCI", "HyperVToAzStackHCI"}
    assert all(row.target for row in migrated if row not in local)


def test_left_over_test_machines_are_found_and_nothing_else(
    emulator: Emulator, ids: Addresses, inventory: Inventory
) -> None:
    for machine in emulator.estate.machines:
        row = inventory.find(ids.item(machine))
        if row is not None:
            expected = (ResourceId(ids.test_vm(machine)),) if machine.test_vm else ()
            assert row.test_machines == expected


def test_sources_are_the_discovered_machines(
    emulator: Emulator, ids: Addresses, inventory: Inventory
) -> None:
    named = [row for row in inventory if row.item.source_id is not None]
    assert len(named) >= 20
    assert all(row.source is not None for row in named)
    for machine in emulator.estate.machines:
        row = inventory.find(ids.item(machine))
        if row is not None and row.source is not None and machine.provider != "A2A":
            assert row.source.cores == machine.cores
            assert row.source.memory_mib == machine.memory_mib


def test_workloads_are_those_of_the_estate(
    emulator: Emulator, ids: Addresses, inventory: Inventory
) -> None:
    machines = {machine.key: machine for machine in emulator.estate.machines}
    for workload in emulator.estate.workloads:
        selected = {row.id for row in inventory.in_workload(workload.name)}
        wanted = {ResourceId(ids.item(machines[key])) for key in workload.machines}
        assert selected <= wanted
        hidden = wanted - selected
        touched = gaps_touching(
            Workload(name=workload.name, items=tuple(str(each) for each in wanted)), inventory
        )
        assert bool(hidden) == bool(touched)


def test_few_reads_per_item(emulator: Emulator, inventory: Inventory) -> None:
    counts = dict(inventory.request_counts)
    agentless = sum(row.item.provider == "VMwareCbt" for row in inventory)
    assert counts["replicationMigrationItems details"] == agentless
    # One list of each kind for each subscription, whatever the number of machines.
    subscriptions = len(emulator.estate.subscriptions)
    for kind in ("virtual machines", "disks", "network interfaces", "locks"):
        assert counts[kind] == subscriptions


def test_what_is_printed_fits_the_published_schema(inventory: Inventory) -> None:
    document = json.loads(json.dumps(inventory_document(inventory)))
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    jsonschema.validate(document, _strict(schema))
    assert document["complete"] is False
    assert [each["id"].casefold() for each in document["items"]] == sorted(
        each["id"].casefold() for each in document["items"]
    )


def _strict(schema: Any) -> Any:
    """Return the schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "required" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def test_rows_of_the_lists_are_read_from_their_bytes_and_the_same(
    emulator: Emulator, inventory: Inventory, connected: Callable[..., Any]
) -> None:
    quick = 0
    with connected(emulator.url, emulator.token("planner")) as azure:
        for vault in inventory.vaults:
            if "recoveryservices" not in vault.key:
                continue
            for row in chain.from_iterable(azure.list_migration_items(vault)):
                item = ROWS[Collection.MIGRATION_ITEMS].item(row.json, row)
                assert item is None or item == parse_item(dict(row), Collection.MIGRATION_ITEMS)
                quick += item is not None
    rows = [row for row in inventory if row.item.provider == "VMwareCbt"]
    assert quick > len(rows) / 2 > 0
