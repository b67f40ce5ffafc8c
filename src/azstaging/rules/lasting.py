"""What of a decision stays true while nothing but time goes by. Pure.

A run decides a gate anew before each of its items, and of a workload of a thousand machines all
rows but one are those of before. Findings, policy and row being the same, a row of which every
check passed passes until the first of its findings expires; anything else is weighed again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from azstaging.model.decisions import Policy
from azstaging.model.findings import Finding, Subject
from azstaging.model.inventory import InventoryItem
from azstaging.rules.evidence import FindingIndex, Verdict, item_subject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passed:
    at: datetime
    until: datetime
    evidence: tuple[int, ...]


class Lasting:
    """Rows of which all passed, for decisions over one set of findings under one policy.

    Args:
        rows: those that come again; what was read anew is weighed each time, and not kept.

    Attributes:
        index: the findings, by what they are about.
    """

    def __init__(
        self,
        findings: tuple[Finding, ...],
        policy: Policy,
        workload_checks: frozenset[str],
        rows: Iterable[InventoryItem] = (),
    ) -> None:
        self._findings = findings
        self._policy = policy
        self._workload_checks = workload_checks
        self._rows = {row.id.key: row for row in rows}
        self.index = FindingIndex(findings)
        self._passed: dict[str, _Passed] = {}
        self._subjects: dict[str, Subject] = {}

    def fits(
        self, findings: tuple[Finding, ...], policy: Policy, workload_checks: frozenset[str]
    ) -> bool:
        """Tell whether it was made for these very findings and rules."""
        return (
            self._findings is findings
            and self._policy is policy
            and self._workload_checks == workload_checks
        )

    def passed(self, row: InventoryItem, now: datetime) -> tuple[int, ...] | None:
        """Return the evidence of a row that passed before and passes still, or None: weigh it.

        A clock that goes back makes nothing pass.
        """
        key = self._key_of(row)
        known = self._passed.get(key)
        return known.evidence if known is not None and known.at <= now < known.until else None

    def _key_of(self, row: InventoryItem) -> str:
        """Return what is known of a row by, or "": it is not one of those that come again."""
        key = row.id.key
        return key if self._rows.get(key) is row else ""

    def keep(self, row: InventoryItem, verdicts: Sequence[Verdict], now: datetime) -> None:
        """Keep that a row passed, if all its verdicts did: what is waived is weighed each time."""
        ends = [verdict.until for verdict in verdicts if verdict.until is not None]
        key = self._key_of(row)
        if not key or not ends or len(ends) < len(verdicts):
            return
        found = (verdict.finding.seq for verdict in verdicts if verdict.finding)
        self._passed[key] = _Passed(
            at=now,
            until=min(ends),
            evidence=tuple(seq for seq in found if seq is not None),
        )

    def subject(self, row: InventoryItem) -> Subject:
        """Return what a finding on this row is about; see `item_subject`."""
        key = self._key_of(row)
        if not key:
            return item_subject(row)
        if key not in self._subjects:
            self._subjects[key] = item_subject(row)
        return self._subjects[key]
