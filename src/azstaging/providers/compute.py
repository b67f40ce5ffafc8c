"""ARM's JSON of virtual machines, network interfaces, disks and locks, as target machines."""

from collections.abc import Iterable, Mapping

from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId
from azstaging.model.items import JsonObject
from azstaging.model.machines import Lock, TargetAddress, TargetDisk, TargetMachine, TargetNic
from azstaging.model.times import parse_time
from azstaging.providers.fields import Fields, as_id, as_number, tags_of

_LOCK = "/providers/microsoft.authorization/locks/"


def target_machine(
    vm: JsonObject,
    *,
    nics: Iterable[JsonObject] = (),
    disks: Iterable[JsonObject] = (),
    size: JsonObject | None = None,
    locks: Iterable[Lock] = (),
    resolved_by: str = "",
    intended_name: str = "",
) -> TargetMachine:
    """Build a target machine from what ARM says of it and of its parts.

    Args:
        vm: the VM; power, agent and operating system need ``$expand=instanceView``.
        nics: any network interfaces; only those that the VM names are used. One that is named
            but not here keeps its id, with everything else not told.
        disks: any managed disks; as for ``nics``.
        size: the ``vmSizes`` row of the VM's size (name, numberOfCores, memoryInMB).
        locks: any locks; only those that cover the VM are used.
        resolved_by: how the VM was found: ``disks``, ``item``, ``name``.
        intended_name: the name that the replication item intended, or "".

    Raises:
        UnexpectedResponseError: the VM has no ARM id.
    """
    fields = Fields(vm)
    vm_id = _id_of(vm, "virtual machine")
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
        availability_set_id=properties.object("availabilitySet").id("id"),
        created_at=parse_time(properties.value("timeCreated")),
        disks=_disks(properties.object("storageProfile"), disk_bodies),
        nics=_nics(properties.object("networkProfile"), _by_id(nics)),
        extensions=_extensions(fields, view),
        tags=tags_of(fields.value("tags")) or {},
        locks=tuple(sorted((k for k in locks if vm_id.is_under(k.scope)), key=lambda k: k.id)),
        resolved_by=resolved_by,
        renamed=bool(intended_name) and intended_name.casefold() != name.casefold(),
        body=vm,
    )


def disk_owner(disk: JsonObject) -> ResourceId | None:
    """Return the id of the machine that the disk is attached to, or None: it is detached."""
    return Fields(disk).id("managedBy")


def lock_from(body: JsonObject) -> Lock:
    """Read a management lock; its scope is what stands before the lock in its id.

    Raises:
        UnexpectedResponseError: the body has no id of a lock.
    """
    lock_id = _id_of(body, "management lock")
    at = lock_id.key.rfind(_LOCK)
    if at <= 0:
        raise UnexpectedResponseError(
            f"{lock_id} was listed as a management lock and is none; nothing was changed.",
            pointer="/id",
            resource_id=lock_id.text,
        )
    level = Fields(body).object("properties").text("level")
    return Lock(id=lock_id, level=level, scope=ResourceId(lock_id.text[:at]))


def _id_of(body: JsonObject, what: str) -> ResourceId:
    found = as_id(Fields(body).value("id"))
    if found is None:
        raise UnexpectedResponseError(
            f"A {what} came without a usable ARM id; nothing was read from it and nothing was "
            "changed.",
            pointer="/id",
        )
    return found


def _by_id(bodies: Iterable[JsonObject]) -> Mapping[ResourceId, Fields]:
    found = ((Fields(body).id("id"), Fields(body)) for body in bodies)
    return {resource_id: fields for resource_id, fields in found if resource_id is not None}


def _size(properties: Fields, size: JsonObject | None) -> tuple[int | None, int | None]:
    row = Fields(size)
    wanted = properties.object("hardwareProfile").text("vmSize").casefold()
    if not wanted or row.text("name").casefold() != wanted:
        return None, None
    return row.number("numberOfCores"), row.number("memoryInMB")


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


def _disk_generation(os_disk: Fields, disks: Mapping[ResourceId, Fields]) -> str:
    disk_id = os_disk.object("managedDisk").id("id")
    found = disks.get(disk_id) if disk_id else None
    return found.object("properties").text("hyperVGeneration") if found else ""


def _disks(storage: Fields, bodies: Mapping[ResourceId, Fields]) -> tuple[TargetDisk, ...]:
    os_disk = _disk(storage.object("osDisk"), bodies, is_os=True)
    data = (_disk(disk, bodies, is_os=False) for disk in storage.objects("dataDisks"))
    return tuple(disk for disk in (os_disk, *data) if disk is not None)


def _disk(
    attached: Fields, bodies: Mapping[ResourceId, Fields], *, is_os: bool
) -> TargetDisk | None:
    managed = attached.object("managedDisk")
    disk_id = managed.id("id")
    if disk_id is None:
        return None
    disk = bodies.get(disk_id, Fields(None))
    properties = disk.object("properties")
    return TargetDisk(
        id=disk_id,
        name=attached.text("name") or disk_id.name,
        is_os=is_os,
        lun=attached.number("lun"),
        size_gib=as_number(properties.value("diskSizeGB") or attached.value("diskSizeGB")),
        size_bytes=properties.number("diskSizeBytes"),
        sku=disk.object("sku").text("name") or managed.text("storageAccountType"),
        encryption_set_id=properties.object("encryption").id("diskEncryptionSetId")
        or managed.object("diskEncryptionSet").id("id"),
    )


def _nics(network: Fields, bodies: Mapping[ResourceId, Fields]) -> tuple[TargetNic, ...]:
    named = network.objects("networkInterfaces")
    pairs = ((reference.id("id"), reference) for reference in named)
    return tuple(_nic(nic_id, ref, bodies.get(nic_id)) for nic_id, ref in pairs if nic_id)


def _nic(nic_id: ResourceId, reference: Fields, body: Fields | None) -> TargetNic:
    properties = (body or Fields(None)).object("properties")
    primary = reference.object("properties").flag("primary")
    return TargetNic(
        id=nic_id,
        mac_address=properties.text("macAddress"),
        is_primary=properties.flag("primary") if primary is None else primary,
        addresses=tuple(_address(ip) for ip in properties.objects("ipConfigurations")),
        security_group_id=properties.object("networkSecurityGroup").id("id"),
        accelerated=properties.flag("enableAcceleratedNetworking"),
    )


def _address(configuration: Fields) -> TargetAddress:
    properties = configuration.object("properties")
    return TargetAddress(
        private_address=properties.text("privateIPAddress"),
        allocation=properties.text("privateIPAllocationMethod"),
        is_primary=properties.flag("primary"),
        subnet_id=properties.object("subnet").id("id"),
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
