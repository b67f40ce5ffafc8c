"""How a run ends: out of time, without permission, halted, or with something left open."""

from dataclasses import replace
from datetime import timedelta

import pytest

import azstaging
from azstaging.cli import exit_codes
from azstaging.errors import AccessDeniedError, DeadlineReachedError, ThrottledError
from azstaging.model.plans import ReceiptState, ReleaseResult

THREE = {"Files": ("build-01", "build-02", "file-01")}
NEAR = timedelta(seconds=300)


def read_of_target(b, key):
    """Match the read of one machine, which is made right before its stop."""
    return f"GET */virtualMachines/{b.state.machine(key).name}"


@pytest.mark.parametrize("key", ["build-02", "file-01", "build-01"])
def test_time_that_is_up_while_machines_are_looked_at_ends_with_seven(bench, key):
    """The last to be looked at is the first to go; before it, its workload is looked at whole."""
    b = bench(THREE)
    plan = b.approved()
    b.later(lambda _: b.clock.sleep(301), read_of_target(b, key))
    result = b.release(plan, deadline=b.clock() + NEAR)
    assert not b.changes
    assert result.out_of_time
    assert exit_codes.of_release(result) == exit_codes.DEADLINE
    for held in result.held:
        assert held.reason == "the deadline was too near to send it"
        assert held.next_step.startswith("Run the same command again")
    assert list(b.states(b.release(plan)).values()) == ["done"] * 3


@pytest.mark.parametrize("key", ["build-01", "file-01"])
def test_a_read_for_which_no_time_is_left_ends_with_seven(bench, key):
    b = bench(THREE)
    plan = b.approved()
    releaser = b.as_("releaser", deadline=b.clock() + NEAR)
    session = releaser._connected().session
    b.later(lambda _: setattr(session, "deadline", 0.0), read_of_target(b, key))
    result = releaser.release(plan, execute=True)
    assert not b.changes
    assert not b.open_attempts()
    assert exit_codes.of_release(result) == exit_codes.DEADLINE
    assert {held.reason for held in result.held} == {"the deadline was too near to send it"}


def test_time_that_is_up_before_the_first_is_proven_ends_with_seven(bench):
    b = bench()
    plan = b.approved()
    b.state.job_seconds = 70.0
    result = b.release(plan, deadline=b.clock() + timedelta(seconds=76))
    assert list(b.states(result).values()) == ["done"]
    assert exit_codes.of_release(result) == exit_codes.DEADLINE
    name = result.receipts[0].name
    for held in result.held:
        assert held.reason == (
            f"time was up before {name}, the first item of this run, was proven done; nothing new "
            "is sent"
        )


def test_a_run_of_which_nothing_is_left_is_done_though_its_time_is_up(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.state.job_seconds = 70.0
    result = b.release(plan, deadline=b.clock() + timedelta(seconds=76))
    assert list(b.states(result).values()) == ["done"]
    assert not result.out_of_time
    assert exit_codes.of_release(result) == exit_codes.DONE


def test_a_service_that_asks_to_wait_ends_the_run_before_the_first_request(bench):
    b = bench()
    plan = b.approved()
    b.fault("status", match="GET */permissions", status=429, retry_after_seconds=500)
    with pytest.raises(ThrottledError):
        b.release(plan)
    assert not b.changes


def test_a_request_of_a_dry_run_is_not_the_open_one_of_an_earlier_run(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.state.job_seconds = 3000.0
    b.release(plan, deadline=b.clock() + timedelta(seconds=120))
    [attempt] = b.open_attempts()
    [item] = plan.items
    result = ReleaseResult(
        plan_digest="sha256:other",
        executed=False,
        requests=((item.id, item.request),),
        receipts=(),
        held=(),
        open_attempts=(attempt,),
    )
    assert [row["state"] for row in result.rows()] == ["would be sent"]
    assert [row["state"] for row in replace(result, executed=True).rows()] == ["open"]


def test_the_first_that_was_not_proven_done_is_named(bench):
    b = bench()
    plan = b.approved()
    b.fault("job-failed", times=1)
    result = b.release(plan)
    [receipt] = result.receipts
    assert receipt.state is ReceiptState.FAILED
    for held in result.held:
        assert held.reason.startswith(f"{receipt.name}, the first item of this run, was not proven")


def test_an_unanswered_request_is_not_called_unknown_for_ever(bench):
    b = bench()
    plan = b.approved()
    b.fault("drop", times=1)
    result = b.release(plan)
    [receipt] = result.receipts
    assert receipt.state is ReceiptState.NONE
    [first, *_] = [h for h in result.held if h.item_id != receipt.item_id]
    assert first.reason.startswith(f"what became of {receipt.name} is not known yet")


def test_what_is_still_open_says_since_when(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.state.job_seconds = 3000.0
    b.release(plan, deadline=b.clock() + timedelta(seconds=120))
    [attempt] = b.open_attempts()
    with pytest.raises(DeadlineReachedError) as caught:
        b.release(plan, deadline=b.clock() + timedelta(seconds=120))
    assert str(caught.value) == (
        f"1 earlier attempt is still open, {attempt.name} since "
        f"{attempt.at:%Y-%m-%d %H:%M} UTC; nothing new was sent."
    )


@pytest.mark.parametrize("execute", [False, True])
def test_who_may_not_stop_is_told_before_the_first_request(bench, execute):
    b = bench()
    plan = b.approved()
    with pytest.raises(AccessDeniedError) as caught:
        b.as_("reader").release(plan, execute=execute)
    action = "replicationProtectionContainers/replicationMigrationItems/delete"
    assert caught.value.permission.endswith(action)
    assert caught.value.permission in str(caught.value)
    assert "Nothing was sent." in str(caught.value)
    assert not b.changes
    assert not b.open_attempts()


def test_permissions_that_nobody_may_read_stop_nobody(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.fault("status", match="GET */permissions", status=403, times=0)
    assert list(b.states(b.release(plan)).values()) == ["done"]


def test_a_halted_run_says_what_to_remove(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    (b.folder / "estate" / "stop").touch()
    [held] = b.release(plan).held
    assert held.next_step == "Remove it, and run the same command again."


def test_what_joined_a_workload_is_planned_with_it(bench):
    b = bench({"Files": ("file-01",), "More": ("build-01",)})
    plan = b.approved("Files")
    files, more = b.config.wave.workloads
    grown = replace(files, items=(*files.items, *more.items))
    b.config = replace(b.config, wave=replace(b.config.wave, workloads=(grown,)))
    assert [gate.workload for gate in b.check(b.as_("planner")).open] == ["Files"]
    [held] = b.release(plan).held
    assert "belongs to it, and is not in the plan" in held.reason
    assert held.next_step == "Check and plan the workload again with it, and have that approved."


def test_a_dry_run_names_what_an_earlier_run_left_open(bench):
    b = bench()
    plan = b.approved()
    b.state.job_seconds = 3000.0
    b.release(plan, deadline=b.clock() + timedelta(seconds=120))
    [attempt] = b.open_attempts()
    dry = b.as_("releaser").release(plan)
    assert [each.item_id for each in dry.open_attempts] == [attempt.item_id]
    assert exit_codes.of_release(dry) == exit_codes.PARTLY
    assert azstaging.Journal.verify_at(b.folder / "estate").ok
