"""Plans, approvals, intents and receipts."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azstaging.model.frames import Tabular

RELEASE_SCHEMA = "azstaging/plan/1"
ABANDON_SCHEMA = "azstaging/abandon/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts: ``tid`` and ``oid`` of an access token that ARM has just accepted."""

    tid: str
    oid: str
    name: str = ""

    @property
    def key(self) -> str:
        """``tid/oid``, casefolded: what principals are compared by."""
        return f"{self.tid}/{self.oid}".casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRequest:
    """A stop request as rendered: what will be sent, to the letter."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """One item of a plan: identity, what was observed, and the request.

    Attributes:
        fingerprint: allow-listed observed values, name -> text; compared before the request.
        evidence: journal sequences relied on.
        seed_bytes: what would be copied again if this was wrong: the disks at the source; None
            when a size is not told.
        free_until: when it stops to replicate free of charge (``wave.free_days``), or None.
        cache_accounts: storage accounts that it replicates through; they stay behind.
    """

    id: str
    name: str
    provider: str
    generation: str
    vault_id: str
    workloads: tuple[str, ...]
    fingerprint: Mapping[str, str]
    request: PlannedRequest
    evidence: tuple[int, ...]
    seed_bytes: int | None = None
    free_until: datetime | None = None
    cache_accounts: tuple[str, ...] = ()


# No slots: `plan_from` refers to it weakly.
@dataclass(frozen=True, kw_only=True)
class Plan(Tabular):
    """What a release, or an abandon, will do.

    Attributes:
        content: SHA-256 over what is planned (items, requests, policy, evidence): same state,
            same content.
        digest: SHA-256 over the whole file without itself; approvals bind to it.
        reason: why replications are given up; "" for a release.
        of_items: how many items the wave had when it was planned: what the share is taken of.
    """

    schema: str
    journal_id: str
    wave: str
    created: datetime
    expires: datetime
    planner: Principal
    workloads: tuple[str, ...]
    items: tuple[PlanItem, ...]
    policy_digest: str
    content: str
    digest: str
    reason: str = ""
    of_items: int = 0

    @property
    def abandons(self) -> bool:
        """True when this plan gives replications up instead of releasing them."""
        return self.schema == ABANDON_SCHEMA

    @property
    def seed_bytes(self) -> int | None:
        """What would be copied again if all of it was wrong; None when a size is not told."""
        sizes = [item.seed_bytes for item in self.items]
        told = [size for size in sizes if size is not None]
        return sum(told) if len(told) == len(sizes) else None

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per item, in the order of the plan."""
        return [
            {
                "name": item.name,
                "workloads": ", ".join(item.workloads),
                "provider": item.provider,
                "request": item.request.method,
                "evidence": len(item.evidence),
                "id": item.id,
            }
            for item in self.items
        ]

    def __repr__(self) -> str:
        return (
            f"Plan({len(self.items)} items of {len(self.workloads)} workloads, "
            f"{self.digest[:19]}, until {self.expires:%Y-%m-%d %H:%M} UTC)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One principal's approval of one plan digest, until ``expires``."""

    plan_digest: str
    approver: Principal
    comment: str
    at: datetime
    expires: datetime


class ReceiptState(enum.Enum):
    """What became of one attempt."""

    DONE = "done"
    NONE = "none"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The end of one attempt on one item.

    Attributes:
        witnesses: what proves it, one clause each.
        job_id: the replication job, or "".
        reason: why it was held or failed, or "".
    """

    item_id: str
    name: str
    generation: str
    plan_digest: str
    state: ReceiptState
    at: datetime
    reason: str = ""
    job_id: str = ""
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One intent and at most one request, as far as it is known.

    Attributes:
        at: when the intent was written.
        job_id: "" when no answer named a job.
        target_id: the target VM's id when the intent was written.
        ambiguous_name: another item has the same name, so a job's object name proves nothing.
        answered: the service accepted the request.
        client_request_id: finds the request in Azure's logs; "" in a journal of an earlier version.
        approvers: keys of the principals whose approvals let it go, sorted; empty in a journal of
            an earlier version.
    """

    item_id: str
    name: str
    generation: str
    vault_id: str
    plan_digest: str
    target_id: str
    at: datetime
    job_id: str = ""
    ambiguous_name: bool = False
    answered: bool = False
    client_request_id: str = ""
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An item of the plan that was not sent in this run: why, and what to do about it."""

    item_id: str
    name: str
    workloads: tuple[str, ...]
    reason: str
    changes: tuple[str, ...] = ()
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseResult(Tabular):
    """What a release, or its dry run, did.

    Attributes:
        executed: False for a dry run.
        requests: (item id, request) in the order they were or would be sent.
        receipts: of this run, earlier open intents resolved by it included.
        held: items of the plan that were not sent.
        open_attempts: sent, and not settled: before the deadline, or, told by a dry run, by an
            earlier run.
        out_of_time: some items were held only because the deadline was near; run again.
        next_at: when the next may go; None unless items were held by ``gate.max_stops_per_hour``.
        names: display name by item id, of everything the plan names.
    """

    plan_digest: str
    executed: bool
    requests: tuple[tuple[str, PlannedRequest], ...]
    receipts: tuple[Receipt, ...]
    held: tuple[Held, ...]
    open_attempts: tuple[Attempt, ...] = ()
    out_of_time: bool = False
    next_at: datetime | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """True when all that was planned is done, or would be sent by a real run."""
        return (
            not self.held
            and not self.open_attempts
            and all(receipt.state is ReceiptState.DONE for receipt in self.receipts)
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per item: the requests in their order, then what was held."""
        from azstaging.model.release_views import release_rows  # noqa: PLC0415 - it knows this one

        return release_rows(self)

    def __repr__(self) -> str:
        what = "sent" if self.executed else "would be sent"
        return f"ReleaseResult({len(self.requests)} {what}, {len(self.held)} held)"
