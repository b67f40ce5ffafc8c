"""What every check is worth for every item and workload, weighed as the gate weighs it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from azstaging.model.decisions import Waiver
from azstaging.model.findings import Finding, Subject
from azstaging.model.inventory import InventoryItem
from azstaging.model.times import format_time
from azstaging.reports import document as doc
from azstaging.reports.lookup import Lookup
from azstaging.reports.words import STANDINGS, worst
from azstaging.rules.evidence import (
    FindingIndex,
    Standing,
    Verdict,
    is_unread,
    item_subject,
    weigh,
    workload_scope,
)
from azstaging.rules.gate import (
    can_be_waived,
    required_checks,
    required_of_workload,
    waiver_holds,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One verdict with the workloads that it matters to.

    Attributes:
        name: display name of the item or workload.
        item_key: the item's casefolded id, or "" for a workload.
        waived: the workloads for which a waiver in force covers it.
    """

    verdict: Verdict
    name: str
    item_key: str
    workloads: tuple[str, ...]
    waived: frozenset[str]
    required: bool
    policy_seconds: int | None

    def standing(self, workload: str) -> str:
        """Return the standing as one workload sees it."""
        if self.verdict.standing is not Standing.PASSED and workload in self.waived:
            return "waived"
        return self.verdict.standing.value

    @property
    def overall(self) -> str:
        """The worst standing over the workloads; waived only where all of them waive it."""
        seen = [self.standing(name) for name in self.workloads]
        return worst(seen) if seen else self.verdict.standing.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """All verdicts, grouped.

    Attributes:
        checks: check ids in the order of show.
        by_item: casefolded item id -> its verdicts.
        by_workload: workload -> verdicts whose subject is the workload itself.
    """

    checks: tuple[str, ...]
    by_item: Mapping[str, list[Weighed]]
    by_workload: Mapping[str, list[Weighed]]

    def all(self) -> Iterable[Weighed]:
        """Yield every verdict, items first."""
        for group in (self.by_item, self.by_workload):
            for verdicts in group.values():
                yield from verdicts


