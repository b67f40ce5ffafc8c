"""The asset table: what it joins, and that nothing old or unknown looks good in it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from azstaging.model.backlog import BacklogSettings, Level
from azstaging.model.decisions import Decisions, Waiver
from azstaging.model.differences import Diff
from azstaging.model.findings import Findings
from azstaging.model.inventory import Phase
from azstaging.model.report import Report
from azstaging.reports import make_document
from azstaging.reports.assets import Assets
from azstaging.rules.backlog_wishes import key_of

DEFAULT = [
    *("mark", "name", "workloads", "wave", "phase", "provider", "gate", "first_reason"),
    *("checks", "diff", "evidence_age", "test_machines", "health", "lag_seconds"),
]


def rows_of(report: Report, **more: Any) -> list[dict[str, Any]]:
    return Assets(report=report, **more).rows(wide=True)


def test_the_default_columns_are_those_of_a_laptop(report: Report) -> None:
    rows = Assets(report=report).rows()
    assert len(rows) == len(report.inventory)
    assert all(list(row) == DEFAULT for row in rows)


def test_wide_rows_begin_like_narrow_ones_and_have_the_inventory_s_columns(report: Report) -> None:
    narrow, wide = Assets(report=report).rows()[0], rows_of(report)[0]
    assert list(wide)[: len(narrow)] == list(narrow)
    assert {*report.inventory.rows(wide=True)[0]} < {*wide}


def test_it_says_what_the_reports_say(report: Report) -> None:
    words = {"ready": "open", "held": "closed", "none": "no workload", "released": "released"}
    items = {item.id: item for item in make_document(report).items}
    rows = rows_of(report)
    for row in rows:
        item = items[row["id"]]
        assert row["gate"] == words[item.gate]
        assert row["first_reason"] == item.first_reason.removeprefix(f"{item.name}: ")
        assert row["evidence_at"] == item.evidence_at
        if item.gate != "released":
            shown = f"{item.checks_passed}/{item.checks_total} {item.checks_worst}"
            assert row["checks"] == shown
            assert row["diff"] == f"{item.act}/{item.suspicious}/{item.unknown}"
    assert {"open", "closed", "released"} <= {row["gate"] for row in rows}


def test_a_released_item_shows_no_check_as_its_own(report: Report) -> None:
    released = [row for row in rows_of(report) if row["gate"] == "released"]
    assert released
    assert {(row["checks"], row["evidence_age"]) for row in released} == {("", "")}


def test_evidence_that_has_expired_passes_no_check(report: Report) -> None:
    later = report.decisions.at + timedelta(days=400)
    aged = replace(report, decisions=replace(report.decisions, at=later))
    for row in rows_of(aged):
        if row["gate"] != "released":
            assert " passed" not in row["checks"], row
            assert row["checks"].startswith("0/"), row


def test_evidence_on_another_generation_passes_no_check(report: Report) -> None:
    renewed = tuple(
        replace(row, item=replace(row.item, generation="another")) for row in report.inventory.items
    )
    seen = rows_of(replace(report, inventory=replace(report.inventory, items=renewed)))
    assert {row["checks"].partition("/")[0] for row in seen if row["phase"] != "released"} == {"0"}


def test_without_a_journal_nothing_is_checked_and_nothing_decided(report: Report) -> None:
    at = report.decisions.at
    bare = replace(
        report,
        journal=None,
        findings=Findings(at=at, run="", findings=()),
        diff=Diff(at=at, rows_=()),
        decisions=Decisions(at=at, decisions=(), policy=report.decisions.policy),
    )
    rows = rows_of(bare)
    assert {row["gate"] for row in rows} == {"not decided"}
    assert {row["checks"] for row in rows} == {"not checked"}
    assert {row["evidence_age"] for row in rows} == {""}
    assert {row["diff"] for row in rows if row["phase"] != "released"} == {"not compared"}
    assert all(row["first_reason"] == row["note"] for row in rows)
    assert any(row["note"] for row in rows)


def test_only_what_is_asked_for_is_shown_and_decided_with_the_rest(report: Report) -> None:
    one = report.inventory.items[0].id
    (row,) = rows_of(report, shown=frozenset({one}))
    assert row == next(each for each in rows_of(report) if each["id"] == one.text)
    assert repr(Assets(report=report, shown=frozenset({one}))) == "Assets(1 items)"


def test_a_work_item_is_the_one_that_was_synced_for_the_item(report: Report) -> None:
    backlog = BacklogSettings(namespace="north")
    item = report.inventory.items[0]
    known = {key_of(backlog, Level.ITEM, item.id.key): 4711}
    rows = rows_of(report, work_items=known, backlog=backlog)
    assert [row["id"] for row in rows if row["work_item"] == 4711] == [item.id.text]
    assert {row["work_item"] for row in rows[1:]} == {None}


@pytest.mark.parametrize(
    ("days", "words"), [(1, "c CHG-1 until 2026-"), (-1, "c CHG-1 not in force, until 2026-")]
)
def test_a_waiver_is_shown_with_its_ticket_and_its_end(
    report: Report, days: int, words: str
) -> None:
    at = report.decisions.at
    row = next(r for r in report.inventory.items if r.workloads and r.phase is not Phase.RELEASED)
    waiver = Waiver(
        check="c",
        subject=row.id.text.upper(),
        reason="r",
        category="accepted-risk",
        approver="a",
        ticket="CHG-1",
        created=at - timedelta(days=2),
        expires=at + timedelta(days=days),
    )
    rows = rows_of(replace(report, waivers=(waiver,)))
    assert [each["id"] for each in rows if each["waivers"]] == [row.id.text]
    assert next(each["waivers"] for each in rows if each["waivers"]).startswith(words)
    named = replace(waiver, subject=row.workloads[0].upper())
    held = {each["id"] for each in rows_of(replace(report, waivers=(named,))) if each["waivers"]}
    members = {r.id.text for r in report.inventory.items if row.workloads[0] in r.workloads}
    assert held == members


def test_frames_have_the_columns_of_the_rows(report: Report) -> None:
    pandas = pytest.importorskip("pandas")
    frame = Assets(report=report).to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == DEFAULT
