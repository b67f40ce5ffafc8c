"""Follow attempts to their end by reading: one job list per vault and tick, never a send."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from azstaging.engine.ports import AzurePort, Clock, Sleep
from azstaging.engine.readback import Jobs, Targets
from azstaging.errors import NotFoundError, StagingError
from azstaging.model.ids import ResourceId
from azstaging.model.items import Collection
from azstaging.model.jobs import JobState
from azstaging.model.plans import Attempt, Receipt
from azstaging.providers import parse_item
from azstaging.rules.outcome import ItemRead, Observation, TargetRead, judge

# Jobs take from 11 seconds to 3.5 minutes in recordings: start quick, settle at 15 seconds.
POLL_SECONDS = (0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """What following needs.

    Attributes:
        settle: how long after an intent silence proves nothing.
        deadline: when to stop waiting, or None; attempts left open then stay open.
    """

    azure: AzurePort
    clock: Clock
    sleep: Sleep
    settle: timedelta
    deadline: datetime | None = None


def follow(
    follower: Follower, attempts: Sequence[Attempt], settled: Callable[[Receipt], None]
) -> tuple[Attempt, ...]:
    """Read until every attempt is settled or the deadline is reached.

    Args:
        follower: ports, clock and limits.
        attempts: open attempts, any vaults.
        settled: called once per receipt, as soon as it is known.

    Returns:
        The attempts that are still open.
    """
    pending = attempts
    tick = 0
    while pending:
        pending = look_once(follower, pending, settled)
        pause = POLL_SECONDS[min(tick, len(POLL_SECONDS) - 1)]
        if not pending or _beyond(follower, pause):
            break
        follower.sleep(pause)
        tick += 1
    return tuple(pending)


def look_once(
    follower: Follower, attempts: Sequence[Attempt], settled: Callable[[Receipt], None]
) -> tuple[Attempt, ...]:
    """Read every attempt once, as `follow` does at each tick; return those still open."""
    pending = []
    for attempt, seen in observe(follower, attempts):
        receipt = judge(attempt, seen, settle=follower.settle)
        if receipt is None:
            pending.append(attempt)
        else:
            settled(receipt)
    return tuple(pending)


def _beyond(follower: Follower, pause: float) -> bool:
    deadline = follower.deadline
    return deadline is not None and follower.clock() + timedelta(seconds=pause) > deadline


def observe(
    follower: Follower, attempts: Sequence[Attempt]
) -> Iterable[tuple[Attempt, Observation]]:
    """Read each attempt's item, job and target once; one job list per vault.

    Where many have ended in one tick, their targets are read as a list; see `Targets`.
    """
    by_vault: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_vault.setdefault(attempt.vault_id.casefold(), []).append(attempt)
    for group in by_vault.values():
        jobs = Jobs(follower.azure, group)
        targets = Targets(follower.azure, jobs.ended(group))
        for attempt in group:
            yield attempt, _observe_one(follower, attempt, jobs, targets)


def _observe_one(follower: Follower, attempt: Attempt, jobs: Jobs, targets: Targets) -> Observation:
    """Read the item once its job has ended, and its target once it is gone.

    While the job runs, or is not found before ``settle``, the list of jobs is all that is read.
    """
    settled = follower.clock() >= attempt.at + follower.settle
    job = jobs.of(attempt, settled=settled)
    silent = job is None and not settled
    if silent or (job is not None and job.state is JobState.RUNNING):
        item = ItemRead.UNREAD
    else:
        item = _read_item(follower.azure, attempt)
    target = TargetRead.UNREAD
    if item is ItemRead.GONE and attempt.target_id:
        target = targets.read(ResourceId(attempt.target_id))
    return Observation(
        at=follower.clock(), item=item, target=target, job=job, jobs_read=jobs.all_read
    )


def _read_item(azure: AzurePort, attempt: Attempt) -> ItemRead:
    item_id = ResourceId(attempt.item_id)
    try:
        body = azure.get_item(item_id)
    except NotFoundError as error:
        # ARM's own 404 says that the vault is missing, which proves nothing of the item.
        return ItemRead.UNREAD if error.gateway else ItemRead.GONE
    except StagingError:
        return ItemRead.UNREAD
    collection = next(c for c in Collection if c.value.casefold() == item_id.key.split("/")[-2])
    # Stopped and protected again in between: this is another replication, not the one we stopped.
    same = parse_item(body, collection).generation == attempt.generation
    return ItemRead.PRESENT if same else ItemRead.REPLACED
