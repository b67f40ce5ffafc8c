"""The journal: the append-only, hash-chained record of all that was seen, decided and done.

The chain shows changes to whoever holds a head that was recorded elsewhere (a report, a work item,
a mail). It does not stop a writer who rewrites all of it.
"""

import threading
import weakref
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

from azstaging.errors import ConfigurationError
from azstaging.files import read_bytes
from azstaging.journal.blob import BlobJournal
from azstaging.journal.container import Container, check_container_url, is_url
from azstaging.journal.evidence import write_evidence
from azstaging.journal.file import FileJournal
from azstaging.journal.holding import Records
from azstaging.journal.pack import FOLDERS, export
from azstaging.journal.place import Place
from azstaging.journal.reading import ReadJournal
from azstaging.journal.verify import VerifyResult, verify
from azstaging.model.records import NewRecord, Record, RecordType
from azstaging.rules.history import History

__all__ = ["Journal", "VerifyResult"]

STOP = "stop"

# One process is one writer: opening a folder twice (a notebook's cell run again) shares it.
_Store = FileJournal | BlobJournal
_open: "weakref.WeakValueDictionary[Path | str, _Store]" = weakref.WeakValueDictionary()
# Re-entrant: a finalizer may run wherever this thread allocates.
_open_mutex = threading.RLock()


def _leave(store: _Store | ReadJournal) -> None:
    if not isinstance(store, ReadJournal):
        with _open_mutex:
            store.openers -= 1
            if store.openers == 0:
                store.close()


