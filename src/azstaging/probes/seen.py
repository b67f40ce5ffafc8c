"""What one attempt of a probe saw, and what its failures mean."""

import errno
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from azstaging.model.observations import Answer

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One attempt, before it gets its time; `Observation` has the meanings."""

    answer: Answer
    detail: str
    addresses: tuple[str, ...] = ()
    certificate_expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far the probes of one endpoint may go.

    Attributes:
        deadline_seconds: for all attempts together.
        attempts: at least 1.
        pause_seconds: between attempts.
        ca_file: PEM file of more trusted roots, or "".
        until: when the run must be over, aware UTC, or None.
    """

    deadline_seconds: float = 10.0
    attempts: int = 2
    pause_seconds: float = 1.0
    ca_file: str = ""
    until: datetime | None = None


def split(address: str) -> SplitResult:
    """Split ``host:port``, ``[v6]:port`` or a URL.

    Raises:
        ValueError: the port is no port.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    _ = parts.port
    return parts


def shown(address: str) -> str:
    """Return an address as it may be recorded: no user, password, query or fragment."""
    try:
        parts = split(address)
    except ValueError:
        return address.rpartition("@")[2].partition("?")[0]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = f":{parts.port}" if parts.port is not None else ""
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    return f"{scheme}{host}{port}{parts.path}"


def failure(error: Exception) -> Seen:
    """Say what an exception of the network means."""
    if isinstance(error, ssl.SSLError):
        return Seen(answer=Answer.WRONG, detail=_tls_detail(error))
    if isinstance(error, OSError):
        return _network_failure(error)
    if isinstance(error, ValueError):
        return Seen(answer=Answer.UNREACHABLE, detail="the address is not understood")
    # The message of an arbitrary error may hold what was sent or received; its type may not.
    return Seen(answer=Answer.WRONG, detail=f"not understood: {type(error).__name__}")


def _tls_detail(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    return f"TLS: {error.reason or 'handshake failed'}"


def _network_failure(error: OSError) -> Seen:
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return Seen(answer=Answer.UNREACHABLE, detail="the name server did not answer")
        return Seen(answer=Answer.UNRESOLVED, detail="the name has no address")
    if isinstance(error, TimeoutError):
        return Seen(answer=Answer.TIMEOUT, detail="no answer in time")
    if isinstance(error, ConnectionRefusedError):
        return Seen(answer=Answer.REFUSED, detail="connection refused")
    if error.errno in _NO_ROUTE:
        return Seen(answer=Answer.UNREACHABLE, detail="no route from here")
    return Seen(answer=Answer.WRONG, detail=f"connection broken: {type(error).__name__}")
