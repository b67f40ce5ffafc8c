"""The gate: whether one workload may be released. Pure, and closed by default.

A decision is a function of the inventory, the evidence, the waivers, the policy and a clock.
The same inputs give the same answer offline a year later. Every reason stands on its own, with
its next step. There is no force flag; the way past a red check is a waiver on record, and some
things cannot be waived: identity, phase, generation, a left-over test machine, freshness.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from azstaging.model.decisions import (
    Decision,
    Decisions,
    GateClosed,
    GateOpen,
    Policy,
    Reason,
    Waiver,
)
from azstaging.model.findings import Finding, Subject
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import Collection, Cutover
from azstaging.model.waves import Wave, Workload
from azstaging.rules.evidence import (
    CLOCK_SKEW,
    FindingIndex,
    Standing,
    Verdict,
    is_unread,
    item_subject,
    weigh,
    workload_scope,
)
from azstaging.rules.gaps import CLOSE_FIRST, gap_reasons, may_hide
from azstaging.rules.lasting import Lasting
from azstaging.rules.preconditions import item_reasons

INVENTORY_LIFETIME = timedelta(hours=1)
WAIVER_LIFETIME = timedelta(days=30)
NEVER_WAIVABLE = frozenset({"phase-staged", "test-migration-cleaned"})
# A waiver accepts what is known of the machine as it is now.
_NOT_FRESH = frozenset({Standing.EXPIRED, Standing.VOID, Standing.FROM_THE_FUTURE})
# These were seen so from some time on; what the others say holds its time already.
_LASTING = frozenset({Standing.FAILED, Standing.ERROR, Standing.INCONCLUSIVE, Standing.SKIPPED})
MIGRATION_NOTES = "migration-notes"
# What these look at changes only through us, and the change is on record: never flaky.
_CHANGES_ON_RECORD = frozenset({"baseline-present"})
ENDPOINTS, SUITE = "endpoint-reachable", "workload-suite"

_NEXT_STEPS = {
    Standing.MISSING: "Run azstaging check.",
    Standing.EXPIRED: "Run azstaging check again.",
    Standing.VOID: "Run azstaging check again on the machine as it is now.",
    Standing.FLAKY: "Run azstaging check again; it counts after consecutive passes.",
    Standing.FROM_THE_FUTURE: "Correct the clock of the machine that ran the check.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a decision depends on.

    Attributes:
        findings: verified journal findings, in journal order.
        workload_checks: ids of checks whose subject is the workload, not an item.
        lasting: what earlier decisions found of the same rows; a decision is the same without it.
    """

    inventory: Inventory
    wave: Wave
    findings: tuple[Finding, ...]
    waivers: tuple[Waiver, ...]
    policy: Policy
    workload_checks: frozenset[str] = frozenset()
    lasting: Lasting | None = field(default=None, repr=False, compare=False)

    def memory(self) -> Lasting:
        """Return what earlier decisions found, if it is of these findings and rules."""
        rules = (self.findings, self.policy, self.workload_checks)
        known = self.lasting
        return known if known is not None and known.fits(*rules) else Lasting(*rules)


def decide(case: Case, *, now: datetime) -> Decisions:
    """Decide every workload of the wave.

    Returns:
        One decision per workload, sorted by name. A workload that shares an item with a closed
        one is closed too.
    """
    lasting = case.memory()
    decisions = {each.name: _decide_alone(each, case, lasting, now) for each in case.wave.workloads}
    settled = _hold_shared(decisions, case.inventory)
    return Decisions(
        at=now, decisions=tuple(settled[name] for name in sorted(settled)), policy=case.policy
    )


def _decide_alone(workload: Workload, case: Case, lasting: Lasting, now: datetime) -> Decision:
    rows = case.inventory.in_workload(workload.name)
    pending = tuple(row for row in rows if row.phase is not Phase.RELEASED)
    reasons = [*_scope_reasons(workload, rows, pending, case, now)]
    verdicts: list[Verdict] = []
    evidence: set[int] = set()
    for row in pending:
        known = lasting.passed(row, now)
        if known is not None:
            evidence.update(known)
            continue
        against = tuple(item_reasons(row, case.policy))
        found = _item_verdicts(row, case, lasting, now)
        reasons += against
        verdicts += found
        if not against:
            lasting.keep(row, found, now)
    verdicts += _workload_verdicts(workload, pending, case, lasting, now)
    against, used = _unwaived(verdicts, workload, pending, case, now)
    reasons += against
    item_ids = tuple(row.id for row in pending)
    if reasons:
        return GateClosed(workload=workload.name, at=now, item_ids=item_ids, reasons=tuple(reasons))
    evidence.update(v.finding.seq for v in verdicts if v.finding and v.finding.seq is not None)
    return GateOpen(
        workload=workload.name,
        at=now,
        item_ids=item_ids,
        evidence=tuple(sorted(evidence)),
        waivers=used,
    )


