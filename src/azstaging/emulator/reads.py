"""Reads: one resource, a page of a list, jobs, operation status, locks, sizes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azstaging.emulator import answers
from azstaging.emulator.activity import activity
from azstaging.emulator.answers import Answer
from azstaging.emulator.estate import Lock
from azstaging.emulator.guests import command_operation
from azstaging.emulator.jobs import Job, local_job, operation_status, site_recovery_job
from azstaging.emulator.metrics import metrics
from azstaging.emulator.paths import Address
from azstaging.emulator.populate import Entry
from azstaging.emulator.shapes import compute
from azstaging.emulator.state import State

if TYPE_CHECKING:
    from azstaging.emulator.arm import Call

Json = dict[str, Any]
_OFFAZURE_PAGE = 100
_EXTENSION = "/providers/microsoft.authorization/locks"


def read(state: State, address: Address, call: "Call", *, page_size: int, stale: bool) -> Answer:
    """Answer a GET: the first reader that knows the path."""
    readers: tuple[Callable[[State, Address, Call], Answer | None], ...] = (
        activity,
        metrics,
        lambda state, address, _call: command_operation(state.guests, address),
        _operation,
        _job,
        _locks,
        _sizes,
        _backups,
    )
    if _orphan(state, address):
        return missing(state, address)
    for reader in readers:
        if (answer := reader(state, address, call)) is not None:
            return answer
    if (entry := state.entries.get(address.key)) is not None:
        model = entry.kind == "vm" and "$expand" not in call.query
        body = entry.body("model" if model else "full")
        return Answer(status=200, body=_spelled(body, entry, call))
    if address.key.endswith("/instanceview") and address.up() in state.entries:
        body = state.entries[address.up()].body("full")
        return Answer(status=200, body=body["properties"]["instanceView"])
    if address.key in state.lists:
        rows = _Rows(state, address, call, stale=stale)
        return page(address, call, state.lists[address.key], rows, page_size=page_size)
    return missing(state, address)


def _orphan(state: State, address: Address) -> bool:
    """Tell whether the path lies in a vault that is not there: then ARM itself answers."""
    vault = address.vault_key
    return bool(vault) and vault not in state.entries


# The same fields in other letters since 2023.
_NEW_SPELLING = {
    "allocatedMemoryInMB": "allocatedMemoryInMb",
    "guestOSDetails": "guestOsDetails",
    "vCenterFQDN": "vCenterFqdn",
    "maxMemoryMB": "maxMemoryMb",
}


def _spelled(body: Json, entry: Entry, call: "Call") -> Json:
    """Spell a discovered machine as the asked api-version does."""
    if entry.kind != "discovered" or call.query["api-version"] < "2023":
        return body
    properties = {_NEW_SPELLING.get(k, k): v for k, v in body["properties"].items()}
    return {**body, "properties": properties}


class _Rows:
    """Renders the rows of a list; None for one that is gone."""

    def __init__(self, state: State, address: Address, call: "Call", *, stale: bool) -> None:
        self.entries = state.entries
        self.removed = state.removed if stale else {}
        self.view = "full"
        if address.key.endswith("/replicationmigrationitems"):
            # Recorded so: the list leaves disks and adapters out.
            self.view = "slim"
        if address.key.endswith("/virtualmachines"):
            self.view = "status" if call.query.get("statusOnly") == "true" else "model"
        wanted = call.query.get("$filter", "").casefold()
        _, found, kind = wanted.partition("resourcetype eq ")
        self.kind = kind.strip("' )") if found else ""
        self.call = call
        self.generic = address.key.endswith("/resources")

    def __call__(self, key: str) -> Json | None:
        entry = self.entries.get(key) or self.removed.get(key)
        if entry is None:
            return None
        body = entry.body(self.view)
        if self.kind and body["type"].casefold() != self.kind:
            return None
        if self.generic:
            return {name: body[name] for name in _GENERIC if name in body}
        return _spelled(body, entry, self.call)


_GENERIC = ("id", "name", "type", "location", "kind", "managedBy", "sku", "tags")


def page(
    address: Address,
    call: "Call",
    keys: list[str],
    row: Callable[[str], Json | None],
    *,
    page_size: int,
) -> Answer:
    """Answer one page of a list.

    The token is a position in a list that only grows, so rows that vanish between two pages
    never make another row vanish.
    """
    offazure = "microsoft.offazure" in address.key
    name = "continuationToken" if offazure else "$skipToken"
    size = min(page_size, _OFFAZURE_PAGE) if offazure else page_size
    token = call.query.get(name) or call.query.get("skipToken") or "at:0"
    try:
        start = int(token.removeprefix("at:"))
    except ValueError:
        return answers.error(400, "BadRequest", f"The continuation token '{token}' is invalid.")
    rows: list[Json] = []
    index = start
    while index < len(keys) and len(rows) < size:
        if (body := row(keys[index])) is not None:
            rows.append(body)
        index += 1
    link = _next_link(address, call, name, index, len(keys)) if index < len(keys) else None
    answer: Json = {"value": rows}
    if link or _says_null(address):
        answer["nextLink"] = link
    return Answer(status=200, body=answer)


def _says_null(address: Address) -> bool:
    """Whether the last page says ``nextLink: null`` or leaves it out; both were recorded."""
    return "/replication" in address.key or "microsoft.offazure" in address.key


def _next_link(address: Address, call: "Call", name: str, index: int, total: int) -> str:
    query = [f"{k}={quote(v, safe='')}" for k, v in call.query.items() if k not in _PAGING]
    if "microsoft.offazure" in address.key:
        # Recorded so: lower-case escapes, and the total beside the token.
        query += ["$top=100", f"{name}=at%3a{index}", f"totalRecordCount={total}"]
    else:
        query.append(f"{name}=at%3A{index}")
    return f"{call.origin}{quote(address.path)}?{'&'.join(query)}"


_PAGING = {"$skipToken", "skipToken", "continuationToken", "$top", "totalRecordCount"}


def _operation(state: State, address: Address, _call: "Call") -> Answer | None:
    """Answer the operation URLs: status, results, and Azure Local's ``operations``."""
    kind = address.parts[-2].casefold() if len(address.parts) > 1 else ""
    if kind not in {"replicationoperationstatus", "operationresults", "operations"}:
        return None
    job = state.jobs.get(address.parts[-1].casefold())
    if job is None:
        return answers.item_not_found(address.parts[-1])
    now = state.clock()
    if kind == "replicationoperationstatus":
        return Answer(status=200, body=operation_status(job, now))
    if kind == "operations":
        return Answer(status=200, body=_local_operation(job, state))
    running = job.state(now) in {"NotStarted", "InProgress"}
    return Answer(status=202 if running else 204)


