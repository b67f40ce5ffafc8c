"""The sample estate, its file, and the server around it."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from azstaging.emulator import Emulator, Estate, sample_estate, serve
from azstaging.errors import ConfigurationError

Client = Any


def test_what_the_estate_promises(estate: Estate) -> None:
    assert (len(estate.machines), len(estate.workloads)) == (60, 24)
    assert (len(estate.subscriptions), estate.expected) == (3, 60)
    kinds = Counter(vault.kind for vault in estate.vaults)
    assert kinds == {"RecoveryServices": 4, "DataReplication": 1}
    assert {machine.provider for machine in estate.machines} == {
        "VMwareCbt",
        "InMageRcm",
        "InMageAzureV2",
        "HyperVReplicaAzure",
        "A2A",
        "VMwareToAzStackHCI",
        "HyperVToAzStackHCI",
        "VMwareAvs",
    }
    keys = {machine.key for machine in estate.machines}
    in_workloads = Counter(key for workload in estate.workloads for key in workload.machines)
    assert keys == set(in_workloads)
    assert [key for key, count in in_workloads.items() if count > 1] == ["sql-shared-01"]
    names = Counter(machine.name for machine in estate.machines)
    assert [name for name, count in names.items() if count > 1] == ["APP-07"]
    assert {"=cmd|x", "Lohn&Gehalt-DB (alt)", "<b>web</b>"} <= set(names)
    held = [workload for workload in estate.workloads if workload.story]
    assert len(held) == 12
    assert len({workload.story for workload in held}) == 12


def test_oddities_show_in_the_answers(azure: Client) -> None:
    state = azure.emulator.state

    def properties(key: str) -> Any:
        return azure.json(state.item_id(key))["properties"]

    def vm(key: str) -> Any:
        return azure.json(f"{state.vm_id(key)}?$expand=instanceView")["properties"]

    assert properties("warehouse-app-01")["migrationState"] == "MigrationSucceeded"
    assert vm("warehouse-app-01")["provisioningState"] == "Failed"
    paused, migrated = properties("personnel-01"), properties("personnel-02")
    assert paused["allowedOperations"] == migrated["allowedOperations"]
    assert paused["replicationStatus"] == migrated["replicationStatus"] == "Paused"
    assert paused["migrationState"] != migrated["migrationState"]
    power = [status["code"] for status in vm("mail-01")["instanceView"]["statuses"]]
    assert "PowerState/deallocated" in power
    assert vm("lab-01")["hardwareProfile"]["vmSize"] == "Standard_B2s"
    unknown = properties("legacy-01")["providerSpecificDetails"]
    assert unknown == {"instanceType": "VMwareAvs"}
    assert properties("print-02")["protectionState"].endswith("CommitPendingStatesBegin")
    assert "lastSuccessfulFailoverTime" in properties("print-01")
    assert "lastSuccessfulFailoverTime" not in properties("invoice-01")
    plant = properties("plant-01")["customProperties"]
    assert (plant["instanceType"], plant["activeLocation"]) == ("VMwareToAzStackHCI", "Recovery")


def test_every_source_and_target_is_there(azure: Client) -> None:
    state = azure.emulator.state
    for machine in azure.emulator.estate.machines:
        assert azure.get(state.scene.ids.source(machine)).status_code == 200, machine.key
        if machine.has_vm and "AzStack" not in machine.provider:
            vm = azure.json(state.scene.ids.vm(machine))
            disk = azure.json(vm["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"])
            nic = azure.json(vm["properties"]["networkProfile"]["networkInterfaces"][0]["id"])
            assert disk["managedBy"] == nic["properties"]["virtualMachine"]["id"] == vm["id"]
    hosts = azure.emulator.estate.machines
    assert len({state.scene.ids.item(machine).casefold() for machine in hosts}) == 60


def test_addresses_are_unique(estate: Estate) -> None:
    addresses = [machine.address for machine in sample_estate(20_000).machines]
    assert len(set(addresses)) == len(addresses)
    assert {machine.address for machine in estate.machines} <= set(addresses)


def test_a_large_estate_is_regular(run: Callable[..., Client]) -> None:
    large = sample_estate(1000)
    assert large.machines[:60] == sample_estate().machines
    assert len(large.machines) == large.expected == 1000
    azure = run(estate=large)
    found = 0
    for vault in large.vaults:
        if vault.name == "vlt-restricted":
            continue
        path = azure.emulator.state.scene.ids.vault(vault)
        lists = ["replicationMigrationItems", "replicationProtectedItems"]
        if vault.kind == "DataReplication":
            lists = ["protectedItems"]
        found += sum(len(azure.rows(f"{path}/{name}")) for name in lists)
    assert found == 1000 - 4


def test_fewer_machines_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 60"):
        sample_estate(59)


def test_an_estate_survives_its_file(estate: Estate) -> None:
    assert Estate.from_json(estate.to_json()) == estate
    large = sample_estate(500)
    assert Estate.from_json(large.to_json()) == large


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"machines": []}', "name"),
        ('{"name": "x", "machines": [{"key": "a", "name": "a", "provider": "A2A"}]}', "vault"),
        (
            '{"name": "x", "machines": [{"key":"a","name":"a","provider":"A2A","vault":"v"}]}',
            "names no vault 'v'",
        ),
    ],
)
def test_a_wrong_estate_file_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Estate.from_json(text)


def test_a_machine_occurs_once(estate: Estate) -> None:
    data = json.loads(estate.to_json())
    data["machines"].append({**data["machines"][0], "key": data["machines"][0]["key"].upper()})
    with pytest.raises(ConfigurationError, match="twice"):
        Estate.from_json(json.dumps(data))


def test_a_port_in_use_is_said_so(estate: Estate) -> None:
    with Emulator(estate) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match=f"Port {port} .* another port"):
            Emulator(estate, port=port).start()
    again = Emulator(estate, port=port).start()
    again.stop()


def test_it_starts_and_stops_at_once_and_again(estate: Estate) -> None:
    emulator = Emulator(estate)
    with pytest.raises(ConfigurationError, match="not been started"):
        emulator.url  # noqa: B018 - reading it is the point
    begin = time.perf_counter()
    for _ in range(3):
        with emulator:
            port = int(emulator.url.rpartition(":")[2])
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
    assert time.perf_counter() - begin < 3
    assert not [t for t in threading.enumerate() if t.name == "azstaging-emulator"]


def test_the_certificate_goes_with_the_server(estate: Estate) -> None:
    with Emulator(estate, tls=True) as emulator:
        assert emulator.url.startswith("https://127.0.0.1:")
        assert emulator.ca_file is not None
        file = emulator.ca_file
        assert Path(file).read_text("utf-8").startswith("-----BEGIN CERTIFICATE")
    assert not Path(file).exists()


def test_a_token_of_nobody_is_refused(estate: Estate) -> None:
    with pytest.raises(ConfigurationError, match="no identity 'nobody'; it has: planner"):
        Emulator(estate).token("nobody")


def test_serve_announces_and_ends(estate: Estate) -> None:
    seen: list[int] = []

    def announce(emulator: Emulator) -> None:
        """The port is taken by now, so the first request waits until it is served."""

        def ask_and_stop() -> None:
            path = f"{emulator.url}/subscriptions?api-version=2022-12-01"
            with requests.Session() as session:
                session.trust_env = False
                seen.append(session.get(path, timeout=10).status_code)
            emulator.stop()

        threading.Thread(target=ask_and_stop).start()

    thread = threading.Thread(target=serve, args=(estate,), kwargs={"announce": announce})
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert seen == [401]


def test_names_load_when_they_are_used() -> None:
    from azstaging import emulator  # noqa: PLC0415 - the module itself is looked at

    assert {name: getattr(emulator, name) for name in emulator.__all__}
    with pytest.raises(AttributeError, match="nothing"):
        emulator.nothing  # noqa: B018 - reading it is the point
