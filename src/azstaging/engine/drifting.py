"""Drift of an inventory, with who did it where the activity log can be read."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from azstaging.engine.ports import AzurePort, Json, Progress
from azstaging.engine.reads import Read, Reads
from azstaging.model.drift import Actor, Drift, Drifted
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory
from azstaging.rules.baseline import Frozen
from azstaging.rules.drift import actors_of, attributed, drift_of, not_comparable

_ACTION = "Microsoft.Insights/eventtypes/values/read"
# The activity log keeps 90 days; a minute less, as the clock of the service decides.
# Source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log
KEPT = timedelta(days=90) - timedelta(minutes=1)


def find_drift(
    azure: AzurePort,
    inventory: Inventory,
    frozen: Mapping[str, Frozen],
    *,
    now: datetime,
    threads: int,
    progress: Progress,
) -> Drift:
    """Compare every item with its baseline, and name who changed what.

    Args:
        azure: where the activity log is read, per resource group in which something drifted.
        inventory: as it is now.
        frozen: baselines by casefolded item id.
        now: aware UTC.
        threads: reads in flight at most.
        progress: called with (step, done, total).
    """
    rows: list[Drifted] = []
    unknown = []
    for row in inventory:
        known = frozen.get(row.id.key)
        reason = not_comparable(row, known)
        if reason or known is None:
            unknown.append((row.id, reason))
        else:
            rows.extend(drift_of(row, known))
    actors, gaps = _read(azure, rows, now, threads, progress)
    unread = {gap.scope: gap for gap in gaps}
    told = tuple(
        attributed(row, actors, until=now, unread=_why(unread.get(_group(row.resource))))
        for row in rows
    )
    return Drift(at=now, rows_=told, unknown=tuple(unknown), gaps=gaps)


def _why(gap: Gap | None) -> str:
    if gap is None:
        return ""
    if gap.permission:
        return f"the activity log was not read: missing {gap.permission}"
    return f"the activity log was not read: {gap.detail}"


def _group(id: ResourceId) -> ResourceId:
    return ResourceId("/" + "/".join(id.segments[:4]))


def _read(
    azure: AzurePort, rows: Iterable[Drifted], now: datetime, threads: int, progress: Progress
) -> tuple[dict[ResourceId, list[Actor]], tuple[Gap, ...]]:
    since: dict[ResourceId, datetime] = {}
    for row in rows:
        group = _group(row.resource)
        since[group] = max(min(row.since, since.get(group, row.since)), now - KEPT)
    if not since:
        return {}, ()
    executor = ThreadPoolExecutor(threads, thread_name_prefix="azstaging-read")
    reads = Reads(executor, progress)
    try:
        results = reads.run(
            (_activity(azure, group, start, now) for group, start in since.items()), "activity"
        )
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    events = [event for result in results for event in result.value or ()]
    return actors_of(events), reads.gaps


def _activity(
    azure: AzurePort, group: ResourceId, since: datetime, until: datetime
) -> Read[list[Json]]:
    return Read(
        what="activity log",
        scope=group,
        permission=_ACTION,
        call=lambda: azure.list_activity(group, since, until),
        covers_items=False,
    )
