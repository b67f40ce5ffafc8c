"""DataFrames of whatever has rows. Nothing is imported until somebody asks for one."""

from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.model.display import html_table


class Tabular:
    """Something with ``rows()``: a list of dicts with the same keys in the same order."""

    __slots__ = ()

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per row."""
        raise NotImplementedError

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
        try:
            import pandas as pd  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as error:
            raise _missing("pandas") from error
        return pd.DataFrame(self.rows())

    def to_polars(self) -> Any:
        """Return a ``polars.DataFrame`` of ``rows()``.

        Raises:
            ConfigurationError: polars is not installed.
        """
        try:
            import polars as pl  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as error:
            raise _missing("polars") from error
        return pl.DataFrame(self.rows(), infer_schema_length=None)


def _missing(package: str) -> ConfigurationError:
    return ConfigurationError(
        f"{package} is not installed, so there is no DataFrame; .rows() has the same as dicts.",
        advice=f'Install it: python -m pip install "azstaging[notebook]" {package}',
    )
