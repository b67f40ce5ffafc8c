"""Reading fields of the service's JSON without tripping over its spelling.

Property names differ in case between api-versions, booleans and numbers come as text, arrays and
objects come as null. Nothing here raises: what cannot be read is None, "" or empty, and the
callers treat that as "not told", never as "good".
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, parse_id

_TRUE = frozenset({"true", "enabled", "yes"})
_FALSE = frozenset({"false", "disabled", "no"})
# More digits than any count, size or duration of the service; longer text is not a number.
_MAX_DIGITS = 24


class Fields:
    """One JSON object, read by property name without case; an exact spelling wins.

    Anything that is not an object reads as an empty one.
    """

    __slots__ = ("_folded", "body")

    body: Mapping[str, Any]

    def __init__(self, body: object) -> None:
        self.body = body if isinstance(body, Mapping) else {}
        self._folded: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        return bool(self.body)

    def has(self, name: str) -> bool:
        """Tell whether the property is there, null included."""
        return name in self.body or name.casefold() in self._by_folded_name()

    def value(self, *names: str) -> Any:
        """Return the first of the named properties that is there and not null, else None."""
        for name in names:
            if name in self.body:
                found = self.body[name]
            else:
                found = self._by_folded_name().get(name.casefold())
            if found is not None:
                return found
        return None

    def text(self, *names: str) -> str:
        """Return text; a number as its digits; "" for anything else."""
        return as_text(self.value(*names))

    def number(self, *names: str) -> int | None:
        """Return a whole number, fractions cut off; text is read; -1 ("unknown") gives None."""
        return as_number(self.value(*names))

    def flag(self, *names: str) -> bool | None:
        """Return a boolean; "true", "Enabled", "yes" and their opposites are read."""
        return as_flag(self.value(*names))

    def id(self, *names: str) -> ResourceId | None:
        """Return an ARM id; "", null and text that is no id ("Microsoft Azure") give None."""
        return as_id(self.value(*names))

    def object(self, *names: str) -> "Fields":
        """Return a nested object; null and anything else read as empty."""
        return Fields(self.value(*names))

    def objects(self, *names: str) -> tuple["Fields", ...]:
        """Return an array of objects; null reads as empty, members of other types are passed by."""
        found = self.value(*names)
        members = found if isinstance(found, list) else ()
        return tuple(Fields(member) for member in members if isinstance(member, Mapping))

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return an array of texts, in the order of the service; empty members are left out."""
        found = self.value(*names)
        members = found if isinstance(found, list) else ()
        return tuple(text for member in members if (text := as_text(member)))

    def pick(self, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        """Yield (name, value exactly as given) of the named properties that are there."""
        for name in names:
            if name in self.body:
                yield name, self.body[name]
            elif name.casefold() in self._by_folded_name():
                yield name, self._by_folded_name()[name.casefold()]

    def _by_folded_name(self) -> dict[str, Any]:
        if self._folded is None:
            self._folded = {}
            for name, value in self.body.items():
                folded = str(name).casefold()
                if self._folded.get(folded) is None:
                    self._folded[folded] = value
        return self._folded


def as_text(value: object) -> str:
    """Read text; see `Fields.text`."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def as_number(value: object) -> int | None:
    """Read a whole number, zero or more; see `Fields.number`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = _number_of(value)
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) and value >= 0 else None


def _number_of(text: str) -> float | None:
    stripped = text.strip()
    if len(stripped) > _MAX_DIGITS:
        return None
    try:
        return int(stripped)
    except ValueError:
        pass
    try:
        return float(stripped)
    except ValueError:
        return None


def as_flag(value: object) -> bool | None:
    """Read a boolean; see `Fields.flag`."""
    if isinstance(value, bool):
        return value
    folded = value.strip().casefold() if isinstance(value, str) else ""
    if folded in _TRUE:
        return True
    return False if folded in _FALSE else None


def as_id(value: object) -> ResourceId | None:
    """Read an optional ARM id; see `Fields.id`."""
    try:
        return parse_id(value)
    except ConfigurationError:
        return None


def tags_of(value: object) -> Mapping[str, str] | None:
    """Read tags, which come as an object or as a list of ``{tagName, tagValue}``; null is None."""
    if isinstance(value, Mapping):
        return {str(name): as_text(text) for name, text in value.items()}
    if isinstance(value, list):
        pairs = (Fields(member) for member in value)
        return {pair.text("tagName"): pair.text("tagValue") for pair in pairs if pair}
    return None
