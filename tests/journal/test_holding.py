"""Held records are what was added, however many there are and whoever asks again."""

import tracemalloc
from datetime import datetime, timedelta, timezone

import pytest

from azstaging.journal.holding import BLOCK, HeldRecords
from azstaging.model.records import Record

AT = datetime(2026, 1, 31, 8, 0, 0, 123_456, tzinfo=timezone.utc)
# Beyond 64 bits, and half of a pair that no encoding but an escape takes.
ODD = {"large": 2**80, "half": "\ud800", "none": None, "deep": [{"b": 1, "a": [True]}]}


def record(seq, **data):
    return Record(
        seq=seq,
        at=AT + timedelta(seconds=seq),
        run=f"run-{seq // 7}",
        actor="t/o",
        type="plan.made" if seq in PLANS else "run.started",
        data={"number": seq, **data},
        prev=f"{seq:064x}",
        hash=f"{seq + 1:064x}",
    )


PLANS = {0, 5, BLOCK - 1, BLOCK + 4, 3 * BLOCK}
SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 5 * BLOCK + 3]


@pytest.fixture(params=SIZES)
def pair(request):
    """Return records as a tuple, and what holds the same ones."""
    plain = tuple(record(n, **(ODD if n % 100 == 0 else {})) for n in range(request.param))
    held = HeldRecords()
    held.add(plain)
    return plain, held.now()


def test_all_of_them_come_back_in_order_and_backwards(pair):
    plain, held = pair
    assert len(held) == len(plain)
    assert tuple(held) == plain
    assert tuple(reversed(held)) == plain[::-1]
    assert held == plain
    assert held[:] == plain


def test_each_place_and_each_slice_is_that_of_a_tuple(pair):
    plain, held = pair
    edges = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, len(plain) - 1, len(plain)}
    for place in edges & set(range(len(plain))):
        assert held[place] == plain[place]
        assert held[place - len(plain)] == plain[place - len(plain)]
    for place in edges - {-1}:
        assert tuple(held.since(place)) == plain[place:]
    for start in [None, *edges, -1, -BLOCK]:
        for stop in [None, *edges, -1]:
            for step in (None, 1, 3, -1, -BLOCK):
                assert held[start:stop:step] == plain[start:stop:step], (start, stop, step)
    for beyond in (len(plain), -len(plain) - 1):
        with pytest.raises(IndexError):
            held[beyond]


def test_what_is_added_later_is_not_among_those_asked_for_before():
    held = HeldRecords()
    plain = tuple(record(n) for n in range(4 * BLOCK))
    views = []
    for each in plain:
        held.add([each])
        views.append(held.now())
        assert held.head == (each.seq, each.hash)
    for count, view in enumerate(views[:: BLOCK // 3]):
        assert view == plain[: count * (BLOCK // 3) + 1]


def test_others_are_not_equal(pair):
    plain, held = pair
    other = HeldRecords()
    other.add((*plain, record(len(plain))))
    assert held != other.now()
    assert held != len(plain)
    if plain:
        other = HeldRecords()
        other.add((*plain[:-1], record(-1)))
        assert held != other.now()


def test_a_plan_is_packed_at_once_and_what_follows_stands_apart():
    held = HeldRecords()
    held.add([record(0, much=["word"] * 100_000)])
    view = held.now()
    held.add([record(1)])
    assert not view._newest
    assert [each.seq for each in held.now()] == [0, 1]
    assert held.now()[0].data["much"][-1] == "word"


def test_thousands_of_records_take_little_memory():
    tracemalloc.start()
    try:
        held = HeldRecords()
        say = "The agent of the machine is ready and said so within the last five minutes."
        for n in range(20_000):
            held.add([record(n, detail=say, id=f"/subscriptions/{n:032}", target=f"vm-{n}")])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / 20_000 < 200, "bytes for each; as values they take over a thousand"
    assert len(held.now()) == 20_000
