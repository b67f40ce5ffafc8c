"""What both stores promise, and the one thing in which they differ."""

from datetime import datetime, timezone

import pytest

from azstaging.errors import JournalError, LeaseHeldError
from azstaging.journal import Journal
from azstaging.journal.blob import BlobJournal
from azstaging.journal.container import Container
from azstaging.journal.file import FileJournal
from azstaging.model.records import NewRecord, RecordType

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)


@pytest.fixture(params=["folder", "container"])
def place(request, tmp_path):
    """A place for a new journal."""
    return tmp_path / "estate" if request.param == "folder" else request.getfixturevalue("url")


def another_writer(place):
    """A store of its own, as another process would have it."""
    return BlobJournal(Container(place)) if isinstance(place, str) else FileJournal(place)


def append(journal, *numbers, text=""):
    new = [NewRecord(type=RecordType.RUN, data={"number": n, "text": text}) for n in numbers]
    return journal.append(new, at=AT, run="run", actor="t/o")


def numbers(journal):
    return [r.data["number"] for r in journal.records() if r.type == RecordType.RUN.value]


def test_a_new_journal_is_empty_until_its_first_append(place):
    with Journal.open(place) as journal:
        assert (journal.records(), journal.head) == ((), (-1, "0" * 64))
        known = journal.id
        (first,) = append(journal, 1)
        opened, found = journal.records()
        assert (opened.seq, opened.type) == (0, RecordType.OPENED.value)
        assert (opened.data["id"], journal.id) == (known, known)
        assert (found, first.seq, first.prev) == (first, 1, opened.hash)


def test_it_closes_and_goes_on_where_it_ended(place):
    with Journal.open(place) as journal:
        append(journal, 1, 2)
        head, known, before = journal.head, journal.id, journal.records()
    with Journal.open(place) as journal:
        assert (journal.head, journal.id, journal.records()) == (head, known, before)
        (third,) = append(journal, 3)
        assert (third.seq, third.prev) == (3, head[1])
        assert numbers(journal) == [1, 2, 3]


def test_a_reader_reads_on_and_cannot_append(place):
    with Journal.open(place) as journal:
        append(journal, 1)
        reader = Journal.read(place)
        assert numbers(reader) == [1]
        for number in (2, 3, 4):
            append(journal, number)
            assert reader.records() == journal.records()
            assert reader.head == journal.head
        with pytest.raises(JournalError, match="opened for reading"):
            append(reader, 5)
        assert numbers(journal) == [1, 2, 3, 4]


def test_it_verifies_with_each_head_that_it_ever_had(place):
    with Journal.open(place) as journal:
        heads = []
        for number in range(4):
            append(journal, number)
            heads.append(journal.head)
        for seq, head in heads:
            assert journal.verify(head=f"{seq} {head}").ok
        lost = journal.verify(head="f" * 64)
        assert (lost.ok, lost.first_bad_seq) == (False, 5)
    result = Journal.verify_at(place, head=heads[-1][1])
    assert (result.ok, result.count, result.head) == (True, 5, heads[-1][1])


def test_a_large_append_stands_whole_and_in_order(place):
    with Journal.open(place) as journal:
        append(journal, -1)
        written = append(journal, *range(300), text="x" * 15_000)
        assert [r.seq for r in written] == list(range(2, 302))
        (after,) = append(journal, 300)
        assert after.prev == written[-1].hash
    assert numbers(Journal.read(place)) == list(range(-1, 301))
    assert Journal.verify_at(place).ok


def test_a_record_that_cannot_be_written_leaves_nothing_of_its_append(place):
    with Journal.open(place) as journal:
        append(journal, 1)
        head = journal.head
        with pytest.raises(JournalError):
            append(journal, 2, text=1.5)
        assert journal.head == head
        append(journal, 3)
    assert numbers(Journal.read(place)) == [1, 3]


def test_a_second_writer_is_refused_by_a_folder_and_goes_on_in_a_container(place):
    one, two = another_writer(place), another_writer(place)
    append(one, 1)
    if isinstance(place, str):
        append(two, 2)
        append(one, 3)
        append(two, 4)
    else:
        with pytest.raises(LeaseHeldError, match="is in use by process"):
            append(two, 2)
        append(one, 3)
        one.close()
        append(two, 4)
    found = numbers(Journal.read(place))
    assert found == ([1, 2, 3, 4] if isinstance(place, str) else [1, 3, 4])
    one.close()
    two.close()
    assert Journal.verify_at(place).ok


def test_the_pack_of_a_journal_is_the_same_wherever_it_lies(place, tmp_path):
    with Journal.open(place) as journal:
        append(journal, 1, 2)
        path = journal.folder / "evidence" / "e.bin"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"kept")
        journal.publish([path])
        head = journal.head[1]
    pack = Journal.read(place).export(tmp_path / "pack.zip")
    assert Journal.verify_at(pack, head=head).ok
    assert numbers(Journal.read(pack)) == [1, 2]
