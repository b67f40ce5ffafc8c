"""Target machines, locks and source machines from ARM's and discovery's JSON."""

from typing import Any

import pytest

from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId
from azstaging.providers.compute import (
    attached_ids,
    disk_owner,
    lock_from,
    machine_id,
    size_of_sku,
    target_machine,
)
from azstaging.providers.discovery import source_from_vm, source_machine

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/app01"
DISK = f"{GROUP}/providers/Microsoft.Compute/disks/app01-"
NIC = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic-app01-00"
LOCK = "/providers/Microsoft.Authorization/locks/keep"


def _vm(**properties: Any) -> dict[str, Any]:
    return {
        "id": VM,
        "name": "app01",
        "location": "westeurope",
        "zones": ["1"],
        "properties": {
            "vmId": "4237f71e",
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "provisioningState": "Succeeded",
            "storageProfile": {
                "osDisk": {
                    "osType": "Windows",
                    "name": "app01-os",
                    "managedDisk": {"id": f"{DISK}os"},
                },
                "dataDisks": [
                    {
                        "lun": 0,
                        "name": "app01-data",
                        "diskSizeGB": 64,
                        "managedDisk": {
                            "id": f"{DISK}data",
                            "storageAccountType": "StandardSSD_LRS",
                            "diskEncryptionSet": {"id": f"{GROUP}/des/x"},
                        },
                    }
                ],
            },
            "networkProfile": {"networkInterfaces": [{"id": NIC.upper()}]},
            **properties,
        },
    }


def test_parts_are_found_without_case_and_others_passed_by() -> None:
    nic = {
        "id": NIC,
        "properties": {
            "macAddress": "60-45-BD",
            "primary": True,
            "enableAcceleratedNetworking": False,
            "networkSecurityGroup": {"id": f"{GROUP}/nsg"},
            "ipConfigurations": [
                {
                    "properties": {
                        "privateIPAddress": "10.1.0.4",
                        "privateIPAllocationMethod": "Static",
                        "primary": True,
                        "subnet": {"id": f"{GROUP}/vnet/subnets/app"},
                        "publicIPAddress": {"id": f"{GROUP}/pip"},
                    }
                }
            ],
        },
    }
    disks = [
        {
            "id": f"{DISK}OS",
            "sku": {"name": "Premium_LRS"},
            "properties": {
                "diskSizeGB": 40,
                "diskSizeBytes": 42949672960,
                "hyperVGeneration": "V2",
            },
        },
        {"id": f"{GROUP}/disks/stranger", "properties": {"diskSizeGB": 1}},
        {"properties": {}},
    ]
    machine = target_machine(_vm(), nics=[nic, {"id": f"{GROUP}/nics/stranger"}], disks=disks)
    os_disk, data_disk = machine.disks
    assert (os_disk.is_os, os_disk.size_gib, os_disk.size_bytes, os_disk.sku) == (
        True,
        40,
        42949672960,
        "Premium_LRS",
    )
    assert (data_disk.lun, data_disk.size_gib, data_disk.sku) == (0, 64, "StandardSSD_LRS")
    assert data_disk.encryption_set_id == ResourceId(f"{GROUP}/des/x")
    assert machine.generation == "V2"
    [adapter] = machine.nics
    assert (adapter.is_primary, adapter.accelerated) == (True, False)
    assert adapter.addresses[0].subnet_id == ResourceId(f"{GROUP}/vnet/subnets/app")
    assert adapter.addresses[0].public_address_id == ResourceId(f"{GROUP}/pip")


def test_parts_that_were_not_read_keep_their_ids() -> None:
    machine = target_machine(_vm())
    assert [disk.id for disk in machine.disks] == [
        ResourceId(f"{DISK}os"),
        ResourceId(f"{DISK}data"),
    ]
    assert [nic.id for nic in machine.nics] == [ResourceId(NIC)]
    assert machine.nics[0].addresses == ()
    assert (machine.power, machine.agent, machine.cores) == ("", "", None)


def test_a_name_that_the_service_changed() -> None:
    assert target_machine(_vm(), intended_name="app01-old").renamed
    assert not target_machine(_vm(), intended_name="APP01").renamed
    assert not target_machine(_vm()).renamed


