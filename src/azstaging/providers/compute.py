"""ARM's JSON of virtual machines, network interfaces, disks and locks, as target machines."""

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import packed
from azstaging.model.ids import ResourceId
from azstaging.model.items import JsonObject
from azstaging.model.machines import Lock, TargetAddress, TargetDisk, TargetMachine, TargetNic
from azstaging.model.times import parse_time
from azstaging.providers.fields import Fields, as_decimal, as_id, as_number, tags_of

_Resources = Mapping[ResourceId, JsonObject]

# Standard_E8-4s_v5 offers 4 of its 8 cores; the list of sizes may name either.
# Source: https://learn.microsoft.com/azure/virtual-machines/constrained-vcpu
_CONSTRAINED = re.compile(r"(?:standard_)?[a-z]+\d+-(\d+)")
# Of the dozens of capabilities of a size, those that something is made of; all are text.
_CAPABILITIES = ("vCPUs", "vCPUsAvailable", "MemoryGB", "MaxDataDiskCount")
_MACHINE = "providers/microsoft.compute/virtualmachines"
_LOCK = ["providers", "microsoft.authorization", "locks"]


def target_machine(
    vm: JsonObject,
    *,
    nics: Iterable[JsonObject] = (),
    disks: Iterable[JsonObject] = (),
    size: JsonObject | None = None,
    locks: Iterable[Lock] = (),
    resolved_by: str = "",
    intended_name: str = "",
    held: JsonObject | None = None,
) -> TargetMachine:
    """Build a target machine from what ARM says of it and of its parts.

    Args:
        vm: the VM; power, agent and operating system need ``$expand=instanceView``.
        nics: its network interfaces; others are passed by. One that the VM names but that is
            not here keeps its id, with everything else not told.
        disks: its managed disks; as for ``nics``.
        size: the row of the VM's size: of resource SKUs as `size_of_sku` gives it, or of
            ``vmSizes`` (name, numberOfCores, memoryInMB).
        locks: any locks; only those that cover the VM are used.
        resolved_by: how the VM was found: ``disks``, ``item``, ``name``.
        intended_name: the name that the replication item intended, or "".
        held: the VM as it is held already, to be the machine's body; None makes it of ``vm``.

    Raises:
        UnexpectedResponseError: the VM has no ARM id.
    """
    fields = Fields(vm)
    vm_id = _id_of(fields, "virtual machine")
    properties = fields.object("properties")
    view = properties.object("instanceView")
    disk_bodies = _by_id(disks)
    os_disk = properties.object("storageProfile").object("osDisk")
    name = fields.text("name") or vm_id.name
    cores, memory_mib = _size(properties, size)
    return TargetMachine(
        id=vm_id,
        name=name,
        vm_id=properties.text("vmId"),
        location=fields.text("location"),
        zones=fields.texts("zones"),
        size=properties.object("hardwareProfile").text("vmSize"),
        cores=cores,
        memory_mib=memory_mib,
        provisioning_state=properties.text("provisioningState"),
        power=_power(view),
        agent=_agent(view),
        generation=view.text("hyperVGeneration") or _disk_generation(os_disk, disk_bodies),
        os_family=os_disk.text("osType").casefold(),
        os_name=view.text("osName"),
        computer_name=view.text("computerName"),
        licence_type=properties.text("licenseType"),
        secure_boot=properties.object("securityProfile")
        .object("uefiSettings")
        .flag("secureBootEnabled"),
        boot_diagnostics=properties.object("diagnosticsProfile")
        .object("bootDiagnostics")
        .flag("enabled"),
        availability_set_id=properties.object("availabilitySet").shared_id("id"),
        proximity_group_id=properties.object("proximityPlacementGroup").id("id"),
        host_id=properties.object("host").id("id"),
        encryption_at_host=properties.object("securityProfile").flag("encryptionAtHost"),
        patch_mode=_patch_mode(properties.object("osProfile")),
        identity=fields.object("identity").text("type"),
        created_at=parse_time(properties.value("timeCreated")),
        disks=_disks(properties.object("storageProfile"), disk_bodies),
        nics=_nics(properties.object("networkProfile"), _by_id(nics)),
        extensions=_extensions(fields, view),
        tags=tags_of(fields.value("tags")) or {},
        locks=tuple(sorted((k for k in locks if vm_id.is_under(k.scope)), key=lambda k: k.id)),
        resolved_by=resolved_by,
        renamed=bool(intended_name) and intended_name.casefold() != name.casefold(),
        body=packed(vm) if held is None else held,
    )


