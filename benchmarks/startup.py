"""What it costs to start: bare Python, ``import azstaging``, ``azstaging --help``.

    python benchmarks/startup.py [RUNS]

Medians of whole processes in milliseconds, the three taken in turn, after one round that is not
counted (it writes the byte code). CPU is what the process used, and does not depend on what else
runs. Exits 1 when a target is missed.
"""

import os
import platform
import resource
import statistics
import subprocess
import sys
import time

CASES = {
    "python -c pass": ["-c", "pass"],
    "import azstaging": ["-c", "import azstaging"],
    "azstaging --help": ["-m", "azstaging", "--help"],
}
BARE = "python -c pass"


def used_seconds() -> float:
    """CPU of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(arguments: list[str]) -> tuple[float, float]:
    """Run one process; wall and CPU in milliseconds."""
    cpu, wall = used_seconds(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - wall) * 1000, (used_seconds() - cpu) * 1000


def measure(runs: int) -> dict[str, tuple[float, float]]:
    """Take the cases in turn, so that each meets the same noise; medians of wall and CPU."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for turn in range(runs + 1):
        for name, arguments in CASES.items():
            once = run(arguments)
            if turn:
                taken[name].append(once)
    return {
        name: (statistics.median(w for w, _ in each), statistics.median(c for _, c in each))
        for name, each in taken.items()
    }


def main(runs: int) -> int:
    found = measure(runs)
    bare_wall, bare_cpu = found[BARE]
    over = found["import azstaging"][0] - bare_wall
    whole = found["azstaging --help"][0]
    targets = {
        "import azstaging": (over <= 40, "<= 40 ms over bare Python"),
        "azstaging --help": (whole <= 150, "<= 150 ms"),
    }
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, median of {runs} runs, ms")
    print(f"{'':<18}{'wall':>8}{'over':>8}{'CPU':>8}{'over':>8}   target")
    for name, (wall, cpu) in found.items():
        met, target = targets.get(name, (True, ""))
        verdict = f"{target}: {'met' if met else 'MISSED'}" if target else ""
        print(
            f"{name:<18}{wall:>8.1f}{wall - bare_wall:>8.1f}{cpu:>8.1f}{cpu - bare_cpu:>8.1f}"
            f"   {verdict}".rstrip()
        )
    return 0 if all(met for met, _ in targets.values()) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
