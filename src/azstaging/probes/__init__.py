"""Probes of the migrated machines: TCP, TLS, HTTP, DNS. They look, and judge nothing.

Every attempt is on record and has a deadline; there are few of them. The functions are plain and
their arguments are values, so any ``concurrent.futures.Executor`` can run them, in other
processes or on other machines too.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

from azstaging.model.observations import Answer, Observation, ProbeAttempt
from azstaging.model.suites import SuiteContext, SuiteRun
from azstaging.model.waves import Endpoint
from azstaging.probes import dns, http, tcp, tls
from azstaging.probes.pytest_suite import run_suite
from azstaging.probes.seen import Limits, Seen, failure, shown

_PROBES: dict[str, Callable[[str, float, Limits], Seen]] = {
    "tcp": tcp.probe,
    "tls": tls.probe,
    "http": http.probe,
    "dns": dns.probe,
}
_MOST_THREADS = 16


class Probes:
    """Looks at endpoints, several at a time.

    Args:
        deadline_seconds: for all attempts on one endpoint.
        attempts: how often an endpoint that does not answer is tried.
        pause_seconds: between two attempts.
        ca_file: PEM file with more trusted roots, or "".
        executor: runs the probes; threads of our own when not given.
        suite_seconds: for one run of a workload's suite.
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
    ) -> None:
        self.limits = Limits(
            deadline_seconds=deadline_seconds,
            attempts=attempts,
            pause_seconds=pause_seconds,
            ca_file=ca_file,
        )
        self._executor = executor
        self._suite_seconds = suite_seconds

    def observe(self, endpoints: Sequence[Endpoint]) -> tuple[Observation, ...]:
        """Look at every endpoint; one observation each, in their order. It does not raise."""
        if not endpoints:
            return ()
        if self._executor is not None:
            return self._observe(self._executor, endpoints)
        with ThreadPoolExecutor(min(_MOST_THREADS, len(endpoints))) as threads:
            return self._observe(threads, endpoints)

    def run_suite(self, folder: str, context: SuiteContext) -> SuiteRun:
        """Run the pytest files of a folder in a process of their own. It does not raise."""
        return run_suite(Path(folder), context, deadline_seconds=self._suite_seconds)

    def _observe(
        self, executor: Executor, endpoints: Sequence[Endpoint]
    ) -> tuple[Observation, ...]:
        futures = [executor.submit(observe_endpoint, each, self.limits) for each in endpoints]
        pairs = zip(endpoints, futures, strict=True)
        return tuple(_result(endpoint, future) for endpoint, future in pairs)


def _result(endpoint: Endpoint, future: "Future[Observation]") -> Observation:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - a lost worker is an observation, not the end
        lost = ProbeAttempt(
            at=_now(),
            answer=Answer.UNREACHABLE,
            detail=f"the probe was lost: {type(error).__name__}",
        )
        return Observation(kind=endpoint.kind, address=shown(endpoint.address), attempts=(lost,))


def observe_endpoint(endpoint: Endpoint, limits: Limits) -> Observation:
    """Try one endpoint until it answers, attempts are used up, or time is."""
    attempts: list[ProbeAttempt] = []
    end = time.monotonic() + limits.deadline_seconds
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
            found.append(probe(endpoint.address, seconds, limits))
        except Exception as error:  # noqa: BLE001 - every failure is an observation
            found.append(failure(error))

    worker = threading.Thread(target=run, daemon=True, name=f"probe-{endpoint.kind}")
    worker.start()
    worker.join(seconds)
    return found[0] if found else Seen(answer=Answer.TIMEOUT, detail="no answer in time")


def _now() -> datetime:
    return datetime.now(timezone.utc)
