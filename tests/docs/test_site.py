"""The site builds without a warning, its generated pages are those of the code, words are spelt."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from azstaging import errors
from azstaging.checks import CHECKS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_SPEC = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)


def build(source, out):
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", "html", str(source), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_builds_without_a_warning(tmp_path):
    done = build(DOCS, tmp_path / "html")
    assert (done.returncode, done.stderr) == (0, "")
    pages = {page.relative_to(DOCS).with_suffix("") for page in DOCS.rglob("*.md")}
    left_out = {Path("adr/0000-template")}
    for page in pages - left_out:
        assert (tmp_path / "html" / f"{page}.html").is_file(), page
    index = (tmp_path / "html" / "index.html").read_text("utf-8")
    for page in pages - left_out - {Path("index")}:
        assert f'href="{page}.html"' in index, f"no way leads to {page}"


def test_a_broken_link_breaks_the_build(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "conf.py").write_text((DOCS / "conf.py").read_text("utf-8"), "utf-8")
    (site / "index.md").write_text("# Here\n\n[there](there.md)\n", "utf-8")
    done = build(site, tmp_path / "html")
    assert done.returncode != 0
    assert "there.md" in done.stderr


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_generated_page_is_that_of_the_code(page):
    written = (DOCS / page).read_text("utf-8")
    assert written == generate.PAGES[page](), "run python docs/generate.py"


def test_the_generated_pages_are_complete():
    listed = (DOCS / "reference/errors.md").read_text("utf-8")
    for name in errors.StagingError.__subclasses__():
        assert f"| `{name.__name__}` |" in listed
    listed = (DOCS / "reference/check-table.md").read_text("utf-8")
    assert len(re.findall(r"^\| `", listed, re.MULTILINE)) == len(CHECKS)
    listed = (DOCS / "reference/schemas.md").read_text("utf-8")
    for file in (DOCS / "schemas").glob("*.json"):
        assert f"({Path('..') / 'schemas' / file.name})" in listed


def test_the_words_are_spelt():
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *map(str, pages)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
