"""Target machines: virtual machines, disks, network interfaces, sizes, SKUs, locks."""

from typing import NamedTuple

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.estate import Lock, Machine, Size
from azstaging.emulator.shapes.a2a import source_disk_id, source_nic
from azstaging.emulator.shapes.migration import os_name
from azstaging.emulator.shapes.scene import GIB, Json, Scene

VM_TYPE = "Microsoft.Compute/virtualMachines"
DISK_TYPE = "Microsoft.Compute/disks"
NIC_TYPE = "Microsoft.Network/networkInterfaces"


class _Vm(NamedTuple):
    """One VM of a machine: the migrated one, its test machine, or the source of A2A."""

    id: str
    name: str
    role: str
    size: str
    location: str
    provisioning: str
    power: str
    agent: str
    nic: str
    disks: tuple[str, ...]


def _describe(scene: Scene, machine: Machine, role: str) -> _Vm:
    ids = scene.ids
    count = range(len(machine.disks_gib))
    size = machine.actual_size or machine.size
    if role == "source":
        disks = tuple(source_disk_id(scene, machine, i) for i in count)
        power = "running" if machine.source_power == "ON" else "deallocated"
        nic = source_nic(scene, machine)
        vm_id, name, location = ids.source(machine), machine.key, "northeurope"
        return _Vm(vm_id, name, role, size, location, "Succeeded", power, "Ready", nic, disks)
    if role == "test":
        disks = tuple(f"{ids.disk(machine, i)}-test" for i in count)
        nic = f"{ids.nic(machine)}-test"
        vm_id, name = ids.test_vm(machine), machine.test_name
        location = machine.location
        return _Vm(vm_id, name, role, size, location, "Succeeded", "running", "Ready", nic, disks)
    return _Vm(
        ids.vm(machine),
        machine.vm_name,
        role,
        size,
        machine.location,
        machine.vm_state,
        machine.power,
        machine.agent,
        ids.nic(machine),
        tuple(ids.disk(machine, i) for i in count),
    )


def virtual_machine(scene: Scene, machine: Machine, role: str, view: str) -> Json:
    """Render a VM.

    Args:
        scene: the estate and its clock.
        machine: whose VM.
        role: ``target``, ``test`` or ``source``.
        view: ``model``, ``full`` (model and instance view), or ``status`` (``statusOnly``).
    """
    vm = _describe(scene, machine, role)
    identity: Json = {
        "provisioningState": vm.provisioning,
        "vmId": stable_guid("vmId", role, machine.key, machine.vm),
        "timeCreated": scene.since(60 * 48),
    }
    properties = identity if view == "status" else {**_model(machine, vm), **identity}
    if view != "model":
        properties["instanceView"] = _instance_view(scene, machine, vm)
    return {
        "name": vm.name,
        "id": vm.id,
        "type": VM_TYPE,
        "location": vm.location,
        "tags": dict(machine.tags),
        "properties": properties,
        "etag": '"1"',
    }


