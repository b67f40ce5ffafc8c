"""A report becomes a document: every number is counted here, once, for all views and formats."""

from collections import Counter, defaultdict
from datetime import timedelta

from azstaging.model.differences import DiffClass, Difference
from azstaging.model.report import Report
from azstaging.model.times import format_time
from azstaging.reports import document as doc
from azstaging.reports.due import DueDates, due_dates
from azstaging.reports.gates import answer, blocker_rows, workload_rows
from azstaging.reports.lookup import Lookup, look_up
from azstaging.reports.machines import item_row
from azstaging.reports.progress import (
    calendar,
    forecast,
    phase_times,
    readings,
    scope_changes,
)
from azstaging.reports.standings import finding_rows, weigh_all
from azstaging.reports.timeline import timeline, who
from azstaging.reports.words import DIFF_CLASSES, PHASES, count, is_or_are
from azstaging.rules.gate import waiver_holds

_UNRECORDED = "No journal was written: this report proves nothing by itself."
_VERIFY = (
    "Run azstaging journal verify PATH on the estate folder: it recomputes the chain, "
    "without a network."
)
_SUMS = "Run sha256sum -c SHA256SUMS in the folder of this report: each file is as it was written."
_COMPARE = (
    "Compare that hash with one that was kept elsewhere, for instance in a change ticket: "
    "the chain alone does not stop somebody who rewrites all of it."
)


def make_document(report: Report) -> doc.Document:
    """Return the document of a report. Pure: the same report gives the same document."""
    lookup = look_up(report)
    standings = weigh_all(lookup)
    workloads = workload_rows(lookup, standings)
    blockers = blocker_rows(workloads)
    wave = report.wave
    items = [item_row(row, lookup, standings) for row in report.inventory.items]
    past = readings(report)
    return doc.Document(
        schema=doc.SCHEMA,
        tool_version=report.tool_version,
        made_at=format_time(report.made_at),
        read_at=format_time(report.inventory.read_at),
        wave=wave.name,
        release_after=format_time(wave.release_after) if wave.release_after else "",
        masked=False,
        answer=answer(workloads),
        completeness=_completeness(report),
        phases=_phases(report),
        blockers=blockers,
        workloads=workloads,
        items=items,
        checks=list(standings.checks),
        findings=finding_rows(lookup, standings),
        diff=_differences(lookup),
        areas=_areas(report),
        waivers=_waivers(lookup),
        policy=_policy(report),
        plans=_plans(report),
        approvals=_approvals(report),
        receipts=_receipts(lookup),
        timeline=timeline(lookup),
        integrity=_integrity(report),
        readings=past,
        scope_changes=scope_changes(past),
        forecast=forecast(lookup),
        calendar=calendar(lookup),
        due=format_time(wave.due) if wave.due else "",
        jobs=_jobs(report),
        phase_times=phase_times(((i.phase, i.phase_since) for i in items), report.decisions.at),
    )


def _completeness(report: Report) -> doc.Completeness:
    inventory = report.inventory
    return doc.Completeness(
        complete=_is_complete(report),
        statement=_statement(report),
        expected=inventory.expected,
        read=inventory.read,
        vaults=[str(vault) for vault in inventory.vaults],
        gaps=[
            doc.Gap(
                scope=str(gap.scope),
                reason=gap.reason,
                detail=gap.detail,
                permission=gap.permission,
                covers_items=gap.covers_items,
            )
            for gap in sorted(inventory.gaps, key=lambda g: (g.scope.key, g.reason, g.detail))
        ],
        unresolved=_selectors(inventory.unresolved),
        ambiguous=_selectors(inventory.ambiguous),
        unexpected=[str(found) for found in sorted(inventory.unexpected)],
    )


def _is_complete(report: Report) -> bool:
    # An inventory without items proves nothing, whatever it was asked for.
    inventory = report.inventory
    return inventory.complete and not inventory.unresolved and bool(inventory.items)


def _selectors(pairs: tuple[tuple[str, str], ...]) -> list[doc.Selector]:
    return [doc.Selector(workload=name, selector=selector) for name, selector in sorted(pairs)]


def _statement(report: Report) -> str:
    inventory = report.inventory
    surplus = len(inventory.unexpected)
    if inventory.expected is None:
        read = f"{count(inventory.read, 'item')} {_was(inventory.read)} read; no count is expected."
    else:
        wanted = inventory.read - surplus
        read = f"{wanted:,} of {count(inventory.expected, 'expected item')} {_was(wanted)} read."
    vaults = len(inventory.vaults)
    parts = [read, f"{count(vaults, 'vault')} {_was(vaults)} listed completely."]
    if surplus:
        parts.append(f"{count(surplus, 'item')} more {_was(surplus)} read than expected.")
    if inventory.gaps:
        gaps = len(inventory.gaps)
        parts.append(f"{count(gaps, 'scope')} could not be read; what it touches stays held.")
    if inventory.unresolved:
        number = len(inventory.unresolved)
        parts.append(f"{count(number, 'selector')} of workloads {_match(number)} no item.")
    if inventory.ambiguous:
        number = len(inventory.ambiguous)
        parts.append(f"{count(number, 'name')} {_match(number)} several machines.")
    unassigned = sum(not row.workloads for row in inventory.items)
    if unassigned:
        parts.append(f"{count(unassigned, 'item')} {_belong(unassigned)} to no workload.")
    if not inventory.items:
        parts.append("An empty inventory proves nothing.")
    elif _is_complete(report):
        parts.append("Nothing that was asked for is missing.")
    return " ".join(parts)


def _was(number: int) -> str:
    return "was" if is_or_are(number) == "is" else "were"


def _belong(number: int) -> str:
    return "belongs" if number == 1 else "belong"


