"""What recorded answers say in unexpected ways. Each test names its recording and seq."""

from collections.abc import Callable
from typing import Any

import pytest

from azstaging.model.ids import parse_id
from azstaging.model.inventory import Phase
from azstaging.model.items import Collection, Cutover, ReplicatedItem, Replication, TestMachine
from azstaging.model.times import parse_time
from azstaging.providers import facts_of, parse_item, stop_request_of
from azstaging.providers.compute import disk_owner, target_machine
from azstaging.providers.discovery import source_from_vm, source_machine
from azstaging.rules.phase import derive_phase

pytestmark = pytest.mark.corpus

Exchange = Callable[[str, int], dict[str, Any]]

GET = "az.migrate.Get-AzMigrateServerReplication.2022-09"
REMOVE = "az.migrate.Remove-AzMigrateServerReplication.2025-11"
LOCAL = "az.migrate.Get-AzMigrateLocalServerReplication.2025-02"
DISCOVERED = "az.migrate.New-AzMigrateServerReplication.2025-11"
A2A = "cli.siterecovery_A2A"
HYPERV = "cli.siterecovery_H2A_B2A_selfcreated"
DISABLE = "ps2018.E2E_DisableDR"
PLANNED = "ps2018.E2A_PlannedFailover"
CLASSIC = "ps2018.V2A_UpdateItem"
COMPUTE = "cli.compute_vm_multi_nic"


def _migration(body: dict[str, Any]) -> ReplicatedItem:
    return parse_item(body, Collection.MIGRATION_ITEMS)


def _protected(body: dict[str, Any]) -> ReplicatedItem:
    return parse_item(body, Collection.PROTECTED_ITEMS)


def _local(body: dict[str, Any]) -> ReplicatedItem:
    return parse_item(body, Collection.DATA_REPLICATION)


def _phase(item: ReplicatedItem) -> Phase:
    return derive_phase(facts_of(item), None, True, ()).phase


def test_a_list_row_is_not_the_item(exchange: Exchange) -> None:
    # Get-AzMigrateServerReplication 2 (list) and 3 (the first of them, by GET)
    rows = [_migration(row) for row in exchange(GET, 2)["body"]["value"]]
    item = _migration(exchange(GET, 3)["body"])
    assert len(rows) == 7
    assert [(row.detailed, row.disks, row.nics) for row in rows] == [(False, (), ())] * 7
    assert item.id in {row.id for row in rows}
    assert (item.detailed, len(item.disks), len(item.nics)) == (True, 1, 4)


def test_ready_but_migrated_before_is_replicating(exchange: Exchange) -> None:
    # Get-AzMigrateServerReplication 2: lastMigrationStatus Succeeded and CompletedWithInformation
    rows = [_migration(row) for row in exchange(GET, 2)["body"]["value"]]
    before = [row for row in rows if row.raw["lastMigrationStatus"]]
    statuses = {row.raw["lastMigrationStatus"] for row in before}
    assert statuses == {"Succeeded", "CompletedWithInformation"}
    for row in before:
        assert facts_of(row).cutover is Cutover.NONE
        assert _phase(row) is Phase.REPLICATING


def test_an_absent_time_stays_absent_and_a_null_status_stays_null(exchange: Exchange) -> None:
    # Get-AzMigrateServerReplication 2: lastMigrationTime is absent, lastMigrationStatus null
    rows = [_migration(row) for row in exchange(GET, 2)["body"]["value"]]
    never = [row for row in rows if row.raw["lastMigrationStatus"] is None]
    assert never
    assert all("lastMigrationTime" not in row.raw for row in never)


def test_paused_is_not_migrated_though_it_looks_alike(exchange: Exchange) -> None:
    # Get-AzMigrateServerReplication 2 (paused) beside Remove-AzMigrateServerReplication 3
    rows = [_migration(row) for row in exchange(GET, 2)["body"]["value"]]
    paused = [row for row in rows if row.raw["migrationState"] == "ProtectionSuspended"]
    migrated = _migration(exchange(REMOVE, 3)["body"])
    assert len(paused) == 2
    for row in paused:
        assert row.raw["replicationStatus"] == migrated.raw["replicationStatus"] == "Paused"
        assert row.allowed_operations == migrated.allowed_operations
        assert _phase(row) is Phase.PAUSED
    assert _phase(migrated) is Phase.STAGED


