"""How many schedules a machine plays in a few minutes: ``python -m simulation.fitting 300``."""

import argparse
import os
import sys
import time

from simulation.blocks import BLOCK, MOST
from simulation.playing import play_seeds, stage

LEAST = 2_000
# The blocks are in two files, and a file is played by one worker.
_FILES = 2
_TRIED = 100


def fitting(seconds: float, *, each_seconds: float, workers: int) -> int:
    """Return how many schedules fit, in whole blocks, from `LEAST` to `MOST`."""
    blocks = int(seconds * min(workers, _FILES) / each_seconds) // BLOCK
    return min(MOST, max(LEAST, blocks * BLOCK))


def main() -> int:
    """Play a hundred, and print how many fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    stage()
    started = time.process_time()
    play_seeds(range(_TRIED))
    each = (time.process_time() - started) / _TRIED
    print(fitting(options.seconds, each_seconds=each, workers=os.cpu_count() or 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
