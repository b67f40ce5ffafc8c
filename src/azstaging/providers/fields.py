"""Reading fields of the service's JSON without tripping over its spelling.

Property names differ in case between api-versions, booleans and numbers come as text, arrays and
objects come as null. Nothing here raises: what cannot be read is None, "" or empty, and the
callers treat that as "not told", never as "good".
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.model.bodies import Body
from azstaging.model.ids import ResourceId, parse_id

_TRUE = frozenset({"true", "enabled", "yes"})
_FALSE = frozenset({"false", "disabled", "no"})
_NOTHING: Mapping[str, Any] = MappingProxyType({})
# More digits than any count, size or duration of the service; longer text is not a number.
_MAX_DIGITS = 24
# More than any of them is, and all that a column of a frame holds.
_MOST = 2**63 - 1
# No id of a resource is as short, and no word of the service longer.
_SHORT = 40


class Fields:
    """One JSON object, read by property name without case; an exact spelling wins.

    Anything that is not an object reads as an empty one.
    """

    __slots__ = ("_spellings", "body")

    body: Mapping[str, Any]

    def __init__(self, body: object) -> None:
        # An exact type first: asking the abstract class costs as much as reading a field.
        if type(body) is dict:
            self.body = body
        elif body is None:
            self.body = _NOTHING
        elif isinstance(body, Body):
            self.body = body.peek()
        else:
            self.body = body if isinstance(body, Mapping) else {}
        self._spellings: Mapping[str, tuple[str, ...]] | None = None

    def __bool__(self) -> bool:
        return bool(self.body)

    def has(self, name: str) -> bool:
        """Tell whether the property is there, null included."""
        return name in self.body or bool(self._spelled(name))

    def value(self, *names: str) -> Any:
        """Return the first of the named properties that is there and not null, else None."""
        for name in names:
            found = self.body.get(name)
            if found is None and name not in self.body:
                found = self._otherwise(name)
            if found is not None:
                return found
        return None

    def text(self, *names: str) -> str:
        """Return text; a number as its digits; "" for anything else."""
        found = self.body.get(names[0])
        if type(found) is not str:
            return as_text(self.value(*names))
        # Ten thousand machines say the same few words.
        return intern(found) if len(found) <= _SHORT else found

    def number(self, *names: str) -> int | None:
        """Return a whole number, fractions cut off; text is read.

        -1 ("unknown") and 2**63 or more give None.
        """
        return as_number(self.value(*names))

    def flag(self, *names: str) -> bool | None:
        """Return a boolean; "true", "Enabled", "yes" and their opposites are read."""
        return as_flag(self.value(*names))

    def id(self, *names: str) -> ResourceId | None:
        """Return an ARM id; "", null and text that is no id ("Microsoft Azure") give None."""
        return as_id(self.value(*names))

    def shared_id(self, *names: str) -> ResourceId | None:
        """Return an ARM id that thousands of resources name: a group, a network, a subnet."""
        found = self.value(*names)
        return shared_id(found) if isinstance(found, str) else None

    def object(self, *names: str) -> "Fields":
        """Return a nested object; null and anything else read as empty."""
        return Fields(self.value(*names))

    def objects(self, *names: str) -> tuple["Fields", ...]:
        """Return an array of objects; null reads as empty, members of other types are passed by."""
        found = self.value(*names)
        members = found if isinstance(found, list) else ()
        if not members:
            return ()
        return tuple(
            Fields(member)
            for member in members
            if type(member) is dict or isinstance(member, Mapping)
        )

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return an array of texts, in the order of the service; empty members are left out."""
        found = self.value(*names)
        members = found if isinstance(found, list) else ()
        return tuple(intern(text) for member in members if (text := as_text(member)))

    def picked(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the named properties that are there, values exactly as given."""
        body = self.body
        exact, others = _spelled_as(tuple(body), names)
        # One text for thousands of items: states are few.
        found = {
            name: intern(value) if type(value := body[name]) is str else value for name in exact
        }
        for name in others:
            found[name] = self._otherwise(name)
        return found

    def _otherwise(self, name: str) -> Any:
        """Return the first value that is not null under another spelling of a name."""
        for spelling in self._spelled(name):
            if self.body[spelling] is not None:
                return self.body[spelling]
        return None

    def _spelled(self, name: str) -> tuple[str, ...]:
        if self._spellings is None:
            self._spellings = _spellings_of(tuple(self.body))
        return self._spellings.get(name.casefold(), ())


@lru_cache(maxsize=512)
def _spellings_of(names: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return casefolded name -> its spellings; objects of one kind share their names."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        folded = str(name).casefold()
        found[folded] = (*found.get(folded, ()), name)
    return found


@lru_cache(maxsize=512)
def _spelled_as(
    present: tuple[str, ...], names: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which names are there as they are, and which under another spelling."""
    spellings = _spellings_of(present)
    exact = tuple(name for name in names if name in present)
    return exact, tuple(
        name for name in names if name not in present and name.casefold() in spellings
    )


def as_text(value: object) -> str:
    """Read text; see `Fields.text`."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def as_number(value: object) -> int | None:
    """Read a whole number, zero or more; see `Fields.number`."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = _number_of(value)
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) and 0 <= value <= _MOST else None


def as_decimal(value: object) -> float | None:
    """Read a number with decimals, zero or more, that may come as text; None for anything else."""
    found = _number_of(value) if isinstance(value, str) else value
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if math.isfinite(found) and found >= 0 else None


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
    if value is None or isinstance(value, bool):
        return value
    folded = value.strip().casefold() if isinstance(value, str) else ""
    if folded in _TRUE:
        return True
    return False if folded in _FALSE else None


def as_id(value: object) -> ResourceId | None:
    """Read an optional ARM id; see `Fields.id`."""
    try:
        return None if value is None else parse_id(value)
    except ConfigurationError:
        return None


@lru_cache(maxsize=4096)
def shared_id(text: str | None) -> ResourceId | None:
    """Read an ARM id that thousands of resources name; see `Fields.shared_id`."""
    return as_id(text)


def tags_of(value: object) -> Mapping[str, str] | None:
    """Read tags, which come as an object or as a list of ``{tagName, tagValue}``; null is None."""
    # An exact type first, as for `Fields`.
    if type(value) is dict or isinstance(value, Mapping):
        return {str(name): as_text(text) for name, text in value.items()}
    if isinstance(value, list):
        pairs = (Fields(member) for member in value)
        return {pair.text("tagName"): pair.text("tagValue") for pair in pairs if pair}
    return None
