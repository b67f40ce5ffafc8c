"""Saves an inventory, and compares two that were saved on different days."""

import json
from pathlib import Path

import msgspec

from azstaging.errors import ConfigurationError
from azstaging.files import read_bytes, write_whole
from azstaging.model.inventory import Inventory
from azstaging.model.snapshots import Changes, Snapshot
from azstaging.rules.selection import Filter, chosen
from azstaging.rules.snapshots import compare, snapshot_of

_LIMIT = 2_000_000_000


def save_snapshot(inventory: Inventory, path: str | Path) -> Path:
    """Write an inventory as its JSON document, whole or not at all.

    Returns:
        The path; `load_snapshot` reads it, and so does whatever reads ``inventory -o json``.

    Raises:
        ConfigurationError: it cannot be written; an earlier file is unchanged.
    """
    text = json.dumps(inventory.document(), ensure_ascii=True, indent=1)
    return write_whole(Path(path), text.encode(), what="snapshot")


def load_snapshot(path: str | Path) -> Snapshot:
    """Read a saved inventory, or what ``inventory -o json`` printed.

    Raises:
        ConfigurationError: it is missing, or no saved inventory.
    """
    data = read_bytes(Path(path), what="snapshot", limit=_LIMIT)
    try:
        return snapshot_of(msgspec.json.decode(data))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigurationError(f"The snapshot {path} is no complete JSON: {error}.") from error


def compare_snapshots(
    before: Snapshot | Inventory, after: Snapshot | Inventory, *, wanted: Filter | None = None
) -> Changes:
    """Say which items are new, gone, released, re-created, moved, regrouped or in another phase.

    Args:
        before: the earlier inventory, as read or as loaded.
        after: the later one, whole: narrowed, it cannot tell what is gone.
        wanted: which items to speak of; None for all.

    What was not read in the later inventory is ``unread``, never ``gone``.
    """
    old, new = _snapshot(before), _snapshot(after)
    only = chosen(old.items, wanted) | chosen(new.items, wanted) if wanted else None
    return compare(old, new, only=only)


def _snapshot(given: Snapshot | Inventory) -> Snapshot:
    return given if isinstance(given, Snapshot) else snapshot_of(given.document())