class Journal:
    """A journal, open for writing (``open``) or for reading (``read``).

    Appending and reading are safe from several threads. As a context manager it closes itself.
    """

    def __init__(self, store: _Store | ReadJournal) -> None:
        self._store = store
        self._history = History()
        self._leave = weakref.finalize(self, _leave, store)

    @classmethod
    def open(cls, path: str | Path, *, credential: Any = None) -> "Journal":
        """Open an estate folder or a blob container for writing; it is made on first use.

        The lock of a folder is taken on first use too, and held until ``close`` or the end of the
        process. A container has no lock: each append has a position of its own.

        Args:
            path: a folder, or ``https://ACCOUNT.blob.core.windows.net/CONTAINER[/FOLDER]``.
            credential: for a container: any ``TokenCredential``, or a function that gives one.

        Raises:
            ConfigurationError: the path is a file, or a URL of something else.
            LeaseHeldError: on first use, when another process has the folder open.
            JournalError: on first use, when it does not verify or is at home elsewhere.
        """
        place: Path | str = check_container_url(str(path)) if is_url(path) else _folder(path)
        with _open_mutex:
            store = _open.get(place)
            if store is None:
                store = _open[place] = (
                    FileJournal(place)
                    if isinstance(place, Path)
                    else BlobJournal(Container(place, credential))
                )
            store.openers += 1
        return cls(store)

    @classmethod
    def read(cls, path: str | Path, *, credential: Any = None) -> "Journal":
        """Open an estate folder, a container, a segment file or a pack for reading. No lock.

        Raises:
            ConfigurationError: there is no journal at the path.
        """
        if is_url(path):
            container = Container(str(path), credential)
            return cls(ReadJournal(Path(), container=container))
        return cls(ReadJournal(_local(path)))

    @classmethod
    def verify_at(
        cls,
        path: str | Path,
        *,
        head: str | None = None,
        key: str | Path | None = None,
        credential: Any = None,
    ) -> VerifyResult:
        """Verify the journal at a path; see ``verify``."""
        return cls.read(path, credential=credential).verify(head=head, key=key)

    @classmethod
    def adopt(cls, path: str | Path, *, reason: str, now: datetime | None = None) -> "Journal":
        """Open a journal that was moved to this host and path, and record the move.

        Two copies that both go on would tell two histories under one id: adopt only when the
        other one is no longer used.

        Raises:
            ConfigurationError: there is no journal, no reason, or it is at home here already.
            LeaseHeldError: another process has it open.
        """
        folder = _folder(path)
        ReadJournal(folder)
        if not reason.strip():
            raise ConfigurationError("Adopting a journal needs a reason; nothing was changed.")
        store = FileJournal(folder, anywhere=True)
        try:
            home, here = store.home(), Place.of(folder)
            if home == here:
                raise ConfigurationError(f"The journal is at home at {here} already.")
            data = {
                "host": here.host,
                "path": here.path,
                "from_host": home.host,
                "from_path": home.path,
                "reason": reason,
            }
            record = NewRecord(type=RecordType.ADOPTED, data=data)
            store.append([record], at=now or datetime.now(timezone.utc), run="", actor="")
        finally:
            store.close()
        return cls.open(folder)

    @property
    def id(self) -> str:
        """The journal's id, from record 0."""
        return self._open_store().id

    @property
    def folder(self) -> Path:
        """The estate folder; of a segment file or a pack, the file itself.

        Of a container it is a local folder: ``publish`` and ``fetch`` move its files.
        """
        return self._store.folder

    @property
    def place(self) -> str:
        """Where the journal is, for people: a path or a URL."""
        blobs = self.blobs
        return str(blobs.container) if blobs else str(self._store.folder)

    def publish(self, paths: Iterable[Path]) -> None:
        """Put files of ``folder`` where the journal is, before a record names them.

        Raises:
            JournalError: one could not be written; no record should name it.
        """
        if (blobs := self.blobs) is not None:
            blobs.publish(paths)

    def halted(self) -> bool:
        """Tell whether somebody put a file named ``stop`` beside the journal.

        Raises:
            JournalError: a container cannot be read, so nobody knows.
        """
        blobs = self.blobs
        if blobs is not None:
            return blobs.container.read(STOP, 0, 1) is not None
        return (self.folder / STOP).exists()

    def keep(self, data: bytes, *, digest: str, what: str) -> str:
        """Keep bytes as evidence under their digest, and return what a record names them by.

        Raises:
            ConfigurationError, JournalError: they could not be kept; no record should name them.
        """
        name = write_evidence(self.folder, data, digest=digest, what=what)
        self.publish([self.folder / name])
        return name

    def fetch(self, names: Iterable[str]) -> None:
        """Get files that records name into ``folder``, unless they are there.

        Raises:
            JournalError: the container cannot be read. A file that it lacks stays missing.
        """
        if (blobs := self.blobs) is not None:
            blobs.fetch(names)

    @property
    def blobs(self) -> BlobJournal | None:
        """The store of a container, or None for a folder."""
        store = self._store.blobs if isinstance(self._store, ReadJournal) else self._store
        return store if isinstance(store, BlobJournal) else None

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last record; -1 and 64 zeros when there is none."""
        return self._open_store().head

    def append(
        self, records: Sequence[NewRecord], *, at: datetime, run: str, actor: str
    ) -> tuple[Record, ...]:
        """Append records durably, all or none, and return them with their place.

        Args:
            records: in order; a first append writes record 0 before them.
            at: aware UTC.
            run: id of the run.
            actor: ``tid/oid`` of the principal, or "".

        Raises:
            JournalError: they could not be written; nothing of them stands.
        """
        return self._open_store().append(records, at=at, run=run, actor=actor)

    def records(self) -> Records:
        """All records, verified, in order; what is appended later is not among them.

        Older ones are unpacked while somebody goes through them.

        Raises:
            JournalError: with ``seq``, the first record that does not verify.
        """
        return self._open_store().records()

    def history(self) -> History:
        """Everything the journal says, folded; only what was appended since is folded again.

        Raises:
            JournalError: a record does not verify, or is not understood.
        """
        records = self.records()
        self._history = self._history.extend(records.since(self._history.seq + 1))
        return self._history

    def verify(self, *, head: str | None = None, key: str | Path | None = None) -> VerifyResult:
        """Read everything again from where it is stored, and prove it.

        Args:
            head: a head recorded elsewhere (a hash, or ``SEQ HASH``), which the chain must hold.
            key: of a pack, the PEM file of the public key that must have signed it.

        Raises:
            JournalError: it cannot be read at all.
            ConfigurationError: ``head`` is not a head, ``key`` no public key, or a key is given
                and this is no pack.
        """
        pem = read_bytes(Path(key), what="public key", limit=1_000_000) if key else None
        return verify(self._open_store().source, head=head, key=pem)

    def export(self, path: str | Path, *, sign: str | Path | None = None) -> Path:
        """Write one file that can be verified anywhere; an earlier file is replaced.

        Args:
            path: ``*.jsonl`` for the records alone; else a ZIP with plans, signed approvals,
                baselines and evidence.
            sign: private key that signs the pack: an unencrypted PEM file, or
                ``azurekms://VAULT.vault.azure.net/keys/NAME``.

        Raises:
            JournalError: the journal does not verify; nothing was written.
            ConfigurationError: the file cannot be written or signed, or the journal does not
                begin at 0.
        """
        source = self._open_store().source
        if (blobs := self.blobs) is not None:
            blobs.fetch_all(FOLDERS)
        export(source, self.folder if self.folder.is_dir() else None, Path(path), sign=sign)
        return Path(path)

    def close(self) -> None:
        """Give the lock back when nobody else in this process has the folder open."""
        self._leave()

    def _open_store(self) -> _Store | ReadJournal:
        if not self._leave.alive:
            raise ConfigurationError(f"The journal {self.place} was closed.")
        return self._store

    def __enter__(self) -> "Journal":  # noqa: PYI034 - 3.10 has no typing.Self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        mode = "reading" if isinstance(self._store, ReadJournal) else "writing"
        return f"Journal({self.place!r}, {mode})"


def _local(path: str | Path) -> Path:
    text = str(path)
    if not text.strip():
        raise ConfigurationError("The journal's path is empty.")
    if is_url(text):
        raise ConfigurationError(
            f"{text.split('?', 1)[0]} is a URL; this needs an estate folder.",
            advice="Name an estate folder on a local disk. A container has one place: its URL.",
        )
    return Path(text).expanduser()


def _folder(path: str | Path) -> Path:
    folder = _local(path).resolve()
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(
            f"The estate folder {folder} is not a folder; nothing was written."
        )
    return folder
