"""What commands print: tables for people, JSON, JSON Lines and TSV for machines."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from azstaging.errors import ConfigurationError
from azstaging.model.text import display

Row = Mapping[str, Any]
_F = TypeVar("_F", bound=Callable[..., Any])
_MAX_QUERY = 500
_WIDEST = 100
_MARKS = {"pass": "green", "open": "green", "done": "green", "staged": "green"}
_ALARMS = {"fail": "red", "closed": "red", "suspicious": "red", "unknown": "yellow"}


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
    return click.option("--query", help="JMESPath over the JSON document.")(function)


def emit(
    document: Mapping[str, Any],
    rows: Sequence[Row],
    *,
    output: str,
    query: str | None,
    empty: str = "Nothing to show.",
) -> None:
    """Write a document, or its rows as a table, to stdout.

    Args:
        document: the whole as JSON; what ``--query`` works on.
        rows: the same as rows with the columns people want first.
        output: table, json, jsonl or tsv.
        query: JMESPath, or None.
        empty: what to say instead of an empty table.
    """
    clear_progress()
    if query:
        _emit_plain(_search(document, query), output)
    elif output == "json":
        click.echo(_json(document, indent=2))
    elif output == "jsonl":
        for row in rows:
            click.echo(_json(row))
    elif output == "tsv":
        _emit_tsv(rows)
    elif rows:
        click.echo(table(rows))
    else:
        click.echo(empty, err=True)


def _search(document: Mapping[str, Any], query: str) -> Any:
    import jmespath  # noqa: PLC0415 - only with --query
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    if len(query) > _MAX_QUERY:
        raise ConfigurationError(f"--query is longer than {_MAX_QUERY} characters.")
    try:
        return jmespath.search(query, document)
    except (JMESPathError, RecursionError) as error:
        raise ConfigurationError(f"--query is not valid JMESPath: {error}.") from error


def _emit_plain(value: Any, output: str) -> None:
    rows = value if isinstance(value, list) and all(isinstance(v, dict) for v in value) else None
    if output == "json" or (rows is None and output != "tsv"):
        click.echo(_json(value, indent=2))
    elif rows is None:
        for each in value if isinstance(value, list) else [value]:
            click.echo(_cell(each))
    elif output == "tsv":
        _emit_tsv(rows)
    elif output == "jsonl":
        for row in rows:
            click.echo(_json(row))
    else:
        click.echo(table(rows))


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=True, default=str)


def _emit_tsv(rows: Sequence[Row]) -> None:
    if rows:
        click.echo("\t".join(rows[0]))
    for row in rows:
        click.echo("\t".join(_cell(value) for value in row.values()))


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
    """Lay out rows under their column names; the widest columns give way on a narrow terminal."""
    columns = list(rows[0])
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [
        max(len(column), *(len(line[index]) for line in cells))
        for index, column in enumerate(columns)
    ]
    widths = [min(width, _WIDEST) for width in widths]
    if sys.stdout.isatty():
        _shrink(widths, shutil.get_terminal_size().columns)
    heads = [
        column.replace("_", " ").upper()[:width]
        for column, width in zip(columns, widths, strict=True)
    ]
    lines = [
        "  ".join(head.ljust(width) for head, width in zip(heads, widths, strict=True)).rstrip()
    ]
    numeric = [all(_is_number(row.get(column)) for row in rows) for column in columns]
    for line in cells:
        fitted = [
            _paint(_fit(text, width, right=number))
            for text, width, number in zip(line, widths, numeric, strict=True)
        ]
        lines.append("  ".join(fitted).rstrip())
    return "\n".join(lines)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _shrink(widths: list[int], available: int) -> None:
    while sum(widths) + 2 * (len(widths) - 1) > available and max(widths) > 8:  # noqa: PLR2004
        widths[widths.index(max(widths))] -= 1


def _fit(text: str, width: int, *, right: bool) -> str:
    if len(text) > width:
        text = text[: width - 1] + "…"
    return text.rjust(width) if right else text.ljust(width)


def _paint(text: str) -> str:
    colour = _MARKS.get(text.strip()) or _ALARMS.get(text.strip())
    return click.style(text, fg=colour) if colour and use_colour() else text


def clear_progress() -> None:
    """Take the progress line away; on a terminal only."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


def say(text: str) -> None:
    """Write a line for people to stderr."""
    clear_progress()
    click.echo(text, err=True)
