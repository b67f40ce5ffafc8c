"""The timeline: what the values of a report say happened, and what its maker knows beyond."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from azstaging.model.plans import Principal, ReceiptState
from azstaging.model.report import Event
from azstaging.model.times import format_time
from azstaging.reports import document as doc
from azstaging.reports.lookup import Lookup
from azstaging.reports.words import count, moment

_RECEIPTS = {
    ReceiptState.DONE: "Replication stopped",
    ReceiptState.NONE: "Not stopped, held",
    ReceiptState.FAILED: "Stopping failed",
    ReceiptState.UNKNOWN: "Outcome unknown",
}


def is_deed(event: doc.Event) -> bool:
    """Tell whether somebody did it, here: not what the service tells of an item."""
    return bool(event.actor) or event.item_id is None or event.what in _RECEIPTS.values()


def timeline(lookup: Lookup) -> list[doc.Event]:
    """Return every event, the earliest first."""
    jobs = lookup.report.jobs.events if lookup.report.jobs else ()
    rows = [
        doc.Event(
            at=format_time(event.at),
            what=event.what,
            detail=event.detail,
            item_id=str(event.item_id) if event.item_id else None,
            name=lookup.item_name(event.item_id),
            actor=event.actor,
            evidence=event.seq,
        )
        for event in (*lookup.report.events, *jobs, *_derived(lookup))
    ]
    rows += _receipts(lookup)
    unique = {(r.at, r.what, r.detail, r.item_id, r.actor, r.evidence): r for r in rows}
    return sorted(unique.values(), key=_order)


def _order(row: doc.Event) -> tuple[str, int, str, str, str]:
    seq = -1 if row.evidence is None else row.evidence
    return (row.at, seq, row.what, row.item_id or "", row.detail)


def _derived(lookup: Lookup) -> Iterable[Event]:
    report = lookup.report
    items = count(report.inventory.read, "item")
    yield Event(at=report.inventory.read_at, what="Inventory read", detail=items)
    runs: dict[str, list[datetime]] = defaultdict(list)
    for finding in report.findings:
        runs[finding.run].append(finding.at)
    for run, times in sorted(runs.items()):
        detail = f"{count(len(times), 'finding')} in run {run}"
        yield Event(at=max(times), what="Checks run", detail=detail)
    opened, closed = len(report.decisions.open), len(report.decisions.closed)
    detail = f"{opened} open, {closed} closed"
    yield Event(at=report.decisions.at, what="Gates decided", detail=detail)
    for plan in report.plans:
        detail = f"{count(len(plan.items), 'item')} in {count(len(plan.workloads), 'workload')}"
        yield Event(at=plan.created, what="Plan made", detail=detail, actor=who(plan.planner))
    for approval in report.approvals:
        detail = approval.comment
        actor = who(approval.approver)
        yield Event(at=approval.at, what="Plan approved", detail=detail, actor=actor)


def _receipts(lookup: Lookup) -> Iterable[doc.Event]:
    # A receipt's id is text of the journal: it is shown as it is, never parsed again.
    for receipt in lookup.report.receipts:
        yield doc.Event(
            at=format_time(receipt.at),
            what=_RECEIPTS[receipt.state],
            detail=receipt.reason,
            item_id=lookup.item_id(receipt.item_id),
            name=receipt.name,
            actor="",
            evidence=None,
        )


def who(principal: Principal) -> str:
    """Return a principal's name with its key, or the key alone."""
    return f"{principal.name} ({principal.key})" if principal.name else principal.key


def told_jobs(jobs: doc.Jobs | None) -> str:
    """Say which replication jobs the timeline has, and which nobody could read."""
    if jobs is None:
        return "Replication jobs were not read."
    since = moment(jobs.since)[:10]
    read = f"Replication jobs since {since} of {count(len(jobs.vaults), 'vault')}"
    if jobs.found:
        parts = [f"{read}; {jobs.matched:,} of {jobs.found:,} name an item here."]
    else:
        parts = [f"{read}: there were none."]
    if not jobs.vaults:
        parts = []
    for found in jobs.unread:
        why = f"{found.reason}, {found.permission} is missing" if found.permission else found.reason
        name = found.scope.rstrip("/").rpartition("/")[2]
        parts.append(f"The jobs of {name} were not read ({why}): they are unknown, not none.")
    return " ".join(parts) or "There was no vault whose replication jobs could be read."
