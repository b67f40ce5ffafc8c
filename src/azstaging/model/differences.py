"""The configuration diff: one row per field of one machine, in five classes."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from azstaging.model.ids import ResourceId


class DiffClass(enum.Enum):
    """How a field compares. ``UNKNOWN`` is never equal."""

    SAME = "same"
    EXPECTED = "expected"
    ACT = "act"
    SUSPICIOUS = "suspicious"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one machine: source, intended, actual; "" stands for not told.

    Attributes:
        area: compute, os, disks, network, placement, licence, tags, agents.
        field: field name with its unit, e.g. ``memory_mib``, ``disk[0].size_gib``.
        rule: id of the rule that classified it.
        reason: one sentence: why this class.
    """

    item_id: ResourceId
    area: str
    field: str
    source: str
    intended: str
    actual: str
    cls: DiffClass
    rule: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All rows, sorted by item, area and field; every compared field appears exactly once."""

    at: datetime
    rows_: tuple[Difference, ...]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.rows_)

    def __len__(self) -> int:
        return len(self.rows_)

    def where(self, *classes: str) -> "Diff":
        """Keep only the named classes: ``diff.where("act", "suspicious")``."""
        wanted = {DiffClass(name) for name in classes}
        return self._keep(lambda row: row.cls in wanted)

    def for_item(self, id: ResourceId | str) -> "Diff":
        """Keep only the rows of one item."""
        wanted = id if isinstance(id, ResourceId) else ResourceId(id)
        return self._keep(lambda row: row.item_id == wanted)

    def _keep(self, predicate: Callable[[Difference], bool]) -> "Diff":
        return Diff(at=self.at, rows_=tuple(row for row in self.rows_ if predicate(row)))

    def counts(self) -> dict[str, int]:
        """Return the number of rows per class, every class present."""
        return {c.value: sum(row.cls is c for row in self.rows_) for c in DiffClass}

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in self.counts().items() if n)
        return f"Diff({counts or 'empty'})"
