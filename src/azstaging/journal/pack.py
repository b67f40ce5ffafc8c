"""Packs: a journal and the files it names, in one file that can be verified anywhere.

A pack is a ZIP with ``manifest.json`` (``azstaging/pack/1``: journal id, count, head, and name,
size and SHA-256 of every other entry), ``journal.jsonl`` and the files of ``plans/``,
``baselines/`` and ``evidence/``. It is read in place and never extracted. The same journal gives
the same entries with the same times, so the same pack.
"""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from azstaging.errors import ConfigurationError, JournalError
from azstaging.journal.segments import SUFFIX, Source, Walk
from azstaging.rules.canonical import canonical, parse_canonical

SCHEMA = "azstaging/pack/1"
_MANIFEST, _JOURNAL = "manifest.json", "journal.jsonl"
FOLDERS = ("baselines", "evidence", "plans")
_MANIFEST_LIMIT = 64 * 1024 * 1024
_BLOCK = 1024 * 1024
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def is_pack(path: Path) -> bool:
    """Tell whether a file is a ZIP."""
    return zipfile.is_zipfile(path)


# Writing.


def export(source: Source, folder: Path | None, out: Path) -> None:
    """Write a verified journal into one file, whole or not at all.

    Args:
        source: the journal, from record 0 on.
        folder: the estate folder whose files go along, or None.
        out: ``*.jsonl`` for the records alone, else a pack; an earlier file is replaced.

    Raises:
        JournalError: the journal does not verify; nothing was written.
        ConfigurationError: it cannot be written, or does not begin with record 0.
    """
    walk = Walk(source)
    first = next(iter(walk.records()), None)
    for _ in walk.records():
        pass
    if first is None or first.seq != 0:
        raise ConfigurationError(
            f"{source} does not begin with record 0; nothing was exported.",
            advice="Export the estate folder.",
        )
    try:
        with _whole(out) as stream:
            if out.suffix == SUFFIX:
                stream.writelines(_blocks(source, walk))
            else:
                _write_pack(stream, source, walk, folder, first.data["id"])
    except OSError as error:
        raise ConfigurationError(
            f"The pack {out} cannot be written: {error.strerror or error}. "
            "Nothing was left half-written.",
            advice="Choose another place, or make room, and run again.",
        ) from error


@contextmanager
def _whole(out: Path) -> Iterator[BinaryIO]:
    """Give a file beside ``out`` that takes its place when the block ends well."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=out.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(out)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _blocks(source: Source, walk: Walk) -> Iterator[bytes]:
    """Copy what was proven, no byte more."""
    for name in source.names():
        left = walk.offset if name == walk.segment else None
        if name > walk.segment:
            return
        with source.open(name) as stream:
            while block := stream.read(_BLOCK if left is None else min(_BLOCK, left)):
                left = None if left is None else left - len(block)
                yield block


def _write_pack(
    stream: BinaryIO, source: Source, walk: Walk, folder: Path | None, journal_id: str
) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as pack:
        files = [_add(pack, _JOURNAL, _blocks(source, walk))]
        for path in _files(folder):
            name = path.relative_to(folder).as_posix() if folder else path.name
            with path.open("rb") as body:
                files.append(_add(pack, name, iter(lambda: body.read(_BLOCK), b"")))
        seq, head = walk.head
        manifest = {
            "schema": SCHEMA,
            "journal_id": journal_id,
            "count": seq + 1,
            "head": head,
            "files": files,
        }
        pack.writestr(_entry(_MANIFEST), canonical(manifest))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _add(pack: zipfile.ZipFile, name: str, blocks: Iterator[bytes]) -> dict[str, Any]:
    own, size = hashlib.sha256(), 0
    with pack.open(_entry(name), "w", force_zip64=True) as entry:
        for block in blocks:
            entry.write(block)
            own.update(block)
            size += len(block)
    return {"name": name, "size_bytes": size, "sha256": own.hexdigest()}


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    found = [path for name in FOLDERS for path in (folder / name).rglob("*")]
    return sorted(
        path for path in found if path.is_file() and not path.is_symlink() and path.name[0] != "."
    )


# Reading.


class PackSource:
    """A journal inside a pack.

    Args:
        path: the ZIP file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """Return the one segment."""
        return [_JOURNAL]

    def open(self, name: str) -> BinaryIO:
        """Open an entry for reading; nothing is extracted."""
        try:
            with zipfile.ZipFile(self.path) as pack:
                return pack.open(name)  # type: ignore[return-value] # an IO[bytes] that reads
        except _UNREADABLE as error:
            raise self._damaged(f"{name}: {error}") from error

    def check(self, count: int, head: str) -> None:
        """Check every entry against the manifest, and the manifest against the chain.

        Raises:
            JournalError: something is missing, added or changed; ``broken`` is True.
        """
        manifest = self._manifest()
        if (manifest["count"], manifest["head"]) != (count, head):
            raise self._damaged("its records are not those that its manifest names")
        files = {file["name"]: file for file in manifest["files"]}
        with zipfile.ZipFile(self.path) as pack:
            names = sorted(pack.namelist())
        if names != sorted([*files, _MANIFEST]) or len(files) != len(manifest["files"]):
            raise self._damaged("its entries are not those that its manifest names")
        for name, file in files.items():
            if self._measure(name) != (file["size_bytes"], file["sha256"]):
                raise self._damaged(f"{name} is not what its manifest says")

    def _manifest(self) -> dict[str, Any]:
        try:
            with self.open(_MANIFEST) as stream:
                manifest = parse_canonical(stream.read(_MANIFEST_LIMIT))
            if manifest["schema"] != SCHEMA:
                raise ValueError(f"schema {manifest['schema']!r}")
            _ = manifest["count"], manifest["head"]
            _ = [(file["name"], file["size_bytes"], file["sha256"]) for file in manifest["files"]]
        except _UNREADABLE as error:
            raise self._damaged(f"its manifest cannot be read: {error}") from error
        return dict(manifest)

    def _measure(self, name: str) -> tuple[int, str]:
        own, size = hashlib.sha256(), 0
        try:
            with self.open(name) as stream:
                while block := stream.read(_BLOCK):
                    own.update(block)
                    size += len(block)
        except _UNREADABLE as error:
            raise self._damaged(f"{name}: {error}") from error
        return size, own.hexdigest()

    def _damaged(self, why: str) -> JournalError:
        return JournalError(f"{self} does not verify: {why}.", broken=True)

    def __str__(self) -> str:
        return f"The pack {self.path}"
