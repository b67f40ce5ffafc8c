"""The timeline: what the service tells of an item, and what the journal says was done to it."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from azstaging import reports
from azstaging.engine.happened import events
from azstaging.model.records import Record
from azstaging.model.report import Event, Report

AT = datetime(2026, 11, 20, 8, tzinfo=timezone.utc)


def record(seq: int, type: str, **data: object) -> Record:
    return Record(
        seq=seq, at=AT, run="r", actor="t/o", type=type, data=data, prev="", hash=str(seq)
    )


def test_what_the_service_tells_and_what_was_recorded_come_with_their_source(
    report: Report,
) -> None:
    row = report.inventory.items[0]
    raw = {"lastMigrationTime": "2026-11-18T10:00:00.1234567Z", "lastTestMigrationTime": ""}
    began = datetime(2026, 11, 1, tzinfo=timezone.utc)
    row = replace(
        row,
        replicating_since=began,
        target=None,
        item=replace(row.item, raw={**row.item.raw, **raw}),
    )
    records = [
        record(3, "baseline.frozen", item_id=str(row.id)),
        record(7, "release.intent", item_id=str(row.id).casefold()),
        record(8, "release.sent", item_id=str(row.id), job_id="job-1"),
        record(9, "report.written"),
        record(10, "finding", subject={}),
    ]
    found = events(replace(report.inventory, items=(row,)), records)
    assert [(e.what, e.seq, e.actor) for e in found] == [
        ("Replication began", None, ""),
        ("Cut over", None, ""),
        ("Configuration frozen", 3, "t/o"),
        ("Stop about to be sent", 7, "t/o"),
        ("Stop accepted", 8, "t/o"),
        ("Report written", 9, "t/o"),
    ]
    assert found[4].detail == "job job-1"
    shown = reports.make_document(replace(report, events=found)).timeline
    assert {e.name for e in shown if e.what == "Stop about to be sent"} == {row.name}


def test_a_page_shows_what_somebody_did_and_says_where_the_rest_is(report: Report) -> None:
    rows = report.inventory.items
    many = tuple(
        Event(at=AT - timedelta(minutes=n), what="Cut over", item_id=rows[n % 60].id, detail=str(n))
        for n in range(5_100)
    )
    made = reports.render_all(replace(report, events=many), views=["engineer"])
    page = made["engineer.html"].decode()
    assert "5,100 more events of items are in report.json and report.xlsx." in page
    assert made["timeline.csv"].count(b"Cut over") == 5_100
