"""A row that is finished while others are read is the one that would be made at the end."""

import threading
from typing import Any

import pytest

from azstaging.engine import ahead, rows
from azstaging.engine.resources import DISKS, LOCKS, NICS, VMS, Resources
from azstaging.errors import AccessDeniedError, ServiceError
from azstaging.model.ids import ResourceId

OTHER = "/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/elsewhere"
NAMES = ("app01", "app02", "app03", "app04", "app05")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Write down which items' rows were made, and which of them ahead."""
    seen: dict[str, list[str]] = {"ahead": [], "all": []}
    parts_of, row_of = ahead.parts_of, rows._row_of

    def counted_parts(matched: Any, *others: Any) -> Any:
        found = parts_of(matched, *others)
        seen["ahead"] += [matched.item.name] if found.row is not None else []
        return found

    def counted_row(matched: Any, *others: Any) -> Any:
        seen["all"].append(matched.item.name)
        return row_of(matched, *others)

    monkeypatch.setattr(ahead, "parts_of", counted_parts)
    monkeypatch.setattr(rows, "_row_of", counted_row)
    return seen


def _migrated(shapes: Any, *names: str) -> Any:
    azure = shapes.migrated(*names)
    (listed,) = azure.migration.values()
    for body in (*listed, *azure.bodies.values()):
        body["properties"]["providerSpecificDetails"]["targetLocation"] = "westeurope"
    return azure


def test_rows_that_are_finished_ahead_are_not_made_again(
    shapes: Any, read: Any, made: dict[str, list[str]]
) -> None:
    inventory = read(_migrated(shapes, *NAMES))
    assert inventory.complete
    assert [(row.source.name, row.target.power) for row in inventory] == [
        (name, "running") for name in NAMES
    ]
    assert sorted(made["ahead"]) == sorted(made["all"]) == list(NAMES)


def test_a_list_that_is_read_late_shows_a_test_machine_of_an_item_that_was_finished(
    shapes: Any, read: Any, made: dict[str, list[str]]
) -> None:
    """Where the disk of one item lies its GET alone tells; a copy of another's is there."""
    azure = _migrated(shapes, *NAMES, "late")
    disk = {"targetManagedDiskId": f"{OTHER}/providers/Microsoft.Compute/disks/late-os"}
    late = azure.bodies[ResourceId(shapes.migration_id("late", shapes.vault())).key]
    late["properties"]["providerSpecificDetails"]["protectedDisks"] = [{"diskId": "0"} | disk]
    tester = shapes.vm("tester", "copy") | {"id": shapes.vm_id("tester", OTHER)}
    copy = shapes.disk("copy", copied_from=shapes.disk_id("app01-os"))
    copy["id"], copy["managedBy"] = copy["id"].replace(shapes.group, OTHER), tester["id"]
    azure.vms.append(tester)
    azure.disks.append(copy)
    inventory = read(azure)
    assert sorted(made["ahead"]) == list(NAMES)
    found = {row.name: row.test_machines for row in inventory}
    assert found.pop("app01") == (ResourceId(tester["id"]),)
    assert set(found.values()) == {()}


def test_names_that_lead_two_finished_items_to_one_machine_are_believed_for_neither(
    shapes: Any, read: Any, made: dict[str, list[str]]
) -> None:
    azure = _migrated(shapes, *NAMES)
    for name in NAMES[:2]:
        body = azure.bodies[ResourceId(shapes.migration_id(name, shapes.vault())).key]
        details = body["properties"]["providerSpecificDetails"]
        details["targetVmName"] = "app01"
        details["protectedDisks"] = [{"diskId": "0", "targetDiskName": "app01-os"}]
    inventory = read(azure)
    assert set(NAMES[:2]) <= set(made["ahead"])
    disputed = [row for row in inventory if row.name in NAMES[:2]]
    assert [(row.target, row.target_unknown) for row in disputed] == [(None, True)] * 2
    assert all("2 items" in row.target_note for row in disputed)
    assert [row.source.name for row in disputed] == list(NAMES[:2])


