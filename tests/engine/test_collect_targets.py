"""Which machine belongs to which item, and which machines are left-over tests."""

import json
from typing import Any

import pytest

from azstaging.errors import ServiceError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Phase


def _only(inventory: Any) -> Any:
    (row,) = inventory
    return row


def test_disks_find_a_machine_that_the_service_renamed(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.vms = [shapes.vm("app01-1b2c", "app01-os"), shapes.vm("app01", "stranger-os")]
    azure.disks = [shapes.disk("app01-os", "app01-1b2c"), shapes.disk("stranger-os", "app01")]
    target = _only(read(azure)).target
    assert (target.name, target.resolved_by, target.renamed) == ("app01-1b2c", "disks", True)


def test_ids_in_another_case_are_the_same(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.disks[0]["managedBy"] = azure.disks[0]["managedBy"].lower()
    azure.disks[0]["id"] = azure.disks[0]["id"].upper().replace("/SUBSCRIPTIONS", "/subscriptions")
    assert _only(read(azure)).target.name == "app01"


def test_disks_on_two_machines_are_ambiguous(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    body = azure.bodies[ResourceId(shapes.migration_id("app01", shapes.vault())).key]
    disks = body["properties"]["providerSpecificDetails"]["protectedDisks"]
    disks.append(disks[0] | {"targetManagedDiskId": shapes.disk_id("app01-data")})
    azure.vms.append(shapes.vm("other", "app01-data"))
    azure.disks.append(shapes.disk("app01-data", "other"))
    row = _only(read(azure))
    assert row.target is None
    assert row.target_unknown
    assert "app01, other" in row.target_note


def test_a_detached_data_disk_is_said(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    body = azure.bodies[ResourceId(shapes.migration_id("app01", shapes.vault())).key]
    disks = body["properties"]["providerSpecificDetails"]["protectedDisks"]
    disks.append(disks[0] | {"targetManagedDiskId": shapes.disk_id("app01-data")})
    azure.disks.append(shapes.disk("app01-data"))
    row = _only(read(azure))
    assert row.target.name == "app01"
    assert row.target_note == "not attached to it: app01-data"


def test_a_machine_that_only_borrows_a_disk_is_not_the_target(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.vms = [shapes.vm("rescue", "rescue-os", "app01-os")]
    azure.disks = [shapes.disk("app01-os", "rescue"), shapes.disk("rescue-os", "rescue")]
    row = _only(read(azure))
    assert row.target is None
    assert row.target_unknown
    assert "does not boot from its OS disk" in row.target_note


@pytest.mark.parametrize(
    ("disks", "words"),
    [(["app01-os"], "attached to no machine"), ([], "none of its target disks exists")],
)
def test_a_machine_that_is_gone_is_a_contradiction_and_not_a_stranger(
    shapes: Any, read: Any, disks: list[str], words: str
) -> None:
    azure = shapes.migrated("app01")
    azure.vms = [shapes.vm("app01", "stranger-os")]
    azure.disks = [shapes.disk(disk) for disk in disks]
    row = _only(read(azure))
    assert row.target is None
    assert row.phase is Phase.CONTRADICTION
    assert words in row.target_note


def test_an_owner_that_no_list_has_is_asked_for(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    late = azure.vms.pop()
    azure.get_virtual_machine = lambda _vm: late
    assert _only(read(azure)).target.name == "app01"


def test_an_owner_that_is_not_there_is_no_target(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.vms = []
    row = _only(read(azure))
    assert row.target is None
    assert not row.target_unknown
    assert "which is not there" in row.target_note


def test_an_owner_that_cannot_be_read_is_unknown(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.vms = []
    azure.refuse["get_virtual_machine", "*"] = ServiceError("broken", status=500)
    inventory = read(azure)
    assert _only(inventory).target_unknown
    assert [gap.scope for gap in inventory.gaps] == [ResourceId(shapes.vm_id("app01"))]


def test_without_the_disks_the_machines_tell(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.refuse["list_disks", shapes.subscription] = ServiceError("broken", status=500)
    inventory = read(azure)
    assert _only(inventory).target.name == "app01"
    assert not inventory.complete


def test_without_the_machines_the_target_is_unknown(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.refuse["list_virtual_machines", shapes.subscription] = ServiceError("no", status=500)
    inventory = read(azure)
    row = _only(inventory)
    assert row.target_unknown
    assert row.target is None
    assert row.phase is Phase.STAGED
    assert any("target: was not looked at" in clause for clause in row.phase_evidence)


def _named(shapes: Any, disk: dict[str, Any] | None = None, **details: Any) -> Any:
    """Return an Azure with one cut-over Hyper-V item, which names no target disk by id."""
    vault = shapes.vault()
    azure = shapes.migrated()
    azure.vaults = [str(vault)]
    body = shapes.protected_item(
        "hv01",
        vault,
        instanceType="HyperVReplicaAzure",
        recoveryAzureVmName="hv01",
        recoveryAzureResourceGroupId=shapes.group,
        azureVmDiskDetails=[
            {"vhdType": "OperatingSystem", "vhdName": "hv01-os", "maxSizeMB": str(64 * 1024)}
            | {"diskId": "D_0_0"}
            | (disk or {})
        ],
        **details,
    )
    body["properties"] |= {
        "protectionState": "PlannedFailoverCommitted",
        "activeLocation": "Recovery",
        "testFailoverState": "None",
        "currentScenario": {"scenarioName": "None"},
        "allowedOperations": ["DisableProtection"],
    }
    azure.protected[vault.key] = [body]
    return azure


SEED = {"diskId": "d_0_0", "seedManagedDiskId": "/subscriptions/s/disks/seed"}


@pytest.mark.parametrize("proof", ["names", "copies"])
def test_a_name_needs_the_disks_as_witnesses(shapes: Any, read: Any, proof: str) -> None:
    azure = _named(shapes, protectedManagedDisks=[SEED])
    disk = "hv01-os" if proof == "names" else "whatever"
    origin = "" if proof == "names" else SEED["seedManagedDiskId"]
    azure.vms = [shapes.vm("hv01", disk)]
    azure.disks = [shapes.disk(disk, "hv01", copied_from=origin)]
    row = _only(read(azure))
    assert row.target.resolved_by == "name"
    assert ("intended names" if proof == "names" else "copied") in row.target_note


@pytest.mark.parametrize("gib", [64, 65])
def test_a_name_alone_is_not_believed(shapes: Any, read: Any, gib: int) -> None:
    """A machine of an earlier try has the name, and disks of the same number and sizes."""
    azure = _named(shapes)
    azure.vms = [shapes.vm("hv01", "whatever")]
    azure.disks = [shapes.disk("whatever", "hv01", gib=gib)]
    row = _only(read(azure))
    assert row.target is None
    assert row.target_unknown
    assert "nothing proves" in row.target_note


@pytest.mark.parametrize("name", ["targetDiskName", "customTargetDiskName"])
def test_a_renamed_machine_is_found_by_the_names_of_its_disks(
    shapes: Any, read: Any, name: str
) -> None:
    azure = _named(shapes, {name: "HV01-OSdisk-00"})
    azure.vms = [shapes.vm("hv01", "whatever"), shapes.vm("hv01-5f0c1d2e", "hv01-osdisk-00")]
    azure.disks = [
        shapes.disk("whatever", "hv01"),
        shapes.disk("hv01-osdisk-00", "hv01-5f0c1d2e"),
    ]
    row = _only(read(azure))
    assert row.target.name == "hv01-5f0c1d2e"
    assert row.target.resolved_by == "name"
    assert row.target_note == "found by the names of its disks"
    assert row.target.renamed


@pytest.mark.parametrize("told", [{}, {"targetDiskName": "hv01-os"}])
def test_a_machine_of_an_image_is_not_the_one(shapes: Any, read: Any, told: dict[str, str]) -> None:
    azure = _named(shapes, told)
    azure.vms = [shapes.vm("hv01", "hv01-os", imageReference={"offer": "windows"})]
    azure.disks = [shapes.disk("hv01-os", "hv01")]
    row = _only(read(azure))
    assert (row.target, row.target_unknown) == (None, True)


@pytest.mark.parametrize(
    ("source", "believed"),
    [("disks/other", False), ("disks/seed", True), ("snapshots/other", True), ("", True)],
)
def test_a_disk_that_was_copied_from_somebody_elses_is_no_proof(
    shapes: Any, read: Any, source: str, believed: bool
) -> None:
    """A machine of an earlier try holds disks of the intended names; their seeds were others."""
    root = f"{shapes.group}/providers/Microsoft.Compute"
    seed = {"diskId": "d_0_0", "seedManagedDiskId": f"{root}/disks/seed"}
    azure = _named(shapes, {"targetDiskName": "hv01-os"}, protectedManagedDisks=[seed])
    azure.vms = [shapes.vm("hv01", "hv01-os")]
    azure.disks = [shapes.disk("hv01-os", "hv01", copied_from=f"{root}/{source}" if source else "")]
    row = _only(read(azure))
    assert (row.target is not None, row.target_unknown) == (believed, not believed)
    assert believed or "was copied from other" in row.target_note


def test_a_disk_that_was_added_since_is_no_disk_of_the_item(shapes: Any, read: Any) -> None:
    root = f"{shapes.group}/providers/Microsoft.Compute/disks"
    seed = {"diskId": "d_0_0", "seedManagedDiskId": f"{root}/seed"}
    azure = _named(shapes, {"targetDiskName": "hv01-os"}, protectedManagedDisks=[seed])
    azure.vms = [shapes.vm("hv01", "hv01-os", "added")]
    azure.disks = [
        shapes.disk("hv01-os", "hv01", copied_from=f"{root}/seed"),
        shapes.disk("added", "hv01", copied_from=f"{root}/other"),
    ]
    assert _only(read(azure)).target.name == "hv01"


def test_names_of_disks_lead_to_no_machine_that_is_not_listed(shapes: Any, read: Any) -> None:
    azure = _named(shapes, {"targetDiskName": "hv01-os"})
    azure.disks = [shapes.disk("hv01-os", "elsewhere")]
    row = _only(read(azure))
    assert (row.target, row.target_unknown) == (None, True)
    assert row.target_note == (
        "disks of the intended names belong to elsewhere, which was not listed"
    )


def test_one_machine_is_not_proven_for_two_items_by_names(shapes: Any, read: Any) -> None:
    azure = _named(shapes, {"targetDiskName": "hv01-os"})
    (item,) = azure.protected[shapes.vault().key]
    again = json.loads(json.dumps(item))
    again["id"] = again["id"].replace("/hv01", "/again")
    azure.protected[shapes.vault().key].append(again)
    azure.vms = [shapes.vm("hv01", "hv01-os")]
    azure.disks = [shapes.disk("hv01-os", "hv01")]
    rows = list(read(azure))
    assert [(row.target, row.target_unknown, row.test_machines) for row in rows] == [
        (None, True, ())
    ] * 2
    assert rows[0].target_note == (
        "the names of disks lead 2 items to hv01, so it is proven for none"
    )


def test_a_machine_without_managed_disks_is_the_one_that_its_item_names(
    shapes: Any, read: Any
) -> None:
    vault = shapes.vault()
    azure = shapes.empty(vaults=[str(vault)])
    body = shapes.protected_item(
        "v2",
        vault,
        instanceType="InMageAzureV2",
        targetVmId=shapes.vm_id("v2"),
        protectedDisks=[{"diskId": "{1}"}],
        protectedManagedDisks=[{"diskId": "{1}", "targetDiskName": "v2-os"}],
    )
    azure.protected[vault.key] = [body]
    vm = shapes.vm("v2", "unused")
    vm["properties"]["storageProfile"] = {"osDisk": {"vhd": {"uri": "https://x/os.vhd"}}}
    azure.vms = [vm]
    assert _only(read(azure)).target.resolved_by == "item"


@pytest.mark.parametrize("provider", ["A2A", "InMageAzureV2"])
@pytest.mark.parametrize("disks", ["detached", "gone"])
def test_a_machine_made_anew_under_its_id_is_not_the_one(
    shapes: Any, read: Any, disks: str, provider: str
) -> None:
    vault = shapes.vault()
    azure = shapes.empty(vaults=[str(vault)])
    told = {
        "A2A": {
            "recoveryFabricObjectId": shapes.vm_id("a2a01"),
            "protectedManagedDisks": [{"recoveryTargetDiskId": shapes.disk_id("a2a01-os")}],
        },
        "InMageAzureV2": {
            "targetVmId": shapes.vm_id("a2a01"),
            "protectedDisks": [{"diskId": "{1}"}],
            "protectedManagedDisks": [{"diskId": "{1}", "targetDiskName": "a2a01-os"}],
        },
    }
    body = shapes.protected_item("a2a01", vault, instanceType=provider, **told[provider])
    body["properties"] |= {
        "protectionState": "UnplannedFailoverCommitted",
        "activeLocation": "Recovery",
        "testFailoverState": "None",
    }
    azure.protected[vault.key] = [body]
    azure.vms = [shapes.vm("a2a01", "another")]
    azure.disks = [shapes.disk("another", "a2a01")]
    if disks == "detached":
        azure.disks.append(shapes.disk("a2a01-os"))
    row = _only(read(azure))
    assert (row.target, row.target_unknown) == (None, True)
    assert row.target_note == "the item names a2a01, which holds none of the item's disks"
    azure.vms = [shapes.vm("a2a01", "a2a01-os")]
    azure.disks = [shapes.disk("a2a01-os")]
    assert _only(read(azure)).target.resolved_by == "item"


def test_a_name_means_nothing_before_the_cutover(shapes: Any, read: Any) -> None:
    azure = _named(shapes)
    body = azure.protected[shapes.vault().key][0]
    body["properties"] |= {"protectionState": "Protected", "activeLocation": "Primary"}
    azure.vms = [shapes.vm("hv01", "hv01-os")]
    azure.disks = [shapes.disk("hv01-os", "hv01")]
    assert _only(read(azure)).target is None


def test_a_test_machine_is_found_by_its_name(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.vms.append(shapes.vm("App01-TEST", "something"))
    row = _only(read(azure))
    assert row.test_machines == (ResourceId(shapes.vm_id("app01-Test")),)
    assert row.target.name == "app01"


def test_a_test_machine_is_found_by_the_disks_it_was_copied_to(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.vms.append(shapes.vm("anything", "copy"))
    azure.disks.append(shapes.disk("copy", "anything", copied_from=shapes.disk_id("app01-os")))
    assert _only(read(azure)).test_machines == (ResourceId(shapes.vm_id("anything")),)


@pytest.mark.parametrize("listed", [True, False])
def test_a_test_machine_need_not_be_in_the_list_yet(shapes: Any, read: Any, listed: bool) -> None:
    azure = shapes.migrated("app01")
    azure.vms += [shapes.vm("elsewhere", "copy")] if listed else []
    azure.disks.append(shapes.disk("copy", "elsewhere", copied_from=shapes.disk_id("app01-os")))
    row = _only(read(azure))
    assert [each.name for each in row.test_machines] == ["elsewhere"]


def test_a_target_that_is_gone_is_no_test_machine(shapes: Any, read: Any) -> None:
    """Its disks are copies of the seed disks, and may name it for a while."""
    azure = shapes.migrated("app01")
    body = azure.bodies[ResourceId(shapes.migration_id("app01", shapes.vault())).key]
    (disk,) = body["properties"]["providerSpecificDetails"]["protectedDisks"]
    disk["seedManagedDiskId"] = shapes.disk_id("seed")
    azure.disks = [shapes.disk("app01-os", "app01", copied_from=shapes.disk_id("seed"))]
    azure.vms = []
    row = _only(read(azure))
    assert (row.target, row.test_machines) == (None, ())


def test_a_machine_that_has_the_name_of_the_test_machine_is_no_target(
    shapes: Any, read: Any
) -> None:
    azure = shapes.migrated("app01")
    azure.vms = [shapes.vm("app01-Test", "app01-os")]
    azure.disks = [shapes.disk("app01-os", "app01-Test")]
    row = _only(read(azure))
    assert row.target is None
    assert row.target_unknown
    assert "the name of its test machine" in row.target_note
    # What holds its disks may be the machine that people work on: nobody is told to clean it up.
    assert row.test_machines == ()


@pytest.mark.parametrize("disks", ["its own", "others"])
def test_a_name_without_place_for_the_suffix_is_no_test_machines(
    shapes: Any, read: Any, disks: str
) -> None:
    name = "a" * 64
    azure = shapes.migrated(name)
    if disks == "others":
        azure.vms = [shapes.vm(name, "restored")]
        azure.disks = [shapes.disk(f"{name}-os"), shapes.disk("restored", name)]
    row = _only(read(azure))
    assert row.test_machines == ()
    assert (row.target is not None) == (disks == "its own")


def test_a_test_machine_that_borrows_a_disk_of_the_item_is_found(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    body = azure.bodies[ResourceId(shapes.migration_id("app01", shapes.vault())).key]
    disks = body["properties"]["providerSpecificDetails"]["protectedDisks"]
    disks.append(disks[0] | {"targetManagedDiskId": shapes.disk_id("app01-data")})
    azure.vms.append(shapes.vm("app01-test", "test-os", "app01-data"))
    azure.disks += [shapes.disk("app01-data", "app01-test"), shapes.disk("test-os", "app01-test")]
    row = _only(read(azure))
    assert row.target_unknown
    assert [each.name for each in row.test_machines] == ["app01-test"]


def test_disks_of_machines_that_could_not_be_listed_tell_no_test_machine(
    shapes: Any, read: Any
) -> None:
    azure = shapes.migrated("app01")
    azure.disks.append(shapes.disk("copy", "elsewhere", copied_from=shapes.disk_id("app01-os")))
    azure.refuse["list_virtual_machines", shapes.subscription] = ServiceError("no", status=500)
    assert _only(read(azure)).test_machines == ()


def test_a_machine_from_an_image_is_somebody_elses(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.vms.append(shapes.vm("app01-test", "x", imageReference={"offer": "ubuntu"}))
    assert _only(read(azure)).test_machines == ()


def test_a_migrated_machine_called_test_is_no_test_machine(shapes: Any, read: Any) -> None:
    inventory = read(shapes.migrated("app01", "app01-test"))
    assert [row.test_machines for row in inventory] == [(), ()]


def test_a_long_name_is_cut_as_azure_cuts_it(shapes: Any, read: Any) -> None:
    name = "a" * 62
    azure = shapes.migrated(name)
    azure.vms.append(shapes.vm(name + "-t", "something"))
    assert [m.name for m in _only(read(azure)).test_machines] == [name + "-t"]


def test_a_moved_machine_has_its_source_from_the_vm_list(shapes: Any, read: Any) -> None:
    vault = shapes.vault()
    azure = shapes.empty(vaults=[str(vault)])
    azure.protected[vault.key] = [
        shapes.protected_item(
            "a2a01", vault, instanceType="A2A", fabricObjectId=shapes.vm_id("origin").lower()
        )
    ]
    azure.vms = [shapes.vm("origin", "origin-os")]
    azure.disks = [shapes.disk("origin-os", "origin")]
    azure.sizes = [{"name": "Standard_D2s_v5", "numberOfCores": 2, "memoryInMB": 8192}]
    source = _only(read(azure)).source
    assert (source.name, source.cores, len(source.disks)) == ("origin", 2, 1)
    assert not any(method == "get_resource" for method, _ in azure.calls)


def test_a_source_that_discovery_forgot_is_said_and_no_gap(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.machines = []
    inventory = read(azure)
    assert inventory.complete
    assert _only(inventory).source is None
    assert _only(inventory).source_note == "discovery does not know app01 any more"


def test_a_deleted_source_is_kept_and_said(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("app01")
    azure.machines[0]["properties"]["isDeleted"] = True
    row = _only(read(azure))
    assert row.source.is_deleted
    assert "deleted" in row.source_note
