"""The fault script: what goes wrong, where, when and how often.

A script is an ordered list; of the faults that match a request the first one that is due is
used up by it. ``after`` lets that many matching requests pass first.

Before the effect (the request has not been looked at):
    ``drop``             the connection is closed without an answer
    ``reset``            the connection is reset
    ``status``           an error: ``status``, ``code``, ``message``, ``retry_after_seconds``
    ``redirect``         307 to ``location`` (the same path again by default)
    ``claims``           401 with a claims challenge
    ``registration``     409 MissingSubscriptionRegistration

After the effect (a change has been accepted):
    ``drop-after``       the connection is closed without an answer
    ``status-after``     as ``status``
    ``bare-202``         the answer has no Location, Azure-AsyncOperation, Retry-After
    ``body``             the answer is 200 with ``text`` for its body: empty, HTML, another state
    ``torn``             the body ends after ``bytes`` bytes, short of its Content-Length
    ``null-value``       the list says ``"value": null``
    ``foreign-link``     nextLink leads to ``host``
    ``repeated-link``    nextLink leads to the page that it is on

On the way:
    ``stale-list``       lists still show what has gone
    ``job-failed``       the job of this change will end Failed
    ``job-cancelled``    the job of this change will end Cancelled, as Site Recovery spells it
    ``operation-error``  the job will end Succeeded, its status carries ``error``
    ``change``           ``changes`` are made to ``resource`` (or to what the path names) first
    ``call``             ``call(state)`` is called first (not in files)
    ``slow``             the answer takes ``seconds`` longer
"""

import base64
import threading
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from azstaging.emulator.answers import Answer, error
from azstaging.errors import ConfigurationError

KINDS = frozenset(
    {
        "drop",
        "reset",
        "status",
        "redirect",
        "claims",
        "registration",
        "drop-after",
        "status-after",
        "bare-202",
        "body",
        "torn",
        "null-value",
        "foreign-link",
        "repeated-link",
        "stale-list",
        "job-failed",
        "job-cancelled",
        "operation-error",
        "change",
        "call",
        "slow",
    }
)
RENAMED_NOTE = {
    "code": "28175",
    "message": "The virtual machine was created under a modified name.",
    "details": None,
}


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the script.

    Attributes:
        match: ``METHOD glob`` or ``glob`` over the path without query, compared without case.
        times: how many matching requests it hits; 0 means all.
        after: how many matching requests pass before.
        bytes: for ``torn``: where the body ends.
        text: for ``body``: what is answered.
    """

    match: str
    kind: str
    times: int = 1
    after: int = 0
    status: int = 503
    code: str = ""
    message: str = "The emulator was told to fail."
    retry_after_seconds: float | None = None
    location: str = ""
    host: str = "https://arm.elsewhere.example"
    bytes: int = 10
    text: str = ""
    seconds: float = 0.0
    resource: str = ""
    changes: dict[str, Any] = {}
    error: dict[str, Any] = msgspec.field(default_factory=lambda: dict(RENAMED_NOTE))
    call: Any = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            names = ", ".join(sorted(KINDS))
            raise ConfigurationError(f"There is no fault {self.kind!r}; there are: {names}.")

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this fault concerns a request."""
        verb, blank, glob = self.match.partition(" ")
        if not blank:
            verb, glob = "*", self.match
        same = verb == "*" or verb.upper() == method
        return same and fnmatchcase(path.casefold(), glob.casefold())

    def answer(self, url: str) -> Answer:
        """Return the error that this fault sends."""
        if self.kind == "redirect":
            return Answer(status=307, headers={"Location": self.location or url})
        if self.kind == "claims":
            return _claims()
        if self.kind == "registration":
            return error(
                409,
                "MissingSubscriptionRegistration",
                "The subscription is not registered to use namespace 'Microsoft.Compute'.",
            )
        headers = {}
        if self.retry_after_seconds is not None:
            headers["Retry_After"] = f"{self.retry_after_seconds:g}"
        return error(
            self.status, self.code or _CODES.get(self.status, "Error"), self.message, **headers
        )


_CODES = {
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServerBusy",
}


def _claims() -> Answer:
    wanted = b'{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
    claims = base64.b64encode(wanted).decode()
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    return error(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge.",
        WWW_Authenticate=challenge,
    )


class Script:
    """The faults of one emulator, and how often each has been met."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self.set(faults)

    def set(self, faults: Iterable[Fault]) -> None:
        """Replace the script; counting starts anew."""
        with self._lock:
            self.faults = tuple(faults)
            self._seen = [0] * len(self.faults)

    def add(self, fault: Fault) -> None:
        """Append a fault while the server runs."""
        with self._lock:
            self.faults = (*self.faults, fault)
            self._seen.append(0)

    def next(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits a request, and count it."""
        with self._lock:
            hit: Fault | None = None
            for index, fault in enumerate(self.faults):
                if hit is not None or not fault.matches(method, path):
                    continue
                seen = self._seen[index]
                if fault.times and seen >= fault.after + fault.times:
                    continue
                self._seen[index] = seen + 1
                if seen >= fault.after:
                    hit = fault
            return hit


def faults_from(data: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Read a script from parsed TOML or JSON: ``{"fault": [{"match": ..., "kind": ...}]}``.

    Raises:
        ConfigurationError: a fault is malformed or names no known kind.
    """
    try:
        return tuple(msgspec.convert(row, Fault) for row in data.get("fault", ()))
    except (msgspec.ValidationError, TypeError) as problem:
        raise ConfigurationError(f"The fault script cannot be read: {problem}.") from problem
