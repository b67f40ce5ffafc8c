"""Packs: a journal and the files it names, in one file that can be verified anywhere.

A pack is a ZIP with ``manifest.json`` (``azstaging/pack/1``: journal id, count, head, and name,
size and SHA-256 of every other entry), ``journal.jsonl``, every plan on record as its file, the
files of ``approvals/`` (as they were signed), ``baselines/`` and ``evidence/``, and when signed,
``statement.dsse.json``. Findings, approvals and receipts are records. It is read in place and
never extracted. The same journal gives the same entries with the same times, so the same pack.
"""

import hashlib
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from azstaging.errors import ConfigurationError, JournalError
from azstaging.journal import statement
from azstaging.journal.segments import SUFFIX, Source, Walk
from azstaging.model.records import Record, RecordType
from azstaging.rules.canonical import canonical, parse_canonical

SCHEMA = "azstaging/pack/1"
_MANIFEST, _JOURNAL = "manifest.json", "journal.jsonl"
FOLDERS = ("approvals", "baselines", "evidence", "plans")
_PLAN = RecordType.PLAN.value
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


def export(
    source: Source, folder: Path | None, out: Path, *, sign: Path | str | None = None
) -> None:
    """Write a verified journal into one file, whole or not at all.

    Args:
        source: the journal, from record 0 on.
        folder: the estate folder whose files go along, or None.
        out: ``*.jsonl`` for the records alone, else a pack; an earlier file is replaced.
        sign: the private key that signs the pack's statement; see ``signing.sign``.

    Raises:
        JournalError: the journal does not verify; nothing was written.
        ConfigurationError: it cannot be written or signed, or does not begin with record 0.
    """
    if sign is not None and out.suffix == SUFFIX:
        raise ConfigurationError(
            f"{out} is to hold the records alone, and only a pack is signed; nothing was exported.",
            advice="Name it *.zip.",
        )
    walk = Walk(source)
    first = next(iter(walk.records()), None)
    plans = dict(_plan(record) for record in walk.records() if record.type == _PLAN)
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
                with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as pack:
                    files = [_add(pack, _JOURNAL, _blocks(source, walk))]
                    files += _add_files(pack, folder, plans)
                    _finish(pack, files, walk.head, first.data["id"], sign)
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


def _plan(record: Record) -> tuple[str, bytes]:
    """Return the file of a plan, as its maker has it."""
    digest = str(record.data.get("digest", record.hash)).removeprefix("sha256:")
    name = digest if digest.isalnum() else record.hash
    return f"plans/{name}.json", canonical(record.data) + b"\n"


def _add_files(
    pack: zipfile.ZipFile, folder: Path | None, plans: dict[str, bytes]
) -> list[dict[str, Any]]:
    found: dict[str, Path | bytes] = {
        path.relative_to(folder).as_posix(): path for path in _files(folder) if folder
    }
    found |= plans
    files = []
    for name, body in sorted(found.items()):
        with body.open("rb") if isinstance(body, Path) else io.BytesIO(body) as stream:
            files.append(_add(pack, name, iter(lambda: stream.read(_BLOCK), b"")))
    return files


def _finish(
    pack: zipfile.ZipFile,
    files: list[dict[str, Any]],
    head: tuple[int, str],
    journal_id: str,
    sign: Path | str | None,
) -> None:
    manifest = {
        "schema": SCHEMA,
        "journal_id": journal_id,
        "count": head[0] + 1,
        "head": head[1],
        "files": files,
    }
    data = canonical(manifest)
    pack.writestr(_entry(_MANIFEST), data)
    if sign is not None:
        pack.writestr(_entry(statement.ENTRY), statement.seal(manifest, data, sign))


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
        entries = {*files, _MANIFEST} | ({statement.ENTRY} & set(names))
        if names != sorted(entries) or len(files) != len(manifest["files"]):
            raise self._damaged("its entries are not those that its manifest names")
        for name, file in files.items():
            if self._measure(name) != (file["size_bytes"], file["sha256"]):
                raise self._damaged(f"{name} is not what its manifest says")

    def check_statement(self, key: bytes | None) -> str:
        """Check the statement against the manifest, and with a public key its signature.

        Returns:
            ``good``, ``unchecked`` without a key, or "" when there is none and no key was given.

        Raises:
            JournalError: it speaks of another pack, is signed by somebody else or, when a key
                was given, missing; ``broken`` is True.
        """
        manifest, data = self._manifest(), self._read(_MANIFEST)
        with zipfile.ZipFile(self.path) as pack:
            is_signed = statement.ENTRY in pack.namelist()
        if not is_signed:
            if key is not None:
                raise self._damaged("it is not signed")
            return ""
        statement.check(self._read(statement.ENTRY), manifest, data, key)
        return "good" if key is not None else "unchecked"

    def _read(self, name: str) -> bytes:
        try:
            with self.open(name) as stream:
                return stream.read(_MANIFEST_LIMIT)
        except _UNREADABLE as error:
            raise self._damaged(f"{name}: {error}") from error

    def _manifest(self) -> dict[str, Any]:
        try:
            manifest = parse_canonical(self._read(_MANIFEST))
            if manifest["schema"] != SCHEMA:
                raise ValueError(f"schema {manifest['schema']!r}")
            _ = manifest["count"], manifest["head"], manifest["journal_id"]
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
