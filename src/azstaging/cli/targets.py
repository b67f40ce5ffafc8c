"""Files that a person names to write to: nothing else is lost by a slip in a name."""

import json
from collections.abc import Callable
from pathlib import Path

from azstaging.errors import ConfigurationError
from azstaging.files import read_bytes, require_writable

# What a journal keeps for itself; plans lie beside it, and may be written there.
_KEPT = {"journal", "locks", "baselines", "evidence"}
_LIMIT = 512_000_000

Ours = Callable[[bytes], bool]
"""Tells by its bytes whether a file is of the kind that is to be written."""


def require_target(out: Path, *, what: str, ours: Ours) -> None:
    """Refuse, before any work, a place where something else would be replaced.

    Raises:
        ConfigurationError: it lies among the files of a journal, or a file of another kind is
            there, or it cannot be written into.
    """
    for folder in out.resolve().parents:
        if folder.name in _KEPT and any((folder.parent / "journal").glob("*.jsonl")):
            raise ConfigurationError(
                f"{out} lies among the files of the journal in {folder.parent}; nothing was "
                "written.",
                advice=f"Name another place for the {what}.",
            )
    if out.is_file() and not ours(read_bytes(out, what=what, limit=_LIMIT)):
        raise ConfigurationError(
            f"{out} is there already and is no {what}; it was left alone.",
            advice="Name another file, or move that one away.",
        )
    require_writable(out.parent, what=what)


def has_schema(*names: str) -> Ours:
    """Return what knows a JSON document by its schema."""
    return lambda data: _members(data).get("schema") in names


def has_keys(*names: str) -> Ours:
    """Return what knows a JSON document by keys that it has."""
    return lambda data: set(names) <= _members(data).keys()


def is_export(data: bytes) -> bool:
    """Know an exported pack, or the records alone."""
    return data[:2] == b"PK" or _members(data.partition(b"\n")[0]).get("seq") == 0


def _members(data: bytes) -> dict[str, object]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
