"""Reads what Azure Boards answered, and writes the one query that we ask it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from azstaging.errors import UnexpectedResponseError
from azstaging.model.backlog import Relation, State, TypeRules, WorkItem
from azstaging.model.times import parse_time
from azstaging.rules.backlog_compare import KEY_PREFIX, TAG
from azstaging.rules.backlog_text import find_block

_FIELD_OF = {
    "title": "System.Title",
    "state": "System.State",
    "tags": "System.Tags",
    "block": "System.Description",
    "due": "Microsoft.VSTS.Scheduling.DueDate",
}


def literal(text: str) -> str:
    """Return a WIQL string: quotes doubled, and nothing in it that WIQL would act on.

    Raises:
        ValueError: a control character, which WIQL has no way to write.
    """
    if any(ord(character) < 32 or ord(character) == 127 for character in text):  # noqa: PLR2004 - ASCII control characters
        raise ValueError(f"{text!r} cannot be written in a query.")
    return "'" + text.replace("'", "''") + "'"


def ours_query(project: str, *, after_id: int = 0, key_field: str = "") -> str:
    """Return the WIQL for our work items of a project with an id above ``after_id``."""
    ours = f"[System.Tags] CONTAINS {literal(TAG)}"
    if key_field:
        ours = f"({ours} OR {_field(key_field)} <> '')"
    return " ".join(
        (
            "SELECT [System.Id] FROM WorkItems",
            f"WHERE [System.TeamProject] = {literal(project)} AND {ours}",
            f"AND [System.Id] > {int(after_id)} ORDER BY [System.Id]",
        )
    )


def _field(reference: str) -> str:
    if not all(part.isidentifier() for part in reference.split(".")):
        raise ValueError(f"{reference!r} is not the reference name of a field.")
    return f"[{reference}]"


def parse_work_item(body: Mapping[str, Any], *, key_field: str = "") -> WorkItem:
    """Read a work item as the service sent it; unknown fields and relations stay in ``body``.

    Raises:
        UnexpectedResponseError: id, rev or fields are missing or have another type.
    """
    fields = body.get("fields")
    item_id, rev = body.get("id"), body.get("rev")
    if not isinstance(item_id, int) or not isinstance(rev, int) or not isinstance(fields, Mapping):
        raise UnexpectedResponseError(
            f"A work item came without id, rev or fields (id {item_id!r}). Nothing was concluded.",
            pointer="/fields",
        )
    description = _text(fields, "System.Description")
    memory, block_digest = find_block(description)
    keys = _keys(fields, key_field)
    formats = body.get("multilineFieldsFormat")
    described = formats.get("System.Description") if isinstance(formats, Mapping) else None
    return WorkItem(
        id=item_id,
        rev=rev,
        type=_text(fields, "System.WorkItemType"),
        title=_text(fields, "System.Title"),
        state=_text(fields, "System.State"),
        tags=split_tags(_text(fields, "System.Tags")),
        description=description,
        relations=_relations(body.get("relations")),
        key=keys[0] if keys else (memory.key if memory else ""),
        keys=keys,
        markdown=str(described or "").casefold() == "markdown",
        memory=memory,
        block_digest=block_digest,
        due=parse_time(fields.get("Microsoft.VSTS.Scheduling.DueDate")),
        changed_by=person(fields.get("System.ChangedBy")),
        changed_at=parse_time(fields.get("System.ChangedDate")),
        body=body,
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _relations(rows: object) -> tuple[Relation, ...]:
    if not isinstance(rows, list):
        return ()
    return tuple(
        Relation(rel=str(row.get("rel", "")), url=str(row.get("url", "")))
        for row in rows
        if isinstance(row, Mapping)
    )


def _keys(fields: Mapping[str, Any], key_field: str) -> tuple[str, ...]:
    tags = split_tags(_text(fields, "System.Tags"))
    values = [_text(fields, key_field), *tags] if key_field else list(tags)
    found = [v[len(KEY_PREFIX) :] for v in values if v.casefold().startswith(KEY_PREFIX)]
    return tuple(dict.fromkeys(key.casefold() for key in found))


def split_tags(text: str) -> tuple[str, ...]:
    """Split the tag field; empty parts do not count."""
    return tuple(tag.strip() for tag in text.split(";") if tag.strip())


def person(value: object) -> str:
    """Return who an identity is: its unique name, else its display name, else ""."""
    if isinstance(value, str):
        # Older answers: ``Display name <unique name>``.
        return value.rpartition("<")[2].removesuffix(">").strip()
    if not isinstance(value, Mapping):
        return ""
    return str(value.get("uniqueName") or value.get("displayName") or "")


def parse_rules(
    name: str, states: Iterable[Mapping[str, Any]], *, has_due_date: bool = False
) -> TypeRules:
    """Read the states of a work item type.

    Raises:
        UnexpectedResponseError: a state has no name or category, or there is none.
    """
    rows = tuple(
        State(name=str(row.get("name") or ""), category=str(row.get("category") or ""))
        for row in states
    )
    if not rows or not all(row.name and row.category for row in rows):
        raise UnexpectedResponseError(
            f"The states of {name} came without names or categories. Nothing was concluded.",
            pointer="/value",
        )
    return TypeRules(name=name, states=rows, has_due_date=has_due_date)


def legal_targets(type_body: Mapping[str, Any], state: str) -> tuple[str, ...]:
    """Return the states that may follow ``state`` as the type's transitions say, sorted."""
    transitions = type_body.get("transitions")
    rows = transitions.get(state) if isinstance(transitions, Mapping) else None
    if not isinstance(rows, list):
        return ()
    names = {str(row.get("to")) for row in rows if isinstance(row, Mapping)}
    return tuple(sorted(names - {state}))


def who_changed(field: str, updates: Iterable[Mapping[str, Any]]) -> tuple[str, datetime | None]:
    """Return who changed a field of ours last, and when (aware UTC); ("", None) if untold."""
    for update in sorted(updates, key=lambda row: int(row.get("id") or 0), reverse=True):
        fields = update.get("fields")
        changed = fields if isinstance(fields, Mapping) else {}
        if field in _FIELD_OF:
            touched = _FIELD_OF[field] in changed
        else:
            touched = bool(update.get("relations"))
        if touched:
            dated = changed.get("System.ChangedDate")
            moment = dated.get("newValue") if isinstance(dated, Mapping) else None
            when = parse_time(moment) or parse_time(update.get("revisedDate"))
            return person(update.get("revisedBy")), when
    return "", None
