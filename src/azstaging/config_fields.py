"""Typed access to the tables of a TOML file; every key must be known, every value of its type."""

import difflib
import re
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from azstaging.config_members import workloads_of
from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.times import parse_time
from azstaging.sheets import SheetRow, read_sheet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Fifty thousand items by their ids.
MAX_BYTES = 16_000_000
MAX_DEPTH = 8
_MAX_DOTS = 16
_DATE = len("YYYY-MM-DD")
_PERCENT = re.compile(r"^(\d{1,3})\s*%$")
_SECRET = re.compile(r"token|secret|password|passwd|(^|_)pat$|sas|key$", re.IGNORECASE)


def read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file within the caps.

    Raises:
        ConfigurationError: missing, unreadable, too large, too deep, or not TOML.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no configuration file {file}.", advice="azstaging init writes one."
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or error
        raise ConfigurationError(f"{file} cannot be read: {why}.") from error
    if len(data) > MAX_BYTES:
        raise ConfigurationError(
            f"{file} is larger than {MAX_BYTES} bytes.",
            advice="Name the items of workloads in a CSV or XLSX file instead.",
        )
    try:
        text = data.decode("utf-8")
        _check_depth(text, file)
        document: dict[str, Any] = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}.") from error
    return document


def _check_depth(text: str, file: Path) -> None:
    """Refuse what makes a TOML parser slow or recurse, before it is parsed."""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        key = line.split("=", 1)[0]
        if not line.lstrip().startswith(("#", '"', "'")) and key.count(".") > _MAX_DOTS:
            raise ConfigurationError(f"{file}, line {number}: a key with too many parts.")
        depth += line.count("[") + line.count("{")
        if depth > MAX_DEPTH * 8 or "[" * (MAX_DEPTH + 1) in line.replace(" ", ""):
            raise ConfigurationError(f"{file}, line {number}: nested too deep.")
        depth = max(0, depth - line.count("]") - line.count("}"))


