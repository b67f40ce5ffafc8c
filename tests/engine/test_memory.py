"""What is freed goes back, in a process of our own; what is kept is not looked through at once."""

import gc
import os
import subprocess
import sys
import weakref

import pytest

from azstaging.engine.memory import few_collections

# Pages of an inventory are read and dropped, and a part is kept of each.
PAGES = """
import sys
if sys.argv[1] == "return":
    from azstaging.engine.memory import return_what_is_freed
    return_what_is_freed()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
first = bytearray(20_000_000)
del first
before = resident()
pages, kept = [], []
for _ in range(100):
    pages.append(b"p" * 1_000_000)
    kept.append(b"k" * 60_000)  # large enough to lie between the pages
pages.clear()
print(resident() - before)
"""


def held_bytes(how):
    # A library that was imported before, such as dask, may set them for its children.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC")}
    done = subprocess.run(
        [sys.executable, "-c", PAGES, how], capture_output=True, text=True, check=True, env=plain
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone has the setting")
def test_pages_that_were_dropped_are_not_held_on_to():
    assert held_bytes("keep") > 60_000_000, "the C library holds on to them by itself"
    assert held_bytes("return") < 20_000_000


@pytest.fixture
def collections():
    """The generations that were looked through, in their order."""
    seen = []

    def note(phase, info):
        if phase == "start":
            seen.append(info["generation"])

    gc.collect()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def test_what_was_read_is_not_looked_through_when_the_reading_ends(collections):
    with few_collections():
        kept = [[number] for number in range(50_000)]
    usual = [[number] for number in range(100)]
    assert collections == []
    assert len(kept) + len(usual) == 50_100
    assert gc.get_threshold()[0] < 50_000


def test_garbage_of_the_reading_is_found_later():
    class Loop:
        pass

    with few_collections():
        loop = Loop()
        loop.itself = loop
        gone = weakref.ref(loop)
        del loop
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_what_somebody_froze_stays_frozen():
    gc.freeze()
    try:
        with few_collections():
            pass
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()
