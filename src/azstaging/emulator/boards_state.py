"""The work items of one emulated Azure Boards project: revisions, rules, relations.

Sources. Recorded: the shape of updates and relations; that a change of relations alone makes an
update but no revision. Documented: states and categories per process. Guessed: no revision for a
patch that changes nothing, and how a link shows on its other end.
"""

import base64
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from azstaging.emulator.boards_patch import INVERSE, BoardsError, Change, Json, WorkItem, target_of
from azstaging.emulator.boards_process import COMPLETED, DUE_DATE_TYPES, FIELDS, PROCESSES, State

_NAMESPACE = uuid.UUID("5264459e-e5e0-4bd8-b118-0985e68a4ec5")


@dataclass(frozen=True, kw_only=True)
class BoardsRequest:
    """One line of the request log; the credential is kept as its scheme and its owner only."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    scheme: str
    identity: str

    @property
    def is_write(self) -> bool:
        """Whether it would change a work item."""
        if self.query.get("validateOnly", "").casefold() == "true":
            return False
        creates = self.method == "POST" and "/workitems/" in self.path.casefold()
        return self.method in {"PATCH", "DELETE"} or creates


@dataclass(kw_only=True)
class BoardsFault:
    """A misbehaviour for the next ``times`` matching requests.

    Attributes:
        kind: ``sign-in`` (203 and HTML), ``drop-before``, ``drop-after`` (the effect happens, the
            answer does not come), ``redirect``, ``status`` (an error body), ``retry-after`` (the
            ordinary answer with the header).
        method, path: match when equal, and when contained (without case); "" matches all.
    """

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    status: int = 503
    type_key: str = "ServiceUnavailableException"
    retry_after_seconds: float | None = None
    location: str = ""


@dataclass(kw_only=True)
class BoardsState:
    """One organisation with one project.

    Args:
        organization: first segment of every path; compared without case.
        project: name of the project; its id works too.
        process: ``Scrum``, ``Agile``, ``Basic`` or ``CMMI``.
        custom_states: per type, (name, category) pairs added before the first completed state.
        custom_types: name -> (state, category) pairs of types that only this process has.
        custom_fields: reference names of extra string fields.
        forbidden: (type, from, to) transitions that a rule refuses.
        required: (type, state) -> field that must be set in that state.
        pats: personal access tokens -> owner.
        identify: (scheme, credential) -> owner, or None to refuse; overrides the default.
        retry_after_seconds: sent with every 200, as when the service asks to slow down.
        writes_per_second: budget of writes; beyond it Retry-After on 200, then 429.
        links_bump_rev: give a revision to a change of relations alone (the service does not).
        location_url: what ResourceAreas names as the home of work items; "" for the truth.
    """

    organization: str = "contoso"
    project: str = "Migration"
    process: str = "Scrum"
    custom_states: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    custom_types: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    custom_fields: Sequence[str] = ()
    forbidden: frozenset[tuple[str, str, str]] = frozenset()
    required: Mapping[tuple[str, str], str] = field(default_factory=dict)
    pats: Mapping[str, str] = field(default_factory=dict)
    identify: Callable[[str, str], str | None] | None = None
    retry_after_seconds: float | None = None
    writes_per_second: float | None = None
    links_bump_rev: bool = False
    location_url: str = ""
    clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    faults: list[BoardsFault] = field(default_factory=list)
    on_request: Callable[[BoardsRequest], None] | None = None
    items: dict[int, WorkItem] = field(default_factory=dict)
    requests: list[BoardsRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.project_id = str(uuid.uuid5(_NAMESPACE, f"{self.organization}/{self.project}"))
        self._next_id = 1
        self.types = {name: self._with_custom(name) for name in PROCESSES[self.process]}
        self.types |= {
            name: tuple(State(name=state, category=category) for state, category in states)
            for name, states in self.custom_types.items()
        }
        self.field_names: Mapping[str, tuple[str, str]] = dict(FIELDS) | {
            name: (name.rpartition(".")[2], "string") for name in self.custom_fields
        }

    def reset(self) -> None:
        """Forget every work item, fault and logged request."""
        with self.lock:
            self.items.clear()
            self.requests.clear()
            self.faults.clear()
            self._next_id = 1

    def _with_custom(self, type_name: str) -> tuple[State, ...]:
        states = list(PROCESSES[self.process][type_name])
        for name, category in self.custom_states.get(type_name, ()):
            end = next(i for i, s in enumerate(states) if s.category == COMPLETED)
            states.insert(end, State(name=name, category=category))
        return tuple(states)

    # -- reading ------------------------------------------------------------------------------

    def states_of(self, type_name: str) -> tuple[State, ...]:
        """Return the states of a type, in the order of the process."""
        for name, states in self.types.items():
            if name.casefold() == type_name.casefold():
                return states
        raise BoardsError(
            404,
            "WorkItemTypeNotFoundException",
            f"VS402323: Work item type {type_name} does not exist in project {self.project}"
            " or you do not have permission to access it.",
        )

    def type_name(self, spelled: str) -> str:
        """Return the type's own spelling."""
        self.states_of(spelled)
        return next(name for name in self.types if name.casefold() == spelled.casefold())

    def has_field(self, reference: str, type_name: str) -> bool:
        """Tell whether a type has a field; only the due date depends on the type."""
        if reference == "Microsoft.VSTS.Scheduling.DueDate":
            return type_name in DUE_DATE_TYPES.get(self.process, ())
        return reference in self.field_names

    def legal_targets(self, type_name: str, state: str) -> tuple[str, ...]:
        """Return the states that may follow ``state``, itself included."""
        names = [s.name for s in self.states_of(type_name)]
        return tuple(n for n in names if (type_name, state, n) not in self.forbidden)

    def get(self, id: int) -> WorkItem:
        """Return a work item that exists and is not in the recycle bin."""
        item = self.items.get(id)
        if item is None or item.deleted:
            raise BoardsError(
                404,
                "WorkItemUnauthorizedAccessException",
                f"TF401232: Work item {id} does not exist, or you do not have permissions"
                " to read it.",
            )
        return item

    def person(self, name: str) -> Json:
        """Return an identity reference."""
        key = str(uuid.uuid5(_NAMESPACE, name.casefold()))
        descriptor = "aad." + base64.b64encode(key.encode()).decode()
        host = f"https://vssps.dev.azure.com/{self.organization}"
        avatar = f"https://dev.azure.com/{self.organization}/_apis/GraphProfile/MemberAvatars/"
        return {
            "displayName": name.split("@", maxsplit=1)[0],
            "url": f"{host}/_apis/Identities/{key}",
            "_links": {"avatar": {"href": avatar + descriptor}},
            "id": key,
            "uniqueName": name,
            "imageUrl": avatar + descriptor,
            "descriptor": descriptor,
        }

    # -- people -------------------------------------------------------------------------------

    def edit(self, id: int, by: str = "planner@contoso.example", **fields: Any) -> WorkItem:
        """Edit a work item as a person does: ``state.edit(7, System_Title="Ours")``."""
        operations = [
            {"op": "replace", "path": "/fields/" + name.replace("_", "."), "value": value}
            for name, value in fields.items()
        ]
        with self.lock:
            return self.patch(id, operations, by=by)

    def delete(self, id: int) -> None:
        """Move a work item to the recycle bin."""
        with self.lock:
            self.get(id).deleted = True

    # -- writing ------------------------------------------------------------------------------

    def create(
        self, type_name: str, operations: Any, *, by: str, validate_only: bool = False
    ) -> WorkItem:
        """Create a work item from a JSON patch document."""
        name = self.type_name(type_name)
        first = self.states_of(name)[0].name
        fields: Json = {
            "System.AreaPath": self.project,
            "System.TeamProject": self.project,
            "System.IterationPath": self.project,
            "System.WorkItemType": name,
            "System.State": first,
            "System.Reason": f"New {name.lower()}",
            "Microsoft.VSTS.Common.Priority": 2,
        }
        item = WorkItem(id=self._next_id, rev=0, fields=fields)
        change = Change.of(self, item, operations)
        change.check_rules(self, item, created=True)
        if validate_only:
            return change.preview(item)
        self._next_id += 1
        self.items[item.id] = item
        self._commit(item, change, by)
        return item

    def patch(self, id: int, operations: Any, *, by: str, validate_only: bool = False) -> WorkItem:
        """Change a work item by a JSON patch document."""
        item = self.get(id)
        change = Change.of(self, item, operations)
        change.check_rules(self, item, created=False)
        if validate_only:
            return change.preview(item)
        self._commit(item, change, by)
        return item

    def _commit(self, item: WorkItem, change: Change, by: str) -> None:
        now = self.clock().astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        before, created = dict(item.fields), item.rev == 0
        bumped = change.history is not None or change.fields != item.fields
        added = [r for r in change.relations if r not in item.relations]
        removed = [r for r in item.relations if r not in change.relations]
        if not bumped and not added and not removed:
            return
        person = self.person(by)
        if bumped or created or self.links_bump_rev:
            item.rev += 1
            item.fields = self._stamped(before, change, person, now, created=created)
            if change.history is not None:
                item.comments.append({"text": change.history, "createdBy": person, "date": now})
        item.relations = list(change.relations)
        self._mirror(item, added, removed)
        self._record(item, before, person, now, added, removed)

    def _stamped(
        self, before: Json, change: Change, person: Json, now: str, *, created: bool
    ) -> Json:
        fields = dict(change.fields)
        fields.pop("System.History", None)
        if change.history is not None:
            fields["System.History"] = change.history
        if created:
            fields |= {"System.CreatedDate": now, "System.CreatedBy": person}
        if created or fields["System.State"] != before["System.State"]:
            fields["Microsoft.VSTS.Common.StateChangeDate"] = now
        return fields | {"System.ChangedDate": now, "System.ChangedBy": person}

    def _record(
        self,
        item: WorkItem,
        before: Json,
        person: Json,
        now: str,
        added: list[Json],
        removed: list[Json],
    ) -> None:
        update: Json = {
            "id": len(item.updates) + 1,
            "workItemId": item.id,
            "rev": item.rev,
            "revisedBy": person,
            "revisedDate": "9999-01-01T00:00:00Z",
        }
        if item.updates:
            item.updates[-1]["revisedDate"] = now
        known = len(item.revisions)
        if item.rev > known:
            old = before if known else {}
            names = sorted(old.keys() | item.fields.keys())
            update["fields"] = {
                name: _delta(old.get(name), item.fields.get(name))
                for name in names
                if old.get(name) != item.fields.get(name)
            }
            update["fields"]["System.Rev"] = _delta(item.rev - 1 or None, item.rev)
            item.revisions.append({"id": item.id, "rev": item.rev, "fields": dict(item.fields)})
        if added or removed:
            both = {"added": added, "removed": removed}
            update["relations"] = {name: list(rows) for name, rows in both.items() if rows}
        item.updates.append(update)

    def _mirror(self, item: WorkItem, added: list[Json], removed: list[Json]) -> None:
        """Show a link on its other end too, without a revision there (recorded)."""
        for relation in added + removed:
            inverse = INVERSE.get(relation["rel"])
            other = self.items.get(target_of(relation["url"]) or 0)
            if inverse is None or other is None:
                continue
            url = relation["url"].rpartition("/")[0] + f"/{item.id}"
            other.relations = [
                r for r in other.relations if (r["rel"], target_of(r["url"])) != (inverse, item.id)
            ]
            if relation in added:
                attributes = dict(relation["attributes"])
                other.relations.append({"rel": inverse, "url": url, "attributes": attributes})


def _delta(old: Any, new: Any) -> Json:
    both = {"oldValue": old, "newValue": new}
    return {name: value for name, value in both.items() if value is not None}
