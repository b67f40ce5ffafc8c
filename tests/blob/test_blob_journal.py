"""The journal in a container: positions, races, lost answers, segments, kills."""

import http.server
import subprocess
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest

import azstaging
from azstaging.errors import ConfigurationError, JournalError
from azstaging.journal.blob import BlobJournal
from azstaging.journal.container import AnswerLostError, Container, check_container_url
from azstaging.journal.holding import HeldRecords
from azstaging.journal.reading import ReadJournal
from azstaging.model.records import NewRecord, RecordType

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)


def note(number):
    return NewRecord(type=RecordType.RUN, data={"number": number})


def append(journal, *numbers, run="run"):
    return journal.append([note(n) for n in numbers], at=AT, run=run, actor="t/o")


def take(journal, epoch):
    lease = NewRecord(type=RecordType.LEASE_TAKEN, data={"vault_id": "/v", "epoch": epoch})
    return journal.append([lease], at=AT, run="run", actor="t/o")


def numbers(journal):
    return [r.data["number"] for r in journal.records() if r.type == RecordType.RUN.value]


def test_what_is_appended_is_read_back_by_everybody(url):
    with azstaging.Journal.open(url) as journal:
        written = append(journal, 1, 2)
        assert [record.seq for record in written] == [1, 2]
        append(journal, 3)
        head = journal.head
    read = azstaging.Journal.read(url)
    assert numbers(read) == [1, 2, 3]
    assert read.head == head
    assert read.id == read.records()[0].data["id"]
    assert azstaging.Journal.verify_at(url, head=head[1]).ok
    with pytest.raises(JournalError, match="opened for reading"):
        append(read, 4)


def test_two_writers_go_on_after_each_other(container):
    one, two = BlobJournal(container), BlobJournal(container)
    append(one, 1)
    append(two, 2)
    append(one, 3)
    assert numbers(one) == numbers(two) == [1, 2, 3]
    assert one.id == two.id
    assert [r.seq for r in two.records()] == [0, 1, 2, 3]