@pytest.mark.parametrize(
    ("statuses", "power"),
    [
        ([{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/running"}], "running"),
        ([{"code": "PowerState/deallocated"}], "deallocated"),
        ([{"code": "ProvisioningState/failed/X"}], ""),
        (None, ""),
    ],
)
def test_power(statuses: object, power: str) -> None:
    assert target_machine(_vm(instanceView={"statuses": statuses})).power == power


@pytest.mark.parametrize(
    ("view", "agent"),
    [
        ({"vmAgent": {"statuses": [{"code": "ProvisioningState/succeeded"}]}}, "ready"),
        ({"vmAgent": {"statuses": [{"code": "ProvisioningState/Unavailable"}]}}, "not ready"),
        ({"vmAgent": {"statuses": []}}, ""),
        ({}, ""),
    ],
)
def test_agent(view: dict[str, Any], agent: str) -> None:
    assert target_machine(_vm(instanceView=view)).agent == agent


def test_a_size_row_of_another_size_is_not_believed() -> None:
    row = {"name": "Standard_D8s_v5", "numberOfCores": 8, "memoryInMB": 32768}
    machine = target_machine(_vm(), size=row)
    assert (machine.cores, machine.memory_mib) == (None, None)
    nameless = {"numberOfCores": 8, "memoryInMB": 32768}
    assert target_machine(_vm(hardwareProfile=None), size=nameless).cores is None
    machine = target_machine(_vm(), size={**row, "name": "STANDARD_D2S_V5"})
    assert (machine.cores, machine.memory_mib) == (8, 32768)


def test_extensions_come_from_the_resources_and_the_instance_view() -> None:
    view = {
        "extensions": [
            {"name": "Agent", "statuses": [{"code": "ProvisioningState/failed"}]},
            {"name": "Monitor", "statuses": [{"code": "ProvisioningState/succeeded"}]},
            {"name": "Odd", "statuses": None},
        ]
    }
    resources = [{"name": "app01/Monitor", "properties": {"provisioningState": "Updating"}}]
    machine = target_machine({**_vm(instanceView=view), "resources": resources})
    assert machine.extensions == {"Agent": "Failed", "Monitor": "Updating", "Odd": ""}


def test_locks_above_the_machine_cover_it() -> None:
    scopes = (SUBSCRIPTION, GROUP, VM, f"{GROUP}2", f"{VM}2")
    locks = [
        lock_from({"id": scope + LOCK, "properties": {"level": "CanNotDelete"}}) for scope in scopes
    ]
    machine = target_machine(_vm(), locks=reversed(locks))
    assert [lock.scope for lock in machine.locks] == [
        ResourceId(s) for s in (SUBSCRIPTION, GROUP, VM)
    ]


def test_a_lock_is_read_in_any_case() -> None:
    lock = lock_from({"id": (VM + LOCK).upper(), "properties": {"level": "ReadOnly"}})
    assert (lock.scope, lock.level) == (ResourceId(VM), "ReadOnly")


def test_a_name_that_grows_when_it_is_folded_does_not_move_the_scope() -> None:
    group = f"{SUBSCRIPTION}/resourceGroups/Stra\u00dfe"
    assert str(lock_from({"id": group + LOCK}).scope) == group


@pytest.mark.parametrize("body", [{}, {"id": VM}, {"id": LOCK}])
def test_what_is_no_lock_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponseError):
        lock_from(body)


def test_a_machine_without_an_id_is_refused() -> None:
    with pytest.raises(UnexpectedResponseError):
        target_machine({"properties": {}})
    with pytest.raises(UnexpectedResponseError):
        source_machine({"properties": {}})


def test_a_detached_disk_has_no_owner() -> None:
    assert disk_owner({"id": f"{DISK}os", "managedBy": None}) is None
    assert disk_owner({"id": f"{DISK}os", "managedBy": VM}) == ResourceId(VM)


def test_what_hangs_on_a_machine() -> None:
    assert attached_ids(_vm()) == tuple(
        ResourceId(text) for text in (f"{DISK}os", f"{DISK}data", NIC)
    )


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (VM, True),
        (VM.lower(), True),
        (VM.removesuffix("app01"), False),
        (VM + "/extensions/x", False),
        (f"{DISK}os", False),
        (None, False),
        ("", False),
    ],
)
def test_the_id_of_a_machine(told: object, found: bool) -> None:
    assert (machine_id(told) is not None) is found


SITE = f"{GROUP}/providers/Microsoft.OffAzure"


def _discovered(**properties: Any) -> dict[str, Any]:
    return {"id": f"{SITE}/VMwareSites/s/machines/m", "properties": properties}


@pytest.mark.parametrize("spelling", ["allocatedMemoryInMB", "allocatedMemoryInMb"])
def test_memory_in_both_spellings(spelling: str) -> None:
    assert source_machine(_discovered(**{spelling: 4096.0})).memory_mib == 4096


@pytest.mark.parametrize(
    ("told", "family"),
    [
        ({"osType": "windowsguest"}, "windows"),
        ({"osType": "windowsGuest"}, "windows"),
        ({"osType": "linuxguest"}, "linux"),
        ({"osType": "linuxGuest"}, "linux"),
        ({"osType": None, "osName": "Windows Server 2016 Standard"}, "windows"),
        ({"osType": "otherguest"}, ""),
        (None, ""),
    ],
)
def test_families_of_operating_systems(told: object, family: str) -> None:
    body = _discovered(operatingSystemDetails=told, guestOSDetails={"osType": None})
    assert source_machine(body).os_family == family


def test_what_the_guest_says_goes_before_what_the_host_says() -> None:
    machine = source_machine(
        _discovered(
            guestOsDetails={"osType": "Linux", "osName": "Debian 12"},
            operatingSystemDetails={"osType": "otherguest", "osName": "Other (64-bit)"},
        )
    )
    assert (machine.os_family, machine.os_name) == ("linux", "Debian 12")


