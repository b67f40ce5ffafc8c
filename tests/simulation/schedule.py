"""Schedules: what goes wrong, and at which step. A seed makes one, or Hypothesis does."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from azstaging.emulator.estate import Lock
from azstaging.emulator.faults import Fault
from azstaging.errors import JournalError, StagingError
from simulation.world import KEYS, SPARE_KEYS, START, STOPS_PER_HOUR, Client, Killed, World

MAX_RUNS = 5
STOPS = ("delete */replicationmigrationitems/*", "post */replicationprotecteditems/*/remove")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One thing that goes wrong.

    Attributes:
        kind: see ``KINDS``.
        at: which request, append or matching request it meets, counted from 0 over all runs.
        item: which machine it meets, by its place in ``KEYS``.
        size: how much: seconds, times, or which of several.
    """

    kind: str
    at: int = 0
    item: int = 0
    size: int = 0


Schedule = tuple[Event, ...]

# Kinds that a fault of the emulator's script plays: (kind, options) by size.
STOP_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("drop", {}),
    ("drop-after", {}),
    ("status", {"status": 409}),
    ("status", {"status": 429, "retry_after_seconds": 5.0}),
    ("status", {"status": 503}),
    ("status", {"status": 408}),
    ("status-after", {"status": 500}),
    ("status-after", {"status": 409}),
    ("claims", {}),
    ("registration", {}),
    ("redirect", {}),
    ("bare-202", {}),
    ("torn", {}),
    ("job-failed", {}),
    ("operation-error", {}),
)
READ_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("drop", {}),
    ("status", {"status": 429, "retry_after_seconds": 2.0}),
    ("status", {"status": 503}),
    ("status", {"status": 404}),
    ("claims", {}),
    ("torn", {}),
    ("null-value", {}),
    ("stale-list", {}),
)
READS = (
    "get */replicationjobs",
    "get */replicationjobs/*",
    "get */replicationmigrationitems/*",
    "get */replicationprotecteditems/*",
    "get */replicationmigrationitems",
    "get */virtualmachines/*",
    "get */virtualmachines",
    "get */locks",
)
AT_REQUEST = (
    *("kill-before-request", "kill-after-request", "protected-again", "migrated-again"),
    *("target-gone", "target-resized", "stopped-by-another", "locked", "later", "slow-jobs"),
    *("rival", "lease-lost", "echo"),
)
AT_APPEND = ("kill-before-append", "kill-after-append", "append-fails", "lease-lost-at-append")
AT_START = (
    *("skewed", "plan-grown", "plan-edited", "unapproved", "approved-by-releaser", "busy-hour"),
)
SCRIPTED = ("stop-fault", "read-fault", "storm")
KINDS = (*AT_REQUEST, *AT_APPEND, *AT_START, *SCRIPTED)
LATER_SECONDS = (120, 1500, 1801, 3700, 8 * 3600, 25 * 3600)
SKEW_SECONDS = (-900, -360, -120, 120, 290, 900)


def random_event(draw: random.Random) -> Event:
    """Draw one event; kinds that matter more come more often."""
    group = draw.choices((AT_REQUEST, AT_APPEND, AT_START, SCRIPTED), (35, 25, 6, 34))[0]
    kind = draw.choice(group)
    return Event(
        kind=kind,
        at=draw.randrange(60) if kind in AT_REQUEST else draw.randrange(14),
        item=draw.randrange(len(KEYS)),
        size=draw.randrange(1000),
    )


