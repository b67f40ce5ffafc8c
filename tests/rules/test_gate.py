"""The gate opens for one thing only: everything known, everything passed, everything fresh."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azstaging.model.decisions import GateClosed, GateOpen, Waiver
from azstaging.model.findings import Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Phase
from azstaging.model.items import Collection, Cutover, TestMachine
from azstaging.model.machines import Lock
from azstaging.rules.gate import decide


def codes(decisions, workload="Payroll"):
    decision = next(d for d in decisions if d.workload == workload)
    return [reason.code for reason in decision.reasons] if isinstance(decision, GateClosed) else []


def waiver(build, **changes):
    value = Waiver(
        check="target-running",
        subject="Payroll",
        reason="known",
        category="accepted-risk",
        approver="operations lead",
        ticket="CHG-1",
        created=build.now - timedelta(days=1),
        expires=build.now + timedelta(days=1),
    )
    return replace(value, **changes)


def test_opens_when_everything_passed_and_names_its_evidence(build):
    decision = next(iter(decide(build.case(build.row()), now=build.now)))
    assert isinstance(decision, GateOpen)
    assert decision.evidence == (7,)
    assert decision.item_ids == (build.item_id("app01"),)


def test_an_empty_inventory_closes(build):
    case = build.case(build.row())
    case = replace(case, inventory=replace(case.inventory, items=()))
    assert {"empty-inventory", "empty-workload"} <= set(codes(decide(case, now=build.now)))


def test_a_policy_without_required_checks_closes(build):
    case = build.case(build.row())
    case = replace(case, policy=replace(case.policy, required=()))
    assert codes(decide(case, now=build.now)) == ["no-required-check"]


ROW_CHANGES = {
    "phase": {"phase": Phase.REPLICATING},
    "test-machine": {"test_machines": (ResourceId("/subscriptions/0/x/y/app01-Test"),)},
    "target-missing": {"target": None},
    "target-unread": {"target": None, "target_unknown": True},
    "lock": {
        "locks": (
            Lock(
                id=ResourceId("/subscriptions/0/providers/Microsoft.Authorization/locks/l"),
                level="CanNotDelete",
                scope=ResourceId("/subscriptions/0"),
            ),
        )
    },
}


@pytest.mark.parametrize("code", sorted(ROW_CHANGES))
def test_what_cannot_be_waived_closes(build, code):
    row = build.row(**ROW_CHANGES[code])
    case = replace(build.case(row), waivers=(waiver(build), waiver(build, check="phase-staged")))
    assert code in codes(decide(case, now=build.now))


FACT_CHANGES = {
    "unrecognised": {"unrecognised": ("migrationState=New",)},
    "stop-not-allowed": {"stop_allowed": False},
    "job-running": {"idle": False},
    "test-machine": {"test": TestMachine.OUTSTANDING},
}


@pytest.mark.parametrize("code", sorted(FACT_CHANGES))
def test_a_bad_fact_closes(build, code):
    row = build.row(facts=replace(build.staged, **FACT_CHANGES[code]))
    assert codes(decide(build.case(row), now=build.now)) == [code]


@pytest.mark.parametrize(("field", "code"), [("idle", "job-running"), ("test", "test-machine")])
def test_an_unknown_fact_closes(build, field, code):
    row = build.row(facts=replace(build.staged, **{field: None}))
    assert code in codes(decide(build.case(row), now=build.now))


def test_a_cleanup_on_offer_closes(build):
    row = build.row(facts=replace(build.staged, cleanup_allowed=True))
    assert codes(decide(build.case(row), now=build.now)) == ["test-machine"]


@pytest.mark.parametrize("phase", [p for p in Phase if p not in {Phase.STAGED, Phase.RELEASED}])
def test_every_other_phase_closes(build, phase):
    reasons = codes(decide(build.case(build.row(phase=phase)), now=build.now))
    assert "phase" in reasons


def test_released_items_are_not_looked_at_again(build):
    released = build.row("done", phase=Phase.RELEASED, target=None)
    case = build.case(released, build.row("app01"))
    decision = next(iter(decide(case, now=build.now)))
    assert isinstance(decision, GateOpen)
    assert decision.item_ids == (build.item_id("app01"),)
    assert codes(decide(build.case(released), now=build.now)) == ["already-released"]


def test_no_generation_closes(build):
    row = build.row()
    row = replace(row, item=replace(row.item, generation=None))
    assert "no-generation" in codes(decide(build.case(row), now=build.now))


def test_a_list_row_without_detail_closes(build):
    row = build.row()
    row = replace(row, item=replace(row.item, detailed=False))
    assert codes(decide(build.case(row), now=build.now)) == ["not-detailed"]


def test_azure_local_stays_closed(build):
    row = build.row()
    row = replace(row, item=replace(row.item, collection=Collection.DATA_REPLICATION))
    assert codes(decide(build.case(row), now=build.now)) == ["target-not-provable"]


def test_migration_notes_are_required_where_there_are_some(build):
    row = build.row(facts=replace(build.staged, cutover=Cutover.DONE_WITH_NOTES))
    assert codes(decide(build.case(row), now=build.now)) == ["evidence-missing"]
    findings = (*build.case(row).findings, build.finding(row, "migration-notes"))
    assert decide(build.case(row, findings=findings), now=build.now).open


def test_a_gap_over_a_named_item_closes(build):
    case = build.case(build.row())
    missing = build.item_id("unread")
    workload = replace(case.wave.workloads[0], items=(*case.wave.workloads[0].items, str(missing)))
    case = replace(
        case,
        wave=replace(case.wave, workloads=(workload,)),
        inventory=replace(
            case.inventory,
            gaps=(Gap(scope=build.vault, reason="forbidden", detail="no", permission="a/read"),),
        ),
    )
    reasons = next(iter(decide(case, now=build.now))).reasons
    assert [reason.code for reason in reasons] == ["gap"]
    assert reasons[0].next_step == "Grant a/read."


def test_an_unresolved_selector_closes(build):
    case = build.case(build.row())
    case = replace(case, inventory=replace(case.inventory, unresolved=(("Payroll", "db9"),)))
    assert codes(decide(case, now=build.now)) == ["unresolved-selector"]


@pytest.mark.parametrize("age", [timedelta(minutes=61), timedelta(minutes=-6)])
def test_a_stale_or_future_inventory_closes(build, age):
    case = build.case(build.row())
    case = replace(case, inventory=replace(case.inventory, read_at=build.now - age))
    assert codes(decide(case, now=build.now)) == ["stale-inventory"]


@pytest.mark.parametrize(
    ("ago", "why"), [(2, "more than one hour ago"), (-1, "which is in the future")]
)
def test_a_stale_inventory_tells_when_it_was_read(build, ago, why):
    at = build.now - timedelta(hours=ago)
    case = build.case(build.row())
    case = replace(case, inventory=replace(case.inventory, read_at=at))
    [reason] = next(iter(decide(case, now=build.now))).reasons
    assert reason.detail == f"the inventory was read at {at:%Y-%m-%d %H:%M} UTC, {why}"


def test_a_failed_check_tells_since_when(build):
    row = build.row()
    findings = [
        build.finding(
            row, "target-running", outcome, run=run, at=build.now - timedelta(minutes=ago)
        )
        for run, outcome, ago in (
            ("r1", Outcome.FAIL, 50),
            ("r2", Outcome.FAIL, 10),
        )
    ]
    passed = build.finding(row, "phase-staged", Outcome.PASS)
    case = build.case(row, findings=(passed, *findings))
    [reason] = next(iter(decide(case, now=build.now))).reasons
    assert reason.detail == (
        "app01: target-running: target-running says fail (since 2026-11-26 15:10 UTC)"
    )


def test_cooling_off_closes_until_its_time(build):
    case = build.case(build.row())
    after = build.now + timedelta(minutes=1)
    case = replace(case, wave=replace(case.wave, release_after=after))
    assert codes(decide(case, now=build.now)) == ["cooling-off"]
    assert decide(case, now=after).open


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.PASS])
def test_anything_but_a_pass_closes(build, outcome):
    row = build.row()
    findings = (
        build.finding(row, "phase-staged"),
        build.finding(row, "target-running", outcome),
    )
    reasons = codes(decide(build.case(row, findings=findings), now=build.now))
    expected = "failed" if outcome is Outcome.FAIL else outcome.value
    assert reasons == [f"evidence-{expected}"]


def test_a_waiver_opens_one_check_of_one_workload(build):
    row = build.row()
    case = build.case(row, findings=(build.finding(row, "phase-staged"),))
    assert codes(decide(case, now=build.now)) == ["evidence-missing"]
    case = replace(case, waivers=(waiver(build),))
    decision = next(iter(decide(case, now=build.now)))
    assert isinstance(decision, GateOpen)
    assert decision.waivers == (waiver(build),)


@pytest.mark.parametrize(
    "changes",
    [
        {"check": "phase-staged"},
        {"subject": "Other"},
        {"expires": "now"},
        {"created": "long ago"},
        {"created": "tomorrow"},
    ],
    ids=lambda changes: next(iter(changes.items())),
)
def test_a_waiver_that_does_not_hold_opens_nothing(build, changes):
    times = {
        "now": build.now,
        "long ago": build.now - timedelta(days=30),
        "tomorrow": build.now + timedelta(hours=1),
    }
    changes = {key: times.get(value, value) for key, value in changes.items()}
    row = build.row()
    case = build.case(row, findings=(build.finding(row, "phase-staged"),))
    case = replace(case, waivers=(waiver(build, **changes),))
    assert "evidence-missing" in codes(decide(case, now=build.now))


@pytest.mark.parametrize("standing", ["expired", "from-the-future", "void"])
def test_freshness_cannot_be_waived(build, standing):
    row = build.row()
    known = build.finding(row, "target-running", Outcome.FAIL)
    stale = {
        "expired": replace(build.finding(row, "target-running"), at=build.now - timedelta(days=2)),
        "from-the-future": replace(
            build.finding(row, "target-running"), at=build.now + timedelta(hours=1)
        ),
        "void": replace(known, subject=replace(known.subject, generation="an earlier one")),
    }
    old_failure = replace(known, at=build.now - timedelta(days=2))
    findings = (build.finding(row, "phase-staged"), known)
    case = replace(build.case(row, findings=findings), waivers=(waiver(build),))
    closed = decide(replace(case, findings=(findings[0], old_failure)), now=build.now)
    assert codes(closed) == ["evidence-failed"], "a failure of the day before yesterday"
    assert isinstance(next(iter(decide(case, now=build.now))), GateOpen), "it accepts what is known"
    case = replace(case, findings=(findings[0], stale[standing]))
    decision = next(iter(decide(case, now=build.now)))
    assert [(r.code, r.waivable) for r in decision.reasons] == [(f"evidence-{standing}", False)]


def test_the_phase_cannot_be_waived(build):
    row = build.row()
    findings = (
        build.finding(row, "target-running"),
        build.finding(row, "phase-staged", Outcome.FAIL),
    )
    case = replace(
        build.case(row, findings=findings), waivers=(waiver(build, check="phase-staged"),)
    )
    assert codes(decide(case, now=build.now)) == ["evidence-failed"]


def test_a_shared_item_waits_for_all_its_workloads(build):
    shared = build.row("sql", "Payroll", "Portal")
    red = build.row("web", "Portal", phase=Phase.FAILED)
    other = build.row("far", "Payroll", "Archive")
    decisions = decide(build.case(shared, red, other), now=build.now)
    assert not decisions.open
    assert codes(decisions, "Payroll") == ["shared-item"]
    assert codes(decisions, "Archive") == ["shared-item"]
    assert codes(decisions, "Portal") == ["phase"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_removing_evidence_never_opens_a_gate(build, data):
    rows = [build.row("a"), build.row("b", "Payroll", "Portal")]
    outcomes = st.sampled_from(list(Outcome))
    findings = tuple(
        build.finding(row, check, data.draw(outcomes), run=f"run-{n}")
        for row in rows
        for check in build.required
        for n in range(2)
    )
    kept = tuple(f for f in findings if data.draw(st.booleans()) or f.outcome is not Outcome.PASS)
    before = decide(build.case(*rows, findings=findings), now=build.now)
    after = decide(build.case(*rows, findings=kept), now=build.now)
    assert {d.workload for d in after.open} <= {d.workload for d in before.open}


def test_a_baseline_that_was_frozen_since_is_not_flaky(build):
    row = build.row()
    case = build.case(
        row,
        findings=tuple(
            build.finding(row, check, outcome, run=run)
            for check in ("baseline-present", "target-running")
            for run, outcome in (("run-1", Outcome.FAIL), ("run-2", Outcome.PASS))
        ),
    )
    policy = replace(case.policy, required=("baseline-present", "target-running"))
    reasons = decide(replace(case, policy=policy), now=build.now).closed[0].reasons
    assert [(reason.code, reason.check) for reason in reasons] == [
        ("evidence-flaky", "target-running")
    ]


@pytest.mark.parametrize(
    ("idle", "job", "said"),
    [
        (False, "Migrate", "job Migrate is running"),
        (False, "", "a job is running, and its name is not told"),
        (None, "", "the service does not tell whether a job is running"),
    ],
)
def test_a_job_that_nobody_tells_of_is_not_said_to_run(build, idle, job, said):
    row = build.row()
    row = replace(row, facts=replace(row.facts, idle=idle), item=replace(row.item, running_job=job))
    (decision,) = decide(build.case(row), now=build.now)
    (reason,) = [each for each in decision.reasons if each.code == "job-running"]
    assert reason.detail == f"app01: {said}"
    assert ("jobs in the portal" in reason.next_step) is (idle is None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"expires": timedelta(minutes=-1)}, "ended at 2026-11-26 15:59 UTC"),
        (
            {"created": timedelta(hours=1), "expires": timedelta(days=2)},
            "begins at 2026-11-26 17:00 UTC",
        ),
        (
            {"created": timedelta(days=-31), "expires": timedelta(days=1)},
            "does not count: it is longer than 30 days",
        ),
        ({"check": "phase-staged"}, "does not count: this check cannot be waived"),
        ({"subject": "of the item"}, ""),
        ({"check": "another"}, ""),
        ({"subject": "Another"}, ""),
    ],
)
def test_a_waiver_that_is_not_in_force_is_told_and_opens_nothing(build, changes, why):
    row = build.row()
    changed = {k: build.now + v if isinstance(v, timedelta) else v for k, v in changes.items()}
    if changed.get("subject") == "of the item":
        changed = {"subject": str(row.id), "expires": build.now - timedelta(hours=1)}
        why = "ended at 2026-11-26 15:00 UTC"
    failed = changed.get("check", "target-running")
    failed = failed if failed in build.required else "target-running"
    findings = tuple(
        build.finding(row, check, Outcome.FAIL if check == failed else Outcome.PASS)
        for check in build.required
    )
    case = replace(build.case(row, findings=findings), waivers=(waiver(build, **changed),))
    (decision,) = decide(case, now=build.now)
    (reason,) = decision.reasons
    said = f"; the waiver of operations lead/CHG-1 {why}" if why else ""
    assert reason.detail == (
        f"app01: {failed}: {failed} says fail (since 2026-11-26 15:50 UTC){said}"
    )


def test_a_waiver_in_force_is_not_said_to_have_ended(build):
    """Freshness is not waivable: it is no fault of the waiver."""
    row = build.row()
    expired = tuple(
        build.finding(row, check, at=build.now - timedelta(hours=3)) for check in build.required
    )
    ended = waiver(build, expires=build.now - timedelta(hours=2))
    case = build.case(row, findings=expired)
    (decision,) = decide(replace(case, waivers=(ended, waiver(build))), now=build.now)
    assert decision.reasons
    assert not any("waiver" in reason.detail for reason in decision.reasons)
