"""Files of the estate folder that a record names by what they hold."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from azstaging.errors import JournalError
from azstaging.files import write_whole
from azstaging.journal.pack import is_pack

# A report of 20,000 machines with all findings is some 150 MB.
_LIMIT = 1_000_000_000


def write_evidence(folder: Path, data: bytes, *, digest: str, what: str) -> str:
    """Keep bytes in an estate folder under their digest, compressed, once.

    Args:
        folder: the estate folder.
        data: the bytes.
        digest: their SHA-256, hexadecimal.
        what: the first word of the file's name, e.g. ``report``.

    Returns:
        The file, relative to the estate folder: what a record names.

    Raises:
        ConfigurationError: it cannot be written; nothing is half-written.
    """
    name = f"evidence/{what}-{digest}.json.gz"
    if not (folder / name).is_file():
        write_whole(folder / name, gzip.compress(data, 6, mtime=0), what=what)
    return name


def read_evidence(path: Path, name: str, *, digest: str) -> bytes:
    """Read what ``write_evidence`` kept, and prove that nothing of it has changed.

    Args:
        path: an estate folder, its journal folder, one of its segment files, or a pack.
        name: the file as its record names it.
        digest: SHA-256 that the record gives, hexadecimal.

    Raises:
        JournalError: it is missing, damaged, or not what the record names (``broken`` is True).
    """
    try:
        with _opened(path, name) as stream, gzip.open(stream) as plain:
            data = plain.read(_LIMIT + 1)
    except (FileNotFoundError, KeyError) as error:
        raise JournalError(
            f"{path} holds no {name}, which its journal names.",
            advice="Name the whole estate folder, or a pack that azstaging journal export made.",
        ) from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise JournalError(f"{name} of {path} cannot be read: {error}.", broken=True) from error
    if len(data) > _LIMIT or hashlib.sha256(data).hexdigest() != digest:
        raise JournalError(
            f"{name} of {path} is not what its journal names: its SHA-256 is another one.",
            broken=True,
            advice="Somebody changed it. Look for the file in a copy of the estate folder.",
        )
    return data


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO]:
    if path.is_file() and is_pack(path):
        with zipfile.ZipFile(path) as pack, pack.open(name) as entry:
            yield entry  # type: ignore[misc] # an IO[bytes] that reads
        return
    # A segment file lies in the journal folder, and that in the estate folder.
    for folder in (path, path.parent, path.parent.parent):
        if (folder / name).is_file():
            with (folder / name).open("rb") as stream:
                yield stream
            return
    raise FileNotFoundError(name)
