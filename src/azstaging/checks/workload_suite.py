"""The workload's own tests passed: every one that was collected ran, and none was excused."""

from azstaging.checks.interface import (
    DAY,
    Verdict,
    WorkloadContext,
    check,
    failed,
    inconclusive,
    passed,
    skipped,
)
from azstaging.model.suites import SuiteRun

_MOST_NAMES = 3
# A session that ends while a test tears down reports its call as passed, and may exit with 0.
_PHASES = ("setup", "call", "teardown")


@check(
    id="workload-suite",
    title="Every test of the workload's suite ran and passed",
    source="the suite that the configuration names",
    lifetime_seconds=DAY,
    scope="workload",
    next_step="Run the suite by hand and look at what it says.",
)
def workload_suite(context: WorkloadContext) -> Verdict:
    """Judge what the recorder saw; the exit code counts only where it disagrees."""
    run = context.suite
    if not context.workload.suite:
        return skipped("the workload names no suite", "Name its suite in the configuration.")
    if run is None:
        return inconclusive("the suite was not run")
    if bad := sorted({phase.test for phase in run.phases if phase.outcome == "failed"}):
        return failed(f"{len(bad)} of {len(run.collected)} tests failed: {_named(bad)}")
    if (missing := _missing(run, context.workload.suite_requires)) and _has_ended(run):
        return failed(f"required, and not passed: {_named(missing)}")
    doubt = _doubt(run) or _other(run, context.workload.suite_sha256)
    if doubt:
        return inconclusive(doubt, run.way_out)
    return passed(f"{len(run.collected)} tests passed, suite {run.digest[:12]}")


def _doubt(run: SuiteRun) -> str:
    """Say why the run proves nothing, or ""."""
    if run.problem:
        return run.problem
    if run.exit_status is None:
        return "the session never ended"
    if run.broken:
        return f"could not be collected: {_named(list(run.broken))}"
    if not run.collected:
        return "no test was collected"
    if run.deselected:
        return f"left out: {_named(list(run.deselected))}"
    if open_ := _open(run):
        return f"{len(open_)} of {len(run.collected)} tests prove nothing: {_named(open_)}"
    if run.exit_status != 0 or run.exit_code != 0:
        return f"the tests passed, and the session ended with {run.exit_status}, {run.exit_code}"
    return ""


def _missing(run: SuiteRun, required: tuple[str, ...]) -> list[str]:
    """Return the required tests that did not pass, in the order of the configuration."""
    open_ = set(_open(run))
    return [test for test in required if test not in run.collected or test in open_]


def _has_ended(run: SuiteRun) -> bool:
    return not run.problem and run.exit_status is not None and not run.broken


def _other(run: SuiteRun, pinned: str) -> str:
    if pinned in {"", run.digest}:
        return ""
    return f"the suite is {run.digest[:12]}, and {pinned[:12]} is pinned"


def _open(run: SuiteRun) -> list[str]:
    """Return the collected tests of which nothing is proven."""
    passed_phases = {(phase.test, phase.when) for phase in run.phases if phase.outcome == "passed"}
    excused = {phase.test for phase in run.phases if phase.outcome == "skipped"}
    excused |= {phase.test for phase in run.phases if phase.expected_failure}
    return [
        test
        for test in run.collected
        if test in excused or any((test, when) not in passed_phases for when in _PHASES)
    ]


def _named(tests: list[str]) -> str:
    more = len(tests) - _MOST_NAMES
    return ", ".join(tests[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
