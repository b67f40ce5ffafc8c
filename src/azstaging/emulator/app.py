"""The ASGI application: request log, faults, latency, then Azure Boards or ARM."""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from azstaging.emulator import graph
from azstaging.emulator.answers import Answer
from azstaging.emulator.arm import Arm, Call
from azstaging.emulator.boards import boards_routes
from azstaging.emulator.boards_state import BoardsState
from azstaging.emulator.console import STORAGE, blob_of
from azstaging.emulator.faults import Fault, Script
from azstaging.emulator.identities import AUDIENCE, InvalidTokenError, make_token
from azstaging.emulator.state import State
from azstaging.emulator.throttle import Buckets, Throttle

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_BEFORE = {"status", "redirect", "claims", "registration"}
_MARKS = {"stale-list", "job-failed", "job-cancelled", "operation-error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request as it arrived, and what became of it.

    Attributes:
        path: decoded; ``query`` is the text after the question mark.
        headers: lower-case names; the value of Authorization is left out.
        status: None when the connection was dropped without an answer.
        identity: name of who sent it, "" when nobody could be told.
        fault: kind of the fault that hit it, or "".
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int | None
    identity: str
    fault: str = ""


class _DroppedError(Exception):
    """The connection ends here without an answer."""


class EmulatorApp:
    """What uvicorn runs."""

    def __init__(
        self,
        state: State,
        *,
        script: Script,
        throttle: Throttle | None,
        latency_seconds: float,
        page_size: int,
        loopback: bool,
        ready: threading.Event,
    ) -> None:
        self.state = state
        self.script = script
        self.throttle = throttle
        self.latency_seconds = latency_seconds
        self.ready = ready
        self.arm = Arm(
            state,
            buckets=self._buckets(),
            page_size=page_size,
            loopback=loopback,
            resource_graph=graph.query,
        )
        project = state.estate.boards
        self.boards = BoardsState(
            organization=project.organization,
            project=project.project,
            process=project.process,
            clock=state.clock,
            identify=self._boards_user,
        )
        self._log: list[RequestRecord] = []
        self._inner = Starlette(routes=self._routes())

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The request log."""
        return tuple(self._log)

    def reset(self) -> None:
        """Forget requests and rate limits, and start Azure Boards anew."""
        self._log.clear()
        self.arm.buckets = self._buckets()
        self.boards.reset()

    def _buckets(self) -> Buckets | None:
        if self.throttle is None:
            return None
        return Buckets(throttle=self.throttle, seconds=lambda: self.state.clock().timestamp())

    def _routes(self) -> list[BaseRoute]:
        arm = [
            Route("/metadata/endpoints", self._metadata),
            Route("/msi/token", self._managed_identity),
            Route(f"{STORAGE}/{{blob:path}}", self._blob),
            Route("/subscriptions", self._arm, methods=_METHODS),
            Route("/subscriptions/{rest:path}", self._arm, methods=_METHODS),
            Route("/Subscriptions/{rest:path}", self._arm, methods=_METHODS),
            Route("/providers/{rest:path}", self._arm, methods=_METHODS),
        ]
        boards = boards_routes(self.boards)
        return [*arm, *boards, Route("/{rest:path}", self._arm, methods=_METHODS)]

    def _boards_user(self, scheme: str, credential: str) -> str | None:
        """Return who writes to Azure Boards: a bearer token, or one as the password of Basic."""
        token = credential.rpartition(":")[2] if scheme == "basic" else credential
        try:
            return self.arm.who({"authorization": f"Bearer {token}"}).name
        except InvalidTokenError:
            return None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        body = await _read(receive)
        fault = self.script.next(scope["method"], scope["path"])
        seconds = self.latency_seconds + (fault.seconds if fault else 0.0)
        if seconds:
            await asyncio.sleep(seconds)
        try:
            await self._serve(scope, body, send, fault)
        except _DroppedError:
            # Let the server see that the peer is gone before it looks for an answer.
            await receive()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
            self.ready.set()

    async def _serve(self, scope: Message, body: bytes, send: Send, fault: Fault | None) -> None:
        """Answer, or hang up; the log knows of it before the client does."""
        if fault is not None and fault.kind in {"drop", "reset"}:
            self._record(scope, body, None, fault)
            raise _hang_up(send, reset=fault.kind == "reset")
        if fault is not None and fault.kind in _BEFORE:
            answer = _encode(fault.answer(_url(scope)), head=False)
        else:
            self._disturb(scope, fault)
            answer = await self._collect(scope, body)
        if fault is not None:
            if fault.kind == "drop-after":
                self._record(scope, body, None, fault)
                raise _hang_up(send, reset=False)
            answer = _spoil(answer, fault, _url(scope))
        self._record(scope, body, answer.status, fault)
        await _send(answer, send)
        if answer.cut_at is not None:
            raise _hang_up(send, reset=False)

    def _disturb(self, scope: Message, fault: Fault | None) -> None:
        """Change the estate or mark the request, as the script says."""
        scope["azstaging.marks"] = {}
        if fault is None:
            return
        if fault.kind in _MARKS:
            scope["azstaging.marks"] = {fault.kind: fault.error}
        elif fault.kind == "change":
            self.state.change(fault.resource or scope["path"].rstrip("/"), fault.changes)
        elif fault.kind == "call" and fault.call is not None:
            fault.call(self.state)

    async def _collect(self, scope: Message, body: bytes) -> "_Raw":
        """Run the inner application and keep its response."""
        parts: list[bytes] = []
        start: Message = {}

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._inner(scope, receive, send)
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in start["headers"]]
        return _Raw(status=start["status"], headers=tuple(headers), body=b"".join(parts))

    async def _arm(self, request: Request) -> Response:
        call = Call(
            method=request.method,
            path=request.scope["path"],
            query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
            headers=dict(request.headers),
            body=await request.body(),
            origin=f"{request.url.scheme}://{request.url.netloc}",
            marks=request.scope["azstaging.marks"],
        )
        raw = _encode(self.arm.answer(call), head=request.method == "HEAD")
        return Response(raw.body, raw.status, dict(raw.headers))

    async def _metadata(self, request: Request) -> Response:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        login = {"loginEndpoint": origin, "audiences": [AUDIENCE], "tenant": "common"}
        return JSONResponse(
            [{"name": "Emulator", "resourceManager": origin, "authentication": login}]
        )

    async def _blob(self, request: Request) -> Response:
        status, data = blob_of(
            self.state.consoles,
            request.path_params["blob"],
            request.query_params.get("sig", ""),
            token="authorization" in request.headers,
        )
        return Response(data, status, media_type="application/octet-stream")

    async def _managed_identity(self, request: Request) -> Response:
        """Answer as the identity endpoint of Azure Automation does; ``client_id`` names who."""
        name = request.query_params.get("client_id", "planner")
        if "x-identity-header" not in request.headers:
            return JSONResponse({"error": "invalid_request"}, status_code=400)
        now = self.state.clock()
        return JSONResponse(
            {
                "access_token": make_token(self.state.estate, name, now),
                "expires_on": str(int(now.timestamp()) + 86400),
                "resource": AUDIENCE,
                "token_type": "Bearer",
                "client_id": name,
            }
        )

    def _record(self, scope: Message, body: bytes, status: int | None, fault: Fault | None) -> None:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        try:
            identity = self.arm.who(headers).name
        except InvalidTokenError:
            identity = ""
        if "authorization" in headers:
            headers["authorization"] = headers["authorization"].partition(" ")[0]
        self._log.append(
            RequestRecord(
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                headers=headers,
                body=body,
                status=status,
                identity=identity,
                fault=fault.kind if fault else "",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """A response as bytes; ``length`` overrides what Content-Length says."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut_at: int | None = None


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def _send(raw: _Raw, send: Send) -> None:
    names = {name.lower() for name, _ in raw.headers}
    headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in raw.headers]
    if "content-length" not in names and raw.status not in {204, 304}:
        headers.append((b"content-length", str(len(raw.body)).encode()))
    await send({"type": "http.response.start", "status": raw.status, "headers": headers})
    if raw.cut_at is None:
        await send({"type": "http.response.body", "body": raw.body})
    else:
        body = raw.body[: raw.cut_at]
        await send({"type": "http.response.body", "body": body, "more_body": True})


