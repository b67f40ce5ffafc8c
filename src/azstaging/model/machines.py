"""Source machines (as discovered) and target machines (as Azure says). None means not told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from azstaging.model.ids import ResourceId
from azstaging.model.items import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDisk:
    """One disk of the source machine."""

    id: str
    name: str = ""
    size_bytes: int | None = None
    lun: int | None = None
    controller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNic:
    """One network adapter of the source machine."""

    id: str
    mac_address: str = ""
    addresses: tuple[str, ...] = ()
    network: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMachine:
    """A machine as discovery saw it (Microsoft.OffAzure site), or the source VM of A2A.

    Attributes:
        power: ``on``, ``off`` or "" (unknown).
        os_family: ``windows``, ``linux`` or "".
        firmware: ``bios``, ``uefi`` or "".
        is_deleted: the row stayed in discovery although the machine is gone.
        updated_at: when discovery last saw it.
        size: Azure size, location: region, licence_type: benefit; of a source VM only.
        facts: what an import tells beyond that, by field name of ``rules/diff_facts.toml``.
    """

    id: ResourceId
    name: str
    cores: int | None = None
    memory_mib: int | None = None
    os_family: str = ""
    os_name: str = ""
    firmware: str = ""
    power: str = ""
    host_name: str = ""
    bios_id: str = ""
    disks: tuple[SourceDisk, ...] = ()
    nics: tuple[SourceNic, ...] = ()
    is_deleted: bool = False
    updated_at: datetime | None = None
    size: str = ""
    location: str = ""
    licence_type: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    body: JsonObject = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDisk:
    """One managed disk of a target machine."""

    id: ResourceId
    name: str
    is_os: bool
    lun: int | None = None
    size_gib: int | None = None
    size_bytes: int | None = None
    sku: str = ""
    caching: str = ""
    encryption_set_id: ResourceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAddress:
    """One IP configuration of a target network adapter."""

    private_address: str = ""
    allocation: str = ""
    is_primary: bool | None = None
    subnet_id: ResourceId | None = None
    public_address_id: ResourceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetNic:
    """One network adapter of a target machine."""

    id: ResourceId
    mac_address: str = ""
    is_primary: bool | None = None
    addresses: tuple[TargetAddress, ...] = ()
    security_group_id: ResourceId | None = None
    accelerated: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A management lock on ``scope``; ``level`` is ``CanNotDelete`` or ``ReadOnly``."""

    id: ResourceId
    level: str
    scope: ResourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMachine:
    """The Azure VM that the migration made, with what ARM said of it at ``read_at``.

    Attributes:
        vm_id: ``properties.vmId``; unique, equals the guest's SMBIOS UUID.
        power: ``running``, ``deallocated``, ... or "" when the instance view was not told.
        agent: ``ready``, ``not ready`` or "" (not told).
        extensions: name -> provisioning state.
        patch_mode: as the guest settings name it, e.g. ``AutomaticByPlatform``, or "".
        identity: kind of managed identity, ``None`` for none, or "" (not told).
        proximity_group_id, host_id: placement beyond the zone.
        facts: what was told of the guest, by field name of ``rules/diff_facts.toml``.
        resolved_by: how it was found: ``disks``, ``item``, ``name``.
        renamed: the VM does not have the name the item intended.
    """

    id: ResourceId
    name: str
    vm_id: str = ""
    location: str = ""
    zones: tuple[str, ...] = ()
    size: str = ""
    cores: int | None = None
    memory_mib: int | None = None
    provisioning_state: str = ""
    power: str = ""
    agent: str = ""
    generation: str = ""
    os_family: str = ""
    os_name: str = ""
    computer_name: str = ""
    licence_type: str = ""
    secure_boot: bool | None = None
    boot_diagnostics: bool | None = None
    availability_set_id: ResourceId | None = None
    proximity_group_id: ResourceId | None = None
    host_id: ResourceId | None = None
    encryption_at_host: bool | None = None
    patch_mode: str = ""
    identity: str = ""
    created_at: datetime | None = None
    disks: tuple[TargetDisk, ...] = ()
    nics: tuple[TargetNic, ...] = ()
    extensions: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()
    resolved_by: str = ""
    renamed: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    body: JsonObject = field(default_factory=dict, repr=False)
