"""Source machines: what discovery (Microsoft.OffAzure) or, for A2A, ARM says of them.

VMware, Hyper-V and server sites spell their machines alike but for case and a few names, and one
list holds ``windowsguest`` and ``windowsGuest`` side by side. -1 and null mean "not discovered".
"""

from collections.abc import Iterable

from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import packed
from azstaging.model.items import JsonObject
from azstaging.model.machines import SourceDisk, SourceMachine, SourceNic, TargetDisk, TargetMachine
from azstaging.model.times import parse_time
from azstaging.providers.compute import target_machine
from azstaging.providers.fields import Fields

_GIB = 1024**3
_POWER = {
    "on": "on",
    "running": "on",
    "poweredon": "on",
    "off": "off",
    "poweredoff": "off",
    "stopped": "off",
    "deallocated": "off",
}
_FIRMWARE = {"bios": "bios", "efi": "uefi", "uefi": "uefi"}
_GENERATIONS = {"1": "bios", "2": "uefi", "v1": "bios", "v2": "uefi"}
_FAMILIES = ("windows", "linux")


def source_machine(body: JsonObject) -> SourceMachine:
    """Read a machine of a VMware, Hyper-V or server site.

    Raises:
        UnexpectedResponseError: the body has no usable ARM id.
    """
    fields = Fields(body)
    machine_id = fields.id("id")
    if machine_id is None:
        raise UnexpectedResponseError(
            "A discovered machine came without a usable ARM id; nothing was read from it and "
            "nothing was changed.",
            pointer="/id",
        )
    properties = fields.object("properties")
    guest = properties.object("guestOSDetails")
    host = properties.object("operatingSystemDetails")
    return SourceMachine(
        id=machine_id,
        name=properties.text("displayName") or machine_id.name,
        cores=properties.number("numberOfProcessorCore"),
        memory_mib=properties.number("allocatedMemoryInMB"),
        os_family=_family(guest, host),
        os_name=guest.text("osName") or host.text("osName"),
        firmware=_firmware(properties),
        power=_POWER.get(properties.text("powerStatus").casefold(), ""),
        host_name=properties.text("vmFqdn") or properties.text("fqdn", "hydratedFqdn"),
        bios_id=properties.text("biosGuid") or properties.text("biosSerialNumber"),
        disks=tuple(_disk(disk) for disk in properties.objects("disks")),
        nics=tuple(_nic(nic) for nic in properties.objects("networkAdapters")),
        is_deleted=properties.flag("isDeleted") is True,
        updated_at=parse_time(properties.value("updatedTimestamp")),
        body=packed(body),
    )


def _family(*details: Fields) -> str:
    told = [of.text("osType") for of in details] + [of.text("osName") for of in details]
    for text in told:
        for family in _FAMILIES:
            if family in text.casefold():
                return family
    return ""


def _firmware(properties: Fields) -> str:
    told = _FIRMWARE.get(properties.text("firmware").casefold(), "")
    return told or _GENERATIONS.get(properties.text("generation").casefold(), "")


def _disk(disk: Fields) -> SourceDisk:
    # uuid: VMware; instanceId: Hyper-V; id: servers.
    return SourceDisk(
        id=disk.text("uuid") or disk.text("instanceId") or disk.text("id"),
        name=disk.text("label") or disk.text("name"),
        size_bytes=disk.number("maxSizeInBytes"),
        lun=disk.number("lun"),
        controller=disk.text("controllerType"),
    )


def _nic(nic: Fields) -> SourceNic:
    return SourceNic(
        id=nic.text("nicId"),
        mac_address=nic.text("macAddress"),
        addresses=nic.texts("ipAddressList"),
        network=nic.text("networkName") or nic.text("subnetName"),
    )


def source_from_vm(
    vm: JsonObject,
    *,
    nics: Iterable[JsonObject] = (),
    disks: Iterable[JsonObject] = (),
    size: JsonObject | None = None,
    held: JsonObject | None = None,
) -> SourceMachine:
    """Read the source VM of an A2A item; the arguments are those of `compute.target_machine`.

    Raises:
        UnexpectedResponseError: the VM has no ARM id.
    """
    machine = target_machine(vm, nics=nics, disks=disks, size=size, held=held)
    return SourceMachine(
        id=machine.id,
        name=machine.name,
        cores=machine.cores,
        memory_mib=machine.memory_mib,
        os_family=machine.os_family,
        os_name=machine.os_name,
        firmware=_GENERATIONS.get(machine.generation.casefold(), ""),
        power=_POWER.get(machine.power, ""),
        host_name=machine.computer_name,
        bios_id=machine.vm_id,
        disks=_source_disks(machine),
        nics=_source_nics(machine),
        size=machine.size,
        location=machine.location,
        licence_type=machine.licence_type,
        body=machine.body,
    )


def _source_disks(machine: TargetMachine) -> tuple[SourceDisk, ...]:
    return tuple(
        SourceDisk(id=disk.id.text, name=disk.name, size_bytes=_size_bytes(disk), lun=disk.lun)
        for disk in machine.disks
    )


def _size_bytes(disk: TargetDisk) -> int | None:
    if disk.size_bytes is not None or disk.size_gib is None:
        return disk.size_bytes
    return disk.size_gib * _GIB


def _source_nics(machine: TargetMachine) -> tuple[SourceNic, ...]:
    return tuple(
        SourceNic(
            id=nic.id.text,
            mac_address=nic.mac_address,
            addresses=tuple(ip.private_address for ip in nic.addresses if ip.private_address),
            network=next((ip.subnet_id.text for ip in nic.addresses if ip.subnet_id), ""),
        )
        for nic in machine.nics
    )
