"""What probes saw: every attempt, with no judgement. Checks judge."""

import enum
from dataclasses import dataclass
from datetime import datetime


class Answer(enum.Enum):
    """How one attempt ended.

    ``ANSWERED`` is the only good one. ``UNREACHABLE`` says something about the machine that
    probes, not about the endpoint: no route, no name server, the deadline of the run.
    """

    ANSWERED = "answered"
    WRONG = "wrong"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAttempt:
    """One attempt.

    Attributes:
        detail: a few words, e.g. ``HTTP 200`` or ``certificate has expired``.
        elapsed_ms: from its start to its end, in milliseconds.
    """

    at: datetime
    answer: Answer
    detail: str
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """All attempts on one endpoint, in order; the last one decides.

    Attributes:
        kind: tcp, tls, http or dns.
        address: the endpoint without user, password, query and fragment.
        addresses: IP addresses that answered or that the name has, sorted.
        certificate_expires: of the server's certificate, aware UTC, or None.
    """

    kind: str
    address: str
    attempts: tuple[ProbeAttempt, ...]
    addresses: tuple[str, ...] = ()
    certificate_expires: datetime | None = None

    @property
    def last(self) -> ProbeAttempt | None:
        """The attempt that decides, or None when nothing was tried."""
        return self.attempts[-1] if self.attempts else None
