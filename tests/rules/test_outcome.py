"""What became of an attempt: proven by reading, never by silence before settle."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azstaging.model.jobs import Job, JobState
from azstaging.model.plans import Attempt, ReceiptState
from azstaging.rules.outcome import ItemRead, Observation, TargetRead, find_job, judge

SETTLE = timedelta(minutes=15)
GONE, PRESENT, UNREAD = ItemRead.GONE, ItemRead.PRESENT, ItemRead.UNREAD
THERE, MISSING, NOT_READ = TargetRead.PRESENT, TargetRead.GONE, TargetRead.UNREAD
OK, BAD, RUN, WAIT = JobState.SUCCEEDED, JobState.FAILED, JobState.RUNNING, JobState.SUSPENDED


def attempt(build, **changes):
    value = Attempt(
        item_id=str(build.item_id("app01")),
        name="app01",
        generation="g",
        vault_id=str(build.vault),
        plan_digest="sha256:1",
        target_id="/subscriptions/0/vm",
        at=build.now,
        job_id="job-1",
        answered=True,
    )
    return replace(value, **changes)


def job(build, state=OK, **changes):
    value = Job(
        id="job-1",
        scenario="DisableMigration",
        state=state,
        raw_state=state.value,
        object_name="app01",
        started_at=build.now,
    )
    return replace(value, **changes)


@pytest.mark.parametrize(
    ("item", "target", "state", "settled", "expected"),
    [
        (GONE, THERE, OK, False, ReceiptState.DONE),
        (GONE, THERE, OK, True, ReceiptState.DONE),
        (GONE, MISSING, OK, False, ReceiptState.UNKNOWN),
        (GONE, NOT_READ, OK, False, None),
        (GONE, NOT_READ, OK, True, ReceiptState.UNKNOWN),
        (GONE, THERE, RUN, False, None),
        (GONE, THERE, None, False, None),
        (GONE, THERE, None, True, ReceiptState.UNKNOWN),
        (GONE, THERE, BAD, False, None),
        (GONE, THERE, BAD, True, ReceiptState.UNKNOWN),
        (PRESENT, THERE, BAD, False, ReceiptState.FAILED),
        (PRESENT, THERE, OK, False, None),
        (PRESENT, THERE, OK, True, ReceiptState.UNKNOWN),
        (PRESENT, THERE, RUN, True, None),
        (PRESENT, THERE, WAIT, False, None),
        (PRESENT, THERE, WAIT, True, ReceiptState.UNKNOWN),
        (PRESENT, THERE, None, False, None),
        (PRESENT, THERE, None, True, ReceiptState.UNKNOWN),
        (UNREAD, THERE, OK, False, None),
        (UNREAD, THERE, OK, True, ReceiptState.UNKNOWN),
        (UNREAD, THERE, RUN, True, None),
    ],
)
def test_the_table(build, item, target, state, settled, expected):
    seen = Observation(
        at=build.now + (SETTLE if settled else SETTLE - timedelta(seconds=1)),
        item=item,
        target=target,
        job=job(build, state) if state else None,
        jobs_read=True,
    )
    receipt = judge(attempt(build), seen, settle=SETTLE)
    assert (receipt.state if receipt else None) is expected


def test_an_unanswered_attempt_on_an_unchanged_item_had_no_effect(build):
    seen = Observation(at=build.now + SETTLE, item=PRESENT, target=THERE, job=None, jobs_read=True)
    receipt = judge(attempt(build, job_id="", answered=False), seen, settle=SETTLE)
    assert receipt.state is ReceiptState.NONE
    assert "held" in receipt.reason


def test_a_receipt_carries_its_witnesses(build):
    seen = Observation(
        at=build.now, item=GONE, target=THERE, job=job(build, messages=("renamed",)), jobs_read=True
    )
    receipt = judge(attempt(build), seen, settle=SETTLE)
    assert receipt.witnesses == (
        "job job-1 succeeded (DisableMigration)",
        "item gone",
        "target VM present",
        "job message: renamed",
    )


def test_with_a_job_id_only_that_job_counts(build):
    assert find_job(attempt(build), [job(build, id="other")]) is None
    assert find_job(attempt(build), [job(build, id="JOB-1")]).id == "JOB-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": "TestFailover"},
        {"started_at": None},
        {"started_at": "early"},
        {"object_name": "app02"},
        {"object_id": "/another/item"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_without_a_job_id_a_foreign_job_proves_nothing(build, changes):
    if changes.get("started_at") == "early":
        changes = {"started_at": build.now - timedelta(minutes=6)}
    lost = attempt(build, job_id="", answered=False)
    assert find_job(lost, [job(build, **changes)]) is None


def test_without_a_job_id_the_latest_job_on_the_item_counts(build):
    lost = attempt(build, job_id="", answered=False)
    late = job(build, id="late", started_at=build.now + timedelta(minutes=1))
    by_id = job(build, id="by-id", object_id=str(build.item_id("app01")).upper())
    assert find_job(lost, [late, job(build)]) is late
    assert find_job(lost, [by_id]) is by_id


def test_a_name_that_others_have_proves_nothing(build):
    lost = attempt(build, job_id="", answered=False, ambiguous_name=True)
    assert find_job(lost, [job(build)]) is None
    assert find_job(lost, [job(build, object_id="app01")]) is not None


def test_unread_jobs_are_not_no_jobs(build):
    lost = attempt(build, job_id="", answered=False)
    early = Observation(at=build.now, item=PRESENT, target=THERE, job=None, jobs_read=False)
    late = replace(early, at=build.now + SETTLE)
    assert judge(lost, early, settle=SETTLE) is None
    assert judge(lost, late, settle=SETTLE).state is ReceiptState.UNKNOWN
    assert judge(lost, replace(late, jobs_read=True), settle=SETTLE).state is ReceiptState.NONE
