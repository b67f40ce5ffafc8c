"""Proven records, held small: the newest as they are, older ones packed until somebody asks.

A machine has sixteen findings; the journal of five thousand machines takes 140 MiB as values and
8 MiB packed. State is folded from records once; afterwards they are read for reports alone.
"""

import bisect
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from azstaging.model.records import Record, RecordType
from azstaging.rules.canonical import time_from, time_text

BLOCK = 256
_LEVEL = 1
# A plan names thousands of items in one record.
_LARGE = {RecordType.PLAN.value}


@dataclass(frozen=True, slots=True)
class _Block:
    start: int
    data: bytes


class Records(Sequence[Record]):
    """Records of a journal, in order, as it was when they were asked for.

    A slice is a tuple. Whoever goes through all of them holds one block of them at a time.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, packed: tuple[_Block, ...] = (), newest: tuple[Record, ...] = (), late: int = 0
    ) -> None:
        self._packed = packed
        self._newest = newest
        self._late = late
        # Whoever counts through the places asks for one block again and again.
        self._recent: tuple[int, list[Record]] = (-1, [])

    def __len__(self) -> int:
        return self._late + len(self._newest)

    def __iter__(self) -> Iterator[Record]:
        return self.since(0)

    def __reversed__(self) -> Iterator[Record]:
        yield from reversed(self._newest)
        for block in reversed(self._packed):
            yield from reversed(_unpack(block.data))

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, index: int | slice) -> Record | tuple[Record, ...]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return self._at(places)
        if not places:
            return ()
        first, last = sorted((places[0], places[-1]))
        found = tuple(itertools.islice(self.since(first), last - first + 1))
        return tuple(found[place - first] for place in places)

    def since(self, place: int) -> Iterator[Record]:
        """Go through the records from one on, a block at a time."""
        if place < self._late:
            first = bisect.bisect_right(self._packed, place, key=_start_of) - 1
            for block in self._packed[first:]:
                yield from _unpack(block.data)[max(0, place - block.start) :]
        yield from self._newest[max(0, place - self._late) :]

    def _at(self, place: int) -> Record:
        if place >= self._late:
            return self._newest[place - self._late]
        start, records = self._recent
        if not 0 <= place - start < len(records):
            number = bisect.bisect_right(self._packed, place, key=_start_of) - 1
            start, records = self._packed[number].start, _unpack(self._packed[number].data)
            self._recent = (start, records)
        return records[place - start]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Records | tuple | list):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    def __repr__(self) -> str:
        return f"Records({len(self)})"


def _start_of(block: _Block) -> int:
    return block.start


class HeldRecords:
    """The records of one journal; it only grows. Its owner's lock keeps writers apart.

    Attributes:
        head: sequence and hash of the newest record, or None.
    """

    def __init__(self) -> None:
        self.head: tuple[int, str] | None = None
        self._packed: list[_Block] = []
        self._newest: list[Record] = []
        self._late = 0

    def add(self, records: Iterable[Record]) -> None:
        """Add records at the end; they may come one by one."""
        for record in records:
            self._newest.append(record)
            self.head = (record.seq, record.hash)
            if record.type in _LARGE:
                self._pack(len(self._newest))
            # The last ones stay as they are: they are asked for again and again.
            elif len(self._newest) == 2 * BLOCK:
                self._pack(BLOCK)

    def _pack(self, count: int) -> None:
        self._packed.append(_Block(self._late, _pack(self._newest[:count])))
        del self._newest[:count]
        self._late += count

    def now(self) -> Records:
        """Return the records up to now; what is added later is not among them."""
        return Records(tuple(self._packed), tuple(self._newest), self._late)


def _pack(records: Sequence[Record]) -> bytes:
    rows = [
        [each.seq, time_text(each.at), each.run, each.actor, each.type, each.data, each.prev]
        for each in records
    ]
    rows.append([records[-1].hash])
    return zlib.compress(json.dumps(rows).encode("ascii"), _LEVEL)


def _unpack(block: bytes) -> list[Record]:
    *rows, (last,) = json.loads(zlib.decompress(block))
    hashes = [*(row[-1] for row in rows[1:]), last]
    return [_record(row, own) for row, own in zip(rows, hashes, strict=True)]


def _record(row: list[Any], own: str) -> Record:
    seq, at, run, actor, kind, data, prev = row
    return Record(
        seq=seq,
        at=time_from(at),
        run=run,
        actor=actor,
        type=kind,
        data=data,
        prev=prev,
        hash=own,
    )
