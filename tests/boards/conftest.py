"""A Boards server on a free loopback port, over plain HTTP or TLS."""

import atexit
import os
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from azstaging.azure.boards import AzureBoards
from azstaging.azure.boards_session import PAT_VARIABLE
from azstaging.azure.clouds import choose_cloud
from azstaging.emulator.boards import BoardsState, boards_routes
from azstaging.engine.sync import sync_boards
from azstaging.model.backlog import BacklogSettings, BoardsResult
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import Collection, Facts, ReplicatedItem

Serve = Callable[..., str]

# Test modules import the official client, which makes a folder in the home when it is imported.
_CACHE = tempfile.mkdtemp(prefix="azstaging-tests-")
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
os.environ.setdefault("AZURE_DEVOPS_CACHE_DIR", _CACHE)


class Server:
    """One uvicorn server in a thread; the socket is bound before it starts."""

    def __init__(self, routes: list[BaseRoute], certificate: trustme.LeafCert | None) -> None:
        # With the protocol named, asyncio sends small answers at once (TCP_NODELAY).
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(100)
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


PAT = "emulator-pat"
AT = datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc)
VAULT = (
    "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg-migrate"
    "/providers/Microsoft.RecoveryServices/vaults/vault-1"
)


def item_id(name: str) -> ResourceId:
    """The ARM id of a migration item, unique per name."""
    path = "/replicationFabrics/f/replicationProtectionContainers/c/replicationMigrationItems/"
    return ResourceId(VAULT + path + name)


def inventory_of(
    phases: Mapping[str, str], workloads: Mapping[str, Sequence[str]], shown: Mapping[str, str] = {}
) -> Inventory:
    """An inventory: item -> phase, workload -> items, item -> display name where it differs."""
    rows = []
    for name, phase in sorted(phases.items()):
        row = ReplicatedItem(
            id=item_id(name),
            name=shown.get(name, name),
            provider="VMwareCbt",
            collection=Collection.MIGRATION_ITEMS,
            vault_id=ResourceId(VAULT),
            generation="g1",
        )
        facts = Facts(
            cutover=None,
            replication=None,
            test=None,
            reversed=None,
            stop_allowed=False,
            cleanup_allowed=False,
            idle=True,
        )
        members = tuple(sorted(w for w, names in workloads.items() if name in names))
        rows.append(InventoryItem(item=row, facts=facts, phase=Phase(phase), workloads=members))
    return Inventory(read_at=AT, items=tuple(rows))


class World:
    """One Boards project, a way to write to it, and what a run would say."""

    def __init__(self, state: BoardsState, serve: Serve) -> None:
        self.state = state
        self._serve = serve
        self._ports: list[AzureBoards] = []
        self.url = serve(state)
        self.slept: list[float] = []
        self.now = [0.0]

    def port(self, **options: Any) -> AzureBoards:
        """A guarded port; its waits take no time and are noted in ``slept``."""
        cloud = choose_cloud(
            arm_endpoint="http://127.0.0.1:9", boards_url=self.url.rpartition("/")[0]
        )
        settled: dict[str, Any] = {
            "environ": {PAT_VARIABLE: PAT},
            "sleep": self._sleep,
            "monotonic": lambda: self.now[0],
        }
        made = AzureBoards(
            cloud, self.state.organization, self.state.project, **(settled | options)
        )
        self._ports.append(made)
        return made

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now[0] += seconds

    def sync(
        self,
        inventory: Inventory,
        *evidence: Any,
        apply: bool = True,
        settings: BacklogSettings | None = None,
        port: Any = None,
        **options: Any,
    ) -> BoardsResult:
        return sync_boards(
            port or self.port(),
            inventory,
            *evidence,
            settings=settings or BacklogSettings(),
            at=AT,
            apply=apply,
            **options,
        )

    def writes(self) -> int:
        return sum(request.is_write for request in self.state.requests)

    def titles(self) -> dict[str, Any]:
        """Title -> work item, of those that exist."""
        return {
            item.fields["System.Title"]: item
            for item in self.state.items.values()
            if not item.deleted
        }

    def revisions(self) -> dict[int, int]:
        return {item.id: item.rev for item in self.state.items.values()}

    def close(self) -> None:
        for port in self._ports:
            port.close()


@pytest.fixture
def make_world(serve: Serve) -> Iterator[Callable[..., World]]:
    """``make_world(process="Scrum", ...)`` serves a project and gives ports to it."""
    worlds: list[World] = []

    def make(**options: Any) -> World:
        state = BoardsState(pats={PAT: "azstaging@contoso.example"}, **options)
        worlds.append(World(state, serve))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
def inventory() -> Callable[..., Inventory]:
    return inventory_of


@pytest.fixture
def arm_id() -> Callable[[str], ResourceId]:
    return item_id


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Any]:
    """``unguarded(url)`` is the official client as it is, with caches of its own for this test."""
    clients = import_module("azure.devops.client")
    connections = import_module("azure.devops.connection")
    cache = import_module("azure.devops._file_cache").FileCache
    basic = import_module("msrest.authentication").BasicAuthentication
    monkeypatch.setattr(connections, "RESOURCE_FILE_CACHE", cache(str(tmp_path / "resources.json")))
    monkeypatch.setattr(clients, "OPTIONS_FILE_CACHE", cache(str(tmp_path / "options.json")))
    monkeypatch.setattr(clients.Client, "_locations_cache", {})

    def make(url: str, token: str = PAT) -> Any:
        connection = connections.Connection(base_url=url, creds=basic("", token))
        return connection.clients_v7_1.get_work_item_tracking_client()

    return make
