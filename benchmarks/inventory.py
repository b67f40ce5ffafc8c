"""How fast the inventory is, how few reads it needs, what it costs: one table, all in one run.

    python benchmarks/inventory.py [ITEMS] [LATENCYms] [PART ...]

ITEMS are 10,000 by default, in 50 vaults in 5 subscriptions, 60 % of them agentless. The parts are
``lists``, ``full``, ``paced``, ``shared``, ``cpu`` and ``memory``; all by default. The emulator
answers from another process (``served_azure.py``), after 80 ms, or after so long as ``250ms`` says.
Exits 1 when a target is missed.

A machine that computes three times as long shows with three times the latency what another shows
with 80 ms, in slow motion: how much of the time is waiting, and how much is ours.

The *bound* is what nobody can beat: the larger of requests x latency / threads, and for every
subscription (requests - 250) / 25 s, with the requests that the server counted.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from baseline import lists_of_the_official_client, seconds_for_everything, vaults, visible
from decoding import cost_of_rows, cost_of_single_gets

from azstaging.azure import connect
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.throttle import Rates
from azstaging.engine.collect import collect
from azstaging.model.inventory import Inventory
from azstaging.model.waves import Scope, Wave

LATENCY_SECONDS = 0.08
PARTS = ("lists", "full", "paced", "shared", "cpu", "memory")
# A second is soon disturbed by something else: the median of so many.
_TIMES = 5
HERE = Path(__file__).parent
UNPACED = Rates(
    read_burst=1e9, reads_per_second=1e9, vault_reads_per_second=0, queries_per_second=1e9
)
AGENTLESS = ("replicationmigrationitems", "vmwaresites")
OTHERS = ("replicationprotecteditems", "serversites", "hypervsites")


@dataclass(slots=True)
class Table:
    """The lines that are printed, and whether a target was missed."""

    missed: bool = False
    lines: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, measured: str, target: str = "", met: bool | None = None) -> None:
        """Add and print one line."""
        verdict = "" if met is None else "met" if met else "MISSED"
        self.missed |= met is False
        self.lines.append((what, measured, target, verdict))
        print(f"{what:<58} {measured:>24}  {target:<28} {verdict}", flush=True)

    def most(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """Add a value that must not exceed its limit."""
        self.add(what, f"{value:,.2f}{unit}", f"at most {limit:g}{unit}", value <= limit)


@dataclass(frozen=True, slots=True)
class Azure:
    """The served Azure: where it is, and who we are there."""

    url: str
    token: str
    latency: float = LATENCY_SECONDS
    """Seconds until an answer comes, where one is waited for."""

    def set(self, **conditions: float | bool) -> None:
        """Set latency and throttling, and forget the counts."""
        self._control(json.dumps(conditions).encode())

    def told(self) -> tuple[dict[str, int], int]:
        """Return requests by path, and how many were refused with 429."""
        told = self._control(None)
        return told["paths"], told["refused"]

    def _control(self, body: bytes | None) -> Any:
        with urlopen(Request(f"{self.url}/control", data=body)) as answer:
            return json.load(answer)

    def inventory(
        self, threads: int, rates: Rates, scope: Scope | None = None, *, lists_only: bool = False
    ) -> Inventory:
        """Read the inventory as `Staging` does."""
        credential = StaticCredential(self.token)
        cloud = choose_cloud(arm_endpoint=self.url)
        with connect(cloud, credential, max_in_flight=threads, rates=rates) as azure:
            return collect(
                azure,
                scope or Scope(),
                Wave(),
                clock=lambda: datetime.now(timezone.utc),
                executor_threads=threads,
                lists_only=lists_only,
            )


@contextmanager
def served(items: int, latency: float = LATENCY_SECONDS) -> Iterator[Azure]:
    """Serve an estate from another process while the block runs."""
    command = [sys.executable, str(HERE / "served_azure.py"), str(items)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            url, token = process.stdout.readline().decode().split()
            yield Azure(url, token, latency)
        finally:
            process.stdin.close()
            process.wait(10)


def measured(action: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall seconds, CPU seconds of this process, and what came out."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def bound_of(paths: dict[str, int], threads: int, latency: float, *, throttled: bool) -> float:
    """Return the seconds below which nobody can read what was read."""
    total = sum(paths.values()) * latency / threads
    if not throttled:
        return total
    by_subscription: dict[str, int] = {}
    for path, count in paths.items():
        subscription = path.split("/")[2] if path.count("/") > 1 else ""
        by_subscription[subscription] = by_subscription.get(subscription, 0) + count
    return max(total, *((count - 250) / 25 for count in by_subscription.values()))


def lists(azure: Azure, items: int, table: Table) -> None:
    """Lists alone: the official client's loop (a'), then ours with 16 in flight (b).

    Both find the vaults first, and read the same fields of every row; once in all subscriptions
    that are visible, once in those that are named.
    """
    lists_of_the_official_client(vaults(*_at(azure)))
    _lists(azure, items, table, None)
    _lists(azure, items, table, visible(*_at(azure)))


def _lists(azure: Azure, items: int, table: Table, named: list[str] | None) -> None:
    azure.set(latency=azure.latency)
    baseline, baseline_cpu, count = measured(
        lambda: lists_of_the_official_client(vaults(*_at(azure), named))
    )
    where = "lists alone" if named is None else "the same, of named subscriptions"
    table.add(f"(a') {where}, official client, one thread", f"{baseline:.1f} s, {count:,} items")
    runs = []
    for _ in range(_TIMES):
        azure.set(latency=azure.latency)
        scope = Scope(subscriptions=tuple(named or ()))
        runs.append(measured(lambda: azure.inventory(16, Rates(), scope, lists_only=True)))  # noqa: B023 - called at once
    wall, cpu, inventory = sorted(runs, key=lambda run: run[0])[_TIMES // 2]
    paths, _ = azure.told()
    bound = bound_of(paths, 16, azure.latency, throttled=False)
    table.add(
        f"(b) {where}, 16 in flight, median of {_TIMES}",
        f"{wall:.2f} s, {inventory.read:,} items",
        f"all {items:,}, no gap",
        inventory.complete and inventory.read == items == count,
    )
    table.add("    requests, and their bound", f"{sum(paths.values())}, {bound:.2f} s")
    least = _rounds(paths, 16) * azure.latency
    table.add(
        "    least that 16 in flight can take, round by round",
        f"{least:.2f} s: {least / bound:.2f}; {baseline / least:.1f} x",
    )
    ratio = baseline / wall
    table.add("    times faster than (a')", f"{ratio:.1f}", "at least 20", ratio >= 20)
    table.most("    wall over the bound", wall / bound, 1.35)
    table.most("    CPU over that of (a')", cpu / baseline_cpu, 0.1)


def _rounds(paths: dict[str, int], threads: int) -> int:
    """Count how often somebody must wait: subscriptions, their vaults, then what is in these."""
    first = paths.get("/subscriptions", 0)
    vaults = sum(n for path, n in paths.items() if path.casefold().endswith("vaults"))
    rest = sum(paths.values()) - first - vaults
    return first + -(-vaults // threads) + -(-rest // threads)


def _at(azure: Azure) -> tuple[str, str]:
    return azure.url, azure.token


def full(azure: Azure, items: int, table: Table) -> None:
    """Everything, as fast as the server answers."""
    azure.set(latency=azure.latency)
    sample = min(items, 100)
    expected = seconds_for_everything(*_at(azure), sample)
    table.add(f"(a) everything, one thread, from a sample of {sample}", f"{expected / 60:,.0f} min")
    azure.set(latency=azure.latency)
    wall, cpu, inventory = measured(lambda: azure.inventory(32, UNPACED))
    paths, _ = azure.told()
    bound = bound_of(paths, 32, azure.latency, throttled=False)
    table.add("(b) everything, 32 threads, no throttling", *_whole(inventory, items, wall))
    table.add("    CPU; times faster than (a)", f"{cpu:.1f} s; {expected / wall:,.0f}")
    table.most("    wall over the bound", wall / bound, 1.2)
    _reads(paths, inventory, table)


def _whole(inventory: Inventory, items: int, wall: float) -> tuple[str, str, bool]:
    # A Hyper-V item names no source machine; it tells the cores and the memory itself.
    full_rows = sum(
        bool(row.target and row.target.disks and row.target.nics)
        and bool((row.source and row.source.cores) or row.item.source.cores)
        for row in inventory
    )
    measured_ = f"{wall:.1f} s, {full_rows:,} full items"
    return measured_, f"all {items:,}, no gap", inventory.complete and full_rows == items


def _reads(paths: dict[str, int], inventory: Inventory, table: Table) -> None:
    """Say how many reads an item took; lists of whole subscriptions count for all alike."""
    own = {"agentless": 0, "others": 0, "shared": 0}
    kinds: dict[str, int] = {}
    for path, count in paths.items():
        folded = path.casefold()
        group = "agentless" if any(word in folded for word in AGENTLESS) else "shared"
        group = "others" if any(word in folded for word in OTHERS) else group
        own[group] += count
        single = folded.count("/") > 12 and group == "agentless"
        kind = "single GETs of items" if single else folded.rpartition("/")[2]
        kinds[kind] = kinds.get(kind, 0) + count
    agentless = sum(row.item.provider == "VMwareCbt" for row in inventory)
    others = inventory.read - agentless
    shared = own["shared"] / inventory.read
    table.most("    reads per agentless item", own["agentless"] / agentless + shared, 1.2)
    table.most("    reads per other item", own["others"] / others + shared, 0.1)
    listed = sorted(kinds.items(), key=lambda each: -each[1])
    for kind, count in listed:
        table.add(f"      {kind}", f"{count:,}", "" if "single" in kind else "list")


def paced(azure: Azure, items: int, table: Table) -> None:
    """Everything, against ARM's own token buckets."""
    azure.set(latency=azure.latency, throttled=True)
    wall, _, inventory = measured(lambda: azure.inventory(32, Rates()))
    paths, refused = azure.told()
    bound = bound_of(paths, 32, azure.latency, throttled=True)
    table.add("(b) everything, a token bucket per subscription", *_whole(inventory, items, wall))
    table.most(f"    wall over the bound of {bound:.1f} s", wall / bound, 1.15)
    table.add("    429s received", str(refused), "none", refused == 0)


