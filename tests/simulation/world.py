"""A whole Azure and a whole estate folder in one process, on a clock that only waiting moves.

The engine is the real one, from ``Staging.release`` down, over the real format of the journal.
Three ports are replaced: the wire ends in the emulator's state machine instead of a socket, the
journal's lines stand in memory, and so do the leases. Changes still leave through the official
client, the policies and the transport that sends once; reads go past them, unrepeated, so that
every disturbance of a read reaches the engine.
"""

import json
import random
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import azstaging
from azstaging.azure.connection import AzureConnection
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Estate, sample_estate
from azstaging.emulator.app import EmulatorApp
from azstaging.emulator.estate import Workload
from azstaging.emulator.faults import Script
from azstaging.emulator.identities import make_token
from azstaging.emulator.populate import Entry
from azstaging.emulator.state import State
from azstaging.engine import collect as collect_engine
from azstaging.engine import leasing
from azstaging.journal import Journal
from azstaging.model.plans import Attempt, Plan, Receipt, ReceiptState
from azstaging.model.records import NewRecord, RecordType
from azstaging.rules.history import fold, intent_record, receipt_record
from simulation.store import Lines, MemoryLease, MemoryStore
from simulation.wire import START, URL, Client, Clock, Exchange, Killed, Wire, WireSession

JOB_SECONDS = 1.0
SETTLE_SECONDS = 60
EVIDENCE_SECONDS = 1800
# As many as are planned: an hour is short of room only when others have used it.
STOPS_PER_HOUR = 3
WORKLOADS = {"Build": ("build-01", "build-02"), "Time": ("time-db-01",)}
SPARE = "Reports"  # Open like the others, and never planned.
KEYS = tuple(key for keys in WORKLOADS.values() for key in keys)
SPARE_KEYS = ("report-02",)


