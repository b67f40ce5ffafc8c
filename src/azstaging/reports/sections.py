"""The sections of a view: what HTML and Markdown show, before either of them shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from azstaging.reports import ledger, progress_tables, tables
from azstaging.reports.burnup import AREAS, burn_up
from azstaging.reports.charts import Chart, pareto, stacked
from azstaging.reports.document import Difference, Document, Item, Workload
from azstaging.reports.item_table import items
from azstaging.reports.table import Table
from azstaging.reports.timeline import is_deed, told_jobs
from azstaging.reports.views import View, for_view
from azstaging.reports.words import count, moment

# What one file can show without a script and stay quick; the tables always have everything.
_MOST_WORKLOADS = 200
_MOST_MACHINES = 1_000
_MOST_EVENTS = 5_000


_UNREAD = (
    "Backup, monitoring and identity are told from the VM and its extensions, the last recovery "
    "point by the check backup-item where the policy asks for it. Backup policies, alert rules and "
    "mounts inside the guest are not read."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadPage:
    """One workload in full: its items, and what is to be done about them."""

    workload: Workload
    items: Sequence[Item]
    acts: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section.

    Attributes:
        intro: one or two sentences, or "".
        parts: tables and charts, in order.
        pages: workloads in full.
        steps: numbered lines.
    """

    name: str
    title: str
    intro: str = ""
    parts: Sequence[Table | Chart] = ()
    pages: Sequence[WorkloadPage] = ()
    steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A view of a document, ready for a format.

    Attributes:
        document: as the view may show it.
        blockers: for the first page.
    """

    view: View
    document: Document
    blockers: Chart
    sections: tuple[Section, ...]


def page(document: Document, view: View) -> Page:
    """Return what one view shows of a document."""
    seen = for_view(document, view)
    return Page(
        view=view,
        document=seen,
        blockers=pareto(tables.blockers(seen), "workloads", "warn", "workloads held"),
        sections=tuple(SECTIONS[name](seen) for name in view.sections),
    )


def _status(document: Document) -> Section:
    answer = document.answer
    return Section(
        name="status",
        title="Workloads",
        intro=(
            f"{answer.ready:,} ready, {answer.held:,} held, {answer.released:,} released. "
            f"{_after(document)}"
        ).strip(),
        parts=(tables.workloads(document),),
    )


def _after(document: Document) -> str:
    if not document.release_after:
        return ""
    when = document.release_after[:16].replace("T", " ")
    return f"The wave may not be released before {when} UTC."


def _workloads(document: Document) -> Section:
    by_id = {item.id.casefold(): item for item in document.items}
    acts: dict[str, list[Difference]] = {}
    for difference in document.diff:
        if difference.cls == "act":
            acts.setdefault(difference.item_id.casefold(), []).append(difference)
    pages: list[WorkloadPage] = []
    machines = 0
    for workload in document.workloads[:_MOST_WORKLOADS]:
        found = [by_id[key] for i in workload.item_ids if (key := i.casefold()) in by_id]
        machines += len(found)
        if machines > _MOST_MACHINES:
            break
        todo = [act for item in found for act in acts.get(item.id.casefold(), ())]
        pages.append(WorkloadPage(workload=workload, items=found, acts=todo))
    return Section(
        name="workloads",
        title="Workloads in full",
        intro=f"{_shown(len(pages), len(document.workloads))} {_UNREAD}",
        pages=pages,
    )


def _shown(shown: int, number: int) -> str:
    order = "Held workloads first, then ready, then released."
    if shown == number:
        return order
    rest = count(number - shown, "more workload")
    return f"{order} The first {shown:,} of {number:,}; {rest}: see the table of items."


def _acts(document: Document) -> Section:
    acts = [difference for difference in document.diff if difference.cls == "act"]
    table = tables.diff(msgspec.structs.replace(document, diff=acts))
    return Section(
        name="acts",
        title="Open actions",
        intro=f"Expected changes after which somebody has to do something. {_due(document)}",
        parts=(_dated(_renamed(table, "acts", "Open actions", "Nothing is left to do."), "Due"),),
    )


def _changes(document: Document) -> Section:
    found = [difference for difference in document.diff if difference.cls == "expected"]
    table = tables.diff(msgspec.structs.replace(document, diff=found))
    return Section(
        name="changes",
        title="Changed on the way",
        intro="Expected changes by remediation, replication and staging, each with its rule.",
        parts=(
            _dated(
                _renamed(table, "changes", "Changed on the way", "No field changed as expected."),
                "Accepted until",
            ),
        ),
    )


def _due(document: Document) -> str:
    if document.due:
        return f"They are due by {moment(document.due)} UTC, the due date of the wave."
    return "Nobody set a due date: wave.due of the configuration is empty."


def _dated(table: Table, label: str) -> Table:
    """Show the column of due dates where there is one, under a label that fits what is listed."""
    place = next(i for i, column in enumerate(table.columns) if column.key == "due")
    dated = any(row[place] for row in table.rows)
    columns = [
        replace(column, label=label, shown=dated) if column.key == "due" else column
        for column in table.columns
        if column.key != "class"
    ]
    return replace(
        table,
        columns=tuple(columns),
        rows=[row[1:] for row in table.rows],
    )


def _renamed(table: Table, name: str, title: str, empty: str) -> Table:
    return Table(
        name=name,
        title=title,
        columns=table.columns,
        rows=table.rows,
        anchors=table.anchors,
        empty=empty,
    )


def _items(document: Document) -> Section:
    return Section(
        name="items",
        title="Items",
        intro="One row per replicated item. A row opens with every detail.",
        parts=(items(document),),
    )


def _checks(document: Document) -> Section:
    return Section(
        name="checks",
        title="Checks by workload",
        intro="The worst standing decides. Released items need no evidence and are not counted.",
        parts=(tables.heat_map(document),),
    )


def _evidence(document: Document) -> Section:
    return Section(
        name="evidence",
        title="Controls and evidence",
        intro="Each control with the journal record that decides it. A row opens with its digest.",
        parts=(tables.findings(document),),
    )


def _open_checks(document: Document) -> Section:
    found = [f for f in document.findings if f.standing != "passed"]
    passed = len(document.findings) - len(found)
    table = tables.findings(msgspec.structs.replace(document, findings=found))
    empty = "Every check passed." if document.findings else "Nothing was checked."
    return Section(
        name="open-checks",
        title="Checks that did not pass",
        intro=f"{passed:,} more passed; the audit record lists them.",
        parts=(_renamed(table, "findings", table.title, empty),),
    )


def _diff(document: Document) -> Section:
    tones = {"suspicious": "bad", "act": "warn", "unknown": "doubt", "expected": "quiet"}
    return Section(
        name="diff",
        title="Configuration: source, intended, actual",
        intro="Suspicious first, then what asks for action, then what could not be compared.",
        parts=(stacked(tables.areas(document), tones), tables.diff(document)),
    )


_TIME_TONES = {
    "day": "plain",
    "week": "quiet lines",
    "month": "warn",
    "longer": "bad",
    "untold": "doubt",
}


def _phases(document: Document) -> Section:
    chart = pareto(tables.phases(document), "items", "plain", "items")
    times = stacked(progress_tables.phase_times(document), _TIME_TONES)
    return Section(
        name="phases",
        title="Phases",
        intro="How many items are in which phase, and for how long as far as the service tells.",
        parts=(chart, times) if document.phase_times else (chart,),
    )


def _progress(document: Document) -> Section:
    tones = {name: f"{tone} {pattern}".strip() for name, tone, pattern in AREAS}
    daily = stacked(progress_tables.readings(document), tones)
    return Section(
        name="progress",
        title="Progress",
        intro=document.forecast,
        parts=(replace(daily, picture=burn_up(document.readings, document.due)), _scope(document)),
    )


def _scope(document: Document) -> Table:
    return progress_tables.scope_changes(document)


def _calendar(document: Document) -> Section:
    tones = {"released": "done", "planned": "plain", "waivers": "warn"}
    return Section(
        name="calendar",
        title="Calendar",
        intro="What was released on which day, what a plan still holds open, and what expires.",
        parts=(stacked(progress_tables.calendar(document), tones),),
    )


def _gaps(document: Document) -> Section:
    return Section(
        name="gaps",
        title="What could not be read",
        intro=document.completeness.statement,
        parts=(ledger.gaps(document),),
    )


def _waivers(document: Document) -> Section:
    ages = pareto(progress_tables.waiver_ages(document), "waivers", "warn", "waivers")
    each = pareto(ledger.waivers(document), "days_left", "plain", "days left")
    return Section(
        name="waivers",
        title="Waivers",
        intro="One check, one subject, one reason, until a date; 30 days at most.",
        parts=(ages, each) if document.waivers else (each,),
    )


def _policy(document: Document) -> Section:
    found = document.policy
    intro = ""
    if found:
        intro = (
            f"A flaky check needs {count(found.flaky_passes, 'pass', 'passes')} in a row. A plan "
            f"needs {count(found.approvals, 'approval')} and holds {found.plan_hours} h; an "
            f"approval holds {found.approval_hours} h."
        )
    return Section(
        name="policy",
        title="What the gates required",
        intro=intro,
        parts=(ledger.policy(document),),
    )


def _plans(document: Document) -> Section:
    return Section(name="plans", title="Plans and approvals", parts=(ledger.plans(document),))


def _receipts(document: Document) -> Section:
    return Section(
        name="receipts",
        title="Receipts",
        intro="Every attempt to stop a replication, and what proves its outcome.",
        parts=(ledger.receipts(document),),
    )


def _timeline(document: Document) -> Section:
    shown = document.timeline
    intro = f"As the journal and the service tell it. {told_jobs(document.jobs)}"
    if len(shown) > _MOST_EVENTS:
        # What was recorded or done by somebody is shown before what the service tells of items.
        shown = [event for event in shown if is_deed(event)][-_MOST_EVENTS:]
        rest = len(document.timeline) - len(shown)
        intro = f"{intro} {rest:,} more events of items are in report.json and report.xlsx."
    table = ledger.timeline(msgspec.structs.replace(document, timeline=shown))
    return Section(name="timeline", title="Timeline", intro=intro, parts=(table,))


def _integrity(document: Document) -> Section:
    head = document.integrity
    made = f"Made from {count(head.recorded, 'recorded finding')}"
    at = "" if head.seq is None else f" and journal record {head.seq:,}"
    return Section(
        name="integrity",
        title="Integrity",
        intro=f"{made}{at}.",
        steps=document.integrity.verify,
    )


SECTIONS: dict[str, Callable[[Document], Section]] = {
    "acts": _acts,
    "calendar": _calendar,
    "changes": _changes,
    "checks": _checks,
    "diff": _diff,
    "evidence": _evidence,
    "gaps": _gaps,
    "integrity": _integrity,
    "items": _items,
    "open-checks": _open_checks,
    "phases": _phases,
    "plans": _plans,
    "policy": _policy,
    "progress": _progress,
    "receipts": _receipts,
    "status": _status,
    "timeline": _timeline,
    "waivers": _waivers,
    "workloads": _workloads,
}
