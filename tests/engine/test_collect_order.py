"""An inventory is the same whatever is there first, and ends when it is told to."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from azstaging.engine import collect as collecting
from azstaging.engine import vaults
from azstaging.engine.reads import Reads
from azstaging.errors import AuthenticationError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap
from azstaging.model.waves import Scope


@pytest.mark.parametrize("first", ["details", "lists"])
def test_what_is_asked_for_does_not_depend_on_how_early_a_detail_came(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Three machines finish their cutover between their row and their detail.

    Of the fourth nobody knows whether it was migrated, so that nobody asks for its state.
    """
    azure = shapes.migrated("m0", "m1", "m2", "odd")
    rows = azure.migration[shapes.vault().key]
    for row in rows:
        row["properties"]["migrationState"] = "MigrationInProgress"
    for body in (*rows, *azure.bodies.values()):
        body["properties"]["providerSpecificDetails"]["targetLocation"] = "westeurope"
        if body["name"] == "odd":
            body["properties"]["migrationState"] = "Odd"
    {"details": _details_first, "lists": _lists_first}[first](azure, monkeypatch)
    inventory = read(azure)
    assert [row.target.power for row in inventory] == ["running"] * 4
    assert Counter(method for method, _ in azure.calls)["list_virtual_machine_states"] == 1


def _details_first(_azure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start = collecting.start_details

    def started(*arguments: Any) -> Any:
        details = start(*arguments)
        wait(details.values())
        return details

    monkeypatch.setattr(collecting, "start_details", started)


def _lists_first(azure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = threading.Event()
    list_machines, get_item = azure.list_virtual_machines, azure.get_item

    def listing(subscription: str) -> Any:
        listed.set()
        return list_machines(subscription)

    def detail(item_id: ResourceId) -> Any:
        assert listed.wait(20)
        return get_item(item_id)

    monkeypatch.setattr(azure, "list_virtual_machines", listing)
    monkeypatch.setattr(azure, "get_item", detail)


def _source_and_target(shapes: Any) -> Any:
    """A machine that one item has migrated, and that another one replicates on."""
    vault = shapes.vault()
    azure = shapes.migrated("app01", vault=vault)
    azure.vms[0]["properties"]["instanceView"] |= {"osName": "Windows", "computerName": "APP01"}
    item = shapes.protected_item(
        "onward",
        vault,
        instanceType="A2A",
        fabricObjectId=shapes.vm_id("app01"),
        recoveryAzureResourceGroupId=shapes.group,
    )
    states = {"protectionState": "Protected", "activeLocation": "Primary"}
    item["properties"] |= states | {"testFailoverState": "None"}
    azure.protected[vault.key] = [item]
    return azure


@pytest.mark.parametrize("threads", [1, 8])
def test_a_machine_that_is_put_together_ahead_has_the_state_that_came_later(
    shapes: Any, read: Any, threads: int
) -> None:
    inventory = read(_source_and_target(shapes), executor_threads=threads)
    assert inventory.complete
    source = next(row.source for row in inventory if row.name == "onward")
    assert (source.power, source.host_name, source.os_name) == ("on", "APP01", "Windows")
    target = next(row.target for row in inventory if row.name == "app01")
    assert (target.power, target.computer_name) == ("running", "APP01")


@pytest.mark.parametrize(
    ("refused", "waited"), [("list_migration_items", 0), ("list_vaults", 0), ("get_item", 1)]
)
def test_no_pool_of_threads_goes_on_while_another_one_is_waited_for(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch, refused: str, waited: int
) -> None:
    """A request in flight may take long; what waits for its turn must be gone by then.

    ``waited`` is how often a pool ended before, because its work was done.
    """
    lock, pools, closed = threading.Lock(), set(), set()
    going_on: list[set[str]] = []

    class Watched(ThreadPoolExecutor):
        def __init__(self, threads: int, *, thread_name_prefix: str) -> None:
            super().__init__(threads, thread_name_prefix=thread_name_prefix)
            self.name = thread_name_prefix
            pools.add(self.name)

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            with lock:
                if cancel_futures:
                    closed.add(self.name)
                if wait:
                    going_on.append(pools - closed)
            super().shutdown(wait=wait, cancel_futures=cancel_futures)

    monkeypatch.setattr(collecting, "ThreadPoolExecutor", Watched)
    monkeypatch.setattr(vaults, "ThreadPoolExecutor", Watched)
    azure = shapes.migrated("app01")

    def refuse(_asked: object) -> Any:
        raise AuthenticationError("The token was not accepted.")

    monkeypatch.setattr(azure, refused, refuse)
    with pytest.raises(AuthenticationError):
        read(azure)
    assert {name.rpartition("-")[2] for name in pools} == {"read", "first", "rows"}
    # Rows that came are made to their end; nothing is asked for them.
    assert {name for each in going_on[waited:] for name in each} <= {"azstaging-rows"}


def test_each_list_of_vaults_that_names_something_else_is_a_gap_of_its_own(
    shapes: Any, read: Any
) -> None:
    azure = shapes.migrated("app01")
    azure.vaults.append(f"/subscriptions/{shapes.subscription}/x")
    azure.local_vaults.append(f"/subscriptions/{shapes.subscription}/y")
    told = sorted(gap.detail.partition(":")[0] for gap in read(azure).gaps)
    assert told == ["Azure Local replication vaults", "Recovery Services vaults"]


def test_a_subscription_that_is_named_twice_is_asked_once(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    named = (shapes.subscription, shapes.subscription.upper())
    assert read(azure, Scope(subscriptions=named)).complete
    assert [what for method, what in azure.calls if method == "list_vaults"] == [named[0]]


def test_a_project_that_is_named_twice_is_asked_once(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    project = f"{shapes.group}/providers/Microsoft.Migrate/migrateProjects/p"
    named = (ResourceId(project), ResourceId(project.upper()))
    gaps = read(azure, Scope(projects=named)).gaps
    assert [method for method, _ in azure.calls].count("get_resource") == 2
    assert {gap.scope.text for gap in gaps} == {project}


@pytest.mark.parametrize("told", [[], "x", {"vaultId": "/subscriptions/s/resourceGroups/g"}])
def test_a_solution_that_names_no_vault_is_a_gap(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch, told: Any
) -> None:
    azure = shapes.empty()
    body = {"properties": {"details": {"extendedDetails": told}}}
    monkeypatch.setattr(azure, "get_resource", lambda _id: body)
    project = ResourceId(f"{shapes.group}/providers/Microsoft.Migrate/migrateProjects/p")
    inventory = read(azure, Scope(projects=(project,)))
    assert [gap.reason for gap in inventory.gaps] == ["unexpected-response"] * 2
    assert inventory.vaults == ()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_many_gaps_of_a_kind_the_same_one_is_kept(order: tuple[int, int]) -> None:
    scope = ResourceId("/subscriptions/s")
    told = [Gap(scope=scope, reason="forbidden", detail=detail) for detail in ("one", "two")]
    with ThreadPoolExecutor(1) as pool:
        reads = Reads(pool)
        for index in order:
            reads.note(told[index])
    assert reads.gaps == (told[0],)
