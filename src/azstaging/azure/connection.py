"""One connection to Azure: all readers, the stopper and the identity over one session."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from azstaging.azure import datareplication
from azstaging.azure.activitylog import ActivityLog
from azstaging.azure.backup import Backups
from azstaging.azure.bodies import Json
from azstaging.azure.clouds import Cloud
from azstaging.azure.console import Console
from azstaging.azure.datareplication import DataReplication
from azstaging.azure.metrics import Metrics
from azstaging.azure.migrate import Migrate
from azstaging.azure.resourcegraph import ResourceGraph
from azstaging.azure.resources import Resources
from azstaging.azure.run_command import RunCommand
from azstaging.azure.session import ArmSession
from azstaging.azure.siterecovery import SiteRecovery
from azstaging.engine.ports import StopAnswer
from azstaging.model.console import ConsoleData
from azstaging.model.ids import ResourceId
from azstaging.model.items import StopRequest
from azstaging.model.plans import PlannedRequest, Principal
from azstaging.spans import span

if TYPE_CHECKING:
    from typing_extensions import Self

_DATA_REPLICATION_VAULT = "microsoft.datareplication/replicationvaults"


class AzureConnection:
    """Everything that the engine needs of Azure (`engine.ports.AzurePort`), and some more.

    Attributes:
        session: the session under all of it.
        site_recovery, data_replication, resources, migrate, resource_graph: the parts.
    """

    def __init__(self, session: ArmSession) -> None:
        self.session = session
        self.site_recovery = SiteRecovery(session)
        self.data_replication = DataReplication(session)
        self.resources = Resources(session)
        self.migrate = Migrate(session)
        self.resource_graph = ResourceGraph(session)
        self.activity_log = ActivityLog(session)
        self.backups = Backups(session)
        self.commands = RunCommand(session)
        self.metrics = Metrics(session)
        self.console = Console(session)

    def __repr__(self) -> str:
        return f"AzureConnection({self.session.cloud.arm_endpoint})"

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __reduce__(self) -> str:
        raise TypeError("A connection is not pickled: a token is inside. Open one per process.")

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    @property
    def cloud(self) -> Cloud:
        """The cloud that is spoken to."""
        return self.session.cloud

    @property
    def counts(self) -> dict[str, int]:
        """Requests so far, by kind."""
        return self.session.counts

    @property
    def credential_kind(self) -> str:
        """The kind of the credential that answered."""
        return self.session.credential_kind

    def principal(self) -> Principal | None:
        """Who we are, as ARM sees it; None for an opaque token."""
        return self.session.principal()

    def claimed(self) -> Principal | None:
        """Who the token says that we are, unchecked: to be shown only."""
        return self.session.claimed()

    def caller(self) -> str:
        """What tells us from other callers, unchecked: to keep apart what each of them read."""
        return self.session.caller()

    def list_subscriptions(self) -> list[Json]:
        """List the subscriptions that the credential sees."""
        return self.resources.list_subscriptions()

    def list_vaults(self, subscription_id: str) -> list[Json]:
        """List the Recovery Services vaults of a subscription."""
        return self.site_recovery.list_vaults(subscription_id)

    def list_migration_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        """Yield the migration items of a vault by page; disks and adapters are left out."""
        return self.site_recovery.list_migration_items(vault)

    def list_protected_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        """Yield the protected items of a vault by page."""
        return self.site_recovery.list_protected_items(vault)

    def list_replication_vaults(self, subscription_id: str) -> list[Json]:
        """List the Azure Local replication vaults of a subscription."""
        return self.data_replication.list_replication_vaults(subscription_id)

    def list_data_replication_items(self, vault: ResourceId) -> list[Json]:
        """List the protected items of an Azure Local replication vault."""
        return self.data_replication.list_data_replication_items(vault)

    def list_candidates(self, subscription_ids: Sequence[str]) -> list[Json]:
        """List protected items as Resource Graph knows them."""
        return self.resource_graph.list_candidates(subscription_ids)

    def get_item(self, item_id: ResourceId) -> Json:
        """Get one replicated item of any collection."""
        with span("read item", item=str(item_id)):
            return self._of_item(item_id).get_item(item_id)

    def list_jobs(self, vault: ResourceId, since: datetime) -> list[Json]:
        """List the replication jobs of a vault that started at or after ``since``."""
        return self._of_vault(vault).list_jobs(vault, since)

    def list_latest_jobs(self, vault: ResourceId, since: datetime) -> tuple[list[Json], bool]:
        """List those of which one list tells, and say whether these are all."""
        return self._of_vault(vault).list_latest_jobs(vault, since)

    def get_job(self, vault: ResourceId, job_id: str) -> Json:
        """Get one replication job by its id."""
        return self._of_vault(vault).get_job(vault, job_id)

    def list_virtual_machines(self, subscription_id: str) -> list[Json]:
        """List all VMs of a subscription."""
        return self.resources.list_virtual_machines(subscription_id)

    def list_virtual_machine_states(self, subscription_id: str) -> list[Json]:
        """List the run-time states of all VMs of a subscription."""
        return self.resources.list_virtual_machine_states(subscription_id)

    def list_hyper_v_sites(self, subscription_id: str) -> list[Json]:
        """List the OffAzure sites of Hyper-V appliances in a subscription."""
        return self.migrate.list_hyper_v_sites(subscription_id)

    def list_discovered_machines(self, site: ResourceId) -> list[Json]:
        """List the machines of an OffAzure site, deleted ones included."""
        return self.migrate.list_discovered_machines(site)

    def list_network_interfaces(self, subscription_id: str) -> list[Json]:
        """List all network interfaces of a subscription."""
        return self.resources.list_network_interfaces(subscription_id)

    def list_disks(self, subscription_id: str) -> list[Json]:
        """List all managed disks of a subscription."""
        return self.resources.list_disks(subscription_id)

    def list_locks(self, subscription_id: str) -> list[Json]:
        """List all management locks of a subscription."""
        return self.resources.list_locks(subscription_id)

    def list_permissions(self, scope: ResourceId) -> list[Json]:
        """List what the caller may do at a scope."""
        return self.resources.list_permissions(scope)

    def list_skus(self, subscription_id: str, location: str) -> list[Json]:
        """List the compute SKUs of a location with their capabilities."""
        return self.resources.list_skus(subscription_id, location)

    def list_vm_sizes(self, subscription_id: str, location: str) -> list[Json]:
        """List the VM sizes of a location."""
        return self.resources.list_vm_sizes(subscription_id, location)

    def get_virtual_machine(self, vm_id: ResourceId) -> Json:
        """Get a VM with its run-time state."""
        return self.resources.get_virtual_machine(vm_id)

    def get_resource(self, resource_id: ResourceId) -> Json:
        """Get a disk, NIC, discovered machine or other resource by its ARM id."""
        return self.resources.get_resource(resource_id)

    def list_activity(self, group: ResourceId, since: datetime, until: datetime) -> list[Json]:
        """List what happened to the resources of a group."""
        return self.activity_log.list_activity(group, since, until)

    def list_backup_items(self, vault: ResourceId) -> list[Json]:
        """List the backup items of Azure VMs in a vault."""
        return self.backups.list_backup_items(vault)

    def get_metrics(
        self,
        vm_id: ResourceId,
        names: tuple[str, ...],
        since: datetime,
        until: datetime,
        *,
        interval_seconds: int,
    ) -> Json:
        """Get metrics of a machine, average and total per interval."""
        return self.metrics.get_metrics(
            vm_id, names, since, until, interval_seconds=interval_seconds
        )

    def get_console(self, vm_id: ResourceId) -> ConsoleData:
        """Get console picture and serial log of a machine."""
        return self.console.get_console(vm_id)

    def run_command(self, vm_id: ResourceId, body: Json) -> str:
        """Start a command in a guest, once; the id of its operation."""
        return self.commands.run_command(vm_id, body)

    def get_command(self, vm_id: ResourceId, location: str, operation: str) -> Json:
        """Get the operation of a command."""
        return self.commands.get_command(vm_id, location, operation)

    def render(self, request: StopRequest) -> PlannedRequest:
        """Render a stop request to the letter."""
        return self._of_item(request.id).render(request)

    def stop(
        self, request: StopRequest, rendered: PlannedRequest, *, client_request_id: str = ""
    ) -> StopAnswer:
        """Send exactly what was rendered, once.

        Raises:
            ConfigurationError: it renders differently now; not sent.
            ServiceError: ``effect`` says what is known.
        """
        with span("stop item", item=str(request.id)):
            return self._of_item(request.id).stop(
                request, rendered, client_request_id=client_request_id
            )

    def _of_item(self, id: ResourceId) -> SiteRecovery | DataReplication:
        if id.resource_type == datareplication.ITEM_TYPE:
            return self.data_replication
        return self.site_recovery

    def _of_vault(self, id: ResourceId) -> SiteRecovery | DataReplication:
        if id.resource_type == _DATA_REPLICATION_VAULT:
            return self.data_replication
        return self.site_recovery