def test_sixteen_racing_writers_lose_and_repeat_nothing(url):
    def write(writer):
        journal = BlobJournal(Container(url))
        for n in range(5):
            append(journal, writer * 100 + n, run=f"run-{writer}")

    threads = [threading.Thread(target=write, args=(w,)) for w in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = numbers(azstaging.Journal.read(url))
    assert sorted(found) == [w * 100 + n for w in range(16) for n in range(5)]
    for writer in range(16):
        mine = [n for n in found if n // 100 == writer]
        assert mine == sorted(mine), "one writer's records keep their order"
    assert azstaging.Journal.verify_at(url).ok


class Lossy:
    """A container whose answers to appends are lost: before or after the effect, by script."""

    def __init__(self, container, script):
        self._container = container
        self._script = list(script)

    def __getattr__(self, name):
        return getattr(self._container, name)

    def append(self, name, block, position):
        what = self._script.pop(0) if self._script else "ok"
        if what == "before":
            raise AnswerLostError
        blocks = self._container.append(name, block, position)
        if what == "after":
            raise AnswerLostError
        return blocks


@pytest.mark.parametrize("script", [["before"], ["after"], ["before", "after", "before"]])
def test_a_lost_answer_is_looked_up_and_nothing_stands_twice(container, script):
    journal = BlobJournal(Lossy(container, script))
    append(journal, 1, 2)
    append(journal, 3)
    assert numbers(BlobJournal(container)) == [1, 2, 3]


def test_a_lost_answer_after_which_somebody_else_wrote(container):
    other = BlobJournal(container)
    append(other, 1)

    class Slow(Lossy):
        def append(self, name, block, position):
            if self._script:
                self._script.pop()
                append(other, 2)
                raise AnswerLostError
            return self._container.append(name, block, position)

    append(BlobJournal(Slow(container, ["once"])), 3)
    assert numbers(other) == [1, 2, 3]


def test_a_full_segment_has_a_successor_and_the_chain_goes_on(container):
    writers = [BlobJournal(container, segment_blocks=4) for _ in range(3)]
    for n in range(30):
        append(writers[n % 3], n)
    names = writers[0].source.names()
    assert len(names) > 5
    assert names[0] == "000000000000.jsonl"
    reader = BlobJournal(container)
    assert numbers(reader) == list(range(30))
    for name in names[:-1]:
        part = container.read(f"journal/{name}", 0, 1)
        assert part.blocks == 4, "a segment is left when it is full, and never appended to again"


def test_a_large_append_is_several_blocks(container, monkeypatch):
    monkeypatch.setattr("azstaging.journal.blob.BLOCK_BYTES", 1_000)
    journal = BlobJournal(container)
    written = append(journal, *range(40))
    assert [r.data["number"] for r in written] == list(range(40))
    assert container.read("journal/000000000000.jsonl", 0, 1).blocks > 5
    assert numbers(BlobJournal(container)) == list(range(40))


CHILD = """
import sys
from datetime import datetime, timezone
import azstaging
from azstaging.model.records import NewRecord, RecordType
with azstaging.Journal.open(sys.argv[1]) as journal:
    for n in range(1000):
        journal.append([NewRecord(type=RecordType.RUN, data={"number": n})],
                       at=datetime(2026, 1, 31, tzinfo=timezone.utc), run="child", actor="")
        print(n, flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 20])
def test_a_killed_writer_loses_nothing_that_was_acknowledged(url, after):
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, text=True
    ) as process:
        acknowledged = [int(process.stdout.readline()) for _ in range(after)]
        process.kill()
        acknowledged += [int(line) for line in process.stdout.read().split()]
    with azstaging.Journal.open(url) as journal:
        found = numbers(journal)
        assert found[: len(acknowledged)] == acknowledged
        assert len(found) - len(acknowledged) <= 1
        append(journal, 5000)
        assert journal.verify().ok


@pytest.mark.parametrize("change", ["flip", "drop", "repeat", "swap"])
def test_a_change_in_the_container_is_named(container, url, change):
    journal = BlobJournal(container)
    append(journal, *range(6))
    name = "journal/000000000000.jsonl"
    lines = container.read(name).data.splitlines(keepends=True)
    changed = {
        "flip": [*lines[:3], lines[3].replace(b'"number":2', b'"number":9'), *lines[4:]],
        "drop": [*lines[:3], *lines[4:]],
        "repeat": [*lines[:4], lines[3], *lines[4:]],
        "swap": [*lines[:3], lines[4], lines[3], *lines[5:]],
    }[change]
    container.put(name, b"".join(changed))
    result = azstaging.Journal.verify_at(url)
    assert not result.ok
    assert result.first_bad_seq == {"flip": 3, "drop": 3, "repeat": 4, "swap": 3}[change]


def test_files_go_with_the_journal(url, tmp_path):
    with azstaging.Journal.open(url) as journal:
        append(journal, 1)
        path = journal.folder / "baselines" / "b.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"{}")
        journal.publish([path])
    read = azstaging.Journal.read(url)
    read.fetch(["baselines/b.json", "baselines/missing.json"])
    assert (read.folder / "baselines" / "b.json").read_bytes() == b"{}"
    assert not (read.folder / "baselines" / "missing.json").exists()
    pack = azstaging.Journal.read(url).export(tmp_path / "pack.zip")
    assert azstaging.Journal.verify_at(pack).ok


@pytest.mark.parametrize(
    "name", ["../outside.json", "baselines/../../outside.json", "/etc/outside", "a\\..\\b", "C:x"]
)
def test_a_file_outside_the_estate_is_not_fetched(container, name):
    container.put("outside.json", b"{}")
    journal = BlobJournal(container)
    before = sorted(journal.folder.parent.glob("outside*"))
    with pytest.raises(JournalError, match="not in an estate folder") as refused:
        journal.fetch([name])
    assert refused.value.broken
    assert sorted(journal.folder.parent.glob("outside*")) == before
    journal.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://store.blob.core.windows.net",
        "https://store.example.com/estate",
        "http://store.blob.core.windows.net/estate",
        "https://store.blob.core.windows.net/estate?sig=secret",
        "https://user:secret@store.blob.core.windows.net/estate",
        "http://127.0.0.1:10000/account",
    ],
)
def test_what_is_no_container_is_refused_without_its_secret(url):
    with pytest.raises(ConfigurationError) as refused:
        azstaging.Journal.open(url)
    assert "secret" not in str(refused.value)
    assert check_container_url("https://a.blob.core.windows.net/c/f/") == (
        "https://a.blob.core.windows.net/c/f"
    )


class Echo(http.server.BaseHTTPRequestHandler):
    """A store that refuses everything, and says in header and body what nobody should repeat."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = f"<Error><Code>canary-9d2e</Code><Message>{self.path}</Message></Error>".encode()
        self.send_response(403, "canary-9d2e")
        self.send_header("x-ms-error-code", "canary-9d2e")
        self.send_header("x-ms-request-id", "canary-9d2e")
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET  # noqa: N815 - the name that the server looks for

    def log_message(self, *_):
        """Say nothing."""


def test_no_error_repeats_what_a_store_answers_or_what_the_environment_holds(monkeypatch, caplog):
    for name in ("AZURE_CLIENT_SECRET", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"):
        monkeypatch.setenv(name, "canary-9d2e")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}/account/estate"
        with azstaging.Journal.open(place) as journal, pytest.raises(JournalError) as refused:
            append(journal, 1)
        with pytest.raises(JournalError) as unread:
            azstaging.Journal.read(place).records()
        server.shutdown()
    for error in (refused.value, unread.value):
        assert "403" in str(error)
        assert "canary" not in f"{error} {error!r} {error.advice}"
        assert error.__cause__ is None
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("azstaging")]
    assert "canary" not in " ".join(ours)


def test_a_container_that_is_not_there_is_an_error_and_no_empty_journal(azurite):
    with pytest.raises(JournalError, match="ContainerNotFound"):
        azstaging.Journal.read(f"{azurite}/not-there").records()
    with azstaging.Journal.open(f"{azurite}/not-there") as journal, pytest.raises(JournalError):
        append(journal, 1)


class Counted:
    """A container that says what it was asked."""

    def __init__(self, container):
        self._container = container
        self.asked = []

    def __getattr__(self, name):
        found = getattr(self._container, name)
        if callable(found):
            self.asked.append(name)
        return found


def test_an_append_where_nobody_else_writes_is_two_requests(container):
    counted = Counted(container)
    journal = BlobJournal(counted, segment_blocks=5)
    append(journal, 0)
    for n in range(1, 5):
        counted.asked.clear()
        append(journal, n)
        assert counted.asked == ["append", "read"], n
    counted.asked.clear()
    append(journal, 5)
    assert "create" in counted.asked, "a full segment is left"
    counted.asked.clear()
    append(journal, 6)
    assert counted.asked == ["append", "read"]
    assert numbers(BlobJournal(container)) == list(range(7))


def test_a_lease_that_others_took_is_shown_to_the_guards_however_it_was_read(container):
    one, two = BlobJournal(container), BlobJournal(container)
    seen = []
    one.guards.append(lambda others: seen.extend(record.data["epoch"] for record in others))
    append(one, 1)
    take(two, 2)
    assert [record.data["epoch"] for record in one.leases()] == [2], "read by one who only looks"
    append(one, 3)
    assert seen == [2]
    seen.clear()
    take(two, 4)
    append(one, 5)
    assert seen == [4], "the position was taken, so it was read before anything was written"
    assert [record.data["epoch"] for record in two.leases()] == [2, 4]
    assert numbers(two) == [1, 3, 5]


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_who_finds_the_segment_filled_by_another_reads_on_before_it_goes_to_the_next(
    container, blocks
):
    one = BlobJournal(container, segment_blocks=3)
    two = BlobJournal(container, segment_blocks=3)
    append(one, 1)
    append(two, 2)
    others = iter(range(10, 10 + blocks))

    def overtake(_leases):
        one.guards.clear()
        for number in others:
            append(two, number)

    # After `one` has read where the journal ends, and before it appends there.
    assert numbers(one) == [1, 2]
    one.guards.append(overtake)
    append(one, 3)
    expected = [1, 2, *range(10, 10 + blocks), 3]
    assert numbers(BlobJournal(container)) == expected
    assert numbers(one) == numbers(two) == expected


class Interrupted(HeldRecords):
    """Held records whose owner is interrupted while one certain record is added."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def add(self, records):
        for record in records:
            if record.seq == self.at:
                raise KeyboardInterrupt
            super().add([record])


@pytest.mark.parametrize("at", [0, 2, 4, 5])
def test_an_interrupt_while_it_is_read_leaves_no_hole(container, at):
    writer = BlobJournal(container)
    append(writer, 1, 2)
    take(writer, 7)
    append(writer, 3, 4)
    journal = BlobJournal(container)
    journal._records = Interrupted(at)
    with pytest.raises(KeyboardInterrupt):
        journal.records()
    assert [record.seq for record in journal.records()] == [0, 1, 2, 3, 4, 5]
    assert [record.data["epoch"] for record in journal.leases()] == [7]
    append(journal, 5)
    assert numbers(BlobJournal(container)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("at", [0, 2, 5])
def test_an_interrupt_of_one_who_only_reads_leaves_no_hole(container, at):
    append(BlobJournal(container), 1, 2, 3, 4, 5)
    journal = ReadJournal(Path(), container=container)
    journal._records = Interrupted(at)
    with pytest.raises(KeyboardInterrupt):
        journal.records()
    assert [record.seq for record in journal.records()] == [0, 1, 2, 3, 4, 5]
