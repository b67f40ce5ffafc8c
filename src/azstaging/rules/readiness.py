"""Which items of a plan may go now, and which are held. Pure; a plan shrinks, it never grows.

The decision is computed again from the journal and a fresh inventory; what the plan says was
open is not believed. A workload goes whole or is held whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from azstaging.model.decisions import GateClosed, GateOpen
from azstaging.model.ids import id_key
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.plans import Held, Plan, PlanItem, Receipt, ReceiptState
from azstaging.rules.fingerprint import changes, fingerprint
from azstaging.rules.gaps import covering, next_step, of_target, own_gap, told
from azstaging.rules.gate import Case, decide
from azstaging.rules.history import History
from azstaging.rules.status import begun_in_part

PLAN_AGAIN = "Look at what changed; then check, plan and have it approved again."
RUN_AGAIN = "Then run the same command again; the plan holds."
READ_AGAIN = "See that the target can be read, then run the same command again; the plan holds."
FIND_OUT = "Find out who stopped or moved it; azstaging inventory shows what is there."
JOINED = "Check and plan the workload again with it, and have that approved."
TOGETHER = "It goes when all of its workload may go."
NEXT_STEPS = {
    ReceiptState.NONE: "Mend the cause, then plan it again and have that approved.",
    ReceiptState.FAILED: "Mend the cause, then plan it again and have that approved.",
    ReceiptState.UNKNOWN: "Look at the item and its job in the portal; it is not sent again.",
    ReceiptState.DONE: "It replicates again: find out why before anything else.",
}
GATE = "azstaging plan lists every reason with its next step; this plan may go on afterwards."


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The items of a plan, sorted out.

    Attributes:
        ready: may be sent now, in the order of the plan.
        held: may not, with the reason.
        done: were released under this plan in an earlier run.
    """

    ready: tuple[PlanItem, ...]
    held: tuple[Held, ...]
    done: tuple[PlanItem, ...] = ()


def sort_out(plan: Plan, case: Case, past: History, *, now: datetime) -> Readiness:
    """Sort a plan's items into ready, held and done at ``now``."""
    done = [item for item in plan.items if is_done(item, plan, past)]
    ended = {item.id for item in done}
    waiting = [item for item in plan.items if item.id not in ended]
    rows = {row.id.key: row for row in case.inventory.items}
    refusals = (refusal(item, rows.get(id_key(item.id)), plan, case, past) for item in waiting)
    held = {refused.item_id: refused for refused in refusals if refused}
    closed = _closed_workloads(plan, case, now)
    for item in waiting:
        mine = [name for name in item.workloads if name in closed]
        if item.id not in held and mine:
            why = "; ".join(f"{name}: {closed[name][0]}" for name in mine)
            held[item.id] = hold(item, why, closed[mine[0]][1])
    hold_workloads(waiting, held)
    ready = tuple(item for item in waiting if item.id not in held)
    return Readiness(ready=ready, held=tuple(held.values()), done=tuple(done))


def _after(receipt: Receipt | None) -> str:
    """Say since when an attempt stands, and what follows from how it ended."""
    if receipt is None:
        return "Run the same command again: it settles the open attempt by reading."
    reason = receipt.reason.rstrip(".") or "see its receipt"
    return f"Since {receipt.at:%Y-%m-%d %H:%M} UTC: {reason}. {NEXT_STEPS[receipt.state]}"


def begun_workloads(sorted_out: Readiness, case: Case) -> frozenset[str]:
    """Return the workloads of which an item is released already, under this plan or another."""
    of_plan = (name for item in sorted_out.done for name in item.workloads)
    released = (row for row in case.inventory.items if row.phase is Phase.RELEASED)
    return frozenset((*of_plan, *(name for row in released for name in row.workloads)))


def left_out(plan: Plan, case: Case, past: History) -> tuple[Held, ...]:
    """Hold what is left of workloads that an earlier run began and this plan leaves out.

    A workload that was begun is finished, or held first, by the next run, whatever it runs.
    """
    planned = {id_key(item.id) for item in plan.items}
    in_part = {each.name: each for each in begun_in_part(past)}  # by its latest plan
    return tuple(
        Held(
            item_id=str(row.id),
            name=row.name,
            workloads=row.workloads,
            reason=f"{begun.name} was begun at {begun.at:%Y-%m-%d %H:%M} UTC, is released in part, "
            "and this plan leaves the rest out",
            next_step=f"Run its plan {begun.plan_digest} again; or plan {begun.name} anew and "
            "have that approved.",
        )
        for begun in in_part.values()
        for row in case.inventory.in_workload(begun.name)
        if row.phase is not Phase.RELEASED and row.name in begun.left and row.id.key not in planned
    )


def is_done(item: PlanItem, plan: Plan, past: History) -> bool:
    """Tell whether an item was stopped under this very plan."""
    return any(
        receipt is not None and receipt.state is ReceiptState.DONE
        for digest, receipt in past.attempts_on(item.id, item.generation)
        if digest == plan.digest
    )


