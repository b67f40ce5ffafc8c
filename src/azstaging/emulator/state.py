"""The live state: resources by id, lists by path, jobs, and what was done to the estate.

Tests read and change it while the server runs; every public method takes the state's lock.
"""

import copy
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from azstaging.emulator.activity import Event
from azstaging.emulator.console import Consoles
from azstaging.emulator.estate import Estate, Lock, Machine
from azstaging.emulator.guests import GuestState
from azstaging.emulator.jobs import Job
from azstaging.emulator.populate import Entry, populate
from azstaging.emulator.shapes.backup import backup_item
from azstaging.emulator.shapes.scene import Scene
from azstaging.emulator.waves import Executions

Json = dict[str, Any]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One accepted request that ends a replication, or only cleans up or purges.

    Attributes:
        forced: ``deleteOption`` or ``forceDelete`` asked to do it by force.
    """

    item_id: str
    identity: str
    at: datetime
    job_id: str
    forced: bool = False


class State:
    """Everything that changes while the emulator runs.

    Attributes:
        stops: accepted stops, in order: the effect counter of a release.
        purges: accepted purges; nothing should ever be here.
        cleanups: accepted clean-ups of test machines.
        registrations: resource providers that somebody registered; nothing should be here.
        events: what the activity log tells, in order.
        backups: casefolded id of a vault -> its backup items.
        consoles: what machines show on their consoles; others show a login.
        guests: what Run Command finds inside machines.
        metrics: casefolded VM id -> metric -> value in every interval; others are quiet.
        executions: casefolded id of a wave's execution -> step id -> step; empty at first.
    """

    def __init__(self, estate: Estate, clock: Clock, job_seconds: float) -> None:
        self.estate = estate
        self.clock = clock
        self.job_seconds = job_seconds
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Return to the estate as it was described, at the time it is now."""
        with self.lock:
            self.scene = Scene(self.estate, self.clock())
            self.entries, self.lists = populate(self.scene)
            self.removed: dict[str, Entry] = {}
            self.locks: list[Lock] = list(self.estate.locks)
            self.jobs: dict[str, Job] = {}
            self._running: dict[str, Job] = {}
            self.stops: list[Stop] = []
            self.purges: list[Stop] = []
            self.cleanups: list[Stop] = []
            self.registrations: list[str] = []
            self.backups: dict[str, list[Json]] = {}
            self.guests = GuestState()
            self.consoles: Consoles = {}
            self.metrics: dict[str, dict[str, float]] = {}
            self.executions: Executions = {}
            self.events: list[Event] = []

    def back_up(
        self, vault_id: str, vm_id: str, last_point: datetime | None, *, state: str = "Protected"
    ) -> None:
        """Protect a machine with a backup item of a vault; it may have no recovery point yet."""
        with self.lock:
            item = backup_item(vault_id, vm_id, last_point=last_point, state=state)
            self.backups.setdefault(vault_id.casefold(), []).append(item)

    def machine(self, key: str) -> Machine:
        """Return a machine's specification by its key."""
        for machine in self.estate.machines:
            if machine.key == key:
                return machine
        raise KeyError(key)

    def item_id(self, key: str) -> str:
        """Return the ARM id of a machine's replicated item."""
        return self.scene.ids.item(self.machine(key))

    def vm_id(self, key: str) -> str:
        """Return the ARM id of a machine's target VM."""
        return self.scene.ids.vm(self.machine(key))

    def exists(self, resource_id: str) -> bool:
        """Tell whether a resource is there now."""
        with self.lock:
            self.settle()
            return resource_id.casefold() in self.entries

    def body(self, resource_id: str) -> Json:
        """Return a copy of what GET would answer now.

        Raises:
            KeyError: there is no such resource.
        """
        with self.lock:
            self.settle()
            return copy.deepcopy(self.entries[resource_id.casefold()].body("full"))

    def change(self, resource_id: str, changes: dict[str, Any], *, by: str = "") -> None:
        """Change fields of a resource: ``{"properties.migrationState": "Replicating"}``.

        Args:
            resource_id: its ARM id.
            changes: path -> value.
            by: who does it; the activity log then tells it, else it does not.

        Raises:
            KeyError: there is no such resource.
        """
        with self.lock:
            key = resource_id.casefold()
            entry = self.entries[key]
            body = copy.deepcopy(entry.body("full"))
            for path, value in changes.items():
                *parents, last = path.split(".")
                node = body
                for name in parents:
                    node = node.setdefault(name, {})
                node[last] = value
            self.entries[key] = replace(entry, override=body)
            if by:
                operation = f"{body['type']}/write"
                at = self.clock()
                self.events.append(
                    Event(resource_id=body["id"], caller=by, operation=operation, at=at)
                )

    def add(self, body: Json, lists: Iterable[str] = ()) -> None:
        """Add a resource with this body (its ``id`` counts) to the named list paths."""
        with self.lock:
            key = str(body["id"]).casefold()
            self.entries[key] = Entry(id=body["id"], kind="", override=body)
            for path in lists:
                self.lists.setdefault(path.casefold(), []).append(key)

    def remove(self, resource_id: str) -> None:
        """Take a resource away; lists skip it from now on."""
        with self.lock:
            key = resource_id.casefold()
            if entry := self.entries.pop(key, None):
                self.removed[key] = entry

    def running(self, item_id: str) -> Job | None:
        """Return the job that runs on an item now."""
        return self._running.get(item_id.casefold())

    def start(self, scenario: str, entry: Entry, vault_id: str, **options: Any) -> Job:
        """Start a job on an item and show it on the item."""
        body = entry.body("full")
        properties = body["properties"]
        name = properties.get("machineName") or properties.get("friendlyName") or ""
        local = entry.kind == "local"
        job = Job(
            id=str(uuid.uuid4()),
            scenario=scenario,
            vault_id=vault_id,
            item_id=entry.id,
            item_name=name or properties.get("fabricObjectName", ""),
            object_id=str(uuid.uuid5(uuid.NAMESPACE_URL, entry.id)),
            started=self.clock(),
            seconds=self.job_seconds,
            local=local,
            **options,
        )
        self.jobs[job.id] = job
        self._running[entry.id.casefold()] = job
        self.change(entry.id, _while_running(entry.kind, job))
        return job

    def settle(self) -> None:
        """Let every job whose time has come take effect."""
        now = self.clock()
        for key, job in [*self._running.items()]:
            if now >= job.ends:
                del self._running[key]
                self._finish(key, job)

    def _finish(self, key: str, job: Job) -> None:
        entry = self.entries.get(key)
        if entry is None:
            return
        if job.fails:
            self.change(entry.id, _after_failure(entry.kind))
        elif job.scenario == "TestFailoverCleanup":
            self._finish_cleanup(entry)
        else:
            self.remove(entry.id)
            for owned in entry.owned:
                self.remove(owned)

    def _finish_cleanup(self, entry: Entry) -> None:
        for owned in entry.test_owned:
            self.remove(owned)
        operations = entry.body("full")["properties"].get("allowedOperations", [])
        kept = [o for o in operations if o not in {"TestMigrateCleanup", "TestFailoverCleanup"}]
        state = "testMigrateState" if entry.kind == "migration" else "testFailoverState"
        self.change(
            entry.id,
            {
                f"properties.{state}": "None",
                f"properties.{state}Description": "None",
                "properties.allowedOperations": kept,
                **_idle(entry),
            },
        )

    def advance(self, seconds: float) -> None:
        """Let running jobs be ``seconds`` older than they are."""
        with self.lock:
            for key, job in [*self._running.items()]:
                older = replace(job, started=job.started - timedelta(seconds=seconds))
                self._running[key] = self.jobs[job.id] = older
            self.settle()


