"""Files written whole or not at all."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
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
    return _write([(path, data)], what)[0]


def write_all(folder: Path, files: Mapping[str, bytes], *, what: str) -> tuple[Path, ...]:
    """Write several files into a folder, each whole; sorted by name.

    All are on disk before the first one takes its place, so a full disk changes none of them.

    Raises:
        ConfigurationError: one cannot be written; none is half-written.
    """
    return write_each(folder, sorted(files.items()), what=what)


def write_each(folder: Path, files: Iterable[tuple[str, bytes]], *, what: str) -> tuple[Path, ...]:
    """Write several files like ``write_all``, each as it comes; sorted by name."""
    return tuple(sorted(_write(((folder / name, data) for name, data in files), what)))


def hashed(files: Iterable[tuple[str, bytes]], into: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield files as they come, and note the SHA-256 of each, hexadecimal, by its name."""
    for name, data in files:
        into[name] = hashlib.sha256(data).hexdigest()
        yield name, data


def _write(files: Iterable[tuple[Path, bytes]], what: str) -> tuple[Path, ...]:
    beside: dict[Path, Path] = {}
    path = Path()
    try:
        for path, data in files:
            _require_replaceable(path, what)
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
            beside[path] = Path(temporary)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            beside[path].chmod(0o644)
        written = tuple(beside)
        for path in written:
            beside[path].replace(path)
            del beside[path]
    except (OSError, ValueError) as error:
        raise _unwritable(path, error, what) from error
    finally:
        for left in beside.values():
            with contextlib.suppress(OSError):
                left.unlink()
    return written


def _require_replaceable(path: Path, what: str) -> None:
    """Refuse to replace a link, a device or a folder: moving a file there would destroy it."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ConfigurationError(
            f"The {what} {path} cannot be written: that is no plain file. Nothing was changed.",
            advice="Name a plain file.",
        )


def require_writable(folder: Path, *, what: str) -> None:
    """Refuse a folder that cannot be written into, before long work is done for it.

    The folder itself is not made: its nearest ancestor is tried.

    Raises:
        ConfigurationError: it is no folder, or takes no file.
    """
    try:
        nearest = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
        handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=nearest)
        os.close(handle)
        Path(temporary).unlink()
    except (OSError, ValueError) as error:
        raise _unwritable(folder, error, what) from error


def _unwritable(path: Path, error: Exception, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The {what} {path} cannot be written: {getattr(error, 'strerror', '') or error}. "
        "Nothing was left half-written.",
        advice="Choose another folder, or make room, and run again.",
    )


def read_bytes(path: Path, *, what: str, limit: int = 64_000_000) -> bytes:
    """Read a file.

    Raises:
        ConfigurationError: it is missing, unreadable or larger than ``limit`` bytes.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The {what} {path} cannot be read: {getattr(error, 'strerror', '') or error}."
        ) from error
    if len(data) > limit:
        raise ConfigurationError(f"The {what} {path} is larger than {limit} bytes.")
    return data


class LineFile:
    """A file that only its user reads, and to which lines are appended.

    A last line that was cut off by a crash is dropped by ``lines``: look at ``first_line`` before,
    it may be somebody else's file.

    Raises:
        ConfigurationError: it cannot be opened, read or written, or is no plain file.
    """

    def __init__(self, path: Path, *, what: str) -> None:
        self.path = path
        self._what = what
        _require_replaceable(path, what)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            self._stream = os.fdopen(descriptor, "r+b")
        except (OSError, ValueError) as error:
            raise _unwritable(path, error, what) from error

    def first_line(self, limit: int = 65_536) -> bytes:
        """Return the first line with its end, or what there is of it in ``limit`` bytes."""
        self._stream.seek(0)
        return self._stream.readline(limit)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield every whole line with its place, without its end; what is cut off is dropped."""
        self._stream.seek(0)
        place = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                self._stream.truncate(place)
                return
            yield place, line[:-1]
            place += len(line)

    def line_at(self, place: int) -> bytes:
        """Return the line at a place."""
        self._stream.seek(place)
        return self._stream.readline()[:-1]

    def append(self, line: bytes) -> int:
        """Append one line, and return its place."""
        try:
            place = self._stream.seek(0, os.SEEK_END)
            self._stream.write(line + b"\n")
            self._stream.flush()
        except OSError as error:
            raise _unwritable(self.path, error, self._what) from error
        return place

    def clear(self) -> None:
        """Drop every line."""
        self._stream.seek(0)
        self._stream.truncate()

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def remove(self) -> None:
        """Close it and delete it."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()
