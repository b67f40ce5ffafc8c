"""One pass over a report, so that every section finds what it needs without searching."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from azstaging.model.decisions import Decision, GateOpen, Policy
from azstaging.model.differences import Difference
from azstaging.model.findings import Finding
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.plans import ReceiptState
from azstaging.model.report import Report
from azstaging.model.times import format_time
from azstaging.model.waves import Workload
from azstaging.rules.evidence import item_subject

BACKUP_CHECK = "backup-item"
UNDECIDED_POLICY = Policy(required=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A report, indexed.

    Attributes:
        rows: by casefolded item id.
        members: workload name -> its rows, in the order of the inventory.
        names: every workload that anything names, sorted.
        released: casefolded ids of items that are released, by phase or by receipt.
        released_at: casefolded id -> when the last receipt ``done`` was written.
        backup_findings: casefolded item id -> findings of its machine's backup.
    """

    report: Report
    policy: Policy
    rows: dict[str, InventoryItem]
    members: dict[str, list[InventoryItem]]
    names: tuple[str, ...]
    decisions: dict[str, Decision]
    workloads: dict[str, Workload]
    differences: dict[str, list[Difference]]
    released: frozenset[str]
    released_at: dict[str, str]
    backup_findings: dict[str, list[Finding]]

    def backups(self, row: InventoryItem) -> list[Finding]:
        """Return what was found of the backup of an item's machine: this one, no earlier one."""
        found = self.backup_findings.get(row.id.key)
        if not found:
            return []
        subject = item_subject(row)
        return [finding for finding in found if finding.subject == subject]

    def item_name(self, id: str | ResourceId | None) -> str:
        """Return the display name of an item, or the last segment of its id."""
        if id is None:
            return ""
        key = id.key if isinstance(id, ResourceId) else id.casefold()
        row = self.rows.get(key)
        return row.name if row else str(id).rsplit("/", 1)[-1]

    def item_id(self, key: str) -> str:
        """Return an item's id as the service wrote it, from its casefolded form."""
        row = self.rows.get(key.casefold())
        return str(row.id) if row else key

    def is_released(self, row: InventoryItem) -> bool:
        """Tell whether an item needs no evidence any more."""
        return row.id.key in self.released

    def pending(self, name: str) -> list[InventoryItem]:
        """Return the rows of a workload that are not released."""
        return [row for row in self.members.get(name, ()) if not self.is_released(row)]

    def workload_state(self, name: str) -> str:
        """Return ``released``, ``ready`` or ``held``; what was not decided is held."""
        if self.members.get(name) and not self.pending(name):
            return "released"
        return "ready" if isinstance(self.decisions.get(name), GateOpen) else "held"

    def owner(self, name: str) -> str:
        """Return a workload's owner, or ""."""
        workload = self.workloads.get(name)
        return workload.owner if workload else ""


def look_up(report: Report) -> Lookup:
    """Index a report."""
    members: dict[str, list[InventoryItem]] = defaultdict(list)
    for row in report.inventory.items:
        for name in row.workloads:
            members[name].append(row)
    decisions = {decision.workload: decision for decision in report.decisions}
    workloads = {workload.name: workload for workload in report.wave.workloads}
    if report.inventory.selected:
        # Nothing is said of what was not selected; it was decided, too.
        told = members.keys() | decisions.keys()
        workloads = {name: each for name, each in workloads.items() if name in told}
    differences: dict[str, list[Difference]] = defaultdict(list)
    for difference in report.diff:
        differences[difference.item_id.key].append(difference)
    backups: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.check == BACKUP_CHECK:
            backups[finding.subject.id.casefold()].append(finding)
    return Lookup(
        report=report,
        policy=report.decisions.policy or UNDECIDED_POLICY,
        rows={row.id.key: row for row in report.inventory.items},
        members=dict(members),
        names=tuple(sorted({*members, *decisions, *workloads})),
        decisions=decisions,
        workloads=workloads,
        differences=dict(differences),
        released=frozenset(_released(report)),
        backup_findings=dict(backups),
        released_at={
            receipt.item_id.casefold(): format_time(receipt.at)
            for receipt in sorted(report.receipts, key=lambda r: r.at)
            if receipt.state is ReceiptState.DONE
        },
    )


def _released(report: Report) -> Iterable[str]:
    done = {
        (receipt.item_id.casefold(), receipt.generation)
        for receipt in report.receipts
        if receipt.state is ReceiptState.DONE
    }
    for row in report.inventory.items:
        generation = row.item.generation or ""
        if row.phase is Phase.RELEASED or (row.id.key, generation) in done:
            yield row.id.key
