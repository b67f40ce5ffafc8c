"""Rows that are read from their bytes give the items that the general path gives."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import Body
from azstaging.model.items import Collection, ReplicatedItem
from azstaging.providers import facts_of, parse_item
from azstaging.providers.vmware_cbt_rows import quick_row

VAULT = "/Subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"
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


def _paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*path, name)
            yield from _paths(member, (*path, name))


def _assert_same(text: bytes) -> None:
    try:
        whole = parse_item(json.loads(text), Collection.MIGRATION_ITEMS)
    except UnexpectedResponseError:
        with pytest.raises(UnexpectedResponseError):
            parse_item(Body(text), Collection.MIGRATION_ITEMS)
        return
    quick = parse_item(Body(text), Collection.MIGRATION_ITEMS)
    for each in fields(ReplicatedItem):
        assert getattr(quick, each.name) == getattr(whole, each.name), each.name
    assert list(quick.raw) == list(whole.raw)
    assert facts_of(quick) == facts_of(whole)


def test_a_documented_row_is_read_quickly_and_the_same() -> None:
    text = json.dumps(ROW).encode()
    assert quick_row(text, Body(text)) is not None
    _assert_same(text)


@given(
    st.sampled_from(list(_paths(ROW))),
    st.sampled_from([*ODD, REMOVED]),
    st.sampled_from([str, str.upper, str.lower, lambda name: name + "X"]),
)
def test_whatever_changes_in_a_row_both_ways_agree(path: Any, value: Any, spelling: Any) -> None:
    changed = json.loads(json.dumps(ROW))
    at = changed
    for name in path[:-1]:
        at = at[name]
    old = at.pop(path[-1])
    if value is not REMOVED:
        at[spelling(path[-1])] = value
    elif spelling is not str:
        at[spelling(path[-1])] = old
    _assert_same(json.dumps(changed).encode())


@pytest.mark.parametrize("name", ["MigrationState", "migrationstate", "futureState"])
def test_a_property_that_is_not_documented_is_no_row_for_the_quick_way(name: str) -> None:
    row = json.loads(json.dumps(ROW))
    row["properties"][name] = "Replicating"
    text = json.dumps(row).encode()
    assert quick_row(text, Body(text)) is None
    _assert_same(text)


@pytest.mark.corpus
def test_every_recorded_migration_item_is_the_same(
    recordings: dict[str, list[dict[str, Any]]],
) -> None:
    told = 0
    for exchanges in recordings.values():
        for exchange in exchanges:
            body = exchange["body"] if isinstance(exchange["body"], dict) else {}
            for row in body["value"] if isinstance(body.get("value"), list) else [body]:
                if "/replicationMigrationItems/" in str(row.get("id", "")):
                    _assert_same(json.dumps(row).encode())
                    told += 1
    assert told
