"""How an inventory is read: what is asked for, in which order, and how little."""

from typing import Any

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Phase


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


def test_long_lists_are_started_before_the_details(shapes: Any, read: Any) -> None:
    """A list is a chain of pages; started last, the whole inventory would wait for it."""
    azure = shapes.migrated(*(f"app{n}" for n in range(8)))
    read(azure, executor_threads=1)
    order = [method for method, _ in azure.calls]
    first_detail = order.index("get_item")
    for listing in ("list_virtual_machines", "list_disks", "list_discovered_machines"):
        assert order.index(listing) < first_detail
    assert order.count("list_virtual_machine_states") == 1
    assert order.count("list_discovered_machines") == 1


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
