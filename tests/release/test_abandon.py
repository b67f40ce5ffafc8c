"""Abandon is a verb of its own: what was not migrated is given up, and nothing else is."""

from dataclasses import replace

import pytest

from azstaging.errors import ConfigurationError, GateClosedError, PlanRefusedError
from azstaging.model.ids import ResourceId
from azstaging.model.records import RecordType
from azstaging.rules.abandon import reasons
from azstaging.rules.plan import plan_bytes, plan_from

GIVEN_UP = {"Personnel": ("personnel-01", "personnel-02"), "Invoicing": ("invoice-01",)}


@pytest.fixture
def estate(bench):
    """A paused machine, a replicating one, and a migrated one; the first two run at the source."""
    b = bench(GIVEN_UP)
    for key in ("personnel-01", "invoice-01"):
        b.source_power(key, "ON")
    return b


def planned(b, *keys, reason="CHG-7: descoped"):
    ids = [ResourceId(b.state.item_id(key)) for key in keys]
    return b.as_("planner").plan_abandon(ids, reason=reason)


def approved(b, *keys):
    plan = planned(b, *keys)
    b.as_("approver").approve(plan, comment="CHG-7")
    return plan


def abandon(b, plan, **options):
    return b.as_("releaser", **options).abandon(plan, execute=True)


def test_what_was_not_migrated_is_given_up_once_and_proven(estate):
    plan = approved(estate, "personnel-01", "invoice-01")
    result = abandon(estate, plan)
    assert estate.states(result) == {"personnel-01": "done", "invoice-01": "done"}
    assert estate.sent() == {"personnel-01": 1, "invoice-01": 1}
    told = {
        item.name: item.request.body["properties"]["disableProtectionReason"]
        for item in plan.items
        if item.request.body
    }
    assert told == {"INVOICE-01": "NotSpecified"}
    assert all("no target VM was known" in receipt.witnesses for receipt in result.receipts)
    assert abandon(estate, plan).requests == ()
    assert not estate.state.purges


def test_given_up_is_not_released(estate):
    abandon(estate, approved(estate, "invoice-01"))
    after = estate.as_("planner")
    status = after.status()
    assert [r.name for r in status.abandoned] == ["INVOICE-01"]
    assert status.released == ()
    assert {row["state"] for row in status.rows()} == {"abandoned"}
    inventory = after.inventory()
    assert "INVOICE-01" not in {row.name for row in inventory.items}


def test_a_migrated_machine_is_released_and_never_abandoned(estate):
    with pytest.raises(GateClosedError, match="phase is staged") as caught:
        planned(estate, "personnel-01", "personnel-02")
    assert "release" in caught.value.advice()
    assert not estate.records(RecordType.PLAN)


def test_a_machine_that_runs_nowhere_is_not_abandoned(estate):
    estate.source_power("invoice-01", "OFF")
    with pytest.raises(GateClosedError, match="the source is off"):
        planned(estate, "invoice-01")


def test_a_source_that_only_the_name_tells_is_not_enough(estate):
    inventory = estate.as_("planner").inventory()
    row = next(row for row in inventory.items if row.name == "PERSONNEL-01")
    assert reasons(row, inventory, now=inventory.read_at) == ()
    by_name = replace(row, source_note="found by its name alone")
    [reason] = reasons(by_name, inventory, now=inventory.read_at)
    assert reason.code == "source-not-running"
    assert "found by its name alone" in reason.detail


def test_the_source_that_stops_after_the_plan_holds_it(estate):
    plan = approved(estate, "invoice-01")
    estate.source_power("invoice-01", "OFF")
    result = abandon(estate, plan)
    assert "the source is off" in estate.held(result)["invoice-01"]
    assert not estate.changes


def test_a_machine_that_is_migrated_meanwhile_is_held(estate):
    plan = approved(estate, "personnel-01")
    estate.state.change(
        estate.state.item_id("personnel-01"), {"properties.migrationState": "MigrationSucceeded"}
    )
    result = abandon(estate, plan)
    when = f"{plan.created:%Y-%m-%d %H:%M} UTC"
    reason = f"it changed since {when}, when it was planned"
    assert estate.held(result)["personnel-01"] == reason
    assert not estate.changes