class _Scales:
    """Weighs with the findings, waivers and clock of one report."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.policy = lookup.policy
        self.now = lookup.report.decisions.at
        self.index = FindingIndex(lookup.report.weighed or lookup.report.findings)
        self.lifetimes = dict(self.policy.lifetimes)
        self.waivers: dict[tuple[str, str], Waiver] = {}
        for waiver in lookup.report.waivers:
            if waiver_holds(waiver, self.now):
                self.waivers.setdefault((waiver.check, waiver.subject.casefold()), waiver)
        self.extra = dict(self.index.checks())

    def checks_on(self, subject_id: str, wanted: Sequence[str]) -> list[str]:
        """Return the wanted checks and, after them, others that have findings here."""
        return list(dict.fromkeys([*wanted, *self.extra.get(subject_id, ())]))

    def of_workload(self, name: str) -> tuple[str, ...]:
        """Return the checks that a workload needs, those that it implies included."""
        workload = self.lookup.workloads.get(name)
        return required_of_workload(workload, self.policy) if workload else self.policy.required

    def weigh(
        self, check: str, subject: Subject, name: str, item_key: str, workloads: tuple[str, ...]
    ) -> Weighed:
        lifetime = self.lifetimes.get(check)
        row = self.lookup.rows.get(item_key)
        rows = (row,) if row else self.lookup.pending(name)
        verdict = weigh(
            check,
            subject,
            self.index,
            now=self.now,
            flaky_passes=self.policy.flaky_passes,
            lifetime_seconds=lifetime,
            unread=is_unread(rows),
        )
        needed = required_checks(row, self.policy) if row else self.of_workload(name)
        by_id = (check, subject.id.casefold()) in self.waivers
        return Weighed(
            verdict=verdict,
            name=name,
            item_key=item_key,
            workloads=workloads,
            waived=frozenset(
                w
                for w in workloads
                if can_be_waived(verdict) and (by_id or (check, w.casefold()) in self.waivers)
            ),
            required=check in needed,
            policy_seconds=lifetime,
        )


def weigh_all(lookup: Lookup) -> Standings:
    """Weigh every check on every item and workload that is not released."""
    scales = _Scales(lookup)
    on_workloads = lookup.report.workload_checks
    by_item = {
        row.id.key: _weigh_item(row, scales, on_workloads)
        for row in lookup.report.inventory.items
        if not lookup.is_released(row)
    }
    by_workload = {
        name: _weigh_workload(name, scales, on_workloads)
        for name in lookup.names
        if lookup.pending(name)
    }
    found = Standings(checks=(), by_item=by_item, by_workload=by_workload)
    policy = lookup.policy
    others = sorted({w.verdict.check for w in found.all()})
    checks = tuple(dict.fromkeys([*policy.required, *policy.advisory, *others]))
    return Standings(checks=checks, by_item=by_item, by_workload=by_workload)


def _weigh_item(row: InventoryItem, scales: _Scales, on_workloads: frozenset[str]) -> list[Weighed]:
    subject = item_subject(row)
    policy = scales.policy
    wanted = [
        check
        for check in (*required_checks(row, policy), *policy.advisory)
        if check not in on_workloads
    ]
    return [
        scales.weigh(check, subject, row.name, row.id.key, row.workloads)
        for check in scales.checks_on(subject.id, wanted)
    ]


def _weigh_workload(name: str, scales: _Scales, on_workloads: frozenset[str]) -> list[Weighed]:
    subject = workload_scope(name, scales.lookup.pending(name))
    needed = (*scales.of_workload(name), *scales.policy.advisory)
    wanted = [check for check in needed if check in on_workloads]
    return [
        scales.weigh(check, subject, name, "", (name,))
        for check in scales.checks_on(subject.id, wanted)
    ]


def cells(name: str, lookup: Lookup, standings: Standings) -> list[doc.Cell]:
    """Return one cell per check for one workload; total 0 where a check does not apply."""
    grouped: dict[str, list[str]] = {check: [] for check in standings.checks}
    for weighed in standings.by_workload.get(name, ()):
        grouped[weighed.verdict.check].append(weighed.standing(name))
    for row in lookup.pending(name):
        for weighed in standings.by_item.get(row.id.key, ()):
            grouped[weighed.verdict.check].append(weighed.standing(name))
    return [
        doc.Cell(
            check=check,
            standing=worst(seen),
            passed=seen.count("passed"),
            total=len(seen),
        )
        for check, seen in grouped.items()
    ]


def finding_rows(lookup: Lookup, standings: Standings) -> list[doc.Finding]:
    """Return one row per verdict: the worst first, then by name, subject and check."""
    rows = [_finding_row(weighed, lookup) for weighed in standings.all()]
    order = {standing: rank for rank, standing in enumerate(STANDINGS)}
    return sorted(
        rows, key=lambda r: (order[r.standing], r.name.casefold(), r.subject.casefold(), r.check)
    )


def _finding_row(weighed: Weighed, lookup: Lookup) -> doc.Finding:
    verdict = weighed.verdict
    finding = verdict.finding
    subject = lookup.item_id(weighed.item_key) if weighed.item_key else verdict.subject.id
    seq = finding.seq if finding else None
    return doc.Finding(
        check=verdict.check,
        subject=subject,
        name=weighed.name,
        workloads=list(weighed.workloads),
        required=weighed.required,
        standing=weighed.overall,
        detail=verdict.detail,
        next_step=verdict.next_step or (finding.next_step if finding else "Run azstaging check."),
        at=format_time(finding.at) if finding else "",
        expires=format_time(_expiry(finding, weighed.policy_seconds)) if finding else "",
        evidence=seq,
        digest=lookup.report.evidence.get(seq, "") if seq is not None else "",
    )


def _expiry(finding: Finding, policy_seconds: int | None) -> datetime:
    seconds = min(finding.lifetime_seconds, policy_seconds or finding.lifetime_seconds)
    return finding.at + timedelta(seconds=seconds)
