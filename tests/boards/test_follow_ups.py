"""Follow-ups: waivers that end, and differences that somebody must act on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from azstaging.model.backlog import BacklogSettings
from azstaging.model.decisions import Decisions, GateClosed, GateOpen, Reason, Waiver
from azstaging.model.differences import Diff, DiffClass, Difference
from azstaging.model.findings import Finding, Findings, Outcome, Subject

Make = Callable[..., Any]
AT = datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc)
EXPIRES = datetime(2026, 3, 20, 12, 0, tzinfo=timezone.utc)
TITLE = "sql: differences to act on"


def diff_of(arm_id: Make, cls: DiffClass) -> Diff:
    row = Difference(
        item_id=arm_id("sql"),
        area="licence",
        field="licence_type",
        source="Windows",
        intended="Windows_Server",
        actual="None",
        cls=cls,
    )
    return Diff(at=AT, rows_=(row,))


@pytest.fixture
def estate(inventory: Make) -> Any:
    return inventory({"sql": "staged"}, {"payroll": ("sql",)})


def test_a_difference_to_act_on_gets_a_work_item_and_closes_it_when_it_is_gone(
    world: Any, estate: Any, arm_id: Make
) -> None:
    act = diff_of(arm_id, DiffClass.ACT)
    world.sync(estate, None, act)
    item = world.titles()[TITLE]
    assert item.fields["System.State"] == "To Do"
    assert "intended Windows_Server, actual None" in item.fields["System.Description"]
    parents = [r["url"] for r in item.relations if r["rel"].endswith("Hierarchy-Reverse")]
    assert parents[0].endswith(f"/{world.titles()['sql: stage and release'].id}")
    world.state.edit(item.id, System_State="In Progress")
    moved = world.sync(estate, None, act)
    assert (moved.conflicts, moved.applied) == ((), ()), "an open follow-up is people's to move"
    world.sync(estate, None, diff_of(arm_id, DiffClass.SAME))
    assert item.fields["System.State"] == "Done"


def test_a_follow_up_closed_too_early_is_a_conflict(world: Any, estate: Any, arm_id: Make) -> None:
    act = diff_of(arm_id, DiffClass.ACT)
    world.sync(estate, None, act)
    item = world.titles()[TITLE]
    world.state.edit(item.id, System_State="Done")
    (conflict,) = world.sync(estate, None, act).conflicts
    assert (conflict.field, conflict.found, conflict.wanted) == ("state", "Done", "To Do")
    assert item.fields["System.State"] == "Done"


def test_no_differences_make_no_follow_up(world: Any, estate: Any, arm_id: Make) -> None:
    world.sync(estate, None, diff_of(arm_id, DiffClass.SAME))
    assert TITLE not in world.titles()


@pytest.mark.parametrize(("process", "dated"), [("Agile", True), ("Scrum", False)])
def test_a_waiver_is_due_when_it_ends(
    make_world: Make, estate: Any, arm_id: Make, process: str, dated: bool
) -> None:
    world = make_world(process=process)
    waiver = Waiver(
        check="agent-ready",
        subject=str(arm_id("sql")),
        reason="appliance without agent",
        category="appliance",
        approver="approver@contoso.example",
        ticket="CHG-1",
        created=AT,
        expires=EXPIRES,
    )
    world.sync(estate, waivers=(waiver,))
    item = world.titles()["Waiver of agent-ready ends: sql"]
    due = item.fields.get("Microsoft.VSTS.Scheduling.DueDate")
    assert due == ("2026-03-20T12:00:00.000Z" if dated else None)
    assert "2026-03-20T12:00:00.000Z" in item.fields["System.Description"]
    assert world.sync(estate, waivers=(waiver,)).applied == ()
    silent = BacklogSettings(follow_ups=False)
    assert len(world.sync(estate, waivers=(waiver,), settings=silent, apply=False)) == 3


def finding(arm_id: Make, outcome: Outcome, detail: str) -> Findings:
    subject = Subject(id=arm_id("sql").key, generation="g1")
    one = Finding(
        check="tcp-443",
        subject=subject,
        outcome=outcome,
        detail=detail,
        at=AT,
        lifetime_seconds=3600,
        next_step="" if outcome is Outcome.PASS else "Open the port.",
    )
    return Findings(at=AT, run="r", findings=(one,))


def test_evidence_and_gate_are_told_and_a_second_measurement_is_no_news(
    world: Any, estate: Any, arm_id: Make
) -> None:
    sql = arm_id("sql")
    reason = Reason(code="missing-evidence", detail="none at 08:00", next_step="Run the check.")
    closed = Decisions(
        at=AT,
        decisions=(GateClosed(workload="payroll", at=AT, item_ids=(sql,), reasons=(reason,)),),
    )
    failed = finding(arm_id, Outcome.FAIL, "refused after 17 ms")
    world.sync(estate, failed, None, closed)
    workload = world.titles()["Workload: payroll"]
    item = world.titles()["sql: stage and release"]
    assert "azst-gate-closed" in workload.fields["System.Tags"]
    assert "missing-evidence" in workload.fields["System.Description"]
    assert "fail. Open the port." in item.fields["System.Description"]
    again = world.sync(estate, finding(arm_id, Outcome.FAIL, "refused after 19 ms"), None, closed)
    assert again.applied == ()
    opened = Decisions(
        at=AT, decisions=(GateOpen(workload="payroll", at=AT, item_ids=(sql,), evidence=(1,)),)
    )
    world.sync(estate, finding(arm_id, Outcome.PASS, "ok"), None, opened)
    tags = workload.fields["System.Tags"].split("; ")
    assert "azst-gate-open" in tags
    assert "azst-gate-closed" not in tags
    assert "1 of 1 passed" in item.fields["System.Description"]


def test_a_renewed_waiver_moves_its_due_date_unless_a_person_set_another(
    make_world: Make, estate: Any, arm_id: Make
) -> None:
    world = make_world(process="Agile")
    waiver = Waiver(
        check="agent-ready",
        subject=str(arm_id("sql")),
        reason="appliance without agent",
        category="appliance",
        approver="approver@contoso.example",
        ticket="CHG-1",
        created=AT,
        expires=EXPIRES,
    )
    field = "Microsoft.VSTS.Scheduling.DueDate"
    world.sync(estate, waivers=(waiver,))
    item = world.titles()["Waiver of agent-ready ends: sql"]
    renewed = replace(waiver, expires=EXPIRES + timedelta(days=3))
    world.sync(estate, waivers=(renewed,))
    assert item.fields[field] == "2026-03-23T12:00:00.000Z"
    assert world.sync(estate, waivers=(renewed,)).applied == ()
    world.state.edit(item.id, by="owner@contoso.example", **{field: "2026-03-21T12:00:00Z"})
    again = replace(waiver, expires=EXPIRES + timedelta(days=5))
    (conflict,) = world.sync(estate, waivers=(again,)).conflicts
    assert (conflict.field, conflict.who) == ("due", "owner@contoso.example")
    assert item.fields[field] == "2026-03-21T12:00:00Z"
    machine = world.titles()["sql: stage and release"]
    world.state.edit(machine.id, **{field: "2026-03-19T12:00:00Z"})
    theirs = world.sync(estate, waivers=(again,))
    assert [c.field for c in theirs.conflicts] == ["due"], "a machine's due date is its people's"
