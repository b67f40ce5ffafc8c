"""Approvals: made here, or read from what somebody signed elsewhere. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from azstaging.errors import PlanRefusedError
from azstaging.model.decisions import Policy
from azstaging.model.plans import Approval, Plan, Principal
from azstaging.rules.canonical import from_plain, to_plain
from azstaging.rules.evidence import CLOCK_SKEW
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
    payload: Mapping[str, Any],
    plan: Plan,
    *,
    signer: Principal,
    policy: Policy,
    now: datetime,
    source: str = "The signed approval",
) -> Approval:
    """Return the approval that a signed payload holds, cut to the policy's hours.

    Args:
        payload: what was signed.
        plan: what it must approve.
        signer: whose key signed it.
        policy: its ``approval_hours`` are the most.
        now: aware UTC.
        source: what refusals call it, such as its file.

    Raises:
        PlanRefusedError: it is none, of another plan, of another person than who signed it, of
            the planner, without a comment, expired or dated in the future.
    """
    who = signer.name or signer.key
    approval = _parsed(payload, f"{source} of {who}")
    if approval.plan_digest != plan.digest:
        raise PlanRefusedError(
            f"{source} of {who} approves plan {approval.plan_digest}, not {plan.digest}.",
            code="unapproved",
            advice="Have this plan approved.",
        )
    if approval.approver.key != signer.key:
        raise PlanRefusedError(
            f"{source} names {approval.approver.name or approval.approver.key} as who approves, "
            f"and the key of {who} signed it.",
            code="signature",
            advice="Have it signed by whom it names; the plan holds.",
        )
    check_approver(plan, signer)
    end = min(approval.expires, _approval_end(plan, approval.at, None, policy))
    approval = replace(approval, expires=end)
    _check_said(approval, plan, f"{source} of {who}", now)
    return approval


def _parsed(payload: Mapping[str, Any], what: str) -> Approval:
    try:
        fields = dict(payload)
        schema = fields.pop("schema")
        approval: Approval = from_plain(Approval, fields)
    except (ValueError, TypeError, KeyError) as error:
        lacks = "it has no schema" if isinstance(error, KeyError) else error
        raise PlanRefusedError(
            f"{what} is no approval: {lacks}.",
            code="signature",
            advice="Have it signed again; the plan holds.",
        ) from error
    if schema != APPROVAL_SCHEMA:
        raise PlanRefusedError(
            f"{what} has schema {schema!r}; this version reads {APPROVAL_SCHEMA}.",
            code="signature",
            advice="Have it signed again with azstaging approve --out; the plan holds.",
        )
    return approval


def _check_said(approval: Approval, plan: Plan, what: str, now: datetime) -> None:
    """Refuse an approval without a reason, of a time to come, or that has ended."""
    if not approval.comment.strip():
        raise PlanRefusedError(
            f"{what} says not why: its comment is empty.",
            code="unapproved",
            advice="Have it signed again, with a comment; the plan holds.",
        )
    if approval.at > now + CLOCK_SKEW:
        raise PlanRefusedError(
            f"{what} is dated {approval.at:%Y-%m-%d %H:%M} UTC, and here it is "
            f"{now:%Y-%m-%d %H:%M} UTC: one of the two clocks is wrong.",
            code="expired",
            advice="Set the wrong clock; where it was the approver's, have it signed again.",
        )
    if now >= approval.expires:
        raise PlanRefusedError(
            f"{what} ended at {approval.expires:%Y-%m-%d %H:%M} UTC.",
            code="expired",
            advice=f"Have it signed again; the plan holds until {plan.expires:%Y-%m-%d %H:%M} UTC.",
        )
