"""What became of one attempt: a pure judgement over what was read afterwards.

A change is proven by reading: the job by its id, the item gone by the provider's own 404, the
target VM still there. Nothing here sends, and nothing concludes from silence before ``settle``.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from azstaging.model.jobs import Job, JobState
from azstaging.model.plans import Attempt, Receipt, ReceiptState

JOB_CLOCK_SKEW = timedelta(minutes=5)


class ItemRead(enum.Enum):
    """What reading the item said."""

    PRESENT = "present"
    GONE = "gone"
    UNREAD = "unread"
    REPLACED = "replicating again as another generation"


class TargetRead(enum.Enum):
    """What reading the target VM said."""

    PRESENT = "present"
    GONE = "gone"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was read of one attempt at ``at``.

    Attributes:
        job: the attempt's job, or None when none was found.
        jobs_read: False when the jobs could not be read; then no job proves nothing.
    """

    at: datetime
    item: ItemRead
    target: TargetRead
    job: Job | None
    jobs_read: bool


def find_job(attempt: Attempt, jobs: Iterable[Job]) -> Job | None:
    """Find the job of an attempt: by its id, else the latest stop job on this very item.

    Without a job id a job counts only if it names the item's id, or its name where no other
    item has that name, and did not start before the intent. Recorded jobs name the machine and
    an internal GUID that no item shows: such a GUID neither proves nor disproves anything.
    """
    latest: Job | None = None
    for job in jobs:
        if attempt.job_id:
            if job.id.casefold() == attempt.job_id.casefold():
                return job
        elif _is_ours(attempt, job) and (latest is None or _start(job) > _start(latest)):
            latest = job
    return latest


def _start(job: Job) -> float:
    return job.started_at.timestamp() if job.started_at else 0.0


def _is_ours(attempt: Attempt, job: Job) -> bool:
    if not job.stops_replication or job.started_at is None:
        return False
    if job.started_at < attempt.at - JOB_CLOCK_SKEW:
        return False
    last = attempt.item_id.rsplit("/", 1)[-1].casefold()
    object_id = job.object_id.casefold()
    if object_id in {attempt.item_id.casefold(), last}:
        return True
    if object_id.startswith("/"):
        return False
    return not attempt.ambiguous_name and job.object_name.casefold() == attempt.name.casefold()


def judge(attempt: Attempt, seen: Observation, *, settle: timedelta) -> Receipt | None:
    """Judge one attempt; None means: not settled, read again.

    Args:
        attempt: what was intended and, if answered, its job id.
        seen: one fresh observation.
        settle: how long after the intent silence proves nothing.
    """
    state, reason = _state(attempt, seen, settled=seen.at >= attempt.at + settle)
    if state is None:
        return None
    return Receipt(
        item_id=attempt.item_id,
        name=attempt.name,
        generation=attempt.generation,
        plan_digest=attempt.plan_digest,
        state=state,
        at=seen.at,
        reason=reason,
        job_id=seen.job.id if seen.job else attempt.job_id,
        witnesses=_witnesses(attempt, seen),
    )


def _state(
    attempt: Attempt, seen: Observation, *, settled: bool
) -> tuple[ReceiptState | None, str]:
    job = seen.job.state if seen.job else None
    if seen.item is ItemRead.GONE:
        return _gone(attempt, seen, job, settled=settled)
    if seen.item is ItemRead.PRESENT:
        if job is None and not seen.jobs_read:
            unread = "the item is there, but its jobs could not be read"
            return (ReceiptState.UNKNOWN, unread) if settled else (None, "")
        return _present(attempt, job, settled=settled)
    if settled and job is not JobState.RUNNING:
        if seen.item is ItemRead.REPLACED:
            return ReceiptState.UNKNOWN, "it replicates again, as another generation"
        return ReceiptState.UNKNOWN, "the item could not be read"
    return None, ""


def _gone(
    attempt: Attempt, seen: Observation, job: JobState | None, *, settled: bool
) -> tuple[ReceiptState | None, str]:
    if job is JobState.SUCCEEDED:
        # Without a target in the intent (Azure Local by policy, or given up) none can be missed.
        if seen.target is TargetRead.PRESENT or not attempt.target_id:
            return ReceiptState.DONE, ""
        if seen.target is TargetRead.GONE:
            return ReceiptState.UNKNOWN, "replication has stopped, but the target VM is not there"
        if not settled:
            return None, ""
        return ReceiptState.UNKNOWN, "replication has stopped, but the target VM could not be read"
    if not settled or job is JobState.RUNNING:
        return None, ""
    if job is JobState.FAILED:
        return ReceiptState.UNKNOWN, "the job failed, and yet the item is gone"
    return ReceiptState.UNKNOWN, "the item is gone, but no finished job proves who stopped it"


def _present(
    attempt: Attempt, job: JobState | None, *, settled: bool
) -> tuple[ReceiptState | None, str]:
    if job is JobState.FAILED:
        return ReceiptState.FAILED, "the job that stops replication failed; the item is there"
    if not settled or job is JobState.RUNNING:
        return None, ""
    if job is JobState.SUCCEEDED:
        return ReceiptState.UNKNOWN, "the job succeeded, but the item is still there"
    if job is JobState.SUSPENDED:
        return ReceiptState.UNKNOWN, "the job waits for a person to resume it"
    if job is None and not attempt.answered:
        return ReceiptState.NONE, "the item is unchanged and no job was started; held"
    return ReceiptState.UNKNOWN, "the request was accepted, but its job cannot be found"


def _witnesses(attempt: Attempt, seen: Observation) -> tuple[str, ...]:
    target = f"target VM {seen.target.value}" if attempt.target_id else "no target VM was known"
    lines = [f"item {seen.item.value}", target]
    if seen.job is None and attempt.client_request_id:
        lines.append(f"x-ms-client-request-id {attempt.client_request_id}")
    if seen.job is not None:
        lines.insert(0, f"job {seen.job.id} {seen.job.raw_state} ({seen.job.scenario})")
        lines += [f"job message: {message}" for message in seen.job.messages]
    return tuple(lines)
