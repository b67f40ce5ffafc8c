"""The connection over real sockets against the emulator: everything read, each stop sent once."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import Any

import pytest

from azstaging.azure import choose_cloud, connect
from azstaging.azure.connection import AzureConnection
from azstaging.azure.credentials import StaticCredential
from azstaging.emulator import Emulator, Fault, sample_estate
from azstaging.errors import AccessDeniedError, Effect, NotFoundError, ServiceError, StagingError
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.items import StopRequest

RUNNING = {"NotStarted", "InProgress"}
NOON = datetime(2026, 3, 5, 12, 0, tzinfo=timezone.utc)


class Clock:
    """Aware UTC; moved by tests."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(clock: Clock) -> Iterator[Callable[..., tuple[Emulator, AzureConnection]]]:
    """Start an emulator with these options and connect to it as its releaser."""
    started: list[tuple[Emulator, AzureConnection]] = []

    def run(identity: str = "releaser", **options: Any) -> tuple[Emulator, AzureConnection]:
        emulator = Emulator(sample_estate(), clock=clock, job_duration_seconds=30.0, **options)
        emulator.start()
        connection = connect(
            choose_cloud(arm_endpoint=emulator.url),
            StaticCredential(emulator.token(identity)),
            verify=emulator.ca_file,
            sleep=lambda _seconds: None,
        )
        started.append((emulator, connection))
        return emulator, connection

    yield run
    for emulator, connection in started:
        connection.close()
        emulator.stop()


def items_of(azure: AzureConnection) -> tuple[list[ResourceId], list[AccessDeniedError]]:
    """All replicated items of the estate, and the vaults that may not be read."""
    found: list[dict[str, Any]] = []
    denied: list[AccessDeniedError] = []
    for subscription in azure.list_subscriptions():
        name = subscription["subscriptionId"]
        for row in azure.list_vaults(name):
            vault = ResourceId(row["id"])
            try:
                for pages in (azure.list_migration_items(vault), azure.list_protected_items(vault)):
                    found += chain.from_iterable(pages)
            except AccessDeniedError as error:
                denied.append(error)
        for row in azure.list_replication_vaults(name):
            found += azure.list_data_replication_items(ResourceId(row["id"]))
    return [ResourceId(row["id"]) for row in found], denied


@pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])
def test_every_item_is_read_however_small_the_pages(start: Any, tls: bool) -> None:
    emulator, azure = start(page_size=3, tls=tls)
    items, denied = items_of(azure)
    assert len(set(items)) == len(items) == 56
    assert [error.permission for error in denied] == [
        "Microsoft.RecoveryServices/vaults/replicationMigrationItems/read"
    ]
    for item in items[::7]:
        assert ResourceId(azure.get_item(item)["id"]) == item
    emulator.stop()
    assert {request.method for request in emulator.requests} == {"GET"}


def test_targets_and_what_they_are_made_of(start: Any) -> None:
    _, azure = start()
    for subscription in azure.list_subscriptions():
        name = subscription["subscriptionId"]
        machines = azure.list_virtual_machines(name)
        assert len(azure.list_virtual_machine_states(name)) == len(machines) > 0
        assert azure.list_disks(name)
        assert azure.list_network_interfaces(name)
        vm = azure.get_virtual_machine(ResourceId(machines[0]["id"]))
        sizes = {row["name"] for row in azure.list_vm_sizes(name, vm["location"])}
        assert vm["properties"]["hardwareProfile"]["vmSize"] in sizes
        assert "instanceView" in vm["properties"]


def stops_of(emulator: Emulator) -> dict[str, StopRequest]:
    """One stop of a migration item and one of a protected item."""
    keys = {machine.provider: machine.key for machine in emulator.estate.machines}
    migration = ResourceId(emulator.state.item_id(keys["VMwareCbt"]))
    protected = ResourceId(emulator.state.item_id(keys["InMageRcm"]))
    return {
        "delete": StopRequest(operation="a", method="DELETE", id=migration),
        "remove": StopRequest(
            operation="b",
            method="POST",
            id=protected,
            action="remove",
            body={"properties": {"disableProtectionReason": "MigrationComplete"}},
        ),
    }


