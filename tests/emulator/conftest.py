"""A running emulator, a clock that tests move, the recorded payloads, and keys of JSON."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from azstaging.emulator import Emulator, Estate, sample_estate

_DEFAULT_CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


class Clock:
    """Aware UTC; stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 5, 15, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Client:
    """Plain HTTP with an identity; one request per call, nothing repeated, nothing followed."""

    def __init__(self, emulator: Emulator, identity: str = "releaser") -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {emulator.token(identity)}"
        # The environment's proxies and authorities have no say on loopback.
        self.session.trust_env = False
        self.session.verify = emulator.ca_file or True

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else self.emulator.url + path
        if "api-version" not in url:
            url += ("&" if "?" in url else "?") + "api-version=2025-08-01"
        return self.session.request(method, url, allow_redirects=False, timeout=10, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.send("GET", path, **options)

    def json(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def rows(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        link: str | None = path
        while link:
            page = self.json(link)
            found += page["value"]
            link = page.get("nextLink")
        return found

    def stop(self, key: str) -> requests.Response:
        """Send the one request that stops a machine's replication."""
        item = self.emulator.state.item_id(key)
        if "/replicationProtectedItems/" in item:
            return self.send("POST", f"{item}/remove", json={"properties": {}})
        return self.send("DELETE", item)


@pytest.fixture(scope="session")
def estate() -> Estate:
    return sample_estate()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def run(estate: Estate, clock: Clock) -> Iterator[Callable[..., Client]]:
    """Start an emulator with these options and return a client of it."""
    started: list[tuple[Emulator, requests.Session]] = []

    def start(identity: str = "releaser", **options: Any) -> Client:
        settings = {"clock": clock, "job_duration_seconds": 30.0, **options}
        emulator = Emulator(settings.pop("estate", estate), **settings).start()
        client = Client(emulator, identity)
        started.append((emulator, client.session))
        return client

    yield start
    for emulator, session in started:
        session.close()
        emulator.stop()


@pytest.fixture
def azure(run: Callable[..., Client]) -> Client:
    """Return a client of a healthy emulator, signed in as the releaser."""
    return run()


@pytest.fixture(scope="session")
def corpus() -> Path:
    folder = Path(os.environ.get("AZSTAGING_CORPUS", _DEFAULT_CORPUS))
    if not (folder / "recordings").is_dir():
        pytest.skip("the recorded payloads are not here (AZSTAGING_CORPUS)")
    return folder


@pytest.fixture(scope="session")
def recorded(corpus: Path) -> Callable[[str, int], dict[str, Any]]:
    """Return one exchange by recording and seq."""
    cache: dict[str, dict[int, dict[str, Any]]] = {}

    def find(name: str, seq: int) -> dict[str, Any]:
        if name not in cache:
            text = (corpus / "recordings" / f"{name}.jsonl").read_text("utf-8")
            rows = (json.loads(line) for line in text.splitlines())
            cache[name] = {row["seq"]: row for row in rows}
        return cache[name][seq]

    return find


# Objects whose keys are data, not names.
FREE = frozenset(
    {
        "tags",
        "targetVmTags",
        "targetNicTags",
        "targetDiskTags",
        "seedDiskTags",
        "seedManagedDiskTags",
        "targetManagedDiskTags",
        "extendedSummary",
        "extendedDetails",
        "affectedObjectDetails",
        "extendedInfo",
    }
)


def absent(recorded: Any, ours: Any, path: str = "") -> set[str]:
    """Return the keys of a recorded body that ours lacks."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        found = {f"{path}.{key}" for key in recorded if key not in ours}
        for key in recorded.keys() & ours.keys() - FREE:
            found |= absent(recorded[key], ours[key], f"{path}.{key}")
        return found
    if isinstance(recorded, list) and isinstance(ours, list) and recorded and ours:
        return absent(_merged(recorded), _merged(ours), f"{path}[]")
    return set()


def _merged(rows: list[Any]) -> Any:
    if not all(isinstance(row, dict) for row in rows):
        return rows[0]
    together: dict[str, Any] = {}
    for row in rows:
        together |= row
    return together


def paths(body: Any, path: str = "") -> set[str]:
    """Return every key of a body as ``.a.b[].c``."""
    if isinstance(body, dict):
        found = {f"{path}.{key}" for key in body}
        for key in body.keys() - FREE:
            found |= paths(body[key], f"{path}.{key}")
        return found
    if isinstance(body, list):
        return set().union(*(paths(row, f"{path}[]") for row in body))
    return set()


class Description:
    """One published OpenAPI document with those that it refers to."""

    def __init__(self, file: Path) -> None:
        self.file = file.resolve()
        self._load = lru_cache(maxsize=None)(lambda path: json.loads(path.read_text("utf-8")))

    def paths(self, definition: str) -> set[str]:
        """Return every key that a definition allows, its derived types included."""
        return self._walk(self.file, {"$ref": f"#/definitions/{definition}"}, "", ())

    def keys(self, definition: str) -> set[str]:
        """Return the direct keys of a definition."""
        direct = self._walk(self.file, {"$ref": f"#/definitions/{definition}"}, "", (), depth=1)
        return {path[1:] for path in direct}

    def _walk(
        self,
        file: Path,
        schema: Any,
        path: str,
        seen: tuple[str, ...],
        depth: int = 12,
        *,
        base: bool = False,
    ) -> set[str]:
        found: set[str] = set()
        if reference := schema.get("$ref"):
            if seen.count(reference) > 1:
                return found
            where, _, pointer = reference.partition("#")
            target = (file.parent / where).resolve() if where else file
            name = pointer.rpartition("/")[2]
            definition = self._load(target)["definitions"][name]
            found |= self._walk(target, definition, path, (*seen, reference), depth)
            if "discriminator" in definition and not base:
                for other in self._derived(target, name):
                    found |= self._walk(target, other, path, (*seen, reference), depth)
            return found
        for part in schema.get("allOf", ()):
            found |= self._walk(file, part, path, seen, depth, base=True)
        if "items" in schema:
            found |= self._walk(file, schema["items"], f"{path}[]", seen, depth)
        for key, inner in schema.get("properties", {}).items():
            found.add(f"{path}.{key}")
            if depth > 1:
                found |= self._walk(file, inner, f"{path}.{key}", seen, depth - 1)
        return found

    def _derived(self, file: Path, base: str) -> list[Any]:
        definitions = self._load(file)["definitions"]
        return [
            {key: value for key, value in definition.items() if key != "allOf"}
            for definition in definitions.values()
            if any(p.get("$ref", "").endswith(f"/{base}") for p in definition.get("allOf", ()))
        ]


@pytest.fixture(scope="session")
def shapes() -> Any:
    """Return ``absent``, ``paths`` and ``Description``."""
    return SimpleNamespace(absent=absent, paths=paths, Description=Description)
