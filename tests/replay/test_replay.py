"""Recorded Azure through the real clients and the ordinary code: nothing is lost or made up."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from azstaging.model.decisions import Policy
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, Phase
from azstaging.model.views import inventory_document
from azstaging.model.waves import Wave, Workload
from azstaging.providers import PROVIDERS
from azstaging.rules.gate import Case, decide

pytestmark = pytest.mark.corpus

Json = dict[str, Any]
ITEM = re.compile(
    r"(/replicationMigrationItems|/replicationProtectedItems|/replicationVaults/[^/]+/protectedItems)"
    r"/[^/]+$",
    re.IGNORECASE,
)
SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "inventory-1.schema.json"
STATES = (
    "migrationState",
    "replicationStatus",
    "testMigrateState",
    "protectionState",
    "activeLocation",
    "testFailoverState",
    "health",
    "replicationHealth",
    "currentJob",
    "currentScenario",
)


def _objects(value: Any) -> Iterator[Json]:
    """Yield every JSON object in a value, at any depth."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, (dict, list)):
            yield from _objects(each)


@pytest.fixture(scope="module")
def recorded_items(exchanges: dict[str, list[Json]]) -> dict[str, list[Json]]:
    """Every body of a replicated item in any recorded answer, by casefolded id."""
    found: dict[str, list[Json]] = {}
    for recording in exchanges.values():
        for exchange in recording:
            if exchange["status"] in {200, 201} and isinstance(exchange["body"], dict):
                for each in _objects(exchange["body"]):
                    if ITEM.search(str(each.get("id", ""))) and "properties" in each:
                        found.setdefault(each["id"].casefold(), []).append(each)
    return found


def test_every_recorded_item_is_one_row(
    inventory: Inventory, recorded_items: dict[str, list[Json]]
) -> None:
    assert len(recorded_items) >= 20
    assert {row.id.key for row in inventory} == set(recorded_items)
    assert inventory.read == len(recorded_items)


def test_nothing_of_an_item_is_lost(
    inventory: Inventory, recorded_items: dict[str, list[Json]]
) -> None:
    for row in inventory:
        body = row.item.body
        assert body in recorded_items[row.id.key]
        assert str(row.id) == body["id"]
        properties = body["properties"]
        details = properties.get("providerSpecificDetails") or properties.get("customProperties")
        assert row.item.provider == details["instanceType"]
        for state in STATES:
            if state in properties:
                assert row.item.raw[state] == properties[state], (row.name, state)
        allowed = properties.get("allowedOperations") or properties.get("allowedJobs") or []
        assert list(row.item.allowed_operations) == allowed


def test_an_unknown_provider_is_listed_and_unrecognised(inventory: Inventory) -> None:
    known = {provider.instance_type for provider in PROVIDERS}
    unknown = [row for row in inventory if row.item.provider not in known]
    assert {row.item.provider for row in unknown} == {"HyperVReplica2012R2"}
    assert {row.phase for row in unknown} == {Phase.UNRECOGNISED}


def test_lists_of_several_pages_are_read_to_their_end(replay: Any, inventory: Inventory) -> None:
    assert inventory.read
    followed = [each for each in replay.asked if "skipToken" in each]
    assert any("replicationMigrationItems" in each for each in followed)
    assert any("/vaults?" in each for each in followed)


def test_whatever_was_refused_is_a_gap(replay: Any, inventory: Inventory) -> None:
    assert not inventory.complete
    scopes = {gap.scope for gap in inventory.gaps}
    vault_wide = re.compile(r"^(/subscriptions/[^?]+/(?:vaults|replicationVaults)/[^/?]+)/[^/?]+\?")
    subscription_wide = re.compile(
        r"^(/subscriptions/[^/]+)/providers/"
        r"(?:Microsoft\.(?:RecoveryServices/vaults|DataReplication/replicationVaults|Compute/"
        r"virtualMachines|Compute/disks|Network/networkInterfaces|Authorization/locks))\?",
    )
    checked = 0
    for target in replay.refused:
        match = vault_wide.match(target) or subscription_wide.match(target)
        if match:
            assert ResourceId(match[1]) in scopes, target
            checked += 1
    assert checked >= 20
    assert {gap.reason for gap in inventory.gaps} == {"not-found"}


def test_nothing_is_asked_but_reads_of_known_paths(replay: Any, inventory: Inventory) -> None:
    assert inventory.read
    assert len(replay.asked) == len(set(replay.asked)), "no answer is asked for twice"


def test_no_recorded_item_could_be_released(inventory: Inventory) -> None:
    wave = Wave(workloads=tuple(Workload(name=r.id.key, items=(r.id.key,)) for r in inventory))
    case = Case(
        inventory=inventory,
        wave=wave,
        findings=(),
        waivers=(),
        policy=Policy(required=("phase-staged",)),
    )
    assert not decide(case, now=inventory.read_at).open


def test_the_printed_document_fits_the_published_schema(inventory: Inventory) -> None:
    document = json.loads(json.dumps(inventory_document(inventory)))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert [each["id"] for each in document["items"]] == [str(row.id) for row in inventory]
