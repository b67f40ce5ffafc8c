"""The inventory of what is there: items, machines, sources, workloads, receipts."""

from datetime import timedelta
from typing import Any

import pytest

from azstaging.errors import (
    AccessDeniedError,
    AuthenticationError,
    DeadlineReachedError,
    NotFoundError,
    ServiceError,
    ThrottledError,
    UnexpectedResponseError,
    UnreachableError,
)
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Phase
from azstaging.model.plans import Receipt, ReceiptState
from azstaging.model.waves import Scope, Wave, Workload
from azstaging.rules.completeness import Looked
from azstaging.rules.gaps import next_step


def test_everything_the_credential_sees_is_read(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01", "app02")
    inventory = read(azure)
    assert inventory.complete
    assert [row.name for row in inventory] == ["app01", "app02"]
    assert inventory.vaults == (shapes.vault(),)
    assert inventory.read_at == shapes.now


def test_a_row_has_target_source_size_and_power(shapes: Any, read: Any) -> None:
    (row,) = read(shapes.migrated("app01"))
    assert row.phase is Phase.STAGED
    assert row.item.detailed
    assert row.target is not None
    assert (row.target.resolved_by, row.target.power) == ("disks", "running")
    assert (row.target.cores, row.target.memory_mib) == (2, 8192)
    assert row.source is not None
    assert row.source.name == "app01"
    assert [disk.size_gib for disk in row.target.disks] == [64]


def test_details_are_read_once_and_only_where_the_list_lacks_them(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01", "app02")
    vault = shapes.vault()
    azure.protected[vault.key] = [shapes.protected_item("full", vault)]
    read(azure)
    asked = [what for method, what in azure.calls if method == "get_item"]
    assert sorted(asked) == sorted(azure.bodies)


def test_many_machines_are_listed_and_few_are_asked(shapes: Any, read: Any) -> None:
    names = [f"app{number:02d}" for number in range(20)]
    azure = shapes.migrated(*names)
    inventory = read(azure)
    assert {row.target.power for row in inventory} == {"running"}
    methods = [method for method, _ in azure.calls]
    assert methods.count("get_virtual_machine") == 0
    assert methods.count("list_virtual_machine_states") == 1
    assert methods.count("get_resource") == 0
    assert methods.count("list_discovered_machines") == 1
    # 20 details, and a handful of lists.
    assert len(methods) <= 20 * 1.2 + 10


def test_without_the_list_of_states_each_machine_is_asked(shapes: Any, read: Any) -> None:
    azure = shapes.migrated(*[f"app{number:02d}" for number in range(20)])
    azure.refuse["list_virtual_machine_states", "*"] = ServiceError("not here", status=400)
    inventory = read(azure)
    assert inventory.complete
    assert {row.target.power for row in inventory} == {"running"}


def test_scope_names_subscriptions_and_vaults(shapes: Any, read: Any) -> None:
    other = "00000000-0000-4000-8000-000000000002"
    azure = shapes.migrated("app01")
    far = shapes.vault("far", other)
    azure.vaults.append(str(far))
    azure.protected[far.key] = [shapes.protected_item("far01", far)]
    assert [row.name for row in read(azure, Scope(subscriptions=(other,)))] == ["far01"]
    assert [row.name for row in read(azure, Scope(vaults=(shapes.vault(),)))] == ["app01"]
    both = Scope(subscriptions=(other,), vaults=(shapes.vault(),))
    assert [row.name for row in read(azure, both)] == ["app01", "far01"]
    assert not any(method == "list_subscriptions" for method, _ in azure.calls)


def test_a_project_leads_to_its_vault(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    project = ResourceId(f"{shapes.group}/providers/Microsoft.Migrate/migrateProjects/p")
    solution = project.child("solutions", "Servers-Migration-ServerMigration")
    azure.bodies[solution.key] = {
        "id": str(solution),
        "properties": {"details": {"extendedDetails": {"vaultId": str(shapes.vault())}}},
    }
    inventory = read(azure, Scope(projects=(project,)))
    assert inventory.complete
    assert [row.name for row in inventory] == ["app01"]


def test_one_item_twice_is_one_item(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    rows = azure.migration[shapes.vault().key]
    rows.append(rows[0] | {"id": rows[0]["id"].upper()})
    assert read(azure).read == 1


def test_an_item_belongs_to_several_workloads(shapes: Any, read: Any) -> None:
    wave = Wave(
        workloads=(
            Workload(name="payroll", items=("SQL01",)),
            Workload(name="billing", items=("sql*", "app01")),
        )
    )
    inventory = read(shapes.migrated("app01", "sql01"), wave=wave)
    assert {row.name: row.workloads for row in inventory} == {
        "app01": ("billing",),
        "sql01": ("billing", "payroll"),
    }


def _receipt(item_id: str, state: ReceiptState, at: Any) -> Receipt:
    return Receipt(
        item_id=item_id,
        name="gone01",
        generation="g",
        plan_digest="sha256:0",
        state=state,
        at=at,
        witnesses=("item gone",),
    )


def test_what_is_released_and_gone_is_listed_as_released(shapes: Any, read: Any) -> None:
    gone = shapes.migration_id("gone01", shapes.vault())
    receipt = _receipt(gone, ReceiptState.DONE, shapes.now)
    wave = Wave(expected=2, workloads=(Workload(name="w", items=("app01", gone)),))
    inventory = read(shapes.migrated("app01"), wave=wave, released={gone.casefold(): receipt})
    assert inventory.complete
    assert [(row.name, row.phase) for row in inventory] == [
        ("app01", Phase.STAGED),
        ("gone01", Phase.RELEASED),
    ]
    assert inventory.find(gone).workloads == ("w",)  # type: ignore[union-attr]


@pytest.mark.parametrize("state", [ReceiptState.NONE, ReceiptState.FAILED, ReceiptState.UNKNOWN])
def test_no_other_receipt_proves_a_release(shapes: Any, read: Any, state: ReceiptState) -> None:
    gone = shapes.migration_id("gone01", shapes.vault())
    wave = Wave(workloads=(Workload(name="w", items=(gone,)),))
    inventory = read(
        shapes.migrated("app01"), wave=wave, released={gone: _receipt(gone, state, shapes.now)}
    )
    assert [gap.reason for gap in inventory.gaps] == ["absent_unproven"]
    assert inventory.gaps[0].scope == ResourceId(gone)


@pytest.mark.parametrize("receipts", [True, False])
def test_of_an_item_that_nobody_looked_for_no_receipt_proves_a_release(
    shapes: Any, read: Any, receipts: bool
) -> None:
    """In a vault that is not in scope the machine may have been protected again."""
    gone = shapes.migration_id("gone01", shapes.vault("elsewhere"))
    released = {gone: _receipt(gone, ReceiptState.DONE, shapes.now)} if receipts else {}
    inventory = read(
        shapes.migrated("app01"),
        scope=Scope(vaults=(shapes.vault(),)),
        wave=Wave(expected_ids=(ResourceId(gone),)),
        released=released,
    )
    assert not inventory.complete
    (gap,) = inventory.gaps
    assert (gap.scope, gap.reason) == (ResourceId(gone), "not-in-scope")
    assert "whether it still replicates is not known" in gap.detail
    assert "[scope]" in next_step(gap)
    assert inventory.find(gone) is None


def test_a_vault_that_is_named_was_looked_at_though_no_subscription_was(
    shapes: Any, read: Any
) -> None:
    gone = shapes.migration_id("gone01", shapes.vault())
    inventory = read(
        shapes.migrated("app01"),
        scope=Scope(vaults=(shapes.vault(),)),
        wave=Wave(expected_ids=(ResourceId(gone),)),
        released={gone: _receipt(gone, ReceiptState.DONE, shapes.now)},
    )
    assert inventory.find(gone).phase is Phase.RELEASED  # type: ignore[union-attr]


@pytest.mark.parametrize("spelt", [str.upper, str.lower])
def test_a_subscription_was_looked_at_in_any_case(shapes: Any, spelt: Any) -> None:
    item = ResourceId(shapes.migration_id("a", shapes.vault("v", f"{shapes.subscription[:-1]}a")))
    looked = Looked(subscriptions=frozenset([(item.subscription_id or "").casefold()]))
    assert looked.for_item(ResourceId(spelt(item.text)))
    assert not Looked().for_item(item)


def test_what_lies_in_no_vault_is_not_called_out_of_scope(shapes: Any, read: Any) -> None:
    inventory = read(shapes.migrated(), wave=Wave(expected_ids=(ResourceId(shapes.vm_id("x")),)))
    assert [gap.reason for gap in inventory.gaps] == ["absent_unproven"]


def test_what_is_released_is_so_still_when_its_vault_is_deleted(shapes: Any, read: Any) -> None:
    """The vaults of its subscription were listed, and it is none of them."""
    gone = shapes.migration_id("gone01", shapes.vault("deleted"))
    inventory = read(
        shapes.migrated("app01"),
        wave=Wave(expected_ids=(ResourceId(gone),)),
        released={gone: _receipt(gone, ReceiptState.DONE, shapes.now)},
    )
    assert inventory.complete
    assert inventory.find(gone).phase is Phase.RELEASED  # type: ignore[union-attr]


def test_an_item_that_is_back_is_read_whatever_the_receipt_says(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    back = shapes.migration_id("app01", shapes.vault())
    receipt = _receipt(back, ReceiptState.DONE, shapes.now)
    inventory = read(azure, released={back: receipt})
    assert [row.phase for row in inventory] == [Phase.STAGED]


def test_locks_that_block_the_stop_are_on_the_row(shapes: Any, read: Any) -> None:
    vault = shapes.vault()
    azure = shapes.migrated("app01")
    azure.locks = [
        shapes.lock(vault),
        shapes.lock(f"/subscriptions/{shapes.subscription}", "ReadOnly"),
        shapes.lock(shapes.vm_id("app01")),
        shapes.lock(shapes.vault("other")),
    ]
    (row,) = read(azure)
    assert {lock.scope for lock in row.locks} == {
        vault,
        ResourceId(f"/subscriptions/{shapes.subscription}"),
    }
    assert row.target is not None
    assert ResourceId(shapes.vm_id("app01")) in {lock.scope for lock in row.target.locks}


def test_a_delete_lock_does_not_block_a_post(shapes: Any, read: Any) -> None:
    vault = shapes.vault()
    azure = shapes.empty(vaults=[str(vault)], locks=[shapes.lock(vault)])
    item = shapes.protected_item("rcm01", vault, instanceType="InMageRcm")
    azure.protected[vault.key] = [item]
    (row,) = read(azure)
    assert row.locks == ()
    azure.locks = [shapes.lock(vault, "ReadOnly")]
    (row,) = read(azure)
    assert [lock.level for lock in row.locks] == ["ReadOnly"]


def test_an_identity_that_sees_nothing_is_not_an_empty_estate(shapes: Any, read: Any) -> None:
    inventory = read(shapes.empty(subscriptions=[]))
    assert not inventory.complete
    assert inventory.gaps[0].permission == "Microsoft.Resources/subscriptions/read"


@pytest.mark.parametrize(
    ("refusal", "reason", "permission"),
    [
        (AccessDeniedError("no"), "forbidden", "Microsoft.Resources/subscriptions/read"),
        (NotFoundError("no"), "not-found", ""),
    ],
)
def test_a_refused_list_of_subscriptions_is_a_gap_over_everything(
    shapes: Any, read: Any, refusal: ServiceError, reason: str, permission: str
) -> None:
    azure = shapes.migrated("app01")
    azure.refuse["list_subscriptions", "*"] = refusal
    expected = ResourceId(shapes.migration_item("app01", shapes.vault())["id"])
    inventory = read(azure, wave=Wave(expected_ids=(expected,)))
    first = inventory.gaps[0]
    assert (first.scope.text, first.reason, first.permission) == (
        *("/subscriptions", reason, permission),
    )
    assert first.covers_items
    assert not inventory.complete
    assert inventory.items == ()
    # The expected item is not called gone.
    assert {gap.reason for gap in inventory.gaps} == {reason}


@pytest.mark.parametrize(
    "failure",
    [
        ServiceError("no", status=503),
        ThrottledError("no", status=429),
        UnreachableError("no"),
        UnexpectedResponseError("no"),
        AuthenticationError("no"),
        DeadlineReachedError("no"),
    ],
)
def test_without_an_answer_of_subscriptions_there_is_no_inventory(
    shapes: Any, read: Any, failure: Exception
) -> None:
    azure = shapes.migrated("app01")
    azure.refuse["list_subscriptions", "*"] = failure
    with pytest.raises(type(failure)):
        read(azure)


def test_a_refused_token_ends_the_run_at_any_read(shapes: Any, read: Any) -> None:
    for method in ("list_vaults", "get_item", "list_disks", "list_skus"):
        azure = shapes.migrated("app01")
        azure.refuse[method, "*"] = AuthenticationError("signed out")
        with pytest.raises(AuthenticationError):
            read(azure)


def test_progress_counts_up_to_its_total(shapes: Any, read: Any) -> None:
    seen: list[tuple[str, int, int]] = []
    read(shapes.migrated("app01", "app02"), progress=lambda *step: seen.append(step))
    assert ("details", 2, 2) in seen
    assert all(1 <= done <= total for _, done, total in seen)


def test_reads_are_counted_by_kind(shapes: Any, read: Any) -> None:
    counts = dict(read(shapes.migrated("app01")).request_counts)
    assert counts["replicationMigrationItems details"] == 1
    assert counts["disks"] == 1


def test_a_tag_of_the_machine_is_membership(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("a", "b", "c")
    azure.vms[0]["tags"] = {"application": "Payroll"}
    azure.vms[1]["tags"] = {"Application": "payroll-test"}
    workload = Workload(name="Payroll", items=("tag:application=payroll*",))
    inventory = read(azure, wave=Wave(workloads=(workload,)))
    assert [row.workloads for row in inventory] == [("Payroll",), ("Payroll",), ()]


@pytest.mark.parametrize(
    ("since", "free_days", "left"),
    [
        (timedelta(days=170), 180, 10),
        (timedelta(days=170, hours=23), 180, 9),
        (timedelta(hours=12), 180, 179),
        (timedelta(days=179, hours=23, minutes=55), 180, 0),
        (timedelta(days=180), 180, 0),
        (timedelta(days=180, hours=12), 180, -1),
        (timedelta(days=190), 180, -10),
        (timedelta(hours=-3), 180, 180),
        (timedelta(days=-30), 180, 180),
        (timedelta(days=1), 0, None),
        (None, 180, None),
    ],
)
def test_the_days_of_free_replication_that_are_left(
    shapes: Any, read: Any, since: timedelta | None, free_days: int, left: int | None
) -> None:
    azure = shapes.migrated("a")
    key = shapes.migration_item("a", shapes.vault())["id"].casefold()
    began = {key: shapes.now - since} if since else {}
    wave = Wave(free_days=free_days, free_days_source="contract 12", replicating_since=began)
    inventory = read(azure, wave=wave)
    assert inventory.free_days_left(inventory.items[0]) == left
    assert inventory.rows(wide=True)[0]["free_days_left"] == left
    document = inventory.document()
    assert document["items"][0]["free_days_left"] == left
    assert (document["free_days"], document["free_days_source"]) == (free_days, "contract 12")
