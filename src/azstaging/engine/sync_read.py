"""Reads what the backlog needs of Boards: our work items, their types, who changed what."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from azstaging.engine.ports_boards import BoardsPort
from azstaging.errors import ServiceError, ThrottledError
from azstaging.model.backlog import Action, BacklogSettings, TypeRules, WorkItem
from azstaging.model.ids import ResourceId
from azstaging.rules.backlog_patch import DUE_DATE
from azstaging.rules.backlog_read import ours_query, parse_rules, parse_work_item, who_changed
from azstaging.rules.backlog_states import choose_type

BATCH = 200
# Below the cap of 20,000 rows, beyond which a query is refused and not cut.
PAGE = 10_000
_PATIENCE = 4

T = TypeVar("T")
R = TypeVar("R")


def scope_of(port: BoardsPort, *more: str) -> ResourceId:
    """Return the id by which gaps and leases name a project or something in it."""
    parts = ("", "azureDevOps", port.organization, "projects", port.project, *more)
    return ResourceId("/".join(parts))


def in_parallel(work: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    """Run work on every item, a bounded number at a time; results in the order of the items."""
    listed = list(items)
    if len(listed) < 2 or workers < 2:  # noqa: PLR2004 - nothing to share
        return [work(item) for item in listed]
    with ThreadPoolExecutor(max_workers=min(workers, len(listed))) as pool:
        return list(pool.map(work, listed))


def patiently(call: Callable[[], R]) -> R:
    """Call again when the service was too busy and did nothing; the port waits as it was told."""
    for _ in range(_PATIENCE - 1):
        with suppress(ThrottledError):
            return call()
    return call()


def our_ids(port: BoardsPort, settings: BacklogSettings, *, after_id: int = 0) -> list[int]:
    """Return the ids of our work items above ``after_id``, page by page, ascending."""
    found: list[int] = []
    last = after_id
    while True:
        query = ours_query(port.project, after_id=last, key_field=settings.key_field)
        page = port.query_ids(query, top=PAGE)
        found += [id_ for id_ in page if id_ > last]
        if len(page) < PAGE or not found:
            return found
        last = found[-1]


def read_work_items(
    port: BoardsPort, ids: Sequence[int], settings: BacklogSettings, workers: int
) -> list[WorkItem]:
    """Read work items by id, 200 at a time; what does not exist is left out."""
    batches = [list(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]
    pages = in_parallel(port.read_work_items, batches, workers)
    return [parse_work_item(row, key_field=settings.key_field) for page in pages for row in page]


def read_ours(
    port: BoardsPort, settings: BacklogSettings, known: Mapping[str, int], workers: int
) -> list[WorkItem]:
    """Read all work items of ours: by query, and by the ids that earlier runs noted."""
    listed = our_ids(port, settings)
    extra = sorted(set(known.values()) - set(listed))
    items = read_work_items(port, [*listed, *extra], settings, workers)
    noted = {id_: key for key, id_ in known.items()}
    return [
        item if item.key else replace(item, key=noted.get(item.id, ""))
        for item in items
        if item.key or item.id in noted
    ]


def settle_types(
    port: BoardsPort, settings: BacklogSettings, *, waivers: bool
) -> tuple[BacklogSettings, frozenset[str]]:
    """Fill in the types that the settings leave to the process.

    Returns:
        The settings, and the types that have a due date (as far as anybody asks).
    """
    given = (settings.workload_type, settings.item_type, settings.follow_up_type)
    bodies: list[dict[str, Any]] = []
    if not all(given):
        bodies = port.list_types()
        names = [str(body.get("name")) for body in bodies if not body.get("isDisabled")]
        settings = replace(
            settings,
            workload_type=settings.workload_type or choose_type("workload", names),
            item_type=settings.item_type or choose_type("item", names),
            follow_up_type=settings.follow_up_type or choose_type("follow-up", names),
        )
    elif waivers:
        bodies = [port.read_type(settings.follow_up_type)]
    return settings, frozenset(str(body.get("name")) for body in bodies if _has_due_date(body))


def _has_due_date(body: Mapping[str, Any]) -> bool:
    rows = body.get("fields") or body.get("fieldInstances") or []
    return any(isinstance(row, Mapping) and row.get("referenceName") == DUE_DATE for row in rows)


def read_rules(
    port: BoardsPort, names: Iterable[str], due: frozenset[str], workers: int
) -> dict[str, TypeRules]:
    """Read the states of types, one call each."""
    wanted = sorted(set(names))
    states = in_parallel(port.read_states, wanted, workers)
    return {
        name: parse_rules(name, rows, has_due_date=name in due)
        for name, rows in zip(wanted, states, strict=True)
    }


def name_people(port: BoardsPort, actions: Iterable[Action], workers: int) -> list[Action]:
    """Fill in who made each conflict, and when; where that cannot be read, who changed it last."""

    def named(action: Action) -> Action:
        if not action.conflicts or action.work_item is None:
            return action
        try:
            updates = port.read_updates(action.work_item.id)
        except ServiceError:
            return action
        conflicts = []
        for conflict in action.conflicts:
            who, when = who_changed(conflict.field, updates)
            known = {"who": who, "when": when} if who else {}
            conflicts.append(replace(conflict, **known))  # type: ignore[arg-type]  # two fields
        return replace(action, conflicts=tuple(conflicts))

    return in_parallel(named, actions, workers)
