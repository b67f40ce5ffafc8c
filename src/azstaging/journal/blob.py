"""The journal in a blob container: several writers, each record at a position of its own.

A container holds what an estate folder holds. Segments are append blobs; every append names the
position where the blob must end, so that of two writers one wins and the other reads on and
appends after it. An answer that is lost is looked up by reading at that position. A segment is
left at `SEGMENT_BLOCKS` blocks, well below the service's 50,000, and the next continues the chain.
"""

import io
import shutil
import tempfile
import threading
import uuid
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from azstaging import __version__
from azstaging.errors import JournalError
from azstaging.journal.container import AnswerLostError, Container, PositionTakenError
from azstaging.journal.format import FORMAT, ZERO, write_line
from azstaging.journal.holding import HeldRecords, Records
from azstaging.journal.segments import SUFFIX, Walk, segment_name
from azstaging.model.records import NewRecord, Record, RecordType

# All writers must leave a segment at the same number: a later version may not lower it.
SEGMENT_BLOCKS = 40_000
BLOCK_BYTES = 3_500_000
_MOST_ROUNDS = 1_000
_READ_BYTES = 4 * 1024 * 1024
_FOLDER = "journal/"


class BlobSource:
    """The segments of a container."""

    def __init__(self, container: Container) -> None:
        self.container = container

    def names(self) -> list[str]:
        """Names of the segments, in the order of their records."""
        listed = self.container.names(_FOLDER)
        return [name[len(_FOLDER) :] for name in listed if name.endswith(SUFFIX)]

    def open(self, name: str) -> BinaryIO:
        """Open a segment; it is read in parts, from where it is sought."""
        raw = _Segment(self.container, _FOLDER + name)
        return cast(BinaryIO, io.BufferedReader(raw, _READ_BYTES))

    def check(self, count: int, head: str) -> None:
        """A container promises nothing beyond the chain."""

    def __str__(self) -> str:
        return f"The journal {self.container}"


