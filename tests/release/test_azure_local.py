"""Azure Local: the DELETE is complete, and only one policy leads to it."""

import pytest

from azstaging.errors import PlanRefusedError
from azstaging.model.decisions import GateOpen
from azstaging.model.records import RecordType

PLANT = {"Plant": ("plant-01", "plant-hist-01")}
ACCEPTED = "accept_unprovable_target = true"
# What nobody can read of an Azure Local machine cannot be checked; somebody vouches for it.
REQUIRED = 'required = ["phase-staged", "test-migration-cleaned", "no-running-job", "source-off"]'
LOCAL = "DELETE */replicationvaults/*/protecteditems/*"


def test_without_the_policy_its_gate_stays_closed(bench):
    b = bench(PLANT, gate=REQUIRED)
    planner = b.as_("planner")
    (plant,) = b.check(planner)
    [reason, _] = [r for r in plant.reasons if r.code == "target-not-provable"]
    assert "accept_unprovable_target" in reason.next_step
    forged = GateOpen(workload="Plant", at=b.clock(), item_ids=plant.item_ids, evidence=())
    with pytest.raises(PlanRefusedError):
        planner.plan([forged])
    assert not b.changes


def test_the_policy_alone_is_no_evidence(bench):
    """Something must still be checked, and pass; and phase and test machine still count."""
    b = bench(PLANT, gate=f'required = ["phase-staged"]\n{ACCEPTED}')
    (plant,) = b.check(b.as_("planner"))
    assert {reason.check for reason in plant.reasons} == {"phase-staged"}
    checked = bench(PLANT, gate=f"{REQUIRED}\n{ACCEPTED}")
    checked.state.change(
        checked.state.item_id("plant-01"), {"properties.protectionState": "Protected"}
    )
    (plant,) = checked.check(checked.as_("planner"))
    assert {reason.code for reason in plant.reasons} >= {"phase"}


@pytest.fixture
def plant(bench):
    return bench(PLANT, gate=f"{REQUIRED}\n{ACCEPTED}")


def test_with_the_policy_it_is_deleted_once_and_proven_by_job_and_absence(plant):
    result = plant.release(plant.approved())
    assert plant.states(result) == {"plant-01": "done", "plant-hist-01": "done"}
    assert plant.sent() == {"plant-01": 1, "plant-hist-01": 1}
    assert all("force" not in request.query.casefold() for request in plant.changes)
    for receipt in result.receipts:
        assert receipt.job_id
        assert "no target VM was known" in receipt.witnesses
        assert "item gone" in receipt.witnesses
    assert plant.release(plant.as_("planner").past().plans()[-1]).requests == ()


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("drop", "none"),
        ("drop-after", "done"),
        ("bare-202", "done"),
        ("torn", "done"),
        ("job-failed", "failed"),
    ],
)
def test_a_bad_answer_is_settled_by_reading(plant, kind, state):
    plan = plant.approved()
    plant.fault(kind, LOCAL)
    result = plant.release(plan)
    key, receipt = next(iter(plant.states(result).items()))
    assert receipt == state
    assert plant.sent()[key] == 1
    plant.release(plan)
    assert plant.sent()[key] == 1


def test_the_policy_is_part_of_the_plan(bench, plant):
    """Who loosens the policy after the approval has another plan to approve."""
    plan = plant.approved()
    other = bench(PLANT, gate=REQUIRED)
    with pytest.raises(PlanRefusedError, match="policy changed"):
        plant.as_("releaser", config=other.config).release(plan, execute=True)
    assert not plant.changes
    assert not plant.records(RecordType.INTENT)
