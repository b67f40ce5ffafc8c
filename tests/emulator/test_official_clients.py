"""The official clients, unchanged, over TLS: they notice no difference."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azstaging.emulator import Estate, Fault, sample_estate

Client = Any


class Credential:
    """The smallest ``TokenCredential``: hands out one identity's token."""

    def __init__(self, client: Client, identity: str) -> None:
        self.token = client.emulator.token(identity)

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)


@pytest.fixture
def tls(run: Callable[..., Client]) -> Client:
    return run(tls=True, clock=None, job_duration_seconds=0.0, page_size=5)


@pytest.fixture
def settings(tls: Client) -> dict[str, Any]:
    return {
        "base_url": tls.emulator.url,
        "credential_scopes": ["https://management.azure.com/.default"],
        "connection_verify": tls.emulator.ca_file,
        "polling_interval": 0,
    }


@pytest.fixture
def site_recovery(
    tls: Client, settings: dict[str, Any]
) -> Iterator[Callable[..., SiteRecoveryManagementClient]]:
    opened: list[SiteRecoveryManagementClient] = []

    def connect(subscription: int, identity: str = "releaser") -> SiteRecoveryManagementClient:
        number = tls.emulator.estate.subscriptions[subscription].id
        client = SiteRecoveryManagementClient(Credential(tls, identity), number, **settings)
        opened.append(client)
        return client

    yield connect
    for client in opened:
        client.close()


def names(item_id: str) -> tuple[str, ...]:
    """Return group, vault, fabric, container and name of an item."""
    return tuple(item_id.split("/")[i] for i in (4, 8, 10, 12, 14))