def attached_ids(vm: JsonObject) -> tuple[ResourceId, ...]:
    """Return the ids of a VM's managed disks, the OS disk first, then of its interfaces."""
    properties = Fields(vm).object("properties")
    storage = properties.object("storageProfile")
    disks = (storage.object("osDisk"), *storage.objects("dataDisks"))
    nics = properties.object("networkProfile").objects("networkInterfaces")
    found = [disk.object("managedDisk").id("id") for disk in disks] + [nic.id("id") for nic in nics]
    return tuple(resource_id for resource_id in found if resource_id is not None)


def machine_id(value: object) -> ResourceId | None:
    """Read the id of a VM; an id without the machine's name, as the service writes it, is None."""
    found = as_id(value)
    return found if found is not None and _of_machines(found.text.rpartition("/")[0]) else None


@lru_cache(maxsize=4096)
def _of_machines(parent: str) -> bool:
    """Tell whether machines lie below a path; those of a resource group share it."""
    segments = parent[1:].split("/")
    return len(segments) % 2 == 1 and "/".join(segments[-3:]).casefold() == _MACHINE


def disk_owner(disk: JsonObject) -> ResourceId | None:
    """Return the id of what the disk is attached to, or None: it is detached.

    Usually a VM; a machine of a scale set and others are possible.
    """
    return Fields(disk).id("managedBy")


def lock_from(body: JsonObject) -> Lock:
    """Read a management lock; its scope is what stands before the lock in its id.

    Raises:
        UnexpectedResponseError: the body has no id of a lock.
    """
    lock_id = _id_of(Fields(body), "management lock")
    segments = lock_id.segments
    scope = "/".join(segments[:-4])
    if not scope or [segment.casefold() for segment in segments[-4:-1]] != _LOCK:
        raise UnexpectedResponseError(
            f"{lock_id} was listed as a management lock and is none; nothing was changed.",
            pointer="/id",
            resource_id=lock_id.text,
        )
    level = Fields(body).object("properties").text("level")
    return Lock(id=lock_id, level=level, scope=ResourceId(f"/{scope}"))


def _id_of(fields: Fields, what: str) -> ResourceId:
    found = fields.id("id")
    if found is None:
        raise UnexpectedResponseError(
            f"A {what} came without a usable ARM id; nothing was read from it and nothing was "
            "changed.",
            pointer="/id",
        )
    return found


def _by_id(bodies: Iterable[JsonObject]) -> _Resources:
    found = ((as_id(Fields(body).value("id")), body) for body in bodies)
    return {resource_id: body for resource_id, body in found if resource_id is not None}


def _size(properties: Fields, size: JsonObject | None) -> tuple[int | None, int | None]:
    row = Fields(size)
    wanted = properties.object("hardwareProfile").text("vmSize").casefold()
    if not wanted or row.text("name").casefold() != wanted:
        return None, None
    cores, constrained = cores_of(row.body), _CONSTRAINED.match(wanted)
    if cores is not None and constrained is not None:
        cores = min(cores, int(constrained[1]))
    return cores, memory_mib_of(row.body)


def size_of_sku(body: JsonObject) -> dict[str, str] | None:
    """Return name and capabilities of one resource SKU; None for what is no machine's size.

    Azure: ResourceSkus_List, ``capabilities`` are pairs of text,
    https://learn.microsoft.com/rest/api/compute/resource-skus/list
    """
    sku = Fields(body)
    if sku.text("resourceType").casefold() != "virtualmachines" or not sku.text("name"):
        return None
    told = {each.text("name"): each.text("value") for each in sku.objects("capabilities")}
    wanted = {name: told[name] for name in _CAPABILITIES if told.get(name)}
    return {"name": sku.text("name")} | wanted


def cores_of(size: JsonObject) -> int | None:
    """Return the vCPUs that a size offers: of a constrained one fewer than its hardware has."""
    return Fields(size).number("vCPUsAvailable", "vCPUs", "numberOfCores")


def memory_mib_of(size: JsonObject) -> int | None:
    """Return the memory of a size in MiB; SKUs tell it in GiB with decimals."""
    row = Fields(size)
    gib = as_decimal(row.value("MemoryGB"))
    if gib is None:
        return row.number("memoryInMB")
    mib = gib * 1024
    return as_number(round(mib)) if math.isfinite(mib) else None


