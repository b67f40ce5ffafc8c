"""The journal in a folder: written by one process at a time, flushed to disk, never half.

An estate folder holds::

    journal/000000000000.jsonl   segments, named by the sequence of their first record
    journal/torn-1               a last line that a stopped run left unfinished, set aside
    locks/journal.lock, .json    held by the run that writes; who it was
    locks/<sha256>.lock, .json   one per vault, held by its releaser
    plans/ baselines/ evidence/  files that records name by digest; written by those who make them

The lock is taken on first use and goes with ``close`` or with the process. An append is one write
and one flush; when it fails, the segment is cut back to where it was. After a crash a prefix of
the records of one append may stand: each of them is whole. A torn last line was never
acknowledged: it is set aside, and the next append records that.
"""

import contextlib
import os
import threading
import uuid
import weakref
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

from azstaging import __version__
from azstaging.errors import JournalError
from azstaging.journal.format import FORMAT, ZERO, write_line
from azstaging.journal.holding import HeldRecords, Records
from azstaging.journal.locks import Lock
from azstaging.journal.place import Place, require_local
from azstaging.journal.segments import FolderSource, Walk, is_whole, segment_name
from azstaging.model.records import NewRecord, Record, RecordType

SEGMENT_BYTES = 64 * 1024 * 1024
_TORN = "torn-"
_OWN = {RecordType.OPENED.value, RecordType.ADOPTED.value, RecordType.TORN.value}
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class FileJournal:
    """The one writer of an estate folder in this process.

    Args:
        folder: the estate folder; made when missing.
        anywhere: do not ask whether the journal is at home here; for adopting it.
    """

    def __init__(self, folder: Path, *, anywhere: bool = False) -> None:
        self.folder = folder
        self.source = FolderSource(folder / "journal")
        self.openers = 0
        self._anywhere = anywhere
        self._mutex = threading.RLock()
        self._lock: Lock | None = None
        self._walk = Walk(self.source)
        self._records = HeldRecords()
        self._own: list[Record] = []
        self._id = ""
        self._writer: _Writer | None = None
        self._unrecorded: list[NewRecord] = []
        self._pid = 0
        self._loaded = False

    @property
    def id(self) -> str:
        """The journal's id; a new journal has it before its record 0 is written."""
        with self._mutex:
            self._ready()
            return self._id

    def records(self) -> Records:
        """All records, verified, in order."""
        with self._mutex:
            self._ready()
            return self._records.now()

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last record; -1 and 64 zeros when there is none."""
        with self._mutex:
            self._ready()
            return self._head()

    def _head(self) -> tuple[int, str]:
        return self._records.head or (-1, ZERO)

    def _take(self, records: Iterable[Record]) -> None:
        """Hold records, and those that tell of the journal itself beside them."""
        for record in records:
            self._records.add([record])
            if record.type in _OWN:
                self._own.append(record)

    def append(
        self, records: Sequence[NewRecord], *, at: datetime, run: str, actor: str
    ) -> tuple[Record, ...]:
        """Append records durably, all or none, and return them with their place.

        Raises:
            JournalError: they could not be written; nothing of them stands.
        """
        with self._mutex:
            self._ready()
            new = [*self._opening(), *self._unrecorded, *records]
            blob, written = self._render(new, at=at, run=run, actor=actor)
            # Whatever interrupts this: what stands on disk is read again before the next use.
            self._loaded = False
            self._open_writer().write(blob)
            self._unrecorded = []
            self._take(written)
            self._loaded = True
            return tuple(written[len(written) - len(records) :])

    def _render(
        self, new: Sequence[NewRecord], *, at: datetime, run: str, actor: str
    ) -> tuple[bytes, list[Record]]:
        seq, prev = self._head()
        lines, written = [], []
        for each in new:
            seq += 1
            line, record = write_line(each, seq=seq, prev=prev, at=at, run=run, actor=actor)
            prev = record.hash
            lines.append(line)
            written.append(record)
        return b"".join(lines), written

    def _opening(self) -> list[NewRecord]:
        if self._records.head is not None:
            return []
        place = Place.of(self.folder)
        data = {
            "format": FORMAT,
            "id": self._id,
            "host": place.host,
            "path": place.path,
            "version": __version__,
        }
        return [NewRecord(type=RecordType.OPENED, data=data)]

    def _open_writer(self) -> "_Writer":
        writer = self._writer
        if writer is not None and writer.size >= SEGMENT_BYTES:
            writer.close()
            writer = None
        if writer is None:
            last = self._walk.segment if self._writer is None else ""
            name = last or segment_name(self._head()[0] + 1)
            writer = self._writer = _Writer(self.source.folder / name)
        return writer

    # Opening.

    def _ready(self) -> None:
        if self._lock is None:
            self._lock, self._pid = self._take_lock(), os.getpid()
        elif self._pid != os.getpid():
            raise JournalError(
                "The journal was opened in another process than this one; nothing was written.",
                advice="Open the journal in the process that uses it.",
            )
        if not self._loaded:
            try:
                self._load()
            except BaseException:
                self.close()
                raise

    def _take_lock(self) -> Lock:
        try:
            require_local(self.folder)
            is_new = not self.source.folder.exists()
            for name in ("journal", "locks"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            if is_new:
                sync_folder(self.folder)
                sync_folder(self.folder.parent)
        except OSError as error:
            raise JournalError(
                f"The estate folder {self.folder} cannot be made: {error}.",
                advice="Choose a folder that this account may write to.",
            ) from error
        lock = Lock(self.folder / "locks" / "journal.lock", f"The journal of {self.folder}")
        lock.acquire(run="", now=datetime.now(timezone.utc))
        return lock

    def _load(self) -> None:
        self._close_writer()
        walk, self._records, self._own = Walk(self.source), HeldRecords(), []
        self._take(walk.records())
        self._walk = walk
        if walk.torn and is_whole(walk.torn):
            _Writer(self.source.folder / walk.segment).write(b"\n")
            self._take(walk.records())
        elif walk.torn:
            self._set_aside(walk)
        self._id = uuid.uuid4().hex
        if self._own:
            self._id = self._own[0].data["id"]
            if not self._anywhere:
                self._require_home()
        self._unrecorded = self._torn_records()
        self._loaded = True

    def _set_aside(self, walk: Walk) -> None:
        """Move a torn last line to a file of its own, then cut it off."""
        folder = self.source.folder
        number = 1 + max((int(path.name[len(_TORN) :]) for path in _torn_files(folder)), default=0)
        try:
            aside = os.open(folder / f"{_TORN}{number}", _FLAGS | os.O_EXCL, 0o644)
            try:
                _write_fully(aside, walk.torn)
                os.fsync(aside)
            finally:
                os.close(aside)
            sync_folder(folder)
            with (folder / walk.segment).open("rb+") as stream:
                stream.truncate(walk.offset)
                os.fsync(stream.fileno())
        except OSError as error:
            raise JournalError(
                f"The torn last line of {self.source} cannot be set aside: {error}."
            ) from error

    def _torn_records(self) -> list[NewRecord]:
        """Return a record for every torn line that no record names yet."""
        named = {r.data.get("file") for r in self._own if r.type == RecordType.TORN.value}
        new = []
        for path in _torn_files(self.source.folder):
            if path.name not in named:
                torn = path.read_bytes()
                data = {
                    "file": path.name,
                    "size_bytes": len(torn),
                    "sha256": sha256(torn).hexdigest(),
                }
                new.append(NewRecord(type=RecordType.TORN, data=data))
        return new

    def home(self) -> Place:
        """Return the place that the journal is at home at, as its records say."""
        with self._mutex:
            self._ready()
            return self._home()

    def _home(self) -> Place:
        moves = (RecordType.OPENED.value, RecordType.ADOPTED.value)
        last = next((r for r in reversed(self._own) if r.type in moves), None)
        here = Place.of(self.folder)
        return (
            Place(host=last.data.get("host", ""), path=last.data.get("path", "")) if last else here
        )

    def _require_home(self) -> None:
        home, here = self._home(), Place.of(self.folder)
        if home != here:
            raise JournalError(
                f"The journal is at home at {home}, not at {here}; nothing was written.",
                advice="If it was moved and the other one is no longer used: "
                "azstaging journal adopt.",
            )

    def close(self) -> None:
        """Give the lock back; the journal opens again on its next use."""
        with self._mutex:
            self._close_writer()
            self._loaded = False
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class _Writer:
    """An open segment. Writes whole blocks, or cuts back to where it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            is_new = not path.exists()
            self._fd = os.open(path, _FLAGS, 0o644)
            self._close = weakref.finalize(self, os.close, self._fd)
            self.size = os.fstat(self._fd).st_size
            if is_new:
                sync_folder(path.parent)
        except OSError as error:
            raise JournalError(
                f"The journal {path} cannot be opened for writing: {error}; nothing was written."
            ) from error

    def write(self, block: bytes) -> None:
        self._require_unchanged()
        try:
            _write_fully(self._fd, block)
            os.fsync(self._fd)
            self.size += len(block)
        except BaseException as error:
            stands = self._cut_back()
            if not isinstance(error, OSError):
                raise
            raise JournalError(
                f"The journal {self._path} could not be written: {error.strerror or error}; "
                + (stands or "nothing of this record stands."),
                advice="Make room, or make the folder writable, and run again.",
            ) from error

    def _require_unchanged(self) -> None:
        try:
            opened, there = os.fstat(self._fd), self._path.stat()
            same = os.path.samestat(opened, there) and opened.st_size == self.size
        except OSError:
            same = False
        if not same:
            raise JournalError(
                f"The journal {self._path} was changed by somebody else during this run; "
                "nothing was written.",
                broken=True,
            )

    def _cut_back(self) -> str:
        """Undo a failed write; return what stands if even that fails."""
        try:
            if os.fstat(self._fd).st_size > self.size:
                os.ftruncate(self._fd, self.size)
                os.fsync(self._fd)
        except OSError:
            return "a part of it stands, which the next run sets aside."
        return ""

    def close(self) -> None:
        self._close()


def _write_fully(fd: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(fd, view) :]


def _torn_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{_TORN}*") if path.name[len(_TORN) :].isdecimal())


def sync_folder(folder: Path) -> None:
    """Flush a folder's names to disk; where a folder cannot be opened (Windows) it need not be."""
    with contextlib.suppress(PermissionError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
