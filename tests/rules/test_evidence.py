"""Which finding counts: order, generation, target, lifetime, flakiness."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from azstaging.model.findings import Outcome
from azstaging.rules.evidence import (
    FindingIndex,
    Standing,
    is_unread,
    item_subject,
    target_fingerprint,
    weigh,
    workload_scope,
)

ORDERS = sorted((Path(__file__).parent.parent / "cases" / "evidence").glob("*.json"))
P, F, N, E, S = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.INCONCLUSIVE,
    Outcome.ERROR,
    Outcome.SKIPPED,
)


def standing(build, *runs, now=None, lifetime_seconds=None):
    """Weigh runs, each a tuple of outcomes, oldest first."""
    row = build.row()
    findings = [
        build.finding(row, "c", outcome, run=f"run-{number}")
        for number, outcomes in enumerate(runs)
        for outcome in outcomes
    ]
    return weigh(
        "c",
        item_subject(row),
        FindingIndex(findings),
        now=now or build.now,
        flaky_passes=2,
        lifetime_seconds=lifetime_seconds,
    ).standing


@pytest.mark.parametrize("file", ORDERS, ids=lambda file: file.stem)
def test_order_of_runs(build, file):
    case = json.loads(file.read_text("utf-8"))
    runs = [[Outcome(said) for said in run] for run in case["runs"]]
    assert standing(build, *runs).value == case["expect"]


def test_every_pair_of_runs_has_its_case():
    pairs = {(one.value, other.value) for one in Outcome for other in Outcome}
    cases = [json.loads(file.read_text("utf-8"))["runs"] for file in ORDERS]
    assert pairs <= {(*runs[0], *runs[1]) for runs in cases if [len(run) for run in runs] == [1, 1]}
    assert pairs <= {tuple(runs[0]) for runs in cases if [len(run) for run in runs] == [2]}


def test_evidence_expires_at_the_shorter_lifetime(build):
    taken = build.now - timedelta(minutes=10)
    assert standing(build, (P,), now=taken + timedelta(seconds=3599)) is Standing.PASSED
    assert standing(build, (P,), now=taken + timedelta(seconds=3600)) is Standing.EXPIRED
    assert standing(build, (P,), lifetime_seconds=600) is Standing.EXPIRED
    assert standing(build, (P,), lifetime_seconds=601) is Standing.PASSED
    late = taken + timedelta(seconds=3600)
    assert standing(build, (P,), now=late, lifetime_seconds=9999) is Standing.EXPIRED


def test_evidence_from_the_future_does_not_count(build):
    early = build.now - timedelta(minutes=16)
    assert standing(build, (P,), now=early) is Standing.FROM_THE_FUTURE
    assert standing(build, (P,), now=early + timedelta(minutes=1)) is Standing.PASSED


@pytest.mark.parametrize(
    "change",
    [
        {"size": "Standard_D8s_v5"},
        {"vm_id": "another"},
        {"disks": ()},
        {"nics": ()},
        {"extensions": {"AzureMonitor": "Succeeded"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_target_voids(build, change):
    row = build.row()
    finding = build.finding(row, "c")
    changed = replace(row, target=build.target("app01", **change))
    verdict = weigh(
        "c", item_subject(changed), FindingIndex([finding]), now=build.now, flaky_passes=2
    )
    assert verdict.standing is Standing.VOID


def test_an_extension_that_fails_voids_and_its_version_does_not(build):
    good = build.target("app01", extensions={"A": "Succeeded"})
    updating = build.target("app01", extensions={"a": "Updating"})
    failed = build.target("app01", extensions={"A": "Failed"})
    assert target_fingerprint(good) == target_fingerprint(updating)
    assert target_fingerprint(good) != target_fingerprint(failed)


def test_a_new_generation_voids(build):
    row = build.row()
    finding = build.finding(row, "c")
    again = replace(row, item=replace(row.item, generation="second"))
    verdict = weigh(
        "c", item_subject(again), FindingIndex([finding]), now=build.now, flaky_passes=2
    )
    assert verdict.standing is Standing.VOID


def weighed(build, row, findings, now=None):
    index = FindingIndex(findings)
    return weigh("c", item_subject(row), index, now=now or build.now, flaky_passes=2)


def hours_before(build, hours):
    return build.now - timedelta(hours=hours)


def test_a_failure_is_told_since_its_first_of_many(build):
    """A pass or another standing in between begins it anew."""
    row = build.row()
    taken = [(9, F), (8, P), (7, E), (6, F), (5, F)]
    findings = [
        build.finding(row, "c", outcome, run=f"r{hours}", at=hours_before(build, hours))
        for hours, outcome in taken
    ]
    assert weighed(build, row, findings).since == hours_before(build, 6)
    assert weighed(build, row, findings[:3]).since == hours_before(build, 7)
    assert weighed(build, row, [build.finding(row, "c", P)]).since is None
    assert weighed(build, row, []).since is None


def test_a_flaky_check_tells_when_it_failed(build):
    row = build.row()
    findings = [
        build.finding(row, "c", outcome, run=f"r{hours}", at=hours_before(build, hours))
        for hours, outcome in ((3, F), (2, F), (0.5, P))
    ]
    verdict = weighed(build, row, findings)
    assert verdict.standing is Standing.FLAKY
    assert verdict.since == hours_before(build, 2)
    assert f"failed at {hours_before(build, 2):%Y-%m-%d %H:%M} UTC" in verdict.detail


def test_void_evidence_tells_what_changed_and_since_when(build):
    row = build.row()
    at = hours_before(build, 2)
    finding = build.finding(row, "c", P, at=at)
    resized = replace(row, target=replace(row.target, size="Standard_D8s_v5"))
    verdict = weighed(build, resized, [finding])
    assert (verdict.standing, verdict.since) == (Standing.VOID, at)
    assert verdict.detail == (
        f"the target changed after {at:%Y-%m-%d %H:%M} UTC, when the evidence was taken"
    )
    again = replace(row, item=replace(row.item, generation="another"))
    assert weighed(build, again, [finding]).detail.startswith("the item was protected anew after ")
    both = replace(resized, item=again.item)
    assert weighed(build, both, [finding]).detail.startswith(
        "the item was protected anew and the target changed after "
    )


def test_evidence_of_no_time_of_ours_tells_its_date(build):
    row = build.row()
    finding = build.finding(row, "c", P, at=build.now + timedelta(hours=1))
    detail = weighed(build, row, [finding]).detail
    assert f"{build.now + timedelta(hours=1):%Y-%m-%d %H:%M} UTC" in detail


def test_a_target_that_is_not_known_now_has_not_changed(build):
    row = build.row()
    at = hours_before(build, 2)
    finding = build.finding(row, "c", P, at=at)

    def weighed_unread(row, old=finding):
        return weigh(
            "c",
            item_subject(row),
            FindingIndex([old]),
            now=build.now,
            flaky_passes=2,
            unread=is_unread((row,)),
        )

    unread = replace(row, target=None, target_unknown=True, target_note="403")
    verdict = weighed_unread(unread)
    assert (verdict.standing, verdict.since) == (Standing.VOID, at)
    assert verdict.detail == (
        "the target could not be read now, so nobody can tell whether the evidence of "
        f"{at:%Y-%m-%d %H:%M} UTC is about it"
    )
    assert verdict.next_step == "See that the target can be read, then decide again."
    # What is certain is said, and needs a new check in any case.
    again = replace(unread, item=replace(row.item, generation="another"))
    verdict = weighed_unread(again)
    assert verdict.detail.startswith("the item was protected anew after ")
    assert verdict.next_step == ""
    # Taken while the target was unknown, it is about no machine.
    verdict = weighed_unread(row, build.finding(unread, "c", P, at=at))
    assert verdict.detail.startswith("the target was found after ")


def test_an_unread_target_of_a_workload_has_not_changed(build):
    rows = (build.row("app01"), build.row("app02"))
    finding = replace(build.finding(rows[0], "c", P), subject=workload_scope("Payroll", rows))
    unread = (rows[0], replace(rows[1], target=None, target_unknown=True))
    verdict = weigh(
        "c",
        workload_scope("Payroll", unread),
        FindingIndex([finding]),
        now=build.now,
        flaky_passes=2,
        unread=is_unread(unread),
    )
    assert verdict.standing is Standing.VOID
    assert verdict.detail.startswith("a target of the workload could not be read now, ")
