"""Rows that are read from their bytes give the items that the general path gives."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import Body
from azstaging.model.items import Collection, ReplicatedItem
from azstaging.providers import ROWS as READ
from azstaging.providers import facts_of, parse_item

from .protected_rows import PROTECTED_ROWS, VAULT

ROW: dict[str, Any] = {
    "id": f"{VAULT}/replicationFabrics/f/replicationProtectionContainers/c"
    "/replicationMigrationItems/i",
    "name": "i",
    "properties": {
        "machineName": "SRV-1",
        "policyId": None,
        "replicationStatus": "Paused",
        "migrationState": "MigrationSucceeded",
        "migrationStateDescription": "Migrated",
        "lastTestMigrationStatus": None,
        "testMigrateState": "None",
        "health": "None",
        "healthErrors": [],
        "allowedOperations": ["DisableMigration", "", "ResumeReplication"],
        "currentJob": {"jobName": "None", "jobId": "x"},
        "eventCorrelationId": " c8f5666c ",
        "lastMigrationTime": "2026-11-25T02:52:42.2218407Z",
        "providerSpecificDetails": {
            "instanceType": "VMwareCbt",
            "vmwareMachineId": "/subscriptions/s/machines/m",
            "osType": "Windows",
            "osName": None,
            "targetVmName": "srv-1",
            "targetVmSize": "Standard_D2s_v5",
            "targetResourceGroupId": "/subscriptions/s/resourceGroups/rg",
            "targetAvailabilitySetId": "",
            "targetVmSecurityProfile": {"isTargetVmSecureBootEnabled": "false"},
            "targetVmTags": {"a": "b"},
            "protectedDisks": [],
            "vmNics": None,
            "resyncRequired": "false",
            "lastRecoveryPointReceived": "2026-11-25T04:29:42Z",
        },
    },
}
ODD: tuple[Any, ...] = (
    None,
    "",
    "None",
    "MigrationFailed",
    7,
    1.5,
    True,
    [],
    {},
    [{}],
    {"a": None},
)
REMOVED = object()


KINDS = {
    Collection.MIGRATION_ITEMS: "/replicationMigrationItems/",
    Collection.PROTECTED_ITEMS: "/replicationProtectedItems/",
}
ROWS = [
    (Collection.MIGRATION_ITEMS, ROW),
    *((Collection.PROTECTED_ITEMS, row) for row in PROTECTED_ROWS.values()),
]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in members:
        if isinstance(value, dict):
            yield (*path, name)
        if isinstance(member, dict | list):
            yield from _paths(member, (*path, name))


PLACES = [(collection, row, path) for collection, row in ROWS for path in _paths(row)]


def _assert_same(text: bytes, collection: Collection = Collection.MIGRATION_ITEMS) -> None:
    try:
        whole = parse_item(json.loads(text), collection)
    except UnexpectedResponseError:
        with pytest.raises(UnexpectedResponseError):
            parse_item(Body(text), collection)
        return
    quick = parse_item(Body(text), collection)
    for each in fields(ReplicatedItem):
        assert getattr(quick, each.name) == getattr(whole, each.name), each.name
    assert list(quick.raw) == list(whole.raw)
    assert facts_of(quick) == facts_of(whole)


def _quick(collection: Collection, text: bytes) -> ReplicatedItem | None:
    return READ[collection].item(text, Body(text))


@pytest.mark.parametrize(("collection", "row"), ROWS, ids=["VMwareCbt", *PROTECTED_ROWS])
def test_a_documented_row_is_read_quickly_and_the_same(collection: Collection, row: Any) -> None:
    text = json.dumps(row).encode()
    assert _quick(collection, text) is not None
    _assert_same(text, collection)


@settings(max_examples=500)
@given(
    st.sampled_from(PLACES),
    st.sampled_from([*ODD, REMOVED]),
    st.sampled_from([str, str.upper, str.lower, lambda name: name + "X"]),
)
def test_whatever_changes_in_a_row_both_ways_agree(place: Any, value: Any, spelling: Any) -> None:
    collection, row, path = place
    changed = json.loads(json.dumps(row))
    at = changed
    for name in path[:-1]:
        at = at[name]
    old = at.pop(path[-1])
    if value is not REMOVED:
        at[spelling(path[-1])] = value
    elif spelling is not str:
        at[spelling(path[-1])] = old
    _assert_same(json.dumps(changed).encode(), collection)


@pytest.mark.parametrize("row", PROTECTED_ROWS.values(), ids=list(PROTECTED_ROWS))
@pytest.mark.parametrize("name", ["ProtectionState", "vmprotectionstate", "futureState"])
def test_a_protected_item_with_a_property_more_is_read_whole(row: Any, name: str) -> None:
    for place in ("properties", "providerSpecificDetails"):
        changed = json.loads(json.dumps(row))
        at = changed["properties"]
        (at if place == "properties" else at[place])[name] = "Protected"
        text = json.dumps(changed).encode()
        assert _quick(Collection.PROTECTED_ITEMS, text) is None
        _assert_same(text, Collection.PROTECTED_ITEMS)


@pytest.mark.parametrize(
    "scenario",
    [
        {"scenarioName": "none "},
        {"scenarioName": "Failover", "jobId": "x"},
        {"jobName": "Failover", "scenarioName": "None"},
        {"JobName": "Failover", "scenarioName": "None"},
        {"ScenarioName": "Failover"},
        {},
        None,
        "None",
        ["None"],
    ],
)
def test_a_running_job_is_the_same_job(scenario: Any) -> None:
    for row in PROTECTED_ROWS.values():
        changed = json.loads(json.dumps(row))
        changed["properties"]["currentScenario"] = scenario
        _assert_same(json.dumps(changed).encode(), Collection.PROTECTED_ITEMS)


@pytest.mark.parametrize(
    "at",
    [
        {"primaryFabricLocation": "northeurope"},
        {"initialPrimaryZone": "1", "primaryAvailabilityZone": "2"},
        {"PrimaryFabricLocation": "northeurope", "primaryFabricLocation": None},
    ],
)
def test_a_machine_that_was_switched_back_is_the_same_machine(at: dict[str, Any]) -> None:
    row = json.loads(json.dumps(PROTECTED_ROWS["A2A"]))
    row["properties"] |= {"protectionState": "Protected", "activeLocation": "Primary"}
    row["properties"]["providerSpecificDetails"] |= at
    text = json.dumps(row).encode()
    _assert_same(text, Collection.PROTECTED_ITEMS)
    told = facts_of(parse_item(Body(text), Collection.PROTECTED_ITEMS))
    assert told.reversed is (at.get("primaryFabricLocation", "") is not None)


@pytest.mark.parametrize("name", ["MigrationState", "migrationstate", "futureState"])
def test_a_property_that_is_not_documented_is_no_row_for_the_quick_way(name: str) -> None:
    row = json.loads(json.dumps(ROW))
    row["properties"][name] = "Replicating"
    text = json.dumps(row).encode()
    assert _quick(Collection.MIGRATION_ITEMS, text) is None
    _assert_same(text)


def test_a_number_that_no_float_holds_loses_no_row() -> None:
    """It stands where nobody looks, so the row is read quickly; its JSON stays readable."""
    for collection, row in ROWS:
        text = json.dumps(row).replace('"SRV-1"', '"SRV-1", "policyFriendlyName": 1e400').encode()
        item = _quick(collection, text)
        assert item is not None
        assert item.body["properties"]["policyFriendlyName"] == float("inf")


@pytest.mark.corpus
@pytest.mark.parametrize("collection", KINDS)
def test_every_recorded_item_is_the_same(
    recordings: dict[str, list[dict[str, Any]]], collection: Collection
) -> None:
    told = 0
    for exchanges in recordings.values():
        for exchange in exchanges:
            body = exchange["body"] if isinstance(exchange["body"], dict) else {}
            for row in body["value"] if isinstance(body.get("value"), list) else [body]:
                if KINDS[collection].casefold() in str(row.get("id", "")).casefold():
                    _assert_same(json.dumps(row).encode(), collection)
                    told += 1
    assert told
