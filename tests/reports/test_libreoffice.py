"""The workbook in LibreOffice: it opens without repair and prints its cells, none computed."""

import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from azstaging import reports
from azstaging.model.report import Report

_SECONDS = 120


@pytest.fixture(scope="module")
def soffice() -> str:
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("no libreoffice on this machine (looked for soffice)")
    return found


def convert(soffice: str, book: Path, kind: str) -> bytes:
    """Open a workbook and write it in another format."""
    profile = (book.parent / "profile").as_uri()
    command = [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind]
    command += ["--outdir", str(book.parent / "out"), str(book)]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
    return next((book.parent / "out").glob(f"*.{kind}")).read_bytes()


def test_the_workbook_becomes_a_pdf(soffice: str, report: Report, tmp_path: Path) -> None:
    book = tmp_path / "report.xlsx"
    book.write_bytes(reports.render(report, "engineer", "xlsx")["report.xlsx"])
    printed = convert(soffice, book, "pdf")
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type/Page/") + printed.count(b"/Type /Page\n") >= 10


def test_it_reads_every_cell_as_we_wrote_it(soffice: str, hostile: Report, tmp_path: Path) -> None:
    book = tmp_path / "report.xlsx"
    book.write_bytes(reports.render(hostile, "engineer", "xlsx")["report.xlsx"])
    convert(soffice, book, "ods")
    ods = tmp_path / "out" / "report.ods"
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(ods, again / "report.ods")
    convert(soffice, again / "report.ods", "xlsx")
    ours = openpyxl.load_workbook(book)["items"]
    theirs = openpyxl.load_workbook(again / "out" / "report.xlsx")["items"]
    for mine, read in zip(ours.iter_rows(), theirs.iter_rows(), strict=False):
        assert [c.value for c in mine] == [c.value for c in read[: len(mine)]]
        assert all(cell.data_type != "f" and cell.hyperlink is None for cell in read)
