"""Changes: stop, purge, clean up. Everything else is refused."""

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from azstaging.emulator import answers
from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.answers import Answer
from azstaging.emulator.console import boot_diagnostics
from azstaging.emulator.guests import start_command
from azstaging.emulator.jobs import Job
from azstaging.emulator.paths import Address
from azstaging.emulator.populate import Entry
from azstaging.emulator.reads import missing
from azstaging.emulator.state import State, Stop

if TYPE_CHECKING:
    from azstaging.emulator.arm import Call

# (method, kind of item, action) -> scenario, operation that the item must allow, list of effects
_CHANGES = {
    ("DELETE", "migration", ""): ("DisableMigration", "DisableMigration", "stops"),
    ("DELETE", "protected", ""): ("PurgeVm", "", "purges"),
    ("DELETE", "local", ""): ("DisableMigration", "DisableProtection", "stops"),
    ("POST", "protected", "remove"): ("DisableDr", "DisableProtection", "stops"),
    ("POST", "migration", "testmigratecleanup"): (
        "TestFailoverCleanup",
        "TestMigrateCleanup",
        "cleanups",
    ),
    ("POST", "protected", "testfailovercleanup"): (
        "TestFailoverCleanup",
        "TestFailoverCleanup",
        "cleanups",
    ),
}


def change(state: State, address: Address, call: "Call", identity: str) -> Answer:
    """Answer a change: accept it as a job, or say why not."""
    action = "" if address.is_instance else address.parts[-1].casefold()
    key = address.up() if action else address.key
    entry = state.entries.get(key)
    if entry is None:
        return missing(state, Address(key) if action else address)
    if (call.method, entry.kind, action) == ("POST", "vm", "runcommand"):
        return start_command(state.guests, entry, call)
    if (call.method, entry.kind, action) == ("POST", "vm", "retrievebootdiagnosticsdata"):
        return boot_diagnostics(state.consoles, entry, call)
    rule = _CHANGES.get((call.method, entry.kind, action))
    if rule is None:
        return answers.error(
            405, "MethodNotAllowed", f"The emulator does not do {call.method} here."
        )
    scenario, operation, effects = rule
    if refusal := _refuse(state, entry, call, operation):
        return refusal
    vault_id = _vault(entry)
    cancelled = "job-cancelled" in call.marks
    options: dict[str, Any] = {
        "fails": cancelled or "job-failed" in call.marks,
        "cancelled": cancelled,
    }
    if "operation-error" in call.marks:
        options["note"] = call.marks["operation-error"]
    job = state.start(scenario, entry, vault_id, **options)
    asked = call.query.get("deleteOption") or call.query.get("forceDelete") or ""
    record = Stop(
        item_id=entry.id,
        identity=identity,
        at=state.clock(),
        job_id=job.id,
        forced=asked.casefold() not in {"", "false"},
    )
    getattr(state, effects).append(record)
    return _accepted(call, entry, job)


def _vault(entry: Entry) -> str:
    if entry.kind == "local":
        return entry.id.partition("/protectedItems/")[0]
    return entry.id.partition("/replicationFabrics/")[0]


def _refuse(state: State, entry: Entry, call: "Call", operation: str) -> Answer | None:
    if lock := _lock_on(state, entry.id, call.method):
        kind = "delete" if call.method == "DELETE" else "write"
        return answers.locked(entry.id, lock, kind)
    if call.method == "POST" and not _has_properties(call.body):
        return answers.bad_request("The request content was invalid: 'properties' is required.")
    name = entry.id.rpartition("/")[2]
    if state.running(entry.id):
        return answers.busy(name)
    properties = entry.body("full")["properties"]
    allowed = properties.get("allowedOperations", properties.get("allowedJobs", []))
    if operation and operation not in allowed:
        return answers.not_allowed(name, operation)
    return None


def _has_properties(body: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(body, type=dict[str, Any]).get("properties"), dict)
    except msgspec.DecodeError:
        return False


def _lock_on(state: State, item_id: str, method: str) -> str:
    """Return the scope of the lock that holds; CanNotDelete does not stop a POST."""
    key = item_id.casefold()
    for lock in state.locks:
        covers = key == lock.scope.casefold() or key.startswith(lock.scope.casefold() + "/")
        if covers and (method == "DELETE" or lock.level == "ReadOnly"):
            return lock.scope
    return ""


def _accepted(call: "Call", entry: Entry, job: Job) -> Answer:
    version = call.query["api-version"]
    signed = _signature(job)
    if job.local:
        status = f"{entry.id}/operations/{job.id}"
        wait = "15"
    else:
        status = f"{job.vault_id}/replicationOperationStatus/{job.id}"
        wait = "30"
    if job.seconds < float(wait):
        wait = str(max(1, round(job.seconds)))
    results = f"{entry.id}/operationresults/{job.id}"
    return Answer(
        status=202,
        headers={
            "Location": f"{call.origin}{results}?api-version={version}&{signed}",
            "Azure-AsyncOperation": f"{call.origin}{status}?api-version={version}&{signed}",
            "Retry-After": wait,
        },
    )


def _signature(job: Job) -> str:
    """Return the query of a signed URL: a secret by its looks, about as long as recorded."""
    ticks = int(job.started.timestamp() * 10_000_000) + 621_355_968_000_000_000
    certificate = "MII" + stable_guid("certificate").replace("-", "") * 60
    return f"t={ticks}&c={certificate}&s={secrets.token_urlsafe(256)}&h={secrets.token_urlsafe(32)}"
