"""What the engine needs of the outside world. Nothing here does I/O; `azure`, `journal` do.

Every reader raises an error of `azstaging.errors` when it cannot read: it never returns a
shorter list. JSON objects are exactly what the service sent.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from azstaging.model.console import ConsoleData
from azstaging.model.ids import ResourceId
from azstaging.model.items import StopRequest
from azstaging.model.plans import PlannedRequest, Principal
from azstaging.model.records import NewRecord, Record
from azstaging.rules.history import History

Json = dict[str, Any]


class ReplicationReader(Protocol):
    """Reads of Site Recovery, Azure Migrate and Azure Local replication."""

    def list_subscriptions(self) -> list[Json]:
        """``GET /subscriptions``, every page."""
        ...

    def list_vaults(self, subscription_id: str) -> list[Json]:
        """Recovery Services vaults of a subscription."""
        ...

    def list_migration_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        """Vault-wide ``replicationMigrationItems``, page by page; disks and NICs left out (T6).

        A page is read when it is taken, and what reading it raises is raised there.
        """
        ...

    def list_protected_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        """Vault-wide ``replicationProtectedItems``, page by page."""
        ...

    def list_replication_vaults(self, subscription_id: str) -> list[Json]:
        """``Microsoft.DataReplication/replicationVaults`` of a subscription."""
        ...

    def list_data_replication_items(self, vault: ResourceId) -> list[Json]:
        """``protectedItems`` of a DataReplication vault."""
        ...

    def list_candidates(self, subscription_ids: Sequence[str]) -> list[Json]:
        """Protected items as Resource Graph knows them: a second witness, never evidence."""
        ...

    def get_item(self, item_id: ResourceId) -> Json:
        """GET one item of any collection. NotFoundError.gateway tells the two 404s apart."""
        ...

    def list_jobs(self, vault: ResourceId, since: datetime) -> list[Json]:
        """Replication jobs of a vault (either kind) that started at or after ``since``."""
        ...

    def list_latest_jobs(self, vault: ResourceId, since: datetime) -> tuple[list[Json], bool]:
        """The same as far as one list tells them, and whether these are all of them."""
        ...

    def get_job(self, vault: ResourceId, job_id: str) -> Json:
        """GET one replication job by its id (the last segment)."""
        ...


class ResourceReader(Protocol):
    """Reads of target resources, locks, sizes and discovered source machines."""

    def list_virtual_machines(self, subscription_id: str) -> list[Json]:
        """All VMs of a subscription; their instance views are a list of their own."""
        ...

    def list_virtual_machine_states(self, subscription_id: str) -> list[Json]:
        """Instance views of all VMs of a subscription (``statusOnly=true``), by id."""
        ...

    def list_hyper_v_sites(self, subscription_id: str) -> list[Json]:
        """All Hyper-V sites of a subscription."""
        ...

    def list_discovered_machines(self, site: ResourceId) -> list[Json]:
        """All discovered machines of an OffAzure site."""
        ...

    def list_network_interfaces(self, subscription_id: str) -> list[Json]:
        """All network interfaces of a subscription."""
        ...

    def list_disks(self, subscription_id: str) -> list[Json]:
        """All managed disks of a subscription."""
        ...

    def list_locks(self, subscription_id: str) -> list[Json]:
        """All management locks of a subscription, at any scope in it."""
        ...

    def list_permissions(self, scope: ResourceId) -> list[Json]:
        """What the caller may do at a scope: ``actions`` and ``notActions`` of each role."""
        ...

    def list_skus(self, subscription_id: str, location: str) -> list[Json]:
        """Resource SKUs of a location, of machines and of other resources, with capabilities."""
        ...

    def list_vm_sizes(self, subscription_id: str, location: str) -> list[Json]:
        """``vmSizes`` rows: name, numberOfCores, memoryInMB."""
        ...

    def get_virtual_machine(self, vm_id: ResourceId) -> Json:
        """GET a VM with ``$expand=instanceView``."""
        ...

    def get_resource(self, resource_id: ResourceId) -> Json:
        """GET a disk, NIC, OffAzure machine or any resource type the adapter knows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAnswer:
    """What the service answered to the one stop request.

    Attributes:
        job_id: last segment of the operation URL, or "" when the answer named none.
    """

    status: int
    job_id: str
    request_id: str = ""
    retry_after_seconds: float = 0.0


