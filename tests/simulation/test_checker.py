"""The checker itself: it is silent about the engine and loud about every faulty one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.faulty import FAULTY, sends_again_on_time_out
from simulation.playing import smallest, stage, tell, violations
from simulation.schedule import KEYS, KINDS, SCRIPTED, Event, schedule_of


def test_left_in_peace_it_stops_every_planned_item_once_and_nothing_else():
    story, found = violations(())
    world = stage()[0]
    assert found == []
    assert [end.how for end in story.ends] == ["clean"]
    stopped = {stop.item_id for stop in world.state.stops}
    assert stopped == {world.items[key] for key in KEYS}
    changes = [request for request in world.app.requests if request.method != "GET"]
    assert len(changes) == len(KEYS)


def test_a_schedule_is_played_the_same_every_time():
    def told(seed):
        story, _ = violations(schedule_of(seed))
        exchanges = [
            # The ids of jobs are drawn by the service.
            (e.run, e.at, e.method, e.path.partition("/replicationJobs/")[0], e.status)
            for e in story.world.wire.exchanges
        ]
        return exchanges, [end.how for end in story.ends]

    for seed in range(8):
        assert told(seed) == told(seed)


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.__name__)
def test_the_checker_catches_a_faulty_engine(faulty):
    world = stage()[0]
    with faulty(world):
        for seed in range(1500):
            schedule = schedule_of(seed)
            if violations(schedule)[1]:
                break
        else:
            pytest.fail(f"{faulty.__name__} went unnoticed")
    # The same schedule is no trouble to the engine as it is.
    assert violations(schedule)[1] == []


def test_a_violation_is_told_with_the_smallest_schedule_that_shows_it():
    world = stage()[0]
    with sends_again_on_time_out(world):
        schedule = (Event("slow-jobs", 9), Event("stop-fault", 0, 0, 1), Event("later", 50, 0, 0))
        found = violations(schedule)[1]
        assert smallest(schedule) == (Event("stop-fault", 0, 0, 1),)
        text = tell(schedule, found, seed=7)
    assert text.startswith("seed 7: ")
    assert "Event(kind='stop-fault', at=0, item=0, size=1)" in text
    assert "slow-jobs" not in text


def test_every_kind_of_event_happens_in_a_thousand_schedules():
    drawn = {event.kind for seed in range(1000) for event in schedule_of(seed)}
    assert drawn == set(KINDS)
    assert set(SCRIPTED) < drawn


EVENTS = st.builds(
    Event,
    kind=st.sampled_from(KINDS),
    at=st.integers(0, 60),
    item=st.integers(0, len(KEYS) - 1),
    size=st.integers(0, 999),
)


@settings(max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EVENTS, max_size=8).map(tuple))
def test_no_drawn_schedule_breaks_a_promise(schedule):
    found = violations(schedule)[1]
    assert not found, tell(schedule, found)
