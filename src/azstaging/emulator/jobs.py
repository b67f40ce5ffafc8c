"""Replication jobs: NotStarted, InProgress, then Succeeded or Failed, by the emulator's clock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.shapes.scene import NEVER, service_time

Json = dict[str, Any]

_ENDED = frozenset({"Succeeded", "Failed", "Cancelled"})
# A job shows NotStarted for this part of its time.
_QUEUED = 0.1

_FRIENDLY = {
    "DisableMigration": "Stop replication",
    "DisableDr": "Disable replication",
    "PurgeVm": "Force delete replication",
    "TestFailoverCleanup": "Clean up test migration",
}
_TASKS = {
    "DisableMigration": (
        ("DisableProtectionOnPrimary", "Disabling migration"),
        ("UpdateDraState", "Updating the provider states"),
    ),
    "DisableDr": (
        ("DisableProtectionOnPrimary", "Disable replication on the source location"),
        ("DisableProtectionOnSecondary", "Disable replication on the target location"),
        ("UpdateDraState", "Updating the provider states"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job on one item.

    Attributes:
        scenario: ``DisableMigration``, ``DisableDr``, ``PurgeVm`` or ``TestFailoverCleanup``.
        local: it belongs to a DataReplication vault, which has its own shapes and words.
        fails: it ends Failed, and the item stays.
        cancelled: it fails because somebody cancelled it.
        note: an error that the operation status carries beside Succeeded.
    """

    id: str
    scenario: str
    vault_id: str
    item_id: str
    item_name: str
    object_id: str
    started: datetime
    seconds: float
    local: bool = False
    fails: bool = False
    cancelled: bool = False
    note: Json | None = field(default=None)

    @property
    def ends(self) -> datetime:
        """When it reaches its final state."""
        return self.started + timedelta(seconds=self.seconds)

    def state(self, now: datetime) -> str:
        """State in Site Recovery's words."""
        if now >= self.ends:
            if self.fails:
                return "Cancelled" if self.cancelled else "Failed"
            return "Succeeded"
        queued = self.started + timedelta(seconds=self.seconds * _QUEUED)
        return "NotStarted" if now < queued else "InProgress"

    def error(self) -> Json:
        """Return the error of the failed job."""
        return {
            "code": "539",
            "message": "The requested action couldn't be performed by the provider.",
            "details": [],
        }

    @property
    def arm_id(self) -> str:
        """The job's ARM id."""
        return f"{self.vault_id}/{'jobs' if self.local else 'replicationJobs'}/{self.id}"


def site_recovery_job(job: Job, now: datetime, *, slim: bool) -> Json:
    """Render a job; ``slim`` is the row of the list: no tasks, no activity, no details."""
    state = job.state(now)
    ended = state in _ENDED
    properties: Json = {
        "activityId": None if slim else f"{job.id} ActivityId: {stable_guid('act', job.id)}",
        "scenarioName": job.scenario,
        "friendlyName": _FRIENDLY.get(job.scenario, job.scenario),
        "state": state,
        "stateDescription": "Completed" if state == "Succeeded" else state,
        "tasks": [] if slim else _tasks(job, now),
        "errors": [] if slim or state != "Failed" else [_job_error(job)],
        "startTime": service_time(job.started),
        "allowedActions": [] if ended else ["Cancel"],
        "targetObjectId": job.object_id,
        "targetObjectName": job.item_name,
        "targetInstanceType": "ProtectionEntity",
        "customDetails": None if slim else _custom(job),
    }
    if ended:
        properties["endTime"] = service_time(job.ends)
    return {
        "id": job.arm_id,
        "name": job.id,
        "type": "Microsoft.RecoveryServices/vaults/replicationJobs",
        "properties": properties,
    }


