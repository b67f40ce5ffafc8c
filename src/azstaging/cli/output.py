"""What commands print: tables for people, JSON, JSON Lines and TSV for machines."""

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from azstaging.cli.streams import say, write, write_line
from azstaging.errors import ConfigurationError, Effect, StagingError
from azstaging.model.text import display

Row = Mapping[str, Any]
_F = TypeVar("_F", bound=Callable[..., Any])
_MAX_QUERY = 500
_WIDEST = 100
# Colours that can be read on light and on dark: no yellow, no white; the word is always there.
_COLOURS = {
    **dict.fromkeys(("pass", "open", "done", "staged"), "green"),
    **dict.fromkeys(("fail", "closed", "suspicious", "failed"), "red"),
    **dict.fromkeys(("unknown", "inconclusive"), "magenta"),
}
_NARROWEST = 8
_NARROWEST_NAME = 24


def output_options(function: _F) -> _F:
    """Add ``-o`` and ``--query``."""
    function = click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json", "jsonl", "tsv"]),
        default="table",
        show_default=True,
        help="Format on stdout.",
    )(function)
    return click.option("--query", callback=_checked, help="JMESPath over the JSON document.")(
        function
    )


def _checked(_ctx: click.Context, _option: click.Parameter, query: str | None) -> str | None:
    """Refuse a query that cannot work before anything is read or changed."""
    if query is not None:
        import jmespath  # noqa: PLC0415 - only with --query

        if len(query) > _MAX_QUERY:
            raise click.BadParameter(f"it is longer than {_MAX_QUERY} characters.")
        try:
            jmespath.compile(query)
        except (ValueError, RecursionError) as error:
            raise click.BadParameter(
                f"it is not JMESPath: {str(error).splitlines()[0].rstrip(':')}"
            ) from error
    return query


def emit(
    document: Mapping[str, Any],
    rows: Sequence[Row],
    *,
    output: str,
    query: str | None,
    empty: str = "Nothing to show.",
    lines: Sequence[str] | None = None,
    effect: Effect = Effect.NONE,
) -> None:
    """Write a document, or its rows as a table, to stdout.

    Args:
        document: the whole as JSON; what ``--query`` works on.
        rows: the same as rows with the columns people want first.
        output: table, json, jsonl or tsv.
        query: JMESPath, or None.
        empty: what to say instead of an empty table.
        lines: what people and shells are given instead of a table, such as paths.
        effect: what has been done to Azure already, whether it can be shown or not.

    Raises:
        ConfigurationError: the query does not fit the document, or stdout takes no more.
        StagingError: the same, after something was done: ``effect`` says so.
    """
    try:
        if query is not None:
            _emit_plain(_search(document, query), output)
        elif output == "table" and lines is not None:
            for line in lines:
                write_line(line)
        elif output == "table" and not rows:
            say(empty)
        elif output == "json":
            write(_json(document, indent=2))
        else:
            _emit_rows(rows, output)
    except ConfigurationError as error:
        if effect is Effect.NONE:
            raise
        raise StagingError(
            f"{error} What this run did to Azure stays done and is in the journal.",
            effect=effect,
            advice="azstaging status shows it; do not run the command again to see it.",
        ) from error


def _search(document: Mapping[str, Any], query: str) -> Any:
    import jmespath  # noqa: PLC0415 - only with --query

    try:
        return jmespath.search(query, document)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise ConfigurationError(f"--query does not fit the document: {error}.") from error


def _emit_plain(value: Any, output: str) -> None:
    if output == "json":
        write(_json(value, indent=2))
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        _emit_rows(value, output)
    elif output == "tsv":
        for each in value if isinstance(value, list) else [value]:
            write(_cell(each))
    elif output == "jsonl":
        for each in value if isinstance(value, list) else [value]:
            write(_json(each))
    else:
        write(_json(value, indent=2))


def _emit_rows(rows: Sequence[Row], output: str) -> None:
    if output == "jsonl":
        for row in rows:
            write(_json(row))
    elif output == "table":
        write(table(rows))
    elif rows:
        columns = list(rows[0])
        write("\t".join(display(column) for column in columns))
        for row in rows:
            write("\t".join(_cell(row.get(column)) for column in columns))


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=True, default=str)


def _cell(value: Any) -> str:
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


def table(rows: Sequence[Row]) -> str:
    """Lay out rows under their column names, each on one line of the terminal.

    The widest columns give way on a narrow terminal, and then the last ones; stderr says which.
    """
    columns = list(rows[0])
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    heads = [display(column).replace("_", " ").upper() for column in columns]
    widths = [
        min(_WIDEST, max(cell_width(line[index]) for line in (heads, *cells)))
        for index in range(len(columns))
    ]
    if sys.stdout.isatty():
        available = shutil.get_terminal_size().columns
        shown = _shrink(
            widths, [_floor(*pair) for pair in zip(columns, widths, strict=True)], available
        )
        if shown < len(columns):
            left_out = ", ".join(heads[shown:]).lower()
            say(f"This terminal is too narrow for: {left_out}. -o tsv or -o json has them.")
            del widths[shown:]
    numeric = [all(_is_number(row.get(column)) for row in rows) for column in columns]
    lines = ["  ".join(map(fit, heads, widths)).rstrip()]
    for line in cells:
        fitted = [
            paint(fit(text, width, right=number))
            for text, width, number in zip(line, widths, numeric, strict=False)
        ]
        lines.append("  ".join(fitted).rstrip())
    return "\n".join(lines)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _floor(column: str, width: int) -> int:
    """Return how narrow a column may become; a machine that cannot be told is no row."""
    return min(width, _NARROWEST_NAME if column == "name" else _NARROWEST)


def _shrink(widths: list[int], floors: Sequence[int], available: int) -> int:
    """Make columns narrower, in place, and return how many of them then fit."""
    shown = len(widths)
    while shown > 1 and _total(floors[:shown]) > available:
        shown -= 1
    while _total(widths[:shown]) > available:
        room = [width - floor for width, floor in zip(widths, floors, strict=True)][:shown]
        if max(room) <= 0:
            break
        widest = max(range(shown), key=lambda index: (room[index] > 0, widths[index]))
        widths[widest] -= 1
    return shown


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


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
