"""`gate.max_stops_per_hour`: an hour sees so many stops, of whatever run, plan and verb."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azstaging.cli import exit_codes
from azstaging.errors import PlanRefusedError
from azstaging.model.ids import ResourceId
from azstaging.model.plans import Attempt
from azstaging.model.records import RecordType
from azstaging.rules.history import intent_record
from azstaging.rules.pace import minute

HOUR = timedelta(hours=1)
LIMIT = "max_stops_per_hour = {}"
THREE = {"Alpha": ("build-01",), "Beta": ("file-01",), "Gamma": ("report-02",)}
# A lifetime that outlasts the hour: what is tested here is the pace.
LASTING = "lifetimes = {{ target-running = 86400, source-off = 86400 }}\n" + LIMIT


def paced(bench, limit, workloads):
    return bench(workloads, gate=LASTING.format(limit))


def test_the_run_ends_cleanly_at_the_limit_and_goes_on_an_hour_later(bench):
    b = paced(bench, 2, THREE)
    plan = b.approved()
    first = b.release(plan)
    began = b.records(RecordType.INTENT)[0].at
    assert b.sent() == {"build-01": 1, "file-01": 1}
    assert b.states(first) == {"build-01": "done", "file-01": "done"}
    assert not first.open_attempts
    [held] = first.held
    assert held.name.casefold().startswith("report-02")
    assert (
        "2 of the 2 stops that an hour may see (gate.max_stops_per_hour) are taken" in held.reason
    )
    assert first.next_at == began + HOUR
    assert f"from {minute(first.next_at)} on" in held.next_step
    assert exit_codes.of_release(first) == exit_codes.DEADLINE
    b.clock.now = first.next_at - timedelta(seconds=1)
    assert b.release(plan).next_at == first.next_at
    assert sum(b.sent().values()) == 2
    b.clock.now = first.next_at
    assert b.release(plan).clean
    assert b.sent() == {"build-01": 1, "file-01": 1, "report-02": 1}


def test_a_dry_run_says_what_the_real_one_does(bench):
    b = paced(bench, 2, THREE)
    plan = b.approved()
    dry = b.as_("releaser").release(plan)
    real = b.release(plan)
    assert [key for key, _ in dry.requests] == [key for key, _ in real.requests]
    assert [h.item_id for h in dry.held] == [h.item_id for h in real.held]
    assert exit_codes.of_release(dry) == exit_codes.of_release(real) == exit_codes.DEADLINE
    full = b.as_("releaser").release(plan)
    assert full.requests == ()
    assert full.next_at == real.next_at
    assert full.held[0].reason == real.held[0].reason
    assert exit_codes.of_release(full) == exit_codes.DEADLINE


def test_stops_of_other_plans_count_and_so_does_what_is_given_up(bench):
    b = paced(bench, 2, {**THREE, "Personnel": ("personnel-01",)})
    b.source_power("personnel-01", "ON")
    item = ResourceId(b.state.item_id("personnel-01"))
    descoped = b.as_("planner").plan_abandon([item], reason="CHG-7: descoped")
    b.as_("approver").approve(descoped, comment="CHG-7")
    assert b.as_("releaser").abandon(descoped, execute=True).clean
    assert b.release(b.approved("Alpha")).clean
    result = b.release(b.approved("Beta", "Gamma"))
    assert b.sent() == {"personnel-01": 1, "build-01": 1}
    assert set(b.held(result)) == {"file-01", "report-02"}


def test_abandon_keeps_the_pace_too(bench):
    keys = ("personnel-01", "invoice-01")
    b = paced(bench, 1, {"Personnel": keys[:1], "Invoicing": keys[1:]})
    for key in keys:
        b.source_power(key, "ON")
    items = [ResourceId(b.state.item_id(key)) for key in keys]
    plan = b.as_("planner").plan_abandon(items, reason="CHG-7: descoped")
    b.as_("approver").approve(plan, comment="CHG-7")
    result = b.as_("releaser").abandon(plan, execute=True)
    assert sum(b.sent().values()) == 1
    assert [h.reason.partition(" (")[0] for h in result.held] == [
        "1 of the 1 stop that an hour may see"
    ]


def test_an_attempt_without_effect_counts_as_well(bench):
    """An intent is the last thing that is certain of a request."""
    b = paced(bench, 1, THREE)
    plan = b.approved()
    b.fault("status", status=403)
    first = b.release(plan)
    assert b.states(first) == {"build-01": "none"}
    assert set(b.held(first)) == {"file-01", "report-02"}
    assert sum(b.sent().values()) == 1


def test_a_workload_that_does_not_fit_is_not_begun_and_nothing_overtakes_it(bench):
    workloads = {"Alpha": ("build-01",), "Beta": ("file-01", "file-02"), "Gamma": ("report-02",)}
    b = paced(bench, 2, workloads)
    plan = b.approved()
    result = b.release(plan)
    assert b.sent() == {"build-01": 1}
    assert set(b.held(result)) == {"file-01", "file-02", "report-02"}
    assert b.held(result)["file-01"].endswith(", and Beta needs 2 at once")
    b.clock.now += HOUR
    again = b.release(plan)
    assert b.states(again) == {"file-01": "done", "file-02": "done"}
    assert set(b.held(again)) == {"report-02"}


def test_a_workload_larger_than_the_limit_takes_an_hour_of_its_own_and_goes_on_first(bench):
    workloads = {"Alpha": ("report-02",), "Zeta": ("build-01", "build-02", "file-01")}
    b = paced(bench, 2, workloads)
    plan = b.approved()
    first = b.release(plan)
    assert b.sent() == {"report-02": 1}
    b.clock.now += HOUR
    second = b.release(plan)
    assert {h.workloads for h in first.held} == {("Zeta",)}
    assert list(b.states(second).values()) == ["done", "done"]
    assert [h.workloads for h in second.held] == [("Zeta",)]
    assert b.as_("releaser").release(plan).requests == ()
    b.clock.now = second.next_at
    assert b.release(plan).clean
    assert set(b.sent().values()) == {1}


def test_what_was_begun_goes_on_with_whatever_room_there_is(bench):
    workloads = {"Alpha": ("report-02",), "Zeta": ("build-01", "build-02", "file-01")}
    b = paced(bench, 3, workloads)
    plan = b.approved("Zeta")
    b.release(plan, deadline=b.clock() + timedelta(seconds=62))
    assert sum(b.sent().values()) == 1
    result = b.release(plan)
    assert result.clean
    assert sum(b.sent().values()) == 3


def test_the_next_step_says_when_the_plan_ends_before_there_is_room(bench):
    b = bench(THREE, gate="plan_hours = 1\n" + LIMIT.format(1))
    plan = b.approved()
    b.clock.now += timedelta(minutes=5)
    dry = b.as_("releaser").release(plan)
    result = b.release(plan)
    for held in (*dry.held, *result.held):
        assert f"ends before that, at {plan.expires:%Y-%m-%d %H:%M} UTC" in held.next_step


def test_an_intent_dated_in_the_future_makes_no_room(bench):
    b = paced(bench, 1, THREE)
    plan = b.approved()
    assert b.release(plan).receipts
    later = b.clock.now
    b.clock.now -= timedelta(minutes=4)
    result = b.release(plan)
    assert result.next_at is not None
    assert result.next_at >= later
    assert sum(b.sent().values()) == 1


def test_preflight_says_what_the_hour_has_room_for(bench):
    b = paced(bench, 2, {**THREE, "Zeta": ("build-02", "file-02", "directory-01")})
    plan = b.approved("Alpha", "Beta")
    planner = b.as_("planner")

    def rows():
        found = planner.preflight(planner.inventory()).checks
        return [(c.state, c.on, c.detail, c.next_step) for c in found if c.what == "room this hour"]

    large, free = rows()
    assert large[:2] == ("not ok", "Zeta")
    assert "3 machines" in large[2]
    assert "2 hours" in large[2]
    assert free[:3] == ("ok", "all runs", "2 of 2 stops free")
    b.release(plan)
    full = next(row for row in rows() if row[1] == "all runs")
    assert full[0] == "not ok"
    assert full[2].startswith("2 of the 2 stops")
    assert "UTC" in full[3]


def test_without_a_limit_preflight_has_no_such_row(bench):
    b = bench(THREE)
    b.plan()
    planner = b.as_("planner")
    found = planner.preflight(planner.inventory()).checks
    assert "room this hour" not in {c.what for c in found}


def test_the_limit_is_part_of_what_was_approved(bench):
    """Nobody raises it between the approval and the release."""
    b = paced(bench, 1, THREE)
    plan = b.approved()
    raised = replace(b.config, policy=replace(b.config.policy, max_stops_per_hour=100))
    with pytest.raises(PlanRefusedError, match="policy changed"):
        b.as_("releaser", config=raised).release(plan, execute=True)
    assert not b.changes
    assert not b.records(RecordType.INTENT)


def test_what_another_run_begins_meanwhile_counts(bench):
    """Over different vaults two runs may share one container."""
    b = paced(bench, 2, THREE)
    plan = b.approved()
    journal = b.as_("planner").journal
    attempt = Attempt(
        item_id=f"{plan.items[0].id}-elsewhere",
        name="ELSEWHERE",
        generation="1",
        vault_id=plan.items[0].vault_id,
        plan_digest="sha256:of-another-plan",
        target_id="",
        at=b.clock(),
    )
    intent = intent_record(attempt, plan.items[0].request)
    b.later(
        lambda _state: journal.append([intent], at=b.clock(), run="other", actor=""), "DELETE *"
    )
    result = b.release(plan)
    assert sum(b.sent().values()) == 1
    assert len(result.held) == 2
    assert result.next_at is not None
