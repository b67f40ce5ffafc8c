"""Suites in real processes: every way in which a green exit code can lie."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from azstaging.checks.interface import Verdict, WorkloadContext
from azstaging.checks.workload_suite import workload_suite
from azstaging.model.suites import SuiteContext, SuiteItem, SuiteRun, SuiteTarget
from azstaging.model.waves import Endpoint, Workload
from azstaging.probes import Probes
from azstaging.probes.pytest_suite import digest_of, read_record, run_suite
from azstaging.rules.canonical import to_plain

CONTEXT = SuiteContext(
    workload="Payroll",
    owner="payroll@contoso.example",
    endpoints=(Endpoint(kind="tcp", address="10.20.0.4:1433"),),
    items=(
        SuiteItem(
            id="/subscriptions/s/items/APP-01",
            name="APP-01",
            target=SuiteTarget(
                id="/subscriptions/s/vm", name="app-01", addresses=("10.20.0.4", "10.20.0.5")
            ),
        ),
        SuiteItem(id="/subscriptions/s/items/twin-1", name="APP-07"),
        SuiteItem(id="/subscriptions/s/items/twin-2", name="APP-07"),
        SuiteItem(id="/subscriptions/s/items/bare", name="BARE"),
    ),
)
ONE_FAILS = "def test_a():\n    pass\n\ndef test_b():\n    assert 1 == 2\n"


@pytest.fixture
def suite(tmp_path: Path):
    """Write a suite and run it."""

    def run(files: dict[str, str] | str, *, seconds: float = 60.0) -> SuiteRun:
        folder = tmp_path / "suite"
        folder.mkdir(exist_ok=True)
        for name, text in ({"test_pay.py": files} if isinstance(files, str) else files).items():
            (folder / name).write_text(textwrap.dedent(text), "utf-8")
        return run_suite(folder, CONTEXT, deadline_seconds=seconds)

    return run


def verdict(run: SuiteRun, **pinned) -> Verdict:
    context = WorkloadContext(
        now=datetime(2026, 1, 31, tzinfo=timezone.utc),
        workload=Workload(name="Payroll", items=("*",), suite="tests/payroll", **pinned),
        rows=(),
        suite=run,
    )
    return workload_suite.judge(context)


@pytest.mark.parametrize(
    ("files", "outcome", "detail"),
    [
        ("def test_a():\n    pass\n\ndef test_b():\n    pass\n", "pass", "2 tests passed"),
        (ONE_FAILS, "fail", "test_pay.py::test_b"),
        (
            "import pytest\n\n@pytest.mark.skip\ndef test_a():\n    assert False\n",
            "inconclusive",
            "prove nothing",
        ),
        (
            "import pytest\n\n@pytest.mark.xfail\ndef test_a():\n    assert False\n",
            "inconclusive",
            "prove nothing",
        ),
        (
            "import pytest\n\n@pytest.mark.xfail\ndef test_a():\n    pass\n",
            "fail",
            "1 of 1 tests failed",
        ),
        ("x = 1\n", "inconclusive", "no test was collected"),
        (
            (
                "import pytest\n\ndef test_a():\n    pytest.exit('bye', returncode=0)\n"
                "\ndef test_b():\n    assert False\n"
            ),
            "inconclusive",
            "2 of 2 tests prove nothing",
        ),
        (
            (
                "import pytest\n\n@pytest.fixture\ndef db():\n    yield\n"
                "    pytest.exit('bye', returncode=0)\n\ndef test_a(db):\n    pass\n"
            ),
            "inconclusive",
            "1 of 1 tests prove nothing",
        ),
        (
            (
                "class TestA:\n    def __init__(self):\n        pass\n\n    def test_a(self):\n"
                "        assert False\n\ndef test_b():\n    pass\n"
            ),
            "inconclusive",
            "could not be collected",
        ),
        (
            (
                "import threading\n\ndef test_a():\n"
                "    one = threading.Thread(target=lambda: 1 / 0)\n"
                "    one.start()\n    one.join()\n"
            ),
            "fail",
            "test_a",
        ),
        (
            "import os\n\ndef test_a():\n    pass\n\ndef test_b():\n    os._exit(0)\n",
            "inconclusive",
            "never ended",
        ),
        (
            {"conftest.py": "import os\nos._exit(0)\n", "test_pay.py": ONE_FAILS},
            "inconclusive",
            "pytest did not start",
        ),
        (
            {"pytest.ini": "[pytest]\naddopts = -k test_a\n", "test_pay.py": ONE_FAILS},
            "fail",
            "test_b",
        ),
        ("import no_such_module\n\ndef test_a():\n    pass\n", "inconclusive", "collected"),
        ("def test_a():\n    return False\n", "fail", "1 of 1 tests failed"),
        (
            (
                "import pytest\n\n@pytest.fixture\ndef db():\n    yield\n    raise RuntimeError\n"
                "\ndef test_a(db):\n    pass\n"
            ),
            "fail",
            "test_a",
        ),
        (
            (
                "import pytest\n\n@pytest.fixture\ndef db():\n    raise RuntimeError\n"
                "\ndef test_a(db):\n    pass\n"
            ),
            "fail",
            "test_a",
        ),
        (
            {
                "conftest.py": "def pytest_collection_modifyitems(config, items):\n"
                "    config.hook.pytest_deselected(items=items[1:])\n    del items[1:]\n",
                "test_pay.py": ONE_FAILS,
            },
            "inconclusive",
            "left out",
        ),
        (
            {
                "conftest.py": "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
                "test_pay.py": ONE_FAILS,
            },
            "fail",
            "test_b",
        ),
    ],
    ids=[
        "all pass",
        "one fails",
        "skipped",
        "expected to fail",
        "unexpected pass",
        "no tests",
        "pytest.exit",
        "pytest.exit while tearing down",
        "a class that cannot be collected",
        "a thread fails",
        "os._exit in a test",
        "os._exit in conftest",
        "addopts",
        "import error",
        "returns False",
        "teardown fails",
        "setup fails",
        "deselected",
        "exit status set to 0",
    ],
)
def test_what_a_suite_proves(suite, files, outcome: str, detail: str) -> None:
    said = verdict(suite(files))
    assert (said.outcome.value, said.detail) == (outcome, said.detail)
    assert detail in said.detail


def test_a_suite_that_hangs_is_ended_with_everything_it_started(suite, tmp_path: Path) -> None:
    run = suite(
        f"""
        import subprocess, sys, pathlib

        def test_a():
            code = "import time; time.sleep(600)"
            child = subprocess.Popen([sys.executable, "-c", code])
            pathlib.Path({str(tmp_path / "child")!r}).write_text(str(child.pid))
            child.wait()
        """,
        seconds=4,
    )
    said = verdict(run)
    assert (said.outcome.value, said.detail) == ("inconclusive", "not ended after 4 s")
    child = int((tmp_path / "child").read_text())
    # The signal is sent; a busy machine may take a moment to carry it out.
    deadline = time.monotonic() + 20
    while _is_running(child) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not _is_running(child)


def _is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return False
    # A dead child that nobody has waited for yet is not running.
    return status.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}


def test_the_fixtures_give_the_workload_as_plain_values(suite) -> None:
    run = suite(
        """
        import pytest

        def test_workload(workload, items):
            assert workload.workload == "Payroll"
            assert workload.endpoints[0].address == "10.20.0.4:1433"
            assert [item.name for item in items] == ["APP-01", "APP-07", "APP-07", "BARE"]

        def test_target(target):
            assert target("app-01").addresses == ("10.20.0.4", "10.20.0.5")
            assert target("/SUBSCRIPTIONS/s/items/APP-01").name == "app-01"

        def test_frozen(target):
            with pytest.raises(AttributeError):
                target("app-01").name = "other"

        @pytest.mark.parametrize("name", ["APP-07", "BARE", "nobody"])
        def test_no_single_target(target, name):
            with pytest.raises(pytest.fail.Exception):
                target(name)
        """
    )
    assert verdict(run).detail.startswith("6 tests passed")


def test_no_secret_of_ours_reaches_the_suite_and_none_of_its_own_is_kept(
    suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "canary-1")
    monkeypatch.setenv("AZSTAGING_TOKEN", "canary-2")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    run = suite(
        """
        import os, pathlib

        def test_environment():
            assert not [value for value in os.environ.values() if "canary" in value]
            assert not (pathlib.Path.home() / ".azure").exists()

        def test_locals():
            password = "canary-3"
            print(password)
            assert password == "other"
        """
    )
    assert verdict(run).detail == "1 of 2 tests failed: test_pay.py::test_locals"
    assert "canary" not in repr(run)


def test_two_suites_with_files_of_one_name_do_not_mix(suite, tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    (good / "test_pay.py").write_text("def test_a():\n    pass\n", "utf-8")
    assert verdict(run_suite(good, CONTEXT, deadline_seconds=60)).outcome.value == "pass"
    assert verdict(suite(ONE_FAILS)).outcome.value == "fail"


def test_a_suite_leaves_nothing_in_its_folder(suite, tmp_path: Path) -> None:
    suite("def test_a():\n    pass\n")
    assert [path.name for path in (tmp_path / "suite").rglob("*")] == ["test_pay.py"]


def test_the_digest_names_the_suite(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("x = 1\n", "utf-8")
    first = digest_of(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "test_a.pyc").write_bytes(b"what Python keeps")
    assert digest_of(tmp_path) == first
    (tmp_path / "totals.json").write_text("[1]", "utf-8")
    assert digest_of(tmp_path) != first
    (tmp_path / "totals.json").unlink()
    (tmp_path / "test_a.py").write_text("x = 2\n", "utf-8")
    second = digest_of(tmp_path)
    (tmp_path / "conftest.py").write_text("", "utf-8")
    assert len({first, second, digest_of(tmp_path)}) == 3


def test_a_suite_that_is_not_there_or_cannot_start_proves_nothing(
    suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Probes().run_suite(str(tmp_path / "nowhere"), CONTEXT)
    assert verdict(missing).detail == "there is no folder nowhere"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert verdict(suite(ONE_FAILS)).detail.startswith("the suite could not be started")


@pytest.mark.parametrize("error", [PermissionError(1, "Operation not permitted"), RuntimeError()])
def test_where_no_process_may_be_started_the_way_out_is_named(
    suite, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_arguments: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "Popen", refuse)
    said = verdict(suite(ONE_FAILS))
    assert said.outcome.value == "inconclusive"
    assert said.detail.startswith("the suite could not be started: ")
    assert "hybrid worker" in said.next_step
    assert "same journal" in said.next_step


@pytest.mark.parametrize(
    "line",
    ['{"event": "phase", "test": 1}', '{"event": "end"}', "[]", '{"event": "collected"}'],
)
def test_a_record_that_is_not_ours_proves_nothing(suite, line: str) -> None:
    run = suite(
        f"""
        import sys

        def test_a(pytestconfig):
            with open(pytestconfig.getoption("--azstaging-record"), "a") as file:
                file.write({line!r} + chr(10))
        """
    )
    assert verdict(run).detail == "the record of the run is not ours"


def test_a_torn_last_line_is_passed_by() -> None:
    lines = ['{"event": "collected", "tests": ["a"]}', '{"event": "end", "sta']
    run = read_record(lines, digest="", problem="", exit_code=0)
    assert (run.collected, run.exit_status) == (("a",), None)


def test_by_hand_the_plugin_needs_a_context(tmp_path: Path) -> None:
    (tmp_path / "test_pay.py").write_text("def test_a(workload):\n    assert workload.items\n")
    (tmp_path / "context.json").write_text(json.dumps(to_plain(CONTEXT)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "azstaging.pytest_plugin", "-rs"]
    quiet = {"cwd": tmp_path, "capture_output": True, "text": True}
    without = subprocess.run([*command, str(tmp_path)], check=False, **quiet)
    assert "give --azstaging-context" in without.stdout
    given = ["--azstaging-context", "context.json"]
    assert (
        "1 passed" in subprocess.run([*command, *given, str(tmp_path)], check=False, **quiet).stdout
    )


def test_the_plugin_loads_no_azure_module() -> None:
    code = (
        "import sys, azstaging.pytest_plugin\n"
        "bad = [m for m in sys.modules if m.split('.')[0] in {'azure', 'msrest', 'requests'}]\n"
        "sys.exit(repr(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


HIDDEN = "def test_1():\n    assert False\n\n\ndef test_1():\n    pass\n"


def test_a_test_that_another_hides_is_seen_by_the_linter_alone(suite, tmp_path: Path) -> None:
    run = suite(HIDDEN)
    assert verdict(run).outcome.value == "pass"
    assert run.collected == ("test_pay.py::test_1",)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F811"]
    said = subprocess.run(
        [*ruff, str(tmp_path / "suite")], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert "F811" in said.stdout
    hidden = verdict(run, suite_requires=("test_pay.py::test_1", "test_pay.py::test_2"))
    assert (hidden.outcome.value, hidden.detail) == (
        "fail",
        "required, and not passed: test_pay.py::test_2",
    )


FORGERY = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    report.outcome = "passed"
"""


