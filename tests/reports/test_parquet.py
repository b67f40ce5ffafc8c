"""Parquet: typed columns, texts as they are, and a clear word where pyarrow is missing."""

import io
import sys

import pyarrow as pa
import pytest
from pyarrow import parquet

from azstaging import reports
from azstaging.errors import ConfigurationError
from azstaging.model.report import Report


def tables(report: Report) -> dict[str, pa.Table]:
    made = reports.render(report, "engineer", "parquet")
    return {name: parquet.read_table(io.BytesIO(data)) for name, data in made.items()}


def test_columns_are_typed(report: Report) -> None:
    made = tables(report)
    items = made["items.parquet"]
    assert items.num_rows == 60
    assert items.schema.field("source_cores").type == pa.int64()
    assert items.schema.field("evidence_at").type == pa.timestamp("ms", tz="UTC")
    assert items.schema.field("name").type == pa.string()
    assert set(items.column("gate").to_pylist()) == {"held", "ready", "released"}
    assert made["findings.parquet"].num_rows > 100


def test_a_table_without_rows_keeps_its_columns(build: object) -> None:
    made = tables(build(gaps=False))  # type: ignore[operator]
    assert made["gaps.parquet"].num_rows == 0
    assert made["gaps.parquet"].schema.field("scope").type == pa.string()


def test_names_are_data_and_stay_whole(hostile: Report, corpus: list[str]) -> None:
    items = tables(hostile)["items.parquet"]
    names = set(items.column("name").to_pylist())
    document = reports.seal(reports.make_document(hostile)).document
    assert names == {item.name for item in document.items}
    assert len(corpus) >= 60


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    assert reports.render(report, "manager", "parquet") == reports.render(
        report, "engineer", "parquet"
    )


def test_it_is_not_written_unless_asked_for(report: Report) -> None:
    made = reports.render_all(report, views=["manager"])
    assert not any(name.endswith(".parquet") for name in made)


def test_without_pyarrow_nothing_is_written(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        reports.render(report, "engineer", "parquet")
    assert "azstaging[arrow]" in caught.value.advice()
