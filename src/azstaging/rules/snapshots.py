"""Reads saved inventories and compares two of them. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, parse_id, vault_of
from azstaging.model.inventory import Phase
from azstaging.model.snapshots import Change, ChangeKind, Changes, Snapshot, SnapshotItem
from azstaging.model.times import parse_time
from azstaging.model.views import INVENTORY_SCHEMA
from azstaging.rules.completeness import ABSENT_UNPROVEN, EXPECTED_COUNT

_RELEASED = Phase.RELEASED.value
_ORDER = {kind: place for place, kind in enumerate(ChangeKind)}
_Items = Mapping[ResourceId, SnapshotItem]


def snapshot_of(document: object) -> Snapshot:
    """Read the JSON document of an inventory (``azstaging/inventory/1``).

    Raises:
        ConfigurationError: it is none, or a field is missing or of another type.
    """
    if not isinstance(document, Mapping) or document.get("schema") != INVENTORY_SCHEMA:
        raise ConfigurationError(
            f"That is no saved inventory: it has not the schema {INVENTORY_SCHEMA}."
        )
    try:
        read_at = parse_time(document["read_at"])
        # What is absent from a list that was read is gone, expected or not.
        gaps = [
            gap
            for gap in document["gaps"]
            if gap["covers_items"] and gap["reason"] not in {ABSENT_UNPROVEN, EXPECTED_COUNT}
        ]
        items = tuple(_item(each) for each in document["items"])
        unread = tuple(ResourceId(gap["scope"]) for gap in gaps)
        vaults = tuple(ResourceId(each) for each in document["vaults"])
        wave, complete = str(document["wave"]), document["complete"] is True
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"The saved inventory has a part that is wrong: {error}."
        ) from error
    if read_at is None:
        raise ConfigurationError("The saved inventory does not tell when it was read.")
    return Snapshot(
        read_at=read_at,
        wave=wave,
        complete=complete,
        items=items,
        unread=unread,
        vaults=vaults,
        selected=document.get("selected") is True,
    )


def _item(row: Mapping[str, Any]) -> SnapshotItem:
    target, intended = row.get("target"), row.get("intended")
    tags = target.get("tags") if target else (intended or {}).get("tags")
    return SnapshotItem(
        id=ResourceId(row["id"]),
        name=str(row["name"]),
        phase=str(row["phase"]),
        generation=row["generation"],
        source_id=parse_id(row["source_id"]),
        workloads=tuple(row["workloads"]),
        tags=dict(tags or {}),
    )


def compare(
    before: Snapshot, after: Snapshot, *, only: Collection[ResourceId] | None = None
) -> Changes:
    """Say what changed: new, gone, released, re-created, moved, regrouped, another phase.

    An item that is missing where something could not be read is ``unread``, never ``gone``. It
    has ``moved`` when its source machine, and no other item of it, is replicated under another id,
    and it is known to be no longer where it was.

    Args:
        before: the earlier inventory.
        after: the later one.
        only: items to speak of, by their earlier or later id; None for all.
    """
    old = {item.id: item for item in before.items}
    new = {item.id: item for item in after.items}
    moves = _moves(old, new, after)
    arrived = set(moves.values())
    found: list[Change] = []
    for item in after.items:
        if item.id in old:
            found += _same_id(old[item.id], item)
        elif item.id not in arrived:
            found.append(_change(ChangeKind.NEW, item, _new(item, before)))
    for item in before.items:
        if item.id not in moves and item.id not in new and item.phase != _RELEASED:
            found.append(_missing(item, after))
    if only is not None:
        found = [change for change in found if change.item_id in only]
    for was, now in moves.items():
        if only is None or was in only or now in only:
            found.append(_change(ChangeKind.MOVED, new[now], f"was {was}"))
    found.sort(key=lambda change: (_ORDER[change.kind], change.item_id.key))
    return Changes(
        before=before.read_at,
        after=after.read_at,
        complete=_is_whole(before) and _is_whole(after),
        changes=tuple(found),
    )


def _is_whole(snapshot: Snapshot) -> bool:
    return snapshot.complete and not snapshot.selected


def _moves(old: _Items, new: _Items, after: Snapshot) -> dict[ResourceId, ResourceId]:
    """Return old id -> new id of the machines that are replicated elsewhere now."""
    absent = (item for item in old.values() if item.id not in new)
    left = _by_source(item for item in absent if not _unread(item, after))
    come = _by_source(item for item in new.values() if item.id not in old)
    return {left[source].id: come[source].id for source in left if source in come}


def _by_source(items: Iterable[SnapshotItem]) -> dict[ResourceId, SnapshotItem]:
    """Return items by source machine; a machine that several items name is left out."""
    named = [(item.source_id, item) for item in items if item.source_id is not None]
    counts = Counter(source for source, _ in named)
    return {source: item for source, item in named if counts[source] == 1}


def _same_id(old: SnapshotItem, new: SnapshotItem) -> Iterator[Change]:
    if new.phase == _RELEASED:
        if old.phase != _RELEASED:
            yield _change(ChangeKind.RELEASED, new, "a receipt proves it")
        return
    if old.generation != new.generation or old.phase == _RELEASED:
        detail = f"generation {old.generation or 'not told'}, now {new.generation or 'not told'}"
        yield _change(ChangeKind.RE_CREATED, new, detail)
    if old.workloads != new.workloads:
        was, now = (", ".join(each.workloads) or "none" for each in (old, new))
        yield _change(ChangeKind.REGROUPED, new, f"workloads {was}, now {now}")
    if old.phase != new.phase:
        yield _change(ChangeKind.PHASE, new, f"{old.phase}, now {new.phase}")


def _missing(item: SnapshotItem, after: Snapshot) -> Change:
    if why := _unread(item, after):
        return _change(ChangeKind.UNREAD, item, f"it may be there: {why}")
    return _change(ChangeKind.GONE, item, f"was {item.phase}, and no receipt says released")


def _new(item: SnapshotItem, before: Snapshot) -> str:
    why = _unread(item, before)
    return f"phase {item.phase}" + (f"; it may have been there: {why}" if why else "")


def _unread(item: SnapshotItem, snapshot: Snapshot) -> str:
    """Return why the absence of an item from a snapshot tells nothing, or "" when it does."""
    if any(item.id.is_under(scope) for scope in snapshot.unread):
        return "its scope was not read"
    if vault_of(item.id) not in snapshot.vaults:
        return "its vault was not read"
    return "only a part of what was read was kept" if snapshot.selected else ""


def _change(kind: ChangeKind, item: SnapshotItem, detail: str) -> Change:
    return Change(kind=kind, item_id=item.id, name=item.name, detail=detail)