def _model(machine: Machine, vm: _Vm) -> Json:
    os_type = machine.os.title()
    licence = {"licenseType": "Windows_Server"} if machine.os == "windows" else {}
    return {
        "hardwareProfile": {"vmSize": vm.size},
        "storageProfile": {
            "osDisk": {
                "osType": os_type,
                "name": vm.disks[0].rpartition("/")[2],
                "createOption": "Attach",
                "caching": "ReadWrite",
                "managedDisk": {"storageAccountType": "Premium_LRS", "id": vm.disks[0]},
                "deleteOption": "Detach",
                "diskSizeGB": machine.disks_gib[0],
            },
            "dataDisks": [
                {
                    "lun": index,
                    "name": disk.rpartition("/")[2],
                    "createOption": "Attach",
                    "caching": "None",
                    "managedDisk": {"storageAccountType": "Premium_LRS", "id": disk},
                    "deleteOption": "Detach",
                    "diskSizeGB": machine.disks_gib[index + 1],
                    "toBeDetached": False,
                }
                for index, disk in enumerate(vm.disks[1:])
            ],
            "diskControllerType": "SCSI",
        },
        "networkProfile": {"networkInterfaces": [{"id": vm.nic, "properties": {"primary": True}}]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        **licence,
    }


def _status(code: str, display: str, time: str | None = None) -> Json:
    status = {"code": code, "level": "Info", "displayStatus": display}
    return {**status, "time": time} if time else status


def _instance_view(scene: Scene, machine: Machine, vm: _Vm) -> Json:
    since = scene.since(60 * 47)
    done = {
        "Succeeded": _status("ProvisioningState/succeeded", "Provisioning succeeded", since),
        "Failed": _status("ProvisioningState/failed/OSProvisioningTimedOut", "Failed", since),
    }.get(vm.provisioning) or _status(
        f"ProvisioningState/{vm.provisioning.lower()}", vm.provisioning, since
    )
    view: Json = {
        "disks": [
            {
                "name": disk.rpartition("/")[2],
                "statuses": [
                    _status("ProvisioningState/succeeded", "Provisioning succeeded", since)
                ],
            }
            for disk in vm.disks
        ],
        "hyperVGeneration": "V2",
        "statuses": [done, _status(f"PowerState/{vm.power}", f"VM {vm.power}")],
    }
    if vm.power != "running":
        return view
    ready = vm.agent == "Ready"
    code = "ProvisioningState/succeeded" if ready else "ProvisioningState/Unavailable"
    view["vmAgent"] = {
        "vmAgentVersion": "2.7.41491.1172" if ready else "Unknown",
        "statuses": [
            {
                "code": code,
                "level": "Info" if ready else "Warning",
                "displayStatus": vm.agent,
                "message": "GuestAgent is running and processing the extensions."
                if ready
                else "VM status blob is found but not yet populated.",
                "time": scene.since(2),
            }
        ],
    }
    if ready:
        view["computerName"] = machine.key
        view["osName"] = os_name(machine).removesuffix(" (64-bit)")
        view["osVersion"] = "10.0.17763.6293" if machine.os == "windows" else "22.04"
    return view


def managed_disk(scene: Scene, machine: Machine, role: str, index: int) -> Json:
    """Render a disk; ``role`` is target, test, source or seed (owned by no VM)."""
    if role == "seed":
        disk_id, owner, location = scene.ids.seed_disk(machine, index), None, machine.location
    else:
        vm = _describe(scene, machine, role)
        disk_id, owner, location = vm.disks[index], vm.id, vm.location
    size = machine.disks_gib[index]
    created = scene.since(60 * 48)
    properties: Json = {
        "hyperVGeneration": "V2",
        "supportsHibernation": False,
        "supportedCapabilities": {
            "diskControllerTypes": "SCSI",
            "acceleratedNetwork": True,
            "architecture": "x64",
        },
        "creationData": {"createOption": "Upload" if role == "seed" else "Copy"},
        "diskSizeGB": size,
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 100,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": created,
        "provisioningState": "Succeeded",
        "diskState": "Attached" if owner else "Unattached",
        "LastOwnershipUpdateTime": created,
        "diskSizeBytes": size * GIB,
        "uniqueId": stable_guid("disk", disk_id),
        "tier": "P6",
    }
    if index == 0:
        properties["osType"] = machine.os.title()
    return {
        "name": disk_id.rpartition("/")[2],
        "id": disk_id,
        "type": DISK_TYPE,
        "location": location,
        "tags": {},
        **({"managedBy": owner} if owner else {}),
        "sku": {"name": "Premium_LRS", "tier": "Premium"},
        "properties": properties,
    }


def network_interface(scene: Scene, machine: Machine, role: str) -> Json:
    """Render a network interface of the target, test or source VM."""
    vm = _describe(scene, machine, role)
    guid = stable_guid("nic", role, machine.key)
    etag = f'W/"{guid}"'
    mac = guid.replace("-", "").upper()
    network = scene.ids.network(machine)
    subnet = f"{network}/subnets/{machine.subnet}"
    address = machine.address if role == "target" else "10.99" + machine.address[5:]
    return {
        "name": vm.nic.rpartition("/")[2],
        "id": vm.nic,
        "etag": etag,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid,
            "ipConfigurations": [
                {
                    "name": "ipconfig1",
                    "id": f"{vm.nic}/ipConfigurations/ipconfig1",
                    "etag": etag,
                    "type": f"{NIC_TYPE}/ipConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": address,
                        "privateIPAllocationMethod": "Static",
                        "subnet": {"id": subnet},
                        "primary": True,
                        "privateIPAddressVersion": "IPv4",
                    },
                }
            ],
            "dnsSettings": {
                "dnsServers": [],
                "appliedDnsServers": [],
                "internalDomainNameSuffix": "internal.cloudapp.example",
            },
            "macAddress": "60-45-BD-" + "-".join(mac[i : i + 2] for i in (0, 2, 4)),
            "vnetEncryptionSupported": False,
            "enableIPForwarding": False,
            "enableAcceleratedNetworking": False,
            "networkSecurityGroup": {"id": _nsg(scene, machine)},
            "primary": True,
            "virtualMachine": {"id": vm.id},
            "hostedWorkloads": [],
            "tapConfigurations": [],
            "nicType": "Standard",
            "allowPort25Out": False,
            "auxiliaryMode": "None",
        },
        "type": NIC_TYPE,
        "location": vm.location,
        "kind": "Regular",
    }


def _nsg(scene: Scene, machine: Machine) -> str:
    group = scene.ids.target_group(machine)
    return f"{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-{machine.subnet}"


def vm_size(size: Size) -> Json:
    """Render one row of ``locations/{location}/vmSizes``."""
    return {
        "name": size.name,
        "numberOfCores": size.cores,
        "osDiskSizeInMB": 1047552,
        "resourceDiskSizeInMB": 0,
        "memoryInMB": size.memory_mib,
        "maxDataDiskCount": size.max_disks,
    }


def sku(size: Size, location: str) -> Json:
    """Render one row of ``Microsoft.Compute/skus``; every capability is text."""
    capabilities = {
        "vCPUs": str(size.cores),
        "vCPUsAvailable": str(size.cores),
        "MemoryGB": f"{size.memory_mib / 1024:g}",
        "MaxDataDiskCount": str(size.max_disks),
        "PremiumIO": "True",
        "HyperVGenerations": "V1,V2",
        "CpuArchitectureType": "x64",
    }
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": "standardDSv5Family",
        "locations": [location],
        "locationInfo": [{"location": location, "zones": ["1", "2", "3"], "zoneDetails": []}],
        "capabilities": [{"name": k, "value": v} for k, v in capabilities.items()],
        "restrictions": [],
    }


def lock_id(lock: Lock) -> str:
    """ARM id of a lock: an extension resource at its scope."""
    return f"{lock.scope}/providers/Microsoft.Authorization/locks/{lock.name}"


def lock_body(lock: Lock) -> Json:
    """Render a lock."""
    return {
        "properties": {"level": lock.level, "notes": lock.notes},
        "id": lock_id(lock),
        "type": "Microsoft.Authorization/locks",
        "name": lock.name,
    }
