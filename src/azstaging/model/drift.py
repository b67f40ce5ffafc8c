"""Drift: what changed on the target, or in the plan, since it was first staged; and who did it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap
from azstaging.model.times import format_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who changed a resource, as the activity log tells: the last change that succeeded.

    Attributes:
        caller: a user's name or an identity's id, as Azure wrote it.
        operation: e.g. ``Microsoft.Compute/virtualMachines/write``.
    """

    caller: str
    at: datetime
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """One value that is no more what it was.

    Attributes:
        side: ``target`` or ``intended``.
        field: its path, e.g. ``disks[app-01-data].size_gib``.
        staged, now: the value as first staged, and now; "" for none.
        resource: what was changed.
        actor: None when nobody can be named; ``note`` says why.
    """

    item_id: ResourceId
    side: str
    field: str
    staged: str
    now: str
    resource: ResourceId
    since: datetime
    actor: Actor | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift(Tabular):
    """All that drifted, item by item.

    Attributes:
        at: when it was compared, aware UTC.
        unknown: items that could not be compared, each with the reason.
        gaps: activity logs that could not be read.
    """

    at: datetime
    rows_: tuple[Drifted, ...]
    unknown: tuple[tuple[ResourceId, str], ...] = ()
    gaps: tuple[Gap, ...] = ()

    def __iter__(self) -> Iterator[Drifted]:
        return iter(self.rows_)

    def __len__(self) -> int:
        return len(self.rows_)

    def for_item(self, id: ResourceId | str) -> "Drift":
        """Keep only what drifted of one item."""
        wanted = id if isinstance(id, ResourceId) else ResourceId(id)
        return replace(self, rows_=tuple(row for row in self.rows_ if row.item_id == wanted))

    def rows(self) -> list[dict[str, Any]]:
        """Return one plain dict per row; times RFC 3339 UTC."""
        return [
            {
                "item_id": row.item_id.text,
                "side": row.side,
                "field": row.field,
                "staged": row.staged,
                "now": row.now,
                "who": row.actor.caller if row.actor else "",
                "when": format_time(row.actor.at) if row.actor else "",
                "operation": row.actor.operation if row.actor else "",
                "since": format_time(row.since),
                "resource": row.resource.text,
                "note": row.note,
            }
            for row in self.rows_
        ]

    def __repr__(self) -> str:
        return f"Drift({len(self.rows_)} changes, {len(self.unknown)} items not compared)"
