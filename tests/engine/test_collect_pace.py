"""How an inventory is read: what is asked for, in which order, and how little."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from azstaging.engine.rows import listed_row
from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.items import ReplicatedItem


def test_vaults_are_read_side_by_side_not_one_after_the_other(shapes: Any, read: Any) -> None:
    """Each vault has a rate limit of its own: the other ones must not lie idle meanwhile."""
    azure = shapes.migrated(*(f"a{n:02}" for n in range(10)), vault=shapes.vault("first"))
    other = shapes.migrated(*(f"b{n:02}" for n in range(5)), vault=shapes.vault("second"))
    for name in ("vaults", "vms", "disks", "machines"):
        getattr(azure, name).extend(getattr(other, name))
    azure.migration |= other.migration
    azure.bodies |= other.bodies

    read(azure, executor_threads=1)

    asked = [ResourceId(str(what)).name for method, what in azure.calls if method == "get_item"]
    assert len(asked) == 15
    # Two of the larger vault for one of the smaller, from first to last.
    for start in range(0, 15, 3):
        assert sorted(name[0] for name in asked[start : start + 3]) == ["a", "a", "b"]


def test_neither_long_lists_nor_details_wait_for_each_other(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list is a chain of pages: behind all details, the whole inventory would wait for it."""
    azure = shapes.migrated(*(f"app{n}" for n in range(8)))
    names = ("list_locks", "list_virtual_machines", "list_disks", "list_discovered_machines")
    listed = {name: threading.Event() for name in names}
    asked = threading.Event()

    def patiently(name: str) -> Callable[..., Any]:
        call = getattr(azure, name)

        def listing(*arguments: Any) -> Any:
            listed[name].set()
            assert asked.wait(20)
            return call(*arguments)

        return listing

    get_item = azure.get_item

    def detail(item_id: ResourceId) -> Any:
        asked.set()
        assert all(event.wait(20) for event in listed.values())
        return get_item(item_id)

    for name in names:
        monkeypatch.setattr(azure, name, patiently(name))
    monkeypatch.setattr(azure, "get_item", detail)
    assert read(azure, executor_threads=1).complete
    order = [method for method, _ in azure.calls]
    assert order.count("get_item") == 8
    assert order.count("list_virtual_machine_states") == 1
    assert order.count("list_discovered_machines") == 1


