"""Every byte and every record of a journal of 200: what is changed is named where it is."""

import io
import json

import pytest

from azstaging.journal.format import ZERO, write_line
from azstaging.journal.segments import FileSource, segment_name
from azstaging.journal.verify import verify
from azstaging.model.records import NewRecord, RecordType

from .conftest import AT, note

COUNT = 200
OPENED = {"format": "azstaging/journal/1", "id": "j", "host": "h", "path": "/p"}


class From(FileSource):
    """A journal in memory, from one of its records on."""

    def __init__(self, lines, seq=0):
        self.seq = seq
        self.data = b"".join(lines)

    def names(self):
        return [segment_name(self.seq)]

    def open(self, _name):
        return io.BytesIO(self.data)

    def __str__(self):
        return "The journal"


@pytest.fixture(scope="module")
def lines():
    made, prev = [], ZERO
    for seq in range(COUNT):
        new = note(seq, name="Ä/x") if seq else NewRecord(type=RecordType.OPENED, data=OPENED)
        line, record = write_line(new, seq=seq, prev=prev, at=AT, run="run", actor="t/o")
        made.append(line)
        prev = record.hash
    return made


def first_bad(lines, seq=0, **options):
    result = verify(From(lines, seq), **options)
    assert result.ok == (result.first_bad_seq is None)
    assert result.ok or result.reason
    return result.first_bad_seq


def head_of(line):
    return json.loads(line)["hash"]


def flipped(line, position, bit):
    changed = bytearray(line)
    changed[position] ^= 1 << bit
    return bytes(changed)


def test_a_whole_one_verifies(lines):
    assert first_bad(lines) is None
    assert all(first_bad(lines[seq : seq + 2], seq) is None for seq in range(COUNT))


def test_a_flipped_bit_in_any_byte_names_its_record(lines):
    # What stands before a record does not depend on it: each is read from itself on.
    for seq, line in enumerate(lines):
        for position in range(len(line)):
            changed = flipped(line, position, position % 8)
            after = lines[seq + 1 : seq + 2]
            assert first_bad([changed, *after], seq) == seq, (seq, position)


@pytest.mark.parametrize("seq", [0, 1, 100, COUNT - 2, COUNT - 1])
def test_any_bit_of_any_byte_of_some_records_names_the_record(lines, seq):
    for position in range(len(lines[seq])):
        for bit in range(8):
            changed = flipped(lines[seq], position, bit)
            assert first_bad([changed, *lines[seq + 1 : seq + 2]], seq) == seq, (position, bit)


def test_a_flipped_bit_in_any_record_of_the_whole_journal_names_it(lines):
    for seq, line in enumerate(lines):
        changed = flipped(line, seq * 7 % len(line), seq % 8)
        assert first_bad([*lines[:seq], changed, *lines[seq + 1 :]]) == seq


def test_a_dropped_record_is_named(lines):
    for seq in range(COUNT - 1):
        assert first_bad(lines[:seq] + lines[seq + 1 :]) == seq


def test_a_repeated_record_is_named(lines):
    for seq in range(COUNT):
        assert first_bad(lines[: seq + 1] + lines[seq:]) == seq + 1


def test_neighbours_that_changed_places_are_named(lines):
    for seq in range(COUNT - 1):
        moved = [*lines[:seq], lines[seq + 1], lines[seq], *lines[seq + 2 :]]
        assert first_bad(moved) == seq


def test_a_record_moved_to_the_front_or_to_the_end_is_named(lines):
    for seq in range(1, COUNT - 1):
        rest = lines[:seq] + lines[seq + 1 :]
        assert first_bad([lines[seq], *rest]) == 0
        assert first_bad([*rest, lines[seq]]) == seq


def test_a_journal_cut_after_any_record_is_found_by_a_head_recorded_elsewhere(lines):
    head = head_of(lines[-1])
    assert first_bad(lines, head=head) is None
    for seq in range(1, COUNT):
        assert first_bad(lines[:seq]) is None, "the chain alone cannot tell"
        assert first_bad(lines[:seq], head=head) == seq
        assert first_bad(lines[:seq], head=f"{COUNT - 1} {head}") == seq
        assert first_bad(lines[:seq], head=head_of(lines[seq - 1])) is None


def test_a_journal_cut_inside_any_record_names_it(lines):
    for seq, line in enumerate(lines):
        for length in range(1, len(line)):
            assert first_bad([line[:length]], seq) == seq, (seq, length)
