"""What a wave expects and who belongs to what, from the files that people keep."""

import csv
import itertools
import re
import zipfile
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from openpyxl import Workbook

from azstaging.config import Configuration, load_configuration
from azstaging.errors import ConfigurationError
from azstaging.sheets import read_sheet
from azstaging.source_files import import_sources

VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"
ONE, TWO = f"{VAULT}/items/one", f"{VAULT}/items/two"


def loaded(folder: Path, text: str) -> Configuration:
    (folder / "azstaging.toml").write_text(text, "utf-8")
    return load_configuration(folder / "azstaging.toml")


def write(folder: Path, name: str, rows: list[list[object]]) -> None:
    """Write rows as CSV, as CSV of a country with decimal commas, or as a workbook."""
    if name.endswith(".xlsx"):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(folder / name)
        return
    mark = ";" if "excel" in name else ","
    with (folder / name).open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=mark).writerows(rows)


FILES = ("list.csv", "excel.csv", "list.xlsx")


@pytest.mark.parametrize("name", FILES)
def test_expected_ids_come_from_a_file(tmp_path: Path, name: str) -> None:
    since: object = date(2026, 6, 1) if name.endswith("xlsx") else "2026-06-01"
    rows = [["Machine", "ID", "replicating_since"], ["one", ONE, since], [None, None, None]]
    write(tmp_path, name, [*rows, ["two", TWO.upper(), None], ["again", ONE, since]])
    wave = loaded(tmp_path, f'[wave]\nexpected = "{name}"\n').wave
    assert wave.expected == 2
    assert [each.key for each in wave.expected_ids] == [ONE.casefold(), TWO.casefold()]
    first = datetime(2026, 6, 1, tzinfo=timezone.utc)
    assert wave.replicating_since == {ONE.casefold(): first}


@pytest.mark.parametrize("name", FILES)
def test_an_item_may_belong_to_several_workloads_of_a_file(tmp_path: Path, name: str) -> None:
    write(
        tmp_path,
        name,
        [
            ["workload", "item", "owner"],
            ["Payroll; Web", "sql-shared", "team-a"],
            ["payroll", "pay-01", None],
            ["Web", "tag:tier=web*", "Team-A"],
        ],
    )
    text = f'[wave]\nworkloads = "{name}"\n[[workload]]\nname = "Payroll"\nowner = "hr"\n'
    workloads = {each.name: each for each in loaded(tmp_path, text).wave.workloads}
    assert set(workloads) == {"Payroll", "Web"}
    assert workloads["Payroll"].items == ("sql-shared", "pay-01")
    assert workloads["Payroll"].owner == "hr"
    assert workloads["Web"].items == ("sql-shared", "tag:tier=web*")
    assert workloads["Web"].owner == "team-a"


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.csv", b"name\nx\n", "has no column id"),
        ("a.csv", b"id\nnot-an-id\n", "line 2 has no ARM id"),
        ("a.csv", b"id,replicating_since\n/a/b,yesterday\n", "'yesterday' is no date"),
        ("a.csv", b"id\n\xff\n", "cannot be read"),
        ("a.xlsx", b"PK\x03\x04 no archive", "no readable XLSX file"),
        ("a.xls", b"", "neither a CSV nor an XLSX"),
        ("absent.csv", None, "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused(
    tmp_path: Path, name: str, data: bytes | None, problem: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigurationError, match=problem):
        loaded(tmp_path, f'[wave]\nexpected = "{name}"\n')


def test_a_workbook_that_is_no_workbook_inside_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("readme.txt", "no sheet")
    with pytest.raises(ConfigurationError, match="no readable XLSX file"):
        loaded(tmp_path, '[wave]\nexpected = "a.xlsx"\n')


