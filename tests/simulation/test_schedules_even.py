"""Half of the schedules of CI: the blocks of even number. The other half is its neighbour's."""

import pytest

from simulation.blocks import EVEN, play_block


@pytest.mark.parametrize("block", EVEN)
def test_no_schedule_breaks_a_promise(block):
    play_block(block)
