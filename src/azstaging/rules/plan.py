"""Plans and approvals: made, read and refused. Pure.

``content`` covers what is planned and on which evidence: the same state gives the same content.
``digest`` covers the whole file, expiry included, and is what an approval binds to.
"""

import weakref
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from azstaging.errors import PlanRefusedError
from azstaging.model.decisions import GateOpen, Policy
from azstaging.model.findings import Finding
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.plans import (
    ABANDON_SCHEMA,
    RELEASE_SCHEMA,
    Approval,
    Plan,
    PlannedRequest,
    Principal,
)
from azstaging.rules.canonical import canonical, digest, from_plain, parse_canonical, to_plain
from azstaging.rules.evidence import CLOCK_SKEW
from azstaging.rules.plan_items import evidence_of, plan_item


def build_plan(
    gates: Sequence[GateOpen],
    inventory: Inventory,
    requests: Mapping[str, PlannedRequest],
    findings: Iterable[Finding],
    *,
    journal_id: str,
    planner: Principal,
    policy: Policy,
    now: datetime,
    max_release: int | None,
) -> Plan:
    """Build the plan of some open gates.

    Args:
        gates: the open gates, all from one decision.
        inventory: the inventory that the decision was made on.
        requests: rendered stop requests by casefolded item id.
        findings: those that the gates name as evidence, and any others.
        journal_id: the journal that holds the evidence.
        planner: who plans; opaque tokens have no principal and cannot plan.
        policy: its digest goes into the content, its ``plan_hours`` into the expiry.
        now: aware UTC.
        max_release: most items that one plan may hold, or None.

    Raises:
        PlanRefusedError: more items than ``max_release``; nothing was planned.
    """
    evidence = evidence_of(gates, findings)
    rows = [row for row in inventory.items if row.id.key in evidence]
    _check_size(len(rows), max_release)
    items = tuple(
        plan_item(
            row,
            requests[row.id.key],
            sorted(evidence[row.id.key]),
            free_days=inventory.free_days,
        )
        for row in sorted(rows, key=lambda row: row.id.key)
    )
    draft = Plan(
        schema=RELEASE_SCHEMA,
        journal_id=journal_id,
        wave=inventory.wave,
        created=now,
        expires=now + timedelta(hours=policy.plan_hours),
        planner=planner,
        workloads=tuple(sorted(gate.workload for gate in gates)),
        items=items,
        policy_digest=policy_digest(policy),
        content="",
        digest="",
        of_items=len(inventory.items),
    )
    return _seal(draft)


def build_abandon_plan(
    rows: Sequence[InventoryItem],
    inventory: Inventory,
    requests: Mapping[str, PlannedRequest],
    *,
    journal_id: str,
    planner: Principal,
    policy: Policy,
    now: datetime,
    max_release: int | None,
    reason: str,
) -> Plan:
    """Build the plan that gives some replications up; its rows were judged by `rules.abandon`.

    Raises:
        PlanRefusedError: no reason, no row, or more than ``max_release``; nothing was planned.
    """
    if not rows or not reason.strip():
        raise PlanRefusedError(
            "A plan to abandon names its machines and the reason.",
            code="unapproved",
            advice="Name them with --item, and say why with --reason.",
        )
    _check_size(len(rows), max_release)
    draft = Plan(
        schema=ABANDON_SCHEMA,
        journal_id=journal_id,
        wave=inventory.wave,
        created=now,
        expires=now + timedelta(hours=policy.plan_hours),
        planner=planner,
        workloads=tuple(sorted({name for row in rows for name in row.workloads})),
        items=tuple(
            plan_item(row, requests[row.id.key], (), free_days=inventory.free_days)
            for row in sorted(rows, key=lambda row: row.id.key)
        ),
        policy_digest=policy_digest(policy),
        content="",
        digest="",
        reason=reason.strip(),
        of_items=len(inventory.items),
    )
    return _seal(draft)


def _check_size(count: int, max_release: int | None) -> None:
    if max_release is not None and count > max_release:
        raise PlanRefusedError(
            f"The plan would stop {count} items; the wave's max_release is {max_release}.",
            code="max-release",
            advice="Plan fewer workloads (--workload), or change max_release in the file.",
        )


def policy_digest(policy: Policy) -> str:
    """Digest a policy."""
    return digest(to_plain(policy))


