"""The pace of an hour, alone: no hour sees more than the limit, and nothing waits for ever."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.model.plans import PlanItem, PlannedRequest
from azstaging.rules.pace import HOUR, Pace, minute, paced

NOW = datetime(2026, 3, 5, 15, 0, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


def pace(limit, *minutes_ago):
    return Pace(limit=limit, begun=tuple(NOW - timedelta(minutes=ago) for ago in minutes_ago))


def item(name, *workloads):
    return PlanItem(
        id=f"/items/{name}",
        name=name,
        provider="VMwareCbt",
        generation="1",
        vault_id="/vault",
        workloads=workloads,
        fingerprint={},
        request=PlannedRequest(method="DELETE", url="https://management.azure.com"),
        evidence=(),
    )


@pytest.mark.parametrize(
    ("limit", "minutes_ago", "count", "was_begun", "allowed"),
    [
        (None, (1, 1, 1), 9, False, 9),
        (3, (), 3, False, 3),
        (3, (59,), 3, False, 0),
        (3, (59,), 2, False, 2),
        (3, (60,), 3, False, 3),
        (3, (-500,), 3, False, 0),
        (3, (1, 1, 1), 1, True, 0),
        (3, (1, 1, 1, 1), 1, True, 0),
        (3, (1, 1), 2, True, 1),
        (3, (), 7, False, 3),
        (3, (1,), 7, False, 0),
        (3, (1,), 7, True, 2),
    ],
)
def test_how_many_of_what_belongs_together_may_go(limit, minutes_ago, count, was_begun, allowed):
    assert pace(limit, *minutes_ago).allowed(count, NOW, was_begun=was_begun) == allowed


def test_it_says_from_when_there_is_room_for_all_that_goes_together():
    three = [item(name, "Payroll") for name in "abc"]
    full = pace(4, 50, 40, 30, 20)
    end = NOW + 4 * HOUR
    assert (
        full.wait(three, NOW, until=end, was_begun=False).next_at == NOW + HOUR - 30 * 60 * SECOND
    )
    begun = full.wait(three, NOW, until=end, was_begun=True)
    assert begun.next_at == NOW + 10 * 60 * SECOND
    assert begun.reason == (
        "4 of the 4 stops that an hour may see (gate.max_stops_per_hour) are taken, "
        "the first at 2026-03-05 14:10 UTC"
    )
    assert begun.next_step == (
        "Run the same command again from 2026-03-05 15:10 UTC on; it goes on with the rest."
    )
    partly = pace(4, 50, 40).wait(three, NOW, until=NOW + SECOND, was_begun=False)
    assert partly.reason.endswith(", and Payroll needs 3 at once")
    assert "ends before that, at 2026-03-05 15:00 UTC" in partly.next_step


def test_nothing_overtakes_what_waits():
    groups = [[item("a", "A")], [item("b1", "B"), item("b2", "B")], [item("c", "C")]]
    going = paced(groups, pace(2), frozenset(), now=NOW, until=NOW + HOUR * 9)
    assert [[each.name for each in group] for group in going.groups] == [["a"]]
    assert [held.name for held in going.held] == ["b1", "b2", "c"]
    assert going.next_at == NOW + HOUR
    begun = paced(groups, pace(2), frozenset({"B"}), now=NOW, until=NOW + HOUR * 9)
    assert [[each.name for each in group] for group in begun.groups] == [["a"], ["b1"]]
    assert [held.name for held in begun.held] == ["b2", "c"]
    free = paced(groups, Pace(limit=None), frozenset(), now=NOW, until=NOW)
    assert (len(free.groups), free.held, free.next_at) == (3, (), None)


def test_a_time_is_rounded_up_so_that_nobody_is_early():
    assert minute(NOW) == "2026-03-05 15:00 UTC"
    assert minute(NOW + SECOND) == "2026-03-05 15:01 UTC"


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 90), st.booleans()), max_size=12),
)
def test_no_hour_sees_more_than_the_limit_and_who_comes_when_told_gets_room(limit, runs):
    now, current = NOW, Pace(limit=limit)
    for count, minutes, was_begun in runs:
        now += timedelta(minutes=minutes)
        allowed = current.allowed(count, now, was_begun=was_begun)
        if not allowed:
            waiting = [item(str(n)) for n in range(count)]
            now = current.wait(waiting, now, until=now, was_begun=was_begun).next_at
            allowed = current.allowed(count, now, was_begun=was_begun)
            assert allowed
        assert allowed <= count
        current = current.after(allowed, now)
    begun = sorted(current.begun)
    for first, last in zip(begun, begun[limit:], strict=False):
        assert last - first >= HOUR
