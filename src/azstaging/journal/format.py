"""One record, one line: how a journal is written and proven, whatever store holds it.

A line is one JSON object, ASCII, no blanks, no floats, every key once and sorted, but ``hash``
last::

    {"actor":..,"at":..,"data":{..},"prev":..,"run":..,"seq":..,"type":..,"v":1,"hash":..}

``hash`` is the SHA-256 of the line's bytes before ``,"hash"`` plus ``}``; ``prev`` is the hash of
the line before, 64 zeros for record 0. The chain shows changes to whoever holds a head that was
recorded elsewhere; it does not stop a writer who rewrites all of it.
"""

import hashlib
from datetime import datetime
from typing import Any

from azstaging.errors import JournalError
from azstaging.model.records import NewRecord, Record, RecordType
from azstaging.rules.canonical import canonical, read_canonical, time_from, time_text

FORMAT = "azstaging/journal/1"
VERSION = 1
ZERO = "0" * 64
MAX_LINE = 16 * 1024 * 1024

_TYPES = (
    ("seq", int),
    ("data", dict),
    ("type", str),
    ("run", str),
    ("actor", str),
    ("prev", str),
)
_KEYS = ["actor", "at", "data", "prev", "run", "seq", "type", "v"]
_BEFORE_HASH, _AFTER_HASH = b',"hash":"', b'"}'
_TAIL = len(_BEFORE_HASH) + 64 + len(_AFTER_HASH)


def _broken(reason: str, seq: int | None) -> JournalError:
    where = "A record" if seq is None else f"Record {seq}"
    return JournalError(f"{where} does not verify: {reason}.", seq=seq, broken=True)


def write_line(
    new: NewRecord, *, seq: int, prev: str, at: datetime, run: str, actor: str
) -> tuple[bytes, Record]:
    """Return a record's line, line end included, and the record as it will be read back.

    Raises:
        JournalError: its data is not plain JSON, holds a float, or is larger than 16 MiB.
    """
    try:
        body = canonical(
            {
                "v": VERSION,
                "seq": seq,
                "at": time_text(at),
                "run": run,
                "actor": actor,
                "type": new.type.value,
                "data": dict(new.data),
                "prev": prev,
            }
        )
        data = read_canonical(body)["data"]
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(f"A {new.type.value} record cannot be written: {error}") from error
    if len(body) + _TAIL > MAX_LINE:
        raise JournalError(
            f"A {new.type.value} record of {len(body):,} bytes is larger than a journal takes "
            f"({MAX_LINE:,}); nothing was written.",
            advice="Name fewer machines at once: plan fewer workloads, or part a large one.",
        )
    own = hashlib.sha256(body).hexdigest()
    line = body[:-1] + _BEFORE_HASH + own.encode("ascii") + _AFTER_HASH + b"\n"
    record = Record(
        seq=seq,
        at=time_from(time_text(at)),
        run=run,
        actor=actor,
        type=new.type.value,
        data=data,
        prev=prev,
        hash=own,
    )
    return line, record


def parse_line(line: bytes, *, expected_seq: int | None = None) -> Record:
    """Read one line, without its line end, and check its own hash.

    Args:
        line: the bytes.
        expected_seq: for the message, where the line's own cannot be trusted.

    Raises:
        JournalError: it is not a record, or its hash does not match; ``broken`` is True.
    """
    body, own = _split(line, expected_seq)
    try:
        fields = read_canonical(body)
    except ValueError as error:
        raise _broken(f"it is not canonical JSON ({error})", expected_seq) from error
    if type(fields) is not dict or list(fields) != _KEYS:
        raise _broken("its fields are not those of a record, in order", expected_seq)
    if type(fields["v"]) is not int or fields.pop("v") != VERSION:
        raise _broken("it is of another version of the format", expected_seq)
    return _record(fields, own, expected_seq)


def _split(line: bytes, seq: int | None) -> tuple[bytes, str]:
    if line[-_TAIL : 9 - _TAIL] != _BEFORE_HASH or line[-2:] != _AFTER_HASH:
        raise _broken("its line is not a whole record", seq)
    body = line[:-_TAIL] + b"}"
    own = hashlib.sha256(body).hexdigest()
    if own.encode("ascii") != line[9 - _TAIL : -2]:
        raise _broken("its hash does not match what it says", seq)
    return body, own


def _record(fields: dict[str, Any], hash: str, seq: int | None) -> Record:
    try:
        fields["at"] = time_from(fields["at"])
    except ValueError as error:
        raise _broken(str(error), seq) from error
    for name, kind in _TYPES:
        if type(fields[name]) is not kind:
            raise _broken(f"its {name} is of another type", seq)
    return Record(hash=hash, **fields)


def _opens(record: Record) -> bool:
    data = record.data
    texts = [data.get(name) for name in ("id", "host", "path")]
    return (
        record.type == RecordType.OPENED.value
        and data.get("format") == FORMAT
        and all(type(text) is str and text for text in texts)
    )


class Chain:
    """Takes lines in order and proves that each follows the one before.

    Args:
        seq: sequence of the first line.
        prev: hash of the record before it; None when only a later segment is at hand, whose
            first ``prev`` is then taken as it is.
    """

    def __init__(self, seq: int = 0, prev: str | None = ZERO) -> None:
        self.seq = seq
        self.prev = prev

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last record taken; -1 and 64 zeros before record 0."""
        return self.seq - 1, self.prev or ZERO

    def take(self, line: bytes) -> Record:
        """Check the next line, without its line end, and return its record.

        Raises:
            JournalError: ``seq`` is the first record that does not verify.
        """
        record = parse_line(line, expected_seq=self.seq)
        if record.seq != self.seq:
            found = f"record {record.seq} is in its place"
            order = "dropped" if record.seq > self.seq else "repeated or moved"
            raise _broken(f"{found}: a record was {order}", self.seq)
        if self.prev is not None and record.prev != self.prev:
            raise _broken("it does not follow the record before it", self.seq)
        if self.seq == 0 and not _opens(record):
            raise _broken("it does not open a journal", 0)
        self.seq += 1
        self.prev = record.hash
        return record
