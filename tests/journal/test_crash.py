"""Other processes: killed while they write, racing for the lock, out of room."""

import os
import signal
import sys

import pytest

from azstaging.errors import LeaseHeldError
from azstaging.journal import Journal

PRELUDE = """
import os, sys
from datetime import datetime, timezone
from azstaging.errors import StagingError
from azstaging.journal import Journal
from azstaging.model.records import NewRecord, RecordType

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)

def append(journal, *numbers, pad=""):
    new = [NewRecord(type=RecordType.RUN, data={"number": n, "pad": pad}) for n in numbers]
    return journal.append(new, at=AT, run="child", actor="")

journal = Journal.open(sys.argv[1])
"""

# The child acknowledges on stdout what was appended; the fourth record meets the kill.
KILLED = (
    PRELUDE
    + """
import signal
for number in (1, 2, 3):
    append(journal, number)
    print(number, flush=True)

where, share = sys.argv[2], float(sys.argv[3])
write, sync = os.write, os.fsync

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def torn_write(fd, block):
    write(fd, bytes(block)[: int(len(block) * share)])
    die()

def no_sync(fd):
    if where == "after":
        sync(fd)
    die()

if where == "write":
    os.write = torn_write
else:
    os.fsync = no_sync
append(journal, 4, 5)
print(4, flush=True)
"""
)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(
    ("where", "share"),
    [("write", 0.0), ("write", 0.2), ("write", 0.5), ("write", 0.8), ("before", 1), ("after", 1)],
)
def test_a_killed_run_loses_nothing_that_it_acknowledged(estate, append, child, where, share):
    process = child(KILLED, estate, where, share)
    output, error = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, error
    assert output.split() == ["1", "2", "3"]
    with Journal.open(estate) as journal:
        before = [r.data["number"] for r in journal.records() if r.type == "run.started"]
        assert before in ([1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5])
        append(journal, 9)
        after = [r.data["number"] for r in journal.records() if r.type == "run.started"]
    assert after == [*before, 9]
    assert Journal.verify_at(estate).ok


HOLDS = (
    PRELUDE
    + """
sys.stdin.readline()
try:
    append(journal, os.getpid())
    print("won", flush=True)
except StagingError as error:
    print(type(error).__name__, error, flush=True)
sys.stdin.readline()
"""
)


def test_of_two_racing_processes_one_wins_and_the_other_knows_at_once(estate, child):
    racers = [child(HOLDS, estate) for _ in range(2)]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.stdout.readline().strip() for racer in racers]
    winner = said.index("won")
    assert said[1 - winner].startswith("LeaseHeldError The journal of ")
    with pytest.raises(LeaseHeldError, match=f"process {racers[winner].pid} on "):
        Journal.open(estate).records()
    assert len(Journal.read(estate).records()) == 2
    racers[winner].kill()
    racers[winner].wait(timeout=60)
    with Journal.open(estate) as journal:
        assert [r.data.get("number") for r in journal.records()] == [None, racers[winner].pid]


FULL = (
    PRELUDE
    + """
import resource
append(journal, 1)
size = os.path.getsize(os.path.join(sys.argv[1], "journal", "000000000000.jsonl"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, size + 1000))
append(journal, 2)
try:
    append(journal, 3, pad="x" * 5000)
except StagingError as error:
    print(type(error).__name__, error.effect.value, error.broken)
append(journal, 4)
print(journal.verify().ok, len(journal.records()))
"""
)


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_full_disk_leaves_nothing_half_written(estate, child):
    output, error = child(FULL, estate).communicate(timeout=60)
    assert output.split() == ["JournalError", "none", "False", "True", "4"], error
    numbers = [r.data.get("number") for r in Journal.read(estate).records()]
    assert numbers == [None, 1, 2, 4]
    assert Journal.verify_at(estate).ok


FORKED = (
    PRELUDE
    + """
append(journal, 1)
pid = os.fork()
if pid == 0:
    try:
        append(journal, 2)
    except StagingError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
append(journal, 3)
print(journal.verify().count)
"""
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_write_beside_its_parent(estate, child):
    output, error = child(FORKED, estate).communicate(timeout=60)
    assert "was opened in another process" in output, error
    assert output.split()[-1] == "3"


NO_POSIX = """
import sys
for name in ("fcntl", "resource", "pwd", "grp"):
    sys.modules[name] = None
import azstaging.journal, azstaging.journal.lease
print("imported")
"""


def test_it_imports_where_there_is_no_posix(child):
    output, error = child(NO_POSIX).communicate(timeout=60)
    assert output.strip() == "imported", error
