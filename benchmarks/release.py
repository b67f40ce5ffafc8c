"""How long a release of many items takes beside what the rate limit allows, and what it asks.

    python benchmarks/release.py [items] [--job SECONDS] [--latency SECONDS] [--baseline]
    python benchmarks/release.py [items] --memory

The emulator enforces the published token buckets of one subscription (reads 250 and 25/s, writes
and deletes 200 and 10/s). The bound is the canary's job, the largest of (calls - burst) / rate over
the three buckets, and the last job; a release should take no longer than that plus 20 %, meet no
429, and report no item failed that Azure accepted. With --baseline, 64 threads around the official
client (``begin_delete(...).result()``) stop as many items beside it.

With --memory nothing is limited or delayed: ``azstaging release`` runs in a process of its own, and
its peak (VmHWM) is compared with the target for 5,000 items.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator, sample_estate
from azstaging.emulator.estate import Estate, Workload
from azstaging.emulator.throttle import Throttle
from azstaging.rules.plan import plan_bytes
from azstaging.run import utc_now

PER_WORKLOAD = 5
BUCKETS = {"reads": "GET", "writes": "POST", "deletes": "DELETE"}
BASELINE_THREADS = 64
MEMORY_MIB = 256
# The peak is read by the process itself, when all is done.
_PEAK = """
import sys
from azstaging.cli import main
code = main(sys.argv[1:])
print(open("/proc/self/status").read(), file=sys.stderr)
sys.exit(code)
"""


def estate_of(count: int) -> Estate:
    """Return that many staged agentless machines in one vault of one subscription."""
    sample = sample_estate()
    like = next(machine for machine in sample.machines if machine.key == "build-01")
    machines = tuple(
        msgspec.structs.replace(like, key=f"vm-{n:05}", name=f"VM-{n:05}", group="rg-wave")
        for n in range(count)
    )
    workloads = tuple(
        Workload(
            name=f"Workload {first // PER_WORKLOAD:04}",
            owner="platform@contoso.example",
            criticality="low",
            machines=tuple(m.key for m in machines[first : first + PER_WORKLOAD]),
        )
        for first in range(0, count, PER_WORKLOAD)
    )
    return Estate(
        name=f"{count} machines",
        subscriptions=sample.subscriptions[:1],
        vaults=tuple(vault for vault in sample.vaults if vault.name == like.vault),
        sites=sample.sites[:1],
        machines=machines,
        workloads=workloads,
        identities=sample.identities,
        sizes=sample.sizes,
    )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one way of stopping took and asked."""

    seconds: float
    calls: dict[str, int]
    polls: int
    throttled: int
    stopped: int
    wrongly_failed: int


def _is_poll(path: str) -> bool:
    return "/replicationjobs" in path or "/operationresults/" in path or "operationstatus" in path