def test_migration_items_are_listed_over_every_page(
    tls: Client, site_recovery: Callable[..., Any]
) -> None:
    found = list(site_recovery(0).replication_migration_items.list("rg-migrate", "vlt-agentless"))
    machines = [m for m in tls.emulator.estate.machines if m.vault == "vlt-agentless"]
    assert sorted(i.properties.machine_name for i in found) == sorted(m.name for m in machines)
    pages = [r for r in tls.emulator.requests if r.path.endswith("/replicationMigrationItems")]
    assert len(pages) == -(-len(machines) // 5)
    assert {r.properties.provider_specific_details.instance_type for r in found} == {"VMwareCbt"}


def test_protected_items_of_every_provider_are_read(site_recovery: Callable[..., Any]) -> None:
    kinds = set()
    for subscription, vault in ((1, "vlt-agents"), (2, "vlt-hyperv")):
        rows = site_recovery(subscription).replication_protected_items.list("rg-migrate", vault)
        kinds |= {type(row.properties.provider_specific_details).__name__ for row in rows}
    assert kinds == {
        "InMageRcmReplicationDetails",
        "InMageAzureV2ReplicationDetails",
        "HyperVReplicaAzureReplicationDetails",
        "A2AReplicationDetails",
        # The unknown provider: the base class, with its JSON kept.
        "ReplicationProviderSpecificSettings",
    }


def test_a_migration_item_is_deleted_and_the_poller_ends(
    tls: Client, site_recovery: Callable[..., Any]
) -> None:
    item_id = tls.emulator.state.item_id("pay-web-01")
    items = site_recovery(0).replication_migration_items
    assert items.get(*names(item_id)).properties.migration_state == "MigrationSucceeded"
    poller = items.begin_delete(*names(item_id))
    poller.result(timeout=10)
    assert poller.status() == "Succeeded"
    assert [stop.item_id for stop in tls.emulator.state.stops] == [item_id]
    with pytest.raises(ResourceNotFoundError) as missing:
        items.get(*names(item_id))
    assert missing.value.error.details[0].code == "ArmResourceDoesNotExist"
    jobs = list(site_recovery(0).replication_jobs.list("rg-migrate", "vlt-agentless"))
    assert [job.properties.scenario_name for job in jobs] == ["DisableMigration"]
    assert jobs[0].properties.state == "Succeeded"


def test_begin_delete_of_a_protected_item_removes_and_never_purges(
    tls: Client, site_recovery: Callable[..., Any]
) -> None:
    item_id = tls.emulator.state.item_id("print-01")
    items = site_recovery(1).replication_protected_items
    body = {"properties": {"disableProtectionReason": "MigrationComplete"}}
    items.begin_delete(*names(item_id), body).result(timeout=10)
    assert [stop.item_id for stop in tls.emulator.state.stops] == [item_id]
    assert tls.emulator.state.purges == []
    sent = [r for r in tls.emulator.requests if r.method != "GET"]
    assert [(r.method, r.path.rpartition("/")[2], r.status) for r in sent] == [
        ("POST", "remove", 202)
    ]


def test_a_failed_job_reaches_the_caller(tls: Client, site_recovery: Callable[..., Any]) -> None:
    tls.emulator.script.add(Fault(match="DELETE *", kind="job-failed"))
    item_id = tls.emulator.state.item_id("pay-web-01")
    items = site_recovery(0).replication_migration_items
    with pytest.raises(HttpResponseError) as failed:
        items.begin_delete(*names(item_id)).result(timeout=10)
    assert failed.value.error.code == "539"
    state = items.get(*names(item_id)).properties.migration_state
    assert state == "DisableMigrationFailed"


def test_the_poller_drops_the_error_beside_succeeded(
    tls: Client, site_recovery: Callable[..., Any]
) -> None:
    tls.emulator.script.add(Fault(match="DELETE *", kind="operation-error"))
    item_id = tls.emulator.state.item_id("pay-web-01")
    poller = site_recovery(0).replication_migration_items.begin_delete(*names(item_id))
    poller.result(timeout=10)
    assert poller.status() == "Succeeded"
    job = tls.emulator.state.stops[0].job_id
    path = f"{item_id.partition('/replicationFabrics/')[0]}/replicationOperationStatus/{job}"
    assert tls.json(path)["error"]["code"] == "28175"


def test_resources_are_read_by_id_and_listed_by_type(tls: Client, settings: dict[str, Any]) -> None:
    subscription = tls.emulator.estate.subscriptions[0].id
    state = tls.emulator.state
    machine = state.machine("pay-db-01")
    kind = "Microsoft.Migrate/migrateProjects"
    with ResourceManagementClient(Credential(tls, "reader"), subscription, **settings) as client:
        vm = client.resources.get_by_id(state.scene.ids.vm(machine), api_version="2022-11-01")
        disk = client.resources.get_by_id(
            state.scene.ids.disk(machine, 1), api_version="2022-07-02"
        )
        projects = list(client.resources.list(filter=f"resourceType eq '{kind}'"))
        everything = list(client.resources.list())
        groups = [group.name for group in client.resource_groups.list()]
        with pytest.raises(ResourceNotFoundError) as missing:
            client.resources.get_by_id(state.scene.ids.vm(machine) + "x", api_version="2022-11-01")
    assert vm.properties["hardwareProfile"]["vmSize"] == "Standard_D4s_v5"
    assert disk.managed_by == vm.id
    assert [project.name for project in projects] == ["prj-west"]
    assert len(everything) > 100
    assert {"rg-payroll", "rg-migrate"} <= set(groups)
    assert missing.value.error.code == "ResourceNotFound"
    assert missing.value.response.headers["x-ms-failure-cause"] == "gateway"


def test_expand_goes_through_send_request(tls: Client, settings: dict[str, Any]) -> None:
    subscription = tls.emulator.estate.subscriptions[0].id
    vm = tls.emulator.state.vm_id("pay-db-01")
    url = f"{vm}?$expand=instanceView&api-version=2022-11-01"
    with SiteRecoveryManagementClient(
        Credential(tls, "reader"), subscription, **settings
    ) as client:
        body = client.send_request(HttpRequest("GET", url)).json()
    statuses = [s["code"] for s in body["properties"]["instanceView"]["statuses"]]
    assert statuses == ["ProvisioningState/succeeded", "PowerState/running"]


def test_a_locked_vault_is_a_conflict(run: Callable[..., Client], estate: Estate) -> None:
    lock = {"name": "no", "scope": "", "level": "CanNotDelete"}
    scope = f"/subscriptions/{estate.subscriptions[0].id}/resourceGroups/rg-migrate"
    changed = Estate.from_json(
        sample_estate().to_json().replace(b'"locks": [', _lock_json({**lock, "scope": scope}))
    )
    client = run(tls=True, clock=None, estate=changed)
    credential = Credential(client, "releaser")
    with SiteRecoveryManagementClient(
        credential,
        estate.subscriptions[0].id,
        base_url=client.emulator.url,
        credential_scopes=["https://management.azure.com/.default"],
        connection_verify=client.emulator.ca_file,
    ) as official:
        items = official.replication_migration_items
        with pytest.raises(ResourceExistsError) as refused:
            items.begin_delete(*names(client.emulator.state.item_id("pay-web-01")), polling=False)
    assert refused.value.error.code == "ScopeLocked"
    assert client.emulator.state.stops == []


def _lock_json(lock: dict[str, str]) -> bytes:
    fields = ", ".join(f'"{name}": "{value}"' for name, value in lock.items())
    return f'"locks": [{{{fields}}}, '.encode()
