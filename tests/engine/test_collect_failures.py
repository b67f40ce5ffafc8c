"""What cannot be read is a gap; everything else is still there, and nothing is shorter."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azstaging.errors import (
    AccessDeniedError,
    ConfigurationError,
    NotFoundError,
    ServiceError,
    ThrottledError,
    UnexpectedResponseError,
    UnreachableError,
)
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.inventory import Phase
from azstaging.model.plans import Receipt, ReceiptState
from azstaging.model.waves import Wave, Workload
from azstaging.rules.completeness import Looked, Standing, account, expected_ids, gaps_touching

CONTAINERS = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
FAILURES = [
    (AccessDeniedError("no", permission="the/exact/action"), "forbidden"),
    (NotFoundError("no"), "not-found"),
    (ThrottledError("no"), "throttled"),
    (UnreachableError("no"), "unreachable"),
    (UnexpectedResponseError("no"), "unexpected-response"),
    (ConfigurationError("no"), "unexpected-response"),
    (ServiceError("no", status=500), "service-error"),
]


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_a_vault_that_is_not_read_is_a_gap_with_its_reason(
    shapes: Any, read: Any, error: Exception, reason: str
) -> None:
    azure = shapes.migrated("app01")
    dark = shapes.vault("dark")
    azure.vaults.append(str(dark))
    azure.refuse["list_protected_items", dark.key] = error
    inventory = read(azure)
    (gap,) = inventory.gaps
    assert (gap.scope, gap.reason, gap.covers_items) == (dark, reason, True)
    assert gap.permission == ("the/exact/action" if reason == "forbidden" else "")
    assert not inventory.complete
    assert inventory.vaults == (shapes.vault(),)
    assert [row.name for row in inventory] == ["app01"]


@pytest.mark.parametrize(
    ("method", "permission", "covers"),
    [
        ("list_vaults", "Microsoft.RecoveryServices/vaults/read", True),
        ("list_replication_vaults", "Microsoft.DataReplication/replicationVaults/read", True),
        (
            "list_migration_items",
            "Microsoft.RecoveryServices/vaults/replicationMigrationItems/read",
            True,
        ),
        (
            "list_protected_items",
            "Microsoft.RecoveryServices/vaults/replicationProtectedItems/read",
            True,
        ),
        ("get_item", f"{CONTAINERS}/replicationMigrationItems/read", False),
        ("list_virtual_machines", "Microsoft.Compute/virtualMachines/read", False),
        ("list_disks", "Microsoft.Compute/disks/read", False),
        ("list_network_interfaces", "Microsoft.Network/networkInterfaces/read", False),
        ("list_locks", "Microsoft.Authorization/locks/read", False),
        ("get_resource", "Microsoft.OffAzure/VMwareSites/machines/read", False),
        ("get_virtual_machine", "Microsoft.Compute/virtualMachines/read", False),
    ],
)
def test_every_refusal_names_the_missing_action(
    shapes: Any, read: Any, method: str, permission: str, covers: bool
) -> None:
    azure = shapes.migrated("app01")
    azure.refuse[method, "*"] = AccessDeniedError("no")
    (gap,) = read(azure).gaps
    assert (gap.reason, gap.permission, gap.covers_items) == ("forbidden", permission, covers)


def test_a_refused_site_is_one_gap_and_one_request(shapes: Any, read: Any) -> None:
    azure = shapes.migrated(*[f"app{number}" for number in range(30)])
    azure.refuse["list_discovered_machines", "*"] = AccessDeniedError("no")
    inventory = read(azure)
    assert len(inventory.gaps) == 1
    assert not any(method == "get_resource" for method, _ in azure.calls)
    assert all(row.source_note for row in inventory)


def test_a_site_without_a_list_is_asked_machine_by_machine(shapes: Any, read: Any) -> None:
    azure = shapes.migrated(*[f"app{number}" for number in range(30)])
    azure.refuse["list_discovered_machines", "*"] = NotFoundError("no")
    inventory = read(azure)
    assert inventory.complete
    assert all(row.source for row in inventory)


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_an_item_whose_detail_fails_stays_as_the_list_has_it(
    shapes: Any, read: Any, error: Exception, reason: str
) -> None:
    azure = shapes.migrated("app01", "app02")
    failing = shapes.migration_id("app01", shapes.vault())
    azure.refuse["get_item", failing.casefold()] = error
    wave = Wave(
        workloads=(
            Workload(name="one", items=("app01",)),
            Workload(name="two", items=(shapes.migration_id("app02", shapes.vault()),)),
        )
    )
    inventory = read(azure, wave=wave)
    assert [(row.name, row.item.detailed) for row in inventory] == [
        ("app01", False),
        ("app02", True),
    ]
    (gap,) = inventory.gaps
    assert (gap.scope, gap.reason) == (ResourceId(failing), reason)
    assert gaps_touching(wave.workloads[0], inventory) == (gap,)
    assert gaps_touching(wave.workloads[1], inventory) == ()


def test_an_answer_about_another_item_is_not_used(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01", "app02")
    first, second = sorted(azure.bodies)
    azure.bodies[first] = azure.bodies[second]
    inventory = read(azure)
    assert [gap.reason for gap in inventory.gaps] == ["unexpected-response"]
    assert [row.item.detailed for row in inventory] == [False, True]


@pytest.mark.parametrize(
    "answer", [{}, {"properties": {"providerSpecificDetails": {"instanceType": "A2A"}}}]
)
def test_a_detail_of_another_kind_is_not_used(shapes: Any, read: Any, answer: Any) -> None:
    azure = shapes.migrated("app01")
    wanted = shapes.migration_id("app01", shapes.vault())
    azure.bodies[wanted.casefold()] = {"id": wanted} | answer
    inventory = read(azure)
    (gap,) = inventory.gaps
    assert (gap.scope, gap.reason) == (ResourceId(wanted), "unexpected-response")
    assert "its list of VMwareCbt" in gap.detail
    (row,) = inventory
    assert (row.item.provider, row.item.detailed) == ("VMwareCbt", False)


@pytest.mark.parametrize("kind", ["vms", "disks", "nics"])
def test_a_list_of_something_else_is_not_believed(shapes: Any, read: Any, kind: str) -> None:
    azure = shapes.migrated("app01")
    setattr(
        azure,
        kind,
        [{"id": f"{shapes.group}/providers/Microsoft.Compute/snapshots/x", "properties": {}}],
    )
    inventory = read(azure)
    (gap,) = inventory.gaps
    assert (gap.reason, gap.covers_items) == ("unexpected-response", False)
    assert "and is none" in gap.detail


def test_machines_of_a_site_without_their_ids_are_a_gap(shapes: Any, read: Any) -> None:
    """Otherwise discovery would be said to have forgotten them."""
    azure = shapes.migrated(*[f"app{number}" for number in range(30)])
    azure.list_discovered_machines = lambda _site: [{}]
    inventory = read(azure)
    (gap,) = inventory.gaps
    assert (gap.reason, gap.scope.name) == ("unexpected-response", "site")
    assert all("without an ARM id" in row.source_note for row in inventory)


def test_a_location_without_sizes_is_a_gap(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.sizes = []
    for older in (False, True):
        if older:
            azure.refuse["list_skus", "*"] = AccessDeniedError("no")
            azure.sizes = [{}]
        (gap,) = read(azure).gaps
        reason = "forbidden" if older else "unexpected-response"
        assert (gap.reason, gap.scope.name) == (reason, "westeurope")


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": "Microsoft Azure"}, {"id": "/x"}])
def test_a_row_that_is_no_item_opens_a_gap_in_its_vault(
    shapes: Any, read: Any, row: dict[str, Any]
) -> None:
    azure = shapes.migrated("app01")
    azure.protected[shapes.vault().key] = [row]
    inventory = read(azure)
    assert [gap.scope for gap in inventory.gaps] == [shapes.vault()]
    assert inventory.vaults == ()
    assert inventory.read == 1


@pytest.mark.parametrize("kind", ["vaults", "vms", "disks", "nics", "locks"])
def test_a_row_without_an_id_is_never_passed_by(shapes: Any, read: Any, kind: str) -> None:
    azure = shapes.migrated("app01")
    azure._in = lambda bodies, _subscription: bodies
    getattr(azure, kind).append("" if kind == "vaults" else {"id": "", "properties": {}})
    inventory = read(azure)
    assert not inventory.complete
    assert "unexpected-response" in {gap.reason for gap in inventory.gaps}


def test_the_gap_of_a_target_touches_only_what_lives_there(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    far = "/subscriptions/00000000-0000-4000-8000-000000000009/resourceGroups/far"
    body = azure.bodies[ResourceId(shapes.migration_id("app01", shapes.vault())).key]
    details = body["properties"]["providerSpecificDetails"]
    details["targetResourceGroupId"] = far
    details["protectedDisks"][0]["targetManagedDiskId"] = (
        f"{far}/providers/Microsoft.Compute/disks/d"
    )
    vault = shapes.vault()
    azure.protected[vault.key] = [shapes.protected_item("plain", vault)]
    azure.refuse["list_virtual_machines", far.split("/")[2]] = AccessDeniedError("no")
    here, there = (
        Workload(name="here", items=(azure.protected[vault.key][0]["id"],)),
        Workload(name="there", items=(body["id"],)),
    )
    inventory = read(azure, wave=Wave(workloads=(here, there)))
    assert gaps_touching(here, inventory) == ()
    assert len(gaps_touching(there, inventory)) == 1


@pytest.mark.parametrize("read_count", [0, 1, 3])
def test_an_unmet_count_touches_every_workload(shapes: Any, read: Any, read_count: int) -> None:
    names = [f"app{number}" for number in range(read_count)]
    wave = Wave(expected=2, workloads=(Workload(name="w", items=("app0",)),))
    inventory = read(shapes.migrated(*names), wave=wave)
    assert not inventory.complete
    assert [gap.reason for gap in gaps_touching(wave.workloads[0], inventory)] == ["expected-count"]


def test_a_list_of_ids_is_reconciled_both_ways(shapes: Any, read: Any) -> None:
    ids = [ResourceId(shapes.migration_id(name, shapes.vault())) for name in ("app01", "lost")]
    inventory = read(shapes.migrated("app01", "extra"), wave=Wave(expected_ids=tuple(ids)))
    assert [gap.scope for gap in inventory.gaps] == [ids[1]]
    assert [each.name for each in inventory.unexpected] == ["extra"]
    assert inventory.expected == 2
    complete = read(shapes.migrated("app01", "lost", "extra"), wave=Wave(expected_ids=tuple(ids)))
    assert complete.complete


NAMES = [f"m{number}" for number in range(8)]
FATES = st.sampled_from(["here", "gone", "released", "undone"])


@settings(deadline=None, max_examples=120)
@given(
    homes=st.lists(st.integers(0, 3), min_size=len(NAMES), max_size=len(NAMES)),
    fates=st.lists(FATES, min_size=len(NAMES), max_size=len(NAMES)),
    broken=st.sets(st.integers(0, 3)),
    unread_details=st.sets(st.sampled_from(NAMES)),
    shout=st.booleans(),
)
def test_every_expected_id_is_exactly_one_of_read_released_gap(
    shapes: Any,
    read: Any,
    homes: list[int],
    fates: list[str],
    broken: set[int],
    unread_details: set[str],
    shout: bool,
) -> None:
    vaults = [shapes.vault(f"v{number}") for number in range(4)]
    ids = {
        name: ResourceId(shapes.migration_id(name, vaults[home]))
        for name, home in zip(NAMES, homes, strict=True)
    }
    azure = shapes.migrated(*NAMES)
    azure.vaults = [str(vault) for vault in vaults]
    azure.migration = {vault.key: [] for vault in vaults}
    azure.bodies = {}
    released = {}
    for name, home, fate in zip(NAMES, homes, fates, strict=True):
        if fate == "here":
            row = shapes.migration_item(name, vaults[home], detailed=False)
            azure.migration[vaults[home].key].append(row)
            azure.bodies[ids[name].key] = shapes.migration_item(name, vaults[home])
        elif fate in {"released", "undone"}:
            state = ReceiptState.DONE if fate == "released" else ReceiptState.UNKNOWN
            released[ids[name].key] = Receipt(
                item_id=str(ids[name]),
                name=name,
                generation="g",
                plan_digest="",
                state=state,
                at=shapes.now,
            )
    for number in broken:
        azure.refuse["list_migration_items", vaults[number].key] = ServiceError("no", status=500)
    for name in unread_details:
        azure.refuse["get_item", ids[name].key] = ServiceError("no", status=500)
    expected = [ResourceId(str(each).upper()) if shout else each for each in ids.values()]
    inventory = read(azure, wave=Wave(expected_ids=tuple(expected)), released=released)

    rows = {row.id: row for row in inventory}
    hidden = [gap.scope for gap in inventory.gaps if gap.covers_items]
    for name, home, fate in zip(NAMES, homes, fates, strict=True):
        row = rows.get(ids[name])
        was_read = row is not None and row.phase is not Phase.RELEASED
        was_released = row is not None and row.phase is Phase.RELEASED
        in_gap = any(ids[name].is_under(scope) for scope in hidden)
        assert was_read + was_released + in_gap == 1
        assert was_read == (fate == "here" and home not in broken)
        assert was_released == (fate == "released" and home not in broken)
    assert inventory.complete == (not inventory.gaps)


@given(data=st.data())
def test_an_account_has_one_standing_for_every_id(shapes: Any, data: Any) -> None:
    ids = [
        ResourceId(shapes.migration_id(name, shapes.vault(f"v{i % 2}")))
        for i, name in enumerate(NAMES)
    ]
    subset = st.lists(st.sampled_from(ids), unique=True)
    vaults = data.draw(st.sampled_from([("v0", "v1"), ("v1",), ()]))
    looked = {shapes.vault(name) for name in vaults}
    subscriptions = data.draw(st.sampled_from([frozenset(), frozenset([shapes.subscription])]))
    accounts = account(
        data.draw(st.lists(st.sampled_from(ids))),
        read=set(read := data.draw(subset)),
        released=set(released := data.draw(subset)),
        gaps=(),
        looked=Looked(vaults=tuple(looked), subscriptions=subscriptions),
    )
    for each, standing in accounts.standings.items():
        assert (standing is Standing.READ) == (each in read)
        seen = bool(subscriptions) or vault_of(each) in looked
        proven = each in released and each not in read and seen
        assert (standing is Standing.RELEASED) == proven
    unproven = {gap.scope for gap in accounts.gaps}
    assert unproven == {i for i, s in accounts.standings.items() if s is Standing.GAP}


def test_ids_that_workloads_name_are_expected(shapes: Any) -> None:
    named = shapes.migration_id("app01", shapes.vault())
    wave = Wave(
        expected_ids=(ResourceId(named.upper()),),
        workloads=(Workload(name="w", items=(named, "app*", f"{shapes.vault()}/*")),),
    )
    assert expected_ids(wave) == (ResourceId(named),)


@pytest.mark.parametrize(
    ("selector", "touched"),
    [("app01", True), ("app*", True), ("{here}", False), ("{dark}", True), ("{here}*", True)],
)
def test_an_unread_vault_touches_names_globs_and_the_ids_in_it(
    shapes: Any, read: Any, selector: str, touched: bool
) -> None:
    azure = shapes.migrated("app01")
    dark = shapes.vault("dark")
    azure.vaults.append(str(dark))
    azure.refuse["list_migration_items", dark.key] = AccessDeniedError("no")
    here, there = (shapes.migration_id("app01", vault) for vault in (shapes.vault(), dark))
    workload = Workload(name="w", items=(selector.format(here=here, dark=there.upper()),))
    inventory = read(azure, wave=Wave(workloads=(workload,)))
    assert bool(gaps_touching(workload, inventory)) == touched


def test_any_gap_touches_a_workload_that_selects_by_tag(shapes: Any, read: Any) -> None:
    """Tags are among the details, so whatever is unread may hide a member."""
    azure = shapes.migrated("a")
    azure.refuse[("list_network_interfaces", shapes.subscription)] = AccessDeniedError("no")
    inventory = read(azure)
    assert [gap.covers_items for gap in inventory.gaps] == [False]
    tagged = Workload(name="w", items=("tag:app=x",))
    assert gaps_touching(tagged, inventory) == inventory.gaps
    assert gaps_touching(Workload(name="w", items=("a",)), inventory) == ()


def test_sizes_are_read_by_the_older_route_where_skus_are_refused(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.refuse["list_skus", "*"] = AccessDeniedError("no")
    inventory = read(azure)
    assert inventory.complete
    assert all(row.target.cores and row.target.memory_mib for row in inventory)
    azure.refuse["list_vm_sizes", "*"] = AccessDeniedError("no")
    (gap,) = read(azure).gaps
    assert (gap.permission, gap.covers_items) == ("Microsoft.Compute/skus/read", False)


def test_an_item_whose_tags_nobody_knows_closes_what_is_selected_by_tag(
    shapes: Any, read: Any
) -> None:
    azure = shapes.migrated("a", "b")
    azure.vms[0]["tags"] = {"application": "payroll"}
    # The second item's disks hang on two machines: which one is its own is not known.
    azure.disks[-1]["managedBy"] = azure.vms[0]["id"]
    by_tag = Workload(name="Payroll", items=("tag:application=payroll",))
    by_name = Workload(name="Web", items=(shapes.migration_id("a", shapes.vault()),))
    inventory = read(azure, wave=Wave(workloads=(by_tag, by_name)))
    unknown = [row for row in inventory if row.target_unknown]
    gaps = {gap.scope: gap for gap in inventory.gaps}
    assert unknown
    for row in unknown:
        gap = gaps[row.id]
        assert (gap.reason, gap.covers_items) == ("untold-tags", False)
        assert "Payroll" in gap.detail
        assert "Web" not in gap.detail
        assert gap in gaps_touching(by_tag, inventory)
    assert not inventory.complete
    alone = read(azure, wave=Wave(workloads=(by_name,)))
    assert alone.gaps == ()
