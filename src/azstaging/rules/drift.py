"""What drifted since the baseline: the target, and what was intended. Pure.

State that comes and goes (power, agent, provisioning) is no configuration and does not drift.
Disks, adapters and locks are compared by what they are, never by their place in a list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from azstaging.model.drift import Actor, Drifted
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.times import parse_time
from azstaging.rules.baseline import Frozen, is_of
from azstaging.rules.canonical import to_plain

_TRANSIENT = frozenset(
    {
        "agent",
        "body",
        "facts",
        "id",
        "power",
        "provisioning_state",
        "renamed",
        "resolved_by",
    }
)
# Of a disk, adapter or lock that came or went: what its field or the machine tells already.
_NAMING = frozenset({"id", "name", "scope", "size_bytes", "source_id"})
_DONE = frozenset({"succeeded", "accepted", "started"})


def not_comparable(row: InventoryItem, frozen: Frozen | None) -> str:
    """Say why the drift of an item is unknown, or "" when it is not."""
    if frozen is None or not is_of(frozen, row):
        return "no baseline of this generation is frozen"
    if frozen.target is None:
        return "its baseline was frozen before there was a target machine"
    if row.target is None:
        return "the target machine could not be read" if row.target_unknown else ""
    return ""


def drift_of(row: InventoryItem, frozen: Frozen) -> tuple[Drifted, ...]:
    """Return what differs between the baseline of an item and the item now.

    Args:
        row: the item as it is now.
        frozen: its baseline, with a target.
    """
    found = []
    if frozen.target is not None:
        staged, now = flat(to_plain(frozen.target)), flat(to_plain(row.target))
        if row.target is None:
            staged, now = {"machine": frozen.target.name}, {}
        staged, now = _by_member(staged, now)
        places = _places(frozen, row)
        for field in _changed(staged, now):
            # Attaching and detaching is a change of the machine, not of the disk or adapter.
            part = "" if field.endswith("]") else field.partition("]")[0] + "]"
            resource = places.get(part, frozen.target.id)
            found.append(_drifted(row, frozen, "target", field, (staged, now), resource))
    if row.phase is not Phase.RELEASED:
        staged = flat(_plan(frozen.settings, frozen.disks, frozen.nics))
        now = flat(_plan(row.item.settings, row.item.disks, row.item.nics))
        sides = _by_member(staged, now)
        found += [
            _drifted(row, frozen, "intended", field, sides, row.id) for field in _changed(*sides)
        ]
    return tuple(found)


def _plan(settings: Any, disks: Any, nics: Any) -> dict[str, Any]:
    return {**to_plain(settings), "disks": to_plain(disks), "nics": to_plain(nics)}


def _drifted(
    row: InventoryItem,
    frozen: Frozen,
    side: str,
    field: str,
    values: tuple[Mapping[str, str], Mapping[str, str]],
    resource: ResourceId,
) -> Drifted:
    return Drifted(
        item_id=row.id,
        side=side,
        field=field,
        staged=values[0].get(field, ""),
        now=values[1].get(field, ""),
        resource=resource,
        since=frozen.at,
    )


def _by_member(
    staged: Mapping[str, str], now: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Make one value of every disk, adapter or address that only one side has."""
    members = _members(staged), _members(now)
    return (
        _folded(staged, members[0] - members[1]),
        _folded(now, members[1] - members[0]),
    )


def _members(values: Iterable[str]) -> set[str]:
    return {
        field[: at + 1] for field in values for at, mark in enumerate(field) if mark == "]"
    } - set(values)


def _folded(values: Mapping[str, str], alone: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    told: dict[str, list[str]] = {}
    for field, value in values.items():
        owners = [each for each in alone if field.startswith(f"{each}.")]
        if not owners:
            found[field] = value
            continue
        owner = min(owners, key=len)
        name = field.removeprefix(f"{owner}.")
        parts = told.setdefault(owner, [])
        if name not in _NAMING and "[" not in name:
            parts.append(f"{name} {value}")
    return found | {owner: ", ".join(parts) or "there" for owner, parts in told.items()}


def _changed(staged: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the fields whose values differ; ids compare without case."""
    return [
        field
        for field in sorted({*staged, *now})
        if not _same(staged.get(field, ""), now.get(field, ""))
    ]


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    ids = parse_id(one), parse_id(other)
    return ids[0] is not None and ids[0] == ids[1]


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Return every leaf of a plain value as text under its path; what is not told is left out."""
    if value is None or value == "":
        return {}
    found: dict[str, str] = {}
    if isinstance(value, Mapping):
        for name, each in value.items():
            if path or name not in _TRANSIENT:
                inner = f"[{name}]" if path in {"tags", "extensions"} else f".{name}"
                found |= flat(each, f"{path}{inner}" if path else name)
    elif isinstance(value, list):
        for key, each in _keyed(value):
            found |= flat(each, f"{path}[{key}]")
    else:
        found[path] = str(value)
    return found


def _keyed(values: list[Any]) -> list[tuple[str, Any]]:
    """Give each member of a list the name that it keeps wherever it stands."""
    keys: dict[str, int] = {}
    found = []
    for value in values:
        key = str(value)
        if isinstance(value, Mapping):
            told = (value.get(name) for name in ("id", "source_id", "private_address"))
            key = next((str(each).rpartition("/")[2] for each in told if each), "")
        keys[key] = keys.get(key, 0) + 1
        found.append((key if keys[key] == 1 else f"{key}#{keys[key]}", value))
    return found


def _places(frozen: Frozen, row: InventoryItem) -> dict[str, ResourceId]:
    """Return the resource behind ``disks[name]`` and ``nics[name]``."""
    machines = [each for each in (frozen.target, row.target) if each is not None]
    found = {f"disks[{disk.id.name}]": disk.id for each in machines for disk in each.disks}
    return found | {f"nics[{nic.id.name}]": nic.id for each in machines for nic in each.nics}


def actors_of(events: Iterable[Mapping[str, Any]]) -> dict[ResourceId, list[Actor]]:
    """Read the changes out of activity log events, by resource, the last one last.

    Azure: ActivityLogs_List; an event names ``caller``, ``eventTimestamp``, ``resourceId``,
    ``operationName.value`` and ``status.value``.
    """
    found: dict[ResourceId, list[Actor]] = {}
    for event in events:
        resource, at = parse_id(event.get("resourceId")), parse_time(event.get("eventTimestamp"))
        operation, status = _value(event.get("operationName")), _value(event.get("status"))
        caller = event.get("caller")
        is_change = not operation.casefold().endswith("/read") and status.casefold() in _DONE
        if resource is not None and at is not None and isinstance(caller, str) and is_change:
            actor = Actor(caller=caller, at=at, operation=operation)
            found.setdefault(resource, []).append(actor)
    for actors in found.values():
        actors.sort(key=lambda actor: actor.at)
    return found


def _value(told: Any) -> str:
    found = told.get("value") if isinstance(told, Mapping) else told
    return found if isinstance(found, str) else ""


def attributed(
    row: Drifted, actors: Mapping[ResourceId, list[Actor]], *, until: datetime, unread: str
) -> Drifted:
    """Return a row with who changed its resource last, since it was frozen.

    Args:
        row: without an actor.
        actors: by resource.
        until: now.
        unread: why the activity log was not read, or "".
    """
    told = [each for each in actors.get(row.resource, ()) if row.since <= each.at <= until]
    if told:
        return replace(row, actor=told[-1])
    return replace(row, note=unread or "the activity log names no change of this resource")
