"""One writer per project: the real lease of an estate folder, and the real sync."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from azstaging.errors import LeaseHeldError
from azstaging.journal import Journal
from azstaging.journal.lease import FileLease

Make = Callable[..., Any]


def test_the_second_of_two_runs_is_told_and_writes_nothing(
    world: Any, inventory: Make, tmp_path: Path
) -> None:
    estate = inventory({"sql": "staged", "web": "staged"}, {"payroll": ("sql", "web")})
    writing, told = threading.Event(), threading.Event()

    def first_write(request: Any) -> None:
        if request.is_write and not writing.is_set():
            writing.set()
            assert told.wait(timeout=30)

    with (
        Journal.open(tmp_path) as one,
        Journal.open(tmp_path) as two,
        ThreadPoolExecutor(1) as pool,
    ):
        leases = [FileLease(journal, what="Boards project") for journal in (one, two)]
        world.state.on_request = first_write
        first = pool.submit(world.sync, estate, lease=leases[0], run="run-1")
        assert writing.wait(timeout=30)
        before = len(world.state.requests)
        with pytest.raises(LeaseHeldError, match="Boards project Migration is in use by run run-1"):
            world.sync(estate, lease=leases[1], run="run-2")
        sent = len(world.state.requests) - before
        told.set()
        assert len(first.result(timeout=60).applied) == 6
        assert sent == 0
        assert world.sync(estate, lease=leases[1], run="run-2").applied == (), "given back"


def test_the_lease_is_given_back_when_a_run_fails(
    world: Any, inventory: Make, tmp_path: Path
) -> None:
    estate = inventory({"sql": "staged"}, {})

    class Broken:
        """A port that cannot be asked for anything."""

        organization, project = "contoso", "Migration"

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    with Journal.open(tmp_path) as journal:
        with pytest.raises(RuntimeError):
            world.sync(estate, port=Broken(), lease=FileLease(journal), run="run-1")
        assert len(world.sync(estate, lease=FileLease(journal), run="run-2").applied) == 2
