"""A plan shrinks: of a workload nothing goes while one machine of it is not as planned."""

import pytest

from azstaging.model.plans import ReceiptState
from azstaging.rules.plan import check_approvals
from azstaging.rules.readiness import sort_out

from .refusals import (
    APPROVER,
    OTHER,
    REFUSED,
    RELEASER,
    approval,
    attempted,
    past_of,
    payroll,
    plan_of,
    sorted_out,
)


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_goes(build, name):
    assert REFUSED[name](build) is False


def test_what_is_as_planned_goes(build):
    found = sorted_out(build)
    assert [item.name for item in found.ready] == ["app01", "app02"]
    assert found.held == ()


def test_every_item_is_ready_held_or_done(build):
    case = payroll(build)
    plan = plan_of(build, case)
    for state in (None, *ReceiptState):
        found = sort_out(plan, case, attempted(build, plan, state), now=build.now)
        names = [*(i.name for i in (*found.ready, *found.done)), *(h.name for h in found.held)]
        assert sorted(names) == ["app01", "app02"], state
        assert [item.name for item in found.done] == (
            ["app01"] if state is ReceiptState.DONE else []
        )


def test_what_had_no_effect_under_another_plan_goes_again(build):
    case = payroll(build)
    plan = plan_of(build, case)
    for state in (ReceiptState.NONE, ReceiptState.FAILED):
        past = attempted(build, plan, state, under="sha256:other")
        assert len(sort_out(plan, case, past, now=build.now).ready) == 2, state


def test_two_others_let_it_go(build):
    case = payroll(build)
    plan = plan_of(build, case)
    found = [approval(build, plan), approval(build, plan, OTHER)]
    assert found[0].approver == APPROVER
    assert (
        check_approvals(plan, found, releaser=RELEASER, policy=case.policy, now=build.now)
        is RELEASER
    )
    assert sort_out(plan, case, past_of(), now=build.now).ready