def say_size(file: Path, size: str) -> None:
    """Let the first sheet of a workbook say another size of itself; "" says none."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    first = "xl/worksheets/sheet1.xml"
    said = f'<dimension ref="{size}"/>'.encode() if size else b""
    parts[first], times = re.subn(rb'<dimension ref="[^"]*" ?/>', said, parts[first])
    assert times == 1
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


SIZES = pytest.mark.parametrize("size", ["A1:C41", "", "A1", "A1:A30", "A1:C2", "A1:XFD1048576"])


@SIZES
def test_a_workbook_that_says_its_size_wrong_is_read_whole(tmp_path: Path, size: str) -> None:
    ids = [f"{VAULT}/items/{number}" for number in range(40)]
    rows = [[None, each, None] for each in ids]
    rows[7] = ["a name", ids[7], "and a note"]
    write(tmp_path, "list.xlsx", [["name", "id", "note"], *rows])
    say_size(tmp_path / "list.xlsx", size)
    wave = loaded(tmp_path, '[wave]\nexpected = "list.xlsx"\n').wave
    assert [each.text for each in wave.expected_ids] == ids
    read = read_sheet(tmp_path / "list.xlsx", "wave.expected", needs=())
    assert [each.number for each in read] == [*range(2, 42)]
    assert {tuple(each.cells) for each in read} == {("name", "id", "note")}
    assert [each.text("note") for each in read if each.text("note")] == ["and a note"]


@SIZES
def test_all_members_of_such_a_workbook_are_read(tmp_path: Path, size: str) -> None:
    members = [["Payroll", f"pay-{number:02}", None] for number in range(40)]
    write(tmp_path, "list.xlsx", [["workload", "item", "owner"], *members])
    say_size(tmp_path / "list.xlsx", size)
    (payroll,) = loaded(tmp_path, '[wave]\nworkloads = "list.xlsx"\n').wave.workloads
    assert payroll.items == tuple(item for _, item, _ in members)


@SIZES
def test_all_machines_of_such_a_workbook_are_read(tmp_path: Path, size: str) -> None:
    names = [f"FILE-{number:02}" for number in range(40)]
    write(tmp_path, "list.xlsx", [["VM", "CPUs"], *([name, 2] for name in names)])
    say_size(tmp_path / "list.xlsx", size)
    told = import_sources([tmp_path / "list.xlsx"])
    assert [(each.name, each.cores) for each in told.machines] == [(name, 2) for name in names]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("cell", ["", ";;", " ; "])
def test_a_member_without_a_workload_is_refused(tmp_path: Path, name: str, cell: str) -> None:
    write(tmp_path, name, [["workload", "item"], [cell, "one"]])
    with pytest.raises(ConfigurationError, match="line 2 has no workload"):
        loaded(tmp_path, f'[wave]\nworkloads = "{name}"\n')


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("column", ["owner", "criticality"])
def test_a_workload_of_two_owners_is_refused(tmp_path: Path, name: str, column: str) -> None:
    rows = [["Web; Pay", "one", "ann"], ["Mail", "two", "eve"], ["pay", "three", None]]
    write(tmp_path, name, [["workload", "item", column], *rows, ["PAY", "four", "bob"]])
    text = f'[wave]\nworkloads = "{name}"\n'
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == (
        f"wave.workloads: {name} gives the workload 'Pay' two values of {column}: 'ann' in line 2, "
        "'bob' in line 5; nothing was read."
    )
    # What the configuration itself says stands.
    stated = f'[[workload]]\nname = "PAY"\n{column} = "hr"\n'
    (pay, *_) = loaded(tmp_path, text + stated).wave.workloads
    assert (getattr(pay, column), pay.items) == ("hr", ("one", "three", "four"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('"workload,item\nw,one\n', 1),
        ('workload,item\n"w,one\nw,two\n', 2),
        ('workload,item,note\nw,one,"a\r\nb"\r\n\r\nw,two,"c\r\nw,three,d\r\n', 5),
        ('workload,item\n\nw,"' + "one\nw,two\n" * 20_000, 3),
    ],
    ids=["header", "row", "after a blank line and a cell of two", "more than a cell may hold"],
)
def test_a_quote_that_is_never_closed_swallows_no_rows(
    tmp_path: Path, text: str, line: int
) -> None:
    (tmp_path / "list.csv").write_text(text, "utf-8", newline="")
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, '[wave]\nworkloads = "list.csv"\n')
    said = str(caught.value)
    assert f" in the row that begins in line {line}" in said
    assert "a quote is opened" in said
    assert "never closed" in said


SWALLOWED = pytest.mark.parametrize(
    ("header", "rows", "lines"),
    [
        ("id,note", ['{0},"big', "{1},x", '{2},rack"'], (2, 4, 3)),
        ("id,note", ['{0},"big', '{1},rack"'], (2, 3, 3)),
        ("id;note", ["{2};x", '{0};"big', "{1};x, y", '{2};rack"'], (3, 5, 4)),
        ("id,note,owner", ['{0},"big,ann', '{1},"rack",eve'], (2, 3, 3)),
        ("note,id", ['"big,{0}', "x,{1}", 'rack",{2}'], (2, 4, 3)),
        ("id,note,owner", ['{0},"big', "{1}", '{2},rack",ann'], (2, 4, 3)),
        ("id", ['"{0}', "{1}", '{2}"'], (2, 4, 3)),
        ("note,id,owner", ['"big,{0},ann', 'x",{1}'], (2, 3, 3)),
        ("note,id", ['"big,{0}', 'x",{1}'], (2, 3, 3)),
        ('id,"note', ['{0},x"', "{1},y"], (1, 2, 2)),
        ("id", ['"{0}', '{1}"'], (2, 3, 3)),
        ("owner,id", ['ann,"{0}', '",{1}'], (2, 3, 3)),
    ],
)


@SWALLOWED
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_quote_that_is_closed_rows_later_swallows_none(
    tmp_path: Path, header: str, rows: list[str], lines: tuple[int, int, int], ending: str
) -> None:
    text = ending.join(
        [header, *(row.format(ONE, TWO.upper(), f"{VAULT}/items/3") for row in rows)]
    )
    (tmp_path / "list.csv").write_bytes(text.encode())
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, '[wave]\nexpected = "list.csv"\n')
    first, last, own = lines
    assert str(caught.value) == (
        f"wave.expected: list.csv cannot be read: a quote is opened in line {first} and closed in "
        f"line {last}, and line {own} looks like a row of its own; close the quote in its row, or "
        "write the cell on one line."
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('workload,item\nPay,"one\nWeb,two\nPay,three"\n', (2, 4, 3)),
        ('workload,item\nPay,"one\nWeb,two"\n', (2, 3, 3)),
        ('workload,item,owner\nPay,"one,ann\nWeb,two",eve\n', (2, 3, 3)),
        ('workload,item\n"Pay,one\nWeb",two\n', (2, 3, 3)),
        ('workload,item,owner\nPay,"one\nWeb,two,eve\nMail,three"\n', (2, 4, 3)),
        ('note,workload,item\n"of two\nlines",Pay,"one\nx,Web,two"\n', (3, 4, 4)),
        ('workload,item,note\nPay,one,"big\nWeb,two,"a, b"\nMail,three,x\n', (2, 3, 3)),
        ('workload,item,note\nPay,one,"x\nWeb,two,"he ""x"", ok"\nMail,three,\n', (2, 3, 3)),
        ('workload;item;note\nPay;one;"big\nWeb;two;"a; b"\nMail;three;x\n', (2, 3, 3)),
        ('workload,item,note,owner\nPay,one,"big\nWeb,two\nMail,three,rack"\n', (2, 4, 3)),
        ('workload,item\nPay,one,"big\nWeb,two,x\nMail,three,y"\n', (2, 4, 3)),
        ('workload,item,"note\nPay,one,x\nWeb,two,y"\nMail,three,z\n', (1, 3, 2)),
        ('workload,item,"note\nPay,one,x"\nMail,three,z\n', (1, 2, 2)),
    ],
)
def test_a_quote_that_is_closed_rows_later_swallows_no_member(
    tmp_path: Path, text: str, lines: tuple[int, int, int]
) -> None:
    (tmp_path / "list.csv").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, '[wave]\nworkloads = "list.csv"\n')
    first, last, own = lines
    told = f"opened in line {first} and closed in line {last}, and line {own} looks like a row"
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        *itertools.product((0, 1, 2), ("one\ntwo", "one\ntwo, three", "one, two\nthree", "\n")),
    ],
)
def test_a_cell_of_two_lines_is_one_cell_in_any_column(
    tmp_path: Path, place: int, cell: str
) -> None:
    rows = [["workload", "item"], ["Pay", "one"], ["Web", "two"]]
    for row, told in zip(rows, ("note", cell, ""), strict=True):
        row.insert(place, told)
    write(tmp_path, "list.csv", [list(row) for row in rows])
    workloads = loaded(tmp_path, '[wave]\nworkloads = "list.csv"\n').wave.workloads
    assert [each.items for each in workloads] == [("one",), ("two",)]


@pytest.mark.parametrize(
    "text",
    [
        'id,note\n{},"Moved\nMonday, noon"\n{},"first\nthen tested, ok\ndone"\n',
        '"note\n\n(free text)",id\nx,{}\n"ann, bob\nMonday",{}\n',
        'id,note\n"\n{}",x\n"{}\n",y\n',
        'note,id\n"replaces\n/subscriptions/s/a",{}\n"as\nof, now",{}\n',
    ],
)
def test_notes_of_several_lines_are_no_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.csv").write_text(text.format(ONE, TWO), "utf-8")
    wave = loaded(tmp_path, '[wave]\nexpected = "list.csv"\n').wave
    assert [each.text for each in wave.expected_ids] == [ONE, TWO]


@pytest.mark.parametrize(
    "text",
    [
        'workload,item,note\nPay,one,"call ann\nthen bob, eve, joe\nbye"\nWeb,two,\n',
        'workload,item,note\nPay,one,"call ann\nthen bob, eve, joe"\nWeb,two,\n',
        'note,workload,item\n"ann, bob, eve\nMonday",Pay,one\n,Web,two\n',
        'workload,item,note\nPay,one,"see\n,,below\n,,"\nWeb,two,\n',
        '"note\n(free)",workload,item\n"a\nb",Pay,one\n,Web,two\n',
    ],
)
def test_notes_of_several_lines_are_no_members(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.csv").write_text(text, "utf-8")
    workloads = loaded(tmp_path, '[wave]\nworkloads = "list.csv"\n').wave.workloads
    assert [(each.name, each.items) for each in workloads] == [("Pay", ("one",)), ("Web", ("two",))]


def test_notes_of_machines_may_have_several_lines(tmp_path: Path) -> None:
    (tmp_path / "cmdb.csv").write_text('Name,Notes\nweb01,"Front end\nOwner,Pay"\nweb02,x\n')
    told = import_sources([tmp_path / "cmdb.csv"])
    assert [each.name for each in told.machines] == ["web01", "web02"]


@pytest.mark.parametrize(
    "cell", ["first, or so\nsecond", "one\r\ntwo\r\nthree", "a; b\n\nc; d", 'it is "big"\nso']
)
def test_a_cell_of_several_lines_is_one_cell(tmp_path: Path, cell: str) -> None:
    rows = [["note", "id", "owner", "team"], [cell, ONE, "", ""], [cell, TWO, "ann", "hr"]]
    write(tmp_path, "list.csv", list(rows))
    wave = loaded(tmp_path, '[wave]\nexpected = "list.csv"\n').wave
    assert [each.text for each in wave.expected_ids] == [ONE, TWO]
    (first, second) = read_sheet(tmp_path / "list.csv", "wave.expected", needs=("id",))
    assert (first.text("note"), second.text("note")) == (cell, cell)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ('id;"a, b, c, d, e"', f"{ONE};x"),
        ('"a, b, c";id;"x"', f"x;{ONE};x"),
        ('id; "a, b, c"', f"{ONE};x"),
        ('"one, ""two"", three";id', f"x;{ONE}"),
        ('"one, two,\nthree";id', f"x;{ONE}"),
        ('id,"a; b; c"', f"{ONE},x"),
        ('id,"a" ,note', f'{ONE},"big" rack,"x" '),
        ('"a; b; c",id', f"x,{ONE}"),
        ('size 5",id,"a; b; c"', f"x,{ONE},x"),
        ('"id"', ONE),
    ],
)
def test_what_stands_within_quotes_separates_no_cells(
    tmp_path: Path, header: str, row: str
) -> None:
    (tmp_path / "list.csv").write_text(f"{header}\n{row}\n", "utf-8")
    wave = loaded(tmp_path, '[wave]\nexpected = "list.csv"\n').wave
    assert [each.text for each in wave.expected_ids] == [ONE]
