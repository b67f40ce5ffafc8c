"""What could not be read is told as such: not as changed, gone, or wrongly configured."""

import pytest

ONE = {"Files": ("file-01",)}
LISTS = "GET */replicationMigrationItems"
DETAILS = "GET */replicationMigrationItems/*"


def reasons_after(b, match, **fault):
    """Check what is there, then decide over what can still be read."""
    planner = b.as_("planner")
    b.check(planner)
    b.fault("status", match, times=0, **fault)
    decisions = planner.decide(planner.inventory())
    assert not decisions.open
    return [reason for decision in decisions.closed for reason in decision.reasons]


def test_an_unread_target_has_not_changed(bench):
    found = reasons_after(bench(ONE), "GET */virtualMachines*", status=500)
    (unread,) = [reason for reason in found if reason.code == "target-unread"]
    assert not unread.next_step.startswith("Grant")  # No right is missing.
    void = [reason for reason in found if reason.code == "evidence-void"]
    assert void
    for reason in void:
        assert "changed" not in reason.detail
        assert "could not be read now, so nobody can tell whether the evidence" in reason.detail
        assert reason.next_step.startswith("See that ")


@pytest.mark.parametrize("match", [LISTS, DETAILS], ids=["its list", "itself"])
def test_an_unread_item_is_held_by_the_gap_that_hides_it(bench, match):
    b = bench(ONE)
    plan = b.approved()
    b.fault("status", match, status=403, times=0)
    result = b.release(plan)
    [held] = result.held
    assert "replicationMigrationItems" in held.reason
    assert held.reason.endswith("could not be read: forbidden")
    assert held.next_step.startswith("Grant Microsoft.RecoveryServices/vaults/")
    assert held.next_step.endswith("/read. Then run the same command again; the plan holds.")
    assert not b.changes
    b.azure.script.set(())
    assert b.release(plan).clean


@pytest.mark.parametrize(
    ("status", "told", "step"),
    [
        (403, "forbidden", "Grant Microsoft.Compute/virtualMachines/read."),
        (500, "service-error: GET ", "Read the inventory again in some minutes; "),
    ],
)
def test_an_unread_target_is_held_by_what_could_not_be_read(bench, status, told, step):
    b = bench(ONE)
    plan = b.approved()
    b.fault("status", "GET */virtualMachines*", status=status, times=0)
    [held] = b.release(plan).held
    assert held.reason.startswith("its target machine could not be read: virtual machines of ")
    assert told in held.reason
    assert held.next_step.startswith(step)
    assert held.next_step.endswith("Then run the same command again; the plan holds.")


def test_an_item_that_was_not_read_whole_says_nothing_of_its_target(bench):
    found = reasons_after(bench(ONE), DETAILS, status=403)
    (gap,) = [reason for reason in found if reason.code == "gap"]
    assert gap.detail == (
        "replicationMigrationItems details of FILE-01 could not be read: forbidden"
    )
    assert gap.item_id is not None
    (target,) = [reason for reason in found if reason.code == "target-unread"]
    assert "intended name" not in target.detail
    assert "item itself can be read" in target.next_step


def test_unread_locks_are_told_by_their_name(bench):
    b = bench(ONE)
    plan = b.approved()
    b.fault("status", "GET */locks*", status=403, times=0)
    [held] = b.release(plan).held
    assert "locks of subscription " in held.reason


def test_where_nothing_could_be_read_nobody_is_told_to_correct_anything(bench):
    found = reasons_after(bench(ONE), LISTS, status=500)
    assert {"gap", "empty-workload", "unresolved-selector"} <= {reason.code for reason in found}
    for reason in found:
        assert not reason.next_step.startswith("Correct")
        assert "was answered" not in reason.next_step
