"""What each Boards call answers: one method per call, JSON shapes as recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from azstaging.emulator.boards_patch import RELATION_TYPES, BoardsError, Json, WorkItem
from azstaging.emulator.boards_state import BoardsState
from azstaging.emulator.boards_wiql import Query, WiqlError, parse

MAX_IDS, MAX_ROWS = 200, 20_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, after routing and authentication.

    Attributes:
        base: ``scheme://host/organization``.
        args: what the route named: project, id, type, ...
        by: who asks.
    """

    base: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    by: str

    def flag(self, name: str) -> bool:
        """Read a boolean query parameter."""
        return self.query.get(name, "").casefold() == "true"

    @property
    def id(self) -> int:
        """The work item's id in the path."""
        return int(self.args["id"])


class Answers:
    """The calls, over one project's state."""

    def __init__(self, state: BoardsState) -> None:
        self._state = state

    # -- work items ---------------------------------------------------------------------------

    def create(self, call: Call) -> Json:
        item = self._state.create(
            call.args["type"], call.body, by=call.by, validate_only=call.flag("validateOnly")
        )
        return self._work_item(call, item, relations=True, links=True)

    def update(self, call: Call) -> Json:
        item = self._state.patch(
            call.id, call.body, by=call.by, validate_only=call.flag("validateOnly")
        )
        return self._work_item(call, item, relations=True, links=True)

    def read_one(self, call: Call) -> Json:
        item = self._state.get(call.id)
        expand = call.query.get("$expand", "").casefold()
        wanted = _names(call.query.get("fields"))
        return self._work_item(
            call, item, relations=expand in {"relations", "all"}, links=True, wanted=wanted
        )

    def read_list(self, call: Call) -> Json:
        ids = [int(part) for part in call.query.get("ids", "").split(",") if part.strip().isdigit()]
        return self._read_many(call, ids, call.query)

    def read_batch(self, call: Call) -> Json:
        body = call.body if isinstance(call.body, dict) else {}
        given = {str(name): value for name, value in body.items()}
        return self._read_many(call, given.get("ids"), given)

    def _read_many(self, call: Call, ids: Any, options: Mapping[str, Any]) -> Json:
        if not isinstance(ids, list) or not ids or len(ids) > MAX_IDS:
            raise BoardsError(
                400,
                "VssPropertyValidationException",
                f"VS403474: You requested {len(ids or ())} work items; 1 to {MAX_IDS} are allowed.",
            )
        wanted = _names(options.get("fields"))
        expand = str(options.get("$expand") or "none").casefold()
        if wanted and expand not in {"none", "0"}:
            raise BoardsError(
                400,
                "ConflictingParametersException",
                "VS403429: The expand parameter can not be used with the fields parameter.",
            )
        relations, links = expand in {"relations", "all", "1", "4"}, expand in {"all", "links", "4"}
        omit = str(options.get("errorPolicy") or "fail").casefold() in {"omit", "2"}
        rows: list[Json | None] = []
        for wanted_id in ids:
            item = self._state.items.get(int(wanted_id))
            if item is None or item.deleted:
                if not omit:
                    self._state.get(int(wanted_id))
                rows.append(None)
                continue
            rows.append(
                self._work_item(call, item, relations=relations, links=links, wanted=wanted)
            )
        return {"count": len(rows), "value": rows}

    def _work_item(
        self,
        call: Call,
        item: WorkItem,
        *,
        relations: bool,
        links: bool,
        wanted: tuple[str, ...] = (),
    ) -> Json:
        fields = dict(item.fields)
        if wanted:
            known = fields | {"System.Id": item.id, "System.Rev": item.rev}
            for name in wanted:
                if name.casefold() not in {f.casefold() for f in self._state.field_names}:
                    raise BoardsError(
                        400,
                        "WorkItemTrackingFieldDefinitionNotFoundException",
                        f"TF51535: Cannot find field {name}.",
                    )
            folded = {name.casefold() for name in wanted}
            fields = {name: value for name, value in known.items() if name.casefold() in folded}
        url = f"{call.base}/_apis/wit/workItems/{item.id}"
        answer: Json = {"id": item.id, "rev": item.rev, "fields": fields}
        if relations and item.relations:
            answer["relations"] = [dict(relation) for relation in item.relations]
        if links:
            answer["_links"] = self._links(call, item, url)
        answer["url"] = url
        return answer

    def _links(self, call: Call, item: WorkItem, url: str) -> Json:
        kind = quote(str(item.fields["System.WorkItemType"]))
        project = f"{call.base}/{self._state.project_id}"
        targets = {
            "self": url,
            "workItemUpdates": url + "/updates",
            "workItemRevisions": url + "/revisions",
            "workItemHistory": url + "/history",
            "html": f"{call.base}/web/wi.aspx?pcguid={self._state.project_id}&id={item.id}",
            "workItemType": f"{project}/_apis/wit/workItemTypes/{kind}",
            "fields": f"{call.base}/_apis/wit/fields",
        }
        return {name: {"href": href} for name, href in targets.items()}

    # -- history ------------------------------------------------------------------------------

    def updates(self, call: Call) -> Json:
        rows = self._paged(call, self._state.get(call.id).updates)
        base = f"{call.base}/{self._state.project_id}/_apis/wit/workItems/{call.id}/updates/"
        return _collection([row | {"url": base + str(row["id"])} for row in rows])

    def revisions(self, call: Call) -> Json:
        rows = self._paged(call, self._state.get(call.id).revisions)
        base = f"{call.base}/_apis/wit/workItems/{call.id}/revisions/"
        return _collection([row | {"url": base + str(row["rev"])} for row in rows])

    def _paged(self, call: Call, rows: list[Json]) -> list[Json]:
        skip, top = int(call.query.get("$skip", 0)), int(call.query.get("$top", 200))
        return rows[skip : skip + min(top, 200)]

    def comments(self, call: Call) -> Json:
        rows = self._state.get(call.id).comments
        listed = [self._comment(call, number, row) for number, row in enumerate(rows, start=1)]
        return {"totalCount": len(listed), "count": len(listed), "comments": listed}

    def add_comment(self, call: Call) -> Json:
        text = str((call.body or {}).get("text", ""))
        operation = {"op": "add", "path": "/fields/System.History", "value": text}
        item = self._state.patch(call.id, [operation], by=call.by)
        return self._comment(call, len(item.comments), item.comments[-1])

    def _comment(self, call: Call, number: int, row: Json) -> Json:
        return {
            "workItemId": call.id,
            "commentId": number,
            "version": 1,
            "text": row["text"],
            "createdBy": row["createdBy"],
            "createdDate": row["date"],
            "modifiedBy": row["createdBy"],
            "modifiedDate": row["date"],
            "url": f"{call.base}/_apis/wit/workItems/{call.id}/comments/{number}",
        }

    # -- the process --------------------------------------------------------------------------

    def states(self, call: Call) -> Json:
        states = self._state.states_of(call.args["type"])
        return _collection(
            [{"name": s.name, "color": s.color, "category": s.category} for s in states]
        )

    def types(self, call: Call) -> Json:
        return _collection([self._type(call, name) for name in self._state.types])

    def type(self, call: Call) -> Json:
        return self._type(call, self._state.type_name(call.args["type"]))

    def _type(self, call: Call, name: str) -> Json:
        states = self._state.states_of(name)
        moves = {
            s.name: [{"to": to, "actions": None} for to in self._state.legal_targets(name, s.name)]
            for s in states
        }
        url = f"{call.base}/{self._state.project_id}/_apis/wit/workItemTypes/{quote(name)}"
        fields = [
            {
                "alwaysRequired": reference == "System.Title",
                "referenceName": reference,
                "name": display,
                "url": f"{call.base}/_apis/wit/fields/{reference}",
            }
            for reference, (display, _) in self._state.field_names.items()
            if self._state.has_field(reference, name)
        ]
        return {
            "name": name,
            "referenceName": "Microsoft.VSTS.WorkItemTypes." + name.replace(" ", ""),
            "description": "",
            "color": "009CCC",
            "icon": {"id": "icon_clipboard", "url": f"{call.base}/_apis/wit/workItemIcons"},
            "isDisabled": False,
            "xmlForm": "",
            "fields": fields,
            "fieldInstances": fields,
            "transitions": moves | {"": [{"to": states[0].name, "actions": None}]},
            "_links": {"self": {"href": url}},
            "url": url,
        }

    def field(self, call: Call) -> Json:
        wanted = call.args["field"].casefold()
        for reference, (name, kind) in self._state.field_names.items():
            if wanted in {reference.casefold(), name.casefold()}:
                return self._field(call, reference, name, kind)
        raise BoardsError(
            404,
            "WorkItemTrackingFieldDefinitionNotFoundException",
            f"TF51535: Cannot find field {call.args['field']}.",
        )

    def fields(self, call: Call) -> Json:
        known = self._state.field_names.items()
        return _collection([self._field(call, ref, name, kind) for ref, (name, kind) in known])

    def _field(self, call: Call, reference: str, name: str, kind: str) -> Json:
        return {
            "name": name,
            "referenceName": reference,
            "type": kind,
            "readOnly": False,
            "supportedOperations": [{"referenceName": "SupportedOperations.Equals", "name": "="}],
            "url": f"{call.base}/_apis/wit/fields/{reference}",
        }

    def relation_types(self, call: Call) -> Json:
        base = f"{call.base}/_apis/wit/workItemRelationTypes/"
        rows = [{"referenceName": r, "name": r.rpartition(".")[2]} for r in RELATION_TYPES]
        return _collection([row | {"url": base + row["referenceName"]} for row in rows])

    # -- queries ------------------------------------------------------------------------------

    def wiql(self, call: Call) -> Json:
        names = {ref.casefold(): ref for ref in self._state.field_names}
        shown = {name.casefold(): r for r, (name, _) in self._state.field_names.items()}
        text = str((call.body or {}).get("query", ""))
        try:
            query = parse(text, project=self._state.project, names=shown | names)
            ids = self._matching(query)
        except WiqlError as problem:
            raise BoardsError(400, "WiqlSyntaxException", str(problem)) from None
        top = int(call.query.get("$top", MAX_ROWS + 1))
        if len(ids[:top]) > MAX_ROWS:
            raise BoardsError(
                400,
                "QueryResultSizeLimitExceededException",
                "VS402337: The number of work items returned exceeds the size limit of 20000.",
            )
        base = f"{call.base}/_apis/wit/workItems/"
        answer: Json = {
            "queryType": "flat",
            "asOf": self._state.clock().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "columns": [self._column(call, name) for name in query.columns],
        }
        if query.order:
            answer["sortColumns"] = [
                {"field": self._column(call, name), "descending": down}
                for name, down in query.order
            ]
        rows = [{"id": found, "url": f"{base}{found}"} for found in ids[:top]]
        return answer | {"workItems": rows}

    def _column(self, call: Call, reference: str) -> Json:
        return {
            "referenceName": reference,
            "name": self._state.field_names[reference][0],
            "url": f"{call.base}/_apis/wit/fields/{reference}",
        }

    def _matching(self, query: Query) -> list[int]:
        rows = [
            item.fields | {"System.Id": item.id, "System.Rev": item.rev}
            for item in self._state.items.values()
            if not item.deleted
        ]
        found = [row for row in rows if query.where(row)]
        for name, descending in reversed(query.order or (("System.Id", False),)):
            found.sort(key=lambda row: _sortable(row.get(name)), reverse=descending)
        return [int(row["System.Id"]) for row in found]


def _sortable(value: Any) -> tuple[int, int, str]:
    if isinstance(value, int):
        return (0, value, "")
    return (1, 0, str(value or "").casefold())


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value or ()
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _collection(rows: list[Any]) -> Json:
    return {"count": len(rows), "value": rows}
