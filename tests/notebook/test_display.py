"""How values show themselves, and what the extension adds."""

import re
from html.parser import HTMLParser

import pytest

import azstaging
from azstaging import notebook
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator, sample_estate
from azstaging.model.display import MOST_ROWS, html_table
from azstaging.run import utc_now

VOID = {"rect", "progress"}


class Tree(HTMLParser):
    """Checks that tags are balanced and keeps what is needed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.seen, self.scopes, self.text = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag == "th":
            self.scopes.append(dict(attributes).get("scope"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\"'&"


def test_a_table_is_escaped_and_says_what_it_is():
    rows = [{"name": HOSTILE, "phase": "staged", "n": None, "ok": True, "many": ["a", "b"]}]
    html = html_table(rows, caption=f"Inventory {HOSTILE}", remarks=[f"Not read: {HOSTILE}"])
    tree = Tree(html)
    assert {"script", "img"}.isdisjoint(tree.seen)
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert tree.seen.count("caption") == 1
    assert None not in tree.scopes
    assert {"yes", "a, b", "staged"} <= set(tree.text)
    assert any(text.startswith("Not read: <script>") for text in tree.text)


def test_a_long_table_counts_what_it_does_not_show():
    rows = [
        {"name": str(n), "phase": "staged" if n % 3 else "failed"} for n in range(MOST_ROWS + 7)
    ]
    tree = Tree(html_table(rows, caption="many", remarks=()))
    assert "7 more rows; .rows() and .to_pandas() have them all." in tree.text
    assert {"71", "36"} <= set(tree.text), "every row is counted, shown or not"
    assert tree.seen.count("tr") == MOST_ROWS + 1 + 3


def test_nothing_is_a_table_too():
    assert "Findings(0)" in html_table([], caption="Findings(0)", remarks=())


def test_every_value_of_a_run_shows_itself(tmp_path):
    with Emulator(sample_estate()) as azure:
        file = write_config(
            tmp_path / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        with azstaging.Journal.open(tmp_path / "estate") as journal:
            staging = azstaging.Staging(
                StaticCredential(azure.token("planner")),
                azstaging.load_configuration(file),
                journal=journal,
            )
            inventory = staging.inventory()
            staging.baseline(inventory)
            diff = staging.diff(inventory)
            findings = staging.check(inventory, diff)
            decisions = staging.decide(inventory, findings, diff)
            plan = staging.plan(decisions.open)
            boards = staging.boards(inventory, findings, diff, decisions)
            values = [inventory, diff, findings, decisions, plan, staging.preview(plan), boards]
    for value in values:
        tree = Tree(value._repr_html_())
        assert repr(value) in tree.text
        assert len(repr(value)) < 120, repr(value)
        assert "<b>web</b>" not in value._repr_html_()
    assert any(
        text.startswith("Not read: /subscriptions/") for text in Tree(inventory._repr_html_()).text
    )


class Handle:
    def __init__(self, html):
        self.shown = [html]

    def update(self, value):
        self.shown.append(value._repr_html_())


def test_progress_is_one_line_that_goes_away():
    handles = []
    show = notebook.Progress(lambda html: handles.append(Handle(html)) or handles[-1])
    for done in range(1001):
        show("read <x>", done, 1000)
    show("check", 1, 2)
    show("check", 2, 2)
    [handle] = handles
    assert len(handle.shown) == 103
    assert handle.shown[0] == (
        '<label>read &lt;x&gt;: 0 of 1,000 <progress max="1000" value="0"></progress></label>'
    )
    assert handle.shown[100] == handle.shown[-1] == ""


def test_a_step_that_is_done_at_once_shows_nothing():
    show = notebook.Progress(lambda _html: pytest.fail("nothing to show"))
    show("read", 3, 3)


class Shell:
    def __init__(self):
        self.user_ns = {"mine": 1}

    def push(self, names):
        self.user_ns.update(names)


def test_the_extension_adds_two_names_and_takes_them_away():
    shell = Shell()
    notebook.load_ipython_extension(shell)
    assert shell.user_ns["az"] is azstaging
    assert re.match("<azstaging.notebook.Progress", repr(shell.user_ns["progress"]))
    notebook.unload_ipython_extension(shell)
    assert shell.user_ns == {"mine": 1}
