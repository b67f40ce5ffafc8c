"""Engines with one fault each, planted by hand: each breaks one promise, and the checker must see.

The faults are put in where a hurried change would put them: one name of one module is replaced.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from azstaging import releasing
from azstaging.azure.connection import AzureConnection
from azstaging.engine import attempt, follow, leasing, release, resolve, rulebook
from azstaging.engine.rulebook import RELEASE
from azstaging.errors import Effect, StagingError
from azstaging.model.plans import ReceiptState
from azstaging.model.records import RecordType
from azstaging.rules import gate, outcome, readiness
from azstaging.rules import plan as plans
from azstaging.rules.fingerprint import fingerprint
from azstaging.rules.pace import Pace
from simulation.world import SPARE_KEYS, MemoryLease, MemoryStore, World

Faulty = Callable[[World], Any]


@contextmanager
def _swapped(*swaps: tuple[Any, str, Any]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for owner, name, value in swaps:
            patch.setattr(owner, name, value)
        yield


def no_intent(_world: World) -> Any:
    """The request leaves first; nothing is on record before it."""
    real = MemoryStore.append

    def append(self: Any, records: Any, **kw: Any) -> Any:
        kept = [r for r in records if r.type not in {RecordType.INTENT, RecordType.SENT}]
        return real(self, kept, **kw) if kept else ()

    return _swapped((MemoryStore, "append", append))


def sends_again_on_time_out(_world: World) -> Any:
    """What was not answered is sent once more."""
    real = AzureConnection.stop

    def stop(self: Any, request: Any, rendered: Any, **kw: Any) -> Any:
        try:
            return real(self, request, rendered, **kw)
        except StagingError as error:
            if error.effect is Effect.UNKNOWN:
                return real(self, request, rendered)
            raise

    return _swapped((AzureConnection, "stop", stop))


def no_generation_check(_world: World) -> Any:
    """A machine that was migrated again is taken for the one that was approved."""
    real = attempt.reread

    def reread(azure: Any, row: Any, **kw: Any) -> Any:
        fresh = real(azure, row, **kw)
        item = replace(fresh.item, generation=row.item.generation)
        return replace(fresh, item=item)

    return _swapped((attempt, "reread", reread))


def no_look(_world: World) -> Any:
    """The inventory of the start of the run is good enough."""
    return _swapped((attempt, "reread", lambda _azure, row, **_kw: row))


def no_read_back(_world: World) -> Any:
    """Accepted is done."""
    real = follow.judge

    def judge(one: Any, seen: Any, **kw: Any) -> Any:
        receipt = real(one, seen, **kw)
        if one.answered and receipt is None:
            receipt = real(one, seen, settle=one.at - one.at)
        return replace(receipt, state=ReceiptState.DONE) if one.answered and receipt else receipt

    return _swapped((follow, "judge", judge))


def stale_gate(world: World) -> Any:
    """The gate is as open as it was when the plan was made."""

    def decide(case: Any, *, now: Any) -> Any:
        read_at = world.plan.created
        return gate.decide(
            replace(case, inventory=replace(case.inventory, read_at=read_at)), now=read_at
        )

    return _swapped((readiness, "decide", decide), (rulebook, "decide", decide))


def own_approval(world: World) -> Any:
    """Whoever releases needs nobody else."""
    until = world.plan.expires
    return _swapped(
        (plans, "check_approvals", lambda _plan, _approvals, *, releaser, **_kw: releaser),
        (plans, "approved_until", lambda *_args, **_kw: until),
    )


def two_releasers(_world: World) -> Any:
    """A lease that is held is no obstacle, and neither is one that was taken over."""
    real = MemoryLease.acquire

    def acquire(self: Any, vault_id: Any, **kw: Any) -> int:
        self.lines.leases.pop(vault_id.key, None)
        return real(self, vault_id, **kw)

    def append(self: Any, records: Any, **kw: Any) -> Any:
        self.seen = len(self.lines.records)
        return store_append(self, records, **kw)

    store_append = MemoryStore.append
    return _swapped(
        (MemoryLease, "acquire", acquire),
        (MemoryStore, "append", append),
        (MemoryStore, "_require_held", lambda *_args: None),
        (leasing, "require_held", lambda *_args: None),
    )


def plan_grown(world: World) -> Any:
    """What is open as well is taken along."""
    real = readiness.sort_out

    def sort_out(plan: Any, case: Any, past: Any, **kw: Any) -> Any:
        sorted_out = real(plan, case, past, **kw)
        row = case.inventory.find(world.items[SPARE_KEYS[0]])
        if row is None or not sorted_out.ready:
            return sorted_out
        like = sorted_out.ready[0]
        if like.request.method != "DELETE":
            return sorted_out
        url = like.request.url.replace(like.id.rpartition("/")[2], str(row.id).rpartition("/")[2])
        grown = replace(
            like,
            id=str(row.id),
            name=row.name,
            generation=row.item.generation,
            workloads=row.workloads,
            fingerprint=fingerprint(row),
            request=replace(like.request, url=url),
        )
        return replace(sorted_out, ready=(*sorted_out.ready, grown))

    return _swapped((releasing, "RELEASE", replace(RELEASE, sort_out=sort_out)))


def silence_is_none(_world: World) -> Any:
    """What was not answered is written off at once."""
    real = follow.judge

    def judge(one: Any, seen: Any, **kw: Any) -> Any:
        if not one.answered:
            silent = replace(seen, job=None, jobs_read=True, item=outcome.ItemRead.PRESENT)
            return real(one, silent, settle=one.at - one.at)
        return real(one, seen, **kw)

    return _swapped((follow, "judge", judge), (resolve, "judge", judge))


def goes_on_after_unknown(_world: World) -> Any:
    """One lost answer does not stop the others from being sent."""
    real = release.send

    def send(attempter: Any, item: Any) -> Any:
        made = real(attempter, item)
        return replace(made, answered=True) if hasattr(made, "answered") else made

    return _swapped((release, "send", send))


def attempts_again(_world: World) -> Any:
    """An attempt that is on record is no reason not to make another."""
    return _swapped(
        (releasing, "RELEASE", replace(RELEASE, sort_out=_forgetting(readiness.sort_out))),
    )


def _forgetting(real: Any) -> Any:
    class NoPast:
        def attempts_on(self, _item: str, _generation: str) -> Any:
            return ()

    def sort_out(plan: Any, case: Any, _past: Any, **kw: Any) -> Any:
        return real(plan, case, NoPast(), **kw)

    return sort_out


def no_canary(_world: World) -> Any:
    """All are sent at once."""
    return _swapped((release, "_follow_canary", lambda *_args: None))


def no_limit(_world: World) -> Any:
    """The hour has room for everything."""
    return _swapped((release, "pace_of", lambda *_args: Pace(limit=None)))


def own_pace(_world: World) -> Any:
    """Only what this run has sent itself counts."""
    real = release.pace_of

    def pace_of(policy: Any, past: Any, journal: Any) -> Any:
        pace = real(policy, past, journal)
        return replace(pace, begun=pace.begun[len(past.intended()) :])

    return _swapped((release, "pace_of", pace_of))


def believes_a_conflict(_world: World) -> Any:
    """409 means that nothing happened."""
    return _swapped((attempt, "ConflictError", ()))


FAULTY: tuple[Faulty, ...] = (
    no_intent,
    sends_again_on_time_out,
    no_generation_check,
    no_look,
    no_read_back,
    stale_gate,
    own_approval,
    two_releasers,
    plan_grown,
    silence_is_none,
    goes_on_after_unknown,
    attempts_again,
    no_canary,
    no_limit,
    own_pace,
    believes_a_conflict,
)
