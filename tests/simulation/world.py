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
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

import azstaging
from azstaging.azure.clouds import Cloud
from azstaging.azure.connection import AzureConnection
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.failures import answer_date, no_answer, refusal, request_id_of
from azstaging.azure.calls import Answer as ReadAnswer
from azstaging.azure.policies import PacingPolicy
from azstaging.azure.session import ArmSession
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Estate, sample_estate
from azstaging.emulator.app import EmulatorApp, RequestRecord, _encode, _spoil
from azstaging.emulator.arm import Call
from azstaging.emulator.estate import Workload
from azstaging.emulator.faults import Script
from azstaging.emulator.identities import make_token
from azstaging.emulator.populate import Entry
from azstaging.emulator.state import State
from azstaging.engine import collect as collect_engine
from azstaging.engine import release as release_engine
from azstaging.errors import JournalError, LeaseHeldError
from azstaging.journal import Journal
from azstaging.journal.format import ZERO, write_line
from azstaging.model.plans import Plan
from azstaging.model.records import NewRecord, Record, RecordType
from azstaging.rules.history import fold

URL = "http://127.0.0.1:1"
START = datetime(2026, 3, 5, 15, 0, tzinfo=timezone.utc)
JOB_SECONDS = 1.0
SETTLE_SECONDS = 60
EVIDENCE_SECONDS = 1800
WORKLOADS = {"Build": ("build-01", "build-02"), "Time": ("time-db-01",)}
SPARE = "Reports"  # Open like the others, and never planned.
KEYS = tuple(key for keys in WORKLOADS.values() for key in keys)
SPARE_KEYS = ("report-02",)


class Killed(BaseException):
    """The process ends here, as with -9: nothing after this is run."""


class Clock:
    """Aware UTC. Only waiting, and the schedule, move it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request at the service's door and what the client was given for an answer.

    Attributes:
        run: who sent it; ``at`` is the service's time, ``believed`` the sender's.
        status: None when no answer reached the client.
        body: what the client was given.
        lines: how many lines of the journal were durable when it arrived.
    """

    run: str
    at: datetime
    believed: datetime
    method: str
    path: str
    query: str
    sent: bytes
    status: int | None
    body: bytes
    fault: str
    lines: int
    identity: str


class Dropped(Exception):
    """The connection ended without an answer."""


@dataclass(slots=True)
class Client:
    """One process: its name, its skewed clock, and whether it is still alive."""

    run: str
    identity: str
    skew_seconds: float = 0.0
    dead: bool = False