def _tasks(job: Job, now: datetime) -> list[Json]:
    state = job.state(now)
    names = _TASKS.get(job.scenario, ((job.scenario, job.scenario),))
    tasks: list[Json] = []
    for index, (name, friendly) in enumerate(names):
        begun = state in _ENDED or (state == "InProgress" and index == 0)
        own = state if begun else "NotStarted"
        over = own in _ENDED
        tasks.append(
            {
                "taskId": f"{name}Task",
                "name": name,
                "startTime": service_time(job.started) if begun else NEVER,
                "endTime": service_time(job.ends) if over else NEVER,
                "allowedActions": [],
                "friendlyName": friendly,
                "state": own,
                "stateDescription": "Completed" if own == "Succeeded" else own,
                "taskType": "TaskDetails",
                "customDetails": {"instanceType": "TaskDetails"},
                "groupTaskCustomDetails": None,
                "errors": [],
            }
        )
    return tasks


def _job_error(job: Job) -> Json:
    error = job.error()
    return {
        "serviceErrorDetails": {
            "code": error["code"],
            "message": error["message"],
            "possibleCauses": "The provider could not be reached.",
            "recommendedAction": "Check the appliance and try again.",
            "activityId": stable_guid("act", job.id),
        },
        "providerErrorDetails": None,
        "errorLevel": "Error",
        "creationTime": service_time(job.ends),
        "taskId": "",
    }


def _custom(job: Job) -> Json:
    container = job.item_id.partition("/replicationProtectionContainers/")[2].partition("/")[0]
    fabric = job.item_id.partition("/replicationFabrics/")[2].partition("/")[0]
    details = {
        "primaryVmId": job.object_id,
        "primaryVmName": job.item_name,
        "recoveryVmId": "",
        "recoveryVmName": job.item_name,
        "protectionProfileId": stable_guid("policy", fabric),
        "primaryCloudId": f"cloud_{stable_guid('cloud', container)}",
        "primaryCloudName": container,
        "recoveryCloudId": stable_guid("cloud", "azure"),
        "recoveryCloudName": "Microsoft Azure",
        "primaryVmmId": stable_guid("vmm", fabric),
        "primaryVmmName": fabric,
        "recoveryVmmId": stable_guid("vmm", "azure"),
        "recoveryVmmName": "Microsoft Azure",
        "primaryFabricProviderId": "VMwareV2",
        "recoveryFabricProviderId": "Azure",
    }
    return {"instanceType": "AsrJobDetails", "affectedObjectDetails": details}


_LOCAL_STATE = {
    "NotStarted": "Pending",
    "InProgress": "Started",
    "Succeeded": "Succeeded",
    "Failed": "Failed",
    "Cancelled": "Cancelled",
}


def local_job(job: Job, now: datetime) -> Json:
    """Render a job of a DataReplication vault; its provisioning state means nothing."""
    state = _LOCAL_STATE[job.state(now)]
    ended = state in _ENDED
    tasks = ("Prerequisite check", "Deleting protected item")
    properties: Json = {
        "displayName": "Delete protected item",
        "state": state,
        "startTime": service_time(job.started),
        "objectId": job.item_id,
        "objectName": job.item_id.rpartition("/")[2],
        "objectInternalId": job.object_id,
        "objectInternalName": job.item_name,
        "objectType": "ProtectedItem",
        "replicationProviderId": stable_guid("provider", "azlocal"),
        "sourceFabricProviderId": stable_guid("provider", "source"),
        "targetFabricProviderId": stable_guid("provider", "azlocal"),
        "allowedActions": [],
        "activityId": stable_guid("act", job.id),
        "tasks": [{"taskName": name, "state": state} for name in tasks],
        "errors": [],
        "customProperties": {"instanceType": "WorkflowDetails", "affectedObjectDetails": {}},
    }
    if ended:
        properties["endTime"] = service_time(job.ends)
    return {
        "properties": properties,
        "id": job.arm_id,
        "name": job.id,
        "type": "Microsoft.DataReplication/replicationVaults/jobs",
        "systemData": None,
    }


def operation_status(job: Job, now: datetime) -> Json:
    """Render ``replicationOperationStatus``, which no published description has."""
    state = job.state(now)
    running = state in {"NotStarted", "InProgress"}
    problem = job.error() if state == "Failed" else job.note
    return {
        "error": problem,
        "id": None,
        "name": job.id,
        "properties": None,
        "status": "InProgress" if running else state,
        "startTime": service_time(job.started),
        "endTime": None if running else service_time(job.ends),
        "percentComplete": None,
    }
