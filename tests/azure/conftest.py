"""A scripted ARM on loopback, a clock that waits for nobody, and sessions that get closed."""

import base64
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trustme

from azstaging.azure.clouds import choose_cloud
from azstaging.azure.connection import AzureConnection
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.session import ArmSession


@dataclass
class Reply:
    """One scripted answer. ``drop`` closes the connection instead; ``sent`` tears the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    sent: int | None = None
    chunked: bool = False


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def as_reply(value: Any) -> Reply:
    """Let tests write a reply as JSON, as (status, JSON, headers), or in full."""
    if isinstance(value, Reply):
        return value
    if isinstance(value, tuple):
        status, body, *rest = value
        return Reply(status, json.dumps(body).encode(), rest[0] if rest else {})
    return Reply(200, json.dumps(value).encode())


class ScriptedArm:
    """A loopback HTTP server that answers what it is told and remembers what it was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.scheme = "http" if tls is None else "https"
        self.requests: list[Seen] = []
        self.script: list[Any] = []
        self.answer: Callable[[Seen], Any] | None = None
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}"

    def says(self, *replies: Any) -> None:
        """Answer the next requests in this order; the last reply stays."""
        self.script = list(replies)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply_to(self, seen: Seen) -> Reply:
        with self._lock:
            self.requests.append(seen)
            if self.answer is None:
                return as_reply(self.script.pop(0) if len(self.script) > 1 else self.script[0])
        return as_reply(self.answer(seen))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        arm = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.casefold(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, self.rfile.read(length))
                reply = arm.reply_to(seen)
                if reply.drop:
                    self._hang_up()
                    return
                self.send_response(reply.status)
                if not reply.chunked:
                    self.send_header("Content-Length", str(len(reply.body)))
                else:
                    self.send_header("Transfer-Encoding", "chunked")
                for name, value in reply.headers.items():
                    self.send_header(name, value.replace("{arm}", arm.url))
                self.end_headers()
                self._write(reply)

            def _write(self, reply: Reply) -> None:
                body = reply.body.replace(b"{arm}", arm.url.encode())
                sent = len(body) if reply.sent is None else reply.sent
                if reply.chunked:
                    self.wfile.write(f"{len(body):x}\r\n".encode())
                self.wfile.write(body[:sent])
                self.wfile.flush()
                if sent < len(body) or reply.chunked:
                    self._hang_up()

            def _hang_up(self) -> None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_args: object) -> None:
                """Stay quiet."""

        # The names that http.server looks for.
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.respond)
        return Handler


class FakeTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self.now += seconds


def make_jwt(claims: dict[str, Any]) -> str:
    """Make a token shaped like ARM's; nobody signed it."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}.c2lnbmF0dXJl"


@pytest.fixture
def jwt() -> Callable[[dict[str, Any]], str]:
    return make_jwt


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def arm() -> Iterator[ScriptedArm]:
    server = ScriptedArm()
    yield server
    server.close()


@pytest.fixture
def authority() -> trustme.CA:
    """An authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture
def tls_arm(authority: trustme.CA) -> Iterator[ScriptedArm]:
    """The same over TLS, with a certificate of ``authority``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ScriptedArm(context)
    yield server
    server.close()


@pytest.fixture
def foreign() -> Iterator[ScriptedArm]:
    """Another host: another port of loopback, which the host pin tells apart."""
    server = ScriptedArm()
    server.says({"value": []})
    yield server
    server.close()


@pytest.fixture
def closed_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def open_session(arm: ScriptedArm, fake_time: FakeTime) -> Iterator[Callable[..., ArmSession]]:
    """Open sessions against ``arm`` on the fake clock; all are closed at the end."""
    opened: list[ArmSession] = []

    def make(token: str = "opaque", **options: Any) -> ArmSession:
        settings: dict[str, Any] = {
            "sleep": fake_time.sleep,
            "monotonic": fake_time.monotonic,
            "uniform": lambda: 0.5,
            **options,
        }
        cloud = settings.pop("cloud", None) or choose_cloud(arm_endpoint=arm.url)
        session = ArmSession(StaticCredential(token), cloud, **settings)
        opened.append(session)
        return session

    yield make
    for session in opened:
        session.close()


@pytest.fixture
def session(open_session: Callable[..., ArmSession]) -> ArmSession:
    return open_session()


@pytest.fixture
def connection(session: ArmSession) -> AzureConnection:
    return AzureConnection(session)
