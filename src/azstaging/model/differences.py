"""The configuration diff: one row per field of one machine, in five classes."""

import enum
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from azstaging.model.frames import Tabular
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
        area: agents, compute, diagnostics, disks, licence, network, os, placement, tags.
        field: field name with its unit, e.g. ``memory_mib``, ``disk[0].size_gib``.
        rule: id of the rule that classified it, built in or of an expectation.
        reason: one sentence: why this class.
        risk: what it may cost: ``cost``, ``security``, ``availability``, ``data`` or "".
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
    risk: str = ""

    @property
    def compared_with(self) -> str:
        """What the actual value differs from: the intended one, or the source where it is met."""
        met = not self.intended or self.intended.casefold() == self.actual.casefold()
        return self.source or self.intended if met else self.intended


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A difference that somebody expects: it makes ``act`` and ``suspicious`` ``expected``.

    In every pattern ``*`` stands for any text and everything else for itself, without case.

    Attributes:
        field: pattern over `Difference.field`, e.g. ``disk[0].type`` or ``nic[*].address``.
        from_: pattern over the source value.
        to: pattern over the actual value.
        owner: who answers for it.
        expires: aware UTC; from then on it matches nothing.
        item: pattern over the machine's name, or an ARM id.
    """

    field: str
    reason: str
    owner: str
    expires: datetime
    from_: str = "*"
    to: str = "*"
    item: str = "*"

    @property
    def rule(self) -> str:
        """The rule id that rows matched by it carry, e.g. ``expect:size@web-01``."""
        item = "" if self.item == "*" else f"@{self.item}"
        values = "" if (self.from_, self.to) == ("*", "*") else f":{self.from_}->{self.to}"
        return f"expect:{self.field}{item}{values}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff(Tabular):
    """All rows, item by item in the order of the inventory, within an item by area.

    Every compared field of an item appears exactly once. Of a large wave, what is the same may be
    counted instead of kept.

    Attributes:
        at: when it was compared, aware UTC.
        same: item -> number of fields that are the same and were not kept as rows.
        baselines: item -> content address of the baseline that it was compared with.
    """

    at: datetime
    rows_: tuple[Difference, ...]
    same: Mapping[ResourceId, int] = field(default_factory=dict, repr=False)
    baselines: Mapping[ResourceId, str] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.rows_)

    def __len__(self) -> int:
        return len(self.rows_)

    def where(self, *classes: str) -> "Diff":
        """Keep only the named classes: ``diff.where("act", "suspicious")``."""
        wanted = {DiffClass(name) for name in classes}
        rows = tuple(row for row in self.rows_ if row.cls in wanted)
        return replace(self, rows_=rows, same=self.same if DiffClass.SAME in wanted else {})

    def for_item(self, id: ResourceId | str) -> "Diff":
        """Keep only the rows of one item."""
        wanted = id if isinstance(id, ResourceId) else ResourceId(id)
        return replace(
            self,
            rows_=tuple(row for row in self.rows_ if row.item_id == wanted),
            same={item: count for item, count in self.same.items() if item == wanted},
            baselines={item: file for item, file in self.baselines.items() if item == wanted},
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return one plain dict per row, keys as in `Difference`; the class is its word."""
        return [
            {
                "item_id": str(row.item_id),
                "area": row.area,
                "field": row.field,
                "source": row.source,
                "intended": row.intended,
                "actual": row.actual,
                "class": row.cls.value,
                "rule": row.rule,
                "reason": row.reason,
                "risk": row.risk,
            }
            for row in self.rows_
        ]

    def counts(self) -> dict[str, int]:
        """Return the number of fields per class, every class present, counted ones included."""
        found = Counter(row.cls for row in self.rows_)
        found[DiffClass.SAME] += sum(self.same.values())
        return {cls.value: found[cls] for cls in DiffClass}

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in self.counts().items() if n)
        return f"Diff({counts or 'empty'})"
