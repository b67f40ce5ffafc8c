"""20,000 schedules in blocks, divided between two files so that two workers share them."""

import os

from simulation.playing import play_seeds

BLOCK = 500
SCHEDULES = int(os.environ.get("AZSTAGING_SCHEDULES", "20000"))
_BLOCKS = range(max(2, SCHEDULES // BLOCK))
EVEN, ODD = _BLOCKS[::2], _BLOCKS[1::2]


def play_block(block: int) -> None:
    """Play one block; a healthy share of its schedules must have stopped something."""
    counts = play_seeds(range(block * BLOCK, (block + 1) * BLOCK))
    assert counts["schedules"] == BLOCK
    assert counts["stops"] > BLOCK
    assert counts["ended clean"] > BLOCK // 2
    assert counts["ended killed"] > BLOCK // 10
