"""The replicated item: what a provider makes of one JSON body, with nothing lost.

``raw`` keeps the state fields exactly as the service gave them, ``body`` the whole JSON.
Both are shared, not copied; nobody writes to them.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azstaging.model.ids import ResourceId
from azstaging.model.values import as_struct

JsonObject = Mapping[str, Any]


class Collection(enum.Enum):
    """The ARM collection that an item lives in; it decides how the item is read and stopped."""

    # Members are looked up by the hundred thousand; that of enum is a function of Python's.
    __hash__ = object.__hash__

    MIGRATION_ITEMS = "replicationMigrationItems"
    PROTECTED_ITEMS = "replicationProtectedItems"
    DATA_REPLICATION = "protectedItems"


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDisk:
    """One replicated disk: source side, intended and actual target ids.

    Attributes:
        source_id: disk id at the source (VMware uuid, Hyper-V id, managed disk id), or "".
        size_bytes: capacity at the source, or None when not told.
        target_type: intended disk SKU, e.g. ``Premium_LRS``, or "".
        target_name: intended name of the disk in Azure where the item tells it, or "".
    """

    source_id: str
    name: str = ""
    is_os: bool | None = None
    size_bytes: int | None = None
    target_type: str = ""
    target_name: str = ""
    target_disk_id: ResourceId | None = None
    seed_disk_id: ResourceId | None = None
    encryption_set_id: ResourceId | None = None


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class ItemNic:
    """One replicated network adapter with its intended target settings."""

    source_id: str
    is_primary: bool | None = None
    is_selected: bool | None = None
    source_address: str = ""
    target_address: str = ""
    target_address_type: str = ""
    target_subnet: str = ""
    target_network_id: ResourceId | None = None


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """What the replication item intends for the target machine; "" and None mean not told."""

    vm_name: str = ""
    vm_size: str = ""
    location: str = ""
    resource_group_id: ResourceId | None = None
    network_id: ResourceId | None = None
    test_network_id: ResourceId | None = None
    availability_zone: str = ""
    availability_set_id: ResourceId | None = None
    generation: str = ""
    licence_type: str = ""
    secure_boot: bool | None = None
    tags: Mapping[str, str] | None = None
    cores: int | None = None
    memory_mib: int | None = None


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What the item itself says of its source; None and "" mean not told."""

    cores: int | None = None
    memory_mib: int | None = None
    os_type: str = ""
    os_name: str = ""
    firmware: str = ""
    power: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthError:
    """One health error of an item, text as the service gave it."""

    code: str
    level: str
    message: str
    advice: str = ""


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicatedItem:
    """One replication of one machine, as one provider understands its JSON.

    Attributes:
        id: identity; compared without case. ``name`` (the machine's display name) is only shown.
        provider: ``instanceType`` exactly as the service gave it.
        generation: correlation id that changes on re-protection, or None (closes the gate).
        raw: the state fields exactly as the service gave them.
        allowed_operations: as given, ``allowedJobs`` for Azure Local, in the order of the service.
        running_job: name of the running job, or "" when idle.
        detailed: False for a list row whose disks and adapters the service leaves out.
        source_id: the discovered machine (OffAzure) or the source VM (A2A).
        target_id: the target VM where the item names it outright, else None.
        test_target_id: the test machine where the item names it outright, else None.
        body: the whole JSON of the item.
    """

    id: ResourceId
    name: str
    provider: str
    collection: Collection
    vault_id: ResourceId
    fabric: str = ""
    container: str = ""
    generation: str | None = None
    health: str = ""
    failover_health: str = ""
    health_errors: tuple[HealthError, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    allowed_operations: tuple[str, ...] = ()
    running_job: str = ""
    detailed: bool = True
    source_id: ResourceId | None = None
    target_id: ResourceId | None = None
    test_target_id: ResourceId | None = None
    test_target_name: str = ""
    settings: TargetSettings = field(default_factory=TargetSettings)
    source: SourceFacts = field(default_factory=SourceFacts)
    disks: tuple[ItemDisk, ...] = ()
    nics: tuple[ItemNic, ...] = ()
    last_recovery_point: str = ""
    rpo_seconds: int | None = None
    body: JsonObject = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"ReplicatedItem({self.name!r}, {self.provider}, {self.id.name})"


class Cutover(enum.Enum):
    """Whether the machine was cut over to Azure, as the provider's states say."""

    __hash__ = object.__hash__

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    DONE_WITH_NOTES = "done-with-notes"
    PARTIAL = "partial"
    FAILED = "failed"


class Replication(enum.Enum):
    """What the replication itself does."""

    __hash__ = object.__hash__

    PREPARING = "preparing"
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOP_FAILED = "stop-failed"
    FAILED = "failed"


class TestMachine(enum.Enum):
    """Whether a test migration or test failover is outstanding, as the item says."""

    __hash__ = object.__hash__

    __test__ = False

    NONE = "none"
    RUNNING = "running"
    OUTSTANDING = "outstanding"


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The closed set of facts into which every provider maps its raw states.

    ``None`` anywhere means the provider met a value it does not know; ``unrecognised`` lists
    those as ``field=value``. ``cutover`` is also None, with nothing unrecognised, while a stop
    runs or has failed: those states do not tell. A fact that is None closes the gate.

    Attributes:
        reversed: True when replication runs from Azure back to the source.
        stop_allowed: the service lists the stop among the allowed operations.
        cleanup_allowed: the service offers to clean up a test machine.
        idle: no job is running on the item.
    """

    cutover: Cutover | None
    replication: Replication | None
    test: TestMachine | None
    reversed: bool | None
    stop_allowed: bool
    cleanup_allowed: bool
    idle: bool | None
    unrecognised: tuple[str, ...] = ()


NO_FACTS = Facts(
    cutover=None,
    replication=None,
    test=None,
    reversed=None,
    stop_allowed=False,
    cleanup_allowed=False,
    idle=None,
)
"""What is known of an item that nobody has read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """The one request that stops the replication of one item, before rendering.

    Attributes:
        operation: REST operation, e.g. ``ReplicationMigrationItems_Delete``.
        method: ``DELETE`` or ``POST``.
        id: the item.
        action: path segment after the id, ``remove`` or "".
        body: JSON body, or None.
    """

    operation: str
    method: str
    id: ResourceId
    action: str = ""
    body: Mapping[str, Any] | None = None
