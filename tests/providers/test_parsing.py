"""What each provider reads of its own part, where no recording shows it."""

from typing import Any

import pytest

from azstaging.errors import Effect, UnexpectedResponseError
from azstaging.model.ids import ResourceId
from azstaging.model.items import Collection, ReplicatedItem
from azstaging.providers import PROVIDERS, UNKNOWN, facts_of, parse_item, provider_for
from azstaging.providers.interface import Provider

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/vlt"
CONTAINER = f"{VAULT}/replicationFabrics/fab/replicationProtectionContainers/con"
ITEM = f"{CONTAINER}/replicationProtectedItems/itm"
MIGRATION = f"{CONTAINER}/replicationMigrationItems/itm"
DISK = f"{GROUP}/providers/Microsoft.Compute/disks/"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/"


def _read(instance_type: str, details: dict[str, Any], **properties: Any) -> ReplicatedItem:
    specific = {"instanceType": instance_type, **details}
    body = {"id": ITEM, "properties": {"providerSpecificDetails": specific, **properties}}
    return parse_item(body, Collection.PROTECTED_ITEMS)


def test_the_envelope() -> None:
    item = _read("InMageRcm", {}, friendlyName="app02", eventCorrelationId="g7")
    assert (item.name, item.generation, item.fabric, item.container) == (
        "app02",
        "g7",
        "fab",
        "con",
    )
    assert item.vault_id == ResourceId(VAULT)
    assert item.running_job == ""


@pytest.mark.parametrize("told", [None, "", "  ", 3.5, {}])
def test_a_generation_that_is_not_told_is_none(told: object) -> None:
    assert _read("InMageRcm", {}, eventCorrelationId=told).generation is None


def test_without_a_display_name_the_resource_name_is_shown() -> None:
    assert _read("InMageRcm", {}, friendlyName=None).name == "itm"


def test_a_running_job_is_named() -> None:
    job = {"scenarioName": "EnableProtection", "jobId": "/x"}
    assert _read("InMageRcm", {}, currentScenario=job).running_job == "EnableProtection"


def test_agent_based_item_with_the_simplified_appliance() -> None:
    item = _read(
        "InMageRcm",
        {
            "fabricDiscoveryMachineId": f"{GROUP}/providers/Microsoft.OffAzure/VMwareSites/s"
            "/machines/m",
            "processorCoreCount": 4,
            "allocatedMemoryInMB": 8192.0,
            "osType": "Windows",
            "firmwareType": "UEFI",
            "targetVmName": "app02",
            "targetVmSize": "Standard_D4s_v5",
            "targetVmTags": [{"tagName": "env", "tagValue": "prd"}],
            "targetVmSecurityProfile": {"targetVmSecureBoot": "Enabled"},
            "targetNetworkId": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vn",
            "lastRpoInSeconds": 300,
            "discoveredVmDetails": {"powerStatus": "OFF", "ipAddresses": ["10.0.0.4"]},
            "protectedDisks": [
                {
                    "diskId": "d0",
                    "diskName": "disk0",
                    "isOSDisk": "true",
                    "capacityInBytes": 42949672960,
                    "targetManagedDiskId": f"{DISK}app02-os",
                    "seedManagedDiskId": f"{DISK}asrseeddisk-app02",
                    "diskType": "Premium_LRS",
                }
            ],
            "vmNics": [
                {
                    "nicId": "4000",
                    "isPrimaryNic": "true",
                    "isSelectedForFailover": "true",
                    "targetIPAddress": "10.1.0.4",
                    "targetIPAddressType": "Static",
                    "targetSubnetName": "app",
                }
            ],
        },
    )
    assert item.source_id is not None
    assert item.source_id.name == "m"
    assert (item.source.cores, item.source.memory_mib, item.source.power) == (4, 8192, "OFF")
    assert item.source.addresses == ("10.0.0.4",)
    assert item.settings.tags == {"env": "prd"}
    assert item.settings.secure_boot is True
    assert item.rpo_seconds == 300
    assert item.test_target_name == "app02-test"
    assert item.target_id is None
    [disk] = item.disks
    assert (disk.is_os, disk.target_disk_id) == (True, ResourceId(f"{DISK}APP02-OS"))
    [nic] = item.nics
    assert (nic.is_selected, nic.target_address, nic.target_subnet) == (True, "10.1.0.4", "app")


