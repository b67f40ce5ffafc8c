"""What lets no machine go: each way a plan, its approvals or the world keep a release from it.

Each entry answers whether anything may go; it never may. Tests ask them, and so does the search for
mutants that let something through.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from azstaging.errors import PlanRefusedError
from azstaging.model.ids import ResourceId
from azstaging.model.machines import Lock
from azstaging.model.plans import (
    Approval,
    Attempt,
    PlannedRequest,
    Principal,
    Receipt,
    ReceiptState,
)
from azstaging.model.records import NewRecord, Record
from azstaging.rules import abandon, history, records
from azstaging.rules.canonical import canonical, parse_canonical
from azstaging.rules.gate import decide
from azstaging.rules.plan import (
    approved_until,
    build_plan,
    check_approvals,
    check_approver,
    check_plan,
    check_planner,
    check_verb,
)
from azstaging.rules.preconditions import lock_blocks
from azstaging.rules.readiness import Readiness, sort_out

from .test_gate_deviations import DEVIATIONS, row_with

PLANNER, APPROVER, OTHER, RELEASER = (
    Principal(tid="t", oid=name) for name in ("planner", "approver", "other", "releaser")
)
HOUR = timedelta(hours=1)


def payroll(build):
    """Return a case of one workload of two healthy machines."""
    return build.case(build.row("app01"), build.row("app02"))


def plan_of(build, case, **changes):
    requests = {
        row.id.key: PlannedRequest(method="DELETE", url=f"https://arm.example{row.id}")
        for row in case.inventory.items
    }
    plan = build_plan(
        decide(case, now=build.now).open,
        case.inventory,
        requests,
        case.findings,
        journal_id="j1",
        planner=PLANNER,
        policy=case.policy,
        now=build.now,
        max_release=None,
    )
    return replace(plan, **changes)


def past_of(*new: NewRecord) -> history.History:
    found = [
        Record(
            seq=seq,
            at=records.time_from("2026-11-26T15:00:00.000Z"),
            run="run",
            actor="t/planner",
            type=each.type.value,
            data=parse_canonical(canonical(dict(each.data))),
            prev="",
            hash="",
        )
        for seq, each in enumerate(new)
    ]
    return history.History().extend(found)


def attempted(build, plan, state=None, *, under=None):
    """Return what is on record when the plan's first item was attempted, and how that ended."""
    item = plan.items[0]
    digest = under or plan.digest
    shared = {"item_id": item.id, "name": item.name, "generation": item.generation}
    attempt = Attempt(
        **shared,
        vault_id=item.vault_id,
        plan_digest=digest,
        target_id="/vm",
        at=build.now - HOUR,
    )
    new = [records.intent_record(attempt, item.request)]
    if state is not None:
        receipt = Receipt(**shared, plan_digest=digest, state=state, at=build.now - HOUR)
        new.append(records.receipt_record(receipt))
    return past_of(*new)


def goes(ready: Readiness) -> bool:
    """Tell whether anything may go; what is neither ready nor held nor done was forgotten."""
    return bool(ready.ready)


def sorted_out(build, *, world=None, past=None, plan=None) -> Readiness:
    case = payroll(build)
    made = (plan or (lambda p, _: p))(plan_of(build, case), build)
    now_case = world(case, build) if world else case
    return sort_out(made, now_case, (past or (lambda *_: past_of()))(build, made), now=build.now)


def of_world(change) -> Callable:
    return lambda build: goes(sorted_out(build, world=change))


def of_past(state=None, *, under=None) -> Callable:
    return lambda build: goes(
        sorted_out(build, past=lambda b, plan: attempted(b, plan, state, under=under))
    )


def gone(case, build):
    rest = case.inventory.items[1:]
    return replace(case, inventory=replace(case.inventory, items=rest))


def joined(case, build):
    more = build.case(*case.inventory.items, build.row("app03"))
    return replace(more, policy=case.policy)


def renamed(case, build):
    items = tuple(replace(row, workloads=("Salaries",)) for row in case.inventory.items)
    return replace(case, inventory=replace(case.inventory, items=items))


def not_configured(case, build):
    return replace(case, wave=replace(case.wave, workloads=()))


def of_another(plan, build):
    """An item of the plan belongs to another workload, too, which is not planned."""
    first, *rest = plan.items
    return replace(plan, items=(replace(first, workloads=("Payroll", "Portal")), *rest))


def fingerprinted(name) -> Callable:
    def change(plan, build):
        first, *rest = plan.items
        other = {**first.fingerprint, name: "something else"}
        return replace(plan, items=(replace(first, fingerprint=other), *rest))

    return lambda build: goes(sorted_out(build, plan=change))


def passes(call) -> bool:
    """Tell whether a check of plans or approvals lets something through."""
    with suppress(PlanRefusedError):
        call()
        return True
    return False


