"""Schedules that once broke a promise; each found a defect of the engine, or of its tests."""

import pytest

from simulation.playing import violations
from simulation.schedule import Event

FOUND = {
    "the vaults were taken over between the lease and the first intent": (
        Event("lease-lost-at-append", at=1),
    ),
    "the run was suspended after its intent until another had judged it": (
        Event("lease-lost-at-append", at=3),
    ),
    "a request that arrived twice met a conflict, and an old answer showed the item as planned": (
        Event("stop-fault", at=9, item=1, size=67),
        Event("echo", at=30, item=1, size=186),
    ),
}


@pytest.mark.parametrize("schedule", FOUND.values(), ids=FOUND)
def test_a_schedule_that_was_found_stays_mended(schedule):
    assert violations(schedule)[1] == []


def test_a_run_that_was_overtaken_at_the_start_sends_nothing_and_says_why():
    story, _ = violations(
        FOUND["the vaults were taken over between the lease and the first intent"]
    )
    hows = {end.run: end.how for end in story.ends}
    assert hows["run-1"] == "LeaseHeldError"
    assert not [e for e in story.world.wire.exchanges if e.run == "run-1" and e.method != "GET"]


def test_a_run_that_was_suspended_after_its_intent_does_not_send():
    story, _ = violations(
        FOUND["the run was suspended after its intent until another had judged it"]
    )
    assert not [e for e in story.world.wire.exchanges if e.run == "run-1" and e.method != "GET"]
