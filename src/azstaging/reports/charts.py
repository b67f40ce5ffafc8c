"""Charts as inline SVG: bars whose numbers stand beside them in the same table.

Widths are percentages, so that text keeps its size on a phone. Segments differ by pattern as well
as by tone, so that they can be told apart in grey print.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from azstaging.reports.burnup import Picture
from azstaging.reports.table import Table

_PATTERNED = {"warn": "hatch", "doubt": "dots", "done": "lines", "bad": "cross"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One part of a bar: a tone of `marks`, a pattern of its own behind a blank, and how many."""

    tone: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A table with one bar per row; every number of a bar is a cell of its row.

    Attributes:
        bars: one SVG per row of the table.
        after: index of the column that the bars follow.
        picture: a drawing of the same numbers, above the table.
    """

    table: Table
    bars: Sequence[Markup]
    after: int = 0
    picture: Picture | None = None


def bar(segments: Sequence[Segment], whole: int, *, described: bool = False) -> Markup:
    """Return one stacked bar; ``whole`` is what its full width stands for.

    Args:
        segments: in order; those without count are left out.
        whole: at least the sum of the segments.
        described: give it a text of its own, for a bar that stands without a table row.
    """
    shapes = []
    before = 0
    for segment in segments:
        if segment.count:
            shapes.append(_segment(segment, before, whole))
            before += segment.count
    text = ", ".join(f"{s.count:,} {s.label}" for s in segments if s.count)
    if described:
        opening = Markup('<svg class="bar wide" role="img" aria-label="{}">').format(text)
    else:
        opening = Markup('<svg class="bar" aria-hidden="true" focusable="false">')
    return opening + Markup("").join(shapes) + Markup("</svg>")


def _segment(segment: Segment, before: int, whole: int) -> Markup:
    tone, _, own = segment.tone.partition(" ")
    pattern = own or _PATTERNED.get(tone)
    place = Markup('x="{}" width="{}" height="100%"').format(
        _percent(before, whole), _percent(segment.count, whole)
    )
    shape = Markup('<rect {} class="tone-{}"><title>{:,} {}</title></rect>').format(
        place, tone, segment.count, segment.label
    )
    if pattern:
        shape += Markup('<rect {} fill="url(#{})" pointer-events="none"/>').format(place, pattern)
    return shape


def _percent(part: int, whole: int) -> str:
    # Integers only: the same numbers give the same bytes on every machine.
    hundredths = (part * 10_000 + whole // 2) // whole if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def pareto(table: Table, column: str, tone: str, label: str) -> Chart:
    """Return a table with one bar per row for one of its integer columns."""
    index = _index(table, column)
    counts = [int(row[index] or 0) for row in table.rows]
    most = max(counts, default=0)
    bars = [bar([Segment(tone=tone, label=label, count=number)], most) for number in counts]
    return Chart(table=table, bars=bars, after=index)


def stacked(table: Table, tones: dict[str, str]) -> Chart:
    """Return a table with a stacked bar per row over several integer columns."""
    wanted = [(column, _index(table, column), tone) for column, tone in tones.items()]
    rows = [
        [
            Segment(tone=tone, label=table.columns[i].label.lower(), count=int(row[i] or 0))
            for _, i, tone in wanted
        ]
        for row in table.rows
    ]
    most = max((sum(s.count for s in segments) for segments in rows), default=0)
    return Chart(table=table, bars=[bar(segments, most) for segments in rows])


def _index(table: Table, column: str) -> int:
    keys = [found.key for found in table.columns]
    return keys.index(column)
