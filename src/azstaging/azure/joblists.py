"""Which rows of a job list belong to a time."""

from datetime import datetime

from azstaging.azure.bodies import Json
from azstaging.model.times import parse_time


def started_since(jobs: list[Json], since: datetime) -> list[Json]:
    """Return the jobs that started at or after ``since``, and those that show no start time.

    A job without one has just been made: it may be the one that is looked for.
    """
    found = []
    for job in jobs:
        properties = job.get("properties")
        started = parse_time(properties.get("startTime")) if isinstance(properties, dict) else None
        if started is None or started >= since:
            found.append(job)
    return found
