"""HTML: one file per view that opens without a network and says the first things without script."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from azstaging.model.text import display
from azstaging.reports.charts import Chart, Segment, bar
from azstaging.reports.document import Answer, Machine
from azstaging.reports.embed import DIGITS, columnar, embedded
from azstaging.reports.item_table import gib_text, total_gib
from azstaging.reports.json_ import Sealed
from azstaging.reports.marks import MARKS, Mark, mark
from azstaging.reports.sections import Page, page
from azstaging.reports.table import Table, item_anchor, workload_anchor
from azstaging.reports.views import View
from azstaging.reports.words import count, duration, moment

# Rows that are there without a script; the script has all of them.
STATIC_ROWS = 200
_SCRIPTED_FROM = 9
_LONGEST = 2_000


def render(made: Sealed, view: View) -> dict[str, bytes]:
    """Return ``<view>.html``: self-contained, under a Content-Security-Policy with hashes."""
    shown = page(made.document, view)
    style, script = _resource("report.css"), _resource("report.js")
    text = (
        _environment()
        .get_template("report.html.j2")
        .render(
            page=shown,
            document=shown.document,
            view=view,
            digest=made.digest,
            overview=_overview(shown.document.answer),
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - a file of this package
            policy=_policy(style, script),
            data=_data(shown),
            marks=embedded({name: [m.sign, m.tone, m.word] for name, m in sorted(MARKS.items())}),
            static_rows=STATIC_ROWS,
        )
    )
    return {f"{view.name}.html": text.encode()}


@cache
def _resource(name: str) -> str:
    return (files("azstaging.reports") / "templates" / name).read_text("utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        finalize=_shown,
        loader=jinja2.FunctionLoader(_resource),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"moment": moment, "duration": duration, "number": _number}
    environment.globals |= {
        "digits": DIGITS,
        "mark": mark,
        "standing": _standing,
        "is_scripted": is_scripted,
        "is_chart": lambda part: isinstance(part, Chart),
        "item_anchor": item_anchor,
        "workload_anchor": workload_anchor,
        "hardware": _hardware,
        "disks": _disks,
        "count": count,
    }
    return environment


def _shown(value: Any) -> Any:
    """Escape what eyes cannot see; autoescape then sees to what HTML would act on."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return display(value, limit=_LONGEST)


def _number(value: int) -> str:
    return f"{value:,}"


def _standing(value: str) -> tuple[Mark, str]:
    state, _, passed = value.rpartition(" ")
    return mark(state), passed


def is_scripted(table: Table) -> bool:
    """Tell whether a table is sorted and filtered by the script."""
    return len(table.rows) >= _SCRIPTED_FROM or not all(c.shown for c in table.columns)


def _data(shown: Page) -> dict[str, Markup]:
    parts = [part for section in shown.sections for part in section.parts]
    tables = [part for part in parts if isinstance(part, Table)]
    return {t.name: embedded(columnar(t)) for t in tables if t.rows and is_scripted(t)}


def _overview(answer: Answer) -> Markup:
    segments = [
        Segment(tone=mark(state).tone, label=state, count=number)
        for state, number in (
            ("ready", answer.ready),
            ("held", answer.held),
            ("released", answer.released),
        )
    ]
    return bar(segments, answer.workloads, described=True)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _hardware(machine: Machine | None) -> str:
    """Return ``Standard_D4s_v5, 4 cores, 16 GiB``, as far as it is told."""
    if machine is None:
        return ""
    memory = machine.memory_mib
    parts = [
        machine.size,
        count(machine.cores, "core") if machine.cores is not None else "",
        gib_text(memory * 1024**2) if memory is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def _disks(machine: Machine | None) -> str:
    """Return ``3 disks, 512 GiB``, as far as it is told."""
    if machine is None or not machine.disks:
        return ""
    total = total_gib(machine.disks)
    kinds: Sequence[str] = sorted({disk.kind for disk in machine.disks if disk.kind})
    parts = [
        count(len(machine.disks), "disk"),
        f"{total:,} GiB" if total is not None else "size not told",
        " and ".join(kinds),
    ]
    return ", ".join(part for part in parts if part)