def _power(view: Fields) -> str:
    codes = (status.text("code") for status in view.objects("statuses"))
    states = (code.partition("/") for code in codes)
    return next((state.casefold() for kind, _, state in states if kind == "PowerState"), "")


def _agent(view: Fields) -> str:
    statuses = view.object("vmAgent").objects("statuses")
    if not statuses:
        return ""
    ready = all(status.text("code") == "ProvisioningState/succeeded" for status in statuses)
    return "ready" if ready else "not ready"


def _disk_generation(os_disk: Fields, disks: _Resources) -> str:
    disk_id = os_disk.object("managedDisk").id("id")
    found = Fields(disks.get(disk_id) if disk_id else None)
    return found.object("properties").text("hyperVGeneration")


def _disks(storage: Fields, bodies: _Resources) -> tuple[TargetDisk, ...]:
    os_disk = _disk(storage.object("osDisk"), bodies, is_os=True)
    data = (_disk(disk, bodies, is_os=False) for disk in storage.objects("dataDisks"))
    return tuple(disk for disk in (os_disk, *data) if disk is not None)


def _disk(attached: Fields, bodies: _Resources, *, is_os: bool) -> TargetDisk | None:
    managed = attached.object("managedDisk")
    disk_id = managed.id("id")
    if disk_id is None:
        return None
    disk = Fields(bodies.get(disk_id))
    properties = disk.object("properties")
    return TargetDisk(
        id=disk_id,
        name=attached.text("name") or disk_id.name,
        is_os=is_os,
        lun=attached.number("lun"),
        size_gib=as_number(properties.value("diskSizeGB") or attached.value("diskSizeGB")),
        size_bytes=properties.number("diskSizeBytes"),
        sku=disk.object("sku").text("name") or managed.text("storageAccountType"),
        caching=attached.text("caching"),
        encryption_set_id=properties.object("encryption").shared_id("diskEncryptionSetId")
        or managed.object("diskEncryptionSet").id("id"),
    )


def _nics(network: Fields, bodies: _Resources) -> tuple[TargetNic, ...]:
    named = network.objects("networkInterfaces")
    pairs = ((reference.id("id"), reference) for reference in named)
    return tuple(_nic(nic_id, ref, bodies.get(nic_id)) for nic_id, ref in pairs if nic_id)


def _nic(nic_id: ResourceId, reference: Fields, body: JsonObject | None) -> TargetNic:
    properties = Fields(body).object("properties")
    primary = reference.object("properties").flag("primary")
    return TargetNic(
        id=nic_id,
        mac_address=properties.text("macAddress"),
        is_primary=properties.flag("primary") if primary is None else primary,
        addresses=tuple(_address(ip) for ip in properties.objects("ipConfigurations")),
        security_group_id=properties.object("networkSecurityGroup").shared_id("id"),
        accelerated=properties.flag("enableAcceleratedNetworking"),
    )


def _patch_mode(profile: Fields) -> str:
    """Return the patch mode; a machine that was migrated has no ``osProfile`` to tell it."""
    found = (
        profile.object(kind).object("patchSettings").text("patchMode")
        for kind in ("windowsConfiguration", "linuxConfiguration")
    )
    return next((mode for mode in found if mode), "")


def _address(configuration: Fields) -> TargetAddress:
    properties = configuration.object("properties")
    return TargetAddress(
        private_address=properties.text("privateIPAddress"),
        allocation=properties.text("privateIPAllocationMethod"),
        is_primary=properties.flag("primary"),
        subnet_id=properties.object("subnet").shared_id("id"),
        public_address_id=properties.object("publicIPAddress").id("id"),
    )


def _extensions(vm: Fields, view: Fields) -> Mapping[str, str]:
    states = {
        extension.text("name"): _status(extension) for extension in view.objects("extensions")
    }
    for resource in vm.objects("resources"):
        state = resource.object("properties").text("provisioningState")
        states[resource.text("name").rpartition("/")[2]] = state
    return {name: state for name, state in sorted(states.items()) if name}


def _status(extension: Fields) -> str:
    codes = (status.text("code") for status in extension.objects("statuses"))
    return next((code.partition("/")[2].capitalize() for code in codes if "/" in code), "")
