"""Replication jobs of either service as one value.

Site Recovery: ``properties.{scenarioName, state, targetObjectId, targetObjectName, errors}``.
DataReplication: ``properties.{displayName, state, objectId, objectName, errors}``; its
``provisioningState`` says "Canceled" on running jobs and is not read.

Azure: ReplicationJobs_List, ReplicationJobs_Get
    https://learn.microsoft.com/rest/api/site-recovery/replication-jobs
"""

from collections.abc import Mapping
from typing import Any

from azstaging.model.jobs import Job, JobState
from azstaging.model.times import parse_time

_STATES = {
    "notstarted": JobState.RUNNING,
    "inprogress": JobState.RUNNING,
    "pending": JobState.RUNNING,
    "started": JobState.RUNNING,
    "cancelling": JobState.RUNNING,
    "succeeded": JobState.SUCCEEDED,
    "completedwithinformation": JobState.SUCCEEDED,
    "completedwithwarnings": JobState.SUCCEEDED,
    "completedwitherrors": JobState.FAILED,
    "partiallysucceeded": JobState.FAILED,
    "failed": JobState.FAILED,
    "cancelled": JobState.FAILED,
    "canceled": JobState.FAILED,
    "suspended": JobState.SUSPENDED,
}


def parse_job(body: Mapping[str, Any]) -> Job:
    """Read one job of either service; anything missing stays empty or UNKNOWN."""
    properties = body.get("properties")
    fields: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
    raw_state = _text(fields.get("state"))
    return Job(
        id=_text(body.get("name")) or _text(body.get("id")).rsplit("/", 1)[-1],
        scenario=_text(fields.get("scenarioName")) or _text(fields.get("displayName")),
        state=_STATES.get(raw_state.casefold(), JobState.UNKNOWN),
        raw_state=raw_state,
        object_id=_text(fields.get("targetObjectId")) or _text(fields.get("objectId")),
        object_name=_text(fields.get("targetObjectName")) or _text(fields.get("objectName")),
        started_at=parse_time(fields.get("startTime")),
        messages=tuple(_messages(fields.get("errors"))),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _messages(errors: object) -> list[str]:
    found: list[str] = []
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, Mapping):
            details = error.get("serviceErrorDetails") or error.get("providerErrorDetails") or error
            if isinstance(details, Mapping):
                found.append(_text(details.get("message")) or _text(details.get("errorMessage")))
    return [message for message in found if message]
