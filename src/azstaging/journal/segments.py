"""Reading: the segments of a journal in order, line by line, each record proven.

A segment is a JSON Lines file. Its name is the sequence of its first record, so that names sort
as records do.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from azstaging.errors import JournalError
from azstaging.journal.format import MAX_LINE, ZERO, Chain, parse_line
from azstaging.model.records import Record

SUFFIX = ".jsonl"
_WHOLE_RECORD = re.compile(rb',"hash":"[0-9a-f]{64}"\}')


class Source(Protocol):
    """Something that holds the segments of a journal."""

    def names(self) -> list[str]:
        """Names of the segments, in the order of their records."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a segment for reading; seekable unless it is a pack's."""
        ...

    def check(self, count: int, head: str) -> None:
        """Check what the source promises beyond the chain.

        Raises:
            JournalError: it does not hold; ``broken`` is True.
        """
        ...


class FolderSource:
    """The ``journal`` folder of an estate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of the segments, in the order of their records."""
        try:
            return sorted(entry.name for entry in self.folder.iterdir() if entry.suffix == SUFFIX)
        except OSError as error:
            raise JournalError(f"{self} cannot be read: {error}.") from error

    def open(self, name: str) -> BinaryIO:
        """Open a segment."""
        return (self.folder / name).open("rb")

    def check(self, count: int, head: str) -> None:
        """A folder promises nothing beyond the chain."""

    def __str__(self) -> str:
        return f"The journal {self.folder}"


class FileSource:
    """One segment file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """Return the one name."""
        return [self.path.name]

    def open(self, name: str) -> BinaryIO:  # noqa: ARG002 - there is only one
        """Open the file."""
        return self.path.open("rb")

    def check(self, count: int, head: str) -> None:
        """A file promises nothing beyond the chain."""

    def __str__(self) -> str:
        return f"The journal file {self.path}"


def segment_name(first_seq: int) -> str:
    """Return the name of the segment that begins with a record."""
    return f"{first_seq:012d}{SUFFIX}"


class Walk:
    """Walks the lines of a source once, from where the last walk ended.

    Attributes:
        chain: what was proven so far.
        torn: bytes after the last line end of the last segment; b"" when there are none.
        segment, offset: name of the last segment and where its proven lines end.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.chain: Chain | None = None
        self.torn = b""
        self.segment = ""
        self.offset = 0

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last proven record; -1 and 64 zeros when there is none."""
        return self.chain.head if self.chain else (-1, ZERO)

    def records(self, names: Sequence[str] | None = None) -> Iterator[Record]:
        """Prove and return the records that follow.

        Args:
            names: the segments to look into, when they are known; else the source is asked.

        Raises:
            JournalError: with ``seq``, the first record that does not verify; or it cannot be
                read.
        """
        listed = self.source.names() if names is None else names
        names = [name for name in listed if name >= self.segment]
        for index, name in enumerate(names):
            if name != self.segment:
                self.segment, self.offset = name, 0
            try:
                with self.source.open(name) as stream:
                    if self.offset:
                        stream.seek(self.offset)
                    yield from self._lines(stream, last=index == len(names) - 1)
            except JournalError as error:
                if error.seq is None:  # it says itself what is damaged
                    raise
                named = f"{error} {self.source} is damaged."
                raise JournalError(named, seq=error.seq, broken=error.broken) from error
            except OSError as error:
                raise JournalError(f"{self.source} cannot be read: {error}.") from error
            except (EOFError, zlib.error, zipfile.BadZipFile) as error:
                seq = self.head[0] + 1
                raise JournalError(
                    f"Record {seq} does not verify: {self.source} is damaged ({error}).",
                    seq=seq,
                    broken=True,
                ) from error

    def _lines(self, stream: BinaryIO, *, last: bool) -> Iterator[Record]:
        self.torn = b""
        chain = self._chain()
        while line := stream.readline(MAX_LINE + 1):
            if line[-1:] != b"\n":
                self._torn(line, last=last)
                return
            record = chain.take(line[:-1])
            self.offset += len(line)
            yield record

    def _chain(self) -> Chain:
        if self.chain is None:
            seq = self._first_seq()
            self.chain = Chain(seq, None if seq else ZERO)
        return self.chain

    def _first_seq(self) -> int:
        """Tell where the first line belongs: 0, unless a later segment is alone under its name."""
        stem = self.segment.removesuffix(SUFFIX)
        return int(stem) if isinstance(self.source, FileSource) and stem.isdecimal() else 0

    def _torn(self, tail: bytes, *, last: bool) -> None:
        seq = self.head[0] + 1
        if len(tail) > MAX_LINE:
            raise JournalError(
                f"Record {seq} does not verify: its line has no end.", seq=seq, broken=True
            )
        if not last or holds_record(tail):
            raise JournalError(
                f"Record {seq} does not verify: its line end is damaged.", seq=seq, broken=True
            )
        self.torn = tail


def holds_record(tail: bytes) -> bool:
    """Tell whether a line without end holds a whole record and more: damage, not a torn write."""
    for match in _WHOLE_RECORD.finditer(tail):
        if match.end() == len(tail):
            continue
        try:
            parse_line(tail[: match.end()])
        except JournalError:
            continue
        return True
    return False


def is_whole(tail: bytes) -> bool:
    """Tell whether a line lacks nothing but its end."""
    try:
        parse_line(tail)
    except JournalError:
        return False
    return True
