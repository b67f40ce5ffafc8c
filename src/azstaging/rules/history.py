"""The journal folded into state. Pure.

The engine writes records through the builders named here and reads them back through ``fold``.
A record that this version does not know, or cannot read, stops the fold: what it says might
close a gate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azstaging.model.findings import Finding
from azstaging.model.ids import ResourceId
from azstaging.model.plans import Approval, Attempt, Plan, Receipt, ReceiptState
from azstaging.model.records import Record
from azstaging.rules.folding import State
from azstaging.rules.records import (
    Baseline,
    InventorySummary,
    WrittenReport,
    approval_record,
    baseline_record,
    boards_record,
    decision_record,
    diff_record,
    finding_data,
    finding_record,
    intent_record,
    inventory_record,
    lease_record,
    lease_released_record,
    plan_record,
    receipt_record,
    report_from,
    report_record,
    run_record,
    sent_record,
    summarise,
    with_sequences,
)

__all__ = [
    "Baseline",
    "History",
    "InventorySummary",
    "WrittenReport",
    "approval_record",
    "baseline_record",
    "boards_record",
    "decision_record",
    "diff_record",
    "finding_data",
    "finding_record",
    "fold",
    "intent_record",
    "inventory_record",
    "lease_record",
    "lease_released_record",
    "plan_record",
    "receipt_record",
    "report_from",
    "report_record",
    "run_record",
    "sent_record",
    "summarise",
    "with_sequences",
]


@dataclass(frozen=True, slots=True)
class History:
    """Everything a journal says up to ``seq``. Made by ``fold``."""

    _state: State = field(default_factory=State, repr=False)

    def extend(self, records: Iterable[Record]) -> "History":
        """Return the history with later records folded in; this one stays as it is.

        Raises:
            JournalError: a record is unknown, unreadable or out of order.
        """
        state = self._state.copy()
        state.fold(records)
        return History(state)

    @property
    def seq(self) -> int:
        """Sequence of the last record, -1 when there is none."""
        return self._state.seq

    @property
    def inventory(self) -> InventorySummary | None:
        """The last inventory on record."""
        return self._state.inventory

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, in the order of the journal."""
        return tuple(self._state.findings)

    def plans(self) -> tuple[Plan, ...]:
        """Return all plans, in the order of the journal."""
        return tuple(self._state.plans.values())

    def plan(self, plan_digest: str) -> Plan | None:
        """Return the plan with this digest, or None."""
        return self._state.plans.get(plan_digest)

    def approvals(self, plan_digest: str | None = None) -> tuple[Approval, ...]:
        """Return all approvals, or those of one plan, in the order of the journal."""
        approvals = self._state.approvals
        return tuple(a for a in approvals if plan_digest in {None, a.plan_digest})

    def receipts(self) -> tuple[Receipt, ...]:
        """Return the last receipt of every attempt, in the order of the journal."""
        return tuple(self._state.receipts.values())

    def open_attempts(self) -> tuple[Attempt, ...]:
        """Return the attempts without a receipt: intents that nobody has resolved yet."""
        receipts = self._state.receipts
        return tuple(a for key, a in self._state.attempts.items() if key not in receipts)

    def intended(self) -> tuple[datetime, ...]:
        """Return when each intent on record was written, whatever came of it."""
        return tuple(attempt.at for attempt in self._state.attempts.values())

    def unknown_attempts(self) -> tuple[Attempt, ...]:
        """Return the attempts whose last receipt says unknown."""
        receipts = self._state.receipts
        return tuple(
            attempt
            for key, attempt in self._state.attempts.items()
            if key in receipts and receipts[key].state is ReceiptState.UNKNOWN
        )

    def attempts_on(self, item_id: str, generation: str) -> tuple[tuple[str, Receipt | None], ...]:
        """Return (plan digest, receipt or None) of every attempt on one generation of an item."""
        receipts = self._state.receipts
        keys = self._state.tried.get((item_id.casefold(), generation), ())
        return tuple((key[2], receipts.get(key)) for key in keys)

    def released(self) -> dict[str, Receipt]:
        """Return the receipt ``done`` by casefolded item id.

        An item of which another generation was seen since is not released: it replicates again.
        One that was given up is not released either.
        """
        return self._done(abandoned=False)

    def abandoned(self) -> dict[str, Receipt]:
        """Return the receipt ``done`` of every replication given up, by casefolded item id."""
        return self._done(abandoned=True)

    def _done(self, *, abandoned: bool) -> dict[str, Receipt]:
        generations = self._state.generations
        return {
            item_id: receipt
            for (item_id, generation, digest), receipt in self._state.receipts.items()
            if receipt.state is ReceiptState.DONE
            and generations[item_id] == generation
            and self._abandons(digest) is abandoned
        }

    def _abandons(self, plan_digest: str) -> bool:
        plan = self.plan(plan_digest)
        return plan is not None and plan.abandons

    def epoch(self, vault_id: ResourceId) -> int:
        """Return the highest epoch that the lease of a vault was taken with, 0 for never."""
        return self._state.epochs.get(vault_id.key, 0)

    def baselines(self) -> dict[str, Baseline]:
        """Return the last baseline by casefolded item id."""
        return dict(self._state.baselines)

    def decisions(self) -> dict[str, Mapping[str, Any]]:
        """Return the data of the last decision by workload; ``open`` says which it was."""
        return {name: dict(data) for name, data in self._state.decisions.items()}

    def work_items(self, organization: str, project: str) -> dict[str, int]:
        """Return key -> work item id of every work item that was ever synced in a project."""
        return dict(self._state.work_items.get((organization.casefold(), project.casefold()), {}))

    def __repr__(self) -> str:
        state = self._state
        return (
            f"History({state.seq + 1} records, {len(state.findings)} findings, "
            f"{len(state.plans)} plans, {len(state.receipts)} receipts)"
        )


def fold(records: Iterable[Record]) -> History:
    """Fold verified records, from record 0 on.

    Raises:
        JournalError: a record is unknown, unreadable or out of order.
    """
    return History().extend(records)