def test_recovery_point_times_are_kept_as_text(exchange: Exchange) -> None:
    # Get-… 3: later than its own answer; Get-… 2: 1999-01-22 on a paused item
    assert _migration(exchange(GET, 3)["body"]).last_recovery_point == "2022-09-26T15:15:56.79Z"
    rows = [_migration(row) for row in exchange(GET, 2)["body"]["value"]]
    [never] = [row for row in rows if row.last_recovery_point.startswith("1999-01-22")]
    assert parse_time(never.last_recovery_point) is None
    assert never.rpo_seconds is None


def test_a_migrated_item_and_the_request_that_stopped_it(exchange: Exchange) -> None:
    # Remove-AzMigrateServerReplication 3 is the item, 4 its DELETE
    item = _migration(exchange(REMOVE, 3)["body"])
    facts = facts_of(item)
    assert (facts.cutover, facts.replication) == (Cutover.DONE, Replication.PAUSED)
    assert (item.health, facts.stop_allowed, facts.idle) == ("None", True, True)
    sent = exchange(REMOVE, 4)
    request = stop_request_of(item)
    assert request is not None
    assert (request.method, request.action, request.body) == (sent["method"], "", None)
    path = sent["url"].partition("?")[0].removeprefix("https://management.azure.com")
    assert parse_id(path) == request.id


@pytest.mark.parametrize(("recording", "seq", "post"), [(DISABLE, 9, 10), (HYPERV, 29, 88)])
def test_a_protected_item_ends_by_post_remove(
    exchange: Exchange, recording: str, seq: int, post: int
) -> None:
    # E2E_DisableDR 10 and H2A_B2A 88 are POST …/remove; the provider of the former is not ours
    body = exchange(recording, seq)["body"]
    details = {**body["properties"]["providerSpecificDetails"], "instanceType": "InMageRcm"}
    properties = {**body["properties"], "providerSpecificDetails": details}
    request = stop_request_of(_protected({**body, "properties": properties}))
    sent = exchange(recording, post)
    assert request is not None
    assert request.method == sent["method"] == "POST"
    path = sent["url"].partition("?")[0].removeprefix("https://management.azure.com")
    assert parse_id(path) == request.id.child(request.action)
    told = sent["request_body"]["properties"].get("replicationProviderInput")
    assert request.body is not None
    assert told in (None, request.body["properties"]["replicationProviderInput"])


def test_the_purge_that_was_recorded_is_never_built(exchange: Exchange) -> None:
    # A2A 129: DELETE of a protected item is the purge
    assert exchange(A2A, 129)["method"] == "DELETE"
    request = stop_request_of(_protected(exchange(A2A, 122)["body"]))
    assert request is not None
    assert (request.method, request.action) == ("POST", "remove")


def test_an_operation_that_is_done_while_its_item_is_not(exchange: Exchange) -> None:
    # A2A 111 says Succeeded; 112 to 120 the item still copies, 122 it is protected
    assert exchange(A2A, 111)["body"]["status"] == "Succeeded"
    for seq in range(112, 121):
        facts = facts_of(_protected(exchange(A2A, seq)["body"]))
        assert facts.replication is Replication.PREPARING
    facts = facts_of(_protected(exchange(A2A, 122)["body"]))
    assert facts.replication is Replication.ACTIVE


def test_after_a_switch_of_protection_it_is_another_item_in_reverse(exchange: Exchange) -> None:
    # A2A 74 before, 122 after the switch (94): "Protected" and "Primary" in both
    before, after = (_protected(exchange(A2A, seq)["body"]) for seq in (74, 122))
    for name in ("protectionState", "activeLocation"):
        assert before.raw[name] == after.raw[name]
    assert before.id != after.id
    assert before.generation != after.generation
    assert (_phase(before), _phase(after)) == (Phase.REPLICATING, Phase.REVERSED)


def test_failed_over_and_still_primary_is_never_staged(exchange: Exchange) -> None:
    # E2E_DisableDR 9: "Failover committed", activeLocation Primary, MarkedForDeletion
    body = exchange(DISABLE, 9)["body"]
    item = _protected(body)
    assert item.provider == "HyperVReplica2012R2"
    assert item.raw["protectionState"] == "UnplannedFailoverStatesBegin"
    assert _phase(item) is Phase.UNRECOGNISED
    assert stop_request_of(item) is None
    details = {**body["properties"]["providerSpecificDetails"]}
    details["instanceType"] = "HyperVReplicaAzure"
    known = {**body, "properties": {**body["properties"], "providerSpecificDetails": details}}
    facts = facts_of(_protected(known))
    assert facts.cutover is None
    assert facts.test is TestMachine.NONE
    assert facts.unrecognised == (
        "activeLocation=Primary with protectionState=UnplannedFailoverStatesBegin",
    )


