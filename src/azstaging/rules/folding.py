"""What records add up to, while they are folded. Pure; `rules.history` shows it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from azstaging.errors import JournalError, PlanRefusedError
from azstaging.model.bodies import packed
from azstaging.model.findings import Finding
from azstaging.model.plans import Approval, Attempt, Plan, Receipt
from azstaging.model.records import Record, RecordType
from azstaging.rules.canonical import from_plain
from azstaging.rules.plan import plan_from
from azstaging.rules.records import (
    Baseline,
    InventorySummary,
    LeaseTaken,
    Sent,
    Told,
    attempt_from,
    baseline_from,
    finding_from,
    inventory_from,
)

AttemptKey = tuple[str, str, str]
"""Casefolded item id, generation, plan digest."""


@dataclass(slots=True, kw_only=True)
class State:
    """The state after record ``seq``; -1 before the first. Mappings keep the journal's order.

    Attributes:
        tried: casefolded item id and generation -> what was attempted on it, oldest first.
        generations: casefolded item id -> the generation last seen of it.
        epochs: vault key -> the highest epoch of its lease.
        baselines: casefolded item id -> the last one.
        decisions: workload -> data of the last one.
        work_items: (organization, project), casefolded -> key -> work item id.
        told: what findings say alike; shared with every copy, for it only grows.
    """

    seq: int = -1
    told: Told = field(default_factory=Told, compare=False)
    findings: list[Finding] = field(default_factory=list)
    plans: dict[str, Plan] = field(default_factory=dict)
    approvals: list[Approval] = field(default_factory=list)
    attempts: dict[AttemptKey, Attempt] = field(default_factory=dict)
    receipts: dict[AttemptKey, Receipt] = field(default_factory=dict)
    tried: dict[tuple[str, str], tuple[AttemptKey, ...]] = field(default_factory=dict)
    generations: dict[str, str] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    baselines: dict[str, Baseline] = field(default_factory=dict)
    decisions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    work_items: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    inventory: InventorySummary | None = None

    def copy(self) -> "State":
        """Return a state that grows on its own."""
        return replace(
            self,
            findings=self.findings.copy(),
            plans=self.plans.copy(),
            approvals=self.approvals.copy(),
            attempts=self.attempts.copy(),
            receipts=self.receipts.copy(),
            tried=self.tried.copy(),
            generations=self.generations.copy(),
            epochs=self.epochs.copy(),
            baselines=self.baselines.copy(),
            decisions=self.decisions.copy(),
            work_items=self.work_items.copy(),
        )

    def fold(self, records: Iterable[Record]) -> None:
        """Add records, each the next in sequence.

        Raises:
            JournalError: a record is unknown, unreadable or out of order.
        """
        folds = self._folds()
        for record in records:
            if record.seq != self.seq + 1:
                raise JournalError(
                    f"Record {record.seq} was given where {self.seq + 1} belongs.", seq=record.seq
                )
            one = folds.get(record.type)
            if one is None:
                raise _not_understood(record, "this version does not know the type")
            try:
                one(record)
            except _UNREADABLE as error:
                raise _not_understood(record, f"it cannot be read: {error}") from error
            self.seq = record.seq

    def _folds(self) -> dict[str, Callable[[Record], None]]:
        folds: dict[RecordType, Callable[[Record], None]] = {
            RecordType.FINDING: self._finding,
            RecordType.INVENTORY: self._last_inventory,
            RecordType.BASELINE: self._baseline,
            RecordType.DECISION: self._decision,
            RecordType.BOARDS: self._boards,
            RecordType.PLAN: self._plan,
            RecordType.APPROVAL: self._approval,
            RecordType.LEASE_TAKEN: self._lease,
            RecordType.INTENT: self._intent,
            RecordType.SENT: self._sent,
            RecordType.RECEIPT: self._receipt,
        }
        return {kind.value: folds.get(kind, _for_people) for kind in RecordType}

    def _seen(self, item_id: str, generation: str) -> None:
        if generation:
            self.generations[item_id.casefold()] = generation

    def _finding(self, record: Record) -> None:
        finding = finding_from(record, self.told)
        self.findings.append(finding)
        self._seen(finding.subject.id, finding.subject.generation)

    def _last_inventory(self, record: Record) -> None:
        self.inventory = inventory_from(record)

    def _baseline(self, record: Record) -> None:
        baseline = baseline_from(record)
        self.baselines[baseline.item_id.casefold()] = baseline
        self._seen(baseline.item_id, baseline.generation)

    def _decision(self, record: Record) -> None:
        self.decisions[record.data["workload"]] = packed(record.data)

    def _boards(self, record: Record) -> None:
        data = record.data
        project = (data["organization"].casefold(), data["project"].casefold())
        self.work_items[project] = self.work_items.get(project, {}) | dict(data["ids"])

    def _plan(self, record: Record) -> None:
        plan = plan_from(record.data)
        self.plans[plan.digest] = plan

    def _approval(self, record: Record) -> None:
        self.approvals.append(from_plain(Approval, record.data))

    def _lease(self, record: Record) -> None:
        lease = from_plain(LeaseTaken, record.data)
        vault = lease.vault_id.key
        self.epochs[vault] = max(lease.epoch, self.epochs.get(vault, 0))

    def _intent(self, record: Record) -> None:
        attempt = attempt_from(record)
        self._tried(_key_of(attempt))
        self.attempts[_key_of(attempt)] = attempt
        self._seen(attempt.item_id, attempt.generation)

    def _tried(self, key: AttemptKey) -> None:
        before = self.tried.get(key[:2], ())
        if key not in before:
            self.tried[key[:2]] = (*before, key)

    def _sent(self, record: Record) -> None:
        sent = from_plain(Sent, record.data)
        key = _key_of(sent)
        self.attempts[key] = replace(self.attempts[key], job_id=sent.job_id, answered=True)

    def _receipt(self, record: Record) -> None:
        receipt = from_plain(Receipt, record.data)
        key = _key_of(receipt)
        self._tried(key)
        self.receipts.pop(key, None)
        self.receipts[key] = receipt
        self.generations.setdefault(key[0], receipt.generation)


_UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, PlanRefusedError)


def _for_people(record: Record) -> None:
    """Pass a record that changes no state."""


def _key_of(value: Attempt | Sent | Receipt) -> AttemptKey:
    return (value.item_id.casefold(), value.generation, value.plan_digest)


def _not_understood(record: Record, why: str) -> JournalError:
    return JournalError(
        f"Record {record.seq} ({record.type}) was not understood: {why}.",
        seq=record.seq,
        broken=True,
        advice="Read this journal with the version of azstaging that wrote it, or a newer one.",
    )
