"""Writes the backlog: level by level, every change behind the revision that was read.

A refused revision (412, 409) is answered by reading again and deciding again, a bounded number
of times; what a person did meanwhile is then seen like everything else. A write whose answer did
not come is not sent again: the work item is looked for by its key.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from azstaging.engine.ports_boards import BoardsPort
from azstaging.engine.sync_read import (
    in_parallel,
    our_ids,
    patiently,
    read_work_items,
    scope_of,
)
from azstaging.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConflictError,
    DeadlineReachedError,
    Effect,
    ServiceError,
    StagingError,
    ThrottledError,
)
from azstaging.model.backlog import (
    UNKNOWN_EFFECT,
    Action,
    ActionKind,
    Applied,
    BacklogSettings,
    Level,
    TypeRules,
    WorkItem,
)
from azstaging.model.inventory import Gap
from azstaging.rules.backlog import decide
from azstaging.rules.backlog_patch import change_operations, create_operations, retire_operations
from azstaging.rules.backlog_read import parse_work_item
from azstaging.rules.backlog_states import COMPLETED, REMOVED

MAX_ROUNDS = 5
# Somebody added the same link between our read and our write: read again.
_STALE_CODES = frozenset({"RelationAlreadyExistsException", "WorkItemLinkInvalidException"})
_FATAL = (AuthenticationError, AccessDeniedError, DeadlineReachedError)


@dataclass(kw_only=True)
class Writer:
    """Applies actions. What happened is in ``applied``, ``final`` and ``gaps``.

    Attributes:
        ids: key -> work item id; grows as work items are created.
        newest: highest id that was read before anything was written.
        final: key -> the last decision about it.
    """

    port: BoardsPort
    settings: BacklogSettings
    rules: Mapping[str, TypeRules]
    ids: dict[str, int]
    newest: int
    known: Mapping[str, int]
    workers: int
    progress: Callable[[str, int, int], None]
    applied: list[Applied] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    final: dict[str, Action] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: str = ""

    def apply(self, actions: Iterable[Action]) -> None:
        """Write what the actions say, parents before children."""
        listed = list(actions)
        total = sum(action.writes for action in listed)
        for level in Level:
            mine = [a for a in listed if a.wish is not None and a.wish.level is level]
            made = self._create_all([a for a in mine if a.kind is ActionKind.CREATE])
            changes = [a for a in mine if a.kind is not ActionKind.CREATE and a.writes]
            in_parallel(self._change, [*made, *changes], self.workers)
            self.progress("boards", len(self.applied), total)

    # -- creating -----------------------------------------------------------------------------

    def _create_all(self, actions: list[Action]) -> list[Action]:
        """Create, look up again by key, keep the lowest id; return what is left to change."""
        if not actions:
            return []
        answers = in_parallel(self._create, actions, self.workers)
        made = {a.key: item for a, item in zip(actions, answers, strict=True) if item is not None}
        found = self._look_up(made)
        left: list[Action] = []
        for action in actions:
            candidates = found.get(action.key, [])
            if not candidates:
                continue
            first = candidates[0]
            with self._lock:
                self.ids[action.key] = first.id
            mine = made.get(action.key)
            if mine is not None and mine.id != first.id:
                self._retire(action, mine, first)
            left += self._decided(action, first)
        return left

    def _create(self, action: Action) -> WorkItem | None:
        wish = action.wish
        if wish is None or self._stopped:
            return None
        due = self.rules[wish.type].has_due_date
        operations = create_operations(
            action, self.settings, ids=self.ids, url=self.port.work_item_url, due=due
        )
        try:
            body = patiently(lambda: self.port.create(wish.type, operations))
        except StagingError as error:
            self._failed(action, error)
            return None
        item = parse_work_item(body, key_field=self.settings.key_field)
        self._done(action.key, item, "created", action.name)
        return item

    def _look_up(self, made: Mapping[str, WorkItem]) -> dict[str, list[WorkItem]]:
        """Return key -> work items, lowest id first: ours, and those of a racing run."""
        items = {item.id: item for item in made.values()}
        try:
            ids = our_ids(self.port, self.settings, after_id=self.newest)
            read = read_work_items(self.port, ids, self.settings, self.workers)
            items |= {item.id: item for item in read}
        except ServiceError as error:
            self._gap("look-up", f"Created work items could not be looked up by key: {error}")
        found: dict[str, list[WorkItem]] = {}
        for _, item in sorted(items.items()):
            found.setdefault(item.key, []).append(item)
        return found

    def _retire(self, action: Action, mine: WorkItem, first: WorkItem) -> None:
        """Take our key off the work item that we made although another run had made it.

        The revision is that of its creation: once a person has touched it, it is left alone.
        """
        states = self.rules[mine.type].states if mine.type in self.rules else ()
        by_category = {state.category: state.name for state in reversed(states)}
        state = by_category.get(REMOVED) or by_category.get(COMPLETED, "")
        operations = retire_operations(
            mine, state=state, first=first.id, url=self.port.work_item_url
        )
        try:
            body = self.port.update(mine.id, operations)
        except StagingError as error:
            self._gap(
                "duplicate",
                f"Work item {mine.id} has the key of {first.id} and could not be retired: {error}",
                mine.id,
            )
            return
        self._done(action.key, parse_work_item(body), "retired", action.name)

    # -- changing -----------------------------------------------------------------------------

    def _decided(self, action: Action, item: WorkItem) -> list[Action]:
        if action.wish is None:
            return []
        again = decide(
            action.wish, item, self.rules, self.settings, parents=self.ids, known=self.known
        )
        if again is None:
            return []
        with self._lock:
            self.final[action.key] = again
        return [again] if again.writes else []

    def _change(self, action: Action) -> None:
        item, last = action.work_item, ""
        for _ in range(MAX_ROUNDS):
            if item is None or self._stopped or self._too_many_revisions(action, item):
                return
            operations = change_operations(
                action, self.settings, ids=self.ids, url=self.port.work_item_url
            )
            try:
                body = self.port.update(item.id, operations)
            except (ConflictError, ThrottledError) as error:
                last = str(error)
            except ServiceError as error:
                if error.code not in _STALE_CODES:
                    self._failed(action, error)
                    return
                last = str(error)
            except StagingError as error:
                self._failed(action, error)
                return
            else:
                written = parse_work_item(body, key_field=self.settings.key_field)
                self._done(action.key, written, "changed", action.name)
                return
            item = self._read_again(action, item)
            again = self._decided(action, item) if item else []
            if not again:
                return
            action = again[0]
        self._gap("changed-meanwhile", f"{action.name} keeps changing: {last}", action.work_item_id)

    def _read_again(self, action: Action, item: WorkItem) -> WorkItem | None:
        try:
            rows = read_work_items(self.port, [item.id], self.settings, 1)
        except StagingError as error:
            self._failed(action, error)
            return None
        if not rows:
            self._gap("not-found", f"Work item {item.id} is gone; left alone.", item.id)
            return None
        return rows[0]

    def _too_many_revisions(self, action: Action, item: WorkItem) -> bool:
        if item.rev < self.settings.max_revisions:
            return False
        detail = f"{action.name}: {item.rev} revisions reach the limit; it is no longer written."
        self._gap("revision-limit", detail, item.id)
        return True

    # -- what happened ------------------------------------------------------------------------

    def _done(self, key: str, item: WorkItem, what: str, name: str) -> None:
        with self._lock:
            self.applied.append(
                Applied(key=key, work_item_id=item.id, rev=item.rev, what=what, name=name)
            )

    def _failed(self, action: Action, error: StagingError) -> None:
        unknown = error.effect is Effect.UNKNOWN
        if isinstance(error, _FATAL):
            self._stopped = str(error)
        self._gap(
            UNKNOWN_EFFECT if unknown else _reason(error),
            f"{action.name}: {error}",
            action.work_item_id,
        )

    def _gap(self, reason: str, detail: str, id: int | None = None) -> None:
        more = ("workItems", str(id)) if id else ()
        gap = Gap(
            scope=scope_of(self.port, *more), reason=reason, detail=detail, covers_items=False
        )
        with self._lock:
            self.gaps.append(gap)

    @property
    def stopped(self) -> str:
        """Why writing stopped before the end, or ""."""
        return self._stopped


def _reason(error: StagingError) -> str:
    if isinstance(error, (AuthenticationError, AccessDeniedError)):
        return "forbidden"
    if isinstance(error, DeadlineReachedError):
        return "deadline"
    if isinstance(error, ThrottledError):
        return "throttled"
    return "refused"
