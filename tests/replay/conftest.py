"""A server on loopback that answers with recorded payloads and nothing else."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from azstaging.azure import connect
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.engine.collect import collect
from azstaging.model.inventory import Inventory
from azstaging.model.waves import Scope, Wave

Json = dict[str, Any]
PAGE = 3
_GROUP = r"(?P<subscription>/subscriptions/[^/]+)/resourcegroups/[^/]+"
_VAULT = rf"{_GROUP}/providers/microsoft\.recoveryservices/vaults/[^/]+"
_LOCAL = rf"{_GROUP}/providers/microsoft\.datareplication/replicationvaults/[^/]+"
_IN_CONTAINER = r"/replicationfabrics/[^/]+/replicationprotectioncontainers/[^/]+"
# What a body lies in: the list that it is a member of, built from the groups of its id.
ENCLOSING: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(f"^{member}$"), enclosing)
    for member, enclosing in (
        (_VAULT, "{subscription}/providers/microsoft.recoveryservices/vaults"),
        (_LOCAL, "{subscription}/providers/microsoft.datareplication/replicationvaults"),
        (
            rf"(?P<vault>{_VAULT}){_IN_CONTAINER}/(?P<kind>replicationmigrationitems)/[^/]+",
            "{vault}/{kind}",
        ),
        (
            rf"(?P<vault>{_VAULT}){_IN_CONTAINER}/(?P<kind>replicationprotecteditems)/[^/]+",
            "{vault}/{kind}",
        ),
        (rf"(?P<vault>{_LOCAL})/protecteditems/[^/]+", "{vault}/protecteditems"),
        (
            rf"{_GROUP}/providers/(?P<kind>microsoft\.compute/(virtualmachines|disks))/[^/]+",
            "{subscription}/providers/{kind}",
        ),
        (
            rf"{_GROUP}/providers/(?P<kind>microsoft\.network/networkinterfaces)/[^/]+",
            "{subscription}/providers/{kind}",
        ),
    )
)
_VAULT_ABOVE = re.compile(
    r"^(/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.(?:recoveryservices/vaults|datareplication/replicationvaults)/[^/]+)/",
    re.IGNORECASE,
)
NOT_FOUND = {"error": {"code": "ResourceNotFound", "message": "This was not recorded."}}


def members(body: Any) -> Iterator[Json]:
    """Yield every resource with properties in a body, lists included, in order."""
    rows = body.get("value") if isinstance(body, dict) else None
    for each in rows if isinstance(rows, list) else [body]:
        if isinstance(each, dict) and isinstance(each.get("id"), str) and "properties" in each:
            yield each


@dataclass
class Recorded:
    """What is known of the recorded Azure.

    Attributes:
        answers: latest body by path and query without api-version.
        rows: latest body as a list gave it, by casefolded id; GET bodies where no list did.
    """

    answers: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = field(default_factory=dict)
    rows: dict[str, Json] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)

    def add(self, exchange: Json) -> None:
        """Take in one exchange."""
        if exchange["status"] not in range(200, 202) or not isinstance(exchange["body"], dict):
            return
        path, query = _address(exchange["url"])
        for body in members(exchange["body"]):
            key = body["id"].casefold()
            from_list = "value" in exchange["body"]
            if from_list or key not in self.listed:
                self.rows[key] = body
                self.answers.setdefault((key, ()), body)
            if from_list:
                self.listed.add(key)
        if exchange["method"] == "GET":
            self.answers[path, query] = exchange["body"]

    def finish(self) -> None:
        """Add the vaults of which only items were recorded."""
        for body in list(self.rows.values()):
            found = _VAULT_ABOVE.match(body["id"])
            vault = found[1] if found else None
            if vault and vault.casefold() not in self.rows:
                self.rows[vault.casefold()] = {"id": vault, "name": vault.rpartition("/")[2]}

    def lists(self) -> dict[str, list[Json]]:
        """Return the lists that enclose what was recorded, by casefolded path."""
        found: dict[str, list[Json]] = {"/subscriptions": []}
        for key, body in self.rows.items():
            for pattern, template in ENCLOSING:
                match = pattern.match(key)
                if match:
                    path = template.format(**match.groupdict())
                    found.setdefault(path, []).append(body)
                    _add_subscription(found["/subscriptions"], key)
        return found


def _add_subscription(rows: list[Json], key: str) -> None:
    subscription = key.split("/")[2]
    if all(row["subscriptionId"] != subscription for row in rows):
        rows.append({"id": f"/subscriptions/{subscription}", "subscriptionId": subscription})


def _address(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query) if k.casefold() != "api-version"]
    return unquote(parts.path).rstrip("/").casefold(), tuple(sorted(query))


class Replay:
    """Serves recorded bodies; ``asked`` are the requests, ``refused`` those answered 404."""

    def __init__(self, recorded: Recorded) -> None:
        self.asked: list[str] = []
        self.refused: list[str] = []
        self._answers = recorded.answers
        self._lists = recorded.lists()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One packet an answer; else each waits for a delayed acknowledgement.
            wbufsize = -1

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                status, body = outer.answer(self.path)
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                if status == 404:
                    self.send_header("x-ms-failure-cause", "gateway")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, target: str) -> tuple[int, Any]:
        """Answer one GET: a page of a built list, a recorded body, or ARM's 404."""
        path, query = _address(target)
        start = int(dict(query).get("$skipToken", 0))
        rest = tuple(pair for pair in query if pair[0] != "$skipToken")
        if path in self._lists and not rest:
            return 200, self._page(target, self._lists[path], start)
        if (path, query) in self._answers:
            return 200, self._answers[path, query]
        self.refused.append(target)
        return 404, NOT_FOUND

    def _page(self, target: str, rows: list[Json], start: int) -> Json:
        version = dict(parse_qsl(urlsplit(target).query))["api-version"]
        path = urlsplit(target).path
        more = f"{self.url}{path}?api-version={version}&%24skipToken={start + PAGE}"
        last = start + PAGE >= len(rows)
        return {"value": rows[start : start + PAGE], "nextLink": None if last else more}


