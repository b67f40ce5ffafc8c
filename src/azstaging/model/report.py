"""The report as a value: everything that a report says, before it has a view or a format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from azstaging.model.decisions import Decisions, Waiver
from azstaging.model.differences import Diff, Expectation
from azstaging.model.findings import Finding, Findings
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory
from azstaging.model.plans import Approval, Plan, Receipt
from azstaging.model.waves import Wave


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHead:
    """The last record that a report was made from.

    Attributes:
        journal_id: the journal's id, from its record 0.
        seq: sequence of the last record.
        hash: its SHA-256, hexadecimal.
    """

    journal_id: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to one item, or to the wave when ``item_id`` is None.

    Attributes:
        what: a few words, e.g. ``Test migration ended``.
        actor: who did it, or "" when not told.
        seq: journal sequence, or None when it comes from a replication job.
    """

    at: datetime
    what: str
    detail: str = ""
    item_id: ResourceId | None = None
    actor: str = ""
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHistory:
    """The replication jobs of the vaults of an inventory, as far as they could be read.

    Attributes:
        since: jobs that started before are not asked for; a vault forgets them in the end.
        vaults: those whose list was read whole.
        unread: those whose list was not, with the reason; their jobs are unknown, not none.
        found: number of jobs in the lists that were read.
        events: of jobs that name an item of the inventory, by vault, then in the service's order.
    """

    since: datetime
    vaults: tuple[ResourceId, ...] = ()
    unread: tuple[Gap, ...] = ()
    found: int = 0
    events: tuple[Event, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastInventory:
    """What the journal keeps of an earlier inventory of the wave: number of items per phase."""

    at: datetime
    expected: int | None
    read: int
    phases: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report is made from. The same value gives the same bytes, in every format.

    Attributes:
        made_at: when the report was made. Ages and expiries are told as of the decisions, so that
            the evidence reads as the gates read it.
        tool_version: version of azstaging that made the evidence readable.
        findings: the last finding of each check on each subject, in journal order.
        weighed: every finding that the gates weighed, earlier ones included: a check that failed
            and then passed is flaky by them; () where ``findings`` are all there is.
        workload_checks: ids of checks whose subject is the workload, not an item.
        waivers: all waivers of the configuration, in force or not.
        expectations: of the configuration; until when a difference is accepted.
        events: what is known beyond the values here; any order.
        jobs: the replication jobs, or None when nobody asked for them.
        past_inventories: of the same wave, in the order of the journal.
        evidence: journal sequence -> hash of that record.
        journal: None when nothing was recorded; the report then says so.
    """

    made_at: datetime
    tool_version: str
    wave: Wave
    inventory: Inventory
    findings: Findings
    diff: Diff
    decisions: Decisions
    weighed: tuple[Finding, ...] = ()
    workload_checks: frozenset[str] = frozenset()
    waivers: tuple[Waiver, ...] = ()
    plans: tuple[Plan, ...] = ()
    approvals: tuple[Approval, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    events: tuple[Event, ...] = ()
    jobs: JobHistory | None = None
    past_inventories: tuple[PastInventory, ...] = ()
    evidence: Mapping[int, str] = field(default_factory=dict, repr=False)
    journal: JournalHead | None = None

    def __repr__(self) -> str:
        name = self.wave.name
        return f"Report({name!r}, {len(self.inventory)} items, {self.decisions!r})"
