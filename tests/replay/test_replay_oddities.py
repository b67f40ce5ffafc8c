"""The recorded oddities that touch what is read. Each test names its recording and seq."""

from collections.abc import Callable
from typing import Any

import pytest

from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import Replication

pytestmark = pytest.mark.corpus

Until = Callable[[str, int], Inventory]

GET = "az.migrate.Get-AzMigrateServerReplication.2022-09"
REMOVE = "az.migrate.Remove-AzMigrateServerReplication.2025-11"
LOCAL = "az.migrate.Get-AzMigrateLocalServerReplication.2025-02"
A2A = "cli.siterecovery_A2A"
HYPERV = "cli.siterecovery_H2A_B2A_selfcreated"
EMPTY = "cli.siterecovery_vault"
DISABLE = "ps2018.E2E_DisableDR"
PLANNED = "ps2018.E2A_PlannedFailover"
TEST = "ps2018.B2A_TestFailover"
CLASSIC = "ps2018.V2A_UpdateItem"


def _named(inventory: Inventory, name: str) -> InventoryItem:
    (row,) = [row for row in inventory if row.name == name]
    return row


def test_only_the_get_of_an_item_has_disks_and_adapters(inventory_until: Until) -> None:
    # Get-AzMigrateServerReplication 2 is the list of seven; 3 the GET of one of them.
    inventory = inventory_until(GET, 3)
    assert inventory.read == 7
    detailed = [row for row in inventory if row.item.detailed]
    assert [(len(row.item.disks), len(row.item.nics)) for row in detailed] == [(1, 4)]
    assert all(row.item.disks == () for row in inventory if not row.item.detailed)


def test_before_the_get_no_item_is_taken_as_full(inventory_until: Until) -> None:
    # Get-AzMigrateServerReplication 2
    inventory = inventory_until(GET, 2)
    assert [row.item.detailed for row in inventory] == [False] * 7


def test_what_was_migrated_before_and_resumed_is_not_staged(
    inventory_until: Until, exchanges: dict[str, Any]
) -> None:
    # Get-AzMigrateServerReplication 2: first and fourth, lastMigrationStatus is still told.
    rows = exchanges[GET][1]["body"]["value"]
    assert exchanges[GET][1]["seq"] == 2
    inventory = inventory_until(GET, 3)
    for index, status in ((0, "Succeeded"), (3, "CompletedWithInformation")):
        assert rows[index]["properties"]["lastMigrationStatus"] == status
        row = inventory.find(rows[index]["id"])
        assert row is not None
        assert row.phase is Phase.REPLICATING


def test_paused_is_not_migrated(inventory_until: Until) -> None:
    # Get-AzMigrateServerReplication 2: two are ProtectionSuspended.
    phases = [row.phase for row in inventory_until(GET, 3)]
    assert phases.count(Phase.PAUSED) == 2


def test_times_that_are_not_what_they_say_stay_text(inventory_until: Until) -> None:
    # Get-AzMigrateServerReplication 2: 1999-01-22 for a paused item, a time in the future.
    times = [row.item.last_recovery_point for row in inventory_until(GET, 2)]
    assert any(time.startswith("1999-01-22") for time in times)
    assert all(row.item.rpo_seconds is None for row in inventory_until(GET, 2))


def test_migrated_is_staged_and_its_target_is_unknown_where_it_was_not_read(
    inventory_until: Until,
) -> None:
    # Remove-AzMigrateServerReplication 3: MigrationSucceeded, Paused, health None.
    (row,) = inventory_until(REMOVE, 3)
    assert row.phase is Phase.STAGED
    assert row.target is None
    assert row.target_unknown
    assert row.item.health == "None"
    assert row.item.allowed_operations == ("DisableMigration", "ResumeReplication")
    assert row.facts.stop_allowed


def test_an_operation_that_is_done_leaves_its_item_behind(inventory_until: Until) -> None:
    # A2A 111 says Succeeded; 112 to 120 the item still replicates for the first time; 122 not.
    def replication(seq: int) -> Replication | None:
        rows = [row for row in inventory_until(A2A, seq) if "-container-a2a-2/" in row.id.key]
        return rows[0].facts.replication

    assert replication(112) is Replication.PREPARING
    assert replication(122) is Replication.ACTIVE


def test_a_switched_item_is_another_item(inventory_until: Until) -> None:
    # A2A 94 switches the direction: the item lives under another fabric and container.
    before, after = inventory_until(A2A, 93), inventory_until(A2A, 122)
    assert before.read == 1
    assert after.read == 2
    assert len({row.name for row in after}) == 1
    assert len({row.item.generation for row in after} - {None}) in {1, 2}


