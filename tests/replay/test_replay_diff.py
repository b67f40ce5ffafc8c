"""The configuration diff over every machine that was recorded."""

from collections import Counter
from datetime import datetime, timezone

from azstaging.engine.check import run_checks
from azstaging.model.decisions import Policy
from azstaging.model.differences import DiffClass
from azstaging.model.findings import Outcome
from azstaging.model.inventory import Inventory
from azstaging.model.waves import Wave
from azstaging.rules.diff import diff_inventory

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)


def test_every_recorded_item_has_a_diff_and_is_judged_without_error(inventory: Inventory) -> None:
    diff = diff_inventory(inventory, at=NOW)
    per_item = Counter(row.item_id for row in diff)
    assert set(per_item) == {row.id for row in inventory}
    fields = Counter((row.item_id, row.field) for row in diff)
    assert set(fields.values()) == {1}
    findings = run_checks(
        inventory,
        diff,
        wave=Wave(),
        policy=Policy(required=("phase-staged",)),
        clock=lambda: NOW,
        run="run-1",
    )
    assert not [f for f in findings if f.outcome is Outcome.ERROR]


# Every replicated item that the recordings hold: provider and display name. Beside its intended
# settings an item has its source where that was recorded, which is so of both Azure VMs.
RECORDED = [
    ("A2A", "CliVM2"),
    ("A2A", "CliVM2"),
    ("HyperVReplica2012R2", "VM1"),
    ("HyperVReplica2012R2", "vm3"),
    ("HyperVReplicaAzure", "VM1"),
    ("HyperVReplicaAzure", "hyperV1"),
    ("HyperVReplicaAzure", "hyperV2"),
    ("HyperVReplicaAzure", "vm2"),
    ("InMageAzureV2", "V2APS1"),
    ("InMageAzureV2", "V2aVm1"),
    ("VMwareCbt", "CVM-V2ARCM-WIN19-G2"),
    ("VMwareCbt", "FT-Win10-Cloned"),
    ("VMwareCbt", "Scale-Rhel7"),
    ("VMwareCbt", "Scale-Rhel8-03"),
    ("VMwareCbt", "Scale-Win-UEFI-03"),
    ("VMwareCbt", "Win2k16"),
    ("VMwareCbt", "win2k10-02-c"),
    ("VMwareCbt", "win2k12-01"),
    ("VMwareToAzStackHCI", "test-vm1-UbuntuVM64"),
    ("VMwareToAzStackHCI", "test-vm4-ubuntuvm64efi"),
]


def test_every_pair_that_the_recordings_yield_is_compared(inventory: Inventory) -> None:
    """None is missing, none makes it fail, and what is not recorded is unknown."""
    rows = {row.id: row for row in inventory}
    diff = diff_inventory(inventory, at=NOW)
    compared = sorted(
        (rows[each].item.provider, rows[each].name) for each in {row.item_id for row in diff}
    )
    missing = Counter(RECORDED) - Counter(compared)
    assert not missing
    paired = [row for row in inventory if row.source is not None]
    assert len(paired) >= 2
    for row in paired:
        told = diff.for_item(row.id)
        assert any(each.source for each in told)
        assert any(each.intended for each in told)


def test_what_a_recording_does_not_tell_is_unknown(inventory: Inventory) -> None:
    for row in diff_inventory(inventory, at=NOW):
        if not row.actual and row.area != "tags":
            assert row.cls in {DiffClass.UNKNOWN, DiffClass.SUSPICIOUS, DiffClass.ACT}
