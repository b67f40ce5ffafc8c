"""A journal opened for reading only: no lock, no change, wherever it lies."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from azstaging.errors import ConfigurationError, JournalError
from azstaging.journal.blob import BlobJournal
from azstaging.journal.container import Container
from azstaging.journal.holding import HeldRecords, Records
from azstaging.journal.pack import PackSource, is_pack
from azstaging.journal.segments import SUFFIX, FileSource, FolderSource, Source, Walk
from azstaging.model.records import NewRecord, Record


def source_at(path: Path) -> Source:
    """Return what holds the journal at a path: an estate folder, a segment file or a pack.

    Raises:
        ConfigurationError: there is no journal.
    """
    if path.is_dir():
        for folder in (path / "journal", path):
            if folder.is_dir() and any(folder.glob(f"*{SUFFIX}")):
                return FolderSource(folder)
    elif path.is_file():
        return PackSource(path) if is_pack(path) else FileSource(path)
    raise ConfigurationError(
        f"There is no journal at {path}.",
        advice="Name an estate folder, one of its segment files, or an exported pack.",
    )


class ReadJournal:
    """A journal that cannot be appended to. A torn last line is passed over.

    Args:
        path: an estate folder, a segment file or a pack.
        container: a blob container instead.
    """

    def __init__(self, path: Path, *, container: Container | None = None) -> None:
        self.blobs = BlobJournal(container) if container is not None else None
        self.source: Source = self.blobs.source if self.blobs else source_at(path)
        self._path = path
        self._walk = Walk(self.source)
        self._records = HeldRecords()

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.blobs.folder if self.blobs else self._path

    @property
    def id(self) -> str:
        """The journal's id; "" for a later segment alone, which does not tell."""
        first = next(iter(self.records()), None)
        return first.data["id"] if first is not None and first.seq == 0 else ""

    def records(self) -> Records:
        """All records, verified, in order; what was appended since is read on."""
        try:
            self._records.add(self._walk.records())
        except JournalError:
            raise  # what was read before it is held
        except BaseException:
            # One record may be read and not held: all of it is read again.
            self._walk, self._records = Walk(self.source), HeldRecords()
            raise
        return self._records.now()

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last record; -1 and 64 zeros when there is none."""
        self.records()
        return self._walk.head

    def append(
        self,
        records: Sequence[NewRecord],  # noqa: ARG002 - the shape of JournalPort
        *,
        at: datetime,  # noqa: ARG002
        run: str,  # noqa: ARG002
        actor: str,  # noqa: ARG002
    ) -> tuple[Record, ...]:
        """Refuse.

        Raises:
            JournalError: always; nothing was written.
        """
        raise JournalError(
            f"{self.source} was opened for reading; nothing was written.",
            advice="Open it with Journal.open to append.",
        )

    def close(self) -> None:
        """Nothing is held; local copies of a container's files go."""
        if self.blobs is not None:
            self.blobs.close()
