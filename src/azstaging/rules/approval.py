"""Approvals: made here, or read from what somebody signed elsewhere. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from azstaging.errors import PlanRefusedError
from azstaging.model.decisions import Policy
from azstaging.model.plans import Approval, Plan, Principal
from azstaging.rules.canonical import from_plain, to_plain
from azstaging.rules.plan import check_approver, live_approvals

APPROVAL_SCHEMA = "azstaging/approval/1"


def build_approval(
    plan: Plan,
    approver: Principal | None,
    *,
    comment: str,
    policy: Policy,
    now: datetime,
    hours: int | None = None,
) -> Approval:
    """Build the approval of a plan; it never outlives the plan, nor the policy's hours.

    Raises:
        PlanRefusedError: as ``check_approver``, or without a comment.
    """
    principal = check_approver(plan, approver)
    if not comment.strip():
        raise PlanRefusedError(
            "An approval needs a comment.", code="unapproved", advice="Say why, e.g. the ticket."
        )
    return Approval(
        plan_digest=plan.digest,
        approver=principal,
        comment=comment.strip(),
        at=now,
        expires=_approval_end(plan, now, hours, policy),
    )


def _approval_end(plan: Plan, at: datetime, hours: int | None, policy: Policy) -> datetime:
    if hours is not None and hours < 1:
        raise PlanRefusedError(
            "An approval holds for an hour at least.", code="unapproved", advice="Give more hours."
        )
    longest = policy.approval_hours
    return min(plan.expires, at + timedelta(hours=min(longest, hours or longest)))


def counted(
    plan: Plan, approvals: Iterable[Approval], *, named: Collection[str], now: datetime
) -> tuple[Approval, ...]:
    """Return the approvals of a plan that count now, one per person, whoever releases it.

    Args:
        plan: the planner's own approval does not count.
        approvals: of any plan.
        named: keys of those who may approve; empty where nobody is named, so that anybody may.
        now: aware UTC.
    """
    live = live_approvals(plan, approvals, now=now)
    people = {a.approver.key: a for a in live if not named or a.approver.key in named}
    people.pop(plan.planner.key, None)
    return tuple(people.values())


def approval_plain(approval: Approval) -> dict[str, Any]:
    """Return an approval as it is signed."""
    plain: dict[str, Any] = to_plain(approval)
    return {"schema": APPROVAL_SCHEMA} | plain


def approval_from(
    payload: Mapping[str, Any], plan: Plan, *, signer: Principal, policy: Policy, now: datetime
) -> Approval:
    """Return the approval that a signed payload holds, cut to the policy's hours.

    Raises:
        PlanRefusedError: it is none, of another plan, of another person than who signed it, of
            the planner, without a comment, expired or dated in the future.
    """
    try:
        fields = dict(payload)
        schema = fields.pop("schema")
        approval: Approval = from_plain(Approval, fields)
    except (ValueError, TypeError, KeyError) as error:
        raise PlanRefusedError(
            f"What was signed is no approval: {error}.", code="signature"
        ) from error
    if schema != APPROVAL_SCHEMA:
        raise PlanRefusedError(f"An approval of schema {schema!r} is not known.", code="signature")
    if approval.plan_digest != plan.digest:
        raise PlanRefusedError(
            f"This approves plan {approval.plan_digest}, not {plan.digest}.",
            code="unapproved",
            advice="Have this plan approved.",
        )
    if approval.approver.key != signer.key:
        raise PlanRefusedError(
            "The approval names somebody else than whose key signed it.", code="signature"
        )
    check_approver(plan, signer)
    end = min(approval.expires, _approval_end(plan, approval.at, None, policy))
    approval = replace(approval, expires=end)
    if not approval.comment.strip() or not live_approvals(plan, [approval], now=now):
        raise PlanRefusedError(
            f"The signed approval ended at {end:%Y-%m-%d %H:%M} UTC, is dated in the future, or "
            "says not why.",
            code="expired",
            advice="Have it signed again.",
        )
    return approval
