"""There is a recovery point, and as far as its age can be trusted it is young enough.

Three clocks write these times. The service computes the RPO itself; agentless items carry the
appliance's local time, marked as UTC, which no age may be computed from; a date in 1999 or in
year 1 means never.
"""

from datetime import timedelta

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.items import Collection
from azstaging.model.times import parse_time

_RPO_SECONDS = 3600
# No clock is set further ahead than the easternmost time zone.
_AHEAD = timedelta(hours=14)


@check(
    id="recovery-point",
    title="There is a recovery point, within an hour of the source where its age can be trusted",
    source="https://learn.microsoft.com/azure/site-recovery/vmware-azure-architecture",
    lifetime_seconds=DAY,
    next_step="Find out what was lost between the last recovery point and the cutover.",
)
def recovery_point(context: ItemContext) -> Verdict:
    """Judge the RPO that the service computed, else the presence of a recovery point."""
    item = context.row.item
    if item.rpo_seconds is not None:
        detail = f"the last RPO was {item.rpo_seconds} s"
        return passed(detail) if item.rpo_seconds <= _RPO_SECONDS else failed(detail)
    point = parse_time(item.last_recovery_point)
    if point is None:
        told = item.last_recovery_point
        return inconclusive(
            f"{told} stands for no recovery point" if told else "no recovery point is told"
        )
    if point > context.now + _AHEAD:
        return inconclusive(f"the last recovery point is dated in the future: {point:%Y-%m-%d}")
    if item.collection is Collection.MIGRATION_ITEMS:
        return passed(
            f"last recovery point {point:%Y-%m-%d %H:%M} by the appliance's own clock; "
            "its age is not judged"
        )
    return inconclusive(f"last recovery point {point:%Y-%m-%d %H:%M}, and no RPO is told")
