"""The service's own JSON, kept small: as bytes, taken apart again when somebody looks.

Ten thousand machines with all their parts are a gigabyte of dicts, and a tenth of that as bytes.
"""

import json
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import msgspec
from msgspec import Raw

from azstaging.model import packing

_RECENT = 64
_LARGE = 1024
_CANNOT = (msgspec.MsgspecError, OverflowError, RecursionError, TypeError, UnicodeError)


class _Identified(msgspec.Struct):
    id: str


_IDENTITY = msgspec.json.Decoder(_Identified)


class Body(Mapping[str, Any]):
    """One JSON object of the service, read-only. Every look takes it apart anew.

    Args:
        packed: its bytes, as `packed` makes them, or a part of those of a page, which stay
            until it is packed.
        whole: the object itself instead; it becomes bytes at the first look, or by `pack`.
    """

    __slots__ = ("_id", "_packed", "_whole")

    def __init__(self, packed: bytes | Raw = b"{}", whole: Mapping[str, Any] | None = None) -> None:
        self._packed: Any = packed
        self._whole = whole
        self._id = ""

    def pack(self) -> None:
        """Turn it into bytes now, where it has not been yet; what is no JSON stays as it is."""
        whole = self._whole
        text = _small(bytes(self._packed)) if whole is None else _bytes_of(whole)
        if text is not None:
            self._packed = text
            self._whole = None

    @property
    def json(self) -> bytes | Raw | None:
        """Its text as the service wrote it; None where it was compressed or came as an object."""
        text: bytes | Raw = self._packed
        if type(text) is Raw:
            return text
        return None if self._whole is not None or _is_packed(text) else text

    def forget(self) -> None:
        """Let the JSON go: it is empty from now on."""
        self._packed, self._whole, self._id = b"{}", None, ""

    def peek(self) -> Mapping[str, Any]:
        """Return it for reading only: as it came where it still is whole, else unpacked."""
        return self.unpack() if self._whole is None else self._whole

    def unpack(self) -> dict[str, Any]:
        """Return it as a dict of its own; changing that changes nothing here."""
        if self._whole is not None:
            self.pack()
        if self._whole is not None:
            return dict(self._whole)
        text = self._packed
        unpacked: dict[str, Any] = _decoded(packing.unpack(text) if _is_packed(text) else text)
        return unpacked

    def __getitem__(self, name: str) -> Any:
        # Asked for again and again, of rows that nobody takes apart yet.
        return (name == "id" and self._identity()) or self.unpack()[name]

    def _identity(self) -> str:
        """Return the id where it is plain text, else ""."""
        text = self.json
        if not self._id and text is not None:
            try:
                self._id = _IDENTITY.decode(text).id
            except (msgspec.DecodeError, UnicodeDecodeError):
                return ""
        return self._id

    def __iter__(self) -> Iterator[str]:
        return iter(self.unpack())

    def __len__(self) -> int:
        return len(self.unpack())

    def __repr__(self) -> str:
        self.pack()
        return f"Body({len(self._packed)} bytes)"

    def __reduce__(self) -> tuple[type["Body"], tuple[bytes]]:
        self.pack()
        data = self._packed
        return Body, (packing.portable(data) if _is_packed(data) else data,)


def _is_packed(text: bytes | Raw) -> bool:
    return type(text) is not Raw and text[:1] == packing.MARK


def _decoded(text: bytes | Raw) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.ValidationError:
        # JSON all the same, with a number that no float holds where nobody looked: infinite here.
        return json.loads(bytes(text))


def _bytes_of(body: Mapping[str, Any]) -> bytes | None:
    try:
        text = msgspec.json.encode(body)
    except _CANNOT:
        return None
    return _small(text)


def _small(text: bytes) -> bytes:
    return packing.pack(text) if len(text) > _LARGE and not _is_packed(text) else text


def packed(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a JSON object as `Body`; what is none (only a test makes such) as it is."""
    if isinstance(body, Body):
        return body
    text = _bytes_of(body)
    return body if text is None else Body(text)


def packed_later(body: Mapping[str, Any]) -> Body:
    """Return a JSON object as a `Body` that becomes bytes when somebody needs it to."""
    return body if isinstance(body, Body) else Body(whole=body)


class Bodies(MutableMapping[str, dict[str, Any]]):
    """Many JSON objects by key, for one thread. Nobody writes to what is taken out.

    Attributes:
        writes: how often one was put in or taken away.
    """

    __slots__ = ("_held", "_recent", "writes")

    def __init__(self) -> None:
        self.writes = 0
        self._held: dict[str, Mapping[str, Any]] = {}
        # One object is looked at several times in a row.
        self._recent: dict[str, dict[str, Any]] = {}

    def __getitem__(self, key: str) -> dict[str, Any]:
        recent = self._recent.get(key)
        if recent is not None:
            return recent
        held = self._held[key]
        unpacked = held.unpack() if isinstance(held, Body) else dict(held)
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent[key] = unpacked
        return unpacked

    def get(self, key: str, default: Any = None) -> Any:
        """Return one, or the default."""
        return self[key] if key in self._held else default

    def packed(self, key: str) -> Mapping[str, Any] | None:
        """Return one as it is held, small, or None."""
        return self._held.get(key)

    def __setitem__(self, key: str, body: Mapping[str, Any]) -> None:
        self._recent.pop(key, None)
        self.writes += 1
        held = packed(body)
        if isinstance(held, Body):
            held.pack()
        self._held[key] = held

    def __delitem__(self, key: str) -> None:
        self._recent.pop(key, None)
        self.writes += 1
        del self._held[key]

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
