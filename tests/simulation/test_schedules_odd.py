"""Half of the schedules of CI: the blocks of odd number. The other half is its neighbour's."""

import pytest

from simulation.blocks import ODD, play_block


@pytest.mark.parametrize("block", ODD)
def test_no_schedule_breaks_a_promise(block):
    play_block(block)
