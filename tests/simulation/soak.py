"""Plays schedules for as long as it is told to: ``python -m simulation.soak 1800``."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from simulation.playing import play_seeds

BLOCK = 50


def _block(first: int) -> Counter[str]:
    return play_seeds(range(first, first + BLOCK))


def main() -> int:
    """Play until the time is up; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=1800.0)
    parser.add_argument("--first", type=int, default=None, help="first seed; by default the time")
    options = parser.parse_args()
    first = int(time.time()) * 1000 if options.first is None else options.first
    started, counts = time.monotonic(), Counter[str]()
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers) as pool:
        while time.monotonic() - started < options.seconds:
            firsts = [first + n * BLOCK for n in range(workers * 4)]
            first = firsts[-1] + BLOCK
            try:
                for done in pool.map(_block, firsts):
                    counts += done
            except AssertionError as broken:
                print(broken, file=sys.stderr)
                return 1
    took = time.monotonic() - started
    print(
        f"{counts.pop('schedules'):,} schedules in {took:,.0f} s on {workers} cores, no violation"
    )
    for name, count in sorted(counts.items()):
        print(f"    {count:>10,} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
