"""Hostile names through every format: the output is parsed, and holds only what we wrote."""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from azstaging import reports
from azstaging.model.report import Report
from azstaging.model.text import without_surrogates
from azstaging.reports.csv_ import defused
from azstaging.reports.markdown import escaped

UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
LIVE = "=+-@|%\t\r＝＋－＠｜％"  # noqa: RUF001 - the twins are meant
ELEMENTS = {
    *("figure", "line", "polygon", "polyline"),
    "a",
    "abbr",
    "b",
    "body",
    "caption",
    "circle",
    "code",
    "dd",
    "defs",
    "details",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "html",
    "li",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "pattern",
    "rect",
    "script",
    "section",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
}
ATTRIBUTES = {
    *("points", "preserveaspectratio", "viewbox", "x1", "x2", "y1", "y2"),
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "cx",
    "cy",
    "data-label",
    "data-table",
    "datetime",
    "fill",
    "focusable",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "open",
    "patterntransform",
    "patternunits",
    "pointer-events",
    "r",
    "role",
    "scope",
    "tabindex",
    "title",
    "type",
    "width",
    "x",
}


class Seen(HTMLParser):
    """Counts what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.links: list[str] = []
        self.text: list[str] = []
        self.other: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)


@pytest.fixture(scope="module")
def made(hostile: Report) -> dict[str, bytes]:
    return reports.render_all(hostile)


def test_the_corpus_is_large_enough(corpus: list[str]) -> None:
    assert len(corpus) >= 60
    assert len(set(corpus)) == len(corpus)


@pytest.mark.parametrize("view", reports.VIEW_NAMES)
def test_html_holds_no_element_attribute_or_link_of_theirs(
    made: dict[str, bytes], view: str
) -> None:
    page = made[f"{view}.html"].decode()
    seen = Seen(page)

    assert set(seen.elements) <= ELEMENTS
    assert set(seen.attributes) <= ATTRIBUTES
    assert all(re.fullmatch(r"#[a-z0-9-]+", link) for link in seen.links)
    assert seen.other == []
    assert seen.elements["script"] == page.count("</script>") == page.count("<script")
    # The style and the script are ours; everything else must be without unseen characters.
    assert not UNSEEN.search(page)


@pytest.mark.parametrize("view", ["operations", "auditor", "engineer"])
def test_html_shows_the_names_as_text(made: dict[str, bytes], view: str) -> None:
    text = "".join(Seen(made[f"{view}.html"].decode()).text)
    for shown in ("<b>web</b>", "<img src=x onerror=alert(1)>", "{{ 7*7 }}", "a\\x00b"):
        assert shown in text


def test_html_data_is_json_and_has_every_name(made: dict[str, bytes], corpus: list[str]) -> None:
    page = made["engineer.html"].decode()
    blocks = re.findall(r'<script type="application/json" id="data-items">(.*?)</script>', page)
    data = json.loads(blocks[0])
    assert data["rows"] == len(corpus)
    assert not re.search(r"[<>&\u0080-\uffff]", blocks[0])


def test_xlsx_has_no_formula_link_or_control_character(made: dict[str, bytes]) -> None:
    book = zipfile.ZipFile(io.BytesIO(made["report.xlsx"]))
    for name in book.namelist():
        text = book.read(name).decode()
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}
        assert not tags & {"f", "hyperlink", "hyperlinks", "externalReference", "ddeLink"}, name
        assert "TargetMode" not in text, name
        if name.startswith(("xl/worksheets/", "xl/sharedStrings")):
            assert not UNSEEN.search(text.replace("\r\n", "")), name


def test_xlsx_opens_and_text_stays_text(made: dict[str, bytes], corpus: list[str]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made["report.xlsx"]))
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
            assert all(len(cell.value) <= 32_767 for cell in row if isinstance(cell.value, str))
    values = {cell.value for cell in book["items"]["B"]}
    assert {"=cmd|x", "<b>web</b>", "@SUM(A1)", "\\x1b[2J\\x1b[31mred"} <= values
    assert book["items"].max_row == len(corpus) + 1


def test_csv_has_no_live_cell(made: dict[str, bytes]) -> None:
    files = [name for name in made if name.endswith(".csv")]
    assert len(files) == 14
    for name in files:
        assert made[name].startswith(b"\xef\xbb\xbf")
        text = made[name].decode("utf-8-sig")
        assert not UNSEEN.search(text.replace("\r\n", "")), name
        for row in csv.reader(io.StringIO(text, newline="")):
            for cell in row:
                assert cell.lstrip()[:1] not in set(LIVE), (name, cell)
                # In a locale that separates by semicolons these would be cells of their own.
                assert all(part[:1] not in set(LIVE) for part in cell.split(";")), (name, cell)


@pytest.mark.parametrize("live", list("=+-@|%＝＋－＠"))  # noqa: RUF001 - the twins are meant
def test_csv_puts_an_apostrophe_before_what_would_compute(live: str) -> None:
    assert defused(f"{live}1+1") == f"'{live}1+1"
    assert defused(f"a;{live}1") == f"a;'{live}1"
    assert defused(f"a {live} 1") == f"a {live} 1"


@pytest.mark.parametrize("view", reports.VIEW_NAMES)
def test_markdown_has_no_html_link_or_mention(made: dict[str, bytes], view: str) -> None:
    text = made[f"{view}.md"].decode()
    assert "<" not in text
    assert "@" not in text
    assert not UNSEEN.search(text)
    assert not re.search(r"(?<!\\)[`\[\]{}~$^]", text)
    assert not re.search(r"[a-z]://|www\.", text, re.IGNORECASE)


@pytest.mark.parametrize("view", reports.VIEW_NAMES)
def test_markdown_parses_into_our_own_blocks(made: dict[str, bytes], view: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def kinds(text: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for token in parser.parse(text):
            found.update([token.type])
            found.update(child.type for child in token.children or ())
        return found

    found = kinds(made[f"{view}.md"].decode())
    for kind in ("html_block", "html_inline", "link_open", "image", "code_inline", "fence"):
        assert found[kind] == 0
    assert found["em_open"] == found["s_open"] == found["hr"] == found["blockquote_open"] == 0
    assert found["strong_open"] == 2
    rows = re.findall(r"^\|(?! ---)", made[f"{view}.md"].decode(), re.MULTILINE)
    assert found["tr_open"] == len(rows)


def test_markdown_shows_the_name_itself() -> None:
    assert escaped("<b>web</b>") == "&lt;b&gt;web&lt;/b&gt;"
    assert escaped("a|b") == r"a\|b"
    assert escaped("planner@contoso.example") == "planner(at)contoso.example"
    assert escaped("https://evil.example") == r"https\://evil.example"


def test_json_is_ascii_and_keeps_the_names_whole(made: dict[str, bytes], corpus: list[str]) -> None:
    content = made["report.json"]
    assert re.fullmatch(rb"[\x20-\x7e]+\n", content)
    names = {item["name"] for item in json.loads(content)["items"]}
    assert names == {without_surrogates(name) for name in corpus}


def test_anchors_are_distinct_and_safe(made: dict[str, bytes]) -> None:
    page = made["engineer.html"].decode()
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]+", found) for found in ids)


def test_file_names_are_ours(made: dict[str, Any]) -> None:
    assert all(re.fullmatch(r"[a-z-]+\.(html|xlsx|csv|json|md)", name) for name in made)
