"""Stop replication: in which order things happen. What may happen is decided in `rules`.

The first item of a run goes alone. A workload is looked at whole before its first item is sent,
and is not begun while the hour has no room for it. After the first unknown nothing new is sent;
what was sent is followed to its end.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from azstaging.engine.attempt import (
    Attempter,
    Disputed,
    Refused,
    after_effect,
    look,
    send,
)
from azstaging.engine.follow import Follower, follow, look_once
from azstaging.engine.pacing import pace_of
from azstaging.engine.ports import AzurePort, JournalPort, Progress
from azstaging.engine.rulebook import RELEASE, Rulebook
from azstaging.engine.witness import require_jobs, require_permission
from azstaging.errors import DeadlineReachedError, Effect, JournalError
from azstaging.model.plans import (
    Attempt,
    Held,
    Plan,
    PlanItem,
    PlannedRequest,
    Principal,
    Receipt,
    ReceiptState,
    ReleaseResult,
)
from azstaging.model.records import NewRecord
from azstaging.rules import records
from azstaging.rules.gate import Case
from azstaging.rules.history import History
from azstaging.rules.narrowing import Narrowed
from azstaging.rules.pace import is_begun, paced
from azstaging.rules.readiness import (
    NEXT_STEPS,
    TOGETHER,
    Readiness,
    begun_workloads,
    hold,
    left_out,
)

_GO_ON = "Run the same command again; it goes on with the rest."
_AGAIN = "Run the same command again once that is settled; azstaging status says what is open."
# A change is sent only while there is time to hear its answer; else it would use up its attempt.
_ANSWER = timedelta(seconds=60)
# How often what was sent is looked at while more is sent: an unknown end must stop that soon.
_LOOK = timedelta(seconds=15)


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One run of one plan.

    Attributes:
        follower: Azure, clock, and how long to wait; its deadline also ends the sending.
        case: everything the gate depends on, with an inventory read at the start of this run.
        past: the journal folded, as it was at the start of this run, under the leases.
        until: when the plan or its approval ends.
        approvers: who approved it, by key.
        rulebook: the decisions and the request of the verb.
        halted: asked before each item: True when somebody wants nothing more to be sent.
    """

    follower: Follower
    journal: JournalPort
    progress: Progress
    run: str
    releaser: Principal
    plan: Plan
    case: Case
    past: History
    until: datetime
    approvers: tuple[str, ...] = ()
    rulebook: Rulebook = RELEASE
    halted: Callable[[], bool] = _never

    @property
    def azure(self) -> AzurePort:
        """Where to read and to send."""
        return self.follower.azure

    def clock(self) -> datetime:
        """Return the time, aware UTC."""
        return self.follower.clock()

    def append(self, record: NewRecord) -> None:
        """Append one record, durably and alone."""
        self.journal.append([record], at=self.clock(), run=self.run, actor=self.releaser.key)


