"""The records of the journal: builders for what is written, readers for what is read. Pure.

Nothing else knows the shape of their data; `rules.history` gives these names to the engine.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from azstaging.model.decisions import Decision, GateClosed, GateOpen
from azstaging.model.differences import Diff, DiffClass
from azstaging.model.findings import Artefact, Finding, Findings, Outcome, Subject
from azstaging.model.ids import ResourceId, id_key
from azstaging.model.inventory import Gap, Inventory
from azstaging.model.plans import Approval, Attempt, Plan, PlannedRequest, Receipt
from azstaging.model.records import NewRecord, Record, RecordType
from azstaging.rules.canonical import canonical, digest, from_plain, time_from, time_text, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class InventorySummary:
    """What the journal keeps of one inventory.

    Attributes:
        phases, providers: number of items of each.
        items_digest: over id, generation and phase of every item; the same estate in the same
            state has the same digest.
        asked: host of the Resource Manager that was asked, ``loopback`` for a local one; "" in a
            journal of an earlier version.
        seq: journal sequence once recorded, else None.
    """

    read_at: datetime
    wave: str
    expected: int | None
    read: int
    complete: bool
    phases: Mapping[str, int]
    providers: Mapping[str, int]
    gaps: tuple[Gap, ...]
    vaults: tuple[ResourceId, ...]
    items_digest: str
    asked: str = ""
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One frozen configuration: ``digest`` addresses the file ``file`` of the estate folder.

    Attributes:
        at: when it was recorded.
        seq: journal sequence, or None.
    """

    item_id: str
    generation: str
    digest: str
    file: str
    at: datetime
    seq: int | None = None


def run_record(command: str, *, version: str, policy_digest: str = "") -> NewRecord:
    """Record that a run of a command began."""
    return NewRecord(
        type=RecordType.RUN,
        data={"command": command, "version": version, "policy_digest": policy_digest},
    )


def summarise(inventory: Inventory) -> InventorySummary:
    """Return what the journal keeps of an inventory."""
    states = [[row.id.key, row.item.generation, row.phase.value] for row in inventory.items]
    return InventorySummary(
        read_at=inventory.read_at,
        wave=inventory.wave,
        expected=inventory.expected,
        read=inventory.read,
        complete=inventory.complete,
        phases=Counter(row.phase.value for row in inventory.items),
        providers=Counter(row.item.provider for row in inventory.items),
        gaps=inventory.gaps,
        vaults=inventory.vaults,
        items_digest=digest(states),
    )


def inventory_record(inventory: Inventory, *, asked: str = "") -> NewRecord:
    """Record what was read, and of which Azure: counts, gaps, a digest of every item's state."""
    data = to_plain(replace(summarise(inventory), asked=asked))
    del data["seq"]
    return NewRecord(type=RecordType.INVENTORY, data=data)


def finding_data(finding: Finding) -> dict[str, Any]:
    """Return a finding as the data of its record; the record itself gives the sequence."""
    subject = finding.subject
    return {
        "check": finding.check,
        "subject": {
            "id": subject.id,
            "generation": subject.generation,
            "target": subject.target,
        },
        "outcome": finding.outcome.value,
        "detail": finding.detail,
        "next_step": finding.next_step,
        "at": time_text(finding.at),
        "lifetime_seconds": finding.lifetime_seconds,
        "run": finding.run,
        **({"artefacts": to_plain(list(finding.artefacts))} if finding.artefacts else {}),
    }


def finding_record(finding: Finding) -> NewRecord:
    """Record one finding: it becomes evidence."""
    return NewRecord(type=RecordType.FINDING, data=finding_data(finding))


def diff_record(diff: Diff) -> NewRecord:
    """Record a diff: fields per class, and a digest of every row that is not the same."""
    return NewRecord(
        type=RecordType.DIFF,
        data={
            "at": time_text(diff.at),
            "counts": diff.counts(),
            "digest": digest([to_plain(row) for row in diff if row.cls is not DiffClass.SAME]),
        },
    )