@pytest.mark.parametrize("error", [AccessDeniedError("No."), ServiceError("Not now.")])
def test_a_source_that_stays_unknown_is_told_and_a_gap(
    shapes: Any, read: Any, made: dict[str, list[str]], error: Exception
) -> None:
    azure = _migrated(shapes, *NAMES)
    azure.refuse["list_discovered_machines", "*"] = error
    inventory = read(azure)
    assert sorted(made["ahead"]) == list(NAMES)
    assert [row.target.power for row in inventory] == ["running"] * 5
    (gap,) = inventory.gaps
    assert gap.scope.name == "site"
    assert {(row.source, row.source_note) for row in inventory} == {(None, gap.detail)}


@pytest.mark.parametrize("level", ["item", "vault", "group", "subscription"])
def test_a_lock_at_any_level_stands_in_a_row_that_was_finished(
    shapes: Any, read: Any, made: dict[str, list[str]], level: str
) -> None:
    azure, vault = _migrated(shapes, *NAMES), shapes.vault()
    item = shapes.migration_id("app01", vault)
    scope = {
        "item": item,
        "vault": vault,
        "group": vault.text.partition("/providers/")[0],
        "subscription": f"/subscriptions/{shapes.subscription}",
    }[level]
    azure.locks = [shapes.lock(str(scope).upper().replace("/SUBSCRIPTIONS/", "/subscriptions/"))]
    inventory = read(azure)
    assert sorted(made["ahead"]) == list(NAMES)
    held = {row.name for row in inventory if row.locks}
    assert held == ({"app01"} if level == "item" else set(NAMES))


def _with_hyper_v(shapes: Any, azure: Any) -> Any:
    """Add a Hyper-V item, hv01, whose source is told by a site alone; it is on no machine yet."""
    vault = shapes.vault()
    azure.vaults = [vault.text]
    details = {"instanceType": "HyperVReplicaAzure", "vmId": "AAAA"}
    azure.protected[vault.key] = [shapes.protected_item("hv01", vault, **details)]
    root = f"/subscriptions/{shapes.subscription}/resourceGroups/rg/providers"
    site = f"{root}/Microsoft.OffAzure/HyperVSites/hv"
    properties = {"displayName": "HV01", "instanceUuid": "aaaa"}
    azure.machines.append({"id": f"{site}/machines/m1", "properties": properties})
    return azure


@pytest.mark.parametrize("names", [(), NAMES])
def test_a_hyper_v_item_is_finished_ahead_with_its_source(
    shapes: Any, read: Any, made: dict[str, list[str]], names: tuple[str, ...]
) -> None:
    inventory = read(_with_hyper_v(shapes, _migrated(shapes, *names)))
    assert {row.name: row.source.name for row in inventory}["hv01"] == "HV01"
    assert sorted(made["ahead"]) == sorted(made["all"]) == [*names, "hv01"]


