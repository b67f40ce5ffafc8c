"""ARM's rate limit: one token bucket per identity, subscription and kind of request."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How large a bucket is and how fast it fills."""

    burst: float
    per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The published figures of ARM; smaller ones make a quick test."""

    reads: Rate = Rate(burst=250, per_second=25)
    writes: Rate = Rate(burst=200, per_second=10)
    deletes: Rate = Rate(burst=200, per_second=10)

    def rate(self, kind: str) -> Rate:
        """Return the rate of ``reads``, ``writes`` or ``deletes``."""
        return {"reads": self.reads, "writes": self.writes, "deletes": self.deletes}[kind]


@dataclass(slots=True, kw_only=True)
class Buckets:
    """The buckets; ``seconds`` is a clock in seconds."""

    throttle: Throttle
    seconds: Callable[[], float]
    _levels: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)

    def take(self, identity: str, subscription: str, kind: str) -> tuple[int, int]:
        """Take one token and return (tokens left, seconds to wait); 0 seconds means granted.

        A refused request takes nothing.
        """
        rate = self.throttle.rate(kind)
        now = self.seconds()
        key = (identity, subscription.casefold(), kind)
        level, at = self._levels.get(key, (rate.burst, now))
        level = min(rate.burst, level + max(0.0, now - at) * rate.per_second)
        wait = 0 if level >= 1 else max(1, math.ceil((1 - level) / rate.per_second))
        level -= 0 if wait else 1
        self._levels[key] = (level, now)
        return int(level), wait
