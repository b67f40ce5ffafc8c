"""What the journal says is planned, approved, released and still open. Pure."""

from collections.abc import Collection, Sized
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azstaging.model.ids import id_key
from azstaging.model.plans import Approval, Attempt, Plan, Receipt, ReceiptState
from azstaging.model.times import format_time
from azstaging.rules.approval import counted
from azstaging.rules.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunWorkload:
    """A workload of which one plan released a part, and what is left of it."""

    name: str
    plan_digest: str
    released: int
    left: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanApprovals:
    """How many people's approvals of a live plan count now, and how many it takes.

    Who will release it is not known yet: an approval of theirs does not count then.
    """

    plan_digest: str
    have: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of an estate, offline.

    Attributes:
        open_attempts: intents without a receipt: sent or not, nobody has proven it yet.
        live_plans: plans that have not expired and are not wholly released.
        released: the receipts that say done, by what was seen last: an item that was protected
            again since is not released.
        abandoned: the receipts that say done of replications given up.
        begun: workloads that a run released in part; the next run goes on with them first.
        approved: how far each live plan is approved.
        halted: a file named ``stop`` is beside the journal, so no run sends anything new.
    """

    at: datetime
    open_attempts: tuple[Attempt, ...]
    live_plans: tuple[Plan, ...]
    approvals: tuple[Approval, ...]
    receipts: tuple[Receipt, ...]
    released: tuple[Receipt, ...] = ()
    abandoned: tuple[Receipt, ...] = ()
    begun: tuple[BegunWorkload, ...] = ()
    approved: tuple[PlanApprovals, ...] = ()
    halted: bool = False

    @property
    def unknown(self) -> tuple[Receipt, ...]:
        """The receipts that say unknown."""
        return tuple(r for r in self.receipts if r.state is ReceiptState.UNKNOWN)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per open attempt, plan and receipt, what needs a person first."""
        rows = [
            {
                "what": "open attempt",
                "state": "unknown",
                "name": a.name,
                "at": a.at,
                "note": a.job_id,
            }
            for a in self.open_attempts
        ]
        rows += [_receipt_row(receipt) for receipt in _unmended(self.receipts)]
        rows += [_begun_row(workload) for workload in self.begun]
        told = {each.plan_digest: each for each in self.approved}
        rows += [_plan_row(plan, told[plan.digest]) for plan in self.live_plans]
        rows += [_receipt_row(r) for r in self.released]
        rows += [_receipt_row(r) | {"state": "abandoned"} for r in self.abandoned]
        return [row | {"at": format_time(row["at"])} for row in rows]  # type: ignore[arg-type]


def _unmended(receipts: tuple[Receipt, ...]) -> list[Receipt]:
    """Return what did not end well, but what a later attempt made good, or had no effect either."""
    done = {id_key(r.item_id): r.at for r in receipts if r.state is ReceiptState.DONE}
    last = {id_key(r.item_id): r for r in sorted(receipts, key=lambda r: r.at)}

    def stands(receipt: Receipt) -> bool:
        item = id_key(receipt.item_id)
        if receipt.state is ReceiptState.NONE:
            return last[item] is receipt
        made_good = item in done and done[item] >= receipt.at
        return receipt.state is ReceiptState.UNKNOWN or not made_good

    return [r for r in receipts if r.state is not ReceiptState.DONE and stands(r)]


def _receipt_row(receipt: Receipt) -> dict[str, Any]:
    note = receipt.reason or "; ".join(receipt.witnesses)
    return {
        "what": "receipt",
        "state": receipt.state.value,
        "name": receipt.name,
        "at": receipt.at,
        "note": note,
    }


def _begun_row(workload: BegunWorkload) -> dict[str, Any]:
    return {
        "what": "workload",
        "state": "begun",
        "name": workload.name,
        "at": workload.at,
        "note": f"{workload.released} released, left: {', '.join(workload.left)}",
    }


def begun_in_part(past: History) -> tuple[BegunWorkload, ...]:
    """Return the workloads released in part, by plan, unless another plan released the rest."""
    released = past.released()
    found = []
    for plan in past.plans():
        for name in () if plan.abandons else plan.workloads:
            members = [item for item in plan.items if name in item.workloads]
            done = [released[id_key(i.id)] for i in members if id_key(i.id) in released]
            here = [receipt for receipt in done if receipt.plan_digest == plan.digest]
            left = tuple(i.name for i in members if id_key(i.id) not in released)
            if here and left:
                found.append(
                    BegunWorkload(
                        name=name,
                        plan_digest=plan.digest,
                        released=len(done),
                        left=left,
                        at=max(receipt.at for receipt in here),
                    )
                )
    return tuple(found)


def _plan_row(plan: Plan, approved: PlanApprovals) -> dict[str, Any]:
    return {
        "what": "plan",
        "state": "approved" if approved.have >= approved.needed else "not approved",
        "name": plan.digest[:19],
        "at": plan.created,
        "note": f"{approved.have} of {approved.needed} approvals; {_count(plan.items, 'item')} in "
        f"{_count(plan.workloads, 'workload')}, until {format_time(plan.expires)}",
    }


def _count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


def status_of(
    past: History,
    *,
    now: datetime,
    needed: int = 1,
    named: Collection[str] = (),
    halted: bool = False,
) -> Status:
    """Fold the journal's history into a status.

    Args:
        past: what the journal says.
        now: aware UTC.
        needed: how many approvals the policy asks for.
        named: keys of the named approvers; empty where anybody may approve.
        halted: whether a file named ``stop`` is beside the journal.
    """
    receipts = past.receipts()
    done = {(id_key(r.item_id), r.generation) for r in receipts if r.state is ReceiptState.DONE}
    live = tuple(
        plan
        for plan in past.plans()
        if now < plan.expires
        and any((id_key(item.id), item.generation) not in done for item in plan.items)
    )
    return Status(
        at=now,
        open_attempts=past.open_attempts(),
        live_plans=live,
        approvals=past.approvals(),
        receipts=receipts,
        released=tuple(past.released().values()),
        abandoned=tuple(past.abandoned().values()),
        begun=begun_in_part(past),
        approved=tuple(
            PlanApprovals(
                plan_digest=plan.digest,
                have=len(counted(plan, past.approvals(), named=named, now=now)),
                needed=max(1, needed),
            )
            for plan in live
        ),
        halted=halted,
    )