def _content(plan: Plan) -> str:
    body = to_plain(plan)
    names = ("schema", "items", "policy_digest", "workloads", "reason")
    return digest({name: body[name] for name in names})


def _digest(plan: Plan) -> str:
    body = to_plain(plan)
    body.pop("digest")
    return digest(body)


def _seal(draft: Plan) -> Plan:
    fields = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
    with_content = Plan(**(fields | {"content": _content(draft)}))
    return Plan(**(fields | {"content": with_content.content, "digest": _digest(with_content)}))


def plan_bytes(plan: Plan) -> bytes:
    """Return the file of a plan: canonical JSON and a line end."""
    return canonical(to_plain(plan)) + b"\n"


def plan_from(data: bytes | Mapping[str, Any], *, expected_digest: str | None = None) -> Plan:
    """Read a plan from the bytes of its file (or from its journal record) and check its digests.

    Args:
        data: the file, or the plain value.
        expected_digest: the digest as somebody was told it, or None.

    Raises:
        PlanRefusedError: not a plan, its digests do not match what it says, or it is not the
            expected one.
    """
    try:
        plain = parse_canonical(data) if isinstance(data, bytes) else data
        plan: Plan = from_plain(Plan, plain)
    except (ValueError, TypeError, KeyError) as error:
        raise PlanRefusedError(f"This is not a plan: {error}.", code="digest") from error
    if plan.schema not in {RELEASE_SCHEMA, ABANDON_SCHEMA}:
        raise PlanRefusedError(
            f"The plan has schema {plan.schema!r}; this version reads {RELEASE_SCHEMA} and "
            f"{ABANDON_SCHEMA}.",
            code="digest",
        )
    altered = isinstance(data, bytes) and data.strip() != plan_bytes(plan).strip()
    if altered or _content(plan) != plan.content or _digest(plan) != plan.digest:
        raise PlanRefusedError(
            "The plan's digests do not match its text: it was changed after it was made.",
            code="digest",
        )
    if expected_digest is not None and expected_digest != plan.digest:
        raise PlanRefusedError(
            f"This is plan {plan.digest}, not {expected_digest}.",
            code="digest",
            advice="Give the file of the plan that was approved; azstaging status lists the plans.",
        )
    return _only(plan)


# A plan of thousands of items is read from its file and from the journal: one value stands for
# both while somebody has it.
_alive: "weakref.WeakValueDictionary[str, Plan]" = weakref.WeakValueDictionary()


def _only(plan: Plan) -> Plan:
    found = _alive.setdefault(plan.digest, plan)
    # Its mappings can be written into, and 1 == True: the digest is what tells.
    return found if found is plan or _digest(found) == plan.digest else plan


def check_plan(plan: Plan, *, journal_id: str, policy: Policy, now: datetime) -> None:
    """Refuse a plan that does not hold at ``now``, whoever wants to use it.

    Raises:
        PlanRefusedError: of another journal, expired, dated in the future, or made under
            another policy.
    """
    if plan.journal_id != journal_id:
        raise PlanRefusedError(
            f"The plan belongs to journal {plan.journal_id}, not to {journal_id}.",
            code="foreign-journal",
            advice="Name the estate folder that it was planned in (--journal); its evidence and "
            "its approvals are there.",
        )
    if now >= plan.expires:
        raise PlanRefusedError(
            f"The plan expired at {plan.expires:%Y-%m-%d %H:%M} UTC.", code="expired"
        )
    if plan.created > now + CLOCK_SKEW:
        raise PlanRefusedError(
            f"The plan is dated {plan.created:%Y-%m-%d %H:%M} UTC, and here it is "
            f"{now:%Y-%m-%d %H:%M} UTC: one of the two clocks is wrong. Nothing was sent.",
            code="expired",
            advice="Set the clock that is wrong; where it was the planner's, plan again.",
        )
    if plan.policy_digest != policy_digest(policy):
        raise PlanRefusedError(
            "The gate's policy in the file is not the one that the plan was made under at "
            f"{plan.created:%Y-%m-%d %H:%M} UTC: its policy changed. Nothing was sent.",
            code="recomputed",
            advice="Put [gate] back to what was approved, or make a new plan and have it approved.",
        )


