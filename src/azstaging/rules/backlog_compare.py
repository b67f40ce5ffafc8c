"""One work item against one wish, field by field, with what we last wrote as the third opinion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from azstaging.model.backlog import (
    Action,
    ActionKind,
    Choice,
    Conflict,
    FieldChange,
    Memory,
    TypeRules,
    Wish,
    WorkItem,
)
from azstaging.model.times import format_time
from azstaging.rules.backlog_states import target, values_of
from azstaging.rules.backlog_text import block_body, digest, inner_text, text_of

TAG = "azstaging"
KEY_PREFIX = "azst:"
PARENT = "System.LinkTypes.Hierarchy-Reverse"
RELATED = "System.LinkTypes.Related"
HYPERLINK = "Hyperlink"
_OUR_PREFIXES = ("azst:", "azst-")

Parents = Mapping[str, int]


def is_ours(tag: str) -> bool:
    """Tell whether a tag belongs to us: ``azstaging``, ``azst:...``, ``azst-...``."""
    folded = tag.casefold()
    return folded == TAG or folded.startswith(_OUR_PREFIXES)


def tags_value(tags: Sequence[str]) -> str:
    """Return tags as one comparable text."""
    return "; ".join(sorted({tag.casefold() for tag in tags}))


def due_value(due: datetime | None) -> str:
    """Return a due date as comparable text, to the second; "" for none."""
    return format_time(due.replace(microsecond=0)) if due else ""


def related_id(url: str) -> int:
    """Return the work item id at the end of a relation's URL, or 0."""
    tail = url.rstrip("/").rpartition("/")[2]
    return int(tail) if tail.isascii() and tail.isdigit() else 0


def wanted_links(wish: Wish, parents: Parents) -> tuple[tuple[str, str, str], ...]:
    """Return the links that can be made now: (rel, url or key, comment)."""
    hyperlinks = tuple((HYPERLINK, url, comment) for url, comment in wish.links)
    related = tuple((RELATED, key, "shared") for key in wish.related_keys if key in parents)
    return hyperlinks + related


def link_digest(rel: str, goal: str, *, gone: bool = False) -> str:
    """Return by what a link that we added is remembered; ``gone`` when its removal stands."""
    return digest(f"{'gone ' if gone else ''}{rel} {goal.casefold()}")


def removed_links(wish: Wish, item: WorkItem, parents: Parents) -> str:
    """Return a mark of our links that are no longer there, or "".

    A change of links makes no revision, so a choice is bound to them besides.
    """
    if item.memory is None:
        return ""
    urls = {relation.url.casefold() for relation in item.relations}
    related = {related_id(r.url) for r in item.relations if r.rel == RELATED}
    gone = [
        goal.casefold()
        for rel, goal, _ in wanted_links(wish, parents)
        if link_digest(rel, goal) in item.memory.links
        and not (goal.casefold() in urls if rel == HYPERLINK else parents[goal] in related)
    ]
    found = _parent_found(item, parents)
    if digest(found) != item.memory.agreed["parent"]:
        gone.append(f"parent {found}")
    return digest(" ".join(sorted(gone)))[:4] if gone else ""


def _parent_found(item: WorkItem, parents: Parents) -> str:
    """Return the key of the parent, its id when it is none of ours, or ""."""
    ids = [related_id(r.url) for r in item.relations if r.rel == PARENT]
    keys = {found_id: key for key, found_id in parents.items()}
    return keys.get(ids[0], str(ids[0])) if ids else ""