def _unwaived(
    verdicts: Iterable[Verdict],
    workload: Workload,
    rows: Sequence[InventoryItem],
    case: Case,
    now: datetime,
) -> tuple[tuple[Reason, ...], tuple[Waiver, ...]]:
    """Return a reason for what neither passed nor is waived, and the waivers that were used."""
    by_key = {row.id.key: row for row in rows}
    reasons: list[Reason] = []
    used: list[Waiver] = []
    for verdict in verdicts:
        if verdict.standing is Standing.PASSED:
            continue
        waiver = waiver_for(verdict, workload.name, case.waivers, now)
        if waiver is None:
            reason = _evidence_reason(verdict, by_key.get(verdict.subject.id))
            reasons.append(_with_idle_waiver(reason, verdict, workload.name, case.waivers, now))
        else:
            used.append(waiver)
    return tuple(reasons), tuple(dict.fromkeys(used))


def _scope_reasons(
    workload: Workload,
    rows: Sequence[InventoryItem],
    pending: Sequence[InventoryItem],
    case: Case,
    now: datetime,
) -> Iterable[Reason]:
    inventory = case.inventory
    yield from gap_reasons(workload, inventory)
    if not inventory.items:
        yield Reason(
            code="empty-inventory",
            detail="the inventory holds no item",
            next_step="Check scope and permissions with azstaging doctor.",
        )
    if not rows:
        hidden = any(may_hide(selector, inventory) for selector in workload.items)
        yield Reason(
            code="empty-workload",
            detail="no item of the inventory belongs to this workload",
            next_step=f"Its items {CLOSE_FIRST}"
            if hidden
            else "Correct the workload's items in the configuration.",
        )
    elif not pending:
        yield Reason(
            code="already-released",
            detail="every item of this workload is released",
            next_step="Nothing to do.",
        )
    if not case.policy.required:
        yield Reason(
            code="no-required-check",
            detail="the policy requires no check",
            next_step="Name the required checks under [gate].",
        )
    yield from _unresolved_reasons(workload, inventory)
    yield from _time_reasons(case, now)


def _unresolved_reasons(workload: Workload, inventory: Inventory) -> Iterable[Reason]:
    for name, selector in inventory.unresolved:
        if name == workload.name:
            hidden = may_hide(selector, inventory)
            yield Reason(
                code="unresolved-selector",
                detail=f"{selector} matches no item" + (" that was read" if hidden else ""),
                next_step=f"It {CLOSE_FIRST}"
                if hidden
                else "Correct the selector, or find out why the item is missing.",
            )


def _time_reasons(case: Case, now: datetime) -> Iterable[Reason]:
    read_at = case.inventory.read_at
    ahead = read_at > now + CLOCK_SKEW
    if ahead or now - read_at > INVENTORY_LIFETIME:
        why = "which is in the future" if ahead else "more than one hour ago"
        yield Reason(
            code="stale-inventory",
            detail=f"the inventory was read at {read_at:%Y-%m-%d %H:%M} UTC, {why}",
            next_step="Read the inventory again.",
        )
    after = case.wave.release_after
    if after is not None and now < after:
        yield Reason(
            code="cooling-off",
            detail=f"the wave may not be released before {after:%Y-%m-%d %H:%M} UTC",
            next_step="Wait until then.",
        )


def required_checks(row: InventoryItem, policy: Policy) -> tuple[str, ...]:
    """Return the checks required for one item.

    An item whose migration ended with notes needs them read, whatever the policy lists. Where the
    policy accepts a target that nobody can read, phase and test machine are judged by the item
    alone (`preconditions`): their checks look at the target and could not pass. Something else
    must still be required of it.
    """
    if policy.accept_unprovable_target and row.item.collection is Collection.DATA_REPLICATION:
        rest = tuple(check for check in policy.required if check not in NEVER_WAIVABLE)
        return rest or policy.required
    if row.facts.cutover is Cutover.DONE_WITH_NOTES and MIGRATION_NOTES not in policy.required:
        return (*policy.required, MIGRATION_NOTES)
    return policy.required


def required_of_workload(workload: Workload, policy: Policy) -> tuple[str, ...]:
    """Return the checks required for a workload.

    Who names endpoints or a suite means them to count; only a policy that lists the check as
    advisory says otherwise.
    """
    named = ((ENDPOINTS, bool(workload.endpoints)), (SUITE, bool(workload.suite)))
    implied = (check for check, wanted in named if wanted and check not in policy.advisory)
    return tuple(dict.fromkeys((*policy.required, *implied)))


def _item_verdicts(
    row: InventoryItem, case: Case, lasting: Lasting, now: datetime
) -> list[Verdict]:
    subject = item_subject(row)
    return [
        weigh_under(check, subject, case.policy, lasting.index, now, unread=is_unread((row,)))
        for check in required_checks(row, case.policy)
        if check not in case.workload_checks
    ]


def _workload_verdicts(
    workload: Workload,
    rows: Sequence[InventoryItem],
    case: Case,
    lasting: Lasting,
    now: datetime,
) -> list[Verdict]:
    required = required_of_workload(workload, case.policy)
    wanted = [check for check in required if check in case.workload_checks]
    if not wanted:
        return []
    subject = workload_scope(workload.name, rows, lasting.subject)
    unread = is_unread(rows)
    return [
        weigh_under(check, subject, case.policy, lasting.index, now, unread=unread)
        for check in wanted
    ]