def _match(number: int) -> str:
    return "matches" if number == 1 else "match"


def _phases(report: Report) -> list[doc.Tally]:
    counts = Counter(row.phase.value for row in report.inventory.items)
    return [doc.Tally(name=name, count=counts[name]) for name in PHASES if counts[name]]


def _differences(lookup: Lookup) -> list[doc.Difference]:
    shown = [d for d in lookup.report.diff if d.cls is not DiffClass.SAME]
    rank = {name: place for place, name in enumerate(DIFF_CLASSES)}
    shown.sort(key=lambda d: (rank[d.cls.value], d.item_id.key, d.area, d.field))
    due = due_dates(lookup.report)
    return [_difference(difference, lookup, due) for difference in shown]


def _difference(difference: Difference, lookup: Lookup, due: DueDates) -> doc.Difference:
    return doc.Difference(
        item_id=str(difference.item_id),
        name=lookup.item_name(difference.item_id),
        area=difference.area,
        field=difference.field,
        source=difference.source,
        intended=difference.intended,
        actual=difference.actual,
        cls=difference.cls.value,
        rule=difference.rule,
        reason=difference.reason,
        due=due.of(difference),
    )


def _areas(report: Report) -> list[doc.Area]:
    grouped: dict[str, Counter[str]] = defaultdict(Counter)
    for difference in report.diff:
        grouped[difference.area][difference.cls.value] += 1
    return [
        doc.Area(area=area, **{name: grouped[area][name] for name in DIFF_CLASSES})
        for area in sorted(grouped)
    ]


def _waivers(lookup: Lookup) -> list[doc.Waiver]:
    now = lookup.report.decisions.at
    rows = [
        doc.Waiver(
            check=waiver.check,
            subject=waiver.subject,
            name=_waived_name(waiver.subject, lookup),
            reason=waiver.reason,
            category=waiver.category,
            approver=waiver.approver,
            ticket=waiver.ticket,
            created=format_time(waiver.created),
            expires=format_time(waiver.expires),
            in_force=waiver_holds(waiver, now),
            days_left=max(0, (waiver.expires - now) // timedelta(days=1)),
            age_days=max(0, (now - waiver.created) // timedelta(days=1)),
        )
        for waiver in lookup.report.waivers
    ]
    return sorted(rows, key=lambda w: (w.expires, w.check, w.subject.casefold()))


def _waived_name(subject: str, lookup: Lookup) -> str:
    return lookup.item_name(subject) if subject.startswith("/") else subject


def _policy(report: Report) -> doc.Policy | None:
    policy = report.decisions.policy
    if policy is None:
        return None
    lifetimes = dict(policy.lifetimes)
    return doc.Policy(
        checks=[
            doc.PolicyCheck(
                check=check,
                required=check in policy.required,
                lifetime_seconds=lifetimes.get(check),
            )
            for check in dict.fromkeys((*policy.required, *policy.advisory))
        ],
        flaky_passes=policy.flaky_passes,
        approvals=policy.approvals,
        approval_hours=policy.approval_hours,
        plan_hours=policy.plan_hours,
    )


def _plans(report: Report) -> list[doc.Plan]:
    return [
        doc.Plan(
            digest=plan.digest,
            content=plan.content,
            policy_digest=plan.policy_digest,
            planner=who(plan.planner),
            created=format_time(plan.created),
            expires=format_time(plan.expires),
            workloads=sorted(plan.workloads),
            items=len(plan.items),
        )
        for plan in sorted(report.plans, key=lambda p: (p.created, p.digest))
    ]


def _approvals(report: Report) -> list[doc.Approval]:
    return [
        doc.Approval(
            plan_digest=approval.plan_digest,
            approver=who(approval.approver),
            comment=approval.comment,
            at=format_time(approval.at),
            expires=format_time(approval.expires),
        )
        for approval in sorted(report.approvals, key=lambda a: (a.at, a.plan_digest))
    ]


def _receipts(lookup: Lookup) -> list[doc.Receipt]:
    return [
        doc.Receipt(
            item_id=lookup.item_id(receipt.item_id),
            name=receipt.name,
            state=receipt.state.value,
            at=format_time(receipt.at),
            reason=receipt.reason,
            job_id=receipt.job_id,
            plan_digest=receipt.plan_digest,
            witnesses=list(receipt.witnesses),
        )
        for receipt in sorted(lookup.report.receipts, key=lambda r: (r.at, r.item_id))
    ]


def _jobs(report: Report) -> doc.Jobs | None:
    jobs = report.jobs
    if jobs is None:
        return None
    return doc.Jobs(
        since=format_time(jobs.since),
        found=jobs.found,
        matched=len(jobs.events),
        vaults=[str(vault) for vault in sorted(jobs.vaults)],
        unread=[
            doc.UnreadJobs(
                scope=str(gap.scope),
                reason=gap.reason,
                detail=gap.detail,
                permission=gap.permission,
            )
            for gap in sorted(jobs.unread, key=lambda g: g.scope.key)
        ],
    )


def _integrity(report: Report) -> doc.Integrity:
    head = report.journal
    verify = [_UNRECORDED, _SUMS]
    if head:
        again = (
            f"Run azstaging report --from PATH --at {head.seq} --out FOLDER: the same version "
            "writes the same bytes, and says so."
        )
        record = f"Run azstaging journal show PATH: record {head.seq} must have the hash above."
        verify = [_SUMS, _VERIFY, record, again, _COMPARE]
    return doc.Integrity(
        journal_id=head.journal_id if head else "",
        seq=head.seq if head else None,
        hash=head.hash if head else "",
        recorded=len(report.findings),
        verify=verify,
    )