def test_a_vault_does_not_wait_for_a_subscription_that_is_slow(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = shapes.migrated("app01")
    azure.subscriptions.insert(0, "slow")
    others = threading.Event()
    list_vaults, list_migration_items = azure.list_vaults, azure.list_migration_items

    def patient(subscription: str) -> Any:
        assert subscription != "slow" or others.wait(20)
        return list_vaults(subscription)

    def listing(vault: ResourceId) -> Any:
        others.set()
        return list_migration_items(vault)

    monkeypatch.setattr(azure, "list_vaults", patient)
    monkeypatch.setattr(azure, "list_migration_items", listing)
    said: list[tuple[str, int, int]] = []
    inventory = read(azure, progress=lambda *step: said.append(step))
    assert inventory.complete
    assert [row.name for row in inventory] == ["app01"]
    assert [done for step, done, of in said if (step, of) == ("vaults", 4)] == [1, 2, 3, 4]


def test_what_others_wait_for_is_not_read_behind_the_details(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sites and sizes that only a first look shows: the first detail waits here until both came."""
    azure = shapes.migrated(*(f"app{n}" for n in range(3)))
    vault = shapes.vault()
    site = f"/subscriptions/{shapes.subscription}/resourceGroups/rg/providers"
    site += "/Microsoft.OffAzure/HyperVSites/site"
    azure.machines.append({"id": f"{site}/machines/m", "properties": {"instanceUuid": "aaaa"}})
    # The item tells no location: only its machine, which is found by its disk, does.
    item = shapes.protected_item("hv", vault, instanceType="HyperVReplicaAzure", vmId="aaaa")
    details = item["properties"]["providerSpecificDetails"]
    details["azureVmDiskDetails"] = [{"diskId": shapes.disk_id("hv-os")}]
    details["recoveryAzureResourceGroupId"] = shapes.group
    item["properties"] |= {"protectionState": "PlannedFailoverCommitted"}
    item["properties"] |= {"activeLocation": "Recovery", "testFailoverState": "None"}
    azure.protected[vault.key] = [item]
    azure.vms.append(shapes.vm("hv", "hv-os") | {"location": "northeurope"})
    azure.disks.append(shapes.disk("hv-os", "hv"))
    there = {"list_skus": threading.Event(), "list_discovered_machines": threading.Event()}
    for name, event in there.items():
        monkeypatch.setattr(azure, name, _telling(getattr(azure, name), name, event))
    get_item = azure.get_item

    def patient(item_id: ResourceId) -> Any:
        assert all(event.wait(20) for event in there.values())
        return get_item(item_id)

    monkeypatch.setattr(azure, "get_item", patient)
    inventory = read(azure, executor_threads=1)
    assert inventory.complete
    row = inventory.find(item["id"])
    assert (row.target.cores, row.source.id.name) == (2, "m")


def _telling(call: Callable[..., Any], name: str, event: threading.Event) -> Callable[..., Any]:
    def told(*arguments: Any) -> Any:
        # Of the sizes those of the place that no item names.
        if name != "list_skus" or "northeurope" in arguments:
            event.set()
        return call(*arguments)

    return told


def test_reads_per_item_stay_few(shapes: Any, read: Any) -> None:
    azure = shapes.migrated(*(f"app{n}" for n in range(200)))
    read(azure)
    assert len(azure.calls) <= 200 * 1.2


def test_lists_alone_name_every_item_and_look_at_no_machine(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01", "app02")
    inventory = read(azure, lists_only=True)
    assert [row.name for row in inventory] == ["app01", "app02"]
    assert inventory.lists_only
    assert {method for method, _ in azure.calls} == {
        "list_subscriptions",
        "list_vaults",
        "list_replication_vaults",
        "list_migration_items",
        "list_protected_items",
    }
    for row in inventory:
        # Nothing is known of the target, and the row says so.
        assert row.target is None
        assert row.target_unknown
        assert row.target_note == "only the lists of items were read"
        assert row.phase is Phase.STAGED
        assert not row.item.detailed


def test_lists_alone_still_show_what_they_could_not_read(shapes: Any, read: Any) -> None:
    vault = shapes.vault()
    azure = shapes.migrated("app01")
    azure.migration[vault.key].append({"name": "a row without an id"})
    inventory = read(azure, lists_only=True)
    assert not inventory.complete
    assert [gap.reason for gap in inventory.gaps] == ["unexpected-response"]


def test_rows_are_made_while_the_next_page_is_read(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = shapes.migrated("app01", "app02")
    first, second = azure.migration[shapes.vault().key]
    made = threading.Event()

    def pages(_vault: ResourceId) -> Iterator[list[dict[str, Any]]]:
        yield [first]
        assert made.wait(10), "the second page waits for ever: nobody made the rows of the first"
        yield [second]

    def row(item: ReplicatedItem) -> InventoryItem:
        made.set()
        return listed_row(item)

    monkeypatch.setattr(azure, "list_migration_items", pages)
    monkeypatch.setattr("azstaging.engine.collect.listed_row", row)
    inventory = read(azure, lists_only=True)
    assert [row.name for row in inventory] == ["app01", "app02"]
    assert inventory.complete


@pytest.mark.parametrize("lists_only", [False, True])
def test_a_list_that_breaks_off_gives_no_rows_and_a_gap(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch, lists_only: bool
) -> None:
    azure = shapes.migrated("app01", "app02")
    rows = azure.migration[shapes.vault().key]

    def pages(_vault: ResourceId) -> Iterator[list[dict[str, Any]]]:
        yield rows[:1]
        raise UnexpectedResponseError("the second page is torn")

    monkeypatch.setattr(azure, "list_migration_items", pages)
    inventory = read(azure, lists_only=lists_only)
    assert not inventory.items
    assert [gap.scope for gap in inventory.gaps] == [shapes.vault()]
    assert not inventory.complete
