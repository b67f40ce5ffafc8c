"""A healthy machine is quiet, however much a migration changes; each real fault is loud."""

import copy

import pytest

from azstaging.model.differences import DiffClass

ONE = {"Files": ("file-01",)}
GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-files/providers"


@pytest.fixture
def machine(bench):
    """One migrated machine of the sample estate, with what migrations add to most."""
    b = bench(ONE)
    staging = b.as_("planner")
    vm = b.state.vm_id("file-01")
    b.state.change(vm, {"identity": {"type": "SystemAssigned"}})
    b.state.change(vm, {"tags.staging": "2026-01"})
    b.state.change(vm, {"properties.securityProfile": {"encryptionAtHost": True}})
    updates = {"windowsConfiguration": {"patchSettings": {"patchMode": "AutomaticByPlatform"}}}
    b.state.change(vm, {"properties.osProfile": updates})
    monitor = {"name": "AzureMonitorWindowsAgent", "properties": {"provisioningState": "Succeeded"}}
    b.state.change(vm, {"resources": [monitor]})
    staging.baseline(staging.inventory())
    return Machine(b, staging, vm)


class Machine:
    """What is changed about the machine, and what the diff then says."""

    def __init__(self, b, staging, vm):
        self.state, self.staging, self.vm = b.state, staging, vm
        body = b.state.body(vm)["properties"]
        self.nic = body["networkProfile"]["networkInterfaces"][0]["id"]
        self.disks = [
            body["storageProfile"]["osDisk"]["managedDisk"]["id"],
            *(disk["managedDisk"]["id"] for disk in body["storageProfile"]["dataDisks"]),
        ]

    def set(self, path, value):
        self.state.change(self.vm, {f"properties.{path}": value})

    def set_disk(self, index, path, value):
        self.state.change(self.disks[index], {path: value})

    def set_address(self, **values):
        body = self.state.body(self.nic)["properties"]["ipConfigurations"]
        body[0]["properties"] |= values
        self.state.change(self.nic, {"properties.ipConfigurations": body})

    def data_disks(self):
        return copy.deepcopy(self.state.body(self.vm)["properties"]["storageProfile"]["dataDisks"])

    def detach(self):
        self.set("storageProfile.dataDisks", self.data_disks()[:1])

    def attach(self):
        disk = self.data_disks()[0]
        disk |= {"name": "stray", "lun": 7, "diskSizeGB": 16}
        disk["managedDisk"] = {"id": f"{GROUP}/Microsoft.Compute/disks/stray"}
        self.set("storageProfile.dataDisks", [*self.data_disks(), disk])

    def diff(self):
        return self.staging.diff(self.staging.inventory())


def test_a_healthy_machine_is_quiet_though_much_is_new(machine):
    diff = machine.diff()
    assert [row.field for row in diff.where("suspicious")] == []
    assert len(diff.where("act")) <= 3
    assert len(diff.where("unknown")) == 0
    differing = {row.field for row in diff if row.cls is DiffClass.EXPECTED}
    assert len(differing) >= 12, sorted(differing)


FAULTS = {
    "another size": (lambda m: m.set("hardwareProfile.vmSize", "Standard_B2s"), "size"),
    "a smaller disk": (lambda m: m.set_disk(1, "properties.diskSizeGB", 64), "disk[1].size_gib"),
    "a slower disk": (lambda m: m.set_disk(1, "sku.name", "Standard_LRS"), "disk[1].type"),
    "another key": (
        lambda m: m.set_disk(
            1,
            "properties.encryption.diskEncryptionSetId",
            f"{GROUP}/Microsoft.Compute/diskEncryptionSets/odd",
        ),
        "disk[1].encryption_set",
    ),
    "a disk is gone": (Machine.detach, "disk_count"),
    "a disk too many": (Machine.attach, "disk_count"),
    "another region": (lambda m: m.state.change(m.vm, {"location": "northeurope"}), "region"),
    "another kind of boot": (lambda m: m.set("instanceView.hyperVGeneration", "V1"), "generation"),
    "another system": (lambda m: m.set("instanceView.osName", "Windows Server 2012 R2"), "os_name"),
    "another host name": (lambda m: m.set("instanceView.computerName", "WIN-7Q"), "host_name"),
    "address not retained": (
        lambda m: m.set_address(privateIPAddress="10.20.0.77"),
        "nic[0].address",
    ),
    "dynamic where static was planned": (
        lambda m: m.set_address(privateIPAllocationMethod="Dynamic"),
        "nic[0].allocation",
    ),
    "another network": (
        lambda m: m.set_address(
            subnet={"id": f"{GROUP}/Microsoft.Network/virtualNetworks/vnet-test/subnets/apps"}
        ),
        "nic[0].subnet",
    ),
    "a public address": (
        lambda m: m.set_address(
            publicIPAddress={"id": f"{GROUP}/Microsoft.Network/publicIPAddresses/pip"}
        ),
        "nic[0].public_address",
    ),
    "the wave of another workload": (
        lambda m: m.state.change(m.vm, {"tags.wave": "9"}),
        "tag[wave]",
    ),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_each_real_fault_is_suspicious(machine, name):
    assert len(FAULTS) >= 12
    plant, field = FAULTS[name]
    plant(machine)
    assert field in {row.field for row in machine.diff().where("suspicious")}
