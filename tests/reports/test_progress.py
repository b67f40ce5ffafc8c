"""Progress: one reading a day, changes of scope, a pace that promises nothing, time in phase."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azstaging import reports
from azstaging.model.inventory import Phase
from azstaging.model.plans import ReceiptState
from azstaging.model.report import PastInventory, Report
from azstaging.reports.burnup import burn_up
from azstaging.reports.document import Document
from azstaging.reports.progress_tables import waiver_ages
from azstaging.reports.tables import blockers


@pytest.fixture(scope="module")
def document(report: Report) -> Document:
    return reports.make_document(report)


def test_each_day_has_its_last_inventory(report: Report) -> None:
    at = report.inventory.read_at - timedelta(days=3)
    past = [
        PastInventory(at=at - timedelta(hours=h), expected=None, read=40 - h, phases={"staged": 9})
        for h in (2, 1, 0)
    ]
    found = reports.make_document(replace(report, past_inventories=tuple(past))).readings
    assert [(r.scope, r.staged) for r in found[:-1]] == [(40, 9)]
    assert found[-1].at == reports.make_document(report).read_at
    assert found[-1].scope == 60


def test_every_item_of_a_reading_is_counted_once(document: Document) -> None:
    for r in document.readings:
        assert r.released + r.staged + r.moving + r.replicating + r.trouble == r.scope


def test_a_change_of_scope_is_told_with_its_day(document: Document) -> None:
    assert [(c.before, c.after) for c in document.scope_changes] == [(56, 60)]
    made = reports.render_sealed(reports.seal(document), views=["manager"], formats=["html"])
    assert "4 more" in made["manager.html"].decode()


def test_the_forecast_is_the_pace_of_the_last_two_weeks(report: Report) -> None:
    now = report.decisions.at
    done = [r for r in report.receipts if r.state is ReceiptState.DONE][:3]
    assert len(done) == 3
    rows = tuple(replace(row, phase=Phase.STAGED) for row in report.inventory.items)
    quiet = replace(report, inventory=replace(report.inventory, items=rows))
    dated = tuple(replace(r, at=now - timedelta(days=2 - n)) for n, r in enumerate(done))
    told = reports.make_document(replace(quiet, receipts=dated)).forecast
    assert told.startswith(
        "57 items of 60 are not released. At the latest pace (3 items in 3 days)"
    )
    assert told.endswith(f"would be released by {now + timedelta(days=57):%Y-%m-%d}.")
    old = tuple(replace(r, at=now - timedelta(days=15)) for r in done)
    told = reports.make_document(replace(quiet, receipts=old)).forecast
    assert told.endswith("Nothing was released in the last 14 days, so there is no forecast.")


def test_nothing_is_forecast_for_a_wave_that_is_empty_or_released(report: Report) -> None:
    none = replace(report, inventory=replace(report.inventory, items=(), expected=None))
    assert "nothing to forecast" in reports.make_document(none).forecast
    rows = tuple(replace(row, phase=Phase.RELEASED) for row in report.inventory.items)
    all_done = replace(report, inventory=replace(report.inventory, items=rows))
    assert reports.make_document(all_done).forecast == "Everything in scope is released."


def test_the_calendar_has_what_was_and_what_is_due(report: Report, document: Document) -> None:
    days = {d.day: d for d in document.calendar}
    done = [r for r in report.receipts if r.state is ReceiptState.DONE]
    assert sum(d.released for d in days.values()) == len(done)
    assert sum(d.waivers for d in days.values()) == len(report.waivers)
    assert list(days) == sorted(days)


def test_time_in_phase_is_what_the_service_tells(report: Report) -> None:
    now = report.decisions.at
    told = {"lastMigrationTime": f"{now - timedelta(days=9):%Y-%m-%dT%H:%M:%S}.1234567Z"}
    rows = tuple(
        replace(
            row,
            phase=Phase.STAGED,
            target=None,
            item=replace(row.item, raw=told if n else {"lastMigrationTime": "0001-01-01T00:00:00"}),
        )
        for n, row in enumerate(report.inventory.items[:3])
    )
    some = replace(report, receipts=(), inventory=replace(report.inventory, items=rows))
    (times,) = reports.make_document(some).phase_times
    assert (times.phase, times.month, times.untold) == ("staged", 2, 1)
    assert times.day + times.week + times.longer == 0


def test_every_item_is_in_one_bucket(document: Document) -> None:
    counted = sum(t.day + t.week + t.month + t.longer + t.untold for t in document.phase_times)
    assert counted == len(document.items)
    ages = waiver_ages(document)
    assert sum(int(row[1] or 0) for row in ages.rows) == len(document.waivers)


def test_the_pareto_ends_at_a_hundred(document: Document) -> None:
    shares = [int(row[2] or 0) for row in blockers(document).rows]
    assert shares == sorted(shares)
    assert shares[-1] == 100


def test_one_day_makes_no_line(document: Document) -> None:
    assert burn_up(document.readings[-1:]) is None
    assert burn_up([]) is None
    drawn = burn_up(document.readings)
    assert drawn is not None
    assert (drawn.left, drawn.right) == ("2026-11-12", "2026-11-26")
    assert drawn.svg.count("<polyline") == 2
    assert "." not in "".join(part.split('"')[1] for part in drawn.svg.split("points=")[1:])
