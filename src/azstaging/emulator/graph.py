"""Resource Graph: a table, ``where type =~``, ``project`` and ``order by``; nothing more."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from azstaging.emulator.answers import Answer
from azstaging.emulator.estate import Identity
from azstaging.emulator.identities import may
from azstaging.emulator.paths import Address
from azstaging.emulator.state import State

Json = dict[str, Any]
_TYPE = re.compile(r"^where\s+type\s*(?:=~|==)\s*'([^']+)'$", re.IGNORECASE)
_TYPES = re.compile(r"^where\s+type\s+in~?\s*\(([^)]*)\)$", re.IGNORECASE)
_TABLES = {"resources", "recoveryservicesresources"}


class _QueryError(Exception):
    """The query is more than this small dialect."""


def query(state: State, identity: Identity, body: bytes) -> Answer:
    """Answer a query over what the caller may read; the rest is left out silently."""
    try:
        request = msgspec.json.decode(body, type=dict[str, Any])
        table, kinds, columns = _parse(str(request["query"]))
    except (msgspec.DecodeError, KeyError, _QueryError) as problem:
        return _invalid(str(problem))
    options = request.get("options") or {}
    wanted = {str(s).casefold() for s in request.get("subscriptions") or ()}
    found = list(_rows(state, identity, table, kinds, wanted))
    found.sort(key=lambda row: str(row["id"]).casefold())
    start = int(str(options.get("$skipToken") or options.get("$skip") or 0))
    top = int(options.get("$top") or 1000)
    page = found[start : start + top]
    answer: Json = {
        "totalRecords": len(found),
        "count": len(page),
        "data": [_project(row, columns) for row in page],
        "facets": [],
        "resultTruncated": "false",
    }
    if start + top < len(found):
        answer["$skipToken"] = str(start + top)
    headers = {
        "x-ms-user-quota-remaining": "14",
        "x-ms-user-quota-resets-after": "00:00:05",
        "x-ms-ratelimit-remaining-tenant-resource-requests": "14",
    }
    return Answer(status=200, body=answer, headers=headers)


def _parse(text: str) -> tuple[str, set[str], list[str]]:
    table, *clauses = [part.strip() for part in text.split("|")]
    if table.casefold() not in _TABLES:
        raise _QueryError(f"no table {table}")
    kinds: set[str] = set()
    columns: list[str] = []
    for clause in clauses:
        if match := _TYPE.match(clause):
            kinds.add(match.group(1).casefold())
        elif match := _TYPES.match(clause):
            kinds |= {name.strip(" '").casefold() for name in match.group(1).split(",")}
        elif clause.casefold().startswith("project "):
            columns = [name.strip() for name in clause[8:].split(",")]
        elif not clause.casefold().startswith(("order by", "sort by")):
            raise _QueryError(f"this clause is not understood: {clause}")
    return table.casefold(), kinds, columns


def _rows(
    state: State, identity: Identity, table: str, kinds: set[str], subscriptions: set[str]
) -> Iterator[Json]:
    items = table == "recoveryservicesresources"
    for entry in state.entries.values():
        # Migration items are in no table; nor are rows of other tables in this one.
        if items is not (entry.kind == "protected") or entry.kind in {"migration", "local"}:
            continue
        address = Address(entry.id)
        if not address.group or not address.is_instance:
            continue
        kind = address.resource_type.casefold()
        if kinds and kind not in kinds:
            continue
        if subscriptions and address.subscription.casefold() not in subscriptions:
            continue
        if not may(identity, f"{kind}/read", entry.id, state.estate.denials):
            continue
        yield _row(state, entry.body("model"), address, kind)


def _row(state: State, body: Json, address: Address, kind: str) -> Json:
    return {
        "id": body["id"],
        "name": body["name"],
        "type": kind,
        "tenantId": state.estate.tenant_id,
        "kind": body.get("kind", ""),
        "location": body.get("location", ""),
        "resourceGroup": address.group.casefold(),
        "subscriptionId": address.subscription,
        "managedBy": body.get("managedBy", ""),
        "sku": body.get("sku"),
        "tags": body.get("tags"),
        "properties": body["properties"],
    }


def _project(row: Json, columns: list[str]) -> Json:
    return {name: row.get(name) for name in columns} if columns else row


def _invalid(message: str) -> Answer:
    details = [
        {"code": "InvalidQuery", "message": "Query is invalid."},
        {"code": "ParserFailure", "message": message},
    ]
    body = {
        "error": {"code": "BadRequest", "message": "Please provide below info.", "details": details}
    }
    return Answer(status=400, body=body)