@pytest.fixture(scope="session")
def exchanges() -> dict[str, list[Json]]:
    """All exchanges by recording; the test is skipped where they are absent."""
    default = Path(__file__).parents[3] / "shared" / "corpus"
    folder = Path(os.environ.get("AZSTAGING_CORPUS", default)) / "recordings"
    if not folder.is_dir():
        pytest.skip(f"the recorded payloads are not at {folder}; set AZSTAGING_CORPUS")
    return {
        path.name.removesuffix(".jsonl"): [
            json.loads(line) for line in path.read_text("utf-8").splitlines()
        ]
        for path in sorted(folder.glob("*.jsonl"))
    }


def _recorded(exchanges: Iterable[Json]) -> Recorded:
    recorded = Recorded()
    for exchange in exchanges:
        recorded.add(exchange)
    recorded.finish()
    return recorded


def _read(url: str) -> Inventory:
    now = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)
    cloud = choose_cloud(arm_endpoint=url)
    with connect(cloud, StaticCredential("loopback"), sleep=lambda _seconds: None) as azure:
        return collect(azure, Scope(), Wave(), clock=lambda: now)


@pytest.fixture(scope="session")
def replay(exchanges: dict[str, list[Json]]) -> Iterator[Replay]:
    """All recordings, served together."""
    serving = Replay(_recorded(each for name in sorted(exchanges) for each in exchanges[name]))
    yield serving
    serving.close()


@pytest.fixture(scope="session")
def inventory(replay: Replay) -> Inventory:
    """The inventory of all recordings."""
    return _read(replay.url)


@pytest.fixture(scope="session")
def inventory_until(exchanges: dict[str, list[Json]]) -> Callable[[str, int], Inventory]:
    """Read the inventory of one recording as it stood after the exchange ``seq``."""

    def read(recording: str, seq: int) -> Inventory:
        serving = Replay(_recorded(each for each in exchanges[recording] if each["seq"] <= seq))
        try:
            return _read(serving.url)
        finally:
            serving.close()

    return read