def test_suite_code_that_forges_a_report_is_trusted_and_its_pinned_hash_is_not(suite) -> None:
    honest = suite({"test_pay.py": ONE_FAILS})
    assert verdict(honest, suite_sha256=honest.digest).outcome.value == "fail"
    forged = suite({"conftest.py": FORGERY, "test_pay.py": ONE_FAILS})
    assert verdict(forged).outcome.value == "pass"
    assert forged.digest[:12] in verdict(forged).detail
    pinned = verdict(forged, suite_sha256=honest.digest)
    assert (pinned.outcome.value, pinned.detail) == (
        "inconclusive",
        f"the suite is {forged.digest[:12]}, and {honest.digest[:12]} is pinned",
    )
    assert verdict(forged, suite_sha256=forged.digest).outcome.value == "pass"


@pytest.mark.parametrize(
    ("files", "outcome", "detail"),
    [
        ("def test_a():\n    pass\n", "pass", "1 tests passed"),
        ("def test_b():\n    pass\n", "fail", "required, and not passed: test_pay.py::test_a"),
        (
            "import pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n",
            "fail",
            "required, and not passed: test_pay.py::test_a",
        ),
        ("import os\n\ndef test_a():\n    os._exit(0)\n", "inconclusive", "never ended"),
        ("import no_such_module\n", "inconclusive", "collected"),
    ],
    ids=["passed", "absent", "skipped", "never-ended", "broken"],
)
def test_a_required_test_must_have_passed(suite, files: str, outcome: str, detail: str) -> None:
    said = verdict(suite(files), suite_requires=("test_pay.py::test_a",))
    assert said.outcome.value == outcome
    assert detail in said.detail
