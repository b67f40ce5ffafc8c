"""Rows of a CSV or XLSX file that people keep: what a wave expects, and who belongs to what."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.files import read_bytes
from azstaging.model.times import format_time

MAX_ROWS = 200_000
_MAX_BYTES = 32_000_000
# An XLSX file is a ZIP archive: what it unpacks to is what has to fit.
_MAX_UNPACKED = 512_000_000
_HEADER_CHARACTERS = 65_536
# A row of our own after the last: who does not find it has read it as a part of a cell.
_END = "azstaging: end of file"
_LINE_END = re.compile(r"\r\n|\r|\n")
_ID = re.compile(r"\s*/subscriptions/", re.IGNORECASE)
# A quoted cell: what stands within separates nothing.
_QUOTED = re.compile(r'(?:^|(?<=[;,])) *"[^"]*(?:""[^"]*)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One row: the cells as text by casefolded column name, and where it stands.

    Attributes:
        number: as the file counts, the header is 1.
    """

    number: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell without outer blanks, "" where there is none."""
        return self.cells.get(column, "").strip()


def read_sheet(
    file: Path, name: str, *, needs: tuple[str, ...], tab: str | None = None
) -> list[SheetRow]:
    """Read a CSV file, or one sheet of an XLSX file; rows without any text are left out.

    Args:
        file: the suffix tells the format.
        name: the setting that names the file, for messages.
        needs: columns that must be there; their names compare without case.
        tab: of an XLSX file: the sheet; None is the first.

    Raises:
        ConfigurationError: it cannot be read, is too large, or has not these columns.
    """
    kind = file.suffix.casefold()
    if kind not in {".csv", ".xlsx"}:
        raise ConfigurationError(f"{name}: {file.name} is neither a CSV nor an XLSX file.")
    data = read_bytes(file, what=f"file of {name}", limit=_MAX_BYTES)
    lines = _csv_lines(data, file, name) if kind == ".csv" else _xlsx_lines(data, file, name, tab)
    header = [column.strip().casefold() for column in next(lines, [])]
    for column in needs:
        if column not in header:
            raise ConfigurationError(f"{name}: {file.name} has no column {column}.")
    rows = []
    for number, line in enumerate(lines, 2):
        if number > MAX_ROWS:
            raise ConfigurationError(f"{name}: {file.name} has more than {MAX_ROWS:,} rows.")
        if any(cell.strip() for cell in line):
            cells = dict(zip(header, line, strict=False))
            rows.append(SheetRow(number=number, cells=cells))
    return rows


def tabs_of(file: Path, name: str) -> list[str]:
    """Return the names of the sheets of an XLSX file, in order; a CSV file has none.

    Raises:
        ConfigurationError: it cannot be read, or is too large.
    """
    if file.suffix.casefold() != ".xlsx":
        return []
    data = read_bytes(file, what=f"file of {name}", limit=_MAX_BYTES)
    with _workbook(data, file, name) as book:
        return list(book.sheetnames)


def _csv_lines(data: bytes, file: Path, name: str) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
        yield from _csv_rows(text)
    except (ValueError, csv.Error) as error:
        raise ConfigurationError(f"{name}: {file.name} cannot be read: {error}.") from error


def _csv_rows(text: str) -> Iterator[list[str]]:
    lines = io.StringIO(f"{text}\n{_END}", newline="")
    mark = _delimiter(text)
    header: list[str] = []
    last: list[str] = []
    number = 1
    reader = csv.reader(lines, delimiter=mark)
    for last in reader:
        if last and last[-1].endswith(_END):
            break
        if reader.line_num > number:
            _require_one_row(last, number, len(header), mark)
        header, number = header or last, reader.line_num + 1
        yield last
    if last != [_END]:
        # The rows after it were taken for one cell.
        raise csv.Error("a quote is opened and never closed")


def _require_one_row(row: list[str], number: int, width: int, mark: str) -> None:
    """Refuse a cell of several lines of which one looks like a row: rows would be lost.

    Nothing tells such a cell from that of two rows with a stray quote in each.
    """
    for index, cell in enumerate(row):
        lines = _LINE_END.split(cell)
        own = _own_row([_cells(line, mark) for line in lines], width, index, len(row) - index - 1)
        if own:
            raise csv.Error(
                f"a quote is opened in line {number} and closed in line {number + len(lines) - 1}, "
                f"and line {number + own} looks like a row of its own; close the quote in its "
                "row, or write the cell on one line"
            )
        number += len(lines) - 1


def _own_row(lines: list[list[str]], width: int, before: int, after: int) -> int:
    """Return which line of a cell looks like a row, or 0; other cells stand before and after it."""
    end = len(lines) - 1
    for at in range(1, end + 1):
        whole = at < end and len(lines[at]) == width
        if whole or any(map(_ID.match, lines[at])):
            return at
    # The first and the last line, cut where the quotes stand; an id behind the quote is a row's.
    cut = before + len(lines[0]) == width == len(lines[-1]) + after
    return end if cut or any(map(_ID.match, lines[0][1:])) else 0


def _cells(line: str, mark: str) -> list[str]:
    return next(csv.reader([line], delimiter=mark), [])


def _delimiter(text: str) -> str:
    """Return what separates cells: semicolons where the comma is the decimal sign, as of Excel."""
    header = _QUOTED.sub("", text[:_HEADER_CHARACTERS]).partition("\n")[0]
    return ";" if header.count(";") > header.count(",") else ","


def _xlsx_lines(data: bytes, file: Path, name: str, tab: str | None) -> Iterator[list[str]]:
    with _workbook(data, file, name) as book:
        sheet = book.worksheets[0] if tab is None else book[tab]
        # What a sheet says of its own size ends the reading there, and some programs say it wrong.
        sheet.reset_dimensions()
        width = 0
        for row in sheet.iter_rows(values_only=True):
            # Each row ends with its last cell now; what the header names is a column of all.
            width = width or len(row)
            yield [_cell(value) for value in row] + [""] * (width - len(row))


@contextmanager
def _workbook(data: bytes, file: Path, name: str) -> Iterator[Any]:
    """Open a workbook; what is wrong with it, now or while it is read, is said."""
    try:
        from openpyxl import load_workbook  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            f"{name}: {file.name} is an XLSX file, and openpyxl is not installed.",
            advice='Install it: python -m pip install "azstaging[xlsx]", or save it as CSV.',
        ) from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(each.file_size for each in archive.infolist())
        if unpacked > _MAX_UNPACKED:
            raise ConfigurationError(f"{name}: {file.name} unpacks to {unpacked:,} bytes.")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        yield book
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, IndexError) as error:
        raise ConfigurationError(f"{name}: {file.name} is no readable XLSX file.") from error


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        # A cell has no time zone: it is UTC, as docs/commands.md says.
        return format_time(value.replace(tzinfo=timezone.utc))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
