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
from typing import TYPE_CHECKING, Any

from azstaging.errors import ConfigurationError
from azstaging.files import read_bytes
from azstaging.model.times import format_time

if TYPE_CHECKING:
    from _csv import Reader

MAX_ROWS = 200_000
_MAX_BYTES = 32_000_000
# An XLSX file is a ZIP archive: what it unpacks to is what has to fit.
_MAX_UNPACKED = 512_000_000
_HEADER_CHARACTERS = 65_536
# A row of our own after the last: who does not find it has read it as a part of a cell.
_END = "azstaging: end of file"
_LINE_END = re.compile(r"\r\n|\r|\n")
_IN_ROW = "in the row that begins in line {}"
_ID = re.compile(r"/subscriptions/", re.IGNORECASE)
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
    lines = (
        _csv_lines(data, file, name, needs)
        if kind == ".csv"
        else _xlsx_lines(data, file, name, tab)
    )
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


def _csv_lines(data: bytes, file: Path, name: str, needs: tuple[str, ...]) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
        yield from _csv_rows(text, needs)
    except (ValueError, csv.Error) as error:
        raise ConfigurationError(f"{name}: {file.name} cannot be read: {error}.") from error


def _csv_rows(text: str, needs: tuple[str, ...]) -> Iterator[list[str]]:
    lines = io.StringIO(f"{text}\n{_END}", newline="")
    mark = _delimiter(text)
    wanted: dict[int, str] | None = None
    row: list[str] = []
    number = 1
    reader = csv.reader(lines, delimiter=mark)
    for number, row in _numbered(reader):
        if row and row[-1].endswith(_END):
            break
        if wanted is None:
            names = (cell.strip().casefold() for cell in row)
            wanted = {place: name for place, name in enumerate(names) if name in needs}
        if wanted and reader.line_num > number:
            _require_one_row(row, number, wanted, mark)
        yield row
    if row != [_END]:
        # The rows after it were taken for one cell.
        raise csv.Error(f"a quote is opened {_IN_ROW.format(number)} and never closed")


def _numbered(reader: "Reader") -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line in which it begins; the first is 1."""
    number = 1
    try:
        for row in reader:
            yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        why = f"{error} {_IN_ROW.format(number)}"
        if "limit" in str(error):
            # It is nearly always the rest of the file that is taken for one cell.
            why += "; perhaps a quote is opened there and never closed"
        raise csv.Error(why) from error


def _require_one_row(row: list[str], number: int, wanted: Mapping[int, str], mark: str) -> None:
    """Refuse a cell of several lines of which one looks like a row: rows would be lost.

    A cell of two lines and two rows with a stray quote in each are written alike.

    Args:
        row: the cells, as they were read.
        number: the line in which it begins; the header begins in line 1.
        wanted: the place and name of each column that every row must fill.
        mark: what separates cells.
    """
    begins = number
    for place, cell in enumerate(row):
        lines = [_cells(line, mark) for line in _LINE_END.split(cell)]
        end = len(lines) - 1
        lines[0] = [*row[:place], *lines[0]]
        lines[-1] = [*lines[-1], *row[place + 1 :]]
        rows = [at for at, cells in enumerate(lines) if _fills(cells, wanted)]
        # What stands before and after the quotes is a row itself, or the rest of this one.
        ends = {end} if number == 1 or 0 in rows else set()
        own = next((at for at in rows if 0 < at < end or at in ends), 0)
        if own:
            raise csv.Error(
                f"a quote is opened in line {begins} and closed in line {begins + end}, "
                f"and line {begins + own} looks like a row of its own; close the quote in its "
                "row, or write the cell on one line"
            )
        begins += end


def _fills(cells: list[str], wanted: Mapping[int, str]) -> bool:
    """Tell whether cells are a row: they have all that a row must have.

    In a sentence a blank follows the comma; in a row none does.
    """
    return all(place < len(cells) and _fits(cells[place], name) for place, name in wanted.items())


def _fits(cell: str, name: str) -> bool:
    if not cell.strip() or cell[0].isspace():
        return False
    return bool(_ID.match(cell)) if name == "id" else cell.strip().casefold() != name


def _cells(line: str, mark: str) -> list[str]:
    return next(csv.reader([line], delimiter=mark), None) or [""]


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
