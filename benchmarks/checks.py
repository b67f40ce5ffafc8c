"""What checking costs beside the least it can cost: pure checks, and workload suites.

``python benchmarks/checks.py items 10000``: ``run_checks`` over so many items beside a bare loop
that calls the same checks on the same contexts. ``python benchmarks/checks.py suites 2000``: our
suites beside ``python -I -m pytest`` of the same file, one after the other, and our own peak
memory after a tenth of them and after all.
"""

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from azstaging.checks import ITEM_CHECKS
from azstaging.checks.interface import ItemContext, Verdict
from azstaging.engine.check import run_checks
from azstaging.model.decisions import Policy
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.suites import ProbeTask, SuiteContext
from azstaging.model.waves import Wave
from azstaging.probes import Probes
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import diff_inventory

_NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)
_HEALTHY = Path(__file__).parent.parent / "tests" / "cases" / "healthy_row.json"
_ROUNDS = 5
_TEST = "def test_one():\n    assert 1 + 1 == 2\n"


def _cpu(action: Callable[[], object]) -> float:
    """Return the least CPU seconds of several rounds; what disturbs only adds."""
    found = []
    for _ in range(_ROUNDS):
        gc.collect()
        started = time.process_time()
        action()
        found.append(time.process_time() - started)
    return min(found)


def cost_of_items(items: int) -> tuple[int, float, float]:
    """Return the number of calls, and the CPU seconds of the bare loop and of ours."""
    row = from_plain(InventoryItem, json.loads(_HEALTHY.read_text("utf-8")))
    rows = tuple(
        replace(row, item=replace(row.item, id=ResourceId(f"{row.item.id}-{number:06}")))
        for number in range(items)
    )
    inventory = Inventory(read_at=_NOW, items=rows)
    diff = diff_inventory(inventory, at=_NOW)
    by_item: dict[str, list[object]] = {}
    for each in diff:
        by_item.setdefault(each.item_id.key, []).append(each)
    contexts = [
        ItemContext(now=_NOW, row=one, differences=tuple(by_item[one.id.key]), baseline=True)  # type: ignore[arg-type]
        for one in rows
    ]
    frozen = frozenset(by_item)

    def bare() -> list[Verdict]:
        return [check.judge(context) for context in contexts for check in ITEM_CHECKS]

    def ours() -> object:
        return run_checks(
            inventory,
            diff,
            wave=Wave(),
            policy=Policy(required=tuple(check.id for check in ITEM_CHECKS)),
            clock=lambda: _NOW,
            run="run",
            baselines=frozen,
        )

    return items * len(ITEM_CHECKS), _cpu(bare), _cpu(ours)


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def cost_of_suites(suites: int) -> tuple[float, float, int, int]:
    """Return wall seconds of bare and ours, and our peak MiB after a tenth and after all."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "test_one.py").write_text(_TEST, "utf-8")
        command = [sys.executable, "-I", "-m", "pytest", "-q", str(folder / "test_one.py")]
        quiet = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        task = ProbeTask(suite=place, context=SuiteContext(workload="one"))
        probes = Probes()

        def ours(count: int) -> None:
            seen = probes.look([task] * count, lambda *_: None)
            assert all(each.suite and each.suite.exit_status == 0 for each in seen)

        # Both as many at a time as there are processors, a tenth of each in turn.
        bare_seconds = our_seconds = 0.0
        first_mib = 0
        part = max(1, suites // 10)
        for _ in range(0, suites, part):
            started = time.perf_counter()
            _bare(command, quiet, place, part)
            bare_seconds += time.perf_counter() - started
            started = time.perf_counter()
            ours(part)
            our_seconds += time.perf_counter() - started
            first_mib = first_mib or _peak_mib()
    return bare_seconds, our_seconds, first_mib, _peak_mib()


def _bare(command: list[str], environment: dict[str, str], place: str, count: int) -> None:
    left = count
    running: list[subprocess.Popen[bytes]] = []
    while left or running:
        while left and len(running) < (os.cpu_count() or 1):
            running.append(
                subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL)
            )
            left -= 1
        running.pop(0).wait()


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["items", "suites"])
    parser.add_argument("size", type=int, nargs="?", default=1000)
    arguments = parser.parse_args()
    if arguments.what == "items":
        calls, bare, ours = cost_of_items(arguments.size)
        print(f"{calls} calls: bare {bare:.2f} s, ours {ours:.2f} s, {ours / bare:.2f} times")
        return
    bare, ours, first, last = cost_of_suites(arguments.size)
    print(
        f"{arguments.size} suites: bare {bare:.1f} s, ours {ours:.1f} s, {ours / bare:.2f} times; "
        f"peak {first} MiB after a tenth, {last} MiB after all"
    )


if __name__ == "__main__":
    main()
