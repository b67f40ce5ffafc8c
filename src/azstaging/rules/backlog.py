"""Compares what Boards should say with what it says: create, change, leave, or conflict.

Each work item remembers, in our block, what we last wrote. A field that still says that may be
changed by us. A field that says something else was changed by a person: it is a conflict, and
left alone unless the settings choose otherwise. Fields that nobody touched stay current.
"""

import re
from collections.abc import Mapping, Sequence

from azstaging.errors import ConfigurationError
from azstaging.model.backlog import (
    Action,
    ActionKind,
    BacklogSettings,
    Choice,
    Conflict,
    Level,
    Memory,
    TypeRules,
    Wish,
    WorkItem,
    shown_as,
)
from azstaging.rules.backlog_compare import (
    Comparison,
    Parents,
    due_value,
    link_digest,
    removed_links,
    tags_value,
    wanted_links,
)
from azstaging.rules.backlog_states import target, values_of
from azstaging.rules.backlog_text import FIELDS, digest

_LEVELS = tuple(Level)
_SHOWN = re.compile(r"[1-9][0-9]*@[0-9]+(?:\.[0-9a-f]{4})?", re.ASCII)


def plan_actions(
    wishes: Sequence[Wish],
    work_items: Sequence[WorkItem],
    rules: Mapping[str, TypeRules],
    settings: BacklogSettings,
    *,
    known: Mapping[str, int] | None = None,
) -> tuple[Action, ...]:
    """Decide about every work item that is wanted or found.

    ``rules`` has every type among wishes and work items. ``known`` is key -> work item id of
    earlier runs; one that is not among ``work_items`` was deleted or moved by a person.

    Returns:
        One action per work item, sorted by level, name and key. Work items of ours that nobody
        wishes for are left: what was not read is not gone.
    """
    found: dict[str, list[WorkItem]] = {}
    for item in sorted(work_items, key=lambda item: item.id):
        found.setdefault(item.key, []).append(item)
    ids = {key: items[0].id for key, items in found.items() if key}
    # What will be created has no id yet; 0 stands for it in a preview.
    parents = {w.key: 0 for w in wishes if not w.only_existing and w.key not in (known or {})} | ids
    actions: list[Action] = []
    for wish in wishes:
        mine = found.pop(wish.key, [])
        action = decide(
            wish, mine[0] if mine else None, rules, settings, parents=parents, known=known or {}
        )
        if action is not None:
            actions.append(action)
        actions += [_duplicate(wish, mine[0], other) for other in mine[1:]]
    for items in found.values():
        actions += [_unwanted(item) for item in items]
    return tuple(sorted(actions, key=_order))


def decide(
    wish: Wish,
    item: WorkItem | None,
    rules: Mapping[str, TypeRules],
    settings: BacklogSettings,
    *,
    parents: Parents,
    known: Mapping[str, int],
) -> Action | None:
    """Decide about one wish and the work item that has its key; None when nothing is wanted."""
    if item is None:
        return _absent(wish, rules, settings, parents, known)
    links = removed_links(wish, item, parents)
    choice = _choice(settings, item.id, item.rev, links)
    comparison = Comparison(wish=wish, item=item, choice=choice, removed=links)
    if item.markdown:
        comparison.choice = Choice.LEAVE
        comparison.dispute("block", "the description was switched to Markdown", "HTML")
        return comparison.action()
    problem = _block_problem(wish, item)
    if problem and _left(comparison, comparison.dispute("block", problem, "our own text")):
        return comparison.action()
    comparison.compare_all(rules, parents)
    return comparison.action()


def _block_problem(wish: Wish, item: WorkItem) -> str:
    if item.memory is None:
        return "removed or damaged by hand"
    if item.memory.key != wish.key:
        return "the block of another work item"
    return "" if item.block_digest == item.memory.block else "edited by hand"


