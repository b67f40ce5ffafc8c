"""Keeps Azure Boards in agreement with what was read and decided: preview first, then apply."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from azstaging.engine.ports import LeasePort
from azstaging.engine.ports_boards import BoardsPort, Json
from azstaging.engine.sync_read import (
    name_people,
    patiently,
    read_ours,
    read_rules,
    scope_of,
    settle_types,
)
from azstaging.engine.sync_write import Writer
from azstaging.errors import ConflictError, NotFoundError, ServiceError
from azstaging.model.backlog import (
    Action,
    ActionKind,
    BacklogSettings,
    BoardsResult,
    TypeRules,
    WorkItem,
)
from azstaging.model.decisions import Decisions, Waiver
from azstaging.model.differences import Diff
from azstaging.model.findings import Findings
from azstaging.model.inventory import Gap, Inventory
from azstaging.rules.backlog import check_choices, plan_actions
from azstaging.rules.backlog_patch import (
    change_operations,
    create_operations,
    validation_operations,
    without_state,
)
from azstaging.rules.backlog_read import legal_targets
from azstaging.rules.backlog_states import check_states
from azstaging.rules.backlog_wishes import build_wishes

__all__ = ["BoardsResult", "sync_boards"]


def _silent(step: str, done: int, total: int) -> None:
    del step, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What the backlog should agree with; None means that it was not made."""

    inventory: Inventory
    findings: Findings | None
    diff: Diff | None
    decisions: Decisions | None
    waivers: tuple[Waiver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a preview rests on."""

    settings: BacklogSettings
    rules: Mapping[str, TypeRules]
    work_items: tuple[WorkItem, ...]
    actions: tuple[Action, ...]
    gaps: tuple[Gap, ...]
    ids: Mapping[str, int] = field(default_factory=dict)


def sync_boards(
    port: BoardsPort,
    inventory: Inventory,
    findings: Findings | None = None,
    diff: Diff | None = None,
    decisions: Decisions | None = None,
    *,
    settings: BacklogSettings,
    at: datetime,
    apply: bool = False,
    waivers: Iterable[Waiver] = (),
    known: Mapping[str, int] | None = None,
    workers: int = 4,
    progress: Callable[[str, int, int], None] = _silent,
    lease: LeasePort | None = None,
    run: str = "",
) -> BoardsResult:
    """Compare the backlog with the evidence, and write the difference if ``apply``.

    A preview writes nothing: it reads, and asks the service to validate one example per type
    and transition. A second apply of the same inputs writes nothing.

    Args:
        port: one project of Boards.
        inventory: every replicated item, with gaps.
        findings: of the last checks, or None when none ran.
        diff: the configuration diff, or None.
        decisions: one per workload, or None.
        settings: types, states, choices about conflicts.
        at: now, aware UTC.
        apply: write.
        waivers: those in force; each gets a follow-up with its expiry as due date.
        known: key -> work item id of earlier runs (`BoardsResult.ids`), from the journal.
        workers: most requests at the same time.
        progress: called with (step, done, total).
        lease: one writer per project; taken for the time of an apply.
        run: id of the run, for the lease.

    Returns:
        One action per work item; conflicts with who and when; gaps for what could not be done.

    Raises:
        LeaseHeldError: another run writes to this project; nothing was written.
        ConfigurationError: a type or state that the process does not have, or a choice without
            its revision; nothing was written.
        ServiceError, AuthenticationError: Boards could not be read; nothing was written.
    """
    check_choices(settings)
    scope = scope_of(port)
    if apply and lease is not None:
        lease.acquire(scope, run=run, now=at)
    try:
        evidence = _Evidence(
            inventory=inventory,
            findings=findings,
            diff=diff,
            decisions=decisions,
            waivers=tuple(waivers),
        )
        read = _preview(port, evidence, settings, known or {}, workers)
        progress("boards", 0, sum(action.writes for action in read.actions))
        if not apply:
            return _result(at, read.actions, read)
        return _apply(port, read, known or {}, workers, progress, at)
    finally:
        if apply and lease is not None:
            lease.release(scope)


def _preview(
    port: BoardsPort,
    evidence: _Evidence,
    settings: BacklogSettings,
    known: Mapping[str, int],
    workers: int,
) -> _Read:
    settings, due = settle_types(port, settings, waivers=bool(evidence.waivers))
    wishes = build_wishes(
        evidence.inventory,
        evidence.findings,
        evidence.diff,
        evidence.decisions,
        settings,
        waivers=evidence.waivers,
    )
    items = read_ours(port, settings, known, workers)
    names = {wish.type for wish in wishes} | {item.type for item in items}
    rules = read_rules(port, names, due, workers)
    check_states(settings, rules.values())
    actions = plan_actions(wishes, items, rules, settings, known=known)
    validated, gaps = _validate(port, actions, settings, rules)
    named = name_people(port, validated, workers)
    ids: dict[str, int] = {}
    for item in sorted(items, key=lambda item: item.id):
        ids.setdefault(item.key, item.id)
    return _Read(
        settings=settings,
        rules=rules,
        work_items=tuple(items),
        actions=tuple(named),
        gaps=tuple(gaps),
        ids=ids,
    )


def _apply(
    port: BoardsPort,
    read: _Read,
    known: Mapping[str, int],
    workers: int,
    progress: Callable[[str, int, int], None],
    at: datetime,
) -> BoardsResult:
    writer = Writer(
        port=port,
        settings=read.settings,
        rules=read.rules,
        ids=dict(read.ids),
        newest=max((item.id for item in read.work_items), default=0),
        known=known,
        workers=workers,
        progress=progress,
    )
    writer.apply(read.actions)
    met = {k: a for k, a in writer.final.items() if a.conflicts}
    late = {a.key: a for a in name_people(port, met.values(), workers)}
    actions = tuple(late.get(action.key, action) for action in read.actions)
    result = _result(at, actions, replace(read, ids=writer.ids))
    return replace(result, applied=tuple(writer.applied), gaps=(*read.gaps, *writer.gaps))


def _result(at: datetime, actions: tuple[Action, ...], read: _Read) -> BoardsResult:
    return BoardsResult(
        at=at,
        actions=actions,
        conflicts=tuple(conflict for action in actions for conflict in action.conflicts),
        gaps=read.gaps,
        ids={key: id_ for key, id_ in sorted(read.ids.items()) if key},
    )


# -- asking first ------------------------------------------------------------------------------


def _validate(
    port: BoardsPort,
    actions: tuple[Action, ...],
    settings: BacklogSettings,
    rules: Mapping[str, TypeRules],
) -> tuple[list[Action], list[Gap]]:
    """Validate one example per new type and per transition; drop what the process refuses."""
    verdicts: dict[tuple[str, str, str], str] = {}
    kept: list[Action] = []
    gaps: list[Gap] = []
    for action in actions:
        sample = _sample(action)
        if sample is None:
            kept.append(action)
            continue
        if sample not in verdicts:
            verdicts[sample] = _refused(port, action, settings, rules)
            if verdicts[sample]:
                gaps.append(_gap(port, sample, verdicts[sample]))
        kept.append(_without(action, verdicts[sample]) if verdicts[sample] else action)
    return kept, gaps


def _sample(action: Action) -> tuple[str, str, str] | None:
    if action.kind is ActionKind.CREATE and action.wish is not None:
        return action.wish.type, "", ""
    if action.state and action.work_item is not None:
        return action.work_item.type, action.work_item.state, action.state
    return None


def _refused(
    port: BoardsPort,
    action: Action,
    settings: BacklogSettings,
    rules: Mapping[str, TypeRules],
) -> str:
    """Return why the service refuses it, or ""."""
    item, wish = action.work_item, action.wish
    try:
        if item is not None:
            # Parents may not exist yet; a transition is judged without links.
            operations = _checked(change_operations, action, settings)
            patiently(lambda: port.update(item.id, operations, validate_only=True))
        elif wish is not None:
            due = rules[wish.type].has_due_date
            operations = create_operations(
                replace(action, links=()), settings, ids={}, url=port.work_item_url, due=due
            )
            patiently(lambda: port.create(wish.type, operations, validate_only=True))
    except (ConflictError, NotFoundError):
        return ""  # somebody changed it just now; the write will see
    except ServiceError as error:
        if error.status != 400:  # noqa: PLR2004 - a business rule
            raise
        return str(error)
    return ""


def _checked(
    operations: Callable[..., list[Json]], action: Action, settings: BacklogSettings
) -> list[Json]:
    changes = tuple(change for change in action.changes if change.field != "parent")
    bare = replace(action, links=(), changes=changes)
    made = operations(bare, settings, ids={}, url=str)
    return validation_operations(action, made)


def _without(action: Action, problem: str) -> Action:
    if action.kind is not ActionKind.CREATE:
        stripped = without_state(action)
        kind = stripped.kind
        if kind is ActionKind.CHANGE and not stripped.changes:
            kind = ActionKind.LEAVE
        return replace(stripped, kind=kind, reason=f"{action.reason}; state refused")
    return replace(action, kind=ActionKind.LEAVE, reason=f"refused: {problem}", memory=None)


def _gap(port: BoardsPort, sample: tuple[str, str, str], problem: str) -> Gap:
    type_name, before, after = sample
    if not after:
        detail = f"A new {type_name} is refused: {problem}"
        return Gap(scope=scope_of(port), reason="refused", detail=detail, covers_items=False)
    legal = legal_targets(port.read_type(type_name), before)
    detail = (
        f"{type_name}: {before} to {after} is refused; from {before} the process allows "
        f"{', '.join(legal) or 'nothing else'}. {problem}"
    )
    return Gap(scope=scope_of(port), reason="illegal-transition", detail=detail, covers_items=False)
