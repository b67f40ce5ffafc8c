"""DataFrames of whatever has rows. Nothing is imported until somebody asks for one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.model.display import html_table
from azstaging.model.times import parse_time

Row = dict[str, Any]
# What a column is in a frame, also where nothing is told; pandas has no text of its own in 2.
_PANDAS = {int: "Int64", bool: "boolean"}
_POLARS = {int: "Int64", bool: "Boolean", str: "String"}


class Tabular:
    """Something with ``rows()``: a list of dicts with the same keys in the same order."""

    __slots__ = ()

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per row."""
        raise NotImplementedError

    def columns(self) -> Mapping[str, type]:
        """Return what each column of ``rows()`` holds: str, int, bool or datetime.

        Nothing is returned where only the rows themselves tell.
        """
        return {}

    def remarks(self) -> tuple[str, ...]:
        """Return what a reader of the rows must know besides."""
        return ()

    def _repr_html_(self) -> str:
        return html_table(self.rows(), caption=repr(self), remarks=self.remarks())

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame`` of ``rows()``.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return pandas_frame(self.rows(), self.columns())

    def to_polars(self) -> Any:
        """Return a ``polars.DataFrame`` of ``rows()``.

        Raises:
            ConfigurationError: polars is not installed.
        """
        return polars_frame(self.rows(), self.columns())


def pandas_frame(rows: Sequence[Row], columns: Mapping[str, type]) -> Any:
    """Return rows as a ``pandas.DataFrame`` that has these columns also where there is no row.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise _missing("pandas") from error
    frame = pd.DataFrame(_with_times(rows, columns), columns=list(columns) or None)
    for name, kind in columns.items():
        if kind is datetime:
            frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit("us")
        elif kind in _PANDAS:
            frame[name] = frame[name].astype(_PANDAS[kind])
    return frame


def polars_frame(rows: Sequence[Row], columns: Mapping[str, type]) -> Any:
    """Return rows as a ``polars.DataFrame`` that has these columns also where there is no row.

    Raises:
        ConfigurationError: polars is not installed.
    """
    try:
        import polars as pl  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise _missing("polars") from error
    kinds = {
        name: pl.Datetime("us", "UTC") if kind is datetime else getattr(pl, _POLARS[kind])
        for name, kind in columns.items()
    }
    if not rows:
        return pl.DataFrame(schema=kinds)
    return pl.DataFrame(
        _with_times(rows, columns), schema_overrides=kinds, infer_schema_length=None
    )


def _with_times(rows: Sequence[Row], columns: Mapping[str, type]) -> list[Row]:
    """Return rows whose times are no longer text."""
    times = [name for name, kind in columns.items() if kind is datetime]
    return [{**row, **{name: parse_time(row[name]) for name in times}} for row in rows]


def _missing(package: str) -> ConfigurationError:
    return ConfigurationError(
        f"{package} is not installed, so there is no DataFrame; .rows() has the same as dicts.",
        advice=f'Install it: python -m pip install "azstaging[notebook]" {package}',
    )
