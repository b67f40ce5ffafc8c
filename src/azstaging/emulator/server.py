"""The emulator: Azure on loopback, in a thread of this process.

with Emulator(sample_estate()) as azure:
    print(azure.url, azure.token("planner"))
"""

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import trustme
import uvicorn

from azstaging.emulator.app import EmulatorApp, RequestRecord
from azstaging.emulator.boards_state import BoardsState
from azstaging.emulator.estate import Estate
from azstaging.emulator.faults import Fault, Script
from azstaging.emulator.identities import make_token
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.state import Clock, State
from azstaging.emulator.throttle import Throttle
from azstaging.errors import ConfigurationError

if TYPE_CHECKING:
    from typing_extensions import Self

_HOST = "127.0.0.1"
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_TICK_SECONDS = 0.1


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class _Server(uvicorn.Server):
    """A server that stops at once: tests start hundreds of them."""

    _wake: Callable[[], object] | None = None

    def leave(self) -> None:
        """Stop serving; may be called from another thread."""
        self.should_exit = True
        if self._wake is not None:
            # The loop may be gone already.
            with contextlib.suppress(RuntimeError):
                self._wake()

    async def main_loop(self) -> None:
        over = asyncio.Event()
        self._wake = partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)
        while not self.should_exit:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(over.wait(), _TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        # Keep-alive clients would hold the close of a TLS connection open.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()
        # What was aborted and cancelled is gone after the next turns of the loop.
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        await asyncio.sleep(0)
        await self.lifespan.shutdown()


class Emulator:
    """One emulated Azure; use it as a context manager, or call ``start`` and ``stop``.

    Args:
        estate: what it holds; the sample estate by default.
        port: 0 takes a free one.
        tls: serve HTTPS with a certificate of its own authority (``ca_file``).
        latency_seconds: added to every answer.
        page_size: rows of a page, in every list (OffAzure never gives more than 100).
        faults: what goes wrong; see `azstaging.emulator.faults`.
        throttle: rate limit to enforce; None enforces none.
        clock: aware UTC; jobs, times in bodies and token expiry follow it.
        job_duration_seconds: how long a stop takes.
    """

    def __init__(
        self,
        estate: Estate | None = None,
        *,
        port: int = 0,
        tls: bool = False,
        latency_seconds: float = 0.0,
        page_size: int = 200,
        faults: Iterable[Fault] = (),
        throttle: Throttle | None = None,
        clock: Clock | None = None,
        job_duration_seconds: float = 0.05,
    ) -> None:
        self.estate = estate or sample_estate()
        self._port = port
        self._tls = tls
        self._clock = clock or _utc_now
        self.state = State(self.estate, self._clock, job_duration_seconds)
        self.script = Script(faults)
        self._ready = threading.Event()
        self.app = EmulatorApp(
            self.state,
            script=self.script,
            throttle=throttle,
            latency_seconds=latency_seconds,
            page_size=page_size,
            loopback=not tls,
            ready=self._ready,
        )
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None
        self.ca_file: str | None = None

    @property
    def url(self) -> str:
        """Origin of Azure Resource Manager and of Azure Boards, without trailing slash.

        Raises:
            ConfigurationError: it has not been started.
        """
        if self._socket is None:
            raise ConfigurationError("The emulator has not been started.")
        port = self._socket.getsockname()[1]
        return f"{'https' if self._tls else 'http'}://{_HOST}:{port}"

    @property
    def boards(self) -> BoardsState:
        """The live work items of Azure Boards."""
        return self.app.boards

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every request so far, in the order of the answers."""
        return self.app.requests

    def token(self, identity: str) -> str:
        """Return a bearer token of an identity.

        Raises:
            ConfigurationError: the estate has no such identity.
        """
        return make_token(self.estate, identity, self._clock())

    def reset(self) -> None:
        """Return to the estate as described, without requests and with the script rewound."""
        self.state.reset()
        self.app.reset()
        self.script.set(self.script.faults)

    def start(self) -> "Self":
        """Start serving and return at once when connections are accepted.

        Raises:
            ConfigurationError: the port is in use, or it does not come up.
        """
        server, listener = self._prepare()
        self._thread = threading.Thread(
            target=server.run,
            kwargs={"sockets": [listener]},
            name="azstaging-emulator",
            daemon=True,
        )
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            self.stop()
            raise ConfigurationError(
                f"The emulator did not start within {_START_SECONDS:g} s; nothing is served."
            )
        return self

    def serve_forever(self) -> None:
        """Serve in this thread until it is interrupted.

        Raises:
            ConfigurationError: the port is in use.
        """
        server, listener = self._prepare()
        try:
            server.run(sockets=[listener])
        finally:
            self._close()

    def open(self) -> str:
        """Take the port and return ``url``, so that it can be printed before serving.

        Raises:
            ConfigurationError: the port is in use.
        """
        if self._socket is None:
            self._socket = self._listen()
            if self._tls:
                self._issue()
        return self.url

    def stop(self) -> None:
        """Stop serving and give the port back; it may be started again.

        Called while another thread is in ``serve_forever`` it lets that end.
        """
        if self._server is not None:
            self._server.leave()
            if self._thread is None:
                return
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            self._thread = None
        self._close()

    def __enter__(self) -> "Self":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _prepare(self) -> tuple[_Server, socket.socket]:
        self.open()
        if self._socket is None:
            raise ConfigurationError("The emulator could not take its port.")
        files = Path(self._files.name) if self._files else None
        config = uvicorn.Config(
            self.app,
            log_level="critical",
            access_log=False,
            lifespan="on",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            ssl_certfile=str(files / "server.pem") if files else None,
            ssl_keyfile=str(files / "server.key") if files else None,
        )
        self._ready.clear()
        self._server = _Server(config)
        return self._server, self._socket

    def _listen(self) -> socket.socket:
        # Named TCP outright, else asyncio leaves Nagle on and every answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, self._port))
        except (OSError, OverflowError) as problem:
            listener.close()
            raise ConfigurationError(
                f"Port {self._port} on {_HOST} cannot be used: {problem}. Nothing was started; "
                "name another port, or 0 for a free one."
            ) from problem
        listener.listen(128)
        return listener

    def _issue(self) -> None:
        """Make an authority and a certificate for the loopback names."""
        self._files = tempfile.TemporaryDirectory(prefix="azstaging-emulator-")
        folder = Path(self._files.name)
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", _HOST)
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        for index, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(str(folder / "server.pem"), append=index > 0)
        certificate.private_key_pem.write_to_path(str(folder / "server.key"))
        self.ca_file = str(folder / "ca.pem")

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._files is not None:
            self._files.cleanup()
            self._files = None
            self.ca_file = None
        self._server = None


def serve(
    estate: Estate | None = None,
    *,
    port: int = 0,
    tls: bool = False,
    faults: Iterable[Fault] = (),
    throttle: Throttle | None = None,
    latency_seconds: float = 0.0,
    page_size: int = 200,
    job_duration_seconds: float = 2.0,
    announce: Callable[[Emulator], None] | None = None,
) -> None:
    """Serve until interrupted; ``announce(emulator)`` is called once the port is taken.

    Raises:
        ConfigurationError: the port is in use.
    """
    emulator = Emulator(
        estate,
        port=port,
        tls=tls,
        faults=faults,
        throttle=throttle,
        latency_seconds=latency_seconds,
        page_size=page_size,
        job_duration_seconds=job_duration_seconds,
    )
    emulator.open()
    if announce is not None:
        announce(emulator)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        emulator.serve_forever()
