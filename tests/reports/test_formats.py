"""The formats: complete on their first page, the same bytes each time, typed, and not too large."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from jsonschema import Draft202012Validator

from azstaging import reports
from azstaging.model.report import Report
from azstaging.reports.json_ import json_schema

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "report-1.schema.json"


@pytest.fixture(scope="module")
def made(report: Report) -> dict[str, bytes]:
    return reports.render_all(report)


def test_every_view_and_format_has_its_file(made: dict[str, bytes]) -> None:
    per_view = {f"{view}.{suffix}" for view in reports.VIEW_NAMES for suffix in ("html", "md")}
    assert per_view | {"report.xlsx", "report.json", "items.csv", "findings.csv"} <= set(made)


def test_render_gives_one_view_in_one_format(report: Report, made: dict[str, bytes]) -> None:
    assert reports.render(report, "manager", "html") == {"manager.html": made["manager.html"]}


def test_the_same_report_gives_the_same_bytes(
    build: Callable[..., Report], made: dict[str, bytes]
) -> None:
    assert reports.render_all(build()) == made


def test_the_bytes_do_not_depend_on_the_process(made: dict[str, bytes]) -> None:
    program = (
        "import hashlib, importlib.util, json, sys\n"
        "spec = importlib.util.spec_from_file_location('builder', sys.argv[1])\n"
        "builder = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(builder)\n"
        "from azstaging import reports\n"
        "made = reports.render_all(builder.Estate(60, 24).report())\n"
        "print(json.dumps({k: hashlib.sha256(v).hexdigest() for k, v in made.items()}))\n"
    )
    builder = Path(__file__).with_name("conftest.py")
    environment = {**os.environ, "PYTHONHASHSEED": "4471", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(builder)],
        capture_output=True,
        check=True,
        env=environment,
    )
    mine = {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}
    assert json.loads(done.stdout) == mine


@pytest.mark.parametrize("view", reports.VIEW_NAMES)
def test_completeness_is_on_the_first_page_of_every_view(made: dict[str, bytes], view: str) -> None:
    page = made[f"{view}.html"].decode()
    first = page[page.index('<header id="answer"') : page.index("</header>")]
    text = " ".join(re.sub(r"<[^>]*>", " ", first).split())
    assert "Incomplete. 60 of 60 expected items were read." in text
    assert "1 scope could not be read" in text

    markdown = made[f"{view}.md"].decode()
    assert "60 of 60 expected items were read" in markdown[: markdown.index("## Blockers")]


class Charts(HTMLParser):
    """Collects, per table row, the numbers of its bar and the numbers of its cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[tuple[list[str], list[str]]] = []
        self.overview = ""
        self.tiles: list[str] = []
        self.inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "tr":
            self.rows.append(([], []))
        if tag == "svg" and found.get("role") == "img":
            self.overview = found["aria-label"] or ""
        if tag not in {"meta", "rect", "circle"}:
            self.inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        numbers = re.findall(r"\d[\d,]*", data)
        if "dd" in self.inside:
            self.tiles += numbers
        elif "tr" in self.inside and self.rows:
            self.rows[-1]["title" not in self.inside].extend(numbers)


@pytest.mark.parametrize("view", reports.VIEW_NAMES)
def test_every_number_on_a_chart_is_in_its_table(made: dict[str, bytes], view: str) -> None:
    charts = Charts(made[f"{view}.html"].decode())
    with_bars = [(bars, cells) for bars, cells in charts.rows if bars]
    assert with_bars
    for bars, cells in with_bars:
        assert set(bars) <= set(cells)
    shown = re.findall(r"\d+", charts.overview)
    assert shown
    assert set(shown) <= set(charts.tiles)


def test_the_manager_sees_no_machine(report: Report, made: dict[str, bytes]) -> None:
    workloads = {workload.name for workload in report.wave.workloads}
    for content in (made["manager.html"].decode(), made["manager.md"].decode()):
        # A machine may be called like its workload; that name is shown for the workload's sake.
        names = {row.name for row in report.inventory} - workloads
        assert not [name for name in names if name in content]
        assert not [row for row in report.inventory if row.target and row.target.name in content]
        assert "virtualMachines" not in content


def test_html_stands_alone_under_its_policy(made: dict[str, bytes]) -> None:
    for view in reports.VIEW_NAMES:
        page = made[f"{view}.html"].decode()
        policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0]
        assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
        assert "unsafe" not in policy
        assert not re.search(r"https?://|url\((?!#)|@import", page)
        assert " style=" not in page


def test_html_names_the_json_that_it_was_made_from(report: Report, made: dict[str, bytes]) -> None:
    expected = hashlib.sha256(made["report.json"]).hexdigest()
    assert expected == reports.seal(reports.make_document(report)).digest
    assert all(expected in made[f"{view}.html"].decode() for view in reports.VIEW_NAMES)
    assert all(expected in made[f"{view}.md"].decode() for view in reports.VIEW_NAMES)


def test_twenty_thousand_items_stay_below_fifteen_megabytes(large: dict[str, bytes]) -> None:
    for name, content in large.items():
        assert len(content) < 15_000_000, name
        assert content.count(b"<tr") < 6_000, name


def test_the_published_schema_is_the_one_of_the_code() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == json_schema(), "run python docs/generate.py"


def test_json_is_valid_canonical_and_without_floats(made: dict[str, bytes]) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    content = made["report.json"]
    value = json.loads(content, parse_float=refuse, parse_constant=refuse)
    Draft202012Validator(json_schema()).validate(value)
    assert value["schema"] == "azstaging/report/1"
    again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert content.decode() == again + "\n"


def test_json_of_another_shape_is_not_valid(made: dict[str, bytes]) -> None:
    value = json.loads(made["report.json"])
    value["answer"]["ready"] = "many"
    assert not Draft202012Validator(json_schema()).is_valid(value)
    value = json.loads(made["report.json"])
    del value["completeness"]
    assert not Draft202012Validator(json_schema()).is_valid(value)


def test_xlsx_is_typed_frozen_and_filtered(made: dict[str, bytes], report: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made["report.xlsx"]))
    assert book.sheetnames[:7] == [
        "summary",
        "workloads",
        "items",
        "findings",
        "diff",
        "areas",
        "gaps",
    ]
    sheet = book["items"]
    heads = {cell.value: cell.column_letter for cell in sheet[1]}
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref is not None
    assert sheet.max_row == len(report.inventory) + 1
    assert {type(cell.value) for cell in sheet[heads["Act"]][1:]} == {int}
    times = [cell.value for cell in sheet[heads["Oldest evidence (UTC)"]][1:]]
    assert {type(value) for value in times} <= {datetime, type(None)}
    assert any(isinstance(value, datetime) for value in times)


def test_csv_rows_match_their_heads(made: dict[str, bytes], report: Report) -> None:
    rows = list(csv.reader(io.StringIO(made["items.csv"].decode("utf-8-sig"), newline="")))
    assert len(rows) == len(report.inventory) + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[0][:3] == ["Gate", "Item", "Workloads"]


def test_a_long_table_in_markdown_says_that_it_is_cut(build: Callable[..., Report]) -> None:
    text = reports.render(build(700, 3), "operations", "markdown")["operations.md"].decode()
    assert "500 of 700 rows; report.json has all of them." in text


def test_a_long_wave_in_html_says_that_it_is_cut(build: Callable[..., Report]) -> None:
    page = reports.render(build(1_100, 220), "operations", "html")["operations.html"].decode()
    assert page.count('<details class="workload"') == 200
    assert "The first 200 of 220; 20 more workloads: see the table of items." in page
    assert "The first 200 of 1,100 rows." in page
