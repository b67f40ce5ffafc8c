"""The wire: from the session of the Azure adapter straight to the emulator's state machine."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from azstaging.azure.calls import Answer as ReadAnswer
from azstaging.azure.clouds import Cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.failures import no_answer, refusal, request_id_of
from azstaging.azure.policies import PacingPolicy
from azstaging.azure.session import ArmSession
from azstaging.emulator.app import EmulatorApp, RequestRecord, _encode, _spoil
from azstaging.emulator.arm import Call

URL = "http://127.0.0.1:1"
START = datetime(2026, 3, 5, 15, 0, tzinfo=timezone.utc)


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


class DroppedError(Exception):
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
        """Deliver one request; DroppedError when the client hears nothing."""
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
            raise DroppedError
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
        except DroppedError:
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

    def start(self) -> None:
        """Forget what a process before this one has sent, as another process would."""
        self._transport._sent.clear()

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
        except DroppedError as dropped:
            raise no_answer(dropped, call) from None
        headers = {name.lower(): value for name, value in told}
        if status != 200:
            raise refusal(status, headers, body, call)
        return ReadAnswer(
            status=status,
            headers=headers,
            body=body,
            request_id=request_id_of(headers),
        )
