"""Due dates, jobs and recovery points: told with their source, and called unread where they are."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from azstaging import reports
from azstaging.model.differences import Expectation
from azstaging.model.findings import Finding, Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap
from azstaging.model.report import Event, JobHistory, Report
from azstaging.rules.evidence import item_subject

DUE = datetime(2026, 12, 10, 16, tzinfo=timezone.utc)
LINE = 'class="line-due"'


def with_due(report: Report) -> Report:
    return replace(report, wave=replace(report.wave, due=DUE))


def test_open_actions_are_due_with_the_wave(report: Report) -> None:
    made = reports.render_all(with_due(report), views=["operations"])
    rows = json.loads(made["report.json"])["diff"]
    assert {row["due"] for row in rows if row["class"] == "act"} == {"2026-12-10T16:00:00.000Z"}
    assert {row["due"] for row in rows if row["class"] == "expected"} == {""}
    page = made["operations.html"].decode()
    assert "They are due by 2026-12-10 16:00 UTC" in page
    assert "(due 2026-12-10 16:00 UTC)" in made["operations.md"].decode().replace("\\", "")


def test_without_a_date_the_page_says_that_nobody_set_one(report: Report) -> None:
    made = reports.render_all(report, views=["operations"], formats=["html", "json"])
    assert "Nobody set a due date" in made["operations.html"].decode()
    assert {row["due"] for row in json.loads(made["report.json"])["diff"]} == {""}


def test_an_accepted_difference_tells_until_when(report: Report) -> None:
    expected = next(d for d in report.diff if d.cls.value == "expected")
    expectation = Expectation(field=expected.field, reason="meant", owner="us", expires=DUE)
    rows = tuple(replace(d, rule=expectation.rule) if d is expected else d for d in report.diff)
    changed = replace(report, diff=replace(report.diff, rows_=rows), expectations=(expectation,))
    document = reports.make_document(changed)
    assert [d.due for d in document.diff if d.due] == ["2026-12-10T16:00:00.000Z"]
    page = reports.render(changed, "operations", "html")["operations.html"].decode()
    assert "Accepted until" in page


def test_the_burn_up_has_a_line_to_the_due_date_and_the_table_its_numbers(report: Report) -> None:
    document = reports.make_document(with_due(report))
    ways = [reading.on_time for reading in document.readings]
    assert ways[0] == document.readings[0].released
    assert None not in ways
    assert ways == sorted(ways)
    assert ways[-1] < document.readings[-1].scope
    assert "due on 2026-12-10" in document.forecast
    page = reports.render(with_due(report), "manager", "html")["manager.html"].decode()
    assert LINE in page
    assert "due 2026-12-10" in page
    assert "On time" in page
    assert LINE not in reports.render(report, "manager", "html")["manager.html"].decode()


def test_after_the_due_date_everything_should_be_released(report: Report) -> None:
    passed = replace(report, wave=replace(report.wave, due=report.inventory.read_at))
    document = reports.make_document(passed)
    assert document.readings[-1].on_time == document.readings[-1].scope
    assert "The wave was due on" in document.forecast


def test_replication_jobs_are_in_the_timeline_and_unread_ones_are_named(report: Report) -> None:
    row = report.inventory.items[0]
    vault = row.item.vault_id
    closed = ResourceId(f"{vault}-closed")
    event = Event(at=DUE, what="Job TestMigrate", detail="succeeded", item_id=row.id)
    gap = Gap(scope=closed, reason="forbidden", detail="403", permission="x/jobs/read")
    jobs = JobHistory(since=DUE, vaults=(vault,), unread=(gap,), found=3, events=(event,))
    made = reports.render_all(replace(report, jobs=jobs), formats=["html", "json"])
    document = json.loads(made["report.json"])
    assert [(e["what"], e["name"]) for e in document["timeline"] if "Job" in e["what"]] == [
        ("Job TestMigrate", row.name)
    ]
    for view in ("engineer.html", "auditor.html", "operations.html"):
        page = made[view].decode()
        assert "of 1 vault; 1 of 3 name an item here" in page
        assert f"The jobs of {closed.name} were not read (forbidden, x/jobs/read is" in page
    assert "x/jobs/read" not in made["manager.html"].decode()
    again = reports.render_sealed(reports.unseal(made["report.json"]), formats=["html"])
    assert again["engineer.html"] == made["engineer.html"]


def test_jobs_that_nobody_asked_for_are_not_an_empty_list(report: Report) -> None:
    page = reports.render(report, "engineer", "html")["engineer.html"].decode()
    assert "Replication jobs were not read." in page


def test_the_recovery_point_is_told_as_read_for_this_machine_and_no_other(report: Report) -> None:
    row = next(r for r in report.inventory.items if r.target)
    at = report.made_at - timedelta(hours=1)
    finding = Finding(
        check="backup-item",
        subject=item_subject(row),
        outcome=Outcome.PASS,
        detail="last recovery point 2026-11-24 01:00",
        at=at,
        lifetime_seconds=60,
        next_step="",
        run="r",
        seq=900,
    )
    earlier = replace(finding, at=at - timedelta(days=1), detail="an earlier point", seq=899)
    another = replace(
        finding, at=report.made_at, subject=replace(finding.subject, target="another machine")
    )
    all_three = replace(
        report.findings, findings=(*report.findings.findings, finding, earlier, another)
    )
    document = reports.make_document(replace(report, findings=all_three))
    told = {i.id: i.target.backup for i in document.items if i.target}
    own = told.pop(str(row.id))
    assert f"; last recovery point 2026-11-24 01:00 (as of {at:%Y-%m-%d %H:%M});" in own
    unread = "; recovery points not read; backup policy not read"
    assert all(unread in text for text in told.values())


def test_a_list_of_jobs_that_was_read_and_is_empty_says_so(report: Report) -> None:
    row = report.inventory.items[0]
    none = replace(report, jobs=JobHistory(since=DUE, vaults=(row.item.vault_id,)))
    page = reports.render(none, "engineer", "html")["engineer.html"].decode()
    assert "Replication jobs since 2026-12-10 of 1 vault: there were none." in page
