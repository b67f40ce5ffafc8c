"""One record, one line, one chain: any change names the first bad record."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azstaging.errors import JournalError
from azstaging.journal.format import FORMAT, MAX_LINE, ZERO, Chain, parse_line, write_line
from azstaging.journal.verify import verify
from azstaging.model.decisions import GateClosed, Reason
from azstaging.model.ids import ResourceId
from azstaging.model.records import NewRecord, RecordType
from azstaging.rules.canonical import canonical
from azstaging.rules.records import decision_record

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)
OPENED = NewRecord(
    type=RecordType.OPENED, data={"format": FORMAT, "id": "j", "host": "h", "path": "/p"}
)


def lines_of(count: int) -> list[bytes]:
    """Return the lines of a small journal, line ends included."""
    lines, prev = [], ZERO
    for seq in range(count):
        new = NewRecord(type=RecordType.RUN, data={"number": seq, "name": "Lohn&Gehalt ä"})
        line, record = write_line(
            new if seq else OPENED, seq=seq, prev=prev, at=AT, run="run", actor="t/o"
        )
        prev = record.hash
        lines.append(line)
    return lines


class Memory:
    """Segments in memory."""

    def __init__(self, *segments: bytes) -> None:
        self.segments = segments

    def names(self):
        return [f"{index}.jsonl" for index in range(len(self.segments))]

    def open(self, name):
        return io.BytesIO(self.segments[int(name.split(".")[0])])

    def check(self, count, head):
        assert count >= 0
        assert len(head) == 64


def test_a_line_is_as_it_is_documented():
    line = lines_of(2)[1]
    body, rest = line.split(b',"hash":"')
    fields = json.loads(line)
    assert list(fields) == ["actor", "at", "data", "prev", "run", "seq", "type", "v", "hash"]
    assert fields["v"] == 1
    assert fields["hash"] == hashlib.sha256(body + b"}").hexdigest()
    assert rest == fields["hash"].encode() + b'"}\n'
    assert line.isascii()
    assert b" " not in line.replace(b"Lohn&Gehalt ", b"")


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=4,
    ),
    st.text(max_size=9),
    st.datetimes(timezones=st.just(timezone.utc)),
)
def test_what_is_written_is_read_back(data, run, at):
    new = NewRecord(type=RecordType.FINDING, data=data)
    line, record = write_line(new, seq=3, prev=ZERO, at=at, run=run, actor=run)
    assert parse_line(line[:-1]) == record
    assert record.data == data
    assert (record.at, record.run, record.seq) == (at, run, 3)


@pytest.mark.parametrize("data", [{"rpo": 1.5}, {"at": AT}, {1: 2}, {"x": float("inf")}])
def test_what_is_not_plain_json_is_not_written(data):
    with pytest.raises(JournalError, match=r"finding record cannot be written"):
        write_line(
            NewRecord(type=RecordType.FINDING, data=data),
            seq=0,
            prev=ZERO,
            at=AT,
            run="",
            actor="",
        )


def test_a_record_beyond_the_limit_is_not_written():
    huge = NewRecord(type=RecordType.FINDING, data={"x": "y" * (16 * 1024 * 1024)})
    with pytest.raises(JournalError, match="larger than a journal takes") as caught:
        write_line(huge, seq=0, prev=ZERO, at=AT, run="", actor="")
    assert "nothing was written" in str(caught.value)
    assert "plan fewer workloads" in caught.value.advice()


@pytest.mark.parametrize(("count", "length"), [(40_000, 300), (15_000, 1_000), (3_000, 8_000)])
def test_the_reasons_of_a_very_large_workload_are_kept_as_far_as_a_record_takes(count, length):
    item = ResourceId("/subscriptions/s/resourceGroups/" + "g" * 300)
    reason = Reason(code="evidence-failed", detail="d" * length, next_step="n", item_id=item)
    closed = GateClosed(
        workload="Large", at=AT, item_ids=(item,) * 5_000, reasons=(reason,) * count
    )
    line, record = write_line(decision_record(closed), seq=0, prev=ZERO, at=AT, run="", actor="")
    assert 6_000_000 < len(line) < MAX_LINE
    assert len(record.data["reasons"]) + record.data["reasons_left_out"] == count
    small = replace(closed, reasons=(reason,) * 10)
    assert "reasons_left_out" not in decision_record(small).data


def test_a_whole_journal_verifies():
    lines = lines_of(6)
    result = verify(Memory(b"".join(lines[:4]), b"", b"".join(lines[4:])))
    assert result.ok
    assert result.count == 6
    assert result.head == json.loads(lines[5])["hash"]
    assert result.first_bad_seq is None


def test_every_flipped_byte_is_found_where_it_is():
    lines = lines_of(6)
    whole = b"".join(lines)
    position = 0
    for seq, line in enumerate(lines):
        for _ in line:
            for bit in (0x01, 0x20, 0x80):
                flipped = bytearray(whole)
                flipped[position] ^= bit
                result = verify(Memory(bytes(flipped)))
                assert not result.ok, (position, bit)
                assert result.first_bad_seq == seq, (position, bit, result.reason)
                assert result.count == seq
            position += 1


def test_every_dropped_repeated_or_swapped_record_is_found():
    lines = lines_of(8)
    for at in range(8):
        dropped = lines[:at] + lines[at + 1 :]
        repeated = lines[: at + 1] + lines[at:]
        result = verify(Memory(b"".join(dropped)))
        if at < 7:
            assert (result.ok, result.first_bad_seq) == (False, at)
        result = verify(Memory(b"".join(repeated)))
        assert (result.ok, result.first_bad_seq) == (False, at + 1)
        for other in range(at + 1, 8):
            swapped = lines.copy()
            swapped[at], swapped[other] = swapped[other], swapped[at]
            result = verify(Memory(b"".join(swapped)))
            assert (result.ok, result.first_bad_seq) == (False, at)


def test_a_cut_end_is_found_by_a_head_recorded_elsewhere():
    lines = lines_of(8)
    head = json.loads(lines[7])["hash"]
    whole, cut = Memory(b"".join(lines)), Memory(b"".join(lines[:5]))
    assert verify(whole, head=head).ok
    assert verify(whole, head=f"7 {head}").ok
    assert verify(cut).ok
    for given_head in (head, f"7 {head}"):
        result = verify(cut, head=given_head)
        assert (result.ok, result.first_bad_seq) == (False, 5)
        assert "cut" in result.reason
    assert verify(whole, head=f"6 {head}").first_bad_seq == 6


def test_a_journal_written_anew_is_found_by_its_head():
    lines = lines_of(3)
    head = json.loads(lines[2])["hash"]
    other, record = write_line(OPENED, seq=0, prev=ZERO, at=AT, run="other", actor="")
    assert record.hash != head
    assert not verify(Memory(other), head=head).ok


def test_every_truncation_inside_a_record_is_found():
    lines = lines_of(3)
    whole = b"".join(lines)
    ends = {0, len(lines[0]), len(lines[0]) + len(lines[1])}
    for length in range(len(whole)):
        result = verify(Memory(whole[:length]))
        if length in ends:
            assert result.ok == (length > 0)
        else:
            seq = sum(length > end for end in ends) - 1
            assert (result.ok, result.first_bad_seq) == (False, seq)


def test_an_empty_journal_does_not_verify():
    assert verify(Memory(b"")).first_bad_seq == 0
    assert verify(Memory()).first_bad_seq == 0


def resealed(text: bytes) -> bytes:
    """Return a line whose own hash is right, whatever it says."""
    return text[:-1] + b',"hash":"' + hashlib.sha256(text).hexdigest().encode() + b'"}'


FIELDS = {
    "v": 1,
    "seq": 0,
    "at": "2026-01-31T08:00:00.000Z",
    "run": "",
    "actor": "",
    "type": "journal.opened",
    "data": dict(OPENED.data),
    "prev": ZERO,
}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (canonical(FIELDS | {"v": 2}), "another version"),
        (canonical(FIELDS | {"v": True}), "another version"),
        (canonical(FIELDS | {"extra": 1}), "fields"),
        (canonical({k: v for k, v in FIELDS.items() if k != "run"}), "fields"),
        (canonical(FIELDS | {"at": "2026-01-31"}), "not a time"),
        (canonical(FIELDS | {"seq": "0"}), "another type"),
        (canonical(FIELDS | {"seq": True}), "another type"),
        (canonical(FIELDS | {"data": []}), "another type"),
        (canonical(FIELDS | {"actor": None}), "another type"),
        (canonical(FIELDS).replace(b'"v":1', b'"v":1,"v":1'), "occurs twice"),
        (canonical(FIELDS).replace(b'"v":1', b'"v":1.0'), "whole number"),
        (canonical(FIELDS).replace(b'"run":""', b'"run": ""'), "blanks"),
        (canonical(FIELDS).replace(b'"id":"j"', b'"id":"\xc3\xa4"'), "canonical JSON"),
        (json.dumps(FIELDS, separators=(",", ":")).encode(), "sorted"),
        (canonical(FIELDS | {"seq": 1}), "record 1 is in its place"),
        (canonical(FIELDS | {"prev": "1" * 64}), "does not follow"),
        (canonical(FIELDS | {"type": "run.started"}), "does not open"),
        (canonical(FIELDS | {"data": {"id": "j"}}), "does not open"),
    ],
)
def test_a_line_with_a_right_hash_is_still_read_strictly(text, says):
    Chain().take(resealed(canonical(FIELDS)))
    with pytest.raises(JournalError, match=says) as caught:
        Chain().take(resealed(text))
    assert caught.value.broken
    assert caught.value.seq == 0


def test_a_hash_in_other_letters_is_another_line():
    line = lines_of(1)[0][:-1]
    with pytest.raises(JournalError, match="hash"):
        parse_line(line[:-66] + line[-66:-2].upper() + line[-2:])


@pytest.mark.parametrize("head", ["", " ", "12", "z" * 64, "1 2 3"])
def test_what_is_not_a_head_is_refused(head):
    with pytest.raises(ValueError, match="is not a head"):
        verify(Memory(b"".join(lines_of(2))), head=head)
