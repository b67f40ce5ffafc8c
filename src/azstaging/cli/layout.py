"""Lays rows out for people: under their column names, as wide as the terminal, or block by block.

Where a terminal is too narrow, the widest columns give way first, and then the least wanted ones
are left out and named: a table that wraps is one that nobody reads.
"""

import os
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from azstaging.cli.streams import say, write
from azstaging.model.text import display

Row = Mapping[str, Any]
_WIDEST = 100
_GAP = "  "
# Colours that can be read on light and on dark: no yellow, no white; the word is always there.
_COLOURS = {
    **dict.fromkeys(("pass", "open", "done", "staged"), "green"),
    **dict.fromkeys(("fail", "closed", "suspicious", "failed"), "red"),
    **dict.fromkeys(("unknown", "inconclusive"), "magenta"),
}
_NARROWEST = 8
# A machine that cannot be told is no row.
_NARROWEST_NAME = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a table gives way to a terminal that is too narrow for it.

    Attributes:
        first: the columns that have a place as long as they fit at their narrowest, in the order
            in which they are wanted.
        then: the order of the others, which have a place where all of the first have room.
        narrowest: how narrow a column may become, in letters.
        room: how wide a column should be before others have a place beside it.
        short: shorter headings for when it is narrow.
        whole: every column, whatever the width: what does not fit is shown as blocks of lines,
            one block per row, and nothing is cut.
        remedy: how to see what was left out.
    """

    first: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    narrowest: Mapping[str, int] = field(default_factory=dict)
    room: Mapping[str, int] = field(default_factory=dict)
    short: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    remedy: str = "-o tsv or -o json has them"

    def floor(self, column: str) -> int:
        """Return how narrow a column may become."""
        usual = _NARROWEST_NAME if column == "name" else _NARROWEST
        return self.narrowest.get(column, usual)

    def ranked(self, columns: Sequence[str]) -> list[int]:
        """Return the places of the columns, the most wanted first."""
        ranks = {name: rank for rank, name in enumerate((*self.first, *self.then))}
        return sorted(range(len(columns)), key=lambda at: (ranks.get(columns[at], len(ranks)), at))


PLAIN = Layout()


def show_table(rows: Sequence[Row], layout: Layout = PLAIN) -> None:
    """Write rows to stdout, no wider than its terminal, and say below what did not fit.

    Raises:
        ConfigurationError: stdout takes no more.
    """
    available = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    text, left_out = lay_out(rows, layout, available)
    write(text)
    if left_out:
        say(f"This terminal is too narrow for: {', '.join(left_out)}. {layout.remedy}.")


def lay_out(
    rows: Sequence[Row], layout: Layout = PLAIN, available: int | None = None
) -> tuple[str, list[str]]:
    """Return rows as text of at most ``available`` columns, and the headings that did not fit."""
    columns = list(rows[0])
    heads = [_heading(column) for column in columns]
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(cell_width, each)) for each in zip(heads, *cells, strict=True)]
    if not layout.whole:
        widths = [min(_WIDEST, width) for width in widths]
    shown = list(range(len(columns)))
    if available is not None and _total(widths) > available:
        if layout.whole:
            return _blocks(columns, heads, cells), []
        shown, heads, widths = _narrowed(columns, cells, layout, available)
    numeric = [all(_is_number(row.get(column)) for row in rows) for column in columns]
    lines = [_GAP.join(fit(heads[at], widths[at]) for at in shown).rstrip()]
    for line in cells:
        fitted = [paint(fit(line[at], widths[at], right=numeric[at])) for at in shown]
        lines.append(_GAP.join(fitted).rstrip())
    left_out = [_heading(columns[at]).lower() for at in range(len(columns)) if at not in shown]
    return "\n".join(lines), left_out


def _narrowed(
    columns: Sequence[str], cells: Sequence[Sequence[str]], layout: Layout, available: int
) -> tuple[list[int], list[str], list[int]]:
    """Return which columns are shown, all headings, and the width of each that is shown."""
    full = [_heading(column) for column in columns]
    heads = [layout.short.get(column, head) for column, head in zip(columns, full, strict=True)]
    widths = [min(_WIDEST, max(map(cell_width, each))) for each in zip(heads, *cells, strict=True)]
    floors = [min(widths[at], layout.floor(column)) for at, column in enumerate(columns)]
    rooms = [
        max(floors[at], min(widths[at], layout.room.get(column, 0)))
        for at, column in enumerate(columns)
    ]
    shown = _chosen(columns, layout, floors, rooms, available)
    for least in (rooms, floors):
        _shrink(widths, least, shown, available)
    heads = [
        long if cell_width(long) <= width else short
        for long, short, width in zip(full, heads, widths, strict=True)
    ]
    return shown, heads, widths


def _chosen(
    columns: Sequence[str],
    layout: Layout,
    floors: Sequence[int],
    rooms: Sequence[int],
    available: int,
) -> list[int]:
    """Return the places of the columns that are shown; one at least."""
    shown: list[int] = []
    left_out = False
    for at in layout.ranked(columns):
        wanted = columns[at] in layout.first
        if left_out and not wanted:
            # What is wanted less never stands where something wanted more is missing.
            break
        least = floors if wanted else rooms
        if not shown or _total([least[each] for each in (*shown, at)]) <= available:
            shown.append(at)
        elif wanted:
            left_out = True
    return sorted(shown)


def _shrink(widths: list[int], least: Sequence[int], shown: Sequence[int], available: int) -> None:
    """Make the widest columns narrower, in place, until all that are shown fit."""
    while _total([widths[at] for at in shown]) > available:
        widest = max(shown, key=lambda at: (widths[at] > least[at], widths[at]))
        if widths[widest] <= least[widest]:
            break
        widths[widest] -= 1


def _blocks(columns: Sequence[str], heads: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Return each row as a block: its name, then a line per column, whole."""
    label = max(map(cell_width, heads))
    title = columns.index("name") if "name" in columns else 0
    blocks = []
    for line in cells:
        name = click.style(line[title], bold=True) if use_colour() else line[title]
        told = [
            f"  {fit(head.lower(), label)}  {paint(text)}".rstrip()
            for head, text in zip(heads, line, strict=True)
        ]
        blocks.append("\n".join([name, *told]))
    return "\n\n".join(blocks)


def _heading(column: str) -> str:
    return display(column).replace("_", " ").upper()


def cell(value: Any) -> str:
    """Return a value as one line of text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return display(", ".join(str(each) for each in value))
    return display(str(value))


def use_colour() -> bool:
    """Tell whether stdout takes colour."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def cell_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide letters two, accents none."""
    if text.isascii():
        return len(text)
    return sum(map(_letter_width, text))


def _letter_width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return text in exactly so many columns of a terminal, cut with an ellipsis if it must be."""
    missing = width - cell_width(text)
    if missing < 0:
        text = _cut(text, width - 1) + "…"
        missing = width - cell_width(text)
    return " " * missing + text if right else text + " " * missing


def _cut(text: str, width: int) -> str:
    """Return the longest beginning that takes at most so many columns."""
    taken = 0
    for index, letter in enumerate(text):
        taken += _letter_width(letter)
        if taken > width:
            return text[:index]
    return text


def paint(text: str) -> str:
    """Colour a cell by its word, where stdout takes colour."""
    colour = _COLOURS.get(text.strip())
    return click.style(text, fg=colour) if colour and use_colour() else text