def _idle(entry: Entry) -> dict[str, Any]:
    vault = entry.id.partition("/replicationFabrics/")[0]
    field, name = _job_field(entry.kind)
    idle = {name: "None", "jobId": f"{vault}/replicationJobs/None"}
    return {f"properties.{field}": {**idle, "startTime": "1753-01-01T01:01:01Z"}}


def _job_field(kind: str) -> tuple[str, str]:
    return ("currentJob", "jobName") if kind == "migration" else ("currentScenario", "scenarioName")


def _while_running(kind: str, job: Job) -> dict[str, Any]:
    if kind == "local":
        current = {"scenarioName": "DisableProtection", "id": job.arm_id, "name": job.id}
        return {
            "properties.currentJob": {**current, "displayName": "Delete protected item"},
            "properties.protectionState": "DisablingProtection",
            "properties.allowedJobs": [],
        }
    field, name = _job_field(kind)
    started = job.started.strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z"
    current = {name: job.scenario, "jobId": job.arm_id, "startTime": started}
    changes = {f"properties.{field}": current, "properties.allowedOperations": []}
    if job.scenario == "TestFailoverCleanup":
        return changes
    state = "migrationState" if kind == "migration" else "protectionState"
    value = "DisableMigrationInProgress" if kind == "migration" else "DisablingProtection"
    return {**changes, f"properties.{state}": value}


def _after_failure(kind: str) -> dict[str, Any]:
    if kind == "local":
        return {
            "properties.protectionState": "DisablingFailed",
            "properties.allowedJobs": ["DisableProtection"],
            "properties.currentJob": None,
        }
    if kind == "migration":
        return {
            "properties.migrationState": "DisableMigrationFailed",
            "properties.allowedOperations": ["DisableMigration"],
            "properties.currentJob.jobName": "None",
        }
    return {
        "properties.protectionState": "DisablingFailed",
        "properties.allowedOperations": ["DisableProtection"],
        "properties.currentScenario.scenarioName": "None",
    }
