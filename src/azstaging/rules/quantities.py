"""Sizes as tables write them: ``16 GB``, ``16384``, ``17,179,869,184 bytes``. Pure.

MB and GB are read as MiB and GiB: what VMware, Windows and RVTools mean by them. A number without
unit and one that can be read in two ways are no sizes.
"""

import re
from typing import NamedTuple

_UNITS = {
    "byte": 1,
    "bytes": 1,
    "kb": 1024,
    "kib": 1024,
    "mb": 1024**2,
    "mib": 1024**2,
    "gb": 1024**3,
    "gib": 1024**3,
    "tb": 1024**4,
    "tib": 1024**4,
}
UNITS = tuple(_UNITS)
_UNIT = re.compile(r"(?<![a-z])(bytes?|[kmgt]i?b)(?![a-z])", re.IGNORECASE)
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*")
_SMALL = 1024**2
_MOST = 2**63


class Quantity(NamedTuple):
    """A size in bytes, or the problem that it has."""

    size_bytes: int | None
    problem: str = ""


def unit_in(text: str) -> str:
    """Return the unit that a header names, e.g. ``Capacity MiB``, or ""."""
    found = _UNIT.search(text)
    return found[1] if found else ""


def quantity_of(text: str, unit: str) -> Quantity:
    """Read a size.

    Args:
        text: with or without a unit of its own.
        unit: of a number without; "" when nobody told.
    """
    plain = text.replace("\u00a0", " ").replace("\u202f", " ").strip()
    own = _UNIT.search(plain)
    factor = _UNITS.get((own[1] if own else unit).casefold())
    if own:
        plain = plain[: own.start()].strip()
    if factor is None:
        return Quantity(None, f"{text!r:.40} has no unit; name one in the column map")
    grouped = _GROUPED.fullmatch(plain)
    if grouped and factor > _SMALL and plain.count(grouped[1]) == 1 and grouped[1] in ".,":
        return Quantity(None, f"{text!r:.40} can be read in two ways")
    if grouped:
        plain = plain.replace(grouped[1], "")
    if not plain.isascii() or not _PLAIN.fullmatch(plain):
        return Quantity(None, f"{text!r:.40} is no size")
    whole, _, part = plain.replace(",", ".").partition(".")
    size = int(whole) * factor + (int(part) * factor // 10 ** len(part) if part else 0)
    return Quantity(size) if size < _MOST else Quantity(None, f"{text!r:.40} is too large")
