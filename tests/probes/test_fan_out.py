"""Probes and suites on any executor: every answer once, in order, none late."""

import os
import pickle
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from azstaging.azure import connect
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.model.observations import Answer
from azstaging.model.suites import Probed, ProbeTask, SuiteContext
from azstaging.model.waves import Endpoint
from azstaging.probes import Probes

# The first worker that runs this suite dies under it; whoever runs it again passes.
DIES_ONCE = """
import os, signal
from pathlib import Path

def test_dies_once():
    mark = Path({mark!r})
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(int(Path({worker!r}).read_text()), signal.SIGKILL)
"""


def silent(_step: str, _done: int, _total: int) -> None:
    """Show no progress."""


def task(suite: Path | str = "", *addresses: str) -> ProbeTask:
    return ProbeTask(
        endpoints=tuple(Endpoint(kind="tcp", address=each) for each in addresses),
        suite=str(suite),
        context=SuiteContext(workload="Payroll"),
    )


@pytest.fixture
def passing(tmp_path: Path) -> Path:
    folder = tmp_path / "passing"
    folder.mkdir()
    (folder / "test_one.py").write_text("def test_one():\n    pass\n", "utf-8")
    return folder


def ended_well(seen: tuple[Probed, ...]) -> list[bool]:
    return [each.suite is not None and each.suite.exit_status == 0 for each in seen]


def test_suites_and_probes_run_in_other_processes(passing: Path, closed_port: int) -> None:
    steps: list[tuple[str, int, int]] = []
    with ProcessPoolExecutor(2) as pool:
        seen = Probes(executor=pool, attempts=1).look(
            [task(passing), task("", f"127.0.0.1:{closed_port}"), task()],
            lambda *step: steps.append(step),
        )
    assert ended_well(seen) == [True, False, False]
    assert seen[1].observations is not None
    assert [each.last.answer for each in seen[1].observations if each.last] == [Answer.REFUSED]
    assert seen[2] == Probed()
    assert steps == [("probe", 1, 3), ("probe", 2, 3), ("probe", 3, 3)]


class Gone(Executor):
    """Takes no work, or loses it."""

    def __init__(self, *, takes: bool) -> None:
        self.takes = takes

    def submit(self, *_work, **_more):
        if not self.takes:
            raise RuntimeError("cannot schedule new futures after shutdown")
        return Future()


@pytest.mark.parametrize("takes", [True, False], ids=["loses", "refuses"])
def test_an_executor_that_is_gone_proves_nothing_and_ends(passing: Path, takes: bool) -> None:
    late = datetime.now(timezone.utc) - timedelta(seconds=5)
    probes = Probes(executor=Gone(takes=takes), until=late)
    (seen,) = probes.look([task(passing, "127.0.0.1:1")], silent)
    assert seen.suite is not None
    assert seen.suite.problem.startswith("the run of the suite was lost")
    assert seen.observations is not None
    assert seen.observations[0].last is not None
    assert seen.observations[0].last.answer is Answer.UNREACHABLE


def test_after_the_deadline_of_the_run_nothing_is_started(passing: Path, serve) -> None:
    server = serve(lambda _connection: None)
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    (seen,) = Probes(until=past).look([task(passing, f"127.0.0.1:{server.port}")], silent)
    assert seen.suite is not None
    assert seen.suite.problem == "the suite was not run: the time of the run was up"
    assert seen.observations is not None
    assert [each.detail for each in seen.observations[0].attempts] == [
        "not tried: the time of the run was up"
    ]
    assert server.connections == 0


def test_the_deadline_of_the_run_ends_a_suite_before_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "test_slow.py").write_text("import time\n\ndef test_a():\n    time.sleep(60)\n")
    soon = datetime.now(timezone.utc) + timedelta(seconds=2)
    (seen,) = Probes(suite_seconds=60, until=soon).look([task(folder)], silent)
    assert seen.suite is not None
    assert seen.suite.problem.startswith("not ended after")
    assert datetime.now(timezone.utc) - soon < timedelta(seconds=20)


def test_the_deadline_of_a_workload_holds_for_all_that_is_done_for_it(
    passing: Path, tmp_path: Path, serve
) -> None:
    over = threading.Event()

    def silence(connection) -> None:
        connection.recv(65_536)
        over.wait(20)

    port = serve(silence).port
    url = Endpoint(kind="http", address=f"http://127.0.0.1:{port}/")
    used_up = ProbeTask(
        endpoints=(url,), suite=str(passing), context=SuiteContext(workload="Payroll")
    )
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "test_slow.py").write_text("import time\n\ndef test_a():\n    time.sleep(60)\n")
    probes = Probes(workload_seconds=0.5, suite_seconds=60, attempts=1)
    began = datetime.now(timezone.utc)
    first, second = probes.look([used_up, task(slow)], silent)
    over.set()
    assert first.observations is not None
    assert first.observations[0].last is not None
    assert first.observations[0].last.answer is Answer.TIMEOUT
    assert first.suite is not None
    assert first.suite.problem == "the suite was not run: the time of its workload was up"
    assert second.suite is not None
    assert second.suite.problem == "not ended after 0.5 s"
    assert datetime.now(timezone.utc) - began < timedelta(seconds=20)


def test_connections_to_azure_are_not_pickled() -> None:
    with connect(choose_cloud(arm_endpoint="http://127.0.0.1:9"), StaticCredential("t")) as azure:
        for each in (azure, azure.session):
            with pytest.raises(TypeError, match="not pickled"):
                pickle.dumps(each)


def test_dask_gives_every_answer_once_although_a_worker_is_killed(
    passing: Path, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed", reason="dask is needed")
    deadly = tmp_path / "deadly"
    deadly.mkdir()
    worker_pid = tmp_path / "worker"
    text = DIES_ONCE.format(mark=str(tmp_path / "mark"), worker=str(worker_pid))
    (deadly / "test_dies.py").write_text(text, "utf-8")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    )
    with cluster, distributed.Client(cluster) as client:
        pids = client.run(os.getpid)
        victim = min(pids)
        worker_pid.write_text(str(pids[victim]), "utf-8")
        pool = client.get_executor(retries=2)
        tasks = [task(passing), task(deadly), task(passing), task(passing), task(deadly)]
        seen = Probes(executor=pool).look(tasks, silent)
        assert pids[victim] not in client.run(os.getpid).values()
    assert (tmp_path / "mark").exists()
    assert ended_well(seen) == [True] * 5
    assert [len(each.suite.collected) for each in seen if each.suite] == [1] * 5