def shared(azure: Azure, items: int, table: Table) -> None:
    """Everything, while another client takes half of every bucket."""
    azure.set(latency=azure.latency, throttled=True, rival=12.5)
    wall, _, inventory = measured(lambda: azure.inventory(32, Rates()))
    _, refused = azure.told()
    table.add("(b) the same, half of it taken by another client", *_whole(inventory, items, wall))
    table.add("    429s received, each read again later", str(refused))


def cpu(azure: Azure, _items: int, table: Table) -> None:
    """CPU against what cannot be done without."""
    azure.set()
    bare, ours = cost_of_single_gets(*_at(azure))
    table.add("single GET: send_request + decode; ours", f"{bare * 1e6:.0f}; {ours * 1e6:.0f} us")
    table.most("    ours over bare", ours / bare, 1.5)
    rows = cost_of_rows(*_at(azure))
    for each in rows:
        told = f"{each.typed * 1e6:.1f}; {each.ours * 1e6:.1f} us"
        table.add(f"row of a list, {each.provider}: typed decode; ours", told)
    typed = sum(each.typed * each.items for each in rows)
    made = sum(each.ours * each.items for each in rows)
    table.most("    ours over typed decode, all items", made / typed, 3)


def memory(items: int, table: Table) -> None:
    """Peak resident memory, each inventory in a process of its own."""
    peaks = {}
    for count in (items, 2 * items):
        with served(count) as azure:
            peaks[count] = _peak(azure, "full")
            if count != items:
                listed = _peak(azure, "lists")
    small, large = peaks[items], peaks[2 * items]
    scale = items / 10_000
    table.most(f"peak memory, {items:,} full items", small, 400 * max(scale, 1), " MiB")
    table.most(f"peak memory, {2 * items:,} full items", large, 768 * max(scale, 1), " MiB")
    table.most("    the second half over the first", (large - small) / small, 1.0)
    table.most(f"peak memory, lists of {2 * items:,} items", listed, 256 * max(scale, 1), " MiB")


