"""The backlog as values: what Azure Boards should say, what it says, and what to do about it."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap

# Reason of the gap for a write whose answer did not come.
UNKNOWN_EFFECT = "unknown-effect"


class Level(enum.Enum):
    """What a work item stands for."""

    WORKLOAD = "workload"
    ITEM = "item"
    DIFFERENCES = "differences"
    WAIVER = "waiver"


class Choice(enum.Enum):
    """What to do about a conflict.

    LEAVE writes nothing over it and reports it again next time. ACCEPT takes what the person
    wrote as agreed. RESTORE writes what the evidence says.
    """

    LEAVE = "leave"
    ACCEPT = "accept"
    RESTORE = "restore"


class ActionKind(enum.Enum):
    """What becomes of one work item."""

    CREATE = "create"
    CHANGE = "change"
    LEAVE = "leave"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogSettings:
    """How the backlog is kept.

    Attributes:
        workload_type, item_type, follow_up_type: work item types; "" takes what the process has.
        area_path: where new work items go, or "" for the project's root.
        states: phase -> state name, or category (Proposed, InProgress, Resolved, Completed).
        key_field: reference name of a custom field that holds the key, or "" for a tag.
        portal_url: origin of the Azure portal, for links to the resources.
        report_url: where the report is, or "".
        namespace: tells two estates in one project apart, or "".
        follow_ups: also keep work items for waivers and for differences to act on.
        max_revisions: a work item with as many revisions is no longer written.
        choices: ``ID@REVISION`` as a conflict was shown -> what to do about it; a work item that
            has another revision now is left alone.
    """

    workload_type: str = ""
    item_type: str = ""
    follow_up_type: str = ""
    area_path: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    key_field: str = ""
    portal_url: str = "https://portal.azure.com"
    report_url: str = ""
    namespace: str = ""
    follow_ups: bool = True
    max_revisions: int = 2_000
    choices: Mapping[str, Choice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state of a work item type; ``category`` is what states are mapped by."""

    name: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRules:
    """One work item type of the project's own process.

    Attributes:
        states: in the order of the process; the first is the one of a new work item.
        has_due_date: the type has the field ``Microsoft.VSTS.Scheduling.DueDate``.
    """

    name: str
    states: tuple[State, ...]
    has_due_date: bool = False

    def category_of(self, state: str) -> str:
        """Return the category of a state, or "" if the type does not have it."""
        folded = state.casefold()
        return next((s.category for s in self.states if s.name.casefold() == folded), "")

    def named(self, state: str) -> State | None:
        """Return a state by its name, compared without case."""
        folded = state.casefold()
        return next((s for s in self.states if s.name.casefold() == folded), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one work item should say.

    Attributes:
        key: twelve hexadecimal digits; what the work item is found by.
        phase: what its state follows, e.g. ``staged``; ``mixed`` for a workload in between.
        state: configured name or category of the state, or "" for the phase's own category.
        lines: the description block: label and text, in order. Plain text, not escaped.
        links: hyperlinks with a comment each.
        parent_key, related_keys: other wishes.
        evidence: digest of the evidence that it rests on.
        why: what the evidence says, one clause.
        only_existing: never created, only kept up to date where it exists.
    """

    key: str
    level: Level
    type: str
    title: str
    phase: str
    state: str
    tags: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...] = ()
    parent_key: str = ""
    related_keys: tuple[str, ...] = ()
    due: datetime | None = None
    evidence: str = ""
    why: str = ""
    only_existing: bool = False
    resource_id: ResourceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What we last wrote into a work item, kept in its own block.

    Attributes:
        agreed: field -> digest of the value that stood after our last write.
        wanted: field -> digest of the value that we wanted then.
        links: digests of the hyperlinks that we added.
        block: digest of the block's text.
    """

    key: str
    agreed: Mapping[str, str]
    wanted: Mapping[str, str]
    links: tuple[str, ...]
    block: str
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One link of a work item, in the order of the service."""

    rel: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A work item as it was read.

    Attributes:
        key: from its tag or key field, else from its block; "" when it has none.
        markdown: the description is Markdown, which our block is not.
        memory: None when the block is missing or damaged; ``block_text`` is what was found in it.
        changed_at: aware UTC, or None.
    """

    id: int
    rev: int
    type: str
    title: str
    state: str
    tags: tuple[str, ...] = ()
    description: str = ""
    relations: tuple[Relation, ...] = ()
    key: str = ""
    keys: tuple[str, ...] = ()
    markdown: bool = False
    memory: Memory | None = None
    block_digest: str = ""
    due: datetime | None = None
    changed_by: str = ""
    changed_at: datetime | None = None
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that will be written."""

    field: str
    before: str
    after: str


def shown_as(id: int, rev: int, links: str) -> str:
    """Return what a choice about a work item is bound to: ``1234@7``, or ``1234@7.3fa1``."""
    return f"{id}@{rev}" + (f".{links}" if links else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Somebody changed what we own.

    Attributes:
        field: title, state, tags, due, parent, link, block, key, or work item (deleted, duplicate).
        found, wanted: what it says, and what the evidence says it should.
        evidence: what the evidence says, one clause.
        who, when: who changed it last, as Boards tells; "" and None when it does not.
        choice: what is done about it now; LEAVE unless the settings say otherwise.
        rev: the revision that was read; 0 for a work item that is gone.
        links: mark of our links that somebody removed, as that makes no revision; else "".
    """

    key: str
    work_item_id: int
    name: str
    field: str
    found: str
    wanted: str
    evidence: str
    detail: str = ""
    who: str = ""
    when: datetime | None = None
    choice: Choice = Choice.LEAVE
    rev: int = 0
    links: str = ""

    @property
    def shown(self) -> str:
        """``ID@REVISION``: what a choice about this conflict is bound to."""
        return shown_as(self.work_item_id, self.rev, self.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What becomes of one work item, and why.

    Attributes:
        work_item: as it was read; None for CREATE and for a work item that was deleted by hand.
        changes: what will be written; CONFLICT may hold some as well, in fields nobody touched.
        state: name of the state to set, or "" to leave it.
        links: hyperlinks and relations to add, as (rel, url or key, comment).
        memory: what the block will remember; its ``block`` is filled in when it is rendered.
        keep_text: text inside our block that a person wrote and that is kept above it.
    """

    kind: ActionKind
    key: str
    name: str
    reason: str
    wish: Wish | None = None
    work_item: WorkItem | None = None
    changes: tuple[FieldChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    state: str = ""
    links: tuple[tuple[str, str, str], ...] = ()
    memory: Memory | None = None
    keep_text: str = ""

    @property
    def writes(self) -> bool:
        """Whether applying it changes Boards."""
        return self.kind is ActionKind.CREATE or bool(self.changes)

    @property
    def work_item_id(self) -> int | None:
        """The work item's id, or None before it exists."""
        return self.work_item.id if self.work_item else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One write that Boards confirmed.

    Attributes:
        what: ``created``, ``changed`` or ``retired`` (a duplicate of our own making).
    """

    key: str
    work_item_id: int
    rev: int
    what: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardsResult(Tabular):
    """What a preview found, or what an apply did.

    Attributes:
        actions: one per work item, sorted by level, name and key.
        applied: empty for a preview.
        gaps: what could not be read or written, and why.
        ids: key -> work item id, for the journal: finds a work item whose tag was removed.
    """

    at: datetime
    actions: tuple[Action, ...]
    applied: tuple[Applied, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    gaps: tuple[Gap, ...] = ()
    ids: Mapping[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Action]:
        return iter(self.actions)

    def __len__(self) -> int:
        return len(self.actions)

    def count(self, kind: ActionKind) -> int:
        """Return the number of actions of a kind."""
        return sum(action.kind is kind for action in self.actions)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per action: what, work item, type, title, state, changes, conflicts."""
        return [_row(action, self.ids) for action in self.actions]

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.count(kind)} {kind.value}" for kind in ActionKind)
        written = f", {len(self.applied)} written" if self.applied else ""
        return f"BoardsResult({counts}{written}, {len(self.gaps)} gaps)"


def _row(action: Action, ids: Mapping[str, int]) -> dict[str, Any]:
    item, wish = action.work_item, action.wish
    return {
        "action": action.kind.value,
        "work_item_id": item.id if item else ids.get(action.key),
        "level": wish.level.value if wish else None,
        "type": wish.type if wish else (item.type if item else None),
        "title": action.name,
        "state": item.state if item else None,
        "new_state": action.state or None,
        "changes": [change.field for change in action.changes],
        "conflicts": [conflict.field for conflict in action.conflicts],
        "changed_by": next((c.who for c in action.conflicts if c.who), None),
        "reason": action.reason,
        "key": action.key,
    }
