"""What one call to ARM is: its kind, and for a change what exactly may leave.

A call object travels with the request through the pipeline, under the option ``call``.
Whatever is no read must carry a `Change`; without one the pipeline refuses to send it.
"""

import enum
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

from azure.core.rest import HttpRequest, HttpResponse

from azstaging.errors import ConfigurationError, UnreachableError
from azstaging.model.ids import check_segment


class CallKind(enum.Enum):
    """ARM counts reads, writes and deletes apart; a query is a POST that only reads."""

    READ = "read"
    QUERY = "query"
    WRITE = "write"
    DELETE = "delete"


class Change:
    """One request that changes Azure, to the letter, and whether it has left.

    Attributes:
        method, url, body: exactly what may be sent.
        client_request_id: sent as ``x-ms-client-request-id``; finds the request in Azure's logs.
    """

    __slots__ = ("_lock", "_sent", "body", "client_request_id", "method", "url")

    def __init__(self, method: str, url: str, body: bytes | None, client_request_id: str) -> None:
        self.method = method
        self.url = url
        self.body = body
        self.client_request_id = client_request_id
        self._sent = False
        self._lock = threading.Lock()

    @property
    def sent(self) -> bool:
        """Whether the request was handed to the network."""
        return self._sent

    def spend(self) -> None:
        """Mark the change as sent; the second time is refused.

        Raises:
            ConfigurationError: it was sent before.
        """
        with self._lock:
            if self._sent:
                raise ConfigurationError(
                    f"{self.method} {urlsplit(self.url).path} was sent once already; "
                    "a change is never sent twice. Read the resource to see what became of it."
                )
            self._sent = True


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One call as the session makes it; the policies write down what happened to it.

    Attributes:
        path: decoded path of the resource, for messages and rate limits.
        attempts: requests that were sent for it.
        token: the token that the last request carried; never shown.
        outcome: status and all headers that a change was answered with, as soon as they came.
        failure: why the last request got no complete answer, or None.
    """

    kind: CallKind
    method: str
    path: str
    client_request_id: str
    change: Change | None = None
    attempts: int = 0
    token: str = field(default="", repr=False)
    answer: "Answer | None" = field(default=None, repr=False)
    outcome: "tuple[int, Mapping[str, str]] | None" = field(default=None, repr=False)
    failure: UnreachableError | None = None

    @property
    def is_change(self) -> bool:
        """Whether the call may change Azure."""
        return self.kind is CallKind.WRITE or self.kind is CallKind.DELETE

    @property
    def title(self) -> str:
        """``METHOD path``, as messages name the call."""
        return f"{self.method} {self.path}"

    @property
    def subscription_id(self) -> str:
        """Casefolded subscription of the path, or "" for a tenant-wide call."""
        return segment_after(self.path, "subscriptions")

    @property
    def vault(self) -> str:
        """Casefolded path of the vault that is read, or ""."""
        folded = self.path.casefold()
        for keyword in ("/vaults/", "/replicationvaults/"):
            head, found, tail = folded.partition(keyword)
            if found:
                return head + found + tail.partition("/")[0]
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service answered to a read.

    Attributes:
        headers: names in lower case; only those that hold no secret.
        body: the bytes, decompressed.
        request_id: the service's request id, or "".
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAnswer:
    """What the service answered to a change; the signed operation URLs are not kept.

    Attributes:
        job_id: last segment of the operation's URL, or "".
        client_request_id: the id that we sent.
    """

    status: int
    job_id: str
    request_id: str = ""
    retry_after_seconds: float = 0.0
    date: datetime | None = None
    client_request_id: str = ""


class Tally:
    """Counts of requests by kind, for reports. Thread-safe."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """Count one."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + 1

    def snapshot(self) -> dict[str, int]:
        """Return the counts so far, sorted by name."""
        with self._lock:
            return dict(sorted(self._counts.items()))


class Sender(Protocol):
    """Sends a prepared request: ``Pipeline.run``, or ``send_request`` of an official client."""

    def __call__(self, request: HttpRequest, *, stream: bool, call: Call) -> HttpResponse:
        """Send and return the response."""
        ...


def segment_after(path: str, keyword: str) -> str:
    """Return the casefolded segment after a keyword of a path, or ""."""
    segments = path.casefold().split("/")
    for index, segment in enumerate(segments[:-1]):
        if segment == keyword:
            return segments[index + 1]
    return ""


def encoded_path(path: str) -> str:
    """Return a path as it stands in a URL.

    Raises:
        ConfigurationError: a segment would not address itself, see `check_segment`.
    """
    return "/" + "/".join([_encoded(segment) for segment in path[1:].split("/")])


@lru_cache(maxsize=4096)
def _encoded(segment: str) -> str:
    return quote(check_segment(segment), safe="")


def path_of(url: str) -> str:
    """Return the decoded path of a URL, without its query."""
    return unquote(urlsplit(url).path)
