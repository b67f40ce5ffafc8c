"""Preflight lists at once what a release would find one after the other."""

import pytest

from azstaging.cli import exit_codes
from azstaging.emulator.estate import Lock
from azstaging.journal.lease import FileLease
from azstaging.model.inventory import Inventory
from azstaging.rules.preflight import allows

FILES = {"Files": ("file-01",), "Directory": ("directory-01",)}
DELETE = (
    "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
    "/replicationMigrationItems/delete"
)
REMOVE = DELETE.replace(
    "replicationMigrationItems/delete", "replicationProtectedItems/remove/action"
)


def ready(b, who="releaser"):
    b.check(b.as_("planner"))
    staging = b.as_(who)
    return staging, staging.preflight(staging.inventory())


def not_ok(result):
    return {(check.what, check.state) for check in result.not_ok()}


def test_all_is_well_for_the_releaser(bench):
    b = bench(FILES)
    staging, result = ready(b)
    assert result.not_ok() == ()
    assert result.ok
    assert exit_codes.of_preflight(result, staging.inventory()) == exit_codes.DONE
    assert {check.what for check in result.checks} == {
        "journal takes records",
        "lease is free",
        "permission to stop",
        "no lock",
        "no running job",
        "source is off",
        "recovery point of the target",
        "baseline",
    }
    granted = {check.detail for check in result.checks if check.what == "permission to stop"}
    assert granted == {DELETE, REMOVE}
    assert not b.changes


def test_the_exact_permission_is_named(bench):
    b = bench(FILES)
    staging, result = ready(b, "reader")
    lacking = {c.detail for c in result.not_ok() if c.what == "permission to stop"}
    assert lacking == {f"this identity lacks {DELETE}", f"this identity lacks {REMOVE}"}
    assert exit_codes.of_preflight(result, staging.inventory()) == exit_codes.CLOSED


def test_everything_wrong_is_listed_at_once(bench):
    b = bench(FILES)
    b.check(b.as_("planner"))
    vault = b.as_("planner").inventory().items[0].item.vault_id
    group = str(vault).partition("/providers/")[0]
    b.state.locks.append(Lock(name="keep", scope=group, level="ReadOnly"))
    for key in ("file-01", "directory-01"):
        b.source_power(key, "ON")
    b.check(b.as_("planner"))
    holder = FileLease(b.as_("planner").journal)
    vaults = {row.item.vault_id for row in b.as_("planner").inventory()}
    for each in vaults:
        holder.acquire(each, run="other", now=b.clock())
    staging = b.as_("reader")
    result = staging.preflight(staging.inventory())
    assert not_ok(result) >= {
        ("permission to stop", "not ok"),
        ("lease is free", "not ok"),
        ("no lock", "not ok"),
        ("source is off", "not ok"),
    }
    assert all(check.next_step for check in result.not_ok())
    inherited = [c.detail for c in result.not_ok() if c.what == "no lock"]
    assert any("keep (ReadOnly), inherited from" in detail for detail in inherited)


def test_what_nobody_checked_or_may_read_is_unknown(bench):
    b = bench(FILES)
    b.fault("status", "GET */providers/microsoft.authorization/permissions", times=0, status=403)
    staging = b.as_("releaser")
    result = staging.preflight(staging.inventory())
    assert not_ok(result) >= {
        ("permission to stop", "unknown"),
        ("baseline", "unknown"),
        ("source is off", "unknown"),
    }
    assert exit_codes.of_preflight(result, staging.inventory()) == exit_codes.UNDETERMINED


def test_an_empty_inventory_is_not_well(bench):
    b = bench(FILES)
    staging = b.as_("releaser")
    result = staging.preflight(Inventory(read_at=b.clock(), items=()))
    assert {check.what for check in result.checks} == {"journal takes records"}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], False),
        ([{"actions": ["*"]}], True),
        ([{"actions": ["*"], "notActions": ["*/delete"]}], False),
        ([{"actions": ["*"], "notActions": ["*/delete"]}, {"actions": [DELETE.upper()]}], True),
        ([{"actions": ["*/read"]}], False),
        ([{"actions": "*"}], False),
        ([{"actions": [None]}], False),
    ],
)
def test_permissions_as_arm_adds_them_up(entries, expected):
    assert allows(entries, DELETE) is expected


def row_of(staging, what):
    (row,) = [c for c in staging.preflight(staging.inventory()).checks if c.what == what]
    return row


def test_a_power_that_discovery_does_not_tell_is_unknown_and_not_on(bench):
    b = bench({"Files": ("file-01",)})
    b.source_power("file-01", "Unknown")
    staging, result = ready(b)
    assert not_ok(result) == {("source is off", "unknown")}
    assert exit_codes.of_preflight(result, staging.inventory()) == exit_codes.UNDETERMINED
    row = row_of(staging, "source is off")
    assert row.sentence.startswith("FILE-01: whether the source is off is not known: ")


@pytest.mark.parametrize("lasting", [60, None], ids=["expired", "flaky"])
def test_evidence_that_the_gate_does_not_take_proves_nothing_here_either(bench, lasting):
    gate = f'lifetimes = {{ "source-off" = {lasting} }}' if lasting else ""
    b = bench({"Files": ("file-01",)}, gate=gate)
    if not lasting:
        b.source_power("file-01", "ON")
        b.check(b.as_("planner"))
        b.clock.sleep(60)
        b.source_power("file-01", "OFF")
    b.check(b.as_("planner"))
    b.clock.sleep(120)
    staging = b.as_("releaser")
    decisions = staging.decide(staging.inventory())
    assert {r.check for d in decisions.closed for r in d.reasons} == {"source-off"}
    row = row_of(staging, "source is off")
    assert (row.state, row.next_step) == ("unknown", "Run azstaging check again.")
    again = b.as_("planner")
    b.check(again)
    assert row_of(again, "source is off").state == "ok"


def test_what_is_wrong_is_said_in_a_sentence(bench):
    b = bench({"Files": ("file-01",)})
    vault = b.as_("planner").inventory().items[0].item.vault_id
    group = str(vault).partition("/providers/")[0]
    b.source_power("file-01", "ON")
    b.state.locks.append(Lock(name="keep", scope=group, level="ReadOnly"))
    _, result = ready(b, "reader")
    said = {check.what: check.sentence for check in result.not_ok()}
    assert said["no lock"].startswith("FILE-01 is locked: keep (ReadOnly), inherited from")
    assert said["source is off"].startswith("FILE-01: the source is not off: ")
    assert said["permission to stop"].startswith(
        f"{vault.name}: this identity may not stop what is in it: this identity lacks"
    )
