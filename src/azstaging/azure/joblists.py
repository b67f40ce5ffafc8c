"""Which rows of a job list belong to a time."""

from datetime import datetime
from itertools import pairwise

from azstaging.azure.bodies import Json
from azstaging.model.times import parse_time


def started_since(jobs: list[Json], since: datetime) -> list[Json]:
    """Return the jobs that started at or after ``since``, and those that show no start time.

    A job without one has just been made: it may be the one that is looked for.
    """
    times = [_started(job) for job in jobs]
    return [job for job, at in zip(jobs, times, strict=True) if at is None or at >= since]


def newest_first(jobs: list[Json]) -> bool:
    """Tell whether the list goes back in time, so that a cut one lacks only the oldest."""
    times = [at for at in map(_started, jobs) if at is not None]
    return all(later >= earlier for later, earlier in pairwise(times))


def _started(job: Json) -> datetime | None:
    properties = job.get("properties")
    return parse_time(properties.get("startTime")) if isinstance(properties, dict) else None
