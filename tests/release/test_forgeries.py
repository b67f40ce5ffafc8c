"""Whatever is forged, the answer is 5 and nothing is sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azstaging.cli import exit_codes
from azstaging.errors import PlanRefusedError
from azstaging.model.decisions import GateClosed, GateOpen
from azstaging.model.findings import Findings, Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.plans import Approval, Principal
from azstaging.rules import history
from azstaging.rules.plan import _seal, plan_bytes, plan_from

# Mail is closed: its machine is off. Files is open.
ESTATE = {"Files": ("file-01",), "Mail": ("mail-01",)}


def opened(b, decisions, workload="Mail"):
    """Forge the open gate of a workload."""
    items = next(d.item_ids for d in decisions if d.workload == workload)
    return GateOpen(workload=workload, at=b.clock(), item_ids=items, evidence=(1, 2, 3))


def forged_gate(b):
    planner = b.as_("planner")
    planner.plan([opened(b, b.check(planner))])


def forged_findings(b):
    """Good findings are handed in; the journal holds others."""
    planner = b.as_("planner")
    b.check(planner)
    inventory = planner.inventory()
    held = planner.evidence()
    good = tuple(replace(f, outcome=Outcome.PASS) for f in held)
    rosy = Findings(at=b.clock(), run="forged", findings=good)
    decisions = planner.decide(inventory, rosy)
    assert [d.workload for d in decisions.closed] == ["Mail"]
    planner.plan([opened(b, decisions)])


def finding_that_is_not_in_the_journal(b):
    """Findings of another estate folder open nothing here."""
    elsewhere = b.as_("planner", journal=b.folder / "elsewhere")
    decisions = b.check(elsewhere)
    here = b.as_("planner")
    here.inventory()
    here.plan(decisions.open)


def moved_finding(b, **subject):
    """Write the findings of Mail's machine again, as good ones, about something else."""
    planner = b.as_("planner")
    b.check(planner)
    mine = ResourceId(b.state.item_id("mail-01")).key
    bad = [f for f in planner.evidence() if f.subject.id == mine and f.outcome is not Outcome.PASS]
    assert bad
    planner._append(
        *(
            history.finding_record(
                replace(f, outcome=Outcome.PASS, subject=replace(f.subject, **subject))
            )
            for f in bad
            for _ in range(3)
        )
    )
    planner.plan([opened(b, planner.decide(planner.inventory()))])


def finding_of_another_target(b):
    moved_finding(b, target="/subscriptions/0/another#sha256:0")


def finding_of_another_generation(b):
    moved_finding(b, generation="another-replication")


def release(b, plan):
    b.as_("releaser").release(plan, execute=True)


def edited_plan_file(b):
    data = plan_bytes(b.approved("Files"))
    plan_from(data.replace(b"FILE-01", b"FILE-02").replace(b"file-01", b"file-02"))


def edited_plan_value(b):
    plan = b.approved("Files")
    [item] = plan.items
    release(b, replace(plan, items=(replace(item, generation="another"),)))


def sealed_plan(b):
    plan = b.approved("Files")
    release(b, _seal(replace(plan, expires=plan.expires + timedelta(days=1))))


def own_approval(b):
    plan = b.plan("Files")
    b.as_("planner").approve(plan, comment="mine")


def approval_by_the_releaser(b):
    plan = b.plan("Files")
    b.as_("releaser").approve(plan, comment="mine")
    release(b, plan)


def approval_of_another_plan(b):
    b.approved("Files")
    release(b, b.plan("Files"))


def approval_moved_to_another_plan(b):
    """The digest in an approval is what counts, not the comment or the place."""
    first = b.approved("Files")
    approver = b.as_("reader")
    [approval] = approver.past().approvals(first.digest)
    assert isinstance(approval, Approval)
    release(b, b.plan("Files"))


def opaque_token(b):
    plan = b.approved("Files")
    releaser = b.as_("releaser")
    releaser._principal = (None,)
    releaser.release(plan, execute=True)


def opaque_approver(b):
    approver = b.as_("approver")
    plan = b.plan("Files")
    approver._principal = (None,)
    approver.approve(plan, comment="CHG-1")


def another_journal(b):
    plan = b.approved("Files")
    b.as_("releaser", journal=b.folder / "elsewhere").release(plan, execute=True)


def another_principal_in_the_plan(b):
    """Who names somebody else as the planner, to approve it themselves, breaks the seal."""
    plan = b.plan("Files")
    stranger = replace(plan, planner=Principal(tid="t", oid="stranger"))
    b.as_("planner").approve(stranger, comment="mine")


FORGERIES = (
    forged_gate,
    forged_findings,
    finding_that_is_not_in_the_journal,
    finding_of_another_target,
    finding_of_another_generation,
    edited_plan_file,
    edited_plan_value,
    sealed_plan,
    own_approval,
    approval_by_the_releaser,
    approval_of_another_plan,
    approval_moved_to_another_plan,
    opaque_token,
    opaque_approver,
    another_journal,
    another_principal_in_the_plan,
)


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forgery_is_refused_with_5_and_nothing_is_sent(bench, forge):
    b = bench(ESTATE)
    with pytest.raises(PlanRefusedError) as caught:
        forge(b)
    assert exit_codes.exit_code_of(caught.value) == exit_codes.REFUSED
    assert caught.value.advice().endswith(".")
    assert not b.changes


def test_a_closed_gate_given_to_plan_is_refused_at_run_time_too(bench):
    """mypy refuses it first: tests/api_types/public_api.py."""
    b = bench(ESTATE)
    planner = b.as_("planner")
    closed = b.check(planner).closed
    assert [type(each) for each in closed] == [GateClosed]
    with pytest.raises(PlanRefusedError):
        planner.plan(closed)
    assert not b.changes