def test_marked_for_deletion_is_no_test_machine(exchange: Exchange) -> None:
    # E2A_PlannedFailover 8: replicating, test environment cleaned up
    item = _protected(exchange(PLANNED, 8)["body"])
    assert item.raw["testFailoverState"] == "MarkedForDeletion"
    assert facts_of(item).test is TestMachine.NONE
    assert _phase(item) is Phase.REPLICATING


def test_healthy_with_errors(exchange: Exchange) -> None:
    # A2A 74: replicationHealth Normal, failoverHealth Warning, one health error
    item = _protected(exchange(A2A, 74)["body"])
    assert (item.health, item.failover_health) == ("Normal", "Warning")
    [error] = item.health_errors
    assert (error.code, error.level) == ("161011", "Warning")
    assert error.message.startswith("No successful test failover")
    assert error.advice == "Do a test failover on the virtual machine."


def test_both_lists_of_health_errors_of_2016_are_read(exchange: Exchange) -> None:
    # V2A_UpdateItem 15: replicationHealthErrors and failoverHealthErrors instead of healthErrors
    item = _protected(exchange(CLASSIC, 15)["body"])
    assert [error.code for error in item.health_errors] == ["78026", "78143", "78144", "161011"]
    assert all(error.advice == error.advice.strip() for error in item.health_errors)


def test_ids_in_lower_case_are_the_same_machine(exchange: Exchange) -> None:
    # A2A 74: fabricObjectId is wholly lower case
    item = _protected(exchange(A2A, 74)["body"])
    proper = parse_id(
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/CliTerraformVMRG"
        "/providers/Microsoft.Compute/virtualMachines/CliVM2"
    )
    assert item.source_id == proper
    assert str(item.source_id) != str(proper)


def test_null_for_an_array(exchange: Exchange) -> None:
    # A2A 74: protectedDisks, unprotectedDisks and a pool list are null
    item = _protected(exchange(A2A, 74)["body"])
    [disk] = item.disks
    assert (disk.is_os, disk.size_bytes) == (True, 136367308800)
    assert item.settings.availability_zone == ""
    [nic] = item.nics
    assert (nic.source_address, nic.target_subnet) == ("10.67.0.5", "MySubnet")


def test_property_names_in_two_cases(exchange: Exchange) -> None:
    # E2A_PlannedFailover 8 (2016-08-10) and H2A_B2A 27 (2022-08-01)
    old = _protected(exchange(PLANNED, 8)["body"])
    new = _protected(exchange(HYPERV, 27)["body"])
    for item, memory_mib in ((old, 32), (new, 16384)):
        assert item.settings.vm_name == "VM1"
        assert (item.source.cores, item.source.memory_mib) == (1, memory_mib)
        assert [disk.name for disk in item.disks] == ["VM1"]


def test_sizes_as_text(exchange: Exchange) -> None:
    # H2A_B2A 27: maxSizeMB is "40960"
    [disk] = _protected(exchange(HYPERV, 27)["body"]).disks
    assert disk.size_bytes == 40960 * 1024 * 1024


def test_booleans_as_text(exchange: Exchange) -> None:
    # Get-… 3: isOSDisk, isPrimaryNic and isSelectedForMigration are "true" and "false"
    item = _migration(exchange(GET, 3)["body"])
    assert [disk.is_os for disk in item.disks] == [True]
    assert [nic.is_primary for nic in item.nics] == [True, False, False, False]
    assert all(nic.is_selected is True for nic in item.nics)
    assert item.raw["resyncRequired"] == "false"


def test_empty_text_for_an_id_is_no_id(exchange: Exchange) -> None:
    # Get-… 3: targetAvailabilitySetId and testNetworkId are ""
    settings = _migration(exchange(GET, 3)["body"]).settings
    assert settings.availability_set_id is None
    assert settings.test_network_id is None
    assert settings.network_id is not None


