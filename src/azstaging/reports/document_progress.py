"""How far the wave is and how it got there, as parts of the document."""

import msgspec


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One inventory on record.

    Attributes:
        scope: items expected, or those that were read when nobody said how many.
        planned: items that a plan named by then.
        on_time: items that would be released by then on a straight way from the first day on
            record to the due date, or null without a due date.
        released, staged, moving, replicating, trouble: items that were read, by group of phases:
            moving is a test migration or a cutover, staged includes a stop that runs.
    """

    at: str
    scope: int
    planned: int
    released: int
    staged: int
    moving: int
    replicating: int
    trouble: int
    on_time: int | None = None


class ScopeChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The scope on a day, where it differs from the day on record before it."""

    at: str
    before: int
    after: int


class Day(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a day brought or will bring.

    Attributes:
        day: ``2026-11-24``, UTC.
        released: items whose replication was stopped.
        planned: items of plans that expire on this day, those not released.
        waivers: waivers that expire.
        note: what else the day is, and the workloads, in words.
    """

    day: str
    released: int
    planned: int
    waivers: int
    note: str


class PhaseTime(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """For how long the items of a phase have been in it; ``untold`` where nobody says."""

    phase: str
    day: int
    week: int
    month: int
    longer: int
    untold: int
