"""Masked reports: no id and no address is left, and the same thing has the same pseudonym."""

import io
import re
import zipfile

import pytest

from azstaging import reports
from azstaging.model.report import Report
from azstaging.reports.masking import masked

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
V4 = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.])")


@pytest.fixture(scope="module")
def made(report: Report) -> dict[str, str]:
    def text(name: str, content: bytes) -> str:
        if not name.endswith(".xlsx"):
            return content.decode()
        book = zipfile.ZipFile(io.BytesIO(content))
        sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/")]
        return "\n".join(book.read(name).decode() for name in sheets)

    files = reports.render_all(report, mask=True)
    return {name: text(name, content) for name, content in files.items()}


def test_no_id_and_no_address_is_left(made: dict[str, str]) -> None:
    for name, text in made.items():
        assert not GUID.search(text), name
        assert not V4.search(text), name
        assert "/subscriptions/" not in text.lower(), name
        assert "contoso.example" not in text, name


def test_names_stay(made: dict[str, str]) -> None:
    assert "payroll-sql-01" in made["operations.html"]
    assert "Lohn&amp;Gehalt-DB (alt)" in made["operations.html"]


def test_it_says_so(made: dict[str, str]) -> None:
    assert "Ids and addresses are masked." in made["manager.html"]
    assert '"masked":true' in made["report.json"]


def test_the_same_thing_has_the_same_pseudonym_everywhere(report: Report) -> None:
    before, after = reports.make_document(report), masked(reports.make_document(report))
    pairs = {(x.id.casefold(), y.id) for x, y in zip(before.items, after.items, strict=True)} | {
        (x.subject.casefold(), y.subject)
        for x, y in zip(before.findings, after.findings, strict=True)
        if x.subject.startswith("/")
    }
    assert len(pairs) == len(before.items) == len({new for _, new in pairs})
    assert all(re.fullmatch(r"item-\d+", new) for _, new in pairs)
    vaults = {item.vault_id for item in after.items}
    assert vaults == set(after.completeness.vaults)
    assert all(re.fullmatch(r"vault-\d+", vault) for vault in vaults)


def test_masking_twice_changes_nothing_more(report: Report) -> None:
    once = masked(reports.make_document(report))
    assert masked(once) == once


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("lock on /subscriptions/s-1/resourceGroups/rg-1.", "lock on group-1."),
        ("see 10.0.0.4, fe80::1 and 10.0.0.4", "see address-1, address-2 and address-1"),
        ("cannot reach 10.1.2.3.", "cannot reach address-1."),
        ("asked 10.1.2.3... no", "asked address-1... no"),
        ("refused by fe80::1.", "refused by address-1."),
        ("route fe80:: is gone, ::1. ends", "route address-1 is gone, address-2. ends"),
        ("not 10.1.2.3.4, nor 10.1.2.3.x", "not 10.1.2.3.4, nor 10.1.2.3.x"),
        # Looked through once: with every colon tried as a beginning this takes days.
        pytest.param(":" * 20_000 + "g", ":" * 20_000 + "g", id="no address, and long"),
        ("00:50:56:aa:bb:cc answered", "mac-1 answered"),
        ("by planner@contoso.example", "by mail-1"),
        ("https://web01.contoso.example:8443/health", "https://host-1/health"),
        ("tenant 7E9A0C11-0000-4000-8000-00000000AAD0", "tenant id-1"),
        ("at 16:00:00, version 1.2.3, 08:30", "at 16:00:00, version 1.2.3, 08:30"),
        ("C:\\temp::x and 2026-11-26T16:00:00.000Z", "C:\\temp::x and 2026-11-26T16:00:00.000Z"),
    ],
)
def test_ids_and_addresses_inside_sentences(report: Report, text: str, hidden: str) -> None:
    from msgspec.structs import replace  # noqa: PLC0415 - dataclasses.replace does not know them

    # Everything else of the document is left out, so that the numbers start at one.
    document = reports.make_document(report)
    empty = {
        name: [] for name in document.__struct_fields__ if isinstance(getattr(document, name), list)
    }
    completeness = replace(document.completeness, statement=text, gaps=[], vaults=[])
    answer = replace(document.answer, why="")
    bare = replace(document, **empty, answer=answer, completeness=completeness)
    assert masked(bare).completeness.statement == hidden