def test_an_azure_local_item_that_could_not_be_enabled(exchange: Exchange) -> None:
    # Get-AzMigrateLocalServerReplication 4: EnablingFailed; no lastRecoveryPointReceived
    item = _local(exchange(LOCAL, 4)["body"])
    facts = facts_of(item)
    assert item.raw["provisioningState"] == "Failed"
    assert item.raw["lastFailedEnableProtectionJob"]["state"] == "Failed"
    assert (facts.replication, facts.idle) == (Replication.FAILED, True)
    assert item.last_recovery_point == ""
    assert item.allowed_operations == ("DisableProtection",)
    assert (item.settings.cores, item.settings.memory_mib) == (4, 4096)
    assert (item.source.cores, item.source.memory_mib) == (4, 4096)
    assert [disk.is_os for disk in item.disks] == [True, False, False]
    assert [nic.is_primary for nic in item.nics] == [False]
    assert [error.code for error in item.health_errors] == [
        "VMwareToAzStackHCIProtectionStateEnablingFailed"
    ]


def test_azure_local_generation_is_its_correlation_id(exchange: Exchange) -> None:
    # Get-AzMigrateLocalServerReplication 1 and 4
    first, second = (_local(exchange(LOCAL, seq)["body"]) for seq in (1, 4))
    assert first.generation == "03cda40a-8991-45db-b973-b822cd50f3d3"
    assert second.generation == "0535e31e-b95d-4413-9c65-34d80ef72fc2"
    assert first.source_id is not None


def test_a_target_id_without_a_name_is_no_target(exchange: Exchange) -> None:
    # V2A_UpdateItem 15: targetVmId ends in "/virtualMachines/"
    body = exchange(CLASSIC, 15)["body"]
    told = body["properties"]["providerSpecificDetails"]["targetVmId"]
    assert told.endswith("/virtualMachines/")
    assert _protected(body).target_id is None


def test_text_that_is_no_id_is_no_id(exchange: Exchange) -> None:
    # H2A_B2A 27: recoveryFabricId is "Microsoft Azure"; adapters hang on selectedSourceNicId
    body = exchange(HYPERV, 27)["body"]
    assert parse_id(body["properties"]["recoveryFabricId"]) is None
    [nic] = _protected(body).nics
    assert (nic.is_primary, nic.is_selected) == (True, True)


def test_a_discovered_machine_with_nothing_from_its_guest(exchange: Exchange) -> None:
    # New-AzMigrateServerReplication 1: guestOSDetails all null, windowsguest, no address
    machine = source_machine(exchange(DISCOVERED, 1)["body"])
    assert (machine.os_family, machine.os_name) == ("windows", "Windows Server 2019 (64-bit)")
    assert (machine.cores, machine.memory_mib, machine.firmware) == (4, 4096, "bios")
    assert (machine.power, machine.is_deleted) == ("off", False)
    assert [disk.size_bytes for disk in machine.disks] == [42949672960]
    assert [nic.addresses for nic in machine.nics] == [()]
    assert machine.host_name == ""
    assert machine.updated_at == parse_time("2025-09-26T00:35:58.0568991Z")


def test_a_virtual_machine_with_its_parts(exchange: Exchange) -> None:
    # compute_vm_multi_nic 68 (VM), 30 and 31 (interfaces), 80 (disk)
    parts = [exchange(COMPUTE, seq)["body"] for seq in (30, 31)]
    disk = exchange(COMPUTE, 80)["body"]
    vm = exchange(COMPUTE, 68)["body"]
    size = {"name": "standard_ds1_V2", "numberOfCores": 1, "memoryInMB": 3584}
    machine = target_machine(vm, nics=parts, disks=[disk], size=size)
    assert (machine.provisioning_state, machine.power, machine.agent) == (
        "Succeeded",
        "running",
        "ready",
    )
    assert (machine.generation, machine.os_family, machine.os_name) == ("V2", "linux", "suse")
    assert (machine.cores, machine.memory_mib) == (1, 3584)
    assert machine.extensions == {"MonitorX64Linux": "Succeeded"}
    [os_disk] = machine.disks
    assert (os_disk.is_os, os_disk.size_gib, os_disk.size_bytes, os_disk.sku) == (
        True,
        30,
        32212254720,
        "Premium_LRS",
    )
    assert [nic.is_primary for nic in machine.nics] == [True, False]
    [address] = machine.nics[0].addresses
    assert (address.private_address, address.allocation) == ("10.0.1.4", "Dynamic")
    assert disk_owner(disk) == machine.id
    source = source_from_vm(vm, nics=parts, disks=[disk], size=size)
    assert (source.firmware, source.power, source.bios_id) == ("uefi", "on", machine.vm_id)
    assert source.nics[0].addresses == ("10.0.1.4",)
