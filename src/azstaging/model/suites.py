"""Workload suites: what a suite is given, and what was recorded of its run."""

from dataclasses import dataclass

from azstaging.model.observations import Observation
from azstaging.model.waves import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTarget:
    """The migrated machine, as a suite sees it.

    Attributes:
        addresses: private IP addresses, the primary one first.
    """

    id: str
    name: str
    computer_name: str = ""
    location: str = ""
    size: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteItem:
    """One item of the workload, as a suite sees it."""

    id: str
    name: str
    provider: str = ""
    target: SuiteTarget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteContext:
    """What a suite is given: plain values, no credential."""

    workload: str
    owner: str = ""
    criticality: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    items: tuple[SuiteItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitePhase:
    """One phase of one test.

    Attributes:
        when: setup, call or teardown.
        outcome: passed, failed or skipped, as pytest says.
        expected_failure: the test is marked xfail.
    """

    test: str
    when: str
    outcome: str
    expected_failure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """What the recorder saw of one run of a suite. Its exit code alone proves nothing.

    Attributes:
        problem: why it could not be run or did not end, or "".
        way_out: what to do about that, where it is known, or "".
        digest: SHA-256 over the suite's files, hexadecimal, or "".
        collected: ids of the tests that were to run, in their order.
        deselected: ids of tests that were collected and left out.
        broken: ids of modules that could not be collected.
        exit_status: what the session said at its end, or None when it never ended.
        exit_code: what the process said, or None.
    """

    problem: str = ""
    way_out: str = ""
    digest: str = ""
    collected: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    phases: tuple[SuitePhase, ...] = ()
    exit_status: int | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTask:
    """What is to be looked at for one workload: plain values, fit for another machine.

    Attributes:
        suite: folder of pytest files, or "".
    """

    endpoints: tuple[Endpoint, ...] = ()
    suite: str = ""
    context: SuiteContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What was seen of one workload.

    Attributes:
        observations: one per endpoint, in their order; None when the workload names none.
        suite: None when the workload names none.
    """

    observations: tuple[Observation, ...] | None = None
    suite: SuiteRun | None = None
