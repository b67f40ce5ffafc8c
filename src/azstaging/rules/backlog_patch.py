"""Turns an action into the JSON patch that is sent: only fields we own, the revision first."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from azstaging.model.backlog import Action, BacklogSettings, WorkItem
from azstaging.model.times import format_time
from azstaging.rules.backlog_compare import HYPERLINK, KEY_PREFIX, PARENT, is_ours
from azstaging.rules.backlog_text import (
    block_body,
    digest,
    merged_tags,
    plain,
    render_block,
    replace_block,
    text_of,
)

Operation = dict[str, Any]
ItemUrl = Callable[[int], str]
DUE_DATE = "Microsoft.VSTS.Scheduling.DueDate"


def create_operations(
    action: Action, settings: BacklogSettings, *, ids: Mapping[str, int], url: ItemUrl, due: bool
) -> list[Operation]:
    """Return the patch of a new work item. Its state is the first of its type.

    ``ids`` (key -> work item id) and ``url`` serve the links; ``due``: the type has a due date.
    """
    wish, memory = action.wish, action.memory
    if wish is None or memory is None:
        raise ValueError(f"{action.name}: nothing is to be created.")
    fields: dict[str, Any] = {
        "System.Title": wish.title,
        "System.Tags": "; ".join(wish.tags),
        "System.Description": f"<div>{render_block(wish.lines, memory)}</div>",
    }
    if settings.area_path:
        fields["System.AreaPath"] = settings.area_path
    if settings.key_field:
        fields[settings.key_field] = KEY_PREFIX + wish.key
    if due and wish.due is not None:
        fields[DUE_DATE] = format_time(wish.due)
    operations = [_add(f"/fields/{name}", value) for name, value in fields.items()]
    if wish.parent_key in ids:
        operations.append(_link(PARENT, url(ids[wish.parent_key]), "part of this workload"))
    return operations + _links(action, ids, url)


def change_operations(
    action: Action, settings: BacklogSettings, *, ids: Mapping[str, int], url: ItemUrl
) -> list[Operation]:
    """Return the patch of a change: ``test /rev`` first, then what differs."""
    item, wish, memory = action.work_item, action.wish, action.memory
    if item is None or wish is None or memory is None:
        raise ValueError(f"{action.name}: nothing is to be changed.")
    names = {change.field for change in action.changes}
    operations: list[Operation] = [{"op": "test", "path": "/rev", "value": item.rev}]
    if "title" in names:
        operations.append(_add("/fields/System.Title", wish.title))
    if "state" in names:
        operations.append(_add("/fields/System.State", action.state))
    if "due" in names and wish.due is not None:
        operations.append(_add(f"/fields/{DUE_DATE}", format_time(wish.due)))
    if "tags" in names:
        operations.append(_tags(item, wish.tags))
    block = render_block(wish.lines, memory)
    text = replace_block(item.description, block, keep=action.keep_text)
    if text != item.description:
        operations.append(_add("/fields/System.Description", text))
    if settings.key_field and item.key != wish.key:
        operations.append(_add(f"/fields/{settings.key_field}", KEY_PREFIX + wish.key))
    if "parent" in names:
        operations.append(_link(PARENT, url(ids[wish.parent_key]), "part of this workload"))
    return operations + _links(action, ids, url)


def retire_operations(item: WorkItem, *, state: str, first: int, url: ItemUrl) -> list[Operation]:
    """Return the patch that takes our key off a work item that a racing run made twice."""
    text = f"{item.title} (made twice, see {first})"
    operations: list[Operation] = [
        {"op": "test", "path": "/rev", "value": item.rev},
        {"op": "replace", "path": "/fields/System.Tags", "value": "azst-duplicate"},
        _add("/fields/System.Title", plain(text, limit=255)),
        {"op": "remove", "path": "/fields/System.Description"},
    ]
    if state:
        operations.append(_add("/fields/System.State", state))
    return [*operations, _link("System.LinkTypes.Duplicate-Reverse", url(first), "made twice")]


def validation_operations(action: Action, operations: list[Operation]) -> list[Operation]:
    """Return the part of a patch that the process may refuse: title and state, no links."""
    checked = {"/rev", "/fields/System.Title", "/fields/System.State", "/fields/System.AreaPath"}
    kept = [operation for operation in operations if operation["path"] in checked]
    if action.state and not any(o["path"] == "/fields/System.State" for o in kept):
        kept.append(_add("/fields/System.State", action.state))
    return kept


def without_state(action: Action) -> Action:
    """Return the action without its change of state, which the process refuses."""
    old = action.work_item.memory if action.work_item else None
    memory = action.memory
    if memory is not None and old is not None:
        agreed = {**memory.agreed, "state": old.agreed["state"]}
        wanted = {**memory.wanted, "state": old.wanted["state"]}
        memory = replace(memory, agreed=agreed, wanted=wanted)
    changes = tuple(change for change in action.changes if change.field != "state")
    if memory is not None and action.wish is not None and old is not None:
        block = digest(text_of(block_body(action.wish.lines)))
        only_memory = {change.field for change in changes} == {"description"}
        if only_memory and replace(memory, block=block) == old:
            changes, memory = (), None
    return replace(action, changes=changes, memory=memory, state="")


def _tags(item: WorkItem, wanted: tuple[str, ...]) -> Operation:
    ours = [tag for tag in item.tags if is_ours(tag)]
    stale = [tag for tag in ours if tag.casefold() not in {w.casefold() for w in wanted}]
    value = merged_tags(item.tags, remove=stale, add=wanted)
    # ``add`` merges (recorded), so only ``replace`` takes a stale tag of ours away.
    operation = "replace" if stale else "add"
    return {"op": operation, "path": "/fields/System.Tags", "value": value}


def _links(action: Action, ids: Mapping[str, int], url: ItemUrl) -> list[Operation]:
    rows = []
    for rel, goal, comment in action.links:
        if rel == HYPERLINK:
            rows.append(_link(rel, goal, comment))
        elif ids.get(goal):
            rows.append(_link(rel, url(ids[goal]), comment))
    return rows


def _link(rel: str, url: str, comment: str) -> Operation:
    return _add("/relations/-", {"rel": rel, "url": url, "attributes": {"comment": plain(comment)}})


def _add(path: str, value: Any) -> Operation:
    return {"op": "add", "path": path, "value": value}
