"""A gap that is noticed in an answer has that answer asked for again, and no other one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azstaging.engine.doubts import doubted
from azstaging.engine.resuming import Resuming
from azstaging.errors import (
    AccessDeniedError,
    NotFoundError,
    ThrottledError,
    UnexpectedResponseError,
)
from azstaging.kept_reads import KeptReads
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory
from azstaging.model.waves import Scope, Wave, Workload

LISTS_OF_VAULT = {"list_migration_items", "list_protected_items"}
VAULTS = {"list_vaults", "list_replication_vaults"}
OTHER = "00000000-0000-4000-8000-000000000002"
ELSEWHERE = "00000000-0000-4000-8000-000000000003"
VAULT_OF_GROUP = "resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/gone"
NAMING = {"list_subscriptions", *VAULTS}
OF_ITEMS = NAMING | LISTS_OF_VAULT
OF_MACHINES = {"list_virtual_machines", "list_disks", "list_network_interfaces", "list_locks"}
Take = Callable[..., Inventory]


@pytest.fixture
def take(shapes: Any, read: Any, tmp_path: Path) -> Take:
    """Take an inventory up from one file, and note what it has asked for in ``asked``."""

    def run(azure: Any, **options: Any) -> Inventory:
        azure.calls.clear()
        with KeptReads(tmp_path / "reads.jsonl", source="here", now=shapes.now) as store:
            resuming = Resuming(azure, store)
            inventory: Inventory = read(resuming, **options)
            resuming.forget_doubted(inventory)
        return inventory

    return run


def asked(azure: Any) -> set[str]:
    return {method for method, _ in azure.calls}


def reasons(inventory: Inventory) -> list[str]:
    return [gap.reason for gap in inventory.gaps]


@pytest.mark.parametrize("row", [{"name": "x"}, {"id": 5}, {}])
def test_a_row_that_is_no_item_has_the_lists_of_its_vault_read_again(
    shapes: Any, take: Take, row: Any
) -> None:
    azure = shapes.migrated("a", "b")
    other = shapes.vault("v2")
    azure.vaults.append(str(other))
    rows = azure.migration[shapes.vault().key]
    rows.append(row)
    assert reasons(take(azure)) == ["unexpected-response"]
    rows.pop()
    assert take(azure).complete
    assert asked(azure) == OF_ITEMS
    assert not [each for each in azure.calls if each[1] == other.key]
    assert take(azure).complete
    assert azure.calls == []


def test_a_row_of_another_vault_has_the_lists_forgotten_that_it_was_in(
    shapes: Any, read: Any
) -> None:
    vault, other = shapes.vault(), shapes.vault("v2")
    gap = Gap(
        scope=vault,
        reason="unexpected-response",
        detail=f"a row of replicationMigrationItems lies in another vault: {other}",
    )
    inventory = replace(read(shapes.migrated("a")), gaps=(gap,))
    of_vault = [f"{name} {vault.key}" for name in sorted(LISTS_OF_VAULT)]
    naming = [f"{name} {shapes.subscription}" for name in sorted(VAULTS)]
    kept = [
        *(f"{name} {other.key}" for name in sorted(LISTS_OF_VAULT)),
        *(f"{name} {shapes.subscription}" for name in sorted(OF_MACHINES)),
        f"get_item {shapes.migration_id('a', vault).casefold()}",
    ]
    doubts = doubted([*kept, *of_vault, *naming], inventory)
    assert doubts == [*of_vault, *naming]


@pytest.mark.parametrize(
    ("held", "names"),
    [("vms", "list_virtual_machines"), ("disks", "list_disks"), ("locks", "list_locks")],
)
def test_a_row_that_is_no_machine_has_the_lists_of_machines_read_again(
    shapes: Any, take: Take, held: str, names: str
) -> None:
    azure = shapes.migrated("a", "b")
    getattr(azure, held).append({"properties": {}})
    setattr(azure, names, lambda _subscription: getattr(azure, held))
    assert "unexpected-response" in reasons(take(azure))
    getattr(azure, held).pop()
    delattr(azure, names)
    assert take(azure).complete
    assert names in asked(azure)
    assert not asked(azure) & {*OF_ITEMS, "get_item"}


def test_a_vault_without_an_id_has_the_vaults_listed_again(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a")
    azure.list_vaults = lambda _subscription: [{"name": "v1"}, {"id": str(shapes.vault())}]
    assert reasons(take(azure)) == ["unexpected-response"]
    del azure.list_vaults
    assert take(azure).complete
    assert asked(azure) == NAMING


@pytest.mark.parametrize("listed", [[], [{"displayName": "nameless"}]])
def test_subscriptions_are_listed_again_where_none_or_too_few_were(
    shapes: Any, take: Take, listed: Any
) -> None:
    azure = shapes.migrated("a")
    azure.list_subscriptions = lambda: listed
    assert [gap.scope.text for gap in take(azure).gaps] == ["/subscriptions"]
    del azure.list_subscriptions
    whole = take(azure)
    assert (whole.read, whole.complete) == (1, True)


def test_an_item_that_no_list_has_is_looked_for_again(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a", "b")
    azure.vaults.append(str(shapes.vault("v2")))
    rows = azure.migration[shapes.vault().key]
    lost = rows.pop()
    wave = Wave(expected_ids=tuple(ResourceId(each["id"]) for each in (*rows, lost)))
    assert reasons(take(azure, wave=wave)) == ["absent_unproven"]
    rows.append(lost)
    whole = take(azure, wave=wave)
    assert (whole.read, whole.complete) == (2, True)
    assert not [each for each in azure.calls if each[1] == shapes.vault("v2").key]
    assert ("get_item", ResourceId(rows[0]["id"]).key) not in azure.calls
    assert not asked(azure) & OF_MACHINES


def test_a_vault_that_was_not_listed_is_found_when_its_item_is_looked_for(
    shapes: Any, take: Take
) -> None:
    azure = shapes.migrated("a")
    vault = azure.vaults.pop()
    wave = Wave(expected_ids=(ResourceId(shapes.migration_id("a", ResourceId(vault))),))
    assert reasons(take(azure, wave=wave)) == ["absent_unproven"]
    azure.vaults.append(vault)
    assert take(azure, wave=wave).complete


def test_a_count_that_is_not_met_has_all_items_listed_again(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a", "b")
    rows = azure.migration[shapes.vault().key]
    lost = rows.pop()
    assert reasons(take(azure, wave=Wave(expected=2))) == ["expected-count"]
    rows.append(lost)
    whole = take(azure, wave=Wave(expected=2))
    assert (whole.read, whole.complete) == (2, True)
    assert not asked(azure) & OF_MACHINES


def test_a_list_that_a_second_witness_calls_short_is_read_again(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a")
    hidden = shapes.protected_item("hidden", shapes.vault())
    azure.candidates = [{"id": hidden["id"]}]
    azure.bodies[ResourceId(hidden["id"]).key] = hidden
    scope = Scope(resource_graph=True)
    assert reasons(take(azure, scope=scope)) == ["short-list"]
    azure.protected[shapes.vault().key] = [hidden]
    whole = take(azure, scope=scope)
    assert (whole.read, whole.complete) == (2, True)


def test_a_candidate_that_has_gone_since_is_no_gap_any_more(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a")
    hidden = shapes.protected_item("hidden", shapes.vault())
    azure.candidates = [{"id": hidden["id"]}]
    azure.bodies[ResourceId(hidden["id"]).key] = hidden
    assert reasons(take(azure, scope=Scope(resource_graph=True))) == ["short-list"]
    del azure.bodies[ResourceId(hidden["id"]).key]
    assert take(azure, scope=Scope(resource_graph=True)).complete


def test_an_item_that_went_after_it_was_listed_is_no_gap_for_an_hour(
    shapes: Any, take: Take
) -> None:
    azure = shapes.migrated("a", "b")
    gone = shapes.migration_id("b", shapes.vault())
    azure.refuse[("get_item", gone.casefold())] = NotFoundError("not there")
    assert reasons(take(azure)) == ["not-found"]
    azure.migration[shapes.vault().key].pop()
    whole = take(azure)
    assert (whole.read, whole.complete) == (1, True)
    assert asked(azure) == OF_ITEMS


def test_a_vault_that_went_after_it_was_listed_is_no_gap_for_an_hour(
    shapes: Any, take: Take
) -> None:
    azure = shapes.migrated("a")
    gone = shapes.vault("gone")
    azure.vaults.append(str(gone))
    azure.refuse = {(each, gone.key): NotFoundError("not there") for each in LISTS_OF_VAULT}
    assert set(reasons(take(azure))) == {"not-found"}
    azure.vaults.pop()
    assert take(azure).complete
    assert asked(azure) == NAMING


@pytest.mark.parametrize(
    ("named", "error"),
    [
        (f"/subscriptions/{ELSEWHERE}/{VAULT_OF_GROUP}", NotFoundError("not there")),
        (
            f"/subscriptions/../{VAULT_OF_GROUP}",
            UnexpectedResponseError("'..' is not a safe segment"),
        ),
        (f"/nowhere/at/all/{VAULT_OF_GROUP}", NotFoundError("not there")),
    ],
)
@pytest.mark.parametrize("listed", sorted(VAULTS))
def test_vaults_are_listed_again_where_one_of_somewhere_else_was_named(
    shapes: Any, take: Take, named: str, error: Exception, listed: str
) -> None:
    azure = shapes.migrated("a")
    azure.subscriptions.append(OTHER)
    azure.refuse = {(each, named.casefold()): error for each in LISTS_OF_VAULT}
    vault = {"id": str(shapes.vault())}
    rows = [{"id": named}, vault] if listed == "list_vaults" else [{"id": named}]
    setattr(azure, listed, lambda asked: [] if asked == OTHER else rows)
    assert {gap.scope.text for gap in take(azure).gaps} == {named}
    delattr(azure, listed)
    whole = take(azure)
    assert (whole.read, whole.complete) == (1, True)
    # Whatever else was read is not in doubt.
    assert asked(azure) <= NAMING
    assert (listed, shapes.subscription) in azure.calls


def test_a_subscription_that_lists_its_vaults_wrong_is_alone_in_that(
    shapes: Any, take: Take
) -> None:
    azure = shapes.migrated("a")
    azure.subscriptions.append(OTHER)
    azure.list_vaults = lambda asked: (
        [{"name": "v1"}] if asked == OTHER else [{"id": str(shapes.vault())}]
    )
    assert reasons(take(azure)) == ["unexpected-response"]
    del azure.list_vaults
    assert take(azure).complete
    assert {what for method, what in azure.calls if method in VAULTS} == {OTHER}


def test_a_solution_that_named_another_vault_is_read_again(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a")
    project = ResourceId(f"{shapes.group}/providers/Microsoft.Migrate/migrateProjects/p")
    solution = project.child("solutions", "Servers-Migration-ServerMigration")

    def name(vault: str | None) -> None:
        details = {"details": {"extendedDetails": {"vaultId": vault}}}
        azure.bodies[solution.key] = {"id": solution.text, "properties": details}

    scope = Scope(projects=(project,))
    wave = Wave(expected_ids=(ResourceId(shapes.migration_id("a", shapes.vault())),))
    name(None)
    assert "unexpected-response" in reasons(take(azure, scope=scope, wave=wave))
    name(str(shapes.vault("another")))
    assert reasons(take(azure, scope=scope, wave=wave)) == ["not-in-scope"]
    gone = shapes.vault("gone", ELSEWHERE)
    azure.refuse = {(each, gone.key): NotFoundError("not there") for each in LISTS_OF_VAULT}
    name(str(gone))
    assert {*reasons(take(azure, scope=scope))} == {"not-found"}
    name(str(shapes.vault()))
    assert take(azure, scope=scope, wave=wave).complete


def test_a_detail_that_is_another_item_is_read_again(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a", "b")
    wrong = ResourceId(shapes.migration_id("b", shapes.vault()))
    right, azure.bodies[wrong.key] = azure.bodies[wrong.key], azure.migration[shapes.vault().key][0]
    assert reasons(take(azure)) == ["unexpected-response"]
    azure.bodies[wrong.key] = right
    assert take(azure).complete
    assert [each for each in azure.calls if each[0] == "get_item"] == [("get_item", wrong.key)]


def by_tag(shapes: Any) -> Wave:
    return Wave(workloads=(Workload(name="Web", items=("tag:tier=web",)),))


def test_a_target_that_could_not_be_told_is_looked_for_again(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a", "b")
    # Its disks hang on two machines: nobody can tell which one it is.
    item = ResourceId(shapes.migration_id("a", shapes.vault()))
    details = azure.bodies[item.key]["properties"]["providerSpecificDetails"]
    details["protectedDisks"].append({"targetManagedDiskId": shapes.disk_id("b-os")})
    assert "untold-tags" in reasons(take(azure, wave=by_tag(shapes)))
    details["protectedDisks"].pop()
    assert take(azure, wave=by_tag(shapes)).complete
    assert {"get_item", "list_disks", "list_virtual_machines"} <= asked(azure)
    other = ResourceId(shapes.migration_id("b", shapes.vault()))
    assert ("get_item", other.key) not in azure.calls


def test_items_are_kept_whose_targets_were_never_listed(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a", "b")
    azure.refuse = {("list_virtual_machines", shapes.subscription): ThrottledError("later")}
    found = reasons(take(azure, wave=by_tag(shapes)))
    assert sorted(set(found)) == ["throttled", "untold-tags"]
    azure.refuse = {}
    assert take(azure, wave=by_tag(shapes)).complete
    assert not asked(azure) & {*OF_ITEMS, "get_item", "list_disks"}


@pytest.mark.parametrize("refused", [AccessDeniedError("no", permission="p"), ThrottledError("x")])
def test_what_was_answered_beside_a_refusal_is_kept(
    shapes: Any, take: Take, refused: Exception
) -> None:
    azure = shapes.migrated("a", "b")
    vault = shapes.vault().key
    azure.refuse = {("list_protected_items", vault): refused}
    assert len(take(azure).gaps) == 1
    azure.refuse = {}
    assert take(azure).complete
    assert azure.calls == [("list_protected_items", vault)]


def test_that_there_are_no_hyper_v_sites_is_an_answer(shapes: Any, take: Take) -> None:
    azure = shapes.migrated("a")
    vault = shapes.vault().key
    azure.protected[vault] = [
        shapes.protected_item("app01", shapes.vault(), instanceType="HyperVReplicaAzure")
    ]
    azure.refuse = {
        ("list_hyper_v_sites", shapes.subscription): NotFoundError("none"),
        ("list_migration_items", vault): ThrottledError("later"),
    }
    first = take(azure)
    assert reasons(first) == ["throttled"]
    del azure.refuse[("list_migration_items", vault)]
    whole = take(azure)
    assert whole.complete
    assert "list_hyper_v_sites" not in asked(azure)
    assert first.items[0].source_note == "no discovered machine has its Hyper-V id or its name"
    assert [row.source_note for row in whole if row.name == "app01"] == [first.items[0].source_note]
