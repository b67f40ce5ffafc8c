"""Subscriptions, target resources, locks and sizes, as ARM lists them.

Whole-subscription lists first: 10,000 machines are 200 pages instead of 40,000 single reads.
Single GETs by ARM id go through the official client's ``send_request`` on our own pipeline.
"""

import threading
from typing import Any

from azure.mgmt.resource.resources import ResourceManagementClient

from azstaging.azure import api_versions as versions
from azstaging.azure.bodies import Json, require_id
from azstaging.azure.session import ArmSession
from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, subscription_scope

# By namespace, then by the first type; "" stands for every other type of the namespace.
_VERSIONS: dict[str, dict[str, str]] = {
    "microsoft.compute": {"disks": versions.DISKS, "": versions.COMPUTE},
    "microsoft.network": {"": versions.NETWORK},
    "microsoft.offazure": {"": versions.OFF_AZURE},
    "microsoft.migrate": {"migrateprojects": versions.MIGRATE_PROJECTS},
    "microsoft.recoveryservices": {
        "vaults": versions.RECOVERY_SERVICES_VAULTS,
    },
    "microsoft.datareplication": {"": versions.DATA_REPLICATION},
    "microsoft.authorization": {"locks": versions.LOCKS},
}


def api_version_of(id: ResourceId) -> str:
    """Return the api-version in which a resource is read.

    Raises:
        ConfigurationError: resources of its type are not read by azstaging.
    """
    namespace, _, types = id.resource_type.partition("/")
    known = _VERSIONS.get(namespace, {})
    first, _, nested = types.partition("/")
    if namespace == "microsoft.recoveryservices" and nested.startswith("replication"):
        return versions.SITE_RECOVERY
    version = known.get(first, known.get("", ""))
    if not version:
        raise ConfigurationError(f"Resources of the type of {id} are not read by azstaging.")
    return version


class Resources:
    """Reads of what is not replication: subscriptions, machines and what they are made of."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, subscription_id: str) -> Any:
        """Return the official client of a subscription; all share the session's pipeline."""
        with self._lock:
            if subscription_id not in self._clients:
                self._clients[subscription_id] = ResourceManagementClient(
                    self._session.credential,
                    subscription_id,
                    self._session.cloud.arm_endpoint,
                    credential_scopes=[self._session.cloud.scope],
                    policies=self._session.policies,
                    pipeline=self._session.pipeline,
                )
            return self._clients[subscription_id]

    def list_subscriptions(self) -> list[Json]:
        """List the subscriptions that the credential sees.

        Azure: Subscriptions_List, GET /subscriptions
        """
        return self._session.list_all("/subscriptions", versions.SUBSCRIPTIONS)

    def list_virtual_machines(self, subscription_id: str) -> list[Json]:
        """List all VMs of a subscription, without their run-time state.

        Azure: VirtualMachines_ListAll,
        GET {subscription}/providers/Microsoft.Compute/virtualMachines
        """
        return self._list(subscription_id, "Microsoft.Compute", "virtualMachines", versions.COMPUTE)

    def list_virtual_machine_states(self, subscription_id: str) -> list[Json]:
        """List the run-time states of all VMs of a subscription, without their models.

        Azure: VirtualMachines_ListAll,
        GET {subscription}/providers/Microsoft.Compute/virtualMachines?statusOnly=true
        """
        path = subscription_scope(subscription_id)
        path = path.child("providers", "Microsoft.Compute", "virtualMachines")
        return self._session.list_all(path, versions.COMPUTE, {"statusOnly": "true"}, compact=True)

    def list_network_interfaces(self, subscription_id: str) -> list[Json]:
        """List all network interfaces of a subscription.

        Azure: NetworkInterfaces_ListAll,
        GET {subscription}/providers/Microsoft.Network/networkInterfaces
        """
        return self._list(
            subscription_id, "Microsoft.Network", "networkInterfaces", versions.NETWORK
        )

    def list_disks(self, subscription_id: str) -> list[Json]:
        """List all managed disks of a subscription.

        Azure: Disks_List, GET {subscription}/providers/Microsoft.Compute/disks
        """
        return self._list(subscription_id, "Microsoft.Compute", "disks", versions.DISKS)

    def list_locks(self, subscription_id: str) -> list[Json]:
        """List all management locks of a subscription, at any scope in it.

        Azure: ManagementLocks_ListAtSubscriptionLevel,
        GET {subscription}/providers/Microsoft.Authorization/locks
        """
        return self._list(subscription_id, "Microsoft.Authorization", "locks", versions.LOCKS)

    def list_permissions(self, scope: ResourceId) -> list[Json]:
        """List what the caller may do at a scope: ``actions`` and ``notActions``.

        Azure: Permissions_ListForResource,
        GET {scope}/providers/Microsoft.Authorization/permissions
        https://learn.microsoft.com/rest/api/authorization/permissions
        """
        path = scope.child("providers", "Microsoft.Authorization", "permissions")
        return self._session.list_all(path, versions.PERMISSIONS)

    def list_vm_sizes(self, subscription_id: str, location: str) -> list[Json]:
        """List the VM sizes of a location: ``name``, ``numberOfCores``, ``memoryInMB``.

        Azure: VirtualMachineSizes_List,
        GET {subscription}/providers/Microsoft.Compute/locations/{location}/vmSizes
        """
        scope = subscription_scope(subscription_id)
        place = location.replace(" ", "").casefold()
        path = scope.child("providers", "Microsoft.Compute", "locations", place, "vmSizes")
        return self._session.list_all(path, versions.COMPUTE)

    def list_skus(self, subscription_id: str, location: str) -> list[Json]:
        """List the compute SKUs of a location with their capabilities.

        Azure: ResourceSkus_List, GET {subscription}/providers/Microsoft.Compute/skus

        Raises:
            ConfigurationError: the location holds a quote.
        """
        place = location.replace(" ", "").casefold()
        if not place.isalnum():
            raise ConfigurationError(f"{location!r} is not the name of a location.")
        path = subscription_scope(subscription_id).child("providers", "Microsoft.Compute", "skus")
        query = {"$filter": f"location eq '{place}'"}
        return self._session.list_all(path, versions.SKUS, query)

    def get_virtual_machine(self, vm_id: ResourceId) -> Json:
        """Get a VM with its run-time state.

        Azure: VirtualMachines_Get, GET {vm}?$expand=instanceView
        """
        return self._get(vm_id, versions.COMPUTE, {"$expand": "instanceView"})

    def get_resource(self, resource_id: ResourceId) -> Json:
        """Get a disk, network interface, discovered machine or other resource by its ARM id.

        Azure: Resources_GetById, GET {resource}

        Raises:
            ConfigurationError: resources of its type are not read by azstaging.
        """
        return self._get(resource_id, api_version_of(resource_id))

    def _get(self, id: ResourceId, version: str, query: dict[str, str] | None = None) -> Json:
        sender = self.client(id.subscription_id or "").send_request
        return require_id(self._session.get_json(id, version, query, sender=sender), id)

    def _list(self, subscription_id: str, namespace: str, kind: str, version: str) -> list[Json]:
        path = subscription_scope(subscription_id).child("providers", namespace, kind)
        return self._session.list_all(path, version, compact=True)