def baseline_record(item_id: ResourceId, *, generation: str, digest: str, file: str) -> NewRecord:
    """Record one frozen configuration and the file that holds it, relative to the estate folder."""
    return NewRecord(
        type=RecordType.BASELINE,
        data={"item_id": str(item_id), "generation": generation, "digest": digest, "file": file},
    )


# A line of the journal holds 16 MiB, and what is fewer is never as much.
_MOST_BYTES, _FEW_REASONS = 15 * 1024 * 1024, 2_000


def decision_record(decision: Decision) -> NewRecord:
    """Record what one gate answered, with every reason or all evidence.

    Of more reasons than a record takes the first are kept, and how many are left out is said: the
    evidence is on record, and the same inputs give them again.
    """
    data = to_plain(decision) | {"open": isinstance(decision, GateOpen)}
    told = len(decision.reasons) if isinstance(decision, GateClosed) else 0
    kept = told
    while kept > _FEW_REASONS and len(canonical(data)) > _MOST_BYTES:
        kept = kept * 3 // 4
        data |= {"reasons": data["reasons"][:kept], "reasons_left_out": told - kept}
    return NewRecord(type=RecordType.DECISION, data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """A report as its record tells it.

    Attributes:
        files: file name -> SHA-256, hexadecimal.
        seq, hash: the head that the report was made from.
        document: SHA-256 of the canonical document, or "" in a journal of an earlier version.
        file: where the estate folder keeps that document, or "".
        masked: its files show pseudonyms for ids and addresses; the document does not.
        record: sequence of the record itself.
    """

    files: Mapping[str, str]
    seq: int
    hash: str
    document: str = ""
    file: str = ""
    masked: bool = False
    record: int = -1


def report_record(written: WrittenReport) -> NewRecord:
    """Record a written report: its files, its document, and the head it was made from."""
    data = to_plain(written)
    del data["record"]
    return NewRecord(type=RecordType.REPORT, data=data)


def report_from(record: Record) -> WrittenReport:
    """Read a written report, with the sequence of its record.

    Raises:
        ValueError: its data is not a written report's.
    """
    return from_plain(WrittenReport, {**record.data, "record": record.seq})


def boards_record(
    organization: str, project: str, *, changes: Mapping[str, int], ids: Mapping[str, int]
) -> NewRecord:
    """Record a sync with Azure Boards.

    Args:
        organization: the organization's name.
        project: the project's name.
        changes: kind of change -> number of work items.
        ids: key -> work item id: finds a work item whose tag somebody removed.
    """
    return NewRecord(
        type=RecordType.BOARDS,
        data={
            "organization": organization,
            "project": project,
            "changes": dict(changes),
            "ids": dict(ids),
        },
    )


def plan_record(plan: Plan) -> NewRecord:
    """Record a plan, whole."""
    return NewRecord(type=RecordType.PLAN, data=to_plain(plan))


def approval_record(approval: Approval) -> NewRecord:
    """Record an approval of one plan digest."""
    return NewRecord(type=RecordType.APPROVAL, data=to_plain(approval))


def lease_record(vault_id: ResourceId, epoch: int) -> NewRecord:
    """Record that the lease of a vault was taken."""
    return NewRecord(type=RecordType.LEASE_TAKEN, data={"vault_id": str(vault_id), "epoch": epoch})


def lease_released_record(vault_id: ResourceId, epoch: int) -> NewRecord:
    """Record that the lease of a vault was given back."""
    return NewRecord(
        type=RecordType.LEASE_RELEASED, data={"vault_id": str(vault_id), "epoch": epoch}
    )


def request_id(plan_digest: str, item_id: str, generation: str) -> str:
    """Name the one request of an attempt, before it is sent: always the same for the same one."""
    told = digest([plan_digest, id_key(item_id), generation]).removeprefix("sha256:")
    return "-".join((told[:8], told[8:12], told[12:16], told[16:20], told[20:32]))  # as a GUID


def intent_record(attempt: Attempt, request: PlannedRequest) -> NewRecord:
    """Record that one request is about to be sent, to the letter. Written before it is sent."""
    data = to_plain(attempt) | {"request": to_plain(request)}
    del data["job_id"], data["answered"]
    return NewRecord(type=RecordType.INTENT, data=data)


def sent_record(attempt: Attempt, job_id: str, status: int) -> NewRecord:
    """Record that the service accepted the request, and the job it named ("" for none)."""
    return NewRecord(
        type=RecordType.SENT,
        data={
            "item_id": attempt.item_id,
            "generation": attempt.generation,
            "plan_digest": attempt.plan_digest,
            "job_id": job_id,
            "status": status,
        },
    )


def receipt_record(receipt: Receipt) -> NewRecord:
    """Record what became of one attempt."""
    return NewRecord(type=RecordType.RECEIPT, data=to_plain(receipt))


def inventory_from(record: Record) -> InventorySummary:
    """Read the summary of an inventory, with its sequence.

    Raises:
        ValueError: its data is not a summary's.
    """
    return replace(from_plain(InventorySummary, record.data), seq=record.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the service answered to the one request of an attempt."""

    item_id: str
    generation: str
    plan_digest: str
    job_id: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTaken:
    """A lease as its record tells it."""

    vault_id: ResourceId
    epoch: int


def baseline_from(record: Record) -> Baseline:
    """Read a baseline, with its time and sequence.

    Raises:
        ValueError: its data is not a baseline's.
    """
    return from_plain(Baseline, {**record.data, "at": time_text(record.at), "seq": record.seq})


def attempt_from(record: Record) -> Attempt:
    """Read the attempt that an intent began: no answer yet.

    Raises:
        ValueError, KeyError: its data is not an intent's.
    """
    data = dict(record.data)
    from_plain(PlannedRequest, data.pop("request"))
    return from_plain(Attempt, data)


_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_SUBJECT_KEYS = {"id", "generation", "target"}
_FINDING_KEYS = {
    *("check", "subject", "outcome", "detail", "next_step", "at", "lifetime_seconds", "run")
}


class Told:
    """What many findings say alike, held once: sixteen of a machine name the same subject."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._numbers: dict[int, int] = {}
        self._subjects: dict[Subject, Subject] = {}

    def number(self, number: int) -> int:
        """Return the first number that was equal to this one."""
        return self._numbers.setdefault(number, number)

    def text(self, text: str) -> str:
        """Return the first text that was equal to this one."""
        return self._texts.setdefault(text, text)

    def subject(self, subject: Subject) -> Subject:
        """Return the first subject that was equal to this one."""
        return self._subjects.setdefault(subject, subject)


def finding_from(record: Record, told: Told) -> Finding:
    """Read a finding, with its sequence.

    Args:
        record: the record of a finding.
        told: what earlier findings of the same journal said.

    Raises:
        ValueError, KeyError, AttributeError: its data is not a finding's.
    """
    # Written out, not read by from_plain: an estate has findings by the hundred thousand.
    data, subject = record.data, record.data["subject"]
    kept = data.get("artefacts", ())
    if data.keys() - {"artefacts"} != _FINDING_KEYS or subject.keys() != _SUBJECT_KEYS:
        raise ValueError("its fields are not those of a finding")
    texts = (data["check"], data["detail"], data["next_step"], data["run"], *subject.values())
    lifetime_seconds = data["lifetime_seconds"]
    if type(lifetime_seconds) is not int or set(map(type, texts)) != {str}:
        raise ValueError("a field of the finding has another type")
    return Finding(
        check=told.text(data["check"]),
        subject=told.subject(Subject(**subject)),
        outcome=_OUTCOMES[data["outcome"]],
        detail=told.text(data["detail"]),
        at=time_from(data["at"]),
        lifetime_seconds=told.number(lifetime_seconds),
        next_step=told.text(data["next_step"]),
        run=told.text(data["run"]),
        artefacts=tuple(from_plain(Artefact, each) for each in kept),
        seq=record.seq,
    )


def with_sequences(findings: Findings, records: Sequence[Record]) -> Findings:
    """Return the findings with the sequences of the records they became, in the same order.

    Without records (no journal) they come back as they are.
    """
    if not records:
        return findings
    placed = tuple(
        replace(finding, seq=record.seq) for finding, record in zip(findings, records, strict=True)
    )
    return replace(findings, findings=placed)