def weigh_under(
    check: str,
    subject: Subject,
    policy: Policy,
    index: FindingIndex,
    now: datetime,
    *,
    unread: bool,
) -> Verdict:
    """Weigh the evidence of one check on one subject as the policy wants it."""
    return weigh(
        check,
        subject,
        index,
        now=now,
        flaky_passes=1 if check in _CHANGES_ON_RECORD else policy.flaky_passes,
        lifetime_seconds=dict(policy.lifetimes).get(check),
        unread=unread,
    )


def waiver_holds(waiver: Waiver, now: datetime) -> bool:
    """Tell whether a waiver is in force: begun, not expired, not longer than 30 days."""
    if waiver.check in NEVER_WAIVABLE or waiver.expires - waiver.created > WAIVER_LIFETIME:
        return False
    return waiver.created <= now + CLOCK_SKEW and now < waiver.expires


def can_be_waived(verdict: Verdict) -> bool:
    """Tell whether any waiver could cover a verdict: freshness cannot be waived."""
    stale = verdict.standing in _NOT_FRESH or not verdict.fresh
    return verdict.check not in NEVER_WAIVABLE and not stale


def waiver_for(
    verdict: Verdict, workload: str, waivers: Iterable[Waiver], now: datetime
) -> Waiver | None:
    """Return the waiver in force that covers a verdict of a workload, or None."""
    if not can_be_waived(verdict):
        return None
    found = _waivers_on(verdict, workload, waivers)
    return next((waiver for waiver in found if waiver_holds(waiver, now)), None)


def _waivers_on(verdict: Verdict, workload: str, waivers: Iterable[Waiver]) -> Iterable[Waiver]:
    """Yield the waivers of a verdict's check and subject, in force or not."""
    subjects = {verdict.subject.id.casefold(), workload.casefold()}
    for waiver in waivers:
        if waiver.check == verdict.check and waiver.subject.casefold() in subjects:
            yield waiver


def _with_idle_waiver(
    reason: Reason, verdict: Verdict, workload: str, waivers: Iterable[Waiver], now: datetime
) -> Reason:
    """Add why a waiver that somebody may count on is not in force; it opens nothing."""
    found = tuple(_waivers_on(verdict, workload, waivers))
    if not found or any(waiver_holds(waiver, now) for waiver in found):
        return reason
    waiver = max(found, key=lambda each: each.expires)
    whose = f"the waiver of {waiver.approver}/{waiver.ticket}"
    if waiver.check in NEVER_WAIVABLE:
        why = f"{whose} does not count: this check cannot be waived"
    elif waiver.expires - waiver.created > WAIVER_LIFETIME:
        why = f"{whose} does not count: it is longer than {WAIVER_LIFETIME.days} days"
    elif now >= waiver.expires:
        why = f"{whose} ended at {waiver.expires:%Y-%m-%d %H:%M} UTC"
    else:
        why = f"{whose} begins at {waiver.created:%Y-%m-%d %H:%M} UTC"
    return replace(reason, detail=f"{reason.detail}; {why}")


def _evidence_reason(verdict: Verdict, item: InventoryItem | None) -> Reason:
    name = f"{item.name}: " if item else ""
    finding = verdict.finding
    since = verdict.since if verdict.standing in _LASTING else None
    step = (
        verdict.next_step
        or _NEXT_STEPS.get(verdict.standing)
        or (finding.next_step if finding else "")
    )
    return Reason(
        code=f"evidence-{verdict.standing.value}",
        detail=f"{name}{verdict.check}: {verdict.detail}"
        + (f" (since {since:%Y-%m-%d %H:%M} UTC)" if since else ""),
        next_step=step or "Mend the cause, then run azstaging check again.",
        item_id=item.id if item else None,
        check=verdict.check,
        evidence=finding.seq if finding else None,
        waivable=can_be_waived(verdict),
    )


def _hold_shared(decisions: Mapping[str, Decision], inventory: Inventory) -> dict[str, Decision]:
    """Close every workload that shares an item with a closed one, until nothing changes."""
    settled = dict(decisions)
    rows = {row.id: row for row in inventory.items}
    changed = True
    while changed:
        changed = False
        for name, decision in list(settled.items()):
            if isinstance(decision, GateOpen):
                reasons = tuple(_shared_reasons(name, decision.item_ids, settled, rows))
                if reasons:
                    settled[name] = GateClosed(
                        workload=name,
                        at=decision.at,
                        item_ids=decision.item_ids,
                        reasons=reasons,
                    )
                    changed = True
    return settled


def _shared_reasons(
    name: str,
    item_ids: Iterable[ResourceId],
    decisions: Mapping[str, Decision],
    rows: Mapping[ResourceId, InventoryItem],
) -> Iterable[Reason]:
    for item_id in item_ids:
        for other in rows[item_id].workloads:
            if other != name and not isinstance(decisions.get(other), GateOpen):
                yield Reason(
                    code="shared-item",
                    detail=f"{rows[item_id].name} also serves {other}, whose gate is closed",
                    next_step=f"Open the gate of {other} first.",
                    item_id=item_id,
                )