def changes_of(emulator: Emulator) -> list[str]:
    """The changes that arrived, by path; the log is whole once the emulator has stopped."""
    emulator.stop()
    return [request.path for request in emulator.requests if request.method != "GET"]


@pytest.mark.parametrize("kind", ["delete", "remove"])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])
def test_a_stop_is_accepted_and_proven_by_reading(
    start: Any, clock: Clock, kind: str, tls: bool
) -> None:
    emulator, azure = start(tls=tls)
    stop = stops_of(emulator)[kind]
    answer = azure.stop(stop, azure.render(stop))
    assert (answer.status, bool(answer.job_id)) == (202, True)
    vault = vault_of(stop.id)
    assert azure.get_job(vault, answer.job_id)["properties"]["state"] in RUNNING
    clock.now += timedelta(minutes=1)
    assert azure.get_job(vault, answer.job_id)["properties"]["state"] == "Succeeded"
    assert answer.job_id in {row["name"] for row in azure.list_jobs(vault, NOON)}
    with pytest.raises(NotFoundError) as caught:
        azure.get_item(stop.id)
    assert not caught.value.gateway
    assert len(changes_of(emulator)) == 1


FAULTS = {
    "drop": Effect.UNKNOWN,
    "reset": Effect.UNKNOWN,
    "drop-after": Effect.UNKNOWN,
    "status": Effect.UNKNOWN,
    "status-after": Effect.UNKNOWN,
    "redirect": Effect.UNKNOWN,
    "claims": Effect.NONE,
    "registration": Effect.NONE,
}


@pytest.mark.parametrize("kind", ["delete", "remove"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_stop_that_meets_a_fault_was_sent_once(start: Any, fault: str, kind: str) -> None:
    emulator, azure = start()
    stop = stops_of(emulator)[kind]
    glob = f"{stop.method} {stop.id}*"
    emulator.script.add(Fault(match=glob, kind=fault, times=0, retry_after_seconds=1.0))
    with pytest.raises(StagingError) as caught:
        azure.stop(stop, azure.render(stop))
    assert caught.value.effect is FAULTS[fault]
    (path,) = changes_of(emulator)
    assert "register" not in path.casefold()


@pytest.mark.parametrize("kind", ["delete", "remove"])
def test_a_bare_202_names_no_job(start: Any, kind: str) -> None:
    emulator, azure = start()
    stop = stops_of(emulator)[kind]
    emulator.script.add(Fault(match=f"{stop.method} {stop.id}*", kind="bare-202"))
    assert azure.stop(stop, azure.render(stop)).job_id == ""
    assert len(changes_of(emulator)) == 1


@pytest.mark.parametrize("fault", ["null-value", "foreign-link", "repeated-link"])
def test_a_list_that_lies_is_an_error(start: Any, fault: str) -> None:
    emulator, azure = start()
    emulator.script.add(Fault(match="GET /subscriptions", kind=fault, times=0))
    with pytest.raises(ServiceError):
        azure.list_subscriptions()


@pytest.mark.parametrize("fault", ["drop", "reset", "torn", "status"])
def test_a_read_survives_a_fault_that_passes(start: Any, fault: str) -> None:
    emulator, azure = start()
    expected = azure.list_subscriptions()
    emulator.script.add(Fault(match="GET /subscriptions", kind=fault, times=2))
    assert azure.list_subscriptions() == expected
    assert azure.counts["repeated"] == 2


def test_identities_are_told_apart(start: Any) -> None:
    _, releaser = start()
    _, planner = start("planner")
    found = [releaser.principal(), planner.principal()]
    assert all(found)
    assert len({one.key for one in found if one}) == 2