def schedule_of(seed: int) -> Schedule:
    """Return the schedule of a seed: one to four events."""
    draw = random.Random(seed)
    return tuple(random_event(draw) for _ in range(draw.choices((1, 2, 3, 4), (30, 35, 20, 15))[0]))


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How one process ended: ``killed``, the name of an error, or what the result said."""

    run: str
    how: str
    disturbed: bool


class Story:
    """Plays one schedule on a world, run after run, until a run is left in peace."""

    def __init__(self, world: World, schedule: Schedule) -> None:
        self.world = world
        self.waiting = {kind: [e for e in schedule if e.kind == kind] for kind in KINDS}
        self.requests = self.appends = 0
        self.disturbed = False
        self.nested = False
        self.ends: list[RunEnd] = []
        self.others: list[datetime] = []
        self.plan = world.plan
        self.approved = True
        self.echoing = 0

    def play(self) -> "Story":
        """Play it; the evidence is in the world afterwards."""
        world = self.world
        world.reset()
        self._prepare()
        world.wire.before, world.wire.after = self._before_request, self._after_request
        world.wire.echo = self._echo
        world.before_append, world.after_append = self._before_append, self._after_append
        for number in range(MAX_RUNS):
            last = number == MAX_RUNS - 1
            if last or (number and not any(self.waiting.values())):
                world.script.set(())
                self.waiting = {kind: [] for kind in KINDS}
                last = True
            self.disturbed = False
            self._run(skew=0.0 if number else self._skew())
            if last or self.ends[-1].how == "clean" or not self._to_be_repeated(number):
                break
        if self.ends and self.ends[-1].disturbed:
            self.waiting = {kind: [] for kind in KINDS}
            world.script.set(())
            self._run(skew=0.0)
        return self

    def _to_be_repeated(self, number: int) -> bool:
        return self.disturbed or (number == 0 and bool(self.world.script.faults))

    def _skew(self) -> float:
        events = self.waiting["skewed"]
        return float(SKEW_SECONDS[events[0].size % len(SKEW_SECONDS)]) if events else 0.0

    def _run(self, *, skew: float) -> None:
        world = self.world
        outer = world.wire.client
        # A rival runs on the same host, or on one whose clock agrees: see docs/safety.md.
        skew = outer.skew_seconds if self.nested else skew
        staging = world.as_("releaser", skew_seconds=skew)
        client = world.wire.client
        try:
            result = staging.release(self.plan, execute=True)
            how = "clean" if result.clean else "held"
        except Killed:
            how = "killed"
        except StagingError as error:
            how = type(error).__name__
        client.dead = True
        if self.nested:
            world.wire.client = outer
        self.ends.append(RunEnd(run=client.run, how=how, disturbed=self.disturbed))
        if how == "killed":
            for vault in [v for v, run in world.lines.leases.items() if run == client.run]:
                del world.lines.leases[vault]

    def _prepare(self) -> None:
        """Put the script in place, and forge what the releaser is handed."""
        if self.waiting["unapproved"] or self.waiting["approved-by-releaser"]:
            # Before anything is set to fail: this approval is part of the scene.
            self._take_approval(own=bool(self.waiting["approved-by-releaser"]))
        for event in self.waiting.pop("stop-fault"):
            kind, options = STOP_FAULTS[event.size % len(STOP_FAULTS)]
            match = STOPS[0] if event.item < 2 else STOPS[1]
            self.world.script.add(Fault(match=match, kind=kind, after=event.at % 3, **options))
        for event in self.waiting.pop("read-fault"):
            kind, options = READ_FAULTS[event.size % len(READ_FAULTS)]
            match = READS[event.size // len(READ_FAULTS) % len(READS)]
            times = 1 + event.size // 64 % 3
            self.world.script.add(
                Fault(match=match, kind=kind, after=event.at, times=times, **options)
            )
        for event in self.waiting.pop("storm"):
            options = {"status": 429, "retry_after_seconds": 3.0}
            after, times = event.at * 4, 3 + event.size % 20
            self.world.script.add(
                Fault(match="*", kind="status", after=after, times=times, **options)
            )
        self.waiting |= {"stop-fault": [], "read-fault": [], "storm": []}
        for event in self.waiting["plan-edited"]:
            self._edit(event)
        for event in self.waiting["plan-grown"]:
            self._grow(event)
        for event in self.waiting["busy-hour"][:1]:
            self._busy_hour(event)
        for kind in (
            "busy-hour",
            "plan-edited",
            "plan-grown",
            "unapproved",
            "approved-by-releaser",
        ):
            self.waiting[kind] = []

    def _busy_hour(self, event: Event) -> None:
        """Let another run have stopped other machines a while ago."""
        at = self.world.clock.now - timedelta(minutes=event.size % 70)
        self.others = [at] * (1 + event.item % STOPS_PER_HOUR)
        for number in range(len(self.others)):
            self.world.record_a_stop(f"other-{number}", at)

    def _edit(self, event: Event) -> None:
        item = self.plan.items[event.item % len(self.plan.items)]
        other = self.plan.items[(event.item + 1) % len(self.plan.items)]
        forged = (
            replace(item, request=other.request),
            replace(item, fingerprint={}),
            replace(item, generation="00000000-0000-0000-0000-000000000000"),
            replace(item, workloads=("Nobody",)),
        )[event.size % 4]
        items = tuple(forged if each is item else each for each in self.plan.items)
        self.plan = replace(self.plan, items=items)
        if event.size % 8 >= 4:
            self.plan = replace(self.plan, expires=self.plan.expires + timedelta(days=30))
        self.approved = False

    def _grow(self, event: Event) -> None:
        item = self.plan.items[event.item % len(self.plan.items)]
        spare = self.world.items[SPARE_KEYS[0]]
        url = item.request.url.replace(item.id.rpartition("/")[2], spare.rpartition("/")[2])
        request = replace(item.request, url=url)
        grown = replace(item, id=spare, name="REPORT-02", request=request)
        self.plan = replace(self.plan, items=(*self.plan.items, grown))
        self.approved = False

    def _take_approval(self, *, own: bool) -> None:
        """Leave the plan without an approval, or with one by who releases it."""
        lines = self.world.lines.records
        del lines[-1]
        self.approved = False
        if own:
            staging = self.world.as_("releaser")
            staging.approve(self.world.plan, comment="CHG-1")

    # While a run goes on.

    def _take(self, kinds: tuple[str, ...], at: int) -> Event | None:
        for kind in kinds:
            for event in self.waiting[kind]:
                if event.at == at:
                    self.waiting[kind].remove(event)
                    self.disturbed = True
                    return event
        return None

    def _before_request(self, method: str, path: str) -> None:
        number = self.requests
        self.requests += 1
        if self._will_be_hit(method, path):
            self.disturbed = True
        self._flag = None
        while event := self._take(AT_REQUEST, number):
            if event.kind == "kill-before-request":
                self._kill()
            elif event.kind == "kill-after-request":
                self._flag = "kill"
            elif event.kind == "echo":
                self.echoing = 1 + event.size % 4
            elif method != "GET":
                # Between the look and the request nobody can notice it; see DESIGN 7.9.
                self.waiting[event.kind].append(replace(event, at=number + 1))
            else:
                self._happen(event)

    def _will_be_hit(self, method: str, path: str) -> bool:
        return any(fault.matches(method, path) for fault in self.world.script.faults)

    def _after_request(self, _method: str, _path: str) -> None:
        if self._flag == "kill":
            self._flag = None
            self._kill()

    def _echo(self, _method: str, path: str) -> bool:
        if self.echoing and "/locks" not in path:
            self.echoing -= 1
            return True
        return False

    def _kill(self) -> None:
        self.world.wire.client.dead = True
        raise Killed

    def _before_append(self, _records: Any) -> None:
        number = self.appends
        self.appends += 1
        self._after = None
        while event := self._take(AT_APPEND, number):
            if event.kind == "kill-before-append":
                self._kill()
            elif event.kind == "append-fails":
                raise JournalError("No space left on device; nothing of this record stands.")
            else:
                self._after = event

    def _after_append(self, _records: Any) -> None:
        event, self._after = self._after, None
        if event is None:
            return
        if event.kind == "kill-after-append":
            self._kill()
        self._rival(lost=True)

    def _rival(self, *, lost: bool) -> None:
        if self.nested:
            return
        if lost:
            self.world.lines.leases.clear()
        self.nested = True
        flag, self._flag = getattr(self, "_flag", None), None
        try:
            self._run(skew=0.0)
        finally:
            self.nested = False
            self._flag = flag
            self.disturbed = True

    def _happen(self, event: Event) -> None:
        happenings: dict[str, Callable[[Event], None]] = {
            "rival": lambda _e: self._rival(lost=False),
            "lease-lost": lambda _e: self._rival(lost=True),
            "later": lambda e: self.world.clock.move(LATER_SECONDS[e.size % len(LATER_SECONDS)]),
            "slow-jobs": lambda e: setattr(
                self.world.state, "job_seconds", 20.0 * (1 + e.size % 6)
            ),
        }
        happen = happenings.get(event.kind, self._change)
        happen(event)

    def _change(self, event: Event) -> None:
        """Change the world behind the releaser's back."""
        state, key = self.world.state, KEYS[event.item]
        item, vm = self.world.items[key], state.vm_id(key)
        entry = state.entries.get(item.casefold())
        if event.kind == "target-gone":
            state.remove(vm)
        elif event.kind == "target-resized":
            if vm.casefold() in state.entries:
                state.change(vm, {"properties.hardwareProfile.vmSize": "Standard_E64s_v5"})
        elif event.kind == "locked":
            state.locks.append(Lock(name="keep", scope=item, level="CanNotDelete"))
        elif entry is None or state.running(item):
            return
        elif event.kind == "stopped-by-another":
            scenario = "DisableMigration" if entry.kind == "migration" else "DisableDr"
            state.start(scenario, entry, item.partition("/replicationFabrics/")[0])
        else:
            self._protect_again(event, item, entry.kind)

    def _protect_again(self, event: Event, item: str, kind: str) -> None:
        changes = {"properties.eventCorrelationId": f"again-{event.size}"}
        if event.kind == "protected-again":
            field = "migrationState" if kind == "migration" else "protectionState"
            value = "Replicating" if kind == "migration" else "Protected"
            changes[f"properties.{field}"] = value
        self.world.state.change(item, changes)


def play(world: World, schedule: Schedule) -> Story:
    """Play a schedule from the moment after the approval."""
    return Story(world, schedule).play()


__all__ = ["START", "Client", "Event", "Schedule", "Story", "play", "random_event", "schedule_of"]