class Wire:
    """The emulator's door: script, disturbance, ARM, request log; without a socket."""

    def __init__(self, app: EmulatorApp, clock: Clock) -> None:
        self.app = app
        self.clock = clock
        self.exchanges: list[Exchange] = []
        self.client = Client("setup", "planner")
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        self.after: Callable[[str, str], None] = lambda _method, _path: None
        self.durable: Callable[[], int] = lambda: 0
        self.echoes: dict[str, tuple[int, tuple[tuple[str, str], ...], bytes]] = {}
        self.echo: Callable[[str, str], bool] = lambda _method, _path: False

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Deliver one request; Dropped when the client hears nothing."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        client = self.client
        if client.dead:
            raise Killed
        self.before(method, path)
        if self.client is not client:
            raise AssertionError("a nested run did not give the wire back")
        lines = self.durable()
        key = f"{method} {path}"
        if method == "GET" and key in self.echoes and self.echo(method, path):
            answer, status = self.echoes[key], self.echoes[key][0]
            self._note(client, method, path, parts.query, body, status, answer[2], "echo", lines)
            return answer
        said, fault = self._serve(method, parts.query, path, headers, body)
        status = said[0] if said else None
        given = said[2] if said else b""
        self._note(client, method, path, parts.query, body, status, given, fault, lines)
        if said and method == "GET":
            self.echoes[key] = said
        self.after(method, path)
        if said is None:
            raise Dropped
        return said

    def _note(self, client: Client, method: str, path: str, query: str, sent: bytes,
              status: int | None, body: bytes, fault: str, lines: int) -> None:  # fmt: skip
        now = self.clock()
        self.exchanges.append(
            Exchange(
                run=client.run,
                at=now,
                believed=now + timedelta(seconds=client.skew_seconds),
                method=method,
                path=path,
                query=query,
                sent=sent,
                status=status,
                body=body,
                fault=fault,
                lines=lines,
                identity=client.identity,
            )
        )

    def _serve(
        self, method: str, query: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[tuple[int, tuple[tuple[str, str], ...], bytes] | None, str]:
        app, fault = self.app, self.app.script.next(method, path)
        scope: dict[str, Any] = {"path": path, "method": method}
        kind = fault.kind if fault else ""
        url = f"{URL}{path}" + (f"?{query}" if query else "")
        if fault is not None and kind in {"drop", "reset"}:
            self._log(method, path, query, headers, body, None, kind)
            return None, kind
        if fault is not None and kind in {"status", "redirect", "claims", "registration"}:
            raw = _encode(fault.answer(url), head=False)
        else:
            app._disturb(scope, fault)
            call = Call(
                method=method,
                path=path,
                query=dict(parse_qsl(query, keep_blank_values=True)),
                headers=headers,
                body=body,
                origin=URL,
                marks=scope["azstaging.marks"],
            )
            raw = _encode(app.arm.answer(call), head=False)
        if fault is not None:
            if kind == "drop-after":
                self._log(method, path, query, headers, body, None, kind)
                return None, kind
            raw = _spoil(raw, fault, url)
        self._log(method, path, query, headers, body, raw.status, kind)
        given = raw.body if raw.cut_at is None else raw.body[: raw.cut_at]
        return (raw.status, raw.headers, given), kind

    def _log(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes,
             status: int | None, fault: str) -> None:  # fmt: skip
        kept = {k: v for k, v in headers.items() if k != "authorization"}
        self.app._log.append(
            RequestRecord(
                method=method,
                path=path,
                query=query,
                headers=kept,
                body=body,
                status=status,
                identity=self.client.identity,
                fault=fault,
            )
        )


class _WireAdapter(BaseAdapter):
    """Where the requests session would open a socket."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire

    def send(self, request: requests.PreparedRequest, **_kw: Any) -> requests.Response:
        headers = {k.lower(): str(v) for k, v in request.headers.items()}
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        try:
            status, told, data = self.wire.send(
                request.method or "", request.url or "", headers, content
            )
        except Dropped:
            raise requests.ConnectionError("the connection ended without an answer") from None
        response = requests.Response()
        response.status_code = status
        response.headers.update(dict(told))
        response.raw = HTTPResponse(body=BytesIO(data), preload_content=False)
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is open."""


class WireSession(ArmSession):
    """The real session; reads take the short way to the wire and are not repeated."""

    def __init__(self, wire: Wire, token: str, clock: Clock) -> None:
        cloud = Cloud(name="sim", arm_endpoint=URL, scope=f"{URL}/.default", authority="")
        super().__init__(
            StaticCredential(token),
            cloud,
            sleep=clock.move,
            monotonic=lambda: clock().timestamp(),
            uniform=lambda: 0.5,
        )
        self.wire = wire
        self._bearer = token
        self._headers = {"authorization": f"Bearer {token}"}
        self._transport.session.mount("http://", _WireAdapter(wire))

    def begin(self) -> None:
        """Forget how fast was asked before: time has gone back."""
        for policy in self.policies:
            if isinstance(policy, PacingPolicy):
                policy._throttle._buckets.clear()

    def _run(self, request: Any, call: Any, sender: Any) -> ReadAnswer:
        call.token = self._bearer
        try:
            status, told, body = self.wire.send(
                request.method, request.url, self._headers, request.content or b""
            )
        except Dropped as dropped:
            raise no_answer(dropped, call) from None
        headers = {name.lower(): value for name, value in told}
        if status != 200:
            raise refusal(status, headers, body, call)
        return ReadAnswer(
            status=status,
            headers=headers,
            body=body,
            date=answer_date(headers),
            request_id=request_id_of(headers),
        )


@dataclass(slots=True)
class Lines:
    """The one durable journal, and who holds which vault: all that outlives a process."""

    records: list[Record] = field(default_factory=list)
    leases: dict[str, str] = field(default_factory=dict)


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


# Threads would make the order of the requests, and so the schedules, a matter of chance.
collect_engine.ThreadPoolExecutor = Serial  # type: ignore[misc,assignment]


class MemoryStore:
    """One process's handle of the journal: it appends where it last saw the end, or not at all."""

    def __init__(self, lines: Lines, folder: Path, seen: int) -> None:
        self.lines = lines
        self.folder = folder
        self.seen = seen
        self.openers = 1
        self.client: Client | None = None
        self.before: Callable[[Any], None] = lambda _records: None
        self.after: Callable[[Any], None] = lambda _records: None

    @property
    def id(self) -> str:
        return str(self.lines.records[0].data["id"])

    def records(self) -> tuple[Record, ...]:
        self.seen = max(self.seen, len(self.lines.records))
        return tuple(self.lines.records[: self.seen])

    def append(
        self, records: Any, *, at: datetime, run: str, actor: str
    ) -> tuple[Record, ...]:
        self.before(records)
        if self.client is not None and self.client.dead:
            raise Killed
        if self.seen != len(self.lines.records):
            raise JournalError("Another run has appended to the journal; nothing was written.")
        written = []
        seq, prev = len(self.lines.records) - 1, ZERO
        if self.lines.records:
            prev = self.lines.records[-1].hash
        for new in records:
            seq += 1
            _, record = write_line(new, seq=seq, prev=prev, at=at, run=run, actor=actor)
            prev = record.hash
            written.append(record)
        self.lines.records += written
        self.seen = len(self.lines.records)
        self.after(records)
        return tuple(written)


class MemoryLease:
    """Leases in memory; one that is lost says nothing to who held it."""

    def __init__(self, lines: Lines, journal: Journal, holder: str) -> None:
        self.lines, self.journal, self.holder = lines, journal, holder

    def acquire(self, vault_id: Any, *, run: str, now: datetime) -> int:
        if self.lines.leases.get(vault_id.key, self.holder) != self.holder:
            raise LeaseHeldError(f"The vault {vault_id.name} is held by another run.")
        self.lines.leases[vault_id.key] = self.holder
        return self.journal.history().epoch(vault_id) + 1

    def release(self, vault_id: Any) -> None:
        if self.lines.leases.get(vault_id.key) == self.holder:
            del self.lines.leases[vault_id.key]


class SimStaging(azstaging.Staging):
    """The verbs over the simulated store; nothing of them is changed."""

    lines: Lines

    def _leases(self, plan: Plan) -> Any:
        past = self.past()
        unsettled = (*past.open_attempts(), *past.unknown_attempts())
        return release_engine.leased(
            MemoryLease(self.lines, self.journal, self.run),
            [item.vault_id for item in plan.items] + [attempt.vault_id for attempt in unsettled],
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
        text += f'lifetimes = {{ "target-running" = {EVIDENCE_SECONDS} }}\n'
        file.write_text(text, "utf-8")
        return azstaging.load_configuration(file)

    def _freeze(self) -> None:
        """Render every body once; a schedule then starts with two shallow copies."""
        state = self.state
        self._entries = {
            key: Entry(id=e.id, kind=e.kind, render=_once(e), owned=e.owned, test_owned=e.test_owned)
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
        self.wire.client = Client(staging.run, identity, skew_seconds)
        store = journal._store
        store.client = self.wire.client
        store.before = lambda records: self.before_append(records)
        store.after = lambda records: self.after_append(records)
        return staging

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
