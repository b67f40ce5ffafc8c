"""The inventory: every item that was read, every scope that was not, and the proof of both."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from azstaging.model.frames import Tabular, pandas_frame, polars_frame
from azstaging.model.ids import ResourceId
from azstaging.model.items import NO_FACTS, Collection, Facts, ReplicatedItem
from azstaging.model.machines import Lock, SourceMachine, TargetMachine
from azstaging.model.values import as_struct
from azstaging.model.views import inventory_document, inventory_rows


class Phase(enum.Enum):
    """Our normalised stage of an item, derived from item, target and test machine."""

    PREPARING = "preparing"
    REPLICATING = "replicating"
    PAUSED = "paused"
    TEST_MIGRATED = "test-migrated"
    CUTOVER_RUNNING = "cutover-running"
    STAGED = "staged"
    STOPPING = "stopping"
    FAILED = "failed"
    REVERSED = "reversed"
    CONTRADICTION = "contradiction"
    RELEASED = "released"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that could not be read, and why.

    Attributes:
        scope: the ARM id of what could not be read; an item's id when only that is missing.
        reason: one word: ``forbidden``, ``not-found``, ``throttled``, ``unreachable``,
            ``unexpected-response``, ``service-error``, ``absent_unproven``,
            ``expected-count``, ``ambiguous``, ``short-list``, ``untold-tags``,
            ``not-in-scope``.
        detail: one sentence.
        permission: the missing action, exact, or "".
        covers_items: False when only targets or sources below the scope are unread.
    """

    scope: ResourceId
    reason: str
    detail: str
    permission: str = ""
    covers_items: bool = True


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryItem:
    """One row: the item with its source, its target, its test machines and its phase.

    Attributes:
        target: None when no target was found; ``target_unknown`` says that it could not be read.
        source_note, target_note: why there is none, or how it was found; one sentence or "".
        test_machines: machines found by looking for them, not by the item's state flag.
        phase_evidence: what the phase was derived from, one short clause each.
        locks: locks on the vault or its group that would block the stop.
        workloads: names, sorted.
        replicating_since: when its replication began; None is not known.
    """

    item: ReplicatedItem
    facts: Facts
    phase: Phase
    phase_evidence: tuple[str, ...] = ()
    source: SourceMachine | None = None
    source_note: str = ""
    target: TargetMachine | None = None
    target_unknown: bool = False
    target_note: str = ""
    test_machines: tuple[ResourceId, ...] = ()
    locks: tuple[Lock, ...] = ()
    workloads: tuple[str, ...] = ()
    replicating_since: datetime | None = None

    @property
    def id(self) -> ResourceId:
        """The item's ARM id."""
        return self.item.id

    @property
    def name(self) -> str:
        """The machine's display name; not unique."""
        return self.item.name

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags of the target machine; where there is none, those that it is to have."""
        return self.target.tags if self.target else self.item.settings.tags or {}

    @property
    def target_id(self) -> ResourceId | None:
        """The target VM's id, or None."""
        return self.target.id if self.target else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory(Tabular):
    """All items of a wave at ``read_at``, sorted by id, with the gaps.

    Attributes:
        expected: number of items expected, or None when the configuration does not say.
        vaults: vaults that were listed completely.
        unresolved: workload members that match no item: (workload, selector).
        ambiguous: plain names that several machines have, and that select all of them.
        unexpected: items that were read though the list of expected ids does not name them.
        free_days: days that a machine replicates free of charge; 0 is not known.
        free_days_source: where that figure is from.
        selected: only the items that somebody asked for were kept.
        lists_only: only the lists of items were read; nothing is known of targets and sources.
    """

    read_at: datetime
    items: tuple[InventoryItem, ...]
    gaps: tuple[Gap, ...] = ()
    expected: int | None = None
    wave: str = ""
    vaults: tuple[ResourceId, ...] = ()
    unresolved: tuple[tuple[str, str], ...] = ()
    ambiguous: tuple[tuple[str, str], ...] = ()
    unexpected: tuple[ResourceId, ...] = ()
    free_days: int = 0
    free_days_source: str = ""
    selected: bool = False
    lists_only: bool = False
    request_counts: tuple[tuple[str, int], ...] = field(default=(), repr=False)

    @property
    def complete(self) -> bool:
        """True when nothing is unread and the expected count (if any) is met."""
        wanted = self.read - len(self.unexpected)
        return not self.gaps and (self.expected is None or self.expected == wanted)

    @property
    def read(self) -> int:
        """Number of items that were read or are proven released."""
        return len(self.items)

    def __iter__(self) -> Iterator[InventoryItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def free_days_left(self, row: InventoryItem) -> int | None:
        """Return the whole days of free replication that are left; negative when they are over.

        A day that has begun is not left: with less than one to go it is 0, and -1 as soon as the
        period is over. A replication that is to begin has all of them.

        None when the period (``wave.free_days``) or the beginning of the replication is not
        known. The service tells neither, so both come from whoever plans the wave.
        """
        if not self.free_days or row.replicating_since is None or row.phase is Phase.RELEASED:
            return None
        left = timedelta(days=self.free_days) - (self.read_at - row.replicating_since)
        return min(self.free_days, left // timedelta(days=1))

    def find(self, id: ResourceId | str) -> InventoryItem | None:
        """Return the row of one item by its ARM id, or None."""
        wanted = id if isinstance(id, ResourceId) else ResourceId(id)
        return next((row for row in self.items if row.id == wanted), None)

    def in_workload(self, name: str) -> tuple[InventoryItem, ...]:
        """Return the rows of one workload, in the order of the inventory."""
        return tuple(row for row in self.items if name in row.workloads)

    def rows(self, *, wide: bool = False) -> list[dict[str, Any]]:
        """Return one dict per item, with the columns that fit a laptop, or all of them."""
        return inventory_rows(self, wide=wide)

    def columns(self, *, wide: bool = False) -> Mapping[str, type]:
        """Return what each column of ``rows()`` holds, also where there is no row."""
        (row,) = inventory_rows(replace(self, items=(_bare_row(),)), wide=wide)
        return {name: _KINDS.get(name, str) for name in row}

    def to_pandas(self, *, wide: bool = False) -> Any:
        """Return a ``pandas.DataFrame`` of ``rows()``, with these columns where nothing was read.

        Numbers are nullable integers, and of the wide columns times are UTC.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return pandas_frame(self.rows(wide=wide), self.columns(wide=wide))

    def to_polars(self, *, wide: bool = False) -> Any:
        """Return a ``polars.DataFrame`` of ``rows()``; otherwise as ``to_pandas``.

        Raises:
            ConfigurationError: polars is not installed.
        """
        return polars_frame(self.rows(wide=wide), self.columns(wide=wide))

    def remarks(self) -> tuple[str, ...]:
        """Say what could not be read."""
        return tuple(
            f"Not read: {gap.scope}: {gap.reason}"
            + (f", missing {gap.permission}" if gap.permission else "")
            for gap in self.gaps
        )

    def document(self) -> dict[str, Any]:
        """Return the JSON contract ``azstaging/inventory/1`` as plain values."""
        return inventory_document(self)

    def __repr__(self) -> str:
        expected = "" if self.expected is None else f" of {self.expected} expected"
        return f"Inventory({self.read} items{expected}, {len(self.gaps)} gaps)"


_NUMBERS = (
    *("lag_seconds", "health_errors", "source_cores", "source_memory_mib", "target_cores"),
    *("target_memory_mib", "disks", "nics", "free_days_left"),
)
# All others hold text, lists and ids included.
_KINDS: Mapping[str, type] = {
    **dict.fromkeys(_NUMBERS, int),
    **dict.fromkeys(("detailed", "target_unknown", "renamed"), bool),
    **dict.fromkeys(("last_test_at", "last_cutover_at", "replicating_since", "read_at"), datetime),
}


def _bare_row() -> InventoryItem:
    """Return an item of which nothing is known: its row has every column."""
    nowhere = ResourceId("/nowhere")
    item = ReplicatedItem(
        id=nowhere,
        name="",
        provider="",
        collection=Collection.MIGRATION_ITEMS,
        vault_id=nowhere,
    )
    return InventoryItem(item=item, facts=NO_FACTS, phase=Phase.UNRECOGNISED)
