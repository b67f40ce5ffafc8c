"""What was allowed, planned, approved and done, as parts of the document."""

import msgspec


class Waiver(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One waiver; ``in_force``, ``days_left`` and ``age_days`` as of when the report was made."""

    check: str
    subject: str
    name: str
    reason: str
    category: str
    approver: str
    ticket: str
    created: str
    expires: str
    in_force: bool
    days_left: int
    age_days: int | None = None


class PolicyCheck(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One check of the policy; ``lifetime_seconds`` is null where the check's own holds."""

    check: str
    required: bool
    lifetime_seconds: int | None


class Policy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the gates required."""

    checks: list[PolicyCheck]
    flaky_passes: int
    approvals: int
    approval_hours: int
    plan_hours: int


class Plan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One plan: whose, over what, until when."""

    digest: str
    content: str
    policy_digest: str
    planner: str
    created: str
    expires: str
    workloads: list[str]
    items: int


class Approval(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One approval of one plan digest."""

    plan_digest: str
    approver: str
    comment: str
    at: str
    expires: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of one attempt; ``state`` is done, none, failed or unknown."""

    item_id: str
    name: str
    state: str
    at: str
    reason: str
    job_id: str
    plan_digest: str
    witnesses: list[str]


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the timeline."""

    at: str
    what: str
    detail: str
    item_id: str | None
    name: str
    actor: str
    evidence: int | None


class Jobs(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which replication jobs the timeline is made from.

    Attributes:
        since: jobs that started before were not asked for.
        found: number of jobs in the lists that were read.
        matched: how many of them name an item of the report.
        vaults: those whose list was read.
        unread: those whose list was not; their jobs are unknown, not none.
    """

    since: str
    found: int
    matched: int
    vaults: list[str]
    unread: list["UnreadJobs"]


class UnreadJobs(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A vault whose jobs could not be read; ``permission`` is the missing action, or ""."""

    scope: str
    reason: str
    detail: str
    permission: str


class Integrity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where the evidence is and how to verify it.

    Attributes:
        journal_id, seq, hash: the journal's last record when the report was made.
        recorded: number of findings that the report was made from.
        verify: steps, in order.
    """

    journal_id: str
    seq: int | None
    hash: str
    recorded: int
    verify: list[str]
