"""Links lead somewhere, the README's example runs, the changelog knows the version."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import azstaging
from azstaging.cli.estate_config import write_config
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.run import utc_now

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    if not page.name.startswith("0000-")
)
SECTIONS = ["Context", "Decision", "Consequences"]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page):
    links = _LINK.findall(page.read_text("utf-8"))
    relative = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in relative if not (page.parent / link).exists()] == []


def test_the_readme_holds_exactly_the_two_setup_commands():
    text = (ROOT / "README.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("python -m pip install ")]
    assert lines == [
        'python -m pip install ".[demo]" && azstaging demo',
        'python -m pip install ".[dev]" && python -m pytest -n auto',
    ]


def test_the_readmes_library_example_runs(tmp_path):
    text = (ROOT / "README.md").read_text("utf-8")
    example = text.split("```python\n")[1].split("```")[0]
    with Emulator(sample_estate()) as azure:
        write_config(
            tmp_path / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", example],
            cwd=tmp_path,
            env=os.environ | {"AZSTAGING_TOKEN": azure.token("planner")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "replicationMigrationItems/read" in done.stdout
    assert "DELETE" in done.stdout
    assert (tmp_path / "out").is_dir()


def test_the_changelog_has_this_version_or_something_unreleased():
    headings = re.findall(
        r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert headings[0] == "Unreleased" or headings[0] == azstaging.__version__


def test_decisions_have_the_sections_of_the_template():
    pages = sorted(set(ROOT.glob("docs/adr/*.md")) - set(ROOT.glob("docs/adr/0000-*.md")))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1)), "each decision has a number of its own"
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]}: "), page.name
        assert re.search(r"^- Status: (proposed|accepted|superseded by \d{4})$", text, re.MULTILINE)
        assert re.search(r"^- Date: \d{4}-\d{2}-\d{2}$", text, re.MULTILINE), page.name
        found = re.findall(r"^## (\w+)", text, re.MULTILINE)
        assert [name for name in found if name in SECTIONS] == SECTIONS, page.name


def test_the_glossary_is_in_order_and_each_word_has_a_meaning():
    text = (ROOT / "docs/reference/glossary.md").read_text("utf-8")
    words = re.findall(r"^([a-z][^\n]*)\n: ", text, re.MULTILINE)
    assert len(words) == text.count("\n: ") >= 30
    assert words == sorted(words)


def test_every_how_to_is_linked_and_leads_on():
    guides = sorted(ROOT.glob("docs/howto/*.md"))
    pages = {page.resolve(): _LINK.findall(page.read_text("utf-8")) for page in PAGES}
    led_to = {
        (page.parent / link).resolve()
        for page, links in pages.items()
        for link in links
        if "://" not in link and (page.parent / link).resolve() != page
    }
    assert [guide.name for guide in guides if guide.resolve() not in led_to] == []
    inside = [
        guide.name
        for guide in guides
        if not any("://" not in link and link.endswith(".md") for link in pages[guide.resolve()])
    ]
    assert inside == [], "a dead end"
