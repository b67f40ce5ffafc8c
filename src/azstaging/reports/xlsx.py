"""XLSX: typed columns, frozen header, filters, and text that stays text."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from azstaging.model.text import display
from azstaging.model.times import parse_time
from azstaging.reports.json_ import Sealed
from azstaging.reports.marks import mark
from azstaging.reports.table import Column, Table, Value
from azstaging.reports.views import View
from azstaging.reports.wide import WIDE

# A cell holds 32,767 characters; XlsxWriter drops longer text without raising.
_LONGEST = 32_000
_ROWS_PER_SHEET = 1_000_000
_WIDTHS = {"int": 11, "seconds": 14, "time": 17, "state": 15, "standing": 18, "id": 34}
_OPTIONS = {
    # Rows go through scratch files of the library: a cell in memory takes 100 bytes.
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}


def render(made: Sealed, view: View) -> dict[str, bytes]:
    """Return ``report.xlsx``, one sheet per table; every view has the same."""
    del view
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, _OPTIONS)
    made_at = parse_time(made.document.made_at)
    book.set_properties(
        {
            "title": f"azstaging: {display(made.document.wave, limit=200)}",
            "created": made_at.replace(tzinfo=None) if made_at else datetime(2000, 1, 1),  # noqa: DTZ001 - the format knows no zones
        }
    )
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        "int": book.add_format({"num_format": "#,##0"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for make in WIDE:
        _write(book, make(made.document), formats)
    book.close()
    return {"report.xlsx": out.getvalue()}


def _write(book: Any, table: Table, formats: dict[str, Any]) -> None:
    pages = range(0, max(len(table.rows), 1), _ROWS_PER_SHEET)
    for number, start in enumerate(pages, start=1):
        sheet = book.add_worksheet(table.name if number == 1 else f"{table.name} {number}")
        rows = table.rows[start : start + _ROWS_PER_SHEET]
        _header(sheet, table, len(rows), formats)
        for place, row in enumerate(rows, start=1):
            _row(sheet, place, row, table.columns, formats)


def _header(sheet: Any, table: Table, rows: int, formats: dict[str, Any]) -> None:
    for index, column in enumerate(table.columns):
        label = f"{column.label} (seconds)" if column.kind == "seconds" else column.label
        label = f"{label} (UTC)" if column.kind == "time" else label
        sheet.write_string(0, index, label, formats["head"])
        width = 90 if table.name == "summary" and index else _WIDTHS.get(column.kind, 26)
        style = formats["wrap"] if table.name == "summary" else None
        sheet.set_column(index, index, width, style)
    sheet.freeze_panes(1, 1 if table.name == "summary" else 2)
    sheet.autofilter(0, 0, max(rows, 1), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)


def _row(
    sheet: Any,
    place: int,
    row: Sequence[Value],
    columns: Sequence[Column],
    formats: dict[str, Any],
) -> None:
    write_string, write_number, whole = sheet.write_string, sheet.write_number, formats["int"]
    for index, value in enumerate(row):
        if value is None or value == "":
            continue
        if isinstance(value, int):
            write_number(place, index, value, whole)
            continue
        kind = columns[index].kind
        if kind == "time" and (time := parse_time(value)) is not None:
            sheet.write_datetime(place, index, time.replace(tzinfo=None), formats["time"])
        else:
            write_string(place, index, _text(value, kind))


def _text(value: str, kind: str) -> str:
    text = display(mark(value).word if kind == "state" else value)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… (cut; the whole text is in report.json)"