def _peak(azure: Azure, kind: str) -> float:
    command = [sys.executable, __file__, "peak", kind, azure.url, azure.token]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def peak(kind: str, url: str, token: str) -> None:
    """Read one inventory and print the peak resident memory of this process in MiB."""
    inventory = Azure(url, token).inventory(16, UNPACED, lists_only=kind == "lists")
    assert inventory.complete
    # Not ru_maxrss: that of a child begins at what its parent has.
    status = Path("/proc/self/status").read_text("utf-8")
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def main(arguments: list[str]) -> int:
    """Run the parts and return 1 when a target is missed."""
    if arguments[:1] == ["peak"]:
        peak(*arguments[1:])
        return 0
    items = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 10_000
    told = arguments.pop(0) if arguments and arguments[0].endswith("ms") else ""
    latency = float(told.removesuffix("ms")) / 1000 if told else LATENCY_SECONDS
    wanted = arguments or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        return 2
    table = Table()
    table.add(f"answers after {latency * 1000:g} ms", f"{items:,} items")
    steps = {"lists": lists, "full": full, "paced": paced, "shared": shared, "cpu": cpu}
    with served(items, latency) as azure:
        # Once without latency, so that the server has rendered what it will be asked for.
        azure.inventory(4, UNPACED)
        for name, step in steps.items():
            if name in wanted:
                step(azure, items, table)
    if "memory" in wanted:
        memory(items, table)
    return int(table.missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
