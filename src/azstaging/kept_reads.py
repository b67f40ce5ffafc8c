"""What an interrupted inventory had read, in one file, until it is complete or too old."""

import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from azstaging.errors import ConfigurationError
from azstaging.files import LineFile
from azstaging.model.times import format_time, parse_time

if TYPE_CHECKING:
    from typing_extensions import Self

SCHEMA = "azstaging/reads/1"
# A first line that was cut off is known by it.
_BEGINS = json.dumps({"schema": SCHEMA})[:-1].encode()
KEPT_FOR = timedelta(hours=1)
"""Older answers are no ground for anything; the file is begun anew."""


class KeptReads:
    """Answers of Azure in a file of JSON lines; use it as a context manager. Thread-safe.

    Args:
        path: made if it is missing.
        source: what was asked, cloud and scope; answers of another are refused.
        now: aware UTC.

    Attributes:
        started: when the first answer was read; an inventory made of this file is as old.

    Raises:
        ConfigurationError: the file is something else, of another source, damaged, or cannot be
            used; it is as it was.
    """

    def __init__(self, path: str | Path, *, source: str, now: datetime) -> None:
        self.started = now
        self._lock = threading.Lock()
        self._file = LineFile(Path(path), what="file of reads")
        self._places: dict[str, int] = {}
        try:
            self._open(source, now)
        except BaseException:
            self._file.close()
            raise

    def _open(self, source: str, now: datetime) -> None:
        began = self._began(self._file.first_line(), source)
        # What is dated in the future would never be too old.
        if began is not None and timedelta() <= now - began < KEPT_FOR:
            self._find_answers()
            self.started = began
            return
        self._file.clear()
        first = {"schema": SCHEMA, "source": source, "started": format_time(now)}
        self._file.append(json.dumps(first).encode())

    def _began(self, line: bytes, source: str) -> datetime | None:
        """Return when the file was begun; None if it is empty, or was cut off right then."""
        if not line or (not line.endswith(b"\n") and line.startswith(_BEGINS)):
            return None
        try:
            head = msgspec.json.decode(line, type=_Head)
            began = parse_time(head.started)
        except (msgspec.DecodeError, UnicodeDecodeError):
            head, began = _Head(), None
        if head.schema != SCHEMA or began is None or not line.endswith(b"\n"):
            raise ConfigurationError(
                f"{self._file.path} is no file of reads; nothing was written to it.",
                advice="Name a new file, or one that --resume has made.",
            )
        if head.source != source:
            raise ConfigurationError(
                f"{self._file.path} holds answers of another cloud, scope or identity; "
                "nothing was read.",
                advice="Name another file, or delete this one.",
            )
        return began

    def _find_answers(self) -> None:
        """Note where each answer is; after a damaged line nobody knows what else is."""
        lines = enumerate(self._file.lines(), start=1)
        next(lines)
        for number, (place, text) in lines:
            line = _understood(text)
            if line is None:
                raise ConfigurationError(
                    f"{self._file.path} is damaged: line {number} holds no answer. "
                    "Nothing was read, and nothing was written to it.",
                    advice="Delete it, or name another file: everything is read again.",
                )
            if line.forgotten:
                self._places.pop(line.key, None)
            else:
                self._places[line.key] = place

    def __len__(self) -> int:
        return len(self._places)

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._file.close()

    def get(self, key: str) -> Any:
        """Return a kept answer, or None."""
        with self._lock:
            place = self._places.get(key)
            line = None if place is None else self._file.line_at(place)
        return None if line is None else msgspec.json.decode(line)["answer"]

    def put(self, key: str, answer: Any) -> None:
        """Keep an answer."""
        line = msgspec.json.encode({"key": key, "answer": answer}, enc_hook=dict)
        with self._lock:
            self._places[key] = self._file.append(line)

    def keys(self) -> tuple[str, ...]:
        """Return what there are answers to."""
        with self._lock:
            return tuple(self._places)

    def forget(self, key: str) -> None:
        """Forget an answer; the file says so in a line of its own."""
        line = msgspec.json.encode({"key": key, "forgotten": True})
        with self._lock:
            self._file.append(line)
            self._places.pop(key, None)

    def remove(self) -> None:
        """Delete the file: everything was read."""
        self._file.remove()


class _Head(msgspec.Struct):
    schema: str = ""
    source: str = ""
    started: str = ""


_NONE = msgspec.Raw()


class _Line(msgspec.Struct):
    key: str
    answer: msgspec.Raw = _NONE
    forgotten: bool = False


class _Object(msgspec.Struct):
    """A JSON object; what is in it is passed over here."""


# What is called says what is answered: rows, or one resource.
_KINDS: dict[str, msgspec.json.Decoder[Any]] = {
    "list": msgspec.json.Decoder(list[_Object]),
    "get": msgspec.json.Decoder(_Object),
}


def _understood(text: bytes) -> _Line | None:
    """Return what a line says, or None: it is damaged."""
    try:
        # An answer is passed over here, bad letters in it, too.
        text.decode()
        line = msgspec.json.decode(text, type=_Line)
        kind = _KINDS.get(line.key.partition("_")[0])
        if kind is not None and not line.forgotten:
            kind.decode(line.answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return line if line.forgotten or line.answer != _NONE else None
