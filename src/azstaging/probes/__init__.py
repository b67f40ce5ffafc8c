"""Probes of the migrated machines: TCP, TLS, HTTP, DNS. They look, and judge nothing.

Every attempt is on record and has a deadline; there are few of them. The functions are plain and
their arguments are values, so any ``concurrent.futures.Executor`` can run them, in other
processes or on other machines too.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TypeVar

from azstaging.engine.ports import Progress
from azstaging.model.observations import Answer, Observation, ProbeAttempt
from azstaging.model.suites import Probed, ProbeTask, SuiteContext, SuiteRun
from azstaging.model.waves import Endpoint
from azstaging.probes import dns, http, tcp, tls
from azstaging.probes.pytest_suite import run_suite
from azstaging.probes.seen import Limits, Seen, failure, shown

_PROBES: dict[str, Callable[[Endpoint, float, Limits], Seen]] = {
    "tcp": tcp.probe,
    "tls": tls.probe,
    "http": http.probe,
    "dns": dns.probe,
}
_MOST_THREADS = 16
# An answer may be on its way from another machine when the time is up.
_GRACE_SECONDS = 5.0
_LATE = "not tried: the time of the run was up"
_OVER = "the suite was not run: the time of its workload was up"
_T = TypeVar("_T")


class Probes:
    """Looks at endpoints and runs suites, several at a time.

    Args:
        deadline_seconds: for all attempts on one endpoint.
        attempts: how often an endpoint that does not answer is tried.
        pause_seconds: between two attempts.
        ca_file: PEM file with more trusted roots, or "".
        executor: runs probes and suites, on other machines if it likes (Dask's does); the folder
            of a suite must exist there. Threads of our own when not given.
        suite_seconds: for one run of a workload's suite.
        workload_seconds: for all that is done for one workload; what waits for a free processor
            does not count.
        until: when the run must be over, aware UTC; what is not done by then is not proven.
    """

    def __init__(
        self,
        *,
        deadline_seconds: float = 10.0,
        attempts: int = 2,
        pause_seconds: float = 1.0,
        ca_file: str = "",
        executor: Executor | None = None,
        suite_seconds: float = 300.0,
        workload_seconds: float = 900.0,
        until: datetime | None = None,
    ) -> None:
        self.limits = Limits(
            deadline_seconds=min(deadline_seconds, workload_seconds),
            attempts=attempts,
            pause_seconds=pause_seconds,
            ca_file=ca_file,
            until=until,
        )
        self._executor = executor
        self._suite_seconds = suite_seconds
        self._workload_seconds = workload_seconds

    def look(self, tasks: Sequence[ProbeTask], progress: Progress) -> tuple[Probed, ...]:
        """Look at every endpoint and run every suite; one answer per task. It does not raise."""
        with ExitStack() as stack:
            sockets = self._executor or stack.enter_context(ThreadPoolExecutor(_MOST_THREADS))
            # A suite is a process that computes: more of them than processors gain nothing.
            processes = self._executor or stack.enter_context(
                ThreadPoolExecutor(os.cpu_count() or 1)
            )
            observing = [
                [_submit(sockets, observe_endpoint, e, self.limits) for e in task.endpoints]
                for task in tasks
            ]
            running = []
            for task, futures in zip(tasks, observing, strict=True):
                pairs = zip(task.endpoints, futures, strict=True)
                seen = tuple(self._observed(endpoint, future) for endpoint, future in pairs)
                suite = self._start(processes, task, seen) if task.suite else None
                running.append((seen, suite))
            found = []
            for done, (seen, suite) in enumerate(running, 1):
                ran = None if suite is None else self._ran(suite)
                found.append(Probed(observations=seen or None, suite=ran))
                progress("probe", done, len(running))
        return tuple(found)

    def _start(
        self, processes: Executor, task: ProbeTask, seen: Sequence[Observation]
    ) -> "Future[SuiteRun]":
        """Start a suite with what its workload's endpoints have left of the time."""
        left = self._workload_seconds - max(map(_seconds_of, seen), default=0.0)
        if left <= 0:
            over: Future[SuiteRun] = Future()
            over.set_result(SuiteRun(problem=_OVER))
            return over
        seconds = min(self._suite_seconds, left)
        run = partial(_run_task, seconds=seconds, until=self.limits.until)
        return _submit(processes, run, task)

    def observe(self, endpoints: Sequence[Endpoint]) -> tuple[Observation, ...]:
        """Look at every endpoint; one observation each, in their order. It does not raise."""
        task = ProbeTask(endpoints=tuple(endpoints), context=SuiteContext(workload=""))
        return self.look([task], lambda *_: None)[0].observations or ()

    def run_suite(self, folder: str, context: SuiteContext) -> SuiteRun:
        """Run the pytest files of a folder in a process of their own. It does not raise."""
        return run_suite(
            Path(folder),
            context,
            deadline_seconds=self._suite_seconds,
            until=self.limits.until,
        )

    def _seconds_left(self) -> float | None:
        """Return how long to wait for an answer from elsewhere; None for ever."""
        if self.limits.until is None:
            return None
        return max(0.0, (self.limits.until - _now()).total_seconds() + _GRACE_SECONDS)

    def _observed(self, endpoint: Endpoint, future: "Future[Observation]") -> Observation:
        try:
            return future.result(self._seconds_left())
        except Exception as error:  # noqa: BLE001 - a lost worker is an observation, not the end
            future.cancel()
            lost = ProbeAttempt(
                at=_now(),
                answer=Answer.UNREACHABLE,
                detail=f"the probe was lost: {type(error).__name__}",
            )
        return Observation(kind=endpoint.kind, address=shown(endpoint.address), attempts=(lost,))

    def _ran(self, future: "Future[SuiteRun]") -> SuiteRun:
        try:
            return future.result(self._seconds_left())
        except Exception as error:  # noqa: BLE001 - a lost worker proves nothing, and is not the end
            future.cancel()
            return SuiteRun(problem=f"the run of the suite was lost: {type(error).__name__}")


def _seconds_of(observation: Observation) -> float:
    return sum(attempt.elapsed_ms for attempt in observation.attempts) / 1000


def _submit(executor: Executor, work: Callable[..., _T], *arguments: object) -> "Future[_T]":
    """Hand work over; an executor that takes none gives a failed future."""
    try:
        return executor.submit(work, *arguments)
    except Exception as error:  # noqa: BLE001 - an executor that is gone is not the end of the run
        refused: Future[_T] = Future()
        refused.set_exception(error)
        return refused


def _run_task(task: ProbeTask, *, seconds: float, until: datetime | None) -> SuiteRun:
    return run_suite(Path(task.suite), task.context, deadline_seconds=seconds, until=until)


def observe_endpoint(endpoint: Endpoint, limits: Limits) -> Observation:
    """Try one endpoint until it answers, attempts are used up, or time is."""
    attempts: list[ProbeAttempt] = []
    seconds = limits.deadline_seconds
    if limits.until is not None:
        seconds = min(seconds, (limits.until - _now()).total_seconds())
        if seconds <= 0:
            late = ProbeAttempt(at=_now(), answer=Answer.UNREACHABLE, detail=_LATE)
            return Observation(
                kind=endpoint.kind, address=shown(endpoint.address), attempts=(late,)
            )
    end = time.monotonic() + seconds
    seen = Seen(answer=Answer.UNREACHABLE, detail="not tried")
    for left in range(max(1, limits.attempts), 0, -1):
        if attempts:
            time.sleep(max(0.0, min(limits.pause_seconds, end - time.monotonic())))
        budget = (end - time.monotonic()) / left
        if budget <= 0 and attempts:
            break
        at, started = _now(), time.monotonic()
        seen = _attempt(endpoint, budget, limits)
        elapsed = int((time.monotonic() - started) * 1000)
        seen = _in_time(endpoint, seen, elapsed)
        attempts.append(
            ProbeAttempt(at=at, answer=seen.answer, detail=seen.detail, elapsed_ms=elapsed)
        )
        if seen.answer is Answer.ANSWERED:
            break
    return Observation(
        kind=endpoint.kind,
        address=shown(endpoint.address),
        attempts=tuple(attempts),
        addresses=seen.addresses,
        certificate_expires=seen.certificate_expires,
    )


def _attempt(endpoint: Endpoint, seconds: float, limits: Limits) -> Seen:
    """Try once within ``seconds``: a resolver or a server that drips cannot hold us longer."""
    probe = _PROBES.get(endpoint.kind)
    if probe is None:
        return Seen(answer=Answer.UNREACHABLE, detail=f"{endpoint.kind!r} is no kind of probe")
    found: list[Seen] = []

    def run() -> None:
        try:
            found.append(probe(endpoint, seconds, limits))
        except Exception as error:  # noqa: BLE001 - every failure is an observation
            found.append(failure(error))

    worker = threading.Thread(target=run, daemon=True, name=f"probe-{endpoint.kind}")
    worker.start()
    worker.join(seconds)
    return found[0] if found else Seen(answer=Answer.TIMEOUT, detail="no answer in time")


def _in_time(endpoint: Endpoint, seen: Seen, elapsed_ms: int) -> Seen:
    """Return a good answer that came later than it may as a wrong one."""
    if seen.answer is not Answer.ANSWERED or endpoint.max_ms is None:
        return seen
    if elapsed_ms <= endpoint.max_ms:
        return seen
    late = f"{seen.detail} after {elapsed_ms} ms, more than {endpoint.max_ms}"
    return replace(seen, answer=Answer.WRONG, detail=late)


def _now() -> datetime:
    return datetime.now(timezone.utc)