class Bench:
    """One emulator with an approved plan of everything in it."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.options = options
        self.azure = Emulator(
            estate_of(options.items),
            job_duration_seconds=options.job,
            latency_seconds=options.latency,
            throttle=Throttle(),
        )
        self.azure.start()
        self._limited(False)
        file = folder / "azstaging.toml"
        write_config(file, self.azure.estate, arm_endpoint=self.azure.url, now=utc_now())
        self.config = azstaging.load_configuration(file)
        self.journal = azstaging.Journal.open(folder / "estate")

    def _limited(self, on: bool) -> None:
        arm = self.azure.app.arm
        arm.buckets = self.azure.app._buckets() if on else None  # noqa: SLF001 - before it counts

    def as_(self, identity: str) -> azstaging.Staging:
        """Sign in as somebody."""
        credential = StaticCredential(self.azure.token(identity))
        return azstaging.Staging(credential, self.config, journal=self.journal)

    def approved(self) -> Any:
        """Plan and approve everything; nothing is limited yet."""
        planner = self.as_("planner")
        inventory = planner.inventory()
        planner.baseline(inventory)
        diff = planner.diff(inventory)
        decisions = planner.decide(inventory, planner.check(inventory, diff), diff)
        plan = planner.plan(decisions.open)
        self.as_("approver").approve(plan, comment="CHG-1")
        planner.azure.close()  # type: ignore[attr-defined]
        return plan

    def measure(self, act: Any) -> Measured:
        """Time something; only what it asks is counted."""
        before = len(self.azure.requests)
        self._limited(True)
        started = time.perf_counter()
        failed = act()
        seconds = time.perf_counter() - started
        asked = self.azure.requests[before:]
        stopped = {stop.item_id.casefold() for stop in self.azure.state.stops}
        return Measured(
            seconds=seconds,
            calls={name: sum(r.method == verb for r in asked) for name, verb in BUCKETS.items()},
            polls=sum(_is_poll(r.path.casefold()) for r in asked),
            throttled=Counter(r.status for r in asked)[429],
            stopped=len(stopped),
            wrongly_failed=len({item.casefold() for item in failed} & stopped),
        )

    def release(self, plan: Any) -> list[str]:
        """Release; return the items that are not called done."""
        result = self.as_("releaser").release(plan, execute=True)
        return [r.item_id for r in result.receipts if r.state.value != "done"]

    def official(self) -> list[str]:
        """Stop everything with 64 threads of the official client; return what it calls failed."""
        from azure.core.credentials import AccessToken  # noqa: PLC0415
        from azure.mgmt.recoveryservicessiterecovery import (  # noqa: PLC0415
            SiteRecoveryManagementClient,
        )

        class Token:
            def get_token(self, *_scopes: str, **_kw: Any) -> AccessToken:
                return AccessToken(token, int(time.time()) + 3600)

        token = self.azure.token("releaser")
        subscription = self.azure.estate.subscriptions[0].id
        client = SiteRecoveryManagementClient(
            Token(), subscription, self.azure.url, credential_scopes=["x"], enforce_https=False
        )
        failed, lock = list[str](), threading.Lock()

        def stop(item_id: str) -> None:
            part = item_id.split("/")
            names = (part[4], part[8], part[10], part[12], part[14])
            try:
                client.replication_migration_items.begin_delete(
                    *names, polling_interval=1, enforce_https=False
                ).result()
            except Exception:  # noqa: BLE001 - whatever it raises, a loop would call it failed
                with lock:
                    failed.append(item_id)

        ids = [self.azure.state.item_id(m.key) for m in self.azure.estate.machines]
        with ThreadPoolExecutor(BASELINE_THREADS) as pool:
            list(pool.map(stop, ids))
        return failed


def peak_mib(options: argparse.Namespace) -> tuple[float, int]:
    """Release in a process of its own; return its peak and how many items Azure stopped."""
    options.job = options.latency = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder, options)
        try:
            (folder / "plan.json").write_bytes(plan_bytes(bench.approved()))
            bench.journal.close()
            argv = [sys.executable, "-c", _PEAK, "release", "plan.json", "--execute", "-o", "jsonl"]
            token = {"AZSTAGING_TOKEN": bench.azure.token("releaser")}
            done = subprocess.run(
                argv,
                cwd=folder,
                env=os.environ | token,
                capture_output=True,
                text=True,
                check=False,
            )
            peak = re.search(r"^VmHWM:\s+(\d+) kB", done.stderr, re.MULTILINE)
            if done.returncode or peak is None:
                raise SystemExit(done.stderr)
            return int(peak[1]) / 1024, len(bench.azure.state.stops)
        finally:
            bench.journal.close()
            bench.azure.stop()


def bound_seconds(calls: dict[str, int], job: float) -> float:
    """Return the canary's job, the tightest bucket, and the last job."""
    throttle = Throttle()
    waits = (
        (count - throttle.rate(name).burst) / throttle.rate(name).per_second
        for name, count in calls.items()
    )
    return 2 * job + max(0.0, *waits)


def _measured(options: argparse.Namespace, *, official: bool) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options)
        try:
            plan = None if official else bench.approved()
            return bench.measure(bench.official if official else lambda: bench.release(plan))
        finally:
            bench.journal.close()
            bench.azure.stop()


def _line(name: str, found: Measured, options: argparse.Namespace) -> str:
    bound = bound_seconds(found.calls, options.job)
    reads = found.calls["reads"] / options.items
    return (
        f"{name:10} {found.seconds:7.1f} s  bound {bound:6.1f} s ({found.seconds / bound - 1:+.0%})"
        f"  {reads:.2f} reads and {found.polls / options.items:.3f} polls per item"
        f"  {found.throttled} x 429  {found.stopped} stopped"
        f"  {found.wrongly_failed} called failed although accepted"
    )


def main() -> int:
    """Measure and compare with the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("items", type=int, nargs="?", default=1_000)
    parser.add_argument("--job", type=float, default=20.0, help="seconds that a stop takes")
    parser.add_argument("--latency", type=float, default=0.02, help="seconds added to each answer")
    parser.add_argument("--baseline", action="store_true", help="the official client beside it")
    parser.add_argument("--memory", action="store_true", help="measure the peak of a process")
    options = parser.parse_args()
    if options.memory:
        peak, stopped = peak_mib(options)
        print(f"{peak:.0f} MiB at most, {MEMORY_MIB} allowed; {stopped} stopped")
        return int(peak > MEMORY_MIB or stopped != options.items)
    found = _measured(options, official=False)
    print(_line("azstaging", found, options), flush=True)
    if options.baseline:
        print(_line("64 threads", _measured(options, official=True), options))
    bound = bound_seconds(found.calls, options.job)
    targets = {
        f"{found.seconds / bound - 1:.0%} over the bound, 20 % allowed": found.seconds
        <= bound * 1.2,
        f"{found.throttled} x 429": not found.throttled,
        f"{found.stopped} of {options.items} stopped": found.stopped == options.items,
        f"{found.wrongly_failed} called failed although accepted": not found.wrongly_failed,
        "more than 6 reads per item": found.calls["reads"] <= 6 * options.items,
        "more than 0.3 polls per item": found.polls <= 0.3 * options.items,
    }
    missed = [f"missed: {text}" for text, held in targets.items() if not held]
    print("\n".join(missed) or "all targets met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
