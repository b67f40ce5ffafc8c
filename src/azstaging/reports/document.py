"""The report as a document: the canonical form (``azstaging/report/1``) that every format shows.

Only text, integers, booleans and lists of them: no floats. Times are RFC 3339 UTC; "" and null
mean not told. Rows are sorted, so that the same report gives the same document.
"""

import msgspec

from azstaging.reports.document_ledger import (
    Approval,
    Event,
    Integrity,
    Jobs,
    Plan,
    Policy,
    PolicyCheck,
    Receipt,
    UnreadJobs,
    Waiver,
)
from azstaging.reports.document_progress import Day, PhaseTime, Reading, ScopeChange

__all__ = [
    "SCHEMA",
    "Answer",
    "Approval",
    "Area",
    "Blocker",
    "Cell",
    "Completeness",
    "Day",
    "Difference",
    "Disk",
    "Document",
    "Event",
    "Finding",
    "Gap",
    "Integrity",
    "Item",
    "Jobs",
    "Machine",
    "PhaseTime",
    "Plan",
    "Policy",
    "PolicyCheck",
    "Reading",
    "Reason",
    "Receipt",
    "ScopeChange",
    "Selector",
    "Tally",
    "UnreadJobs",
    "Waiver",
    "Workload",
]

SCHEMA = "azstaging/report/1"


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Can we release, and if not, why.

    Attributes:
        state: ready, partly, held, released or empty.
        ready, held, released: number of workloads.
    """

    state: str
    headline: str
    why: str
    ready: int
    held: int
    released: int
    workloads: int


class Gap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that could not be read; ``permission`` is the missing action, or ""."""

    scope: str
    reason: str
    detail: str
    permission: str
    covers_items: bool