class Table:
    """One table of the file. Each read marks its key as known; ``finish`` refuses the rest."""

    def __init__(self, values: object, path: str) -> None:
        if not isinstance(values, dict):
            raise ConfigurationError(f"[{path}] must be a table.")
        self._values: dict[str, Any] = values
        self._path = path
        self._known: set[str] = set()

    def name(self, key: str) -> str:
        """Return the key with its table, for messages."""
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        self._known.add(key)
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ConfigurationError(f"{self.name(key)} must be {what}, not {value!r:.80}.")
        if "\x00" in (value if isinstance(value, str) else ()):
            raise ConfigurationError(f"{self.name(key)} holds a NUL character.")
        return value

    def expect_only(self, *keys: str) -> None:
        """Refuse every key but these, before any of them is read."""
        self._known.update(keys)
        self.finish()

    def finish(self) -> None:
        """Refuse every key that was not asked for, naming the nearest known one."""
        for key in sorted(set(self._values) - self._known):
            if _SECRET.search(key):
                raise ConfigurationError(
                    f"Unknown key {self.name(key)!r}. Secrets do not belong into the file; "
                    "credentials come from azure-identity or the environment."
                )
            near = difflib.get_close_matches(key, sorted(self._known), n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {_listed(self._known)}."
            raise ConfigurationError(f"Unknown key {self.name(key)!r}{hint}")

    def names(self) -> list[str]:
        """Return the keys of this table, sorted."""
        return sorted(self._values)

    def table(self, key: str) -> "Table":
        """Return a sub-table, empty when it is not there."""
        return Table(self._get(key, dict, "a table") or {}, self.name(key))

    def tables(self, key: str) -> list["Table"]:
        """Return an array of tables, empty when it is not there."""
        found = self._get(key, list, "an array of tables ([[...]])") or []
        return [Table(each, f"{self.name(key)}[{index}]") for index, each in enumerate(found)]

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self._get(key, str, "a text")
        return default if value is None else str(value)

    def required_text(self, key: str) -> str:
        """Return a text that must be there."""
        value = self.text(key).strip()
        if not value:
            raise ConfigurationError(f"{self.name(key)} is missing.")
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        value = self._get(key, (list, str), "a list of texts")
        if value is None:
            return default
        values = [value] if isinstance(value, str) else value
        if not all(isinstance(each, str) for each in values):
            raise ConfigurationError(f"{self.name(key)} must be a list of texts.")
        return tuple(values)

    def has(self, key: str) -> bool:
        """Tell whether the key is there."""
        self._known.add(key)
        return key in self._values

    def texts_or_tables(self, key: str) -> "list[str | Table]":
        """Return a list of texts and tables; a single text is a list of one."""
        value = self._get(key, (list, str), "a list of texts or tables")
        values = [value] if isinstance(value, str) else value or []
        if not all(isinstance(each, (str, dict)) for each in values):
            raise ConfigurationError(f"{self.name(key)} must be a list of texts or tables.")
        return [
            each if isinstance(each, str) else Table(each, f"{self.name(key)}[{index}]")
            for index, each in enumerate(values)
        ]

    def all_texts(self) -> Mapping[str, str]:
        """Return every key of this table as text."""
        return {key: self.required_text(key) for key in self.names()}

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean."""
        value = self._get(key, bool, "true or false")
        return default if value is None else bool(value)

    def integer(self, key: str, default: int, *, least: int, most: int = 1_000_000) -> int:
        """Return a whole number within bounds."""
        value = self._get(key, int, "a whole number")
        number = default if value is None else int(value)
        if not least <= number <= most:
            raise ConfigurationError(f"{self.name(key)} must be from {least} to {most}.")
        return number

    def optional_integer(self, key: str, *, least: int) -> int | None:
        """Return a whole number within bounds, or None when the key is not there."""
        return self.integer(key, least, least=least) if self.has(key) else None

    def lifetimes(self, key: str) -> tuple[tuple[str, int], ...]:
        """Return check -> lifetime in seconds, sorted."""
        table = self.table(key)
        found = tuple(
            (check, table.integer(check, 0, least=60, most=30 * 86_400)) for check in table.names()
        )
        table.finish()
        return found

    def time(self, key: str) -> datetime | None:
        """Return an aware UTC time, or None."""
        value = self._get(key, (datetime, str), "a time such as 2026-01-31T08:00:00Z")
        if value is None:
            return None
        if isinstance(value, datetime):
            aware = value if value.tzinfo else None
        else:
            aware = parse_time(value) if value[-1:] in {"Z", "z"} or "+" in value[10:] else None
        if aware is None:
            raise ConfigurationError(f"{self.name(key)} needs a time with its zone, e.g. ...Z.")
        return aware.astimezone(timezone.utc)

    def required_time(self, key: str) -> datetime:
        """Return an aware UTC time that must be there."""
        value = self.time(key)
        if value is None:
            raise ConfigurationError(f"{self.name(key)} is missing.")
        return value

    def count_or_percent(self, key: str, total: int | None) -> int | None:
        """Return a count; a percentage is taken of ``total``, rounded down, at least 1."""
        value = self._get(key, (int, str), 'a count or a percentage such as "20%"')
        if value is None:
            return None
        if isinstance(value, int):
            return self.integer(key, 0, least=1)
        match = _PERCENT.match(value)
        if not match or total is None:
            raise ConfigurationError(
                f"{self.name(key)} is {value!r}: write a count, or a percentage of wave.expected."
            )
        return max(1, total * int(match.group(1)) // 100)

    def expected(
        self, key: str, folder: Path
    ) -> tuple[int | None, tuple[ResourceId, ...], Mapping[str, datetime]]:
        """Return the expected count, ids, and since when each replicates, by casefolded id.

        A count, or a CSV or XLSX file with a column ``id`` and perhaps ``replicating_since``.
        """
        value = self._get(key, (int, str), "a count or the path of a CSV or XLSX file")
        if value is None:
            return None, (), {}
        if isinstance(value, int):
            return self.integer(key, 0, least=0), (), {}
        found: dict[str, ResourceId] = {}
        since: dict[str, datetime] = {}
        for row in read_sheet(folder / value, self.name(key), needs=("id",)):
            parsed = parse_id(row.text("id"))
            if parsed is None:
                raise ConfigurationError(
                    f"{self.name(key)}: {value}, line {row.number} has no ARM id in column id."
                )
            found[parsed.key] = parsed
            if text := row.text("replicating_since"):
                since[parsed.key] = self._since(text, f"{self.name(key)}: {value}", row.number)
        return len(found), tuple(found.values()), since

    @staticmethod
    def _since(text: str, where: str, number: int) -> datetime:
        # A date alone is its first moment, UTC.
        parsed = parse_time(f"{text}T00:00:00Z" if len(text) == _DATE else text)
        if parsed is None:
            raise ConfigurationError(
                f"{where}, line {number}: {text!r} is no date such as YYYY-MM-DD."
            )
        return parsed

    def members(self, key: str, folder: Path) -> tuple[list[SheetRow], str]:
        """Return the rows of a file with columns ``workload`` and ``item``, and its name."""
        value = self._get(key, str, "the path of a CSV or XLSX file")
        if value is None:
            return [], ""
        rows = read_sheet(folder / value, self.name(key), needs=("workload", "item"))
        where = f"{self.name(key)}: {value}"
        for row in rows:
            for column, told in (("workload", workloads_of(row)), ("item", row.text("item"))):
                if not told:
                    raise ConfigurationError(f"{where}, line {row.number} has no {column}.")
        return rows, where


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(keys)) or "none"
