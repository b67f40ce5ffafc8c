"""Findings: what a check says of one item or workload, and the evidence it becomes."""

import dataclasses
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import msgspec

from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId
from azstaging.model.views import findings_rows

S = TypeVar("S", bound=msgspec.Struct)


class Outcome(enum.Enum):
    """What a check can say. Only ``PASS`` is good."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a finding is about: one item in one generation with one target, or a workload.

    Attributes:
        id: the item's casefolded ARM id, or ``workload:<name>``.
        generation: the item's generation, or "".
        target: the target VM's casefolded ARM id plus its fingerprint digest, or "".
    """

    id: str
    generation: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """What a check looked at, kept as a file of the estate folder.

    Attributes:
        name: what it is: ``attempts``, ``console``, ``serial-log``, ``results``, ``output``.
        sha256: of its bytes, hexadecimal.
        size_bytes: of the bytes that were looked at; a kept file is compressed.
        file: relative to the estate folder, or "" when it was not kept.
    """

    name: str
    sha256: str
    size_bytes: int
    file: str = ""


def _replaceable(kind: type[S]) -> type[S]:
    """Let ``dataclasses.replace`` and ``fields`` take a Struct, as they take all other values."""
    fields: list[tuple[str, Any, Any]] = [
        (each.name, each.type, dataclasses.field() if each.required else each.default)
        for each in msgspec.structs.fields(kind)
    ]
    twin = dataclasses.make_dataclass(kind.__name__, fields, kw_only=True)
    kind.__dataclass_fields__ = twin.__dataclass_fields__  # type: ignore[attr-defined]
    return kind


# A Struct, because an estate has findings by the hundred thousand: made in a sixth of the time.
@_replaceable
class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict of one check on one subject in one run.

    Attributes:
        check: the check's id.
        detail: one sentence for people; names are not escaped here.
        next_step: what to do about it, or "" for a pass.
        lifetime_seconds: how long it counts as evidence.
        run: id of the run that made it.
        artefacts: what it was judged by, where that was kept.
        seq: journal sequence once recorded, else None.
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    check: str
    subject: Subject
    outcome: Outcome
    detail: str
    at: datetime
    lifetime_seconds: int
    next_step: str = ""
    run: str = ""
    artefacts: tuple[Artefact, ...] = ()
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings(Tabular):
    """All findings of one run, sorted by subject and check."""

    at: datetime
    run: str
    findings: tuple[Finding, ...]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def not_passed(self) -> tuple[Finding, ...]:
        """Return what did not pass: fail, error, inconclusive, skipped, in that order."""
        order = [Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.SKIPPED]
        worse = [f for f in self.findings if f.outcome is not Outcome.PASS]
        return tuple(sorted(worse, key=lambda f: order.index(f.outcome)))

    def for_item(self, id: ResourceId | str) -> tuple[Finding, ...]:
        """Return the findings on one item."""
        key = id.key if isinstance(id, ResourceId) else ResourceId(id).key
        return tuple(f for f in self.findings if f.subject.id == key)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per finding."""
        return findings_rows(self)

    def __repr__(self) -> str:
        bad = sum(f.outcome is not Outcome.PASS for f in self.findings)
        return f"Findings({len(self.findings)} in run {self.run}, {bad} not passed)"


def workload_subject(name: str) -> str:
    """Return the subject id of a workload."""
    return f"workload:{name}"