def approval(build, plan, who=APPROVER, **changes):
    given = Approval(
        plan_digest=plan.digest,
        approver=who,
        comment="CHG-1",
        at=build.now - HOUR,
        expires=build.now + HOUR,
    )
    return replace(given, **changes)


def approvals(*given, needed=1, releaser=RELEASER, two=False) -> Callable:
    """Ask both who may release, and until when."""

    def asked(build):
        case = payroll(build)
        plan = plan_of(build, case)
        policy = replace(case.policy, approvals=needed)
        found = [approval(build, plan, **each(build) if callable(each) else each) for each in given]
        let = passes(
            lambda: check_approvals(plan, found, releaser=releaser, policy=policy, now=build.now)
        )
        if releaser is None:
            return let
        until = approved_until(plan, found, releaser=releaser, policy=policy, now=build.now)
        return let or until > build.now

    return asked


def checked(*, journal="j1", later=timedelta(), **policy) -> Callable:
    def asked(build):
        case = payroll(build)
        plan = plan_of(build, case)
        now = build.now + later
        rules = replace(case.policy, **policy)
        return passes(lambda: check_plan(plan, journal_id=journal, policy=rules, now=now))

    return asked


def ended(build):
    plan = plan_of(build, payroll(build))
    return passes(
        lambda: check_plan(plan, journal_id="j1", policy=payroll(build).policy, now=plan.expires)
    )


def verb(abandons) -> Callable:
    def asked(build):
        plan = plan_of(build, payroll(build))
        made = plan if abandons else replace(plan, schema="azstaging/abandon/1", reason="r")
        return passes(lambda: check_verb(made, abandons=abandons))

    return asked


def given_up(change=None) -> Callable:
    """A machine that is migrated is never given up, whatever else is so."""

    def asked(build):
        case = payroll(build)
        plan = replace(plan_of(build, case), schema="azstaging/abandon/1", reason="r")
        world = change(case, build) if change else case
        return goes(abandon.sort_out(plan, world, past_of(), now=build.now))

    return asked


def lock(level, method) -> Callable:
    def asked(build):
        row = build.row()
        request = PlannedRequest(method=method, url=str(row.id))
        found = Lock(id=ResourceId("/subscriptions/0/l"), level=level, scope=row.id)
        return not lock_blocks(found.level, request)

    return asked


REFUSED: dict[str, Callable] = {
    **{f"world: {name}": of_world(change) for name, (change, _) in DEVIATIONS.items()},
    "gone": of_world(gone),
    "joined": of_world(joined),
    "renamed": of_world(renamed),
    "not configured": of_world(not_configured),
    "target unread": of_world(row_with(target=None, target_unknown=True, target_note="403")),
    "of another": lambda build: goes(sorted_out(build, plan=of_another)),
    **{
        f"fingerprint: {name}": fingerprinted(name)
        for name in ("generation", "provider", "target.id", "target.size")
    },
    "attempted, open": of_past(),
    "attempted, none": of_past(ReceiptState.NONE),
    "attempted, failed": of_past(ReceiptState.FAILED),
    "attempted, unknown": of_past(ReceiptState.UNKNOWN),
    "another plan, open": of_past(under="sha256:other"),
    "another plan, unknown": of_past(ReceiptState.UNKNOWN, under="sha256:other"),
    "another plan, done": of_past(ReceiptState.DONE, under="sha256:other"),
    "no approval": approvals(),
    "the planner's": approvals({"who": PLANNER}),
    "the releaser's": approvals({"who": RELEASER}),
    "of another plan": approvals({"plan_digest": "sha256:other"}),
    "expired": approvals(lambda build: {"expires": build.now}),
    "from the future": approvals(lambda build: {"at": build.now + HOUR}),
    "one of two": approvals({}, needed=2),
    "one person twice": approvals({}, {}, needed=2),
    "two, of one of which it is the own": approvals({}, {"who": RELEASER}, needed=2),
    "nobody releases": approvals({}, releaser=None),
    "another journal": checked(journal="j2"),
    "expired plan": ended,
    "from the future plan": checked(later=-HOUR),
    "another policy": checked(required=("phase-staged",)),
    "nobody plans": lambda _: passes(lambda: check_planner(None)),
    "nobody approves": lambda b: passes(lambda: check_approver(plan_of(b, payroll(b)), None)),
    "the planner approves": lambda b: passes(
        lambda: check_approver(plan_of(b, payroll(b)), PLANNER)
    ),
    "released as abandon": verb(True),
    "abandoned as release": verb(False),
    "migrated, given up": given_up(),
    "lock of a delete": lock("CanNotDelete", "DELETE"),
    "read-only lock of a delete": lock("ReadOnly", "DELETE"),
    "read-only lock of a post": lock("ReadOnly", "POST"),
    "unknown lock": lock("Frozen", "POST"),
}