def check_verb(plan: Plan, *, abandons: bool) -> None:
    """Refuse a plan that was made, and approved, for another verb.

    Raises:
        PlanRefusedError: it gives replications up and would be released, or the other way round.
    """
    if plan.abandons != abandons:
        made, asked = ("abandon", "release") if plan.abandons else ("release", "abandon")
        raise PlanRefusedError(
            f"This plan was made to {made}, so {asked} does not take it; nothing was sent.",
            code="other-verb",
            advice=f"Run azstaging {made} on it, if that is what was approved.",
        )


def check_planner(planner: Principal | None) -> Principal:
    """Return the planner if the token names somebody.

    Raises:
        PlanRefusedError: it is opaque; nothing was planned.
    """
    if planner is None:
        raise PlanRefusedError(
            "The token names nobody (it is opaque), so it cannot plan; nothing was planned.",
            code="unapproved",
            advice="Sign in with an identity whose token carries tid and oid.",
        )
    return planner


def check_approver(plan: Plan, approver: Principal | None) -> Principal:
    """Return the approver if they may approve this plan.

    Raises:
        PlanRefusedError: no principal, or the planner's own.
    """
    if approver is None:
        raise PlanRefusedError(
            "The token names nobody (it is opaque), so it cannot approve a plan.",
            code="unapproved",
            advice="Sign in with an identity whose token carries tid and oid.",
        )
    if approver.key == plan.planner.key:
        raise PlanRefusedError(
            f"The planner cannot approve their own plan: {approver.name or approver.key} made "
            f"{plan.digest[:19]} at {plan.created:%Y-%m-%d %H:%M} UTC.",
            code="own-approval",
            advice="Have a second person approve it.",
        )
    return approver


def approved_until(
    plan: Plan,
    approvals: Iterable[Approval],
    *,
    releaser: Principal,
    policy: Policy,
    now: datetime,
) -> datetime:
    """Return when the plan or one approval too many ends; ``now`` if it is not approved now."""
    latest = approvers_of(plan, approvals, releaser=releaser, now=now)
    needed = max(1, policy.approvals)
    ends = sorted(latest.values(), reverse=True)
    return min(plan.expires, ends[needed - 1]) if len(ends) >= needed else now


def approvers_of(
    plan: Plan, approvals: Iterable[Approval], *, releaser: Principal, now: datetime
) -> dict[str, datetime]:
    """Return who approved this very plan for this releaser, by key, and until when."""
    latest: dict[str, datetime] = {}
    for approval in live_approvals(plan, approvals, now=now):
        key = approval.approver.key
        if key not in {plan.planner.key, releaser.key}:
            latest[key] = max(approval.expires, latest.get(key, now))
    return latest


def live_approvals(plan: Plan, approvals: Iterable[Approval], *, now: datetime) -> list[Approval]:
    """Return the approvals of this very plan that hold at ``now``, whoever gave them."""
    bound = (a for a in approvals if a.plan_digest == plan.digest)
    return [a for a in bound if a.at <= now + CLOCK_SKEW and now < a.expires]


def check_approvals(
    plan: Plan,
    approvals: Iterable[Approval],
    *,
    releaser: Principal | None,
    policy: Policy,
    now: datetime,
) -> Principal:
    """Return the releaser if the approvals let them release this plan at ``now``.

    Raises:
        PlanRefusedError: the releaser has no principal, or too few distinct others approved
            this digest within its hours.
    """
    if releaser is None:
        raise PlanRefusedError(
            "The token names nobody (it is opaque), so it cannot release a plan.",
            code="unapproved",
            advice="Sign in with an identity whose token carries tid and oid.",
        )
    bound = [a for a in approvals if a.plan_digest == plan.digest]
    live = live_approvals(plan, bound, now=now)
    others = {
        a.approver.key: a for a in live if a.approver.key not in {plan.planner.key, releaser.key}
    }
    if len(others) >= max(1, policy.approvals):
        return releaser
    code, why = "unapproved", f"it has {len(others)} of {max(1, policy.approvals)} approvals"
    if bound and not live:
        last = max(a.expires for a in bound)
        code, why = "expired", f"every approval has expired, the last at {last:%Y-%m-%d %H:%M} UTC"
    elif live and not others:
        code, why = "own-approval", "approved only by the planner or by who would release it"
    elif len({a.approver.key for a in live}) > len(others):
        why += "; that of the planner or of who would release it does not count"
    raise PlanRefusedError(
        f"The plan {plan.digest[:19]} is not approved: {why}.",
        code=code,
        advice="Have another principal run azstaging approve on this plan.",
    )