def test_classic_agent_based_item_after_failover() -> None:
    item = _read(
        "InMageAzureV2",
        {
            "targetVmId": f"{VM}app05",
            "osDiskId": "{1}",
            "protectedDisks": [
                {"diskId": "{1}", "diskName": "Disk0", "diskCapacityInBytes": 1},
                {"diskId": "{2}", "diskName": "Disk1"},
            ],
            "protectedManagedDisks": [
                {
                    "diskId": "{2}",
                    "seedManagedDiskId": f"{DISK}seed2",
                    "replicaDiskType": "Premium_LRS",
                }
            ],
        },
    )
    assert item.target_id == ResourceId(f"{VM}app05")
    assert [disk.is_os for disk in item.disks] == [True, False]
    assert item.disks[1].seed_disk_id == ResourceId(f"{DISK}seed2")
    assert item.disks[1].target_type == "Premium_LRS"


def test_region_move_names_its_machines() -> None:
    item = _read(
        "A2A",
        {
            "fabricObjectId": f"{VM}app03".lower(),
            "recoveryFabricObjectId": f"{VM}app03-moved",
            "testFailoverRecoveryFabricObjectId": f"{VM}app03-test",
            "tfoAzureVMName": "app03-test",
            "protectedDisks": [
                {"diskName": "os", "diskType": "OperatingSystem", "diskCapacityInBytes": 5}
            ],
            "protectedManagedDisks": [
                {"diskId": f"{DISK}d", "recoveryTargetDiskId": f"{DISK}d-moved", "diskType": "Data"}
            ],
        },
    )
    assert item.source_id == ResourceId(f"{VM}APP03")
    assert item.target_id == ResourceId(f"{VM}app03-moved")
    assert (item.test_target_id, item.test_target_name) == (
        ResourceId(f"{VM}app03-test"),
        "app03-test",
    )
    assert [disk.is_os for disk in item.disks] == [False, True]
    assert item.disks[0].target_disk_id == ResourceId(f"{DISK}d-moved")


def test_failback_knows_its_azure_machine() -> None:
    item = _read(
        "InMageRcmFailback",
        {
            "azureVirtualMachineId": f"{VM}app02-1b2c3d4e",
            "protectedDisks": [{"diskUuid": "u", "isOSDisk": "true", "capacityInBytes": 7}],
            "vmNics": [{"macAddress": "00:50", "sourceIpAddress": "10.1.0.4"}],
        },
    )
    assert item.target_id == ResourceId(f"{VM}app02-1b2c3d4e")
    assert (item.disks[0].source_id, item.disks[0].size_bytes) == ("u", 7)
    assert item.nics[0].source_address == "10.1.0.4"


def test_agentless_item_intends_a_trusted_launch_machine() -> None:
    details = {
        "instanceType": "VMwareCbt",
        "targetVmName": "app01",
        "targetVmSecurityProfile": {"isTargetVmSecureBootEnabled": "true"},
        "protectedDisks": [{"diskId": "6000", "targetManagedDiskId": f"{DISK}app01-os"}],
    }
    body = {"id": MIGRATION, "properties": {"providerSpecificDetails": details}}
    item = parse_item(body, Collection.MIGRATION_ITEMS)
    assert item.settings.secure_boot is True
    assert item.test_target_name == "app01-Test"
    assert item.detailed
    assert item.disks[0].target_disk_id == ResourceId(f"{DISK}app01-os")


