"""The journal in a folder: durable, locked, at home, never half."""

import os
import threading
from datetime import datetime, timezone

import pytest

import azstaging as az
from azstaging.errors import ConfigurationError, Effect, JournalError, LeaseHeldError
from azstaging.journal import Journal, file
from azstaging.journal.file import FileJournal
from azstaging.model.records import NewRecord, RecordType

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)


def test_opening_makes_nothing_until_it_is_used(estate):
    az.Journal.open(estate).close()
    assert not estate.exists()


def test_the_first_append_opens_the_journal(estate, append):
    with az.Journal.open(estate) as journal:
        assert journal.records() == ()
        assert journal.head == (-1, "0" * 64)
        known = journal.id
        (record,) = append(journal, 1)
        opened, first = journal.records()
    assert (opened.seq, opened.type, first) == (0, "journal.opened", record)
    assert opened.data["id"] == known
    assert opened.data["format"] == "azstaging/journal/1"
    assert opened.data["path"] == str(estate.resolve())
    assert opened.data["host"]


def test_it_goes_on_where_it_ended(estate, append):
    with Journal.open(estate) as journal:
        append(journal, 1, 2)
        head, known = journal.head, journal.id
    with Journal.open(estate) as journal:
        assert (journal.head, journal.id) == (head, known)
        (record,) = append(journal, 3)
        assert (record.seq, record.prev) == (3, head[1])
    assert Journal.verify_at(estate).count == 4


def test_records_are_as_they_will_be_read_back(journal, estate):
    data = {"many": (1, 2), "nested": {"b": None, "a": "ä"}}
    written = journal.append(
        [NewRecord(type=RecordType.RUN, data=data)], at=AT, run="run", actor="t/o"
    )
    data["nested"]["a"] = "changed later"
    assert journal.records()[1:] == written == Journal.read(estate).records()[1:]
    assert written[0].data["nested"]["a"] == "ä"


def test_the_history_grows_with_the_journal(journal, append):
    append(journal, 1)
    assert journal.history().seq == 1
    append(journal, 2, 3)
    assert journal.history().seq == 3


def test_readers_see_what_is_appended_and_cannot_append(journal, estate, append):
    append(journal, 1)
    reader = Journal.read(estate)
    assert len(reader.records()) == 2
    append(journal, 2)
    assert reader.records() == journal.records()
    assert (reader.id, reader.head) == (journal.id, journal.head)
    with pytest.raises(JournalError, match="opened for reading"):
        append(reader, 3)
    assert journal.verify().ok


def test_a_segment_file_can_be_read_alone(journal, segment, append):
    append(journal, 1)
    reader = Journal.read(segment)
    assert reader.records() == journal.records()
    assert reader.verify().ok


def test_segments_follow_each_other(estate, append, monkeypatch):
    monkeypatch.setattr(file, "SEGMENT_BYTES", 1000)
    with Journal.open(estate) as journal:
        for number in range(12):
            append(journal, number)
        names = sorted(path.name for path in (estate / "journal").iterdir())
        assert len(names) > 2
        assert Journal.read(estate).records() == journal.records()
    with Journal.open(estate) as journal:
        append(journal, 12)
        assert len(journal.records()) == 14
    result = Journal.verify_at(estate)
    assert (result.ok, result.count) == (True, 14)
    later = Journal.read(estate / "journal" / names[1])
    assert later.records()[0].seq == int(names[1].split(".")[0])
    assert later.verify().ok
    (estate / "journal" / names[1]).unlink()
    result = Journal.verify_at(estate)
    assert (result.ok, result.first_bad_seq) == (False, int(names[1].split(".")[0]))


def test_a_changed_journal_is_not_written_to(estate, segment, append):
    with Journal.open(estate) as journal:
        append(journal, 1, 2, 3)
    segment.write_bytes(segment.read_bytes().replace(b'"number":2', b'"number":7'))
    before = segment.read_bytes()
    with Journal.open(estate) as journal:
        for _ in range(2):
            with pytest.raises(JournalError, match="Record 2 does not verify") as caught:
                append(journal, 4)
            assert (caught.value.seq, caught.value.broken) == (2, True)
            assert str(caught.value).endswith(f"The journal {estate / 'journal'} is damaged.")
            assert "first bad record" not in caught.value.advice()
            assert "a copy" in caught.value.advice()
        with pytest.raises(JournalError, match="Record 2"):
            journal.records()
    assert segment.read_bytes() == before
    assert Journal.verify_at(estate).first_bad_seq == 2
    with pytest.raises(JournalError, match="Record 2"):
        Journal.read(estate).records()


