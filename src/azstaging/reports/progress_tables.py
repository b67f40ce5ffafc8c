"""Progress as tables: readings, scope, calendar, time in phase, age of waivers."""

from collections import Counter

from azstaging.reports.burnup import READING_WORDS
from azstaging.reports.document import Document, ScopeChange, Waiver
from azstaging.reports.table import Column, Table

_AGES = ("expired", "today", "within 3 days", "within 7 days", "within 14 days", "later")


def readings(document: Document) -> Table:
    """One row per day on record, the latest first."""
    due = ("on_time",) if document.due else ()
    keys = ("scope", *due, "planned", "released", "staged", "moving", "replicating", "trouble")
    return Table(
        name="readings",
        title="Items by day",
        empty="No inventory is on record.",
        columns=(
            Column(key="at", label="Day", kind="time"),
            *(Column(key=key, label=READING_WORDS[key].capitalize(), kind="int") for key in keys),
        ),
        rows=[(r.at, *(getattr(r, key) for key in keys)) for r in reversed(document.readings)],
    )


def scope_changes(document: Document) -> Table:
    """When the scope grew or shrank."""
    return Table(
        name="scope",
        title="Changes of scope",
        empty="The scope did not change between the days on record.",
        columns=(
            Column(key="at", label="Day", kind="time"),
            Column(key="before", label="Before", kind="int"),
            Column(key="after", label="After", kind="int"),
            Column(key="change", label="Change"),
        ),
        rows=[(c.at, c.before, c.after, _change(c)) for c in document.scope_changes],
    )


def _change(found: ScopeChange) -> str:
    more = found.after - found.before
    return f"{more:,} more" if more > 0 else f"{-more:,} fewer"


def calendar(document: Document) -> Table:
    """What each day brought or will bring."""
    return Table(
        name="calendar",
        title="Release calendar",
        empty="Nothing was released, and nothing is due.",
        columns=(
            Column(key="day", label="Day (UTC)"),
            Column(key="released", label="Released", kind="int"),
            Column(key="planned", label="Planned", kind="int"),
            Column(key="waivers", label="Waivers expire", kind="int"),
            Column(key="note", label="What"),
        ),
        rows=[(d.day, d.released, d.planned, d.waivers, d.note) for d in document.calendar],
    )


def phase_times(document: Document) -> Table:
    """For how long the items of each phase have been in it."""
    return Table(
        name="phase-times",
        title="Time in phase, items",
        empty="No item was read.",
        columns=(
            Column(key="phase", label="Phase", kind="state"),
            Column(key="day", label="Up to a day", kind="int"),
            Column(key="week", label="Up to a week", kind="int"),
            Column(key="month", label="Up to a month", kind="int"),
            Column(key="longer", label="Longer", kind="int"),
            Column(key="untold", label="Not told", kind="int"),
        ),
        rows=[(t.phase, t.day, t.week, t.month, t.longer, t.untold) for t in document.phase_times],
    )


def waiver_ages(document: Document) -> Table:
    """How many waivers expire within which time."""
    counts = Counter(_age(waiver) for waiver in document.waivers)
    return Table(
        name="waiver-ages",
        title="Waivers by the time that is left",
        empty="No waiver was given.",
        columns=(
            Column(key="left", label="Time left"),
            Column(key="waivers", label="Waivers", kind="int"),
        ),
        rows=[(age, counts[age]) for age in _AGES] if document.waivers else [],
    )


def _age(waiver: Waiver) -> str:
    if not waiver.in_force:
        return "expired"
    limits = ((0, "today"), (3, "within 3 days"), (7, "within 7 days"), (14, "within 14 days"))
    return next((name for most, name in limits if waiver.days_left <= most), "later")
