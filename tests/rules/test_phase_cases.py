"""The phase of every state that the services document, end to end: JSON, facts, phase."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from azstaging.engine.rows import listed_row
from azstaging.model.bodies import Body
from azstaging.model.ids import ResourceId
from azstaging.model.items import Collection
from azstaging.model.machines import TargetMachine
from azstaging.providers import azure_local, facts_of, migration_item, parse_item, protected_item
from azstaging.rules.phase import derive_phase

CASES = Path(__file__).parents[1] / "cases" / "phase"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
CONTAINER = (
    f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v/replicationFabrics/f"
    "/replicationProtectionContainers/c"
)
IDS = {
    Collection.MIGRATION_ITEMS: f"{CONTAINER}/replicationMigrationItems/i",
    Collection.PROTECTED_ITEMS: f"{CONTAINER}/replicationProtectedItems/i",
    Collection.DATA_REPLICATION: f"{GROUP}/providers/Microsoft.DataReplication"
    "/replicationVaults/v/protectedItems/i",
}
NOT_LOOKED_AT = "not looked at"


def _files() -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(CASES.glob("*.json"))]


def _cases() -> Iterator[Any]:
    for file in _files():
        for provider in file["providers"]:
            for case in file["cases"]:
                yield pytest.param(file, provider, case, id=f"{provider or '-'}: {case['name']}")


def _body(
    file: dict[str, Any], provider: str, case: dict[str, Any]
) -> tuple[dict[str, Any], Collection]:
    collection = Collection(file["collection"])
    properties = {**file["properties"], **case.get("properties", {})}
    for name in case.get("absent", ()):
        properties.pop(name, None)
    local = collection is Collection.DATA_REPLICATION
    details = {"instanceType": provider, **file["details"], **case.get("details", {})}
    properties["customProperties" if local else "providerSpecificDetails"] = details
    return {"id": IDS[collection], "properties": properties}, collection


def _machine(name: str, **fields: Any) -> TargetMachine:
    vm_id = ResourceId(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{name}")
    return TargetMachine(id=vm_id, name=name, **fields)


def _plain(value: object) -> object:
    return getattr(value, "value", value)


@pytest.mark.parametrize(("file", "provider", "case"), list(_cases()))
def test_phase_of_case(file: dict[str, Any], provider: str, case: dict[str, Any]) -> None:
    body, collection = _body(file, provider, case)
    facts = facts_of(parse_item(body, collection))
    told = case.get("target")
    unknown = told == NOT_LOOKED_AT
    target = _machine("app01", **told) if isinstance(told, dict) else None
    tests = tuple(_machine(name).id for name in case.get("test_machines", ()))

    verdict = derive_phase(facts, target, unknown, tests)

    assert verdict.phase.value == case["phase"], verdict.evidence
    unrecognised = case.get("unrecognised", [])
    if unrecognised == "provider":
        unrecognised = [f"instanceType={provider or 'absent'}"]
    assert facts.unrecognised == tuple(unrecognised)
    for name, value in case.get("facts", {}).items():
        assert _plain(getattr(facts, name)) == value, name
    for clause in (*unrecognised, *case.get("evidence", ())):
        assert clause in verdict.evidence
    # A row of a list lets its JSON go; what that told is not lost with it.
    assert listed_row(parse_item(Body(msgspec.json.encode(body)), collection)).facts == facts


def _values(collection: Collection, name: str) -> set[object]:
    return {
        case.get("properties", {}).get(name)
        for file in _files()
        if file["collection"] == collection.value and "InMage" not in file["providers"]
        for case in file["cases"]
    }


@pytest.mark.parametrize(
    ("collection", "name", "known"),
    [
        (Collection.MIGRATION_ITEMS, "migrationState", migration_item.STATES),
        (Collection.MIGRATION_ITEMS, "testMigrateState", migration_item.TESTS),
        (Collection.PROTECTED_ITEMS, "protectionState", protected_item.STATES),
        (Collection.PROTECTED_ITEMS, "testFailoverState", protected_item.TESTS),
        (Collection.DATA_REPLICATION, "protectionState", azure_local.STATES),
        (Collection.DATA_REPLICATION, "testFailoverState", azure_local.TESTS),
    ],
)
def test_no_state_is_known_to_the_code_without_a_case(
    collection: Collection, name: str, known: Mapping[str, object]
) -> None:
    defaults = {"testMigrateState": {"None"}, "testFailoverState": {"None"}}.get(name, set())
    assert set(known) - _values(collection, name) - defaults == set()
