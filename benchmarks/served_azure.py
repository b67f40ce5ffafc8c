"""The emulator as quick as a cloud: every answer is rendered once and served from memory.

    python benchmarks/served_azure.py ITEMS

Runs in a process of its own, so that its work is not counted as the client's. Each answer comes
from the emulator when its URL is asked for the first time, lists of vaults in pages of 100 rows,
those of subscriptions in pages of 200. What is added here is latency, ARM's token buckets, another
client that takes from them, and the count of requests.
``POST /control`` sets these, ``GET /control`` tells the counts.
"""

import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec

from azstaging.emulator import Emulator
from azstaging.emulator.estate import Estate, Machine, Site, Subscription, Vault
from azstaging.emulator.sample import IDENTITIES, sample_estate
from azstaging.emulator.throttle import Buckets, Throttle

IDENTITY = "reader"
SUBSCRIPTIONS = 5
_PUBLISHED = Throttle()
_VAULT_ITEMS = 200
# Of each ten vaults of a subscription; agentless items have to be read one by one.
_PROVIDERS = (*("VMwareCbt",) * 6, "InMageRcm", "InMageRcm", "HyperVReplicaAzure", "A2A")
_SITES = {"VMwareCbt": "vmware", "InMageRcm": "physical", "HyperVReplicaAzure": "hyperv"}
_SITE_KINDS = {"vmware": "VMwareSites", "physical": "ServerSites", "hyperv": "HyperVSites"}


