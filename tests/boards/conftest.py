"""A Boards server on a free loopback port, over plain HTTP or TLS."""

import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from azstaging.emulator.boards import BoardsState, boards_routes

Serve = Callable[..., str]


class Server:
    """One uvicorn server in a thread; the socket is bound before it starts."""

    def __init__(self, routes: list[BaseRoute], certificate: trustme.LeafCert | None) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        # A TLS connection that the client keeps open would hold up the end of the test.
        closing = [] if certificate is None else [("Connection", "close")]
        config = uvicorn.Config(
            Starlette(routes=routes),
            log_level="critical",
            access_log=False,
            lifespan="off",
            headers=closing,
        )
        if certificate is not None:
            config.load()
            config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(config.ssl)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        scheme = "http" if certificate is None else "https"
        self.origin = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        yield str(path)


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """Serve a state: ``serve(state)`` gives ``http://127.0.0.1:PORT/organization``."""
    running: list[Server] = []

    def start(state: BoardsState, *, tls: bool = False) -> str:
        certificate = authority.issue_cert("127.0.0.1") if tls else None
        server = Server(boards_routes(state), certificate)
        server.start()
        running.append(server)
        return f"{server.origin}/{state.organization}"

    yield start
    for server in running:
        server.stop()