def _local_operation(job: Job, state: State) -> Json:
    status = operation_status(job, state.clock())
    names = ("name", "status", "startTime", "endTime")
    return {"id": f"{job.item_id}/operations/{job.id}", **{k: status[k] for k in names}}


def _job(state: State, address: Address, call: "Call") -> Answer | None:
    """Answer the jobs of a vault, as a list without details or one by one."""
    last = address.parts[-1].casefold()
    now = state.clock()
    if last in {"replicationjobs", "jobs"} and address.up() in state.entries:
        local = last == "jobs"
        found = [
            job
            for job in reversed(state.jobs.values())
            if job.local is local and job.vault_id.casefold() == address.up()
        ]
        rows = {job.id: job for job in found}
        make = (
            (lambda key: local_job(rows[key], now))
            if local
            else (lambda key: site_recovery_job(rows[key], now, slim=True))
        )
        return page(address, call, list(rows), make, page_size=_JOBS_PAGE)
    if len(address.parts) > 1 and address.parts[-2].casefold() in {"replicationjobs", "jobs"}:
        job = state.jobs.get(last)
        if job is None or job.vault_id.casefold() != address.up(2):
            return answers.item_not_found(address.parts[-1])
        body = local_job(job, now) if job.local else site_recovery_job(job, now, slim=False)
        return Answer(status=200, body=body)
    return None


_JOBS_PAGE = 200


def _locks(state: State, address: Address, call: "Call") -> Answer | None:
    """Answer the locks of a subscription, a group or a resource: its own and those around it."""
    if not address.key.endswith(_EXTENSION):
        return None
    scope = address.key.removesuffix(_EXTENSION)
    found: dict[str, Lock] = {}
    for lock in state.locks:
        at = lock.scope.casefold()
        if at == scope or at.startswith(f"{scope}/") or scope.startswith(f"{at}/"):
            found[compute.lock_id(lock)] = lock
    row = lambda key: compute.lock_body(found[key])  # noqa: E731 - one line, one use
    return page(address, call, list(found), row, page_size=_JOBS_PAGE)


def _sizes(state: State, address: Address, call: "Call") -> Answer | None:
    """Answer ``locations/{location}/vmSizes`` and ``skus``, both unpaged."""
    sizes = state.estate.sizes
    if address.key.endswith("/vmsizes") and "locations" in address.key:
        return Answer(status=200, body={"value": [compute.vm_size(size) for size in sizes]})
    if address.key.endswith("/providers/microsoft.compute/skus"):
        _, _, location = call.query.get("$filter", "").partition("location eq ")
        where = location.strip("' ") or "westeurope"
        return Answer(status=200, body={"value": [compute.sku(size, where) for size in sizes]})
    return None


def _backups(state: State, address: Address, call: "Call") -> Answer | None:
    """Answer the backup items of a vault; the filter by workload changes nothing here."""
    if not address.key.endswith("/backupprotecteditems") or address.up() not in state.entries:
        return None
    rows = {body["id"]: body for body in state.backups.get(address.up(), [])}
    return page(address, call, list(rows), rows.__getitem__, page_size=_JOBS_PAGE)


def missing(state: State, address: Address) -> Answer:
    """Answer 404 in the words of whoever would: the resource provider, or ARM before it."""
    group = f"/subscriptions/{address.subscription}/resourcegroups/{address.group}".casefold()
    name = address.parts[-1]
    if address.group and group not in state.entries:
        return answers.error(
            404, "ResourceGroupNotFound", f"Resource group '{address.group}' could not be found."
        )
    if address.vault_key in state.entries and address.vault_key != address.key:
        return answers.item_not_found(name)
    if "microsoft.offazure" in address.key and address.up(2) in state.entries:
        message = f"Machine name '{name}' cannot be found."
        body = {"error": {"code": "MachineNotFound", "message": message}}
        return Answer(status=404, body=body)
    return answers.resource_not_found(_relative(address), address.group)


def _relative(address: Address) -> str:
    kind, _, name = address.path.partition("/providers/")[2].rpartition("/")
    return f"{kind}/{name}"
