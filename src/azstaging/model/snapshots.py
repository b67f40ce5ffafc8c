"""A saved inventory, as far as two of them are compared, and what changed between them."""

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId
from azstaging.model.times import format_time


class ChangeKind(enum.Enum):
    """What became of one item between two inventories."""

    NEW = "new"
    GONE = "gone"
    UNREAD = "unread"
    RELEASED = "released"
    RE_CREATED = "re-created"
    MOVED = "moved"
    REGROUPED = "regrouped"
    PHASE = "phase"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotItem:
    """What is compared of one item.

    Attributes:
        generation: changes when the item is protected anew; None is not told.
        source_id: the source machine, None where the item names none.
        tags: of the target machine, else those that it is to have.
    """

    id: ResourceId
    name: str
    phase: str
    generation: str | None
    source_id: ResourceId | None
    workloads: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One saved inventory.

    Attributes:
        unread: scopes in which items may hide that were not read.
        vaults: those that were listed completely.
        selected: only a part of what was read was kept.
    """

    read_at: datetime
    wave: str
    complete: bool
    items: tuple[SnapshotItem, ...]
    unread: tuple[ResourceId, ...]
    vaults: tuple[ResourceId, ...]
    selected: bool = False

    def __repr__(self) -> str:
        return f"Snapshot({format_time(self.read_at)}, {len(self.items)} items)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item that is not as it was.

    Attributes:
        item_id: of the later inventory; of the earlier where it is gone.
        detail: one clause.
    """

    kind: ChangeKind
    item_id: ResourceId
    name: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Tabular):
    """What changed from one inventory to a later one, sorted by kind and id.

    Attributes:
        complete: both inventories were complete; else something may have changed unseen.
    """

    before: datetime
    after: datetime
    complete: bool
    changes: tuple[Change, ...]

    def counts(self) -> dict[str, int]:
        """Return how many changes of each kind there are; kinds without any are 0."""
        found = Counter(change.kind for change in self.changes)
        return {kind.value: found[kind] for kind in ChangeKind}

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per change."""
        return [
            {
                "change": change.kind.value,
                "name": change.name,
                "detail": change.detail,
                "item_id": change.item_id.text,
            }
            for change in self.changes
        ]

    def document(self) -> dict[str, Any]:
        """Return the JSON document ``azstaging/changes/1`` as plain values."""
        return {
            "schema": "azstaging/changes/1",
            "before": format_time(self.before),
            "after": format_time(self.after),
            "complete": self.complete,
            "counts": self.counts(),
            "changes": self.rows(),
        }

    def __repr__(self) -> str:
        return f"Changes({len(self.changes)} since {format_time(self.before)})"