def test_each_verb_takes_its_own_plans(estate):
    given_up = approved(estate, "invoice-01")
    for execute in (False, True):
        with pytest.raises(PlanRefusedError) as caught:
            estate.as_("releaser").release(given_up, execute=execute)
        assert caught.value.code == "other-verb"
    disguised = replace(given_up, schema="azstaging/plan/1")
    with pytest.raises(PlanRefusedError):
        estate.as_("releaser").release(disguised, execute=True)
    assert plan_from(plan_bytes(given_up)) == given_up
    assert not estate.changes


def test_a_plan_to_release_is_not_abandoned(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    with pytest.raises(PlanRefusedError, match="abandon does not take it"):
        b.as_("releaser").abandon(plan, execute=True)
    assert not b.changes


def test_it_takes_a_reason_two_people_and_exact_ids(estate):
    with pytest.raises(PlanRefusedError, match="the reason"):
        planned(estate, "invoice-01", reason=" ")
    with pytest.raises(PlanRefusedError):
        planned(estate)
    with pytest.raises(ConfigurationError, match="not in the inventory"):
        estate.as_("planner").plan_abandon(["/subscriptions/*"], reason="x")
    plan = planned(estate, "invoice-01")
    assert plan.reason == "CHG-7: descoped"
    with pytest.raises(PlanRefusedError, match="not approved"):
        abandon(estate, plan)
    with pytest.raises(PlanRefusedError, match="own plan"):
        estate.as_("planner").approve(plan, comment="mine")
    estate.as_("approver").approve(plan, comment="CHG-7")
    dry = estate.as_("releaser").abandon(plan)
    assert [request.method for _, request in dry.requests] == ["POST"]
    assert not estate.changes


def test_a_lost_answer_is_settled_by_reading(estate):
    plan = approved(estate, "personnel-01")
    estate.fault("drop-after")
    result = abandon(estate, plan)
    assert estate.states(result) == {"personnel-01": "done"}
    assert estate.sent() == {"personnel-01": 1}


def test_killed_in_between_a_rerun_settles_it(estate, monkeypatch):
    plan = approved(estate, "personnel-01")
    releaser = estate.as_("releaser")

    class KilledError(Exception):
        """The process ends here."""

    def die(*_args):
        raise KilledError

    monkeypatch.setattr("azstaging.engine.release.follow", die)
    with pytest.raises(KilledError):
        releaser.abandon(plan, execute=True)
    estate.leave()
    monkeypatch.undo()
    assert len(estate.open_attempts()) == 1
    assert estate.states(abandon(estate, plan)) == {"personnel-01": "done"}
    assert estate.sent() == {"personnel-01": 1}


def test_what_belongs_to_no_workload_is_held_like_the_rest(bench):
    """Nothing of a workload's may be asked of a machine that is in none."""
    b = bench(GIVEN_UP, more="")
    for key in ("personnel-01", "invoice-01"):
        b.source_power(key, "ON")
    alone = replace(b.config, wave=replace(b.config.wave, workloads=()))
    ids = [ResourceId(b.state.item_id(key)) for key in ("personnel-01", "invoice-01")]
    plan = b.as_("planner", config=alone).plan_abandon(ids, reason="CHG-7: descoped")
    assert {item.workloads for item in plan.items} == {()}
    b.as_("approver", config=alone).approve(plan, comment="CHG-7")
    for match in ("DELETE *", "POST *remove"):
        b.fault("status", match, status=403)
        b.fault("job-failed", match)
    first = abandon(b, plan, config=alone)
    assert set(b.states(first).values()) <= {"none", "failed", "done"}
    stop = b.folder / "estate" / "stop"
    stop.write_text("ask first")
    second = b.as_("planner", config=alone).plan_abandon(ids, reason="CHG-7: descoped")
    b.as_("approver", config=alone).approve(second, comment="CHG-7")
    held = abandon(b, second, config=alone).held
    assert len(held) == 2
    assert {h.reason.partition(":")[0] for h in held} == {"somebody asked to halt"}
