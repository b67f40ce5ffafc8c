"""Plays many schedules in this process, and makes a failing one as small as it gets."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from simulation.checker import Truth, check
from simulation.schedule import Event, Schedule, Story, play, schedule_of
from simulation.world import World


@lru_cache(maxsize=1)
def stage() -> tuple[World, Truth]:
    """Return the one world of this process, and the truth about it."""
    world = World()
    return world, Truth(world)


def violations(schedule: Schedule) -> tuple[Story, list[str]]:
    """Play one schedule and return its story with every violation."""
    world, truth = stage()
    story = play(world, schedule)
    return story, check(truth, story)


def smallest(schedule: Schedule) -> Schedule:
    """Return a failing schedule without every event that the failure does not need."""
    for index in range(len(schedule)):
        rest = (*schedule[:index], *schedule[index + 1 :])
        if violations(rest)[1]:
            return smallest(rest)
    return schedule


def tell(schedule: Schedule, found: list[str], *, seed: object = "") -> str:
    """Describe a violation so that it can be played again."""
    part = smallest(schedule)
    lines = [f"seed {seed}: {found[0]}", "smallest schedule that fails:"]
    lines += [f"    {event!r}," for event in part]
    lines += ["what it violates:", *(f"    {each}" for each in violations(part)[1] or found)]
    return "\n".join(lines)


def play_seeds(seeds: Iterable[int]) -> Counter[str]:
    """Play the schedules of many seeds.

    Returns:
        How often runs ended in which way, and ``schedules``, ``stops``.

    Raises:
        AssertionError: a promise was broken; the message holds the smallest schedule.
    """
    counts: Counter[str] = Counter()
    for seed in seeds:
        schedule = schedule_of(seed)
        story, found = violations(schedule)
        assert not found, tell(schedule, found, seed=seed)
        counts["schedules"] += 1
        counts["stops"] += len(story.world.state.stops)
        counts["runs"] += len(story.ends)
        counts.update(f"ended {end.how}" for end in story.ends)
    return counts


__all__ = ["Event", "play_seeds", "smallest", "stage", "tell", "violations"]
