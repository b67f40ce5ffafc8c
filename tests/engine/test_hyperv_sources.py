"""Hyper-V items do not name their source machine; it is found by its Hyper-V id, else by name."""

from typing import Any

import pytest

from azstaging.errors import AccessDeniedError

SITE = "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.OffAzure/HyperVSites/{}"


def machine(shapes: Any, key: str, uuid: str, name: str = "app01", **changes: Any) -> Any:
    site = SITE.format(shapes.vault().subscription_id, changes.pop("site", "site"))
    properties = {"displayName": name, "instanceUuid": uuid, "numberOfProcessorCore": 4}
    return {"id": f"{site}/machines/{key}", "name": key, "properties": properties | changes}


def item_of(shapes: Any, read: Any, *machines: Any, vm_id: str = "AAAA", **options: Any) -> Any:
    azure = shapes.migrated()
    vault = shapes.vault()
    azure.vaults = azure.vaults or [vault.text]
    item = shapes.protected_item("app01", vault, instanceType="HyperVReplicaAzure", vmId=vm_id)
    azure.protected[vault.key] = [item]
    azure.machines = list(machines)
    azure.refuse |= options.get("refuse", {})
    inventory = read(azure)
    (row,) = inventory
    return inventory, row


def test_by_the_hyper_v_id_whatever_its_case_and_name(shapes: Any, read: Any) -> None:
    mine = machine(shapes, "m1", "aaaa", name="renamed")
    _, row = item_of(shapes, read, mine, machine(shapes, "m2", "bbbb"), vm_id="{AAAA}")
    assert (row.source.id.name, row.source.cores, row.source_note) == ("m1", 4, "")


def test_by_name_where_an_id_is_not_told(shapes: Any, read: Any) -> None:
    _, row = item_of(shapes, read, machine(shapes, "m1", ""))
    assert row.source.id.name == "m1"
    assert "name alone" in row.source_note


@pytest.mark.parametrize(
    ("machines", "note"),
    [
        ([("m1", "aaaa", {}), ("m2", "AAAA", {"site": "other"})], "2 discovered machines have"),
        ([("m1", "", {}), ("m2", "", {})], "2 discovered machines are called app01"),
        ([("m1", "bbbb", {})], "has another Hyper-V id"),
        ([("m1", "aaaa", {"isDeleted": True})], "marks its source machine as deleted"),
        ([("m1", "", {"isDeleted": True})], "marks its source machine as deleted"),
        ([("m1", "bbbb", {"isDeleted": True})], "no discovered machine has"),
        (
            [("m1", "aaaa", {"isDeleted": True}), ("m2", "bbbb", {})],
            "marks its source machine as deleted",
        ),
        ([], "no discovered machine has"),
    ],
)
def test_what_is_not_certain_is_unknown_and_said(
    shapes: Any, read: Any, machines: Any, note: str
) -> None:
    rows = [machine(shapes, key, uuid, **changes) for key, uuid, changes in machines]
    _, row = item_of(shapes, read, *rows)
    assert row.source is None
    assert note in row.source_note


def test_a_site_without_its_id_is_a_gap(shapes: Any, read: Any) -> None:
    azure = shapes.migrated()
    vault = shapes.vault()
    item = shapes.protected_item("app01", vault, instanceType="HyperVReplicaAzure", vmId="AAAA")
    azure.protected[vault.key] = [item]
    azure.list_hyper_v_sites = lambda _subscription: [{}]
    inventory = read(azure)
    assert [gap.reason for gap in inventory.gaps] == ["unexpected-response"]
    assert "without an ARM id" in inventory.items[0].source_note


def test_a_deleted_row_is_passed_by_for_the_one_that_lives(shapes: Any, read: Any) -> None:
    gone = machine(shapes, "old", "aaaa", isDeleted=True)
    _, row = item_of(shapes, read, gone, machine(shapes, "new", "aaaa"))
    assert row.source.id.name == "new"


@pytest.mark.parametrize(
    ("method", "permission"),
    [
        ("list_hyper_v_sites", "Microsoft.OffAzure/HyperVSites/read"),
        ("list_discovered_machines", "Microsoft.OffAzure/HyperVSites/machines/read"),
    ],
)
def test_what_may_not_be_read_is_a_gap_and_no_source(
    shapes: Any, read: Any, method: str, permission: str
) -> None:
    refuse = {(method, "*"): AccessDeniedError("no")}
    inventory, row = item_of(shapes, read, machine(shapes, "m1", "aaaa"), refuse=refuse)
    (gap,) = inventory.gaps
    assert (gap.permission, gap.covers_items) == (permission, False)
    assert row.source is None
    assert "could not be read" in row.source_note


def test_nobody_asks_for_sites_without_such_an_item(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    read(azure)
    assert not any(method == "list_hyper_v_sites" for method, _ in azure.calls)
