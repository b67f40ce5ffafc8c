"""Reads side by side; what cannot be read becomes a gap instead of a shorter list."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextvars import copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar

from azstaging.engine.ports import Json, Progress, Sleep
from azstaging.errors import (
    AccessDeniedError,
    ConfigurationError,
    NotFoundError,
    ServiceError,
    StagingError,
    ThrottledError,
    UnexpectedResponseError,
    UnreachableError,
)
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.inventory import Gap

T = TypeVar("T")

_REASONS: tuple[tuple[type[StagingError], str], ...] = (
    (AccessDeniedError, "forbidden"),
    (NotFoundError, "not-found"),
    (ThrottledError, "throttled"),
    (UnreachableError, "unreachable"),
    (UnexpectedResponseError, "unexpected-response"),
    # An id of the service's own that is not safe to put into a URL.
    (ConfigurationError, "unexpected-response"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[T]):
    """One read, and what it means when it fails.

    Attributes:
        what: what is read, in the words of the service.
        scope: what is unread when it fails.
        permission: the action that it needs, exact.
        covers_items: whether items may hide in what is unread.
        may_be_absent: a 404 is an answer (None), not a gap.
        optional: another way is tried when it fails; it leaves no gap.
        needed: nothing can be known without it, so that it is a gap only when the service says
            403 or 404; every other failure is raised.
    """

    what: str
    scope: ResourceId
    permission: str
    call: Callable[[], T]
    covers_items: bool = True
    may_be_absent: bool = False
    optional: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[T]):
    """What a read gave: a value, nothing because there is nothing, or a gap."""

    value: T | None = None
    gap: Gap | None = None


class Reads:
    """Runs reads in threads, and keeps the gaps and the counts of one inventory.

    Authentication, the deadline and everything that is no answer of the service are raised: no
    inventory can be made of them.
    """

    def __init__(
        self,
        executor: Executor,
        progress: Progress | None = None,
        *,
        first: Executor | None = None,
    ) -> None:
        self._executor = executor
        self._first = first or executor
        self._progress = progress
        self._lock = threading.Lock()
        self._gaps: dict[tuple[str, str, str, str], Gap] = {}
        self._counts: Counter[str] = Counter()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps so far, sorted by scope; one for many failures of one kind at one scope."""
        with self._lock:
            return tuple(sorted(self._gaps.values(), key=lambda gap: (gap.scope, gap.detail)))

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many reads of each kind were made, sorted by kind."""
        with self._lock:
            return tuple(sorted(self._counts.items()))

    def note(self, gap: Gap, what: str = "") -> None:
        """Keep a gap; of many of one kind the same one, whichever came first."""
        key = (gap.scope.key, gap.reason, gap.permission, what)
        with self._lock:
            self._gaps[key] = min(self._gaps.get(key, gap), gap, key=_text_of)

    def start(self, read: Read[T], *, first: bool = False) -> "Future[Result[T]]":
        """Start one read; with ``first`` it waits behind others of its kind only."""
        executor = self._first if first else self._executor
        # Spans of the thread that asks are the parents of those of the thread that reads.
        return executor.submit(copy_context().run, self._attempt, read)

    def cancel_waiting(self) -> None:
        """Send nothing of what still waits; what is in flight is not waited for."""
        for executor in (self._executor, self._first):
            executor.shutdown(wait=False, cancel_futures=True)

    def run(self, reads: Iterable[Read[T]], step: str) -> list[Result[T]]:
        """Run reads side by side and return their results in the order of the reads."""
        futures = [self.start(read) for read in reads]
        return self.collect(futures, step)

    def now(self, read: Read[T]) -> Result[T]:
        """Run one read in this thread."""
        return self._attempt(read)

    def collect(
        self,
        futures: Sequence["Future[Result[T]]"],
        step: str,
        then: Callable[[int], None] = lambda _index: None,
    ) -> list[Result[T]]:
        """Wait for started reads, and say how far they are.

        Args:
            futures: as they were started.
            step: what is read.
            then: called with the index of each as it is there, while others are being read.
        """
        results = []
        for done, future in enumerate(futures, start=1):
            results.append(future.result())
            then(done - 1)
            if self._progress:
                self._progress(step, done, len(futures))
        return results

    def as_they_come(self, futures: Sequence["Future[Result[T]]"], step: str) -> Iterator[int]:
        """Yield the index of each started read when its result is there, and say how far they are.

        Args:
            futures: as they were started.
            step: what is read.
        """
        indices = {future: index for index, future in enumerate(futures)}
        for done, future in enumerate(as_completed(indices), start=1):
            yield indices[future]
            if self._progress:
                self._progress(step, done, len(futures))

    def _attempt(self, read: Read[T]) -> Result[T]:
        with self._lock:
            self._counts[read.what] += 1
        try:
            return Result(value=read.call())
        except NotFoundError as error:
            if read.may_be_absent:
                return Result()
            return self._failed(read, error)
        except (ServiceError, ConfigurationError) as error:
            if read.needed and not isinstance(error, AccessDeniedError):
                raise
            return self._failed(read, error)

    def _failed(self, read: Read[T], error: StagingError) -> Result[T]:
        gap = gap_of(read, error)
        if read.optional:
            return Result(gap=gap)
        self.note(gap, read.what)
        return Result(gap=gap)


def _text_of(gap: Gap) -> tuple[str, str]:
    return gap.scope.text, gap.detail


def give_way(sleep: Sleep = time.sleep) -> None:  # noqa: TID251 - nothing is waited for
    """Let a thread that waits for the interpreter go first: it may have an answer to take."""
    sleep(0)


def listed_id(row: Json, what: str) -> ResourceId:
    """Return the id of a row of a list.

    Raises:
        UnexpectedResponseError: it has none; passed by, the list would be shorter.
    """
    found = parse_id(row.get("id"))
    if found is None:
        raise UnexpectedResponseError(f"One of the {what} was listed without an ARM id.")
    return found


def gap_of(read: Read[T], error: StagingError) -> Gap:
    """Turn the failure of a read into a gap."""
    reason = next((word for kind, word in _REASONS if isinstance(error, kind)), "service-error")
    permission = ""
    if isinstance(error, AccessDeniedError):
        permission = error.permission or read.permission
    return Gap(
        scope=read.scope,
        reason=reason,
        detail=f"{read.what} could not be read: {error}",
        permission=permission,
        covers_items=read.covers_items,
    )