def _left(comparison: Comparison, choice: Choice) -> bool:
    """Without the block we do not know what we last wrote: only RESTORE may write then."""
    intact = (
        comparison.item.memory is not None and comparison.item.memory.key == comparison.wish.key
    )
    return choice is Choice.LEAVE or (choice is Choice.ACCEPT and not intact)


def _absent(
    wish: Wish,
    rules: Mapping[str, TypeRules],
    settings: BacklogSettings,
    parents: Parents,
    known: Mapping[str, int],
) -> Action | None:
    if wish.only_existing:
        return None
    lost = known.get(wish.key)
    if lost is None:
        return _create(wish, rules[wish.type], parents)
    choice = _choice(settings, lost, 0)
    if choice is Choice.RESTORE:
        return _create(wish, rules[wish.type], parents)
    conflict = Conflict(
        key=wish.key,
        work_item_id=lost,
        name=wish.title,
        field="work item",
        found="deleted or moved to another project",
        wanted=wish.title,
        evidence=wish.why,
        choice=choice,
    )
    reason = f"work item {lost} was deleted or moved by hand; left alone"
    return Action(
        kind=ActionKind.CONFLICT,
        key=wish.key,
        name=wish.title,
        reason=reason,
        wish=wish,
        conflicts=(conflict,),
    )


def _create(wish: Wish, rules: TypeRules, parents: Parents) -> Action:
    first = rules.states[0].name
    start = target(wish, rules, first)[0]
    if start not in values_of(rules, first):
        start = values_of(rules, first)[0]
    values = {
        "title": wish.title,
        "state": start,
        "tags": tags_value(wish.tags),
        "parent": wish.parent_key if wish.parent_key in parents else "",
        "due": due_value(wish.due) if rules.has_due_date else "",
    }
    links = wanted_links(wish, parents)
    digests = {name: digest(values[name]) for name in FIELDS}
    memory = Memory(
        key=wish.key,
        agreed=digests,
        wanted=digests,
        links=tuple(sorted(link_digest(rel, goal) for rel, goal, _ in links)),
        block="",
        evidence=wish.evidence,
    )
    return Action(
        kind=ActionKind.CREATE,
        key=wish.key,
        name=wish.title,
        reason=wish.why,
        wish=wish,
        links=links,
        memory=memory,
    )


def _duplicate(wish: Wish, first: WorkItem, other: WorkItem) -> Action:
    conflict = Conflict(
        key=wish.key,
        work_item_id=other.id,
        name=other.title,
        field="key",
        found=f"the key of work item {first.id}",
        wanted="one work item per key",
        evidence=wish.why,
        who=other.changed_by,
        when=other.changed_at,
        rev=other.rev,
    )
    return Action(
        kind=ActionKind.CONFLICT,
        key=wish.key,
        name=other.title,
        reason=f"has the same key as work item {first.id}; left alone",
        work_item=other,
        conflicts=(conflict,),
    )


def _unwanted(item: WorkItem) -> Action:
    return Action(
        kind=ActionKind.LEAVE,
        key=item.key,
        name=item.title,
        reason="not part of what was read this time",
        work_item=item,
    )


def _order(action: Action) -> tuple[int, str, str, int]:
    level = _LEVELS.index(action.wish.level) if action.wish else len(_LEVELS)
    return level, action.name.casefold(), action.key, action.work_item_id or 0


def check_choices(settings: BacklogSettings) -> None:
    """Check that every choice names the revision that it is about.

    Raises:
        ConfigurationError: one does not; a choice for any revision would overwrite an edit that
            nobody has seen.
    """
    for shown in settings.choices:
        if not _SHOWN.fullmatch(shown):
            raise ConfigurationError(
                f"A choice about {shown!r} does not name a work item and the revision that was "
                "shown, as 1234@7. Nothing was written to Boards."
            )


def _choice(settings: BacklogSettings, id: int, rev: int, links: str = "") -> Choice:
    return settings.choices.get(shown_as(id, rev, links), Choice.LEAVE)