@dataclass(slots=True)
class _Ledger:
    """What happened so far in this run.

    Attributes:
        disputed: why requests were refused as in conflict, by item id.
        stopped: why nothing new is sent.
        late: that is because time is up.
    """

    held: list[Held]
    requests: list[tuple[str, PlannedRequest]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    sent: list[Attempt] = field(default_factory=list)
    disputed: dict[str, str] = field(default_factory=dict)
    still_open: tuple[Attempt, ...] = ()
    looked_at: datetime | None = None
    stopped: str = ""
    next_step: str = ""
    next_at: datetime | None = None
    late: bool = False
    out_of_time: bool = False


HALTED = "somebody asked to halt: the estate folder holds a file named stop"
REMOVE = "Remove it, and run the same command again."


def preview(
    plan: Plan,
    case: Case,
    past: History,
    *,
    now: datetime,
    rulebook: Rulebook = RELEASE,
    halted: bool = False,
) -> ReleaseResult:
    """Say what a real run would send at ``now``, and what it would hold; sends nothing.

    What an earlier run left open is named: a real run settles it first, and may send more then.
    """
    sorted_out = rulebook.sort_out(plan, case, past, now=now)
    groups, begun = _ordered(sorted_out, case)
    going = paced(groups, pace_of(case.policy, past), begun, now=now, until=plan.expires)
    items = [item for group in going.groups for item in group]
    kept = [hold(item, HALTED, REMOVE) for item in items if halted]
    return ReleaseResult(
        plan_digest=plan.digest,
        executed=False,
        requests=() if halted else tuple((item.id, item.request) for item in items),
        receipts=(),
        held=(*left_out(plan, case, past), *sorted_out.held, *going.held, *kept),
        open_attempts=past.open_attempts(),
        next_at=going.next_at,
        names=_names(plan),
    )


def _ordered(sorted_out: Readiness, case: Case) -> tuple[list[list[PlanItem]], frozenset[str]]:
    """Return what goes together, in order, and which workloads an earlier run began."""
    begun = begun_workloads(sorted_out, case)
    return _together(sorted_out.ready, begun), begun


def execute(release: Release) -> ReleaseResult:
    """Release what the plan and the gates allow; the leases of its vaults must be held.

    Raises:
        ServiceError: the jobs of a vault cannot be read, or its items not be stopped by this
            identity; nothing was sent.
        JournalError: the journal could not be appended to; what was sent before is in it.
    """
    sorted_out = release.rulebook.sort_out(
        release.plan, release.case, release.past, now=release.clock()
    )
    groups, begun = _ordered(sorted_out, release.case)
    require_jobs(release.azure, sorted_out.ready, release.clock())
    require_permission(release.azure, sorted_out.ready)
    left = left_out(release.plan, release.case, release.past)
    ledger = _Ledger(held=[*left, *sorted_out.held])
    try:
        _send_all(release, groups, begun, ledger)
        _follow(release, ledger)
    except JournalError as error:
        if not ledger.requests or error.effect is not Effect.NONE:
            raise
        count = len(ledger.requests)
        raise after_effect(error, f"Requests for {count} items had been sent") from error
    return ReleaseResult(
        plan_digest=release.plan.digest,
        executed=True,
        requests=tuple(ledger.requests),
        receipts=tuple(ledger.receipts),
        held=tuple(ledger.held),
        open_attempts=ledger.still_open,
        out_of_time=ledger.out_of_time,
        next_at=ledger.next_at,
        names=_names(release.plan),
    )


def _names(plan: Plan) -> dict[str, str]:
    return {item.id: item.name for item in plan.items}


def _send_all(
    release: Release,
    groups: Sequence[Sequence[PlanItem]],
    begun: AbstractSet[str],
    ledger: _Ledger,
) -> None:
    attempter = Attempter(
        plan=release.plan,
        until=release.until,
        approvers=release.approvers,
        azure=release.azure,
        case=Narrowed(release.case),
        clock=release.clock,
        append=release.append,
        rulebook=release.rulebook,
        late=partial(_time_is_up, release),
    )
    for items in groups:
        _look_back(release, ledger)
        _may_go_on(release, ledger, items, was_begun=is_begun(items, begun))
        refused = _look(attempter, items, ledger)
        blocked = _hold(ledger, refused) if refused else None
        for item in items:
            blocked = _send_next(release, attempter, item, ledger, blocked)


def _look(attempter: Attempter, items: Sequence[PlanItem], ledger: _Ledger) -> Refused | None:
    """Look at a group whole; return the item that may not go, if there is one."""
    if ledger.stopped:
        return None
    try:
        # The first is looked at last: its own look, right before its intent, is one of these.
        return look(attempter, items[1:])
    except DeadlineReachedError:
        _out_of_time(ledger)
        return None


def _together(items: Iterable[PlanItem], begun: AbstractSet[str]) -> list[list[PlanItem]]:
    """Group what is released together: workloads that share an item are one group.

    A workload that an earlier run began comes first: half a workload must not wait for others.
    """
    groups: list[tuple[set[str], list[PlanItem]]] = []
    for item in sorted(items, key=lambda item: (item.workloads, item.id.casefold())):
        names, members = set(item.workloads), [item]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names |= group[0]
            members = [*group[1], *members]
        groups.append((names, members))
    # Sorting is stable: within each half the order stays.
    return [members for _, members in sorted(groups, key=lambda group: not group[0] & begun)]


def _send_next(
    release: Release,
    attempter: Attempter,
    item: PlanItem,
    ledger: _Ledger,
    blocked: Refused | None,
) -> Refused | None:
    """Send one item, unless its group is ``blocked``; return why the rest of the group is."""
    if any(held.item_id.casefold() == item.id.casefold() for held in ledger.held):
        return blocked
    if not blocked:
        _may_go_on(release, ledger, [item], was_begun=True)
    if ledger.stopped:
        _hold(ledger, Refused(item=item, reason=ledger.stopped))
        return blocked
    if blocked:
        _hold(ledger, replace(blocked, item=item))
        return blocked
    release.progress("release", len(ledger.sent), len(release.plan.items))
    try:
        outcome = send(attempter, item)
    except DeadlineReachedError:
        _out_of_time(ledger)
        _hold(ledger, Refused(item=item, reason=ledger.stopped))
        return blocked
    if isinstance(outcome, Refused):
        return _hold(ledger, outcome)
    ledger.requests.append((item.id, item.request))
    if isinstance(outcome, Attempt):
        _sent(release, ledger, outcome)
        return blocked
    if isinstance(outcome, Disputed):
        ledger.sent.append(outcome.attempt)
        ledger.disputed[item.id] = outcome.reason
        return _rest(item, "met a conflict", NEXT_STEPS[ReceiptState.NONE])
    _settle(release, ledger, outcome.receipt)
    if outcome.general:
        ledger.stopped = f"nothing more was sent: {outcome.receipt.reason}"
    return _rest(item, "was attempted without effect", NEXT_STEPS[ReceiptState.NONE])


def _sent(release: Release, ledger: _Ledger, attempt: Attempt) -> None:
    ledger.sent.append(attempt)
    if not attempt.answered:
        ledger.stopped = (
            f"what became of {attempt.name} is not known yet; nothing new is sent before it is"
        )
    elif len(ledger.sent) - len(ledger.disputed) == 1:
        _follow_canary(release, ledger, attempt)


def _may_go_on(
    release: Release, ledger: _Ledger, items: Sequence[PlanItem], *, was_begun: bool
) -> None:
    """Stop before these items when somebody asked for it, or time or the hour's room is up."""
    if not ledger.stopped and release.halted():
        ledger.stopped, ledger.next_step = HALTED, REMOVE
    if not ledger.stopped and _time_is_up(release):
        _out_of_time(ledger)
    _keep_pace(release, ledger, items, was_begun=was_begun)


def _out_of_time(ledger: _Ledger) -> None:
    ledger.stopped, ledger.next_step = "the deadline was too near to send it", _GO_ON
    ledger.late = True


def _keep_pace(
    release: Release, ledger: _Ledger, items: Sequence[PlanItem], *, was_begun: bool
) -> None:
    """Stop before these items, which go together, when the hour has no room for them."""
    if ledger.stopped:
        return
    pace, now = pace_of(release.case.policy, release.past, release.journal), release.clock()
    if not pace.allowed(len(items), now, was_begun=was_begun):
        wait = pace.wait(items, now, until=release.until, was_begun=was_begun)
        ledger.stopped, ledger.next_step = wait.reason, wait.next_step
        ledger.next_at = wait.next_at


def _rest(item: PlanItem, because: str, next_step: str) -> Refused:
    """Say why what goes together with this item is held."""
    of = f"workload {min(item.workloads)} is held: " if item.workloads else ""
    return Refused(item=item, reason=f"{of}{item.name} {because}", next_step=next_step)


def _hold(ledger: _Ledger, refused: Refused) -> Refused:
    """Hold an item; return why the rest of its group is held."""
    item = refused.item
    ledger.out_of_time |= ledger.late and refused.reason == ledger.stopped
    ledger.held.append(
        Held(
            item_id=item.id,
            name=item.name,
            workloads=item.workloads,
            reason=refused.reason,
            changes=refused.changes,
            next_step=refused.next_step or ledger.next_step or _AGAIN,
        )
    )
    return _rest(item, "may not go", TOGETHER)


def _settle(release: Release, ledger: _Ledger, receipt: Receipt) -> None:
    why = ledger.disputed.get(receipt.item_id)
    if why and receipt.state is ReceiptState.NONE:
        receipt = replace(receipt, reason=f"the request had no effect: {why}")
    release.append(records.receipt_record(receipt))
    ledger.receipts.append(receipt)
    release.progress("released", len(ledger.receipts), len(release.plan.items))


def _follow_canary(release: Release, ledger: _Ledger, canary: Attempt) -> None:
    first = f"{canary.name}, the first item of this run,"
    if follow(release.follower, [canary], partial(_settle, release, ledger)):
        _out_of_time(ledger)
        ledger.stopped = f"time was up before {first} was proven done; nothing new is sent"
        return
    done = (r for r in ledger.receipts if r.state is ReceiptState.DONE)
    if canary.item_id not in {receipt.item_id for receipt in done}:
        ledger.stopped = f"{first} was not proven done; nothing new is sent"


def _look_back(release: Release, ledger: _Ledger) -> None:
    """Settle what has ended meanwhile, if it is time; between workloads, never within one."""
    now = release.clock()
    ledger.looked_at = ledger.looked_at or now
    if ledger.stopped or now < ledger.looked_at + _LOOK:
        return
    known = len(ledger.receipts)
    look_once(release.follower, _pending(ledger), partial(_settle, release, ledger))
    ledger.looked_at = release.clock()
    unknown = [r for r in ledger.receipts[known:] if r.state is ReceiptState.UNKNOWN]
    if unknown:
        ledger.stopped = f"the effect on {unknown[0].name} is unknown; nothing new is sent"


def _follow(release: Release, ledger: _Ledger) -> None:
    pending = _pending(ledger)
    if pending:
        ledger.still_open = follow(release.follower, pending, partial(_settle, release, ledger))


def _pending(ledger: _Ledger) -> list[Attempt]:
    finished = {receipt.item_id for receipt in ledger.receipts}
    return [attempt for attempt in ledger.sent if attempt.item_id not in finished]


def _time_is_up(release: Release) -> bool:
    deadline = release.follower.deadline
    return deadline is not None and release.clock() + _ANSWER >= deadline