@pytest.mark.parametrize(
    ("properties", "firmware"),
    [
        ({"firmware": "bios"}, "bios"),
        ({"firmware": "EFI"}, "uefi"),
        ({"firmware": "UEFI"}, "uefi"),
        ({"generation": 1}, "bios"),
        ({"generation": 2, "firmware": None}, "uefi"),
        ({"firmware": "other"}, ""),
    ],
)
def test_firmware(properties: dict[str, Any], firmware: str) -> None:
    assert source_machine(_discovered(**properties)).firmware == firmware


@pytest.mark.parametrize(
    ("status", "power"),
    [("ON", "on"), ("OFF", "off"), ("Running", "on"), ("Off", "off"), ("Saved", ""), (None, "")],
)
def test_source_power(status: object, power: str) -> None:
    assert source_machine(_discovered(powerStatus=status)).power == power


def test_minus_one_and_absent_are_not_zero() -> None:
    machine = source_machine(_discovered(numberOfProcessorCore=-1))
    assert (machine.cores, machine.memory_mib, machine.disks) == (None, None, ())


def test_a_row_of_a_machine_that_is_gone() -> None:
    assert source_machine(_discovered(isDeleted=True)).is_deleted
    assert source_machine(_discovered(isDeleted="true")).is_deleted
    assert not source_machine(_discovered(isDeleted=None)).is_deleted


def test_disks_and_adapters_of_all_three_kinds_of_sites() -> None:
    machine = source_machine(
        _discovered(
            disks=[
                {"uuid": "6000", "label": "Hard disk 1", "name": "scsi0:0", "maxSizeInBytes": 1},
                {"instanceId": "Microsoft:96", "vhdId": "v", "name": "22", "lun": 0},
                {"id": "sda", "generatedId": "g", "name": "/dev/sda"},
            ],
            networkAdapters=[
                {"nicId": "4000", "macAddress": "00:50", "networkName": "VM Network"},
                {"nicId": "n", "subnetName": "Switch", "ipAddressList": ["10.0.0.4", "fe80::1"]},
            ],
            fqdn="app01.contoso.example",
        )
    )
    assert [disk.id for disk in machine.disks] == ["6000", "Microsoft:96", "sda"]
    assert [disk.name for disk in machine.disks] == ["Hard disk 1", "22", "/dev/sda"]
    assert [nic.network for nic in machine.nics] == ["VM Network", "Switch"]
    assert machine.nics[1].addresses == ("10.0.0.4", "fe80::1")
    assert machine.host_name == "app01.contoso.example"


def test_the_source_of_a_region_move_is_a_virtual_machine() -> None:
    view = {"hyperVGeneration": "V1", "statuses": [{"code": "PowerState/deallocated"}]}
    source = source_from_vm(_vm(instanceView=view))
    assert (source.id, source.name, source.os_family) == (ResourceId(VM), "app01", "windows")
    assert (source.power, source.firmware, source.bios_id) == ("off", "bios", "4237f71e")
    assert [disk.size_bytes for disk in source.disks] == [None, 64 * 1024**3]


@pytest.mark.parametrize(
    ("size", "listed", "cores"),
    [
        ("Standard_E8-4s_v5", 8, 4),
        ("Standard_E8-4s_v5", 4, 4),
        ("standard_m64-16ms", 64, 16),
        ("Standard_E8s_v5", 8, 8),
        ("Standard_E8-4s_v5", None, None),
    ],
)
def test_a_constrained_size_has_the_cores_that_its_name_offers(
    size: str, listed: int | None, cores: int | None
) -> None:
    """The list of sizes may name all cores of a constrained size, or those that it offers."""
    row = {"name": size.upper(), "numberOfCores": listed, "memoryInMB": 65536}
    machine = target_machine(_vm(hardwareProfile={"vmSize": size}), size=row)
    assert (machine.cores, machine.memory_mib) == (cores, 65536)


@pytest.mark.parametrize(
    ("capabilities", "cores", "memory_mib"),
    [
        ({"vCPUs": "8", "MemoryGB": "64"}, 8, 65536),
        ({"vCPUs": "8", "vCPUsAvailable": "4", "MemoryGB": "3.5"}, 4, 3584),
        ({"MemoryGB": "0.75"}, None, 768),
        ({"vCPUs": "8", "MemoryGB": "much"}, 8, None),
        ({"MemoryGB": "1e20"}, None, None),
        ({"MemoryGB": "1e308"}, None, None),
        ({}, None, None),
    ],
)
def test_a_resource_sku_tells_cores_and_memory(
    capabilities: dict[str, str], cores: int | None, memory_mib: int | None
) -> None:
    pairs = [{"name": name, "value": value} for name, value in capabilities.items()]
    sku = {"resourceType": "virtualMachines", "name": "Standard_X", "capabilities": pairs}
    machine = target_machine(_vm(hardwareProfile={"vmSize": "standard_x"}), size=size_of_sku(sku))
    assert (machine.cores, machine.memory_mib) == (cores, memory_mib)


def test_a_disk_is_no_size_of_a_machine() -> None:
    assert size_of_sku({"resourceType": "disks", "name": "Premium_LRS"}) is None
    assert size_of_sku({"resourceType": "virtualMachines"}) is None
