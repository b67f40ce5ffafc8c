"""Two runs that do not know of each other write one backlog at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

Make = Callable[..., Any]


class Together:
    """A port whose first write waits for the first write of the other run."""

    def __init__(self, port: Any, barrier: threading.Barrier) -> None:
        self._port = port
        self._barrier = barrier
        self._waited = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def create(self, type_name: str, operations: Any, *, validate_only: bool = False) -> Any:
        if not validate_only and not self._waited.is_set():
            self._waited.set()
            self._barrier.wait(timeout=30)
        return self._port.create(type_name, operations, validate_only=validate_only)


@pytest.mark.parametrize("workers", [1, 4])
def test_two_runs_at_once_end_with_one_work_item_per_key(
    world: Any, inventory: Make, workers: int
) -> None:
    names = tuple(f"vm-{number:02}" for number in range(15))
    estate = inventory(dict.fromkeys(names, "staged"), {"payroll": names[:8], "web": names[8:]})
    barrier = threading.Barrier(2)
    ports = [Together(world.port(), barrier) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(world.sync, estate, port=p, workers=workers) for p in ports]
        results = [run.result() for run in runs]
    assert [result.conflicts for result in results] == [(), ()]
    keys: dict[str, list[int]] = {}
    for item in world.state.items.values():
        for tag in item.fields.get("System.Tags", "").split("; "):
            if tag.startswith("azst:"):
                keys.setdefault(tag, []).append(item.id)
    assert len(keys) == 17
    assert {len(ids) for ids in keys.values()} == {1}
    assert len(world.state.items) > 17, "they did race"
    after = world.sync(estate)
    assert (after.conflicts, after.gaps) == ((), ())
    assert world.sync(estate).applied == ()
    ids = [dict(result.ids) for result in results]
    assert ids[0] == ids[1], "both know the same work items"