def test_hyper_v_items_do_not_wait_for_the_last_answer(
    shapes: Any, read: Any, made: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = _with_hyper_v(shapes, _migrated(shapes, *NAMES))
    get_item, waited = azure.get_item, []

    def last_waits(item: ResourceId) -> Any:
        if item.name == NAMES[-1]:
            waited.append(seen.wait(20))
        return get_item(item)

    seen = threading.Event()
    parts_of = ahead.parts_of

    def told(matched: Any, *others: Any) -> Any:
        found = parts_of(matched, *others)
        if matched.item.name == "hv01" and found.row is not None:
            seen.set()
        return found

    monkeypatch.setattr(ahead, "parts_of", told)
    monkeypatch.setattr(azure, "get_item", last_waits)
    read(azure)
    assert waited == [True]


def test_the_machine_of_another_item_is_no_test_machine_of_a_finished_one(
    shapes: Any, read: Any, made: dict[str, list[str]]
) -> None:
    """Its disk was copied from the other's: before all machines are known it looks like one."""
    azure = _migrated(shapes, *NAMES)
    (copied,) = [disk for disk in azure.disks if disk["name"] == "app02-os"]
    copied["properties"]["creationData"]["sourceResourceId"] = shapes.disk_id("app01-os")
    inventory = read(azure)
    assert made["ahead"].count("app01") == 0
    assert [row.test_machines for row in inventory] == [()] * 5


@pytest.mark.parametrize("kind", [VMS, DISKS, NICS, LOCKS, "unread"])
def test_whatever_is_added_to_the_lists_changes_their_state(shapes: Any, kind: str) -> None:
    resources = Resources()
    before = resources.state
    if kind == "unread":
        resources.unread.add((shapes.subscription, DISKS))
    else:
        body = shapes.lock(shapes.group) if kind == LOCKS else shapes.vm("app01", "os")
        resources.add(kind, [body])
    assert resources.state != before
    if kind == VMS:
        before = resources.state
        del resources.vms[ResourceId(shapes.vm_id("app01")).key]
        assert resources.state != before


def test_a_lock_that_is_listed_later_covers_what_was_looked_up_before(shapes: Any) -> None:
    resources, disk = Resources(), ResourceId(shapes.disk_id("os"))
    assert resources.covering(disk) == ()
    resources.add(LOCKS, [shapes.lock(disk), shapes.lock(shapes.group)])
    resources.add(LOCKS, [shapes.lock(f"/subscriptions/{shapes.subscription}")])
    assert [lock.scope.name for lock in resources.covering(disk)] == [
        "os",
        "target",
        shapes.subscription,
    ]


def test_nobody_waits_for_a_slow_site_while_rows_can_be_made(
    shapes: Any, read: Any, made: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = _with_hyper_v(shapes, _migrated(shapes, *NAMES))
    seen, waited = threading.Event(), []
    parts_of, listing = ahead.parts_of, azure.list_discovered_machines

    def told(matched: Any, *others: Any) -> Any:
        if matched.item.name == "hv01":
            seen.set()
        return parts_of(matched, *others)

    def slow(site: ResourceId) -> Any:
        if site.name == "site":
            waited.append(seen.wait(20))
        return listing(site)

    monkeypatch.setattr(ahead, "parts_of", told)
    monkeypatch.setattr(azure, "list_discovered_machines", slow)
    assert [row.source.name for row in read(azure)] == [*NAMES, "HV01"]
    assert waited == [True]


def _elsewhere(shapes: Any, azure: Any, disk: str, name: str) -> None:
    """Move a machine and its disk into another subscription, which its item's GET alone tells."""
    machine = next(vm for vm in azure.vms if vm["name"] == name)
    machine["id"] = shapes.vm_id(name, OTHER)
    held = {"id": f"{OTHER}/providers/Microsoft.Compute/disks/{disk}"}
    machine["properties"]["storageProfile"]["osDisk"]["managedDisk"] = held
    body = azure.bodies[ResourceId(shapes.migration_id(name, shapes.vault())).key]
    details = body["properties"]["providerSpecificDetails"]
    details["targetResourceGroupId"] = OTHER
    details["protectedDisks"][0]["targetManagedDiskId"] = held["id"]


def test_machines_that_are_listed_late_tell_whose_unread_disks_are(shapes: Any, read: Any) -> None:
    azure = _migrated(shapes, *NAMES)
    _elsewhere(shapes, azure, "app05-os", "app05")
    azure.refuse["list_disks", "*"] = AccessDeniedError("No.")
    inventory = read(azure)
    assert [(row.target.name, row.phase.value) for row in inventory] == [
        (name, "staged") for name in NAMES
    ]


def test_a_disk_on_a_machine_that_is_listed_late_is_not_overlooked(shapes: Any, read: Any) -> None:
    """The disks of an item hang on two machines; the second one is listed last."""
    azure = _migrated(shapes, *NAMES)
    _elsewhere(shapes, azure, "app05-os", "app05")
    azure.refuse["list_disks", "*"] = AccessDeniedError("No.")
    first = azure.bodies[ResourceId(shapes.migration_id("app01", shapes.vault())).key]
    stray = {"diskId": "1", "targetManagedDiskId": shapes.disk_id("stray")}
    first["properties"]["providerSpecificDetails"]["protectedDisks"].append(stray)
    late = next(vm for vm in azure.vms if vm["name"] == "app05")
    data = {"managedDisk": {"id": stray["targetManagedDiskId"]}}
    late["properties"]["storageProfile"]["dataDisks"].append(data)
    row = next(row for row in read(azure) if row.name == "app01")
    assert (row.target, row.target_unknown) == (None, True)
    assert "several machines: app01, app05" in row.target_note
