"""Every test that another tool ran passed. What a file says is believed, and marked as imported."""

from azstaging.checks.interface import (
    DAY,
    Verdict,
    WorkloadContext,
    check,
    failed,
    inconclusive,
    passed,
)

_MOST_NAMES = 3


@check(
    id="imported-results",
    title="Every test of the imported results passed",
    source="the file that was imported: JUnit, NUnit or Pester XML, InSpec or Goss JSON",
    lifetime_seconds=DAY,
    scope="workload",
    on_request=True,
    next_step="Look at the tool's own report, mend the cause, and import the next results.",
)
def imported_results(context: WorkloadContext) -> Verdict:
    """Judge the tests of the file; skipped ones prove nothing, and neither does an empty file."""
    found = context.imported
    if found is None:
        return inconclusive("no results were imported", "Run azstaging check --import FILE.")
    origin = f"imported from {found.format}"
    bad = [test.name for test in found.tests if test.outcome == "failed"]
    if bad:
        return failed(f"{origin}: {len(bad)} of {len(found.tests)} tests failed: {_named(bad)}")
    if found.disagreement:
        return inconclusive(f"{origin}: {found.disagreement}")
    if not found.tests:
        return inconclusive(f"{origin}: no test is in the file")
    unproven = [test.name for test in found.tests if test.outcome != "passed"]
    if unproven:
        count = f"{len(unproven)} of {len(found.tests)}"
        return inconclusive(f"{origin}: {count} tests prove nothing: {_named(unproven)}")
    return passed(f"{origin}: {len(found.tests)} tests passed, file {found.sha256[:12]}")


def _named(tests: list[str]) -> str:
    more = len(tests) - _MOST_NAMES
    return ", ".join(tests[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
