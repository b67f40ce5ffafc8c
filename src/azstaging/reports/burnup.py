"""The burn-up: items by group of phases over time, below the line of the scope. Inline SVG.

The shapes stretch with the page and the lines keep their width; every word is text beside them.
Areas differ by pattern as well as by tone, lines by their dashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from azstaging.model.times import parse_time
from azstaging.reports.document import Reading
from azstaging.reports.words import moment

_WIDE, _HIGH = 1_000, 240
# From the bottom: what is done stands on the ground.
AREAS = (
    ("released", "done", "lines"),
    ("staged", "good", ""),
    ("moving", "plain", "dots"),
    ("replicating", "quiet", "hatch"),
    ("trouble", "bad", "cross"),
)
READING_WORDS = {
    "scope": "scope",
    "planned": "in a plan",
    "on_time": "on time",
    "released": "released",
    "staged": "staged",
    "moving": "in test or cutover",
    "replicating": "replicating",
    "trouble": "needs attention",
}
LINES = (("scope", "scope"), ("planned", "planned"))
_DUE = "on_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One line of the legend: a swatch and what it stands for."""

    swatch: Markup
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawing with the words that stand around it.

    Attributes:
        described: what it shows, for whoever does not see it.
        top, left, right: labels of the axes: the most items, the first and the last day.
    """

    svg: Markup
    described: str
    top: str
    left: str
    right: str
    keys: Sequence[Key]


def burn_up(readings: Sequence[Reading], due: str = "") -> Picture | None:
    """Draw readings of two days or more; fewer make no line. It goes on to a due date ahead."""
    days = [parse_time(reading.at) for reading in readings]
    times = [int(day.timestamp()) for day in days if day is not None]
    if len(times) != len(readings) or not times or times[-1] == times[0]:
        return None
    most = max(max(r.scope, r.planned, _total(r)) for r in readings) or 1
    until = parse_time(due)
    end = max(times[-1], int(until.timestamp()) if until else 0)
    across = [(time - times[0]) * _WIDE // (end - times[0]) for time in times]
    first, last = readings[0], readings[-1]
    return Picture(
        svg=_svg(readings, across, most, due=bool(due)),
        described=(
            f"Burn-up from {moment(first.at)[:10]} to {moment(last.at)[:10]}: released from "
            f"{first.released:,} to {last.released:,} of {last.scope:,} items; the table below "
            "has every number."
        ),
        top=f"{most:,} items",
        left=moment(first.at)[:10],
        right=f"due {moment(due)[:10]}" if end > times[-1] else moment(last.at)[:10],
        keys=[*_area_keys(), *_line_keys(due=bool(due))],
    )


def _total(reading: Reading) -> int:
    return sum(getattr(reading, name) for name, _, _ in AREAS)


def _svg(readings: Sequence[Reading], across: list[int], most: int, *, due: bool) -> Markup:
    below = [0] * len(readings)
    shapes = []
    for name, tone, pattern in AREAS:
        above = [low + int(getattr(r, name)) for low, r in zip(below, readings, strict=True)]
        if above != below:
            edge = _points(across, above, most), _points(across[::-1], below[::-1], most)
            shapes.append(_area(" ".join(edge), tone, pattern))
        below = above
    for name, kind in LINES:
        points = _points(across, [int(getattr(r, name)) for r in readings], most)
        shapes.append(Markup('<polyline points="{}" class="line-{}"/>').format(points, kind))
    if due:
        shapes.append(_due_line(readings, across, most))
    opening = Markup(
        '<svg class="burn-up" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false">'
    ).format(_WIDE, _HIGH)
    return opening + Markup("").join(shapes) + Markup("</svg>")


def _due_line(readings: Sequence[Reading], across: list[int], most: int) -> Markup:
    values = [reading.on_time or 0 for reading in readings]
    # What is ahead: the line ends with everything, on the due date.
    ahead = [] if across[-1] == _WIDE else [(_WIDE, readings[-1].scope)]
    points = _points(
        [*across, *(x for x, _ in ahead)], [*values, *(value for _, value in ahead)], most
    )
    return Markup('<polyline points="{}" class="line-due"/>').format(points)


def _points(across: Sequence[int], values: Sequence[int], most: int) -> str:
    # Integers only: the same numbers give the same bytes on every machine.
    heights = [_HIGH - value * _HIGH // most for value in values]
    return " ".join(f"{x},{y}" for x, y in zip(across, heights, strict=True))


def _area(points: str, tone: str, pattern: str) -> Markup:
    shape = Markup('<polygon points="{}" class="tone-{}"/>').format(points, tone)
    if pattern:
        shape += Markup('<polygon points="{}" fill="url(#{})"/>').format(points, pattern)
    return shape


def _area_keys() -> list[Key]:
    keys = []
    for name, tone, pattern in AREAS:
        swatch = Markup('<rect width="14" height="14" class="tone-{}"/>').format(tone)
        if pattern:
            swatch += Markup('<rect width="14" height="14" fill="url(#{})"/>').format(pattern)
        keys.append(Key(swatch=_swatch(swatch), label=READING_WORDS[name]))
    return keys


def _line_keys(*, due: bool) -> list[Key]:
    line = Markup('<line x1="0" x2="14" y1="7" y2="7" class="line-{}"/>')
    lines = (*LINES, (_DUE, "due")) if due else LINES
    return [
        Key(swatch=_swatch(line.format(kind)), label=READING_WORDS[name]) for name, kind in lines
    ]


def _swatch(inside: Markup) -> Markup:
    opening = Markup('<svg class="swatch" width="14" height="14" aria-hidden="true">')
    return opening + inside + Markup("</svg>")
