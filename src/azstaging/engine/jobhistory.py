"""The replication jobs of an inventory's vaults, for the timeline: one bounded list per vault."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azstaging.engine.ports import ReplicationReader
from azstaging.engine.reads import Read, gap_of
from azstaging.errors import ConfigurationError, ServiceError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem
from azstaging.model.jobs import Job, JobState
from azstaging.model.report import Event, JobHistory
from azstaging.providers.jobs import parse_job

Json = dict[str, Any]
WINDOW = timedelta(days=30)
_JOBS = "Microsoft.RecoveryServices/vaults/replicationJobs/read"
_LOCAL_JOBS = "Microsoft.DataReplication/replicationVaults/jobs/read"


def read_jobs(azure: ReplicationReader, inventory: Inventory, *, now: datetime) -> JobHistory:
    """Read the job list of every vault that has items, once, as far back as `WINDOW`.

    A list that cannot be read becomes a gap of the history; it does not raise for that.
    """
    since = now - WINDOW
    events: list[Event] = []
    read: list[ResourceId] = []
    unread: list[Gap] = []
    found = 0
    for vault, rows in _by_vault(inventory).items():
        read_one = _read_of(azure, vault, since)
        try:
            jobs = [parse_job(body) for body in read_one.call()]
        except (ServiceError, ConfigurationError) as error:
            unread.append(gap_of(read_one, error))
            continue
        read.append(vault)
        found += len(jobs)
        named = _index(rows)
        events += [_event(job, row, now) for job in jobs if (row := named.row_of(job)) is not None]
    return JobHistory(
        since=since,
        vaults=tuple(read),
        unread=tuple(unread),
        found=found,
        events=tuple(events),
    )


def _read_of(azure: ReplicationReader, vault: ResourceId, since: datetime) -> Read[list[Json]]:
    local = vault.resource_type.startswith("microsoft.datareplication/")
    return Read(
        what="replication jobs",
        scope=vault,
        call=lambda: azure.list_jobs(vault, since),
        permission=_LOCAL_JOBS if local else _JOBS,
        covers_items=False,
    )


def _by_vault(inventory: Inventory) -> dict[ResourceId, list[InventoryItem]]:
    grouped: dict[ResourceId, list[InventoryItem]] = {}
    for row in inventory.items:
        grouped.setdefault(row.item.vault_id, []).append(row)
    return dict(sorted(grouped.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    ids: Mapping[str, InventoryItem]
    names: Mapping[str, InventoryItem]

    def row_of(self, job: Job) -> InventoryItem | None:
        """Return the item that a job names: by its id, else by a name that only one item has.

        Recorded jobs name the machine and an internal GUID that no item shows.
        """
        named = job.object_id.casefold()
        by_id = self.ids.get(named)
        if by_id is not None or named.startswith("/"):
            return by_id
        return self.names.get(job.object_name.casefold())


def _index(rows: Iterable[InventoryItem]) -> _Index:
    rows = list(rows)
    times = Counter(row.name.casefold() for row in rows)
    ids = {row.id.key: row for row in rows}
    last = Counter(key.rpartition("/")[2] for key in ids)
    ids |= {tail: row for key, row in ids.items() if last[tail := key.rpartition("/")[2]] == 1}
    names = {key: row for row in rows if (key := row.name.casefold()) and times[key] == 1}
    return _Index(ids=ids, names=names)


def _event(job: Job, row: InventoryItem, now: datetime) -> Event:
    state = job.raw_state or "state not told"
    began = "" if job.started_at else ", start not told"
    told = state if job.state is JobState.UNKNOWN else job.state.value
    messages = f": {'; '.join(job.messages)}" if job.messages else ""
    return Event(
        at=job.started_at or now,
        what=f"Job {job.scenario}" if job.scenario else "Job of a kind not told",
        detail=f"{told}{began}, job {job.id}{messages}",
        item_id=row.id,
    )