class Serial:
    """Runs what it is given at once, in the order it is given."""

    def __init__(self, *_args: Any, **_kw: Any) -> None:
        pass

    def submit(self, call: Callable[..., Any], *args: Any, **kw: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(call(*args, **kw))
        except Exception as error:  # noqa: BLE001 - a future holds whatever was raised
            done.set_exception(error)
        return done

    def shutdown(self, **_kw: Any) -> None:
        pass


@contextmanager
def serial_reads() -> Iterator[None]:
    """Read without threads: they would make the order of requests a matter of chance."""
    threads = collect_engine.ThreadPoolExecutor
    collect_engine.ThreadPoolExecutor = Serial  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        collect_engine.ThreadPoolExecutor = threads  # type: ignore[misc]


class SimStaging(azstaging.Staging):
    """The verbs over the simulated store; nothing of them is changed."""

    lines: Lines

    def _collect(self, *args: Any, **kw: Any) -> Any:
        with serial_reads():
            return super()._collect(*args, **kw)

    def _leased(self, vault_ids: Any) -> Any:
        return leasing.leased(
            MemoryLease(self.lines, self.journal, self.run),
            list(vault_ids),
            run=self.run,
            clock=self._clock,
            append=self._append,
        )


def estate_of(workloads: dict[str, tuple[str, ...]]) -> Estate:
    """Return those machines of the sample estate that the workloads name, and nothing else."""
    sample = sample_estate()
    keys = {key for names in workloads.values() for key in names}
    machines = tuple(machine for machine in sample.machines if machine.key in keys)
    vaults = {machine.vault for machine in machines}
    return Estate(
        name="Simulated wave",
        subscriptions=sample.subscriptions[:2],
        vaults=tuple(vault for vault in sample.vaults if vault.name in vaults),
        sites=sample.sites,
        machines=machines,
        workloads=tuple(
            Workload(name=name, owner="platform@contoso.example", criticality="low", machines=keys)
            for name, keys in workloads.items()
        ),
        identities=sample.identities,
        sizes=sample.sizes,
    )


class World:
    """One Azure and one journal with an approved plan; ``reset`` brings back that moment."""

    def __init__(self) -> None:
        self._files = tempfile.TemporaryDirectory(prefix="azstaging-simulation-")
        self.folder = Path(self._files.name)
        self.clock = Clock()
        self.estate = estate_of({**WORKLOADS, SPARE: SPARE_KEYS})
        self.state = State(self.estate, self.clock, JOB_SECONDS)
        self.script = Script()
        self.app = EmulatorApp(
            self.state,
            script=self.script,
            throttle=None,
            latency_seconds=0.0,
            page_size=200,
            loopback=True,
            ready=None,
        )
        self.wire = Wire(self.app, self.clock)
        self.lines = Lines()
        self.wire.durable = lambda: len(self.lines.records)
        self._sessions: dict[str, AzureConnection] = {}
        self._runs = 0
        self.before_append: Callable[[Any], None] = lambda _records: None
        self.after_append: Callable[[Any], None] = lambda _records: None
        self.config = self._configure()
        self._freeze()
        self.plan = self._approved_plan()
        self._base = list(self.lines.records)
        self.history = fold(self._base)
        self.unapproved = fold(self._base[:-1])
        self.prepared_at = self.clock()
        self.items = {key: self.state.item_id(key) for key in (*KEYS, *SPARE_KEYS)}

    def _configure(self) -> Any:
        file = write_config(
            self.folder / "azstaging.toml", self.estate, arm_endpoint=URL, now=START
        )
        text = file.read_text("utf-8").replace("[cloud]", "[cloud]\nmax_in_flight = 1", 1)
        vaults = {machine.vault for machine in self.estate.machines}
        scope = [self.state.scene.ids.vault(v) for v in self.estate.vaults if v.name in vaults]
        text += f"\n[scope]\nvaults = {json.dumps(scope)}\n"
        text += f"\n[gate]\nsettle_seconds = {SETTLE_SECONDS}\n"
        text += f"max_stops_per_hour = {STOPS_PER_HOUR}\n"
        text += f'lifetimes = {{ "target-running" = {EVIDENCE_SECONDS} }}\n'
        file.write_text(text, "utf-8")
        return azstaging.load_configuration(file)

    def _freeze(self) -> None:
        """Render every body once; a schedule then starts with two shallow copies."""
        state = self.state
        self._entries = {
            key: Entry(
                id=e.id, kind=e.kind, render=_once(e), owned=e.owned, test_owned=e.test_owned
            )
            for key, e in state.entries.items()
        }
        self._lists = {path: list(keys) for path, keys in state.lists.items()}
        self._restore()

    def _restore(self) -> None:
        state = self.state
        state.entries = dict(self._entries)
        state.lists = {path: list(keys) for path, keys in self._lists.items()}
        state.removed, state.jobs, state._running = {}, {}, {}
        state.locks = []
        state.stops, state.purges, state.cleanups, state.registrations = [], [], [], []

    def reset(self) -> None:
        """Return to the moment after the approval."""
        self._restore()
        self.clock.now = self.prepared_at
        self.script.set(())
        self.app._log.clear()
        self.wire.exchanges.clear()
        self.wire.echoes.clear()
        self.wire.before = self.wire.after = lambda _method, _path: None
        self.wire.echo = lambda _method, _path: False
        self.lines.records[:] = self._base
        self.lines.leases.clear()
        self.before_append = self.after_append = lambda _records: None
        self.state.job_seconds = JOB_SECONDS
        for connection in self._sessions.values():
            connection.session.begin()
        self._runs = 0

    def journal(self) -> Journal:
        store = MemoryStore(self.lines, self.folder, len(self.lines.records))
        made = Journal(store)  # type: ignore[arg-type]
        base = getattr(self, "_base", None)
        if base is not None:
            whole = self.lines.records[len(base) - 1 : len(base)] == base[-1:]
            made._history = self.history if whole else self.unapproved
        return made

    def connection(self, identity: str) -> AzureConnection:
        if identity not in self._sessions:
            token = make_token(self.estate, identity, START + timedelta(days=3))
            self._sessions[identity] = AzureConnection(WireSession(self.wire, token, self.clock))
        return self._sessions[identity]

    def as_(self, identity: str, *, skew_seconds: float = 0.0, deadline: Any = None) -> Any:
        """Start a process of somebody's; it has the wire until the next one starts."""
        self._runs += 1
        skew = timedelta(seconds=skew_seconds)
        journal = self.journal()
        staging = SimStaging(
            StaticCredential("unused"),
            self.config,
            journal=journal,
            clock=lambda: self.clock.now + skew,
            sleep=self.clock.move,
            deadline=deadline,
        )
        staging.lines = self.lines
        staging.run = f"run-{self._runs}"
        staging._azure = self.connection(identity)
        staging._azure.session.start()
        self.wire.client = Client(staging.run, identity, skew_seconds)
        store = journal._store
        store.client = self.wire.client
        store.before = lambda records: self.before_append(records)
        store.after = lambda records: self.after_append(records)
        return staging

    def record_a_stop(self, name: str, at: datetime) -> None:
        """Put a machine of another plan on record: intended, and without effect."""
        planned = self.plan.items[0]
        attempt = Attempt(
            item_id=planned.id.rpartition("/")[0] + f"/{name}",
            name=name,
            generation="1",
            vault_id=planned.vault_id,
            plan_digest="sha256:of-another-plan",
            target_id="",
            at=at,
        )
        receipt = Receipt(
            item_id=attempt.item_id,
            name=name,
            generation="1",
            plan_digest=attempt.plan_digest,
            state=ReceiptState.NONE,
            at=at,
        )
        written = [intent_record(attempt, planned.request), receipt_record(receipt)]
        self.journal()._store.append(written, at=at, run="run-of-others", actor="")

    def decide(self, staging: Any) -> Any:
        inventory = staging.inventory()
        staging.baseline(inventory)
        diff = staging.diff(inventory)
        return staging.decide(inventory, staging.check(inventory, diff), diff)

    def _approved_plan(self) -> Plan:
        opened = {"format": "azstaging/journal/1", "id": f"{random.Random(1).getrandbits(128):x}"}
        opened |= {"host": "here", "path": str(self.folder), "version": "0"}
        record = NewRecord(type=RecordType.OPENED, data=opened)
        self.journal()._store.append([record], at=START, run="", actor="")
        planner = self.as_("planner")
        decisions = self.decide(planner)
        closed = [r.detail for d in decisions.closed for r in d.reasons]
        assert not closed, closed
        plan = planner.plan([d for d in decisions.open if d.workload in WORKLOADS])
        self.as_("approver").approve(plan, comment="CHG-1")
        return plan


def _once(entry: Entry) -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def render(view: str) -> Any:
        if view not in made:
            made[view] = entry.body(view)
        return made[view]

    return render


__all__ = ["START", "Client", "Exchange", "Killed", "MemoryLease", "MemoryStore", "World"]
