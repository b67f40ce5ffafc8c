"""An Azure in memory for the engine: what it holds is listed, what it refuses is raised."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pytest

from azstaging.azure import connect
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.emulator import Emulator
from azstaging.engine.collect import collect
from azstaging.errors import NotFoundError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory
from azstaging.model.waves import Scope, Wave

Json = dict[str, Any]
NOW = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/target"
_CONTAINER = "replicationFabrics/f/replicationProtectionContainers/c"


def _sku(row: Json) -> Json:
    told = {"vCPUs": row["numberOfCores"], "MemoryGB": f"{row['memoryInMB'] / 1024:g}"}
    pairs = [{"name": name, "value": str(value)} for name, value in told.items()]
    return {"resourceType": "virtualMachines", "name": row["name"], "capabilities": pairs}


@dataclass
class MemoryAzure:
    """Lists and bodies by id; ``refuse`` maps (method, casefolded id or subscription) to errors."""

    subscriptions: list[str] = field(default_factory=lambda: [SUBSCRIPTION])
    vaults: list[str] = field(default_factory=list)
    local_vaults: list[str] = field(default_factory=list)
    migration: dict[str, list[Json]] = field(default_factory=dict)
    protected: dict[str, list[Json]] = field(default_factory=dict)
    local: dict[str, list[Json]] = field(default_factory=dict)
    bodies: dict[str, Json] = field(default_factory=dict)
    vms: list[Json] = field(default_factory=list)
    disks: list[Json] = field(default_factory=list)
    nics: list[Json] = field(default_factory=list)
    locks: list[Json] = field(default_factory=list)
    sizes: list[Json] = field(default_factory=list)
    machines: list[Json] = field(default_factory=list)
    candidates: list[Json] = field(default_factory=list)
    refuse: dict[tuple[str, str], Exception] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def _ask(self, method: str, what: object) -> None:
        key = str(what).casefold()
        self.calls.append((method, key))
        error = self.refuse.get((method, key)) or self.refuse.get((method, "*"))
        if error is not None:
            raise error

    def _in(self, bodies: list[Json], subscription: str) -> list[Json]:
        prefix = f"/subscriptions/{subscription}/".casefold()
        return [body for body in bodies if str(body.get("id", "")).casefold().startswith(prefix)]

    def list_subscriptions(self) -> list[Json]:
        self._ask("list_subscriptions", "")
        return [{"id": f"/subscriptions/{s}", "subscriptionId": s} for s in self.subscriptions]

    def list_vaults(self, subscription: str) -> list[Json]:
        self._ask("list_vaults", subscription)
        return self._in([{"id": vault} for vault in self.vaults], subscription)

    def list_replication_vaults(self, subscription: str) -> list[Json]:
        self._ask("list_replication_vaults", subscription)
        return self._in([{"id": vault} for vault in self.local_vaults], subscription)

    def list_migration_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        self._ask("list_migration_items", vault)
        yield self.migration.get(vault.key, [])

    def list_protected_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        self._ask("list_protected_items", vault)
        yield self.protected.get(vault.key, [])

    def list_data_replication_items(self, vault: ResourceId) -> list[Json]:
        self._ask("list_data_replication_items", vault)
        return self.local.get(vault.key, [])

    def list_candidates(self, subscriptions: Sequence[str]) -> list[Json]:
        self._ask("list_candidates", " ".join(subscriptions))
        return self.candidates

    def get_item(self, item: ResourceId) -> Json:
        self._ask("get_item", item)
        return self._body(item)

    def _body(self, id: ResourceId) -> Json:
        if id.key not in self.bodies:
            raise NotFoundError(f"{id} is not there.")
        return self.bodies[id.key]

    def list_virtual_machines(self, subscription: str) -> list[Json]:
        self._ask("list_virtual_machines", subscription)
        return self._in([_without_view(vm) for vm in self.vms], subscription)

    def list_virtual_machine_states(self, subscription: str) -> list[Json]:
        self._ask("list_virtual_machine_states", subscription)
        return self._in(self.vms, subscription)

    def list_disks(self, subscription: str) -> list[Json]:
        self._ask("list_disks", subscription)
        return self._in(self.disks, subscription)

    def list_network_interfaces(self, subscription: str) -> list[Json]:
        self._ask("list_network_interfaces", subscription)
        return self._in(self.nics, subscription)

    def list_locks(self, subscription: str) -> list[Json]:
        self._ask("list_locks", subscription)
        return self._in(self.locks, subscription)

    def list_skus(self, subscription: str, location: str) -> list[Json]:
        self._ask("list_skus", f"{subscription}/{location}")
        return [_sku(row) for row in self.sizes]

    def list_vm_sizes(self, subscription: str, location: str) -> list[Json]:
        self._ask("list_vm_sizes", f"{subscription}/{location}")
        return self.sizes

    def list_hyper_v_sites(self, subscription: str) -> list[Json]:
        self._ask("list_hyper_v_sites", subscription)
        root = f"/subscriptions/{subscription}/".casefold()
        machines = [ResourceId(each["id"]) for each in self.machines]
        sites = dict.fromkeys(each.parent() for each in machines if each.after("HyperVSites"))
        return [{"id": site.text} for site in sites if site.key.startswith(root)]

    def list_discovered_machines(self, site: ResourceId) -> list[Json]:
        self._ask("list_discovered_machines", site)
        return [m for m in self.machines if ResourceId(m["id"]).is_under(site)]

    def get_virtual_machine(self, vm: ResourceId) -> Json:
        self._ask("get_virtual_machine", vm)
        for body in self.vms:
            if ResourceId(body["id"]) == vm:
                return body
        raise NotFoundError(f"{vm} is not there.")

    def get_resource(self, id: ResourceId) -> Json:
        self._ask("get_resource", id)
        for machine in self.machines:
            if ResourceId(machine["id"]) == id:
                return machine
        return self._body(id)


def _without_view(vm: Json) -> Json:
    properties = {k: v for k, v in vm["properties"].items() if k != "instanceView"}
    return vm | {"properties": properties}


class Shapes:
    """Small bodies with what the engine looks at."""

    now = NOW
    subscription = SUBSCRIPTION
    group = GROUP

    def vault(self, name: str = "v1", subscription: str = SUBSCRIPTION) -> ResourceId:
        root = f"/subscriptions/{subscription}/resourceGroups/rg/providers"
        return ResourceId(f"{root}/Microsoft.RecoveryServices/vaults/{name}")

    def migration_id(self, name: str, vault: ResourceId) -> str:
        return f"{vault}/{_CONTAINER}/replicationMigrationItems/{name}"

    def migration_item(
        self, name: str, vault: ResourceId, *, detailed: bool = True, **changes: Any
    ) -> Json:
        """Return a migrated VMwareCbt item; without ``detailed`` as the list has it."""
        details = {
            "instanceType": "VMwareCbt",
            "vmwareMachineId": self.source_id(name),
            "targetVmName": name,
            "targetResourceGroupId": GROUP,
            "protectedDisks": [
                {
                    "diskId": f"{name}-0",
                    "isOSDisk": "true",
                    "capacityInBytes": 64 * 2**30,
                    "targetManagedDiskId": self.disk_id(f"{name}-os"),
                }
            ]
            if detailed
            else [],
            "vmNics": [],
        }
        return {
            "id": self.migration_id(name, vault),
            "name": name,
            "properties": {
                "machineName": name,
                "migrationState": "MigrationSucceeded",
                "replicationStatus": "Paused",
                "testMigrateState": "None",
                "health": "None",
                "healthErrors": [],
                "allowedOperations": ["DisableMigration", "ResumeReplication"],
                "currentJob": {"jobName": "None"},
                "eventCorrelationId": f"generation-of-{name}",
                "providerSpecificDetails": details | changes.pop("details", {}),
            }
            | changes,
        }

    def protected_item(self, name: str, vault: ResourceId, **details: Any) -> Json:
        """Return a replicating item of a provider that nobody knows, so with no disks."""
        return {
            "id": f"{vault}/{_CONTAINER}/replicationProtectedItems/{name}",
            "name": name,
            "properties": {
                "friendlyName": name,
                "providerSpecificDetails": {"instanceType": "FromTheFuture"} | details,
            },
        }

    def source_id(self, name: str) -> str:
        root = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
        return f"{root}/Microsoft.OffAzure/VMwareSites/site/machines/{name}"

    def vm_id(self, name: str, group: str = GROUP) -> str:
        return f"{group}/providers/Microsoft.Compute/virtualMachines/{name}"

    def disk_id(self, name: str) -> str:
        return f"{GROUP}/providers/Microsoft.Compute/disks/{name}"

    def vm(self, name: str, *disks: str, **storage: Any) -> Json:
        """Return a running VM on disks; ``storage`` goes into its storage profile."""
        first, *others = [{"managedDisk": {"id": self.disk_id(disk)}} for disk in disks]
        return {
            "id": self.vm_id(name),
            "name": name,
            "location": "westeurope",
            "properties": {
                "vmId": f"vm-{name}",
                "provisioningState": "Succeeded",
                "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
                "storageProfile": {
                    "osDisk": {"createOption": "Attach", **first},
                    "dataDisks": others,
                    **storage,
                },
                "networkProfile": {"networkInterfaces": []},
                "instanceView": {"statuses": [{"code": "PowerState/running"}]},
            },
        }

    def disk(self, name: str, owner: str = "", *, copied_from: str = "", gib: int = 64) -> Json:
        """Return a disk, attached to the VM ``owner``."""
        creation = {"createOption": "Copy"} | (
            {"sourceResourceId": copied_from} if copied_from else {}
        )
        return {
            "id": self.disk_id(name),
            "name": name,
            **({"managedBy": self.vm_id(owner)} if owner else {}),
            "properties": {"diskSizeGB": gib, "creationData": creation},
        }

    def lock(self, scope: object, level: str = "CanNotDelete") -> Json:
        lock_id = f"{scope}/providers/Microsoft.Authorization/locks/keep"
        return {"id": lock_id, "properties": {"level": level}}

    def migrated(self, *names: str, vault: ResourceId | None = None) -> MemoryAzure:
        """Return an Azure where machines of these names are migrated and running."""
        vault = vault or self.vault()
        azure = MemoryAzure(vaults=[str(vault)])
        rows = [self.migration_item(name, vault, detailed=False) for name in names]
        azure.migration[vault.key] = rows
        for name in names:
            body = self.migration_item(name, vault)
            azure.bodies[ResourceId(body["id"]).key] = body
            azure.vms.append(self.vm(name, f"{name}-os"))
            azure.disks.append(self.disk(f"{name}-os", name))
            azure.machines.append({"id": self.source_id(name), "properties": {"displayName": name}})
        azure.sizes = [{"name": "Standard_D2s_v5", "numberOfCores": 2, "memoryInMB": 8192}]
        return azure

    def empty(self, **fields: Any) -> MemoryAzure:
        """Return an Azure that holds only what is given."""
        return MemoryAzure(**fields)


@pytest.fixture(scope="session")
def shapes() -> Shapes:
    """Small bodies of Azure."""
    return Shapes()


Read = Callable[..., Inventory]


@pytest.fixture(scope="session")
def read() -> Read:
    """Read an inventory of an Azure, in memory or connected."""

    def run(
        azure: Any, scope: Scope | None = None, wave: Wave | None = None, **options: Any
    ) -> Any:
        return collect(azure, scope or Scope(), wave or Wave(), clock=lambda: NOW, **options)

    return run


@pytest.fixture(scope="session")
def connected() -> Callable[..., Any]:
    """Connect the real clients to a server on loopback, without waiting between repeats."""

    @contextmanager
    def connection(url: str, token: str = "loopback") -> Iterator[Any]:
        cloud = choose_cloud(arm_endpoint=url)
        with connect(cloud, StaticCredential(token), sleep=lambda _seconds: None) as azure:
            yield azure

    return connection


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """The sample estate, served once for a module."""
    with Emulator() as running:
        yield running
