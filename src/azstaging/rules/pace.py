"""How many stops an hour may see: ``gate.max_stops_per_hour``. Pure.

Counted are the intents of the last 60 minutes that the journal holds, of any run, plan and verb,
whatever came of them. One that is dated in the future counts too: a wrong clock makes no room.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from azstaging.model.inventory import Inventory, Phase
from azstaging.model.plans import Held, PlanItem
from azstaging.rules.preflight import NOT_OK, OK, PreflightRow
from azstaging.rules.readiness import hold

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Why something must wait for room in the hour, from when there is, and what to do then."""

    reason: str
    next_step: str
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The limit of an hour, and what was begun.

    Attributes:
        limit: most stops in any 60 minutes, or None for no limit.
        begun: when the intents on record were written, in any order.
    """

    limit: int | None
    begun: tuple[datetime, ...] = ()

    def recent(self, now: datetime) -> list[datetime]:
        """Return what counts at ``now``, the earliest first."""
        return sorted(at for at in self.begun if at > now - HOUR)

    def after(self, count: int, now: datetime) -> "Pace":
        """Return the pace once ``count`` more were begun at ``now``."""
        return replace(self, begun=(*self.begun, *[now] * count))

    def allowed(self, count: int, now: datetime, *, was_begun: bool) -> int:
        """Return how many of ``count`` stops that belong together may be begun now.

        They go together or not at all. Two exceptions never exceed the limit either: what is
        larger than the limit begins with a whole hour's room, and what an earlier run began goes
        on with whatever room there is.
        """
        if self.limit is None:
            return count
        room = max(0, self.limit - len(self.recent(now)))
        return min(count, room) if was_begun or room >= min(count, self.limit) else 0

    def wait(
        self, items: Sequence[PlanItem], now: datetime, *, until: datetime, was_begun: bool
    ) -> Wait:
        """Say why ``items``, which belong together, wait until more of the hour is free.

        Args:
            items: what is not allowed to go now.
            now: aware UTC.
            until: when the plan or its approval ends.
            was_begun: they are what is left of something that was begun.
        """
        limit, recent = self.limit or 0, self.recent(now)
        need = 1 if was_begun else min(len(items), limit)
        room = limit - len(recent)
        # So many of the earliest must be an hour old before there is room.
        passed = max(0, min(need - room, len(recent)))
        next_at = recent[passed - 1] + HOUR if passed else now
        reason = _reason(recent, limit)
        if room > 0:
            reason += f", and {_named(items)} needs {need} at once"
        return Wait(reason=reason, next_step=_next_step(next_at, until), next_at=next_at)


def _reason(recent: Sequence[datetime], limit: int) -> str:
    first = f", the first at {recent[0]:%Y-%m-%d %H:%M} UTC" if recent else ""
    return (
        f"{len(recent)} of the {_stops(limit)} that an hour may see (gate.max_stops_per_hour) "
        f"are taken{first}"
    )


def _stops(count: int) -> str:
    return "1 stop" if count == 1 else f"{count:,} stops"


def _named(items: Sequence[PlanItem]) -> str:
    names = sorted({name for item in items for name in item.workloads})
    return ", ".join(names or [item.name for item in items])


def minute(at: datetime) -> str:
    """Write a time to the minute, rounded up: whoever comes then is not early."""
    whole = at.replace(second=0, microsecond=0)
    later = whole if whole == at else whole + timedelta(minutes=1)
    return f"{later:%Y-%m-%d %H:%M} UTC"


def _next_step(next_at: datetime, until: datetime) -> str:
    step = f"Run the same command again from {minute(next_at)} on; it goes on with the rest."
    if next_at >= until:
        step += (
            f" The plan or its approval ends before that, at {until:%Y-%m-%d %H:%M} UTC: "
            "plan it again, or have it approved again."
        )
    return step


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """What of some groups may go now, in order, and what must wait.

    Attributes:
        next_at: when the next may be begun, or None when nothing waits.
    """

    groups: tuple[Sequence[PlanItem], ...]
    held: tuple[Held, ...] = ()
    next_at: datetime | None = None


def paced(
    groups: Sequence[Sequence[PlanItem]],
    pace: Pace,
    begun: AbstractSet[str],
    *,
    now: datetime,
    until: datetime,
) -> Paced:
    """Tell what a run that begins now would send. Nothing overtakes what must wait.

    Args:
        groups: what is released together, in the order of the run.
        pace: the limit and the hour so far.
        begun: the workloads that an earlier run began.
        now: aware UTC.
        until: when the plan ends.
    """
    going: list[Sequence[PlanItem]] = []
    for index, items in enumerate(groups):
        was_begun = is_begun(items, begun)
        count = pace.allowed(len(items), now, was_begun=was_begun)
        going += [items[:count]] if count else []
        pace = pace.after(count, now)
        if count < len(items):
            left = [*items[count:], *(item for group in groups[index + 1 :] for item in group)]
            wait = pace.wait(items[count:], now, until=until, was_begun=was_begun or count > 0)
            held = tuple(hold(item, wait.reason, wait.next_step) for item in left)
            return Paced(groups=tuple(going), held=held, next_at=wait.next_at)
    return Paced(groups=tuple(going))


def is_begun(items: Sequence[PlanItem], begun: AbstractSet[str]) -> bool:
    """Tell whether an earlier run began a workload of these items."""
    return any(name in begun for item in items for name in item.workloads)


_ROOM = "room this hour"


def pace_rows(inventory: Inventory, pace: Pace, now: datetime) -> Iterable[PreflightRow]:
    """Say for a preflight what the hour has room for, and which workload no hour has."""
    if pace.limit is None:
        return
    waiting = (row for row in inventory.items if row.phase is not Phase.RELEASED)
    sizes = Counter(name for row in waiting for name in row.workloads)
    for name, size in sorted(sizes.items()):
        if size > pace.limit:
            yield PreflightRow(
                what=_ROOM,
                on=name,
                state=NOT_OK,
                detail=f"its {size} machines take {-(-size // pace.limit)} hours at "
                f"{_stops(pace.limit)} each, and it is released in part in between",
                next_step=f"Raise gate.max_stops_per_hour to {size} or more before it is planned, "
                "if it must go in one piece.",
            )
    yield room(pace, now)


def room(pace: Pace, now: datetime) -> PreflightRow:
    """Say how many stops of this hour are free; there must be a limit."""
    limit, recent = pace.limit or 0, pace.recent(now)
    free = limit - len(recent)
    if free > 0:
        detail = f"{free} of {_stops(limit)} free"
        return PreflightRow(what=_ROOM, on="all runs", state=OK, detail=detail)
    next_at = recent[-limit] + HOUR
    return PreflightRow(
        what=_ROOM,
        on="all runs",
        state=NOT_OK,
        detail=_reason(recent, limit),
        next_step=f"The next may go from {minute(next_at)} on.",
    )
