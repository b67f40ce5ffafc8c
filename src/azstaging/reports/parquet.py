"""Parquet, with the ``[arrow]`` extra: typed columns for data frames and warehouses."""

import io
from collections.abc import Sequence
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.model.text import without_surrogates
from azstaging.model.times import parse_time
from azstaging.reports.json_ import Sealed
from azstaging.reports.table import Column, Table, Value
from azstaging.reports.views import View
from azstaging.reports.wide import WIDE

_ROWS_AT_ONCE = 2_000


def render(made: Sealed, view: View) -> dict[str, bytes]:
    """Return one Parquet file per table, texts as they are; every view has the same.

    Raises:
        ConfigurationError: pyarrow is not installed.
    """
    del view
    arrow, parquet = _arrow()
    files = {}
    for make in WIDE:
        table = make(made.document)
        out = io.BytesIO()
        schema = _schema(table, arrow)
        with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
            for start in range(0, len(table.rows), _ROWS_AT_ONCE):
                rows = table.rows[start : start + _ROWS_AT_ONCE]
                writer.write_batch(_batch(rows, table.columns, schema, arrow))
        files[f"{table.name}.parquet"] = out.getvalue()
    return files


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - 40 MB that most do not need
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            "Parquet needs pyarrow, which is not installed; nothing was written.",
            advice="Install azstaging[arrow], or choose other formats.",
        ) from error
    return pa, parquet


def _schema(table: Table, arrow: Any) -> Any:
    times, texts = arrow.timestamp("ms", tz="UTC"), arrow.string()
    kinds = {"int": arrow.int64(), "seconds": arrow.int64(), "time": times}
    fields = [
        arrow.field(column.key, kinds.get(column.kind, texts), metadata={"label": column.label})
        for column in table.columns
    ]
    return arrow.schema(fields, metadata={"title": table.title})


def _batch(
    rows: Sequence[tuple[Value, ...]], columns: Sequence[Column], schema: Any, arrow: Any
) -> Any:
    cells = zip(*rows, strict=True)
    arrays = [
        arrow.array([_value(cell, column) for cell in found], field.type)
        for found, column, field in zip(cells, columns, schema, strict=True)
    ]
    return arrow.record_batch(arrays, schema=schema)


def _value(cell: Value, column: Column) -> Any:
    if cell is None or column.is_number:
        return cell
    if column.kind == "time":
        return parse_time(str(cell)) if cell else None
    return without_surrogates(str(cell))