@dataclass(kw_only=True)
class Comparison:
    """Collects what is found about one work item."""

    wish: Wish
    item: WorkItem
    choice: Choice
    removed: str = ""
    agreed: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    remembered: set[str] = field(default_factory=set)
    changes: list[FieldChange] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    state: str = ""
    keep_text: str = ""

    # -- the fields ---------------------------------------------------------------------------

    def compare_all(self, rules: Mapping[str, TypeRules], parents: Parents) -> None:
        """Compare every field that we own."""
        wish, item, kind = self.wish, self.item, rules[self.item.type]
        if self._differs("title", (item.title,), wish.title, item.title, wish.title):
            self._write("title", item.title, wish.title)
        value, name = target(wish, kind, item.state)
        if self._differs("state", values_of(kind, item.state), value, item.state, name):
            self.state = name
            self._write("state", item.state, name)
        ours = tuple(tag for tag in item.tags if is_ours(tag))
        shown = ("; ".join(ours), "; ".join(wish.tags))
        if self._differs("tags", (tags_value(ours),), tags_value(wish.tags), *shown):
            self._write("tags", *shown)
        self._compare_due(kind)
        self._compare_parent(parents)
        self._compare_links(parents)
        self._compare_block()

    def _differs(
        self, name: str, read: tuple[str, ...], wanted: str, found: str, goal: str
    ) -> bool:
        """Tell whether a field is to be written; remember what will stand."""
        memory, goal_digest = self.item.memory, digest(wanted)
        agreed = memory.agreed[name] if memory else ""
        last = memory.wanted[name] if memory else ""
        self.agreed[name] = self.wanted[name] = goal_digest
        if wanted in read:
            return False
        if agreed in {digest(value) for value in read}:
            if last != goal_digest:
                return True
            # We wanted this before, and it was agreed that theirs stands.
            self.agreed[name] = agreed
            return False
        choice = self.dispute(name, found, goal)
        if choice is Choice.LEAVE:
            self.agreed[name], self.wanted[name] = agreed, last
        if choice is Choice.ACCEPT:
            scheme = wanted.partition(":")[0]
            same = (value for value in read if value.partition(":")[0] == scheme)
            self.agreed[name] = digest(next(same, read[0]))
        return choice is Choice.RESTORE

    def _compare_due(self, kind: TypeRules) -> None:
        wanted, found = due_value(self.wish.due), due_value(self.item.due)
        if not wanted or not kind.has_due_date:
            # Nothing of ours: the due date of another work item is its people's.
            self._keep("due")
        elif self._differs("due", (found,), wanted, found or "none", wanted):
            self._write("due", found, wanted)

    def _compare_parent(self, parents: Parents) -> None:
        ids = [related_id(r.url) for r in self.item.relations if r.rel == PARENT]
        found = _parent_found(self.item, parents)
        wanted = self.wish.parent_key if self.wish.parent_key in parents else found
        shown = (f"work item {ids[0]}" if ids else "none", f"work item {parents.get(wanted, '')}")
        before = self.choice
        if ids and self.choice is Choice.RESTORE:
            # A link is removed by position, which no revision guards: so we only ever add.
            self.choice = Choice.LEAVE
        if self._differs("parent", (found,), wanted, *shown):
            if ids:
                self._keep("parent")
            else:
                self._write("parent", *shown)
        self.choice = before

    def _keep(self, name: str) -> None:
        memory = self.item.memory
        self.agreed[name] = memory.agreed[name] if memory else digest("")
        self.wanted[name] = memory.wanted[name] if memory else digest("")

    def _compare_links(self, parents: Parents) -> None:
        old = set(self.item.memory.links) if self.item.memory else set()
        present = {r.url.casefold() for r in self.item.relations if r.rel == HYPERLINK}
        related = {related_id(r.url) for r in self.item.relations if r.rel == RELATED}
        for rel, goal, comment in wanted_links(self.wish, parents):
            here = goal.casefold() in present if rel == HYPERLINK else parents[goal] in related
            mark, gone = link_digest(rel, goal), link_digest(rel, goal, gone=True)
            if gone in old and not here:
                self.remembered.add(gone)
                continue
            self.remembered.add(mark)
            if here or (mark in old and not self._restore_link(goal, mark, gone)):
                continue
            self.links.append((rel, goal, comment))
            self._write("link", "", goal)

    def _restore_link(self, goal: str, mark: str, gone: str) -> bool:
        choice = self.dispute("link", "removed by hand", goal)
        if choice is Choice.ACCEPT:
            self.remembered.discard(mark)
            self.remembered.add(gone)
        return choice is Choice.RESTORE

    def _compare_block(self) -> None:
        body = digest(text_of(block_body(self.wish.lines)))
        if self.item.block_digest != body or self.memory(body) != self.item.memory:
            self._write("description", "", "our block")
        if any(conflict.field == "block" for conflict in self.conflicts):
            if self.choice is Choice.ACCEPT:
                self.keep_text = inner_text(self.item.description)
            if not self.changes:
                self._write("description", "", "our block")

    # -- what comes of it ---------------------------------------------------------------------

    def _write(self, name: str, before: str, after: str) -> None:
        self.changes.append(FieldChange(field=name, before=before, after=after))

    def dispute(self, name: str, found: str, wanted: str) -> Choice:
        """Note a conflict and return what is to be done about it."""
        conflict = Conflict(
            key=self.wish.key,
            work_item_id=self.item.id,
            name=self.wish.title,
            field=name,
            found=found,
            wanted=wanted,
            evidence=self.wish.why,
            who=self.item.changed_by,
            when=self.item.changed_at,
            choice=self.choice,
            rev=self.item.rev,
            links=self.removed,
        )
        self.conflicts.append(conflict)
        return self.choice

    def memory(self, block: str = "") -> Memory:
        """Return what the block will remember."""
        return Memory(
            key=self.wish.key,
            agreed=self.agreed,
            wanted=self.wanted,
            links=tuple(sorted(self.remembered)),
            block=block,
            evidence=self.wish.evidence,
        )

    def action(self) -> Action:
        """Return what becomes of the work item."""
        open_ones = [c for c in self.conflicts if c.choice is Choice.LEAVE]
        if open_ones:
            kind = ActionKind.CONFLICT
        else:
            kind = ActionKind.CHANGE if self.changes else ActionKind.LEAVE
        return Action(
            kind=kind,
            key=self.wish.key,
            name=self.wish.title,
            reason=self._reason(),
            wish=self.wish,
            work_item=self.item,
            changes=tuple(self.changes),
            conflicts=tuple(self.conflicts),
            state=self.state,
            links=tuple(self.links),
            memory=self.memory() if self.changes else None,
            keep_text=self.keep_text,
        )

    def _reason(self) -> str:
        parts = [f"{c.field}: {c.found} ({c.choice.value})" for c in self.conflicts]
        if self.changes:
            parts.append("changes " + ", ".join(change.field for change in self.changes))
        return "; ".join(parts) or "agrees with the evidence"
