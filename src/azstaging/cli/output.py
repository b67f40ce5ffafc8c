"""What commands print: tables for people, JSON, JSON Lines and TSV for machines."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from azstaging.cli.layout import PLAIN, Layout, Row, cell, show_table
from azstaging.cli.streams import say, write, write_line
from azstaging.errors import ConfigurationError, Effect, StagingError
from azstaging.model.text import display

_F = TypeVar("_F", bound=Callable[..., Any])
_MAX_QUERY = 500


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
    layout: Layout = PLAIN,
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
        layout: how the table gives way to a narrow terminal.

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
            _emit_rows(rows, output, layout)
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
            write(cell(each))
    elif output == "jsonl":
        for each in value if isinstance(value, list) else [value]:
            write(_json(each))
    else:
        write(_json(value, indent=2))


def _emit_rows(rows: Sequence[Row], output: str, layout: Layout = PLAIN) -> None:
    if output == "jsonl":
        for row in rows:
            write(_json(row))
    elif output == "table":
        show_table(rows, layout)
    elif rows:
        columns = list(rows[0])
        write("\t".join(display(column) for column in columns))
        for row in rows:
            write("\t".join(cell(row.get(column)) for column in columns))


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=True, default=str)
