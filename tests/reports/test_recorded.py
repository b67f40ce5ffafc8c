"""What a journal keeps of a report, and what is made of it again."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from azstaging import reports
from azstaging.engine.reporting import choose_report
from azstaging.errors import ConfigurationError, JournalError
from azstaging.model.records import Record
from azstaging.model.report import Report
from azstaging.rules.history import WrittenReport, report_record

AT = datetime(2026, 11, 24, tzinfo=timezone.utc)


def record(seq: int, data: object, type: str = "report.written") -> Record:
    return Record(
        seq=seq,
        at=AT,
        run="r",
        actor="",
        type=type,
        data=data,
        prev="",
        hash=str(seq),  # type: ignore[arg-type]
    )


def written(seq: int, file: str = "evidence/report-1.json.gz") -> WrittenReport:
    return WrittenReport(files={"a.csv": "0"}, seq=seq, hash="h", document="1", file=file)


def test_the_canonical_bytes_hold_all_that_any_format_shows(hostile: Report) -> None:
    made = reports.seal(reports.make_document(hostile))
    again = reports.unseal(made.data)
    assert again == made
    assert reports.render_sealed(again) == reports.render_all(hostile)


def test_bytes_of_another_schema_are_refused() -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        reports.unseal(b"{}")
    with pytest.raises(JournalError, match="cannot be read"):
        reports.unseal(b"\xff")


def test_the_last_report_up_to_a_record_is_chosen() -> None:
    records = [
        record(8, report_record(written(7)).data),
        record(12, report_record(written(11)).data),
    ]
    assert choose_report(records) == replace(written(11), record=12)
    assert choose_report(records, at=10) == replace(written(7), record=8)
    with pytest.raises(ConfigurationError, match="up to record 6"):
        choose_report(records, at=6)


def test_a_record_of_an_earlier_version_says_that_it_kept_too_little() -> None:
    old = record(8, {"files": {"report.json": "0"}, "seq": 7, "hash": "h"})
    with pytest.raises(ConfigurationError, match="kept only the hashes") as caught:
        choose_report([old])
    assert caught.value.advice() == "Reports that can be: none."