class _Segment(io.RawIOBase):
    def __init__(self, container: Container, name: str) -> None:
        self._container = container
        self._name = name
        self._at = 0
        self._size: int | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset if whence == io.SEEK_SET else self._at + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        # What was appended since the last part was read is there for the next reader.
        if self._size is not None and self._at >= self._size:
            return 0
        part = self._container.read(self._name, self._at, len(buffer))
        data = part.data if part else b""
        self._size = part.size if part else 0
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Where a segment ended after our own append, and how many blocks it had."""

    name: str
    offset: int
    blocks: int


class BlobJournal:
    """One writer of a container among several. Nothing is read before the first use.

    Args:
        container: where it is.
        segment_blocks: blocks after which a segment is left.
    """

    def __init__(self, container: Container, *, segment_blocks: int = SEGMENT_BLOCKS) -> None:
        self.container = container
        self.source = BlobSource(container)
        self.openers = 0
        self.guards: list[Callable[[Sequence[Record]], None]] = []
        self._segment_blocks = segment_blocks
        self._mutex = threading.RLock()
        self._walk = Walk(self.source)
        self._records = HeldRecords()
        self._taken: list[Record] = []
        self._unguarded: list[Record] = []
        self._own_end: _End | None = None
        self._new_id = uuid.uuid4().hex
        self._folder: Path | None = None
        self._remove: Callable[[], object] | None = None

    @property
    def folder(self) -> Path:
        """A local folder for files on their way to and from the container."""
        with self._mutex:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="azstaging-estate-"))
                self._remove = weakref.finalize(self, shutil.rmtree, self._folder, True)
            return self._folder

    @property
    def id(self) -> str:
        """The journal's id; a new journal has it before its record 0 is written."""
        found = self.records()
        return str(found[0].data["id"]) if found else self._new_id

    def leases(self) -> tuple[Record, ...]:
        """All records of a lease that was taken, in order."""
        with self._mutex:
            self._refresh()
            return tuple(self._taken)

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last record; -1 and 64 zeros when there is none."""
        with self._mutex:
            self._refresh()
            return self._head()

    def _head(self) -> tuple[int, str]:
        return self._records.head or (-1, ZERO)

    def records(self) -> Records:
        """All records, verified, in order; what others appended since is read on."""
        with self._mutex:
            self._refresh()
            return self._records.now()

    def _refresh(self, names: Sequence[str] | None = None) -> None:
        try:
            for record in self._walk.records(names):
                self._records.add([record])
                if record.type == RecordType.LEASE_TAKEN.value:
                    self._taken.append(record)
                    self._unguarded.append(record)
        except JournalError:
            raise  # what was read before it is held
        except BaseException:
            # One record may be read and not held: all of it is read again.
            self._walk, self._records, self._taken = Walk(self.source), HeldRecords(), []
            raise
        if self._walk.torn:
            seq = self._head()[0] + 1
            raise JournalError(
                f"Record {seq} does not verify: {self.source} ends without a line end.",
                seq=seq,
                broken=True,
            )

    def append(
        self, records: Sequence[NewRecord], *, at: datetime, run: str, actor: str
    ) -> tuple[Record, ...]:
        """Append records durably and in order, and return them with their place.

        One block is all or none; more than `BLOCK_BYTES` are several, of which a first part may
        stand after a failure.

        Raises:
            JournalError: they could not be written, or another run holds what this run held.
        """
        with self._mutex:
            if not self._is_at_end():
                self._refresh()
            self._guard()
            written: list[Record] = []
            left = list(records)
            for _ in range(_MOST_ROUNDS):
                done = self._write_some(left, at=at, run=run, actor=actor)
                written += done
                left = left[len(done) :]
                if not left:
                    return tuple(written)
        raise JournalError(
            f"{self.source} was appended to by others {_MOST_ROUNDS} times in a row; "
            f"{len(written)} of {len(records)} records were written.",
        )

    def _guard(self) -> None:
        """Show the guards the leases taken since they last agreed, whoever read of them."""
        for guard in self.guards:
            guard(self._unguarded)
        self._unguarded = []

    def _write_some(
        self, left: Sequence[NewRecord], *, at: datetime, run: str, actor: str
    ) -> list[Record]:
        """Write one block; return what of ``left`` it holds, nothing when somebody was faster."""
        opening = [] if self._records.head else [self._opening()]
        seq, prev = self._head()
        block, made = b"", list[Record]()
        for each in (*opening, *left):
            line, record = write_line(each, seq=seq + 1, prev=prev, at=at, run=run, actor=actor)
            if made and len(block) + len(line) > BLOCK_BYTES:
                break
            seq, prev, block = record.seq, record.hash, block + line
            made.append(record)
        try:
            name, position = self._end()
        except PositionTakenError:
            return self._overtaken()
        is_open, self._own_end = name == self._walk.segment, None
        try:
            blocks = self.container.append(_FOLDER + name, block, position)
            self._own_end = _End(name=name, offset=position + len(block), blocks=blocks)
        except PositionTakenError:
            return self._overtaken()
        except AnswerLostError:
            if not self._stands(name, block, position):
                return self._overtaken()
        # What is on record is read back, and proven, like everybody's.
        self._refresh([name] if is_open else None)
        found = self._records.now()[made[0].seq : made[-1].seq + 1]
        if [record.hash for record in found] != [record.hash for record in made]:
            raise JournalError(f"{self.source} does not hold what it acknowledged.", broken=True)
        return list(found[len(opening) :])

    def _overtaken(self) -> list[Record]:
        """Read on what somebody appended first; nothing of ours stands."""
        self._refresh()
        self._guard()
        return []

    def _opening(self) -> NewRecord:
        data = {
            "format": FORMAT,
            "id": self._new_id,
            "host": "blob",
            "path": self.container.url,
            "version": __version__,
        }
        return NewRecord(type=RecordType.OPENED, data=data)

    def _is_at_end(self) -> bool:
        """Tell whether the last answer still says where the journal ends, if nobody wrote since.

        Somebody who did has moved the position, so that an append there is refused; and a segment
        that is not full has no successor.
        """
        end = self._own_end
        return (
            end is not None
            and (end.name, end.offset) == (self._walk.segment, self._walk.offset)
            and end.blocks < self._segment_blocks
        )

    def _end(self) -> tuple[str, int]:
        """Return the segment to append to and where it ends; a full one has a successor.

        Raises:
            PositionTakenError: somebody has appended since it was read. A successor is named by the
                sequence of its first record, so all of a full segment must have been read.
        """
        name = self._walk.segment
        if self._is_at_end():
            return name, self._walk.offset
        if name:
            part = self.container.read(_FOLDER + name, self._walk.offset, 1)
            if part is not None and part.data:
                raise PositionTakenError
            if part is not None and part.blocks < self._segment_blocks:
                return name, self._walk.offset
        name = segment_name(self._head()[0] + 1)
        self.container.create(_FOLDER + name)
        return name, 0

    def _stands(self, name: str, block: bytes, position: int) -> bool:
        """Tell by reading whether a block whose answer was lost is there."""
        try:
            part = self.container.read(_FOLDER + name, position, len(block))
        except JournalError as error:
            raise JournalError(
                f"No answer came to an append to {self.source}, and it cannot be read: whether "
                "the record stands is not known.",
                advice="Run again when the container can be reached; the next run reads it.",
            ) from error
        return part is not None and part.data == block

    # Files that records name by digest.

    def publish(self, paths: Iterable[Path]) -> None:
        """Put files of ``folder`` into the container, before a record names them."""
        for path in paths:
            name = path.relative_to(self.folder).as_posix()
            self.container.put(name, path.read_bytes())

    def fetch(self, names: Iterable[str]) -> None:
        """Get files of the container into ``folder``; what is missing stays missing.

        Raises:
            JournalError: a name leads out of the folder: whoever wrote it wants another file.
        """
        for name in names:
            parts = PurePosixPath(name).parts
            if ".." in parts or name.startswith("/") or "\\" in name or ":" in name:
                raise JournalError(
                    f"{self.source} names the file {name!r}, which is not in an estate folder; "
                    "nothing was fetched.",
                    broken=True,
                )
            path = self.folder / name
            if not path.exists() and (part := self.container.read(name)) is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(part.data)

    def fetch_all(self, prefixes: Iterable[str]) -> None:
        """Get everything below some folders."""
        for prefix in prefixes:
            self.fetch(self.container.names(f"{prefix}/"))

    def close(self) -> None:
        """Remove the local files; the container stays as it is."""
        with self._mutex:
            if self._remove is not None:
                self._remove()
            self._folder = self._remove = None
