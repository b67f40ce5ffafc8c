"""What eyes see, and what a file system sees, of names that others chose."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.model.text import display, safe_filename, without_surrogates

MOVES = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("payroll-sql-01", "payroll-sql-01"),
        ("Lohn&Gehalt-DB (alt)", "Lohn&Gehalt-DB (alt)"),
        ("naïve Ω 日本語 🙂", "naïve Ω 日本語 🙂"),
        ("DOMAIN\\host", "DOMAIN\\host"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("invoice\u202egnp.exe", "invoice\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\U000e0041", "\\U000e0041"),
        ("lone\ud800", "lone\\ud800"),
        ("\u2028", "\\u2028"),
    ],
)
def test_display_shows_every_character(text: str, shown: str) -> None:
    assert display(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_display_leaves_nothing_that_moves_or_hides(text: str) -> None:
    shown = display(text)
    assert not MOVES.search(shown)
    assert shown.encode().decode() == shown
    assert display(shown) == shown


def test_display_cuts_long_text_and_says_how_long_it_was() -> None:
    assert display("x" * 65_536, limit=5) == "xxxxx… (65,536 characters)"
    assert display("xxxxx", limit=5) == "xxxxx"


def test_lone_surrogates_are_replaced_and_nothing_else() -> None:
    assert without_surrogates("a\ud800b\udfffc🙂") == "a\ufffdb\ufffdc🙂"


def test_file_names_are_safe_and_distinct(corpus: list[str]) -> None:
    names = [safe_filename(name) for name in corpus]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}-[0-9a-f]{10}", name) for name in names)
    assert len({name.casefold() for name in names}) == len(corpus)


def test_a_file_name_still_tells_what_it_is_of() -> None:
    assert safe_filename("Lohn&Gehalt-DB (alt)").startswith("lohn-gehalt-db-alt-")
    assert safe_filename("payroll") == safe_filename("payroll")
