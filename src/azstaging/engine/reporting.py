"""The report's value, put together from what was just read and from the journal."""

from collections.abc import Sequence
from datetime import datetime

from azstaging.engine.happened import events
from azstaging.errors import ConfigurationError
from azstaging.model.decisions import Decisions, Waiver
from azstaging.model.differences import Diff, Expectation
from azstaging.model.findings import Finding, Findings
from azstaging.model.inventory import Inventory
from azstaging.model.records import Record, RecordType
from azstaging.model.report import JobHistory, JournalHead, PastInventory, Report
from azstaging.model.waves import Wave
from azstaging.rules.history import History, WrittenReport, report_from
from azstaging.rules.records import inventory_from


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
    expectations: tuple[Expectation, ...] = (),
    jobs: JobHistory | None = None,
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
        weighed=past.findings(),
        workload_checks=workload_checks,
        waivers=waivers,
        expectations=expectations,
        jobs=jobs,
        plans=past.plans(),
        approvals=past.approvals(),
        receipts=past.receipts(),
        events=events(inventory, records),
        past_inventories=_past_inventories(records, wave.name),
        evidence={record.seq: record.hash for record in records},
        journal=head,
    )


def _past_inventories(records: Sequence[Record], wave: str) -> tuple[PastInventory, ...]:
    found = (inventory_from(r) for r in records if r.type == RecordType.INVENTORY.value)
    return tuple(
        PastInventory(at=i.read_at, expected=i.expected, read=i.read, phases=i.phases)
        for i in found
        if i.wave == wave
    )


def choose_report(records: Sequence[Record], *, at: int | None = None) -> WrittenReport:
    """Return the last report that was made from records up to ``at``; the last one for None.

    Raises:
        ConfigurationError: there is none, or its document was not kept.
        ValueError: a record of a report cannot be read.
    """
    written = [report_from(r) for r in records if r.type == RecordType.REPORT.value]
    found = [report for report in written if at is None or report.seq <= at]
    if not found:
        raise ConfigurationError(
            "No report is recorded" + (f" up to record {at}." if at is not None else "."),
            advice=f"Reports were made from records {_places(written)}."
            if written
            else "Write one: azstaging report --out FOLDER records what it was made from.",
        )
    if not found[-1].file:
        raise ConfigurationError(
            f"The report of record {found[-1].record} was written by a version that kept only the "
            "hashes of its files, not what they were made from. It cannot be written again.",
            advice=f"Reports that can be: {_places([w for w in written if w.file])}.",
        )
    return found[-1]


def _places(written: Sequence[WrittenReport]) -> str:
    return ", ".join(str(report.seq) for report in written[-10:]) or "none"
