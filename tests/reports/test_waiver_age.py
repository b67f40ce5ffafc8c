"""Every format and view tells how old a waiver is."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest
from pyarrow import parquet

from azstaging import reports
from azstaging.model.report import Report

AGE = 777


@pytest.fixture(scope="module")
def aged(report: Report) -> Report:
    waiver = replace(report.waivers[0], created=report.decisions.at - timedelta(days=AGE, hours=5))
    return replace(report, waivers=(waiver,))


@pytest.mark.parametrize("suffix", ["html", "md"])
@pytest.mark.parametrize("view", reports.VIEW_NAMES)
def test_pages_show_it(aged: Report, view: str, suffix: str) -> None:
    made = reports.render(aged, view, "markdown" if suffix == "md" else suffix)
    text = made[f"{view}.{suffix}"].decode("utf-8")
    assert "Age in days" in text
    assert str(AGE) in text


def test_tables_have_it_as_a_number(aged: Report) -> None:
    text = reports.render(aged, "auditor", "csv")["waivers.csv"].decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["Age in days"] == str(AGE)
    data = reports.render(aged, "auditor", "parquet")["waivers.parquet"]
    assert parquet.read_table(io.BytesIO(data)).column("age_days").to_pylist() == [AGE]
    book = openpyxl.load_workbook(
        io.BytesIO(reports.render(aged, "auditor", "xlsx")["report.xlsx"])
    )
    head, *rows = book["waivers"].iter_rows(values_only=True)
    assert [dict(zip(head, each, strict=True))["Age in days"] for each in rows] == [AGE]


def test_json_has_it(aged: Report) -> None:
    document = json.loads(reports.render(aged, "auditor", "json")["report.json"])
    assert [waiver["age_days"] for waiver in document["waivers"]] == [AGE]