def test_a_source_in_lower_case_is_the_machine_of_the_list(inventory_until: Until) -> None:
    # A2A 74: fabricObjectId is wholly in lower case; the machine's own id is not.
    (row,) = inventory_until(A2A, 74)
    assert row.item.source_id is not None
    assert str(row.item.source_id) == str(row.item.source_id).lower()
    assert row.source is not None
    assert str(row.source.id) != str(row.source.id).lower()
    assert row.source.id == row.item.source_id


def test_null_where_an_array_belongs_is_read(inventory_until: Until) -> None:
    # A2A 74: protectedDisks, unprotectedDisks, recoveryLBBackendAddressPoolIds are null.
    (row,) = inventory_until(A2A, 74)
    details = row.item.body["properties"]["providerSpecificDetails"]
    assert details["protectedDisks"] is None
    assert len(row.item.disks) == len(details["protectedManagedDisks"])


def test_healthy_with_errors_keeps_both(inventory_until: Until) -> None:
    # A2A 74: replicationHealth Normal, failoverHealth Warning, an error in healthErrors.
    (row,) = inventory_until(A2A, 74)
    assert (row.item.health, row.item.failover_health) == ("Normal", "Warning")
    assert row.item.health_errors


def test_failed_over_but_still_primary_is_kept_as_told(inventory_until: Until) -> None:
    # E2E_DisableDR 9: UnplannedFailoverStatesBegin, Primary, Critical, MarkedForDeletion.
    row = next(
        row
        for row in inventory_until(DISABLE, 9)
        if row.item.raw["protectionState"] == "UnplannedFailoverStatesBegin"
    )
    assert row.item.raw["activeLocation"] == "Primary"
    assert row.item.raw["testFailoverState"] == "MarkedForDeletion"
    assert row.item.health == "Critical"
    assert row.phase is Phase.UNRECOGNISED


def test_marked_for_deletion_is_kept_as_told(inventory_until: Until) -> None:
    # E2A_PlannedFailover: testFailoverState MarkedForDeletion twice.
    states = [row.item.raw["testFailoverState"] for row in inventory_until(PLANNED, 99)]
    assert "MarkedForDeletion" in states


def test_sizes_as_text_are_numbers(inventory_until: Until) -> None:
    # H2A_B2A_selfcreated 27: maxSizeMB is "40960".
    (row,) = inventory_until(HYPERV, 27)
    assert [disk.size_bytes for disk in row.item.disks] == [40960 * 2**20]


def test_property_names_of_2016_are_read_like_those_of_today(inventory_until: Until) -> None:
    # B2A_TestFailover and V2A_UpdateItem (2016-08-10): azureVMDiskDetails, sourceVmRAMSizeInMB.
    for recording in (TEST, CLASSIC):
        rows = [row for row in inventory_until(recording, 99) if row.item.settings.vm_name]
        assert rows
        for row in rows:
            assert row.item.source.memory_mib
            assert row.item.disks


def test_a_name_may_begin_with_a_dash(inventory_until: Until) -> None:
    # V2A_UpdateItem: the item's ARM name ends in "-RPI" and is only that.
    assert [row.id.name for row in inventory_until(CLASSIC, 99)] == ["-RPI"]


def test_azure_local_items_are_listed_with_their_own_states(inventory_until: Until) -> None:
    # Get-AzMigrateLocalServerReplication 3 and 4: Protected, EnablingFailed.
    inventory = inventory_until(LOCAL, 4)
    assert {row.item.raw["protectionState"]: row.phase for row in inventory} == {
        "Protected": Phase.REPLICATING,
        "EnablingFailed": Phase.FAILED,
    }
    assert all(row.target_unknown for row in inventory)


def test_flags_as_text_are_flags(inventory_until: Until) -> None:
    # Get-AzMigrateServerReplication 3 (isPrimaryNic "true") and Local 4 (false on the only NIC).
    agentless = [row for row in inventory_until(GET, 3) if row.item.detailed]
    assert [nic.is_primary for nic in agentless[0].item.nics].count(True) == 1
    local = _named(inventory_until(LOCAL, 4), "test-vm4-ubuntuvm64efi")
    assert [nic.is_primary for nic in local.item.nics] == [False]


def test_ids_stay_as_the_service_wrote_them(inventory: Inventory) -> None:
    # Recovery Services writes /Subscriptions/, Azure Local /subscriptions/.
    heads = {str(row.id).split("/")[1] for row in inventory}
    assert heads == {"Subscriptions", "subscriptions"}


def test_an_empty_vault_is_read_and_empty(inventory_until: Until) -> None:
    # siterecovery_vault: both vault-wide lists answer an empty value and a null nextLink.
    inventory = inventory_until(EMPTY, 999)
    assert inventory.read == 0
    assert len(inventory.vaults) == 1
