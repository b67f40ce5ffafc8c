"""Writers killed at every boundary between them and what keeps the journal.

One child process forks a writer per boundary; the writer is killed by SIGKILL there, having said
in a file which records were acknowledged. On a disk the boundaries are before, after and half-way
through each call that changes a file, and each line of the code that sets a torn line aside; of a
container they are before and after each request, half-way through it, and after its answer.
"""

import os
import subprocess
import sys
from datetime import datetime, timezone

import pytest

from azstaging.journal import Journal
from azstaging.model.records import NewRecord, RecordType

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

LEAST = {"disk": 60, "torn": 60, "wire": 40}

CHILD = '''
import os, signal, sys
from datetime import datetime, timezone
from azstaging.journal import Journal, blob, file
from azstaging.model.records import NewRecord, RecordType

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)
real_write = os.write


class Boundaries:
    """Counts boundaries, and kills this process at one of them."""

    def __init__(self, fatal):
        self.fatal, self.count = fatal, 0

    def __call__(self):
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1

    def around(self, call):
        def called(*args, **options):
            self()
            result = call(*args, **options)
            self()
            return result
        return called


def on_disk(boundary):
    """Every call that changes a file; cutting one off is no call of os, so there it is lines."""
    def write(fd, block):
        boundary()
        half = len(block) // 2
        if boundary.count == boundary.fatal:
            real_write(fd, bytes(block)[:half])
        boundary()
        done = real_write(fd, block)
        boundary()
        return done

    os.write = write
    for name in ("open", "fsync", "close", "mkdir", "replace", "ftruncate", "unlink"):
        setattr(os, name, boundary.around(getattr(os, name)))

    def line(frame, event, _):
        if event == "line":
            boundary()
        return line

    sys.settrace(lambda frame, event, arg: line if frame.f_code.co_name == "_set_aside" else None)


def on_wire(boundary):
    """Every request: before, half-way, sent, answered."""
    import http.client
    kind = http.client.HTTPConnection
    send = kind.send

    def half_sent(self, data):
        boundary()
        if boundary.count == boundary.fatal and isinstance(data, bytes):
            send(self, data[: len(data) // 2])
        boundary()
        send(self, data)
        boundary()

    kind.send = half_sent
    kind.getresponse = boundary.around(kind.getresponse)
    blob.BlobJournal.__init__.__kwdefaults__["segment_blocks"] = 2


def leave_torn(place):
    """Make a journal whose last line is torn."""
    with Journal.open(place) as journal:
        journal.append([], at=AT, run="child", actor="")
    path = os.path.join(place, "journal", "000000000000.jsonl")
    with open(path, "ab") as segment:
        segment.write(b'{"actor":"","at":"2026-01-31T08:00:00.000Z","data":{"number":77')


def scenario(place, acks, boundary):
    """Three appends, the last of two records; each is acknowledged in a file."""
    file.SEGMENT_BYTES = 900
    if kind == "torn":
        leave_torn(place)
    (on_wire if kind == "wire" else on_disk)(boundary)
    journal = Journal.open(place)
    for numbers in ((1,), (2,), (3, 4)):
        new = [NewRecord(type=RecordType.RUN, data={"number": n, "pad": "x" * 90}) for n in numbers]
        journal.append(new, at=AT, run="child", actor="")
        real_write(acks, b"".join(b"%d\\n" % n for n in numbers))
        boundary()
    sys.settrace(None)
    os._exit(0)


kind, folder, places = sys.argv[1], sys.argv[2], sys.argv[3]
if kind == "wire":
    import azure.storage.blob, azure.core.pipeline.transport, requests
fatal = 0
while True:
    acks = os.open(os.path.join(folder, f"acks-{fatal}"), os.O_WRONLY | os.O_CREAT, 0o644)
    pid = os.fork()
    if pid == 0:
        try:
            boundary = Boundaries(fatal)
            scenario(f"{places}{fatal}", acks, boundary)
        finally:
            sys.settrace(None)
            os._exit(3)
    os.close(acks)
    status = os.waitpid(pid, 0)[1]
    if not os.WIFSIGNALED(status):
        print(fatal, os.WEXITSTATUS(status))
        break
    fatal += 1
'''


def killed_everywhere(kind, folder, places):
    """Return how many boundaries there are; the writer after the last one ends by itself."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, kind, str(folder), str(places)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    count, code = map(int, done.stdout.split())
    assert code == 0, done.stderr
    return count


def numbers(journal):
    return [r.data["number"] for r in journal.records() if r.type == RecordType.RUN.value]


def append(journal, number):
    new = NewRecord(type=RecordType.RUN, data={"number": number})
    journal.append([new], at=datetime(2026, 1, 31, 9, tzinfo=timezone.utc), run="next", actor="")


def require_kept(place, acknowledged):
    """Nothing acknowledged is lost, no torn record is read, and the next run goes on."""
    whole = [1, 2, 3, 4]
    assert acknowledged == whole[: len(acknowledged)]
    with Journal.open(place) as journal:
        found = numbers(journal)
        assert found == whole[: len(found)]
        assert len(found) >= len(acknowledged)
        append(journal, 9)
        assert numbers(journal) == [*found, 9]
        assert journal.verify().ok
    assert numbers(Journal.read(place)) == [*found, 9]
    return len(found), len(acknowledged)


def check_all(kind, folder, places):
    """Kill at every boundary, and look at what each killed writer left."""
    count = killed_everywhere(kind, folder, places)
    left = set()
    for fatal in range(count):
        said = (folder / f"acks-{fatal}").read_text().split()
        left.add(require_kept(f"{places}{fatal}", [int(line) for line in said]))
    assert {kept for kept, _ in left} >= {0, 1, 2, 4}
    assert {acknowledged for _, acknowledged in left} == {0, 1, 2, 4}
    assert any(kept > acknowledged for kept, acknowledged in left), "killed before it was said"
    return count


def test_a_writer_on_a_disk_killed_at_every_boundary(tmp_path):
    count = check_all("disk", tmp_path, tmp_path / "estate-")
    assert count >= LEAST["disk"]
    assert len(list((tmp_path / f"estate-{count}" / "journal").glob("*.jsonl"))) > 1


def test_a_writer_that_finds_a_torn_line_killed_at_every_boundary(tmp_path):
    count = check_all("torn", tmp_path, tmp_path / "estate-")
    assert count >= LEAST["torn"]
    for fatal in range(count + 1):
        records = Journal.read(tmp_path / f"estate-{fatal}").records()
        torn = [r for r in records if r.type == RecordType.TORN.value]
        assert len({r.data["file"] for r in torn}) == len(torn), "each torn line is recorded once"
        assert torn
        assert 77 not in [r.data.get("number") for r in records]


def test_a_writer_of_a_container_killed_at_every_boundary(tmp_path, url):
    count = check_all("wire", tmp_path, f"{url}/run-")
    assert count >= LEAST["wire"]
    names = Journal.read(f"{url}/run-{count}").blobs.source.names()
    assert len(names) > 1, "a segment was left on the way"