def _hang_up(send: Send, *, reset: bool) -> _DroppedError:
    """Close the connection under the server's feet, with a reset if asked."""
    # uvicorn's send is a method of the request in progress, which knows its connection.
    transport: asyncio.Transport = getattr(send, "__self__").transport  # noqa: B009
    if reset:
        peer = transport.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    else:
        transport.close()
    return _DroppedError()


def _url(scope: Message) -> str:
    headers = {k.lower(): v.decode("latin-1") for k, v in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    return f"{scope['scheme']}://{headers[b'host']}{path}" + (f"?{query}" if query else "")


def _encode(answer: Answer, *, head: bool) -> _Raw:
    headers = {"Content-Type": "application/json; charset=utf-8"} if answer.body is not None else {}
    body = b"" if answer.body is None or head else msgspec.json.encode(answer.body)
    return _Raw(status=answer.status, headers=(*(headers | answer.headers).items(),), body=body)


def _spoil(raw: _Raw, fault: Fault, url: str) -> _Raw:
    """Damage a good response on its way out."""
    if fault.kind == "torn":
        return replace(raw, cut_at=min(fault.bytes, max(0, len(raw.body) - 1)))
    if fault.kind == "status-after":
        return _encode(fault.answer(url), head=False)
    if fault.kind == "body":
        shape = "application/json" if fault.text[:1] in {"{", "["} else "text/html"
        return _Raw(status=200, headers=(("Content-Type", shape),), body=fault.text.encode())
    if fault.kind == "bare-202":
        dropped = {"location", "azure-asyncoperation", "retry-after"}
        kept = tuple((k, v) for k, v in raw.headers if k.lower() not in dropped)
        return replace(raw, headers=kept)
    if fault.kind not in {"null-value", "foreign-link", "repeated-link"}:
        return raw
    body = msgspec.json.decode(raw.body)
    if fault.kind == "null-value":
        body["value"] = None
    elif fault.kind == "repeated-link":
        body["nextLink"] = url
    else:
        body["nextLink"] = (
            fault.host
            + url.partition("://")[2].partition("/")[1]
            + (url.partition("://")[2].partition("/")[2])
        )
    headers = tuple((k, v) for k, v in raw.headers if k.lower() != "content-length")
    return replace(raw, body=msgspec.json.encode(body), headers=headers)
