"""A refusal reads as a colleague would say it: what, which item, since when, what to do next."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from azstaging.errors import PlanRefusedError
from azstaging.model.records import RecordType


def test_every_held_item_says_what_to_do_next(bench):
    b = bench()
    plan = b.approved()
    b.fault("job-failed", "DELETE *")
    first = b.release(plan)
    b.state.change(b.state.item_id("file-01"), {"properties.migrationState": "Replicating"})
    second = b.release(plan)
    for held in (*first.held, *second.held):
        assert held.name
        assert held.reason
        assert held.next_step.endswith(".")
    again = {b.held(second)[key]: key for key in b.held(second)}
    attempted = next(h for h in second.held if "attempted under this plan" in h.reason)
    assert f"Since {first.receipts[0].at:%Y-%m-%d %H:%M} UTC" in attempted.next_step
    assert "plan it again" in attempted.next_step
    changed = next(h for h in second.held if h.changes)
    assert "approved again" in changed.next_step
    assert len(again) >= 2


def test_a_file_named_stop_halts_within_one_item(bench):
    b = bench()
    plan = b.approved()
    stop = Path(b.folder / "estate" / "stop")
    b.later(lambda _state: stop.write_text("16:05, ask me first"), "DELETE *")
    result = b.release(plan)
    assert sum(b.sent().values()) == 1
    assert [r.state.value for r in result.receipts] == ["done"]
    assert all("asked to halt" in held.reason for held in result.held)
    assert len(b.records(RecordType.INTENT)) == 1
    stop.unlink()
    b.azure.script.set(())
    assert b.release(plan).clean


def test_what_waits_for_another_says_for_which_and_what_helps(bench):
    b = bench()
    plan = b.approved("Build")
    b.fault("status", status=400)
    first = b.release(plan)
    second = b.release(plan)
    [waiting] = first.held
    assert waiting.reason == "workload Build is held: BUILD-02 was attempted without effect"
    assert "approved" in waiting.next_step
    again = {held.name: held for held in second.held}
    assert again["BUILD-01"].reason == "workload Build is held: BUILD-02 may not go"
    assert again["BUILD-01"].next_step == "It goes when all of its workload may go."
    assert ".." not in again["BUILD-02"].next_step


def test_a_plan_that_is_refused_is_named_with_what_does_not_count(bench):
    b = bench(gate="approvals = 2")
    plan = b.plan()
    for who in ("approver", "reader"):
        b.as_(who).approve(plan, comment="CHG-1")
    with pytest.raises(PlanRefusedError) as caught:
        b.as_("approver").release(plan, execute=True)
    text = str(caught.value)
    assert plan.digest[:19] in text
    assert "1 of 2 approvals; that of the planner or of who would release it does not" in text
    b.clock.now += timedelta(hours=9)
    with pytest.raises(PlanRefusedError, match=r"every approval has expired, the last at 20\d\d-"):
        b.release(plan)


def test_a_plan_of_another_journal_is_sent_home(bench):
    b = bench()
    plan = b.approved()
    with pytest.raises(PlanRefusedError) as caught:
        b.as_("releaser", journal=b.folder / "elsewhere").release(plan, execute=True)
    assert "--journal" in caught.value.advice()


def test_a_waiver_that_ended_since_the_plan_is_why_it_is_held(bench):
    b = bench({"Mail": ("mail-02",)})
    plan = b.approved()
    soon = b.clock() + timedelta(minutes=5)
    b.config = replace(b.config, waivers=tuple(replace(w, expires=soon) for w in b.config.waivers))
    [waiver] = b.config.waivers
    b.clock.now += timedelta(minutes=6)
    [held] = b.release(plan).held
    whose = f"{waiver.approver}/{waiver.ticket}"
    assert f"the waiver of {whose} ended at {soon:%Y-%m-%d %H:%M} UTC" in held.reason
    assert not b.changes


def test_held_machines_of_one_name_are_told_apart(bench):
    b = bench({"Build": ("build-app-07",), "Ticketing": ("ticket-app-07",)})
    plan = b.approved()
    for key in ("build-app-07", "ticket-app-07"):
        size = {"properties.hardwareProfile.vmSize": "Standard_D16s_v5"}
        b.state.change(b.state.vm_id(key), size)
    names = {row["name"] for row in b.release(plan).rows()}
    assert names == {"APP-07 (vlt-agentless)", "APP-07 (vlt-agents)"}


def test_a_plan_of_one_workload_is_counted_as_one(bench):
    b = bench()
    b.plan("Build")
    notes = [row["note"] for row in b.as_("planner").status().rows() if row["what"] == "plan"]
    assert "; 2 items in 1 workload, until " in notes[0]