class Selector(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A selector of a workload that matches no item, or more machines than one."""

    workload: str
    selector: str


class Completeness(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was read, what was expected, and what is missing.

    Attributes:
        expected: number of items that must be there, or null when nobody said.
        read: number of items that were read, unexpected ones included.
        unresolved: selectors that match no item.
        ambiguous: plain names that several machines have.
        unexpected: ids of items that nobody expected.
    """

    complete: bool
    statement: str
    expected: int | None
    read: int
    vaults: list[str]
    gaps: list[Gap]
    unresolved: list[Selector]
    ambiguous: list[Selector]
    unexpected: list[str]


class Blocker(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reason that keeps workloads held.

    Attributes:
        code: stable word, e.g. ``evidence-missing``; failures of different checks share one.
        checks: the checks it is about, sorted.
        title: in words, with the check where it is about a single one's result.
        workloads: number of workloads that it holds.
        items: number of items that it names.
        owners: of these workloads, sorted.
        next_step: the most frequent next step.
    """

    code: str
    checks: list[str]
    title: str
    workloads: int
    items: int
    waivable: bool
    owners: list[str]
    next_step: str


class Reason(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reason why a workload is held; ``item_id`` is null when it concerns the workload.

    Attributes:
        command: the command that looks at it again, or "" where only a person can act.
    """

    code: str
    title: str
    detail: str
    next_step: str
    item_id: str | None
    item_name: str
    check: str
    evidence: int | None
    waivable: bool
    command: str = ""


class Tally(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many of something there are."""

    name: str
    count: int


class Cell(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One check in one workload: the worst standing, and how many passed."""

    check: str
    standing: str
    passed: int
    total: int


class Workload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is released together.

    Attributes:
        state: ready, held or released.
        item_ids: sorted.
        evidence: journal sequences that an open gate relied on.
        cells: one per check, in the order of ``checks`` of the document; released items are
            not counted.
    """

    name: str
    state: str
    owner: str
    criticality: str
    item_ids: list[str]
    reasons: list[Reason]
    evidence: list[int]
    cells: list[Cell]


class Disk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One disk; ``kind`` is its SKU in Azure, or its controller at the source."""

    name: str
    size_bytes: int | None
    kind: str
    is_os: bool | None


class Machine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A source machine as discovered or told by its item, or an Azure VM as read.

    Attributes:
        id: "" when only the item tells of it.
        size: Azure VM size, "" at the source.
        addresses: private addresses, public address ids after them.
        identity, backup, monitoring, patching: of an Azure VM, as far as ARM tells of it.
    """

    id: str
    name: str
    size: str
    cores: int | None
    memory_mib: int | None
    os: str
    firmware: str
    power: str
    place: str
    resource_group: str
    addresses: list[str]
    disks: list[Disk]
    provisioning_state: str
    agent: str
    licence_type: str
    vm_id: str
    tags: dict[str, str]
    extensions: dict[str, str]
    identity: str = ""
    backup: str = ""
    monitoring: str = ""
    patching: str = ""


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One replicated item with its source machine and its target machine.

    Attributes:
        gate: ready, held, released or none (in no workload).
        lag_seconds: recovery point lag, or null.
        raw: the state fields as the service gave them, as text.
        checks_passed, checks_total: required checks; advisory ones are among the findings.
        checks_worst: the worst standing among the required checks, or "".
        evidence_at: time of its oldest evidence in use, or "".
        same, expected, act, suspicious, unknown: compared fields per class.
        phase_since: since when it is in its phase, as far as the service tells, or "".
    """

    id: str
    name: str
    provider: str
    phase: str
    phase_evidence: list[str]
    workloads: list[str]
    gate: str
    first_reason: str
    health: str
    lag_seconds: int | None
    vault_id: str
    generation: str
    raw: dict[str, str]
    allowed_operations: list[str]
    running_job: str
    health_errors: list[str]
    source: Machine | None
    source_note: str
    target: Machine | None
    target_note: str
    test_machines: list[str]
    locks: list[str]
    checks_passed: int
    checks_total: int
    checks_worst: str
    evidence_at: str
    same: int
    expected: int
    act: int
    suspicious: int
    unknown: int
    phase_since: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one check is worth for one subject when the report was made.

    Attributes:
        subject: the item's id, or ``workload:<name>``.
        required: False for advisory and other checks, which close no gate.
        standing: passed, failed, error, inconclusive, skipped, missing, expired, void, flaky,
            from-the-future, or waived.
        evidence: journal sequence of the finding that decides, or null.
        digest: hash of that record, or "".
    """

    check: str
    subject: str
    name: str
    workloads: list[str]
    required: bool
    standing: str
    detail: str
    next_step: str
    at: str
    expires: str
    evidence: int | None
    digest: str


class Difference(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename={"cls": "class"}):
    """One field that differs; fields of class ``same`` are counted, not listed.

    Attributes:
        due: of an open action when it is to be done, of an accepted one until when; or "".
    """

    item_id: str
    name: str
    area: str
    field: str
    source: str
    intended: str
    actual: str
    cls: str
    rule: str
    reason: str
    due: str = ""


class Area(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Compared fields of one area, per class."""

    area: str
    same: int
    expected: int
    act: int
    suspicious: int
    unknown: int


class Document(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A report, ready to be shown.

    Attributes:
        masked: ids and addresses are replaced by pseudonyms.
        release_after: the wave's cooling-off ends then, or "".
        phases: items per phase, in the order of a migration.
        checks: check ids: required, advisory, then others that have findings.
        blockers: the most frequent first.
        readings: the last inventory of each day that is on record, the earliest first.
        forecast: when the rest would be released, and at which pace; one or two sentences.
        calendar: days on which something was or will be released, or expires.
        due: when open actions are to be done and the wave is to be released, or "".
        jobs: which replication jobs were read, or null when nobody asked for them.
        diff: sorted: suspicious, act, unknown, expected; then item, area, field.
    """

    schema: str
    tool_version: str
    made_at: str
    read_at: str
    wave: str
    release_after: str
    masked: bool
    answer: Answer
    completeness: Completeness
    phases: list[Tally]
    blockers: list[Blocker]
    workloads: list[Workload]
    items: list[Item]
    checks: list[str]
    findings: list[Finding]
    diff: list[Difference]
    areas: list[Area]
    waivers: list[Waiver]
    policy: Policy | None
    plans: list[Plan]
    approvals: list[Approval]
    receipts: list[Receipt]
    timeline: list[Event]
    integrity: Integrity
    readings: list[Reading] = []
    scope_changes: list[ScopeChange] = []
    forecast: str = ""
    calendar: list[Day] = []
    phase_times: list[PhaseTime] = []
    due: str = ""
    jobs: Jobs | None = None