def test_a_state_of_the_envelope_goes_before_one_of_the_details() -> None:
    item = _read("InMageRcm", {"resyncState": "None", "activeLocation": "x"}, activeLocation="y")
    assert dict(item.raw) == {"activeLocation": "y", "resyncState": "None"}


def test_an_unknown_provider_keeps_everything() -> None:
    item = _read("Teleport", {"beam": 9}, friendlyName="app09", protectionState="Beamed")
    assert (item.provider, item.name) == ("Teleport", "app09")
    assert item.raw["protectionState"] == "Beamed"
    assert item.body["properties"]["providerSpecificDetails"]["beam"] == 9
    assert facts_of(item).unrecognised == ("instanceType=Teleport",)


def test_a_known_provider_in_another_collection_is_unknown() -> None:
    item = _read("VMwareCbt", {}, protectionState="Protected", activeLocation="Primary")
    assert item.provider == "VMwareCbt"
    assert facts_of(item).unrecognised == ("instanceType=VMwareCbt",)


ODD = [(5, "5"), (True, "bool"), ({}, "dict"), (["Paused"], "list"), (None, "null"), ("", '""')]


@pytest.mark.parametrize(("given", "told"), ODD)
@pytest.mark.parametrize("field", ["migrationState", "replicationStatus", "testMigrateState"])
def test_a_state_of_a_migration_item_that_is_no_text_is_not_known(
    field: str, given: object, told: str
) -> None:
    states = {
        "migrationState": "MigrationSucceeded",
        "replicationStatus": "Paused",
        "testMigrateState": "None",
        "currentJob": {"jobName": "None"},
    }
    details = {"instanceType": "VMwareCbt"}

    def facts(changed: dict[str, object]) -> Any:
        properties = {"providerSpecificDetails": details, **states, **changed}
        body = {"id": MIGRATION, "properties": properties}
        return facts_of(parse_item(body, Collection.MIGRATION_ITEMS))

    assert facts({}).unrecognised == ()
    assert facts({field: given}).unrecognised == (f"{field}={told}",)


@pytest.mark.parametrize(("given", "told"), [pair for pair in ODD if pair[0] not in ("", None)])
@pytest.mark.parametrize("field", ["protectionState", "activeLocation", "testFailoverState"])
def test_a_state_of_a_protected_item_that_is_no_text_is_not_known(
    field: str, given: object, told: str
) -> None:
    states = {
        "protectionState": "PlannedFailoverCommitted",
        "activeLocation": "Recovery",
        "testFailoverState": "None",
        "currentScenario": None,
    }
    assert facts_of(_read("InMageRcm", {}, **states)).unrecognised == ()
    changed = facts_of(_read("InMageRcm", {}, **states | {field: given}))
    assert changed.unrecognised == (f"{field}={told}",)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.instance_type)
def test_each_provider_is_found_by_its_exact_instance_type(provider: Provider) -> None:
    assert provider_for(provider.instance_type) is provider
    assert provider_for(provider.instance_type.lower()) is UNKNOWN


def test_which_providers_there_are() -> None:
    assert {provider.instance_type for provider in PROVIDERS} == {
        "VMwareCbt",
        "InMageRcm",
        "InMageRcmFailback",
        "InMageAzureV2",
        "HyperVReplicaAzure",
        "A2A",
        "VMwareToAzStackHCI",
        "HyperVToAzStackHCI",
    }
    assert provider_for("InMage") is UNKNOWN


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": ""}, {"id": "itm"}, {"id": 7}])
def test_without_an_id_nothing_is_read(body: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponseError, match="without a usable ARM id") as caught:
        parse_item(body, Collection.PROTECTED_ITEMS)
    assert caught.value.effect is Effect.NONE
    assert caught.value.pointer == "/id"


def test_an_id_outside_of_a_vault_is_not_usable() -> None:
    with pytest.raises(
        UnexpectedResponseError, match="is the id of no item among the replicationProtectedItems"
    ):
        parse_item({"id": f"{GROUP}/providers/x/y/z"}, Collection.PROTECTED_ITEMS)