def hold(
    item: PlanItem, reason: str, next_step: str = "", *, changed: tuple[str, ...] = ()
) -> Held:
    """Hold one item of a plan."""
    return Held(
        item_id=item.id,
        name=item.name,
        workloads=item.workloads,
        reason=reason,
        changes=changed,
        next_step=next_step,
    )


def since_planned(what: str, plan: Plan) -> str:
    """Say that something is not as it was when the plan was made, and when that was."""
    return f"{what} changed since {plan.created:%Y-%m-%d %H:%M} UTC, when it was planned"


def refusal(
    item: PlanItem, row: InventoryItem | None, plan: Plan, case: Case, past: History
) -> Held | None:
    """Say why an item may not go, whatever the verb: attempted, gone, moved or changed.

    ``row`` is the item's in the case's inventory, or None when it is not there.
    """
    for digest, receipt in past.attempts_on(item.id, item.generation):
        state = receipt.state.value if receipt else "open"
        if digest == plan.digest:
            return hold(
                item, f"it was attempted under this plan already ({state})", _after(receipt)
            )
        if receipt is None or receipt.state in {ReceiptState.UNKNOWN, ReceiptState.DONE}:
            return hold(item, f"an earlier attempt on it is {state}", _after(receipt))
    if row is None or own_gap(row, case.inventory):
        return _unseen(item, row, case)
    others = sorted(set(item.workloads) - set(plan.workloads))
    if others and not plan.abandons:
        whose = f"it belongs to {', '.join(others)}, too, which is not planned"
        return hold(item, whose, PLAN_AGAIN)
    if set(row.workloads) != set(item.workloads):
        return hold(item, since_planned("its workloads", plan), PLAN_AGAIN)
    if why := unread_target(item, row):
        return _target_unread(item, why, case)
    changed = changes(item.fingerprint, fingerprint(row))
    if changed:
        return hold(item, since_planned("it", plan), PLAN_AGAIN, changed=changed)
    return None


def _unseen(item: PlanItem, row: InventoryItem | None, case: Case) -> Held:
    """Hold an item that was not read, or not whole: by the gap that hides it, or as gone."""
    if row is not None:
        gap, why = own_gap(row, case.inventory), ""
    else:
        gap, why = covering(item.id, case.inventory), "nobody can tell whether it is still there: "
    if gap is None:
        return hold(item, "it is not in the inventory any more", FIND_OUT)
    return hold(item, why + told(gap, row), f"{next_step(gap)} {RUN_AGAIN}")


def _target_unread(item: PlanItem, why: str, case: Case) -> Held:
    """Hold an item whose target was not read, by the gap that says what is missing, if any."""
    gap = of_target(item.fingerprint["target.id"], case.inventory)
    if gap is None:
        return hold(item, why, READ_AGAIN)
    reason = f"its target machine could not be read: {told(gap)}"
    return hold(item, reason, f"{next_step(gap)} {RUN_AGAIN}")


def unread_target(item: PlanItem, row: InventoryItem) -> str:
    """Say why nobody can tell whether the planned target machine is as planned, or ""."""
    if row.target is not None or not row.target_unknown or "target.id" not in item.fingerprint:
        return ""
    return f"its target machine could not be read: {row.target_note}".rstrip(": .")


def _closed_workloads(plan: Plan, case: Case, now: datetime) -> dict[str, tuple[str, str]]:
    """Return why planned workloads may not go, each with its next step."""
    decisions = {d.workload: d for d in decide(case, now=now)}
    planned = {id_key(item.id) for item in plan.items}
    closed: dict[str, tuple[str, str]] = {}
    for name in plan.workloads:
        decision = decisions.get(name)
        if isinstance(decision, GateClosed):
            closed[name] = "; ".join(reason.detail for reason in decision.reasons[:3]), GATE
        elif not isinstance(decision, GateOpen):
            closed[name] = "the workload is not in the configuration any more", PLAN_AGAIN
        else:
            pending = (r for r in case.inventory.in_workload(name) if r.phase is not Phase.RELEASED)
            joined = [row.name for row in pending if row.id.key not in planned]
            if joined:
                closed[name] = f"{', '.join(joined)} belongs to it, and is not in the plan", JOINED
    return closed


def hold_workloads(items: Iterable[PlanItem], held: dict[str, Held]) -> None:
    """Hold every item that shares a workload with a held one, until nothing changes."""
    waiting = list(items)
    grown = True
    while grown:
        grown = False
        first = {
            name: item.name
            for item in reversed(waiting)
            if item.id in held
            for name in item.workloads
        }
        for item in waiting:
            shared = first.keys() & set(item.workloads)
            if item.id not in held and shared:
                name = min(shared)
                reason = f"workload {name} is held: {first[name]} may not go"
                held[item.id] = hold(item, reason, TOGETHER)
                grown = True
