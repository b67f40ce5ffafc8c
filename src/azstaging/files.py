"""Files written whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from azstaging.errors import ConfigurationError


def write_whole(path: Path, data: bytes, *, what: str = "file") -> Path:
    """Write a file beside its place, flush it to disk and move it there.

    Args:
        path: the folder is made if missing; an earlier file is replaced.
        data: the bytes.
        what: what it is, for the message.

    Raises:
        ConfigurationError: it cannot be written; the earlier file, if any, is unchanged.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise ConfigurationError(
            f"The {what} {path} cannot be written: {error.strerror or error}. "
            "Nothing was left half-written.",
            advice="Choose another folder, or make room, and run again.",
        ) from error
    return path


def write_all(folder: Path, files: Mapping[str, bytes], *, what: str) -> tuple[Path, ...]:
    """Write several files into a folder, each whole; sorted by name.

    Raises:
        ConfigurationError: one cannot be written; those before it are whole.
    """
    return tuple(
        write_whole(folder / name, data, what=what) for name, data in sorted(files.items())
    )


def read_bytes(path: Path, *, what: str, limit: int = 64_000_000) -> bytes:
    """Read a file.

    Raises:
        ConfigurationError: it is missing, unreadable or larger than ``limit`` bytes.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise ConfigurationError(
            f"The {what} {path} cannot be read: {error.strerror or error}."
        ) from error
    if len(data) > limit:
        raise ConfigurationError(f"The {what} {path} is larger than {limit} bytes.")
    return data
