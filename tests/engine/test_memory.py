"""What is freed goes back to the system, in a process of our own."""

import os
import subprocess
import sys

import pytest

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
