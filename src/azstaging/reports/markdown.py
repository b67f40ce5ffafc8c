"""Markdown for a wiki or a pull request: every character of others escaped, no raw HTML."""

import re
from collections.abc import Iterable

from azstaging.model.text import display
from azstaging.reports.charts import Chart
from azstaging.reports.document import Document
from azstaging.reports.json_ import Sealed
from azstaging.reports.marks import mark
from azstaging.reports.sections import Section, WorkloadPage, page
from azstaging.reports.table import Column, Table, Value
from azstaging.reports.views import View
from azstaging.reports.words import duration, moment

_MOST_ROWS = 500
_LONGEST = 300
_SPECIAL = re.compile(r"[\\`*_{}\[\]#|~!$^]|:(?=[/a-zA-Z])|(?<=www)\.", re.IGNORECASE)
# An "@" before a word would call somebody; an entity would be undone before that is looked for.
_PLAIN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "(at)"}
_REPLACED = re.compile("[&<>@]")


def render(made: Sealed, view: View) -> dict[str, bytes]:
    """Return ``<view>.md``."""
    shown = page(made.document, view)
    lines = [*_first_page(shown.document, view), *_table(shown.blockers.table)]
    for section in shown.sections:
        lines += _section(section, shown.document)
    lines += ["", f"SHA-256 of report.json: {made.digest}", ""]
    return {f"{view.name}.md": "\n".join(lines).encode()}


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no link, no mention, no HTML."""
    text = display(" ".join(text.split(" ")).strip(), limit=_LONGEST)
    text = _SPECIAL.sub(lambda match: "\\" + match.group(), text)
    return _REPLACED.sub(lambda match: _PLAIN[match.group()], text)


def _first_page(document: Document, view: View) -> list[str]:
    answer = document.answer
    complete = "✓" if document.completeness.complete else "▲"
    made = f"made {moment(document.made_at)} UTC by azstaging {escaped(document.tool_version)}"
    return [
        f"# {escaped(answer.headline)}",
        "",
        escaped(answer.why),
        "",
        f"**{view.title}**, wave {escaped(document.wave)}, {made}.",
        "",
        f"**Completeness** {complete} {escaped(document.completeness.statement)}",
        "",
        "| Ready | Held | Released |",
        "| ---: | ---: | ---: |",
        f"| {answer.ready:,} | {answer.held:,} | {answer.released:,} |",
        "",
        "## Blockers",
        "",
    ]


def _section(section: Section, document: Document) -> Iterable[str]:
    yield from ("", f"## {section.title}", "")
    if section.intro:
        yield from (escaped(section.intro), "")
    for part in section.parts:
        yield from _table(part.table if isinstance(part, Chart) else part)
    for workload in section.pages:
        yield from _workload(workload)
    if section.name == "integrity":
        head = document.integrity
        yield from (f"Journal {escaped(head.journal_id)}, hash {escaped(head.hash)}", "")
    yield from (f"{place}. {escaped(step)}" for place, step in enumerate(section.steps, start=1))


def _workload(shown: WorkloadPage) -> Iterable[str]:
    workload = shown.workload
    found = mark(workload.state)
    yield from (f"### {found.sign} {escaped(workload.name)}", "")
    told = [found.word, workload.owner, workload.criticality, f"{len(shown.items):,} items"]
    yield from (escaped(", ".join(part for part in told if part)) + ".", "")
    for reason in workload.reasons:
        yield f"- {escaped(reason.detail)}. {escaped(reason.next_step)}"
    for act in shown.acts:
        yield f"- {escaped(act.name)}, {escaped(act.field)}: {escaped(act.reason)}{_due(act.due)}"
    for item in shown.items:
        source, target = item.source, item.target
        before = ", ".join(source.addresses) if source else ""
        after = ", ".join(target.addresses) if target else ""
        where = f"{target.name}, {target.size}, {target.place}" if target else item.target_note
        yield f"- {escaped(item.name)} → {escaped(where)}; {escaped(before)} → {escaped(after)}"
    yield ""


def _due(due: str) -> str:
    return f" (due {moment(due)} UTC)" if due else ""


def _table(table: Table) -> Iterable[str]:
    if not table.rows:
        yield from (table.empty, "")
        return
    columns = [table.columns[index] for index in table.shown]
    yield f"| {' | '.join(escaped(column.label) for column in columns)} |"
    yield f"| {' | '.join('---:' if column.is_number else '---' for column in columns)} |"
    for row in table.rows[:_MOST_ROWS]:
        cells = (_cell(row[i], c) for i, c in zip(table.shown, columns, strict=True))
        yield f"| {' | '.join(cells)} |"
    if len(table.rows) > _MOST_ROWS:
        yield from ("", f"{_MOST_ROWS:,} of {len(table.rows):,} rows; report.json has all of them.")
    yield ""


def _cell(value: Value, column: Column) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return duration(value) if column.kind == "seconds" else f"{value:,}"
    if column.kind == "time":
        return moment(value)
    if column.kind == "state" and value:
        found = mark(value)
        return f"{found.sign} {escaped(found.word)}"
    if column.kind == "standing" and value:
        state, _, passed = value.rpartition(" ")
        return f"{mark(state).sign} {escaped(mark(state).word)} {passed}"
    return escaped(value)