@pytest.mark.parametrize("how", ["grown", "cut", "replaced", "removed"])
def test_a_journal_changed_under_a_run_is_not_written_to(journal, segment, append, how):
    append(journal, 1, 2)
    before = segment.read_bytes()
    segment.unlink() if how in {"replaced", "removed"} else None
    if how != "removed":
        segment.write_bytes({"grown": before + b"x", "cut": before[:-9]}.get(how, before))
    changed = segment.read_bytes() if segment.exists() else b""
    with pytest.raises(JournalError, match="changed by somebody else") as caught:
        append(journal, 3)
    assert caught.value.effect is Effect.NONE
    assert (segment.read_bytes() if segment.exists() else b"") == changed


def test_a_torn_last_line_is_set_aside_at_every_length(estate, segment, append):
    with Journal.open(estate) as journal:
        append(journal, 1)
        whole = segment.read_bytes()
        append(journal, 2)
        line = segment.read_bytes()[len(whole) :]
    for length in [1, 2, 9, *range(10, len(line) - 1, 23), len(line) - 2]:
        segment.write_bytes(whole + line[:length])
        assert Journal.verify_at(estate).first_bad_seq == 2
        assert len(Journal.read(estate).records()) == 2
        with Journal.open(estate) as journal:
            assert len(journal.records()) == 2
            written = append(journal, 3)
            assert [record.seq for record in written] == [3]
            torn = journal.records()[2]
        assert torn.type == "journal.torn"
        assert torn.data["file"] == "torn-1"
        assert torn.data["size_bytes"] == length
        aside = segment.with_name("torn-1")
        assert aside.read_bytes() == line[:length]
        aside.unlink()
        assert Journal.verify_at(estate).ok
    with Journal.open(estate) as journal:
        append(journal, 4)
        assert journal.records()[-2].type == "run.started"


def test_torn_lines_are_numbered_and_each_is_recorded_once(estate, segment, append):
    for number in range(1, 12):
        with Journal.open(estate) as journal:
            append(journal, number)
        segment.write_bytes(segment.read_bytes() + b'{"actor":"')
    with Journal.open(estate) as journal:
        append(journal, 99)
        torn = [r.data["file"] for r in journal.records() if r.type == "journal.torn"]
    assert torn == [f"torn-{number}" for number in range(1, 12)]
    assert Journal.verify_at(estate).ok


def test_a_record_that_lacks_only_its_line_end_is_kept(estate, segment, append):
    with Journal.open(estate) as journal:
        append(journal, 1, 2)
        known = journal.records()
    segment.write_bytes(segment.read_bytes()[:-1])
    result = Journal.verify_at(estate)
    assert (result.ok, result.first_bad_seq) == (False, 2)
    assert "line end" in result.reason
    with Journal.open(estate) as journal:
        assert journal.records() == known
        append(journal, 3)
    assert Journal.verify_at(estate).count == 4
    assert not list(segment.parent.glob("torn-*"))


def test_a_whole_record_is_never_set_aside_because_of_what_follows_it(estate, segment, append):
    with Journal.open(estate) as journal:
        append(journal, 1, 2)
    damaged = segment.read_bytes()[:-1] + b"\x0b"
    segment.write_bytes(damaged)
    with Journal.open(estate) as journal, pytest.raises(JournalError, match=r"Record 2 .*damaged"):
        journal.records()
    assert segment.read_bytes() == damaged


def test_a_failed_write_leaves_nothing(journal, segment, append, monkeypatch):
    append(journal, 1)
    before, head = segment.read_bytes(), journal.head
    real = os.write

    def half(fd, block):
        half.left -= 1
        if half.left < 0:
            raise OSError(28, "No space left on device")
        return real(fd, bytes(block)[:50])

    half.left = 2
    monkeypatch.setattr(os, "write", half)
    with pytest.raises(JournalError, match="No space left on device; nothing of") as caught:
        append(journal, 2)
    assert caught.value.effect is Effect.NONE
    assert not caught.value.broken
    monkeypatch.setattr(os, "write", real)
    assert segment.read_bytes() == before
    assert journal.head == head
    append(journal, 2)
    assert journal.verify().count == 3


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_what_was_not_flushed_does_not_stand(journal, segment, append, monkeypatch, error):
    append(journal, 1)
    before = segment.read_bytes()
    real = os.fsync
    calls = []

    def fail_once(fd):
        calls.append(fd)
        if len(calls) == 1:
            raise error
        return real(fd)

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises((JournalError, KeyboardInterrupt)):
        append(journal, 2)
    assert segment.read_bytes() == before
    append(journal, 3)
    assert [record.data.get("number") for record in journal.records()[1:]] == [1, 3]
    assert journal.verify().ok