def estate_of(items: int) -> Estate:
    """Return an estate of staged machines, two disks each, in vaults of 200 or fewer.

    Ten thousand are in 50 vaults in 5 subscriptions; 60 % are agentless.
    """
    subscriptions = tuple(
        Subscription(id=f"{n + 1:08d}-0000-4000-8000-000000000000", name=f"Landing zone {n + 1}")
        for n in range(SUBSCRIPTIONS)
    )
    size = min(_VAULT_ITEMS, max(1, items // 50))
    vaults = tuple(
        Vault(
            name=f"vlt-{n:03d}",
            subscription=subscriptions[n % SUBSCRIPTIONS].id,
            group=f"rg-vault-{n:03d}",
            fabric=f"fabric-{n:03d}",
            container=f"container-{n:03d}",
        )
        for n in range(-(-items // size))
    )
    sites = tuple(
        Site(name=f"{name}-{n}", kind=kind, subscription=each.id, group="rg-sites")
        for n, each in enumerate(subscriptions)
        for name, kind in _SITE_KINDS.items()
    )
    return Estate(
        name="Ten thousand machines",
        subscriptions=subscriptions,
        vaults=vaults,
        sites=sites,
        machines=tuple(_machine(n, vaults[n // size], n // size) for n in range(items)),
        identities=IDENTITIES,
        sizes=sample_estate().sizes,
    )


def _machine(number: int, vault: Vault, place: int) -> Machine:
    provider = _PROVIDERS[place // SUBSCRIPTIONS % len(_PROVIDERS)]
    site = _SITES.get(provider, "")
    return Machine(
        key=f"srv-{number:05d}",
        name=f"SRV-{number:05d}",
        provider=provider,
        vault=vault.name,
        site=f"{site}-{place % SUBSCRIPTIONS}" if site else "",
        subscription=vault.subscription,
        group=f"rg-apps-{place:03d}",
        disks_gib=(64, 128),
        address=f"10.{20 + number // 65_000}.{number // 250 % 250}.{number % 250 + 4}",
        tags={"environment": "production", "wave": str(place % 9)},
    )


@dataclass(slots=True, kw_only=True)
class Conditions:
    """What the client meets.

    Attributes:
        latency: seconds added to every answer.
        throttled: whether ARM's published buckets are kept.
        rival: reads a second that another client with the same identity takes of every bucket.
    """

    latency: float = 0.0
    throttled: bool = False
    rival: float = 0.0


@dataclass(slots=True, kw_only=True)
class Served:
    """Answers by URL, conditions, and counts."""

    of_vaults: Any
    of_subscriptions: Any
    conditions: Conditions = field(default_factory=Conditions)
    answers: dict[bytes, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    buckets: Buckets | None = None
    rival_at: float = 0.0

    def control(self, body: bytes) -> bytes:
        """Set new conditions and forget the counts, or tell the counts."""
        if body:
            self.conditions = Conditions(**msgspec.json.decode(body))
            self.counts.clear()
            self.refused = 0
            self.buckets = Buckets(throttle=_PUBLISHED, seconds=time.monotonic)
            self.rival_at = time.monotonic()
        told = {"paths": dict(self.counts), "refused": self.refused}
        return _response(200, msgspec.json.encode(told))

    def refusal(self, path: str, method: str) -> bytes | None:
        """Take a token of the path's bucket; return a 429 when there is none."""
        parts = path.split("/")
        if not self.conditions.throttled or self.buckets is None or method != "GET":
            return None
        subscription = parts[2] if len(parts) > 2 else ""
        self._rival()
        _, wait = self.buckets.take(IDENTITY, subscription, "reads")
        if not wait:
            return None
        self.refused += 1
        error = {"code": "SubscriptionRequestsThrottled", "message": f"Try again in {wait} s."}
        body = msgspec.json.encode({"error": error})
        return _response(429, body, ((b"retry-after", str(wait).encode()),))

    def _rival(self) -> None:
        """Let the other client take what it has wanted since the last look."""
        now = time.monotonic()
        wanted = int((now - self.rival_at) * self.conditions.rival)
        if not wanted or self.buckets is None:
            return
        self.rival_at += wanted / self.conditions.rival
        for each in self.of_vaults.state.estate.subscriptions:
            for _ in range(wanted):
                self.buckets.take(IDENTITY, each.id, "reads")

    async def render(self, method: str, target: bytes, headers: Any, body: bytes) -> bytes:
        """Ask the emulator itself."""
        path, _, query = target.partition(b"?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "server": ("127.0.0.1", 0),
            "client": ("127.0.0.1", 0),
        }
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            start.update(message) if "status" in message else parts.append(message["body"])

        in_vault = b"/microsoft.recoveryservices/vaults/" in path.lower()
        app = self.of_vaults if in_vault else self.of_subscriptions
        await app(scope, receive, send)
        kept = tuple(each for each in start["headers"] if each[0].lower() != b"content-length")
        return _response(start["status"], b"".join(parts), kept)


def _response(status: int, body: bytes, headers: Any = ()) -> bytes:
    lines = [b"HTTP/1.1 %d OK" % status, b"content-length: %d" % len(body)]
    lines += [b"%s: %s" % (name, value) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """One keep-alive connection; a client sends its next request after the answer."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._received = b""
        self._transport: Any = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect a request, and answer it."""
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.split(b"\r\n")
        pairs = (line.partition(b":") for line in lines)
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        length = int(dict(headers).get(b"content-length", b"0"))
        if len(rest) < length:
            return
        self._received = rest[length:]
        method, target, _ = first.split(b" ")
        self._answer(method.decode(), target, headers, rest[:length])

    def _answer(self, method: str, target: bytes, headers: Any, body: bytes) -> None:
        served = self._served
        if target == b"/control":
            self._transport.write(served.control(body))
            return
        path = unquote(target.partition(b"?")[0].decode("ascii"))
        served.counts[path] += 1
        key = method.encode() + target + body
        answer = served.refusal(path, method) or served.answers.get(key)
        if answer is None:
            task = asyncio.ensure_future(self._render(key, method, target, headers, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._later(answer)

    async def _render(
        self, key: bytes, method: str, target: bytes, headers: Any, body: bytes
    ) -> None:
        answer = await self._served.render(method, target, headers, body)
        self._served.answers[key] = answer
        self._later(answer)

    def _later(self, answer: bytes) -> None:
        seconds = self._served.conditions.latency
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def serve(items: int) -> None:
    """Serve until the parent closes our standard input."""
    estate = estate_of(items)
    emulator = Emulator(estate, page_size=100)
    served = Served(of_vaults=emulator.app, of_subscriptions=Emulator(estate, page_size=200).app)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(served), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port} {emulator.token(IDENTITY)}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
