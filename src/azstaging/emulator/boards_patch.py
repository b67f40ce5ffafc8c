"""JSON Patch on a work item: fields, tags, relations, the revision test and the rules.

Sources. Recorded: ``add`` on System.Tags merges, ``replace`` sets; attributes of relations.
Documented: limits, one parent per item, a second equal relation is a 400.
Guessed: wording of messages, what the HTML sanitiser strips.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from azstaging.emulator.boards_process import READ_ONLY, State

Json = dict[str, Any]
MAX_TAGS, MAX_RELATIONS, MAX_TITLE_CHARS, MAX_REVISIONS = 100, 1000, 255, 10_000
_UNSAFE_HTML = re.compile(r"<!--.*?-->|<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)


class BoardsError(Exception):
    """An answer of the service that is not a success."""

    def __init__(self, status: int, type_key: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.type_key = type_key


@dataclass(kw_only=True)
class WorkItem:
    """One work item with its history; relations carry no revision of their own."""

    id: int
    rev: int
    fields: Json
    relations: list[Json] = field(default_factory=list)
    revisions: list[Json] = field(default_factory=list)
    updates: list[Json] = field(default_factory=list)
    comments: list[Json] = field(default_factory=list)
    deleted: bool = False


class Project(Protocol):
    """What the rules of a project need to know."""

    field_names: Mapping[str, tuple[str, str]]
    required: Mapping[tuple[str, str], str]

    def states_of(self, type_name: str) -> tuple[State, ...]: ...
    def legal_targets(self, type_name: str, state: str) -> tuple[str, ...]: ...
    def has_field(self, reference: str, type_name: str) -> bool: ...
    def get(self, id: int) -> WorkItem: ...


INVERSE = {
    "System.LinkTypes.Hierarchy-Forward": "System.LinkTypes.Hierarchy-Reverse",
    "System.LinkTypes.Hierarchy-Reverse": "System.LinkTypes.Hierarchy-Forward",
    "System.LinkTypes.Dependency-Forward": "System.LinkTypes.Dependency-Reverse",
    "System.LinkTypes.Dependency-Reverse": "System.LinkTypes.Dependency-Forward",
    "System.LinkTypes.Related": "System.LinkTypes.Related",
    "System.LinkTypes.Duplicate-Forward": "System.LinkTypes.Duplicate-Reverse",
    "System.LinkTypes.Duplicate-Reverse": "System.LinkTypes.Duplicate-Forward",
}
RELATION_TYPES = (*INVERSE, "Hyperlink", "AttachedFile", "ArtifactLink")


def target_of(url: str) -> int | None:
    tail = url.rpartition("/")[2]
    return int(tail) if tail.isdigit() else None


def split_tags(value: Any) -> list[str]:
    """Split System.Tags; empty parts do not count."""
    return [tag.strip() for tag in str(value or "").split(";") if tag.strip()]


@dataclass(kw_only=True)
class Change:
    """A JSON patch document, applied to a copy."""

    fields: Json
    relations: list[Json]
    history: str | None = None

    @classmethod
    def of(cls, state: Project, item: WorkItem, operations: Any) -> "Change":
        """Apply operations in order; ``test`` fails with 412 before anything else is looked at."""
        if not isinstance(operations, list) or not operations:
            raise BoardsError(
                400,
                "VssPropertyValidationException",
                "You must pass a valid patch document in the body of the request.",
            )
        fields = {k: v for k, v in item.fields.items() if k != "System.History"}
        change = cls(fields=fields, relations=[dict(r) for r in item.relations])
        for operation in operations:
            change._apply(state, item, operation)
        return change

    def _apply(self, state: Project, item: WorkItem, operation: Any) -> None:
        op = str(operation.get("op", "")).casefold()
        path, value = str(operation.get("path", "")), operation.get("value")
        head, _, rest = path.lstrip("/").partition("/")
        if op == "test" and path == "/rev":
            if str(value) != str(item.rev):
                raise BoardsError(
                    412,
                    "TestPatchOperationFailedException",
                    "VS403351: Test Operation for path /rev failed.",
                )
        elif head == "fields" and op in {"add", "replace", "remove", "test"}:
            self._apply_field(state, op, rest, value)
        elif head == "relations" and op in {"add", "replace", "remove"}:
            self._apply_relation(state, item, op, rest, value)
        else:
            raise BoardsError(
                400,
                "PatchOperationFailedException",
                f"The operation {op!r} on {path!r} is not supported.",
            )

    def _apply_field(self, state: Project, op: str, name: str, value: Any) -> None:
        reference = next((n for n in state.field_names if n.casefold() == name.casefold()), None)
        if reference is None or not state.has_field(reference, self.fields["System.WorkItemType"]):
            raise BoardsError(
                400,
                "WorkItemTrackingFieldDefinitionNotFoundException",
                f"TF51535: Cannot find field {name}.",
            )
        if reference in READ_ONLY:
            raise _rule(f"TF401326: The field '{name}' is read only.")
        if op == "test":
            if self.fields.get(reference) != value:
                raise BoardsError(
                    412,
                    "TestPatchOperationFailedException",
                    f"VS403351: Test Operation for path /fields/{name} failed.",
                )
        elif op == "remove" or value is None or value == "":
            self.fields.pop(reference, None)
        elif reference == "System.History":
            self.history = sanitised(str(value))
        elif reference == "System.Tags":
            kept = split_tags(self.fields.get(reference)) if op == "add" else []
            self._set_tags(kept + split_tags(value))
        elif state.field_names[reference][1] == "html":
            self.fields[reference] = sanitised(str(value))
        else:
            self.fields[reference] = value

    def _set_tags(self, tags: list[str]) -> None:
        unique: dict[str, str] = {}
        for tag in tags:
            unique.setdefault(tag.casefold(), tag)
        if len(unique) > MAX_TAGS:
            raise BoardsError(400, "WorkItemTagLimitExceededException", "VS403445: Too many tags.")
        text = "; ".join(unique[key] for key in sorted(unique))
        self.fields.pop("System.Tags", None)
        if text:
            self.fields["System.Tags"] = text

    def _apply_relation(
        self, state: Project, item: WorkItem, op: str, rest: str, value: Any
    ) -> None:
        if op == "add" and rest == "-":
            self._add_relation(state, item, value)
            return
        index, _, tail = rest.partition("/")
        if not index.isdigit() or int(index) >= len(self.relations):
            raise BoardsError(
                400, "PatchOperationFailedException", f"Relation index {index} does not exist."
            )
        if op == "remove" and not tail:
            del self.relations[int(index)]
        elif op == "replace" and tail == "attributes/comment":
            old = self.relations[int(index)]
            self.relations[int(index)] = old | {
                "attributes": old["attributes"] | {"comment": value}
            }
        else:
            raise BoardsError(
                400,
                "PatchOperationFailedException",
                f"The path /relations/{rest} is not supported.",
            )

    def _add_relation(self, state: Project, item: WorkItem, value: Any) -> None:
        given = str((value or {}).get("rel", ""))
        rel = next((r for r in RELATION_TYPES if r.casefold() == given.casefold()), None)
        url = str((value or {}).get("url", ""))
        if rel is None or not url:
            raise BoardsError(
                400, "RelationTypeNotFoundException", f"Unrecognised relation type {given!r}."
            )
        attributes = dict(value.get("attributes") or {})
        if rel in INVERSE:
            other = target_of(url)
            if other is None or other == item.id:
                raise BoardsError(400, "WorkItemLinkInvalidException", f"Cannot link to {url}.")
            state.get(other)
            attributes = {"isLocked": False} | attributes
        self._refuse_second(rel, url)
        if len(self.relations) >= MAX_RELATIONS:
            raise BoardsError(400, "WorkItemLinkLimitExceededException", "Too many links.")
        self.relations.append({"rel": rel, "url": url, "attributes": attributes})

    def _refuse_second(self, rel: str, url: str) -> None:
        parent = "System.LinkTypes.Hierarchy-Reverse"
        for relation in self.relations:
            same = target_of(relation["url"]) == target_of(url) if rel in INVERSE else False
            if relation["rel"] == rel and (same or relation["url"] == url):
                raise BoardsError(
                    400, "RelationAlreadyExistsException", "VS402625: Relation already exists."
                )
            if rel == parent and relation["rel"] == parent:
                raise BoardsError(
                    400,
                    "WorkItemLinkInvalidException",
                    "TF201036: A work item can have only one Parent link.",
                )

    def check_rules(self, state: Project, item: WorkItem, *, created: bool) -> None:
        """Refuse what a rule of the type refuses (400) and updates beyond the limit."""
        title = str(self.fields.get("System.Title", ""))
        if not title.strip() or len(title) > MAX_TITLE_CHARS:
            raise _rule("TF401320: Rule Error for field Title. Error code: Required, InvalidEmpty.")
        type_name, new = self.fields["System.WorkItemType"], self.fields["System.State"]
        old = item.fields["System.State"]
        if new not in [s.name for s in state.states_of(type_name)]:
            raise _rule(
                f"The field 'State' contains the value '{new}' that is not in the list of"
                " supported values."
            )
        if not created and new not in state.legal_targets(type_name, old):
            raise _rule(
                f"TF401320: Rule Error for field State. The transition from '{old}' to '{new}'"
                " is not allowed."
            )
        needed = state.required.get((type_name, new))
        if needed and needed not in self.fields:
            raise _rule(f"TF401320: Rule Error for field {needed}. Error code: Required.")
        if item.rev >= MAX_REVISIONS:
            raise BoardsError(
                400, "WorkItemRevisionLimitExceededException", "VS403640: Too many revisions."
            )

    def preview(self, item: WorkItem) -> WorkItem:
        """Return what would be saved, with the revision as it is."""
        return WorkItem(id=item.id, rev=item.rev, fields=self.fields, relations=self.relations)


def _rule(message: str) -> BoardsError:
    return BoardsError(400, "RuleValidationException", message)


def sanitised(html: str) -> str:
    return _UNSAFE_HTML.sub("", html)
