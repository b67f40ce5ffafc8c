"""Paces requests so that the service hardly ever has to say 429.

ARM counts reads, writes and deletes per subscription in token buckets that it publishes. We
keep the same buckets, filled to 96 % of the published figures for reads and 90 % for the rest,
and drain them on a 429.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from azstaging.azure.calls import Call, CallKind
from azstaging.errors import DeadlineReachedError, Effect, ThrottledError

# The longest that one wait may last; beyond it the caller is told, so that it can leave.
MAX_WAIT_SECONDS = 120.0
# Less than this would be shown as 0.0 s.
_SHOWN_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast we ask: a little less than ARM publishes, and what one vault is spared.

    Attributes:
        vault_reads_per_second: reads of one vault; 0 switches the bucket off.
        queries_per_second: Resource Graph, which publishes 15 queries in 5 seconds.
    """

    read_burst: float = 240.0
    reads_per_second: float = 24.0
    change_burst: float = 180.0
    changes_per_second: float = 9.0
    query_burst: float = 13.0
    queries_per_second: float = 2.7
    vault_read_burst: float = 16.0
    vault_reads_per_second: float = 8.0


class TimeBudget:
    """The clock of a session: when it must be done, and every wait goes through it."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        deadline: float | None = None,
    ) -> None:
        self.monotonic = monotonic
        self.deadline = deadline
        self._sleep = sleep

    def remaining_seconds(self) -> float | None:
        """Return the seconds left, never below 0; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - self.monotonic())

    def require(self, seconds: float, what: str) -> None:
        """Check that there is more time left than ``seconds``.

        Raises:
            DeadlineReachedError: there is not.
        """
        left = self.remaining_seconds()
        if left is not None and left <= seconds:
            why = "the time budget is used up"
            if left >= _SHOWN_SECONDS:
                why = f"{left:.1f} s are left of the time budget, and it may need {seconds:.1f} s"
            raise DeadlineReachedError(f"{what} was not sent: {why}. Nothing was changed.")

    def wait(self, seconds: float, what: str) -> None:
        """Wait, unless the wait is longer than the cap or than the time that is left.

        Raises:
            ThrottledError: longer than the cap; nothing was waited.
            DeadlineReachedError: longer than the time left; nothing was waited.
        """
        if seconds <= 0:
            return
        if seconds > MAX_WAIT_SECONDS:
            raise ThrottledError(
                f"{what}: the service asks to wait {seconds:.0f} s, more than "
                f"{MAX_WAIT_SECONDS:.0f} s. It was not sent again; nothing was changed.",
                effect=Effect.NONE,
                retry_after_seconds=seconds,
                operation=what,
            )
        self.require(seconds, what)
        self._sleep(seconds)


class TokenBucket:
    """One bucket: ``reserve`` takes a token, on credit if need be, and tells the wait."""

    def __init__(self, *, burst: float, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._tokens = burst
        self._at = now
        self._blocked_until = now

    def reserve(self, now: float) -> float:
        """Take one token and return the seconds to wait before it may be used."""
        self._refill(now)
        blocked = max(0.0, self._blocked_until - now)
        if blocked > MAX_WAIT_SECONDS:
            return blocked
        self._tokens -= 1.0
        return blocked + max(0.0, -self._tokens / self._per_second)

    def drain(self, now: float, seconds: float) -> None:
        """Empty the bucket: the service has said 429 and named a wait."""
        self._refill(now)
        self._tokens = min(self._tokens, 0.0)
        self._blocked_until = max(self._blocked_until, now + seconds)

    def _refill(self, now: float) -> None:
        # A drained bucket stays empty until the service's wait is over.
        start = max(self._at, min(self._blocked_until, now))
        self._tokens = min(self._burst, self._tokens + (now - start) * self._per_second)
        self._at = now


class Throttle:
    """All buckets of a session, and the cap on requests in flight. Thread-safe."""

    def __init__(self, *, rates: Rates, max_in_flight: int, budget: TimeBudget) -> None:
        self._rates = rates
        self._budget = budget
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(max_in_flight)

    @contextmanager
    def slot(self, call: Call) -> Iterator[None]:
        """Wait for the call's turn, then hold one of the slots in flight.

        Raises:
            ThrottledError, DeadlineReachedError: see `TimeBudget.wait`.
        """
        with self._lock:
            now = self._budget.monotonic()
            wait = max((bucket.reserve(now) for bucket in self._of(call)), default=0.0)
        self._budget.wait(wait, call.title)
        with self._slots:
            yield

    def drain(self, call: Call, seconds: float) -> None:
        """Empty the call's bucket of its subscription after a 429."""
        with self._lock:
            now = self._budget.monotonic()
            for bucket in self._of(call)[:1]:
                bucket.drain(now, seconds)

    def _of(self, call: Call) -> list[TokenBucket]:
        rates = self._rates
        if call.kind is CallKind.QUERY:
            return [self._bucket("query", "", rates.query_burst, rates.queries_per_second)]
        if call.kind is not CallKind.READ:
            kind, scope = call.kind.value, call.subscription_id
            return [self._bucket(kind, scope, rates.change_burst, rates.changes_per_second)]
        scope = call.subscription_id
        found = [self._bucket("read", scope, rates.read_burst, rates.reads_per_second)]
        if call.vault and rates.vault_reads_per_second > 0:
            burst, per_second = rates.vault_read_burst, rates.vault_reads_per_second
            found.append(self._bucket("vault", call.vault, burst, per_second))
        return found

    def _bucket(self, kind: str, scope: str, burst: float, per_second: float) -> TokenBucket:
        key = (kind, scope)
        if key not in self._buckets:
            now = self._budget.monotonic()
            self._buckets[key] = TokenBucket(burst=burst, per_second=per_second, now=now)
        return self._buckets[key]