class Stopper(Protocol):
    """Sends stop requests. Each call sends at most one request, ever."""

    def render(self, request: StopRequest) -> PlannedRequest:
        """Render a stop request to the letter: method, URL with api-version, body."""
        ...

    def stop(
        self, request: StopRequest, rendered: PlannedRequest, *, client_request_id: str = ""
    ) -> StopAnswer:
        """Send exactly what was rendered, once.

        ``client_request_id`` is what the journal knows the request by; a new one if empty.

        Raises:
            ConfigurationError: it renders differently now, or a segment is unsafe; not sent.
            ServiceError: ``effect`` says whether it may have happened (UNKNOWN: read, do
                not send again).
        """
        ...


class Identity(Protocol):
    """Who we are, as ARM sees it."""

    def principal(self) -> Principal | None:
        """``tid`` and ``oid`` of a token that ARM has just accepted; None if it is opaque."""
        ...

    def claimed(self) -> Principal | None:
        """What a token says that nobody has checked: to be shown only."""
        ...

    def caller(self) -> str:
        """What tells us from other callers, unchecked: to keep apart what each of them read."""
        ...


class ActivityReader(Protocol):
    """Reads of the activity log."""

    def list_activity(self, group: ResourceId, since: datetime, until: datetime) -> list[Json]:
        """What happened to the resources of a group; at most 90 days back."""
        ...


class AzurePort(ReplicationReader, ResourceReader, ActivityReader, Stopper, Identity, Protocol):
    """Everything that `azstaging.azure` offers to the engine."""


@runtime_checkable
class SurroundingsReader(Protocol):
    """Reads around target machines, for checks that a policy asks for."""

    def list_vaults(self, subscription_id: str) -> list[Json]:
        """Recovery Services vaults of a subscription."""
        ...

    def list_backup_items(self, vault: ResourceId) -> list[Json]:
        """Backup items of Azure VMs in a Recovery Services vault."""
        ...


@runtime_checkable
class MetricsReader(Protocol):
    """Reads how hard target machines work, for the checks that ask for it."""

    def get_metrics(
        self,
        vm_id: ResourceId,
        names: tuple[str, ...],
        since: datetime,
        until: datetime,
        *,
        interval_seconds: int,
    ) -> Json:
        """GET metrics of a machine: ``average`` and ``total`` per interval."""
        ...


@runtime_checkable
class ConsoleReader(Protocol):
    """Reads what machines show on their consoles, for the check that asks for it."""

    def get_console(self, vm_id: ResourceId) -> ConsoleData:
        """Get console picture and serial log; neither address nor signature is kept."""
        ...


class GuestPort(Protocol):
    """Commands inside machines. Each call of ``run_command`` sends at most one request."""

    def run_command(self, vm_id: ResourceId, body: Json) -> str:
        """Start a command, once, and return the id of its operation.

        Raises:
            ServiceError: status 409 when one runs already; ``effect`` says what is known.
        """
        ...

    def get_command(self, vm_id: ResourceId, location: str, operation: str) -> Json:
        """GET the operation: ``status``, and its messages under ``properties.output.value``."""
        ...


class JournalPort(Protocol):
    """The append-only record, already open and locked for this run."""

    @property
    def id(self) -> str:
        """The journal's id, from record 0."""
        ...

    def append(
        self, records: Sequence[NewRecord], *, at: datetime, run: str, actor: str
    ) -> tuple[Record, ...]:
        """Append records durably, all or none, and return them with their place."""
        ...

    def history(self) -> History:
        """Everything the journal says now, folded."""
        ...


class LeasePort(Protocol):
    """One releaser per vault and estate folder."""

    def acquire(self, vault_id: ResourceId, *, run: str, now: datetime) -> int:
        """Take the lease of a vault and return its epoch.

        Raises:
            LeaseHeldError: another run holds it.
        """
        ...

    def release(self, vault_id: ResourceId) -> None:
        """Give the lease back."""
        ...


Clock = Callable[[], datetime]
Sleep = Callable[[float], None]
Progress = Callable[[str, int, int], None]
"""Called with (step, done, total); total 0 means unknown."""
Trace = Callable[[str], AbstractContextManager[None]]
"""Called with an item's id around what is done for it; see ``azstaging.spans``."""
