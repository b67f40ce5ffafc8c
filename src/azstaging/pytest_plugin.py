"""The pytest plugin of workload suites: fixtures with the workload, and a recorder.

A suite is a folder of pytest files. ``azstaging check`` runs it in a process of its own and
judges what this recorder saw, never the exit code alone. By hand:
``pytest -p azstaging.pytest_plugin --azstaging-context context.json tests/payroll``.
This module imports nothing of Azure.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from azstaging.model.suites import SuiteContext, SuiteItem, SuiteTarget
from azstaging.rules.canonical import from_plain

_LONGEST_ID = 300


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two files: what the suite is given, and where its run is recorded."""
    group = parser.getgroup("azstaging", "workload suites of azstaging")
    group.addoption("--azstaging-context", metavar="FILE", help="JSON with the workload")
    group.addoption("--azstaging-record", metavar="FILE", help="where the run is recorded")


def pytest_configure(config: pytest.Config) -> None:
    """Start the recorder where one is wanted."""
    record = config.getoption("--azstaging-record")
    if record:
        config.pluginmanager.register(_Recorder(Path(record)), "azstaging-recorder")


class _Recorder:
    """Writes one JSON line per event, at once: what was not written did not happen.

    Ids and outcomes only. Messages, output and locals of tests may hold secrets and are left out.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def _write(self, event: str, **fields: Any) -> None:
        self._file.write(json.dumps({"event": event, **fields}) + "\n")
        self._file.flush()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._write("collected", tests=[_id(item.nodeid) for item in session.items])

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._write("deselected", tests=[_id(item.nodeid) for item in items])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write("broken", test=_id(report.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._write(
            "phase",
            test=_id(report.nodeid),
            when=report.when,
            outcome=report.outcome,
            expected_failure=hasattr(report, "wasxfail"),
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write("end", status=int(exitstatus))

    def pytest_unconfigure(self) -> None:
        self._file.close()


def _id(nodeid: str) -> str:
    return nodeid[:_LONGEST_ID]


@pytest.fixture(scope="session")
def workload(pytestconfig: pytest.Config) -> SuiteContext:
    """Return the workload: name, owner, criticality, endpoints, items."""
    path = pytestconfig.getoption("--azstaging-context")
    if not path:
        pytest.skip("no workload: run through azstaging check, or give --azstaging-context")
    return from_plain(SuiteContext, json.loads(Path(path).read_text("utf-8")))


@pytest.fixture(scope="session")
def items(workload: SuiteContext) -> tuple[SuiteItem, ...]:
    """Return the workload's items, in the order of the inventory."""
    return workload.items


@pytest.fixture(scope="session")
def target(items: tuple[SuiteItem, ...]) -> Callable[[str], SuiteTarget]:
    """Return a function that gives the target machine of an item, by the item's name or id.

    It fails the test when there is no such item, when several have the name, or when the item
    has no target.
    """

    def find(name: str) -> SuiteTarget:
        wanted = name.casefold()
        found = [item for item in items if wanted in {item.name.casefold(), item.id.casefold()}]
        if len(found) != 1:
            pytest.fail(f"{len(found)} items of the workload are called {name!r}.")
        machine = found[0].target
        if machine is None:
            pytest.fail(f"{name!r} has no target machine.")
        return machine

    return find
