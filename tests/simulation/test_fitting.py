"""A slow machine plays fewer schedules in CI, a fast one all of them, and none too few."""

import pytest

from simulation.blocks import BLOCK
from simulation.fitting import fitting


@pytest.mark.parametrize(
    ("each_seconds", "workers", "count"),
    [
        (0.018, 2, 20_000),
        (0.03, 2, 20_000),
        (0.1, 2, 6_000),
        (0.1, 4, 6_000),
        (0.1, 1, 3_000),
        (0.11, 2, 5_000),
        (3.0, 1, 2_000),
    ],
)
def test_as_many_schedules_are_played_as_fit(each_seconds: float, workers: int, count: int) -> None:
    found = fitting(300, each_seconds=each_seconds, workers=workers)
    assert found == count
    assert found % BLOCK == 0
