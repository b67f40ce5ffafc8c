"""Policy, waivers and what the gate answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId
from azstaging.model.views import decisions_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One check, one item or workload, for a reason, by somebody, until a date.

    Attributes:
        subject: an ARM id, or a workload's name.
        expires: aware UTC, at most 30 days after ``created``.
    """

    check: str
    subject: str
    reason: str
    category: str
    approver: str
    ticket: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the gate requires.

    Attributes:
        required: check ids that must have passed for every item of a workload.
        advisory: check ids that are shown but do not close a gate.
        flaky_passes: consecutive passes that a flaky check needs.
        approvals: approvers that a plan needs, at least 1.
        approval_hours: how long an approval holds.
        plan_hours: how long a plan holds.
        max_stops_per_hour: most requests that stop replication in any 60 minutes, of all runs
            over one estate folder, abandoned ones included; None for no limit.
        accept_unprovable_target: Azure Local items may be released although nobody can read the
            machine that the migration made.
    """

    required: tuple[str, ...]
    advisory: tuple[str, ...] = ()
    lifetimes: tuple[tuple[str, int], ...] = ()
    flaky_passes: int = 2
    approvals: int = 1
    approval_hours: int = 8
    plan_hours: int = 24
    settle_seconds: int = 900
    max_stops_per_hour: int | None = None
    accept_unprovable_target: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason why a gate is closed.

    Attributes:
        code: stable word, e.g. ``missing-evidence``, ``phase``, ``gap``, ``test-machine``.
        item_id: the item, or None when it concerns the workload or the wave.
        check: the check, or "".
        evidence: journal sequence of the evidence, or None.
        waivable: whether a waiver could open it.
        next_step: what to do.
    """

    code: str
    detail: str
    next_step: str
    item_id: ResourceId | None = None
    check: str = ""
    evidence: int | None = None
    waivable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOpen:
    """The gate of one workload is open at ``at``; ``evidence`` is what it relied on."""

    workload: str
    at: datetime
    item_ids: tuple[ResourceId, ...]
    evidence: tuple[int, ...]
    waivers: tuple[Waiver, ...] = ()

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class GateClosed:
    """The gate of one workload is closed at ``at``, with every reason."""

    workload: str
    at: datetime
    item_ids: tuple[ResourceId, ...]
    reasons: tuple[Reason, ...]

    def __bool__(self) -> bool:
        return False


Decision = GateOpen | GateClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions(Tabular):
    """One decision per workload, sorted by name."""

    at: datetime
    decisions: tuple[Decision, ...]
    policy: Policy | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.decisions)

    def __len__(self) -> int:
        return len(self.decisions)

    @property
    def open(self) -> tuple[GateOpen, ...]:
        """The open gates, sorted by workload."""
        return tuple(d for d in self.decisions if isinstance(d, GateOpen))

    @property
    def closed(self) -> tuple[GateClosed, ...]:
        """The closed gates, sorted by workload."""
        return tuple(d for d in self.decisions if isinstance(d, GateClosed))

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per workload."""
        return decisions_rows(self)

    def __repr__(self) -> str:
        return f"Decisions({len(self.open)} open, {len(self.closed)} closed)"
