"""Accepted is not done: what the job, the item and the target machine say decides."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azstaging.cli import exit_codes
from azstaging.emulator.jobs import Job

STOP = "DELETE *replicationmigrationitems/*"
ONE = {"Files": ("file-01",)}


class Suspended(Job):
    """A job that waits for a person."""

    def state(self, now):
        del now
        return "Suspended"


def fields(job):
    return {name: getattr(job, name) for name in Job.__dataclass_fields__}


def suspend(state):
    for key, job in [*state._running.items()]:
        waiting = Suspended(**{**fields(job), "seconds": 1e6})
        state.jobs[job.id] = state._running[key] = waiting


def resume(state):
    for key, job in [*state._running.items()]:
        state.jobs[job.id] = state._running[key] = replace(Job(**fields(job)), seconds=0.0)


def test_a_failed_job_says_why_and_its_item_is_not_sent_again(bench):
    b = bench(ONE)
    plan = b.approved()
    b.fault("job-failed")
    result = b.release(plan)
    assert b.states(result) == {"file-01": "failed"}
    assert any("couldn't be performed" in line for line in result.receipts[0].witnesses)
    assert exit_codes.of_release(result) == exit_codes.PARTLY
    again = b.release(plan)
    assert b.held(again) == {"file-01": "it was attempted under this plan already (failed)"}
    assert exit_codes.of_release(again) == exit_codes.REFUSED
    assert b.sent() == {"file-01": 1}


def test_after_a_failed_job_another_attempt_needs_another_plan(bench):
    b = bench(ONE)
    first = b.approved()
    b.fault("job-failed")
    before = b.state.body(b.state.item_id("file-01"))
    b.release(first)
    # Somebody mended the cause; the service offers the stop again.
    b.state.change(b.state.item_id("file-01"), {"properties": before["properties"]})
    second = b.approved()
    assert second.digest != first.digest
    assert b.states(b.release(second)) == {"file-01": "done"}
    assert b.sent() == {"file-01": 2}


def test_a_suspended_job_is_unknown_and_known_once_somebody_resumed_it(bench):
    b = bench(ONE)
    plan = b.approved()
    b.later(suspend, "GET *replicationjobs*", times=0)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    assert "waits for a person" in result.receipts[0].reason
    assert exit_codes.of_release(result) == exit_codes.PARTLY
    still = b.release(plan)
    assert still.receipts == ()
    b.azure.script.set(())
    resume(b.state)
    b.clock.sleep(1)
    assert b.states(b.release(plan)) == {"file-01": "done"}
    assert b.sent() == {"file-01": 1}
    assert b.as_("planner").inventory().complete


def test_a_success_with_a_note_in_it_is_done(bench):
    b = bench(ONE)
    plan = b.approved()
    b.fault("operation-error")
    assert b.states(b.release(plan)) == {"file-01": "done"}


def come_back(b, **changes):
    """Let the item be there again after its job has ended."""
    key = b.state.item_id("file-01").casefold()

    def act():
        b.state.settle()
        if key in b.state.removed:
            b.state.entries[key] = b.state.removed.pop(key)
            b.state.change(key, changes)

    b.clock.on_sleep = act


def test_an_item_that_stays_after_its_job_succeeded_is_unknown(bench):
    b = bench(ONE)
    plan = b.approved()
    come_back(b)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    assert result.receipts[0].reason == "the job succeeded, but the item is still there"


def test_an_item_that_stays_a_while_is_done_when_it_is_gone(bench):
    b = bench(ONE)
    plan = b.approved()
    come_back(b)
    hold = b.clock.on_sleep
    gone = []

    def act():
        hold()
        gone.append(b.clock())
        if len(gone) == 12:
            b.clock.on_sleep = None
            b.state.remove(b.state.item_id("file-01"))

    b.clock.on_sleep = act
    assert b.states(b.release(plan)) == {"file-01": "done"}
    assert len(gone) == 12


def test_an_item_that_is_protected_again_meanwhile_is_unknown(bench):
    b = bench(ONE)
    plan = b.approved()
    come_back(b, **{"properties.eventCorrelationId": "another"})
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    assert result.receipts[0].reason == "it replicates again, as another generation"


def test_a_lost_request_on_an_item_protected_again_is_not_called_unchanged(bench):
    b = bench(ONE)
    plan = b.approved()
    b.fault("drop")
    key = b.state.item_id("file-01")

    def protect_again():
        if b.changes:
            b.state.change(key, {"properties.eventCorrelationId": "another"})

    b.clock.on_sleep = protect_again
    assert b.states(b.release(plan)) == {"file-01": "unknown"}


def test_gone_with_its_target_machine_is_not_done(bench):
    b = bench(ONE)
    plan = b.approved()
    b.later(lambda state: state.remove(state.vm_id("file-01")), STOP)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    assert "the target VM is not there" in result.receipts[0].reason


def test_a_target_that_nobody_can_read_is_not_done(bench):
    b = bench(ONE)
    plan = b.approved()

    def forbid(_state):
        b.fault("status", f"GET {b.state.vm_id('file-01')}", status=403, times=0)

    b.later(forbid, STOP)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    b.azure.script.set(())
    assert b.states(b.release(plan)) == {"file-01": "done"}
    assert b.sent() == {"file-01": 1}


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer-lost"])
def test_a_vault_that_is_gone_proves_nothing_of_its_items(bench, lost):
    """ARM's own 404 is not the provider's."""
    b = bench(ONE)
    plan = b.approved()
    if lost:
        b.fault("drop-after")
    vault = b.state.item_id("file-01").partition("/replicationFabrics/")[0]

    def lose():
        if b.state.stops:
            b.state.remove(vault)
            b.state.remove(b.state.item_id("file-01"))

    b.clock.on_sleep = lose
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    assert "could not be read" in result.receipts[0].reason


def test_unread_jobs_are_not_no_job(bench):
    b = bench(ONE)
    plan = b.approved()
    b.fault("drop")
    # Before the first stop they are readable: else nothing would be sent at all.
    b.fault("status", "GET *replicationjobs*", status=403, times=0, after=1)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    assert "jobs could not be read" in result.receipts[0].reason
    b.azure.script.set(())
    assert b.states(b.release(plan)) == {"file-01": "none"}
    assert b.sent() == {"file-01": 1}


def test_while_jobs_run_one_list_is_read_and_no_item(bench):
    """One job list per vault and tick for all of them, never a poll per item."""
    b = bench({"Files": ("file-01", "file-02"), "Build": ("build-01", "build-02")})
    plan = b.approved()
    b.state.job_seconds = 50.0
    before = len(b.azure.requests)
    b.release(plan)
    rest = [r for r in b.azure.requests[before:] if r.method == "GET"]
    stops = [n for n, r in enumerate(b.azure.requests) if r.method == "DELETE"]
    after = b.azure.requests[stops[-1] + 1 :]
    lists = [r for r in after if r.path.casefold().endswith("/replicationjobs")]
    items = [r for r in after if "/replicationmigrationitems/" in r.path.casefold()]
    machines = [r for r in after if "/virtualmachines/" in r.path.casefold()]
    assert len(lists) > 3
    assert (len(items), len(machines)) == (3, 3)
    assert len(after) == len(lists) + 6
    assert len(rest) < 100


def test_the_deadline_leaves_what_was_sent_open_and_the_next_run_settles_it(bench):
    b = bench(ONE)
    plan = b.approved()
    b.state.job_seconds = 300.0
    result = b.release(plan, deadline=b.clock() + timedelta(seconds=120))
    assert not result.receipts
    assert [a.job_id for a in result.open_attempts] == [b.state.stops[0].job_id]
    assert exit_codes.of_release(result) == exit_codes.PARTLY
    assert b.states(b.release(plan)) == {"file-01": "done"}
    assert b.sent() == {"file-01": 1}
    assert not b.open_attempts()
