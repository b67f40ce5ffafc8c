"""The report's value, put together from what was just read and from the journal."""

from collections.abc import Sequence
from datetime import datetime

from azstaging.model.decisions import Decisions, Waiver
from azstaging.model.differences import Diff
from azstaging.model.findings import Finding, Findings
from azstaging.model.inventory import Inventory
from azstaging.model.records import Record
from azstaging.model.report import JournalHead, Report
from azstaging.model.waves import Wave
from azstaging.rules.history import History


def latest_findings(past: History, *, at: datetime, run: str) -> Findings:
    """Return the findings of the latest run of every check on every subject."""
    latest: dict[tuple[str, str], list[Finding]] = {}
    for finding in past.findings():
        known = latest.setdefault((finding.check, finding.subject.id), [])
        if known and known[0].run != finding.run:
            known.clear()
        known.append(finding)
    return Findings(
        at=at, run=run, findings=tuple(finding for group in latest.values() for finding in group)
    )


def build_report(
    inventory: Inventory,
    findings: Findings,
    diff: Diff,
    decisions: Decisions,
    *,
    records: Sequence[Record],
    past: History,
    journal_id: str,
    wave: Wave,
    waivers: tuple[Waiver, ...],
    workload_checks: frozenset[str],
    tool_version: str,
    made_at: datetime,
) -> Report:
    """Build the report's value; ``records`` is the whole journal and ``past`` the same, folded."""
    head = None
    if records:
        head = JournalHead(journal_id=journal_id, seq=records[-1].seq, hash=records[-1].hash)
    return Report(
        made_at=made_at,
        tool_version=tool_version,
        wave=wave,
        inventory=inventory,
        findings=findings,
        diff=diff,
        decisions=decisions,
        workload_checks=workload_checks,
        waivers=waivers,
        plans=past.plans(),
        approvals=past.approvals(),
        receipts=past.receipts(),
        evidence={record.seq: record.hash for record in records},
        journal=head,
    )