def test_what_could_not_be_cut_back_is_set_aside_on_the_next_use(
    journal, segment, append, monkeypatch
):
    append(journal, 1)
    real = os.write

    def torn(fd, block):
        real(fd, bytes(block)[:50])
        raise OSError(5, "Input/output error")

    def refuse(_fd, _size):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "write", torn)
    monkeypatch.setattr(os, "ftruncate", refuse)
    with pytest.raises(JournalError, match="a part of it stands"):
        append(journal, 2)
    monkeypatch.undo()
    append(journal, 3)
    kinds = [record.type for record in journal.records()]
    assert kinds == ["journal.opened", "run.started", "journal.torn", "run.started"]
    assert journal.verify().ok
    assert len((segment.parent / "torn-1").read_bytes()) == 50


def test_nothing_of_a_refused_batch_is_written(journal, segment, append):
    append(journal, 1)
    before = segment.read_bytes()
    batch = [
        NewRecord(type=RecordType.RUN, data={"fine": 1}),
        NewRecord(type=RecordType.RUN, data={"rpo": 0.5}),
    ]
    with pytest.raises(JournalError, match="float"):
        journal.append(batch, at=AT, run="run", actor="")
    assert segment.read_bytes() == before
    assert append(journal, 2)[0].seq == 2


def test_opening_twice_in_one_process_shares_the_lock(estate, append):
    first, second = Journal.open(estate), Journal.open(estate)
    append(first, 1)
    append(second, 2)
    assert first.records() == second.records()
    first.close()
    first.close()
    append(second, 3)
    with pytest.raises(ConfigurationError, match="was closed"):
        first.records()
    second.close()
    assert Journal.verify_at(estate).count == 4


def test_a_dropped_journal_gives_its_lock_back(estate, append):
    journal = Journal.open(estate)
    append(journal, 1)
    del journal
    other = FileJournal(estate)
    assert len(other.records()) == 2
    other.close()


def test_another_holder_is_named(journal, estate, append):
    append(journal, 1)
    with pytest.raises(LeaseHeldError, match=f"process {os.getpid()} on .* since 20"):
        FileJournal(estate).records()


def test_threads_append_one_after_the_other(journal, append):
    threads = [threading.Thread(target=append, args=(journal, n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.data["number"] for r in journal.records()[1:]) == list(range(8))
    assert journal.verify().ok


def test_a_moved_journal_must_be_adopted(estate, append, tmp_path):
    with Journal.open(estate) as journal:
        append(journal, 1)
        known = journal.id
    moved = estate.rename(tmp_path / "moved")
    with Journal.open(moved) as journal:
        with pytest.raises(
            JournalError, match=r"is at home at .*estate on .*not at .*moved"
        ) as caught:
            append(journal, 2)
        assert "adopt" in caught.value.advice()
    assert len(Journal.read(moved).records()) == 2
    with Journal.adopt(moved, reason="the disk was replaced", now=AT) as journal:
        assert journal.id == known
        adopted = journal.records()[-1]
        append(journal, 2)
    assert adopted.type == "journal.adopted"
    assert adopted.data["from_path"] == str(estate.resolve())
    assert adopted.data["reason"] == "the disk was replaced"
    assert Journal.verify_at(moved).count == 4
    with pytest.raises(ConfigurationError, match="already"):
        Journal.adopt(moved, reason="again")
    with Journal.open(moved) as journal:
        append(journal, 3)


def test_adopting_needs_a_journal_and_a_reason(estate, append):
    with pytest.raises(ConfigurationError, match="no journal"):
        Journal.adopt(estate, reason="x")
    assert not estate.exists()
    with Journal.open(estate) as journal:
        append(journal, 1)
    with pytest.raises(ConfigurationError, match="reason"):
        Journal.adopt(estate, reason=" ")


@pytest.mark.parametrize(
    "url",
    ["https://x.blob.core.windows.net/estate?sig=SECRET", "azure://estate", "file:///tmp/estate"],
)
def test_a_url_is_refused_without_its_secret(url):
    for call in (Journal.open, Journal.read, Journal.verify_at):
        with pytest.raises(ConfigurationError, match=r"no blob container|a query") as caught:
            call(url)
        assert "SECRET" not in str(caught.value)


def test_what_is_no_journal_is_said_so(tmp_path):
    plain = tmp_path / "file"
    plain.write_text("no journal")
    with pytest.raises(ConfigurationError, match="not a folder"):
        Journal.open(plain)
    with pytest.raises(ConfigurationError, match="no journal at"):
        Journal.read(tmp_path)
    with pytest.raises(ConfigurationError, match="no journal at"):
        Journal.verify_at(tmp_path / "missing")
    with pytest.raises(ConfigurationError, match="empty"):
        Journal.open("")
    assert Journal.verify_at(plain).first_bad_seq == 0


def test_a_folder_in_a_file_cannot_be_made(tmp_path, append):
    plain = tmp_path / "file"
    plain.write_text("")
    with pytest.raises(JournalError, match="cannot be made"):
        append(Journal.open(plain / "estate"), 1)


def test_a_journal_prints_well(journal, estate):
    assert repr(journal) == f"Journal({str(estate)!r}, writing)"
