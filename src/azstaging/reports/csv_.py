"""CSV for spreadsheets: UTF-8 with BOM, and no cell that a spreadsheet would compute."""

import csv
import io
import re

from azstaging.model.text import display
from azstaging.reports.json_ import Sealed
from azstaging.reports.marks import mark
from azstaging.reports.table import Column, Table, Value
from azstaging.reports.views import View
from azstaging.reports.wide import WIDE

# Full-width twins included. After a semicolon too: in many locales it separates the cells.
_LIVE = re.compile(r"(^\s*|;)(?=[=+\-@|%＝＋－＠｜％])")  # noqa: RUF001 - the twins are meant


def render(made: Sealed, view: View) -> dict[str, bytes]:
    """Return one CSV file per table; every view has the same."""
    del view
    return {f"{table.name}.csv": _file(table) for table in (make(made.document) for make in WIDE)}


def _file(table: Table) -> bytes:
    out = io.BytesIO()
    text = io.TextIOWrapper(out, "utf-8-sig", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([column.label for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(v, c) for v, c in zip(row, table.columns, strict=True)])
    text.flush()
    return out.getvalue()


def _cell(value: Value, column: Column) -> str:
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    if column.kind == "state" and value:
        value = mark(value).word
    return defused(display(value))


def defused(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: ``'`` before what would start one."""
    return _LIVE.sub(lambda match: match.group() + "'", text)
