"""Canonical JSON, digests of it, and our frozen values as plain JSON and back. Pure.

Canonical JSON: keys sorted, no blanks, ASCII-escaped, no floats. The same value gives the same
bytes on every machine, so a digest of them can stand for the value.
"""

import dataclasses
import enum
import functools
import hashlib
import json
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

import msgspec

from azstaging.model.ids import ResourceId

T = TypeVar("T")

_encode = json.JSONEncoder(
    ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
_fast_encode = msgspec.json.Encoder(order="sorted").encode
_SCALARS = frozenset({str, int, bool, type(None)})


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a plain value (dicts, lists, str, int, bool, None).

    Raises:
        TypeError: it holds something else: a float, a time, an id, a key that is not text.
    """
    _refuse_unplain(value)
    try:
        data = _fast_encode(value)
        # Of ASCII, the two encoders differ in this one character only.
        if data.isascii() and b"\x7f" not in data:
            return data
    except (ValueError, OverflowError, RecursionError):
        pass  # Lone surrogates and large numbers are beyond the fast way.
    return _encode(value).encode("ascii")


def _refuse_unplain(value: Any) -> None:
    kind = type(value)
    if kind in _SCALARS:
        return
    if kind is dict:
        for key, member in value.items():
            if type(key) is not str:
                raise TypeError(f"{key!r} is not a text key; canonical JSON has no other.")
            if type(member) not in _SCALARS:
                _refuse_unplain(member)
    elif kind is list or kind is tuple:
        for member in value:
            if type(member) not in _SCALARS:
                _refuse_unplain(member)
    else:
        raise TypeError(f"A {kind.__name__} has no canonical JSON: {value!r:.80}.")


def digest(value: Any) -> str:
    """Return ``sha256:<hex>`` of the canonical JSON of a plain value."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dictionary of members in their order, for ``object_pairs_hook``.

    Raises:
        ValueError: a key occurs twice.
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key!r} occurs twice")
            seen.add(key)
    return members


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is not a whole number")


_decode = json.JSONDecoder(
    object_pairs_hook=unique_keys, parse_float=_no_float, parse_constant=_no_float
).decode


def parse_canonical(data: bytes) -> Any:
    """Read JSON strictly: ASCII, every key once, no floats. Blanks between values are allowed.

    Raises:
        ValueError: it is not such JSON.
    """
    try:
        return _decode(data.decode("ascii"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse_unique(data: bytes) -> Any:
    """Read JSON as RFC 8785 writes it, strictly: UTF-8, every key once, no floats.

    Raises:
        ValueError: it is not such JSON.
    """
    try:
        return _decode(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


_fast_decode = msgspec.json.Decoder(float_hook=_no_float).decode


def read_canonical(data: bytes) -> Any:
    """Read canonical JSON, and nothing but it.

    Raises:
        ValueError: these are not the bytes that ``canonical`` gives.
    """
    try:
        value = _fast_decode(data)
        if data.isascii() and _fast_encode(value) == data:
            return value
    except (ValueError, RecursionError):
        pass  # Escapes and large numbers are beyond the fast way; the slow one decides.
    value = parse_canonical(data)
    if canonical(value) != data:
        raise ValueError("its keys are not sorted, or it has blanks or other escapes")
    return value


def time_text(value: datetime) -> str:
    """Write an aware time as RFC 3339 UTC: milliseconds, or microseconds where it has them.

    Raises:
        ValueError: it is naive.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value} has no zone.")
    return _time_text(value)


# The records of one append share their time, those of one run nearly so.
@functools.lru_cache(maxsize=64)
def _time_text(value: datetime) -> str:
    utc = value.astimezone(timezone.utc).replace(tzinfo=None)
    spec = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.isoformat(timespec=spec) + "Z"


_TIME_LENGTHS = (24, 27)


def time_from(text: Any) -> datetime:
    """Read what ``time_text`` wrote.

    Raises:
        ValueError: it is something else.
    """
    if type(text) is not str or len(text) not in _TIME_LENGTHS or text[-1] != "Z":
        raise ValueError(f"{text!r} is not a time")
    return _time_from(text)


@functools.lru_cache(maxsize=64)
def _time_from(text: str) -> datetime:
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc)


def to_plain(value: Any) -> Any:
    """Turn frozen values into plain JSON values, every field named.

    Times become text (see ``time_text``), ids their text, enums their value, tuples and sorted
    frozensets lists, mappings dicts. Plain values come back as they are.

    Raises:
        TypeError: there is no plain form for it.
    """
    kind = type(value)
    if kind in _SCALARS or kind is float:
        return value
    if kind is dict:
        return {key: to_plain(member) for key, member in value.items()}
    if kind is list or kind is tuple:
        return [to_plain(member) for member in value]
    if dataclasses.is_dataclass(kind) and kind is not ResourceId:
        return {name: to_plain(getattr(value, name)) for name in kind.__dataclass_fields__}
    return _special_to_plain(value)


def _special_to_plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, ResourceId):
        return value.text
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(to_plain(member) for member in value)
    if isinstance(value, Mapping):
        return {key: to_plain(member) for key, member in value.items()}
    raise TypeError(f"A {type(value).__name__} has no plain form: {value!r:.80}.")


def from_plain(kind: type[T], data: Any) -> T:
    """Turn what ``to_plain`` made back into a frozen value.

    Strict: a field that the type does not have, a missing field without default and a value of
    another type are refused; nothing is converted beyond what ``to_plain`` converts.

    Raises:
        ValueError: it is not such a value; the message names the field.
    """
    readable: Any = kind
    made: T = _reader(readable)(data)
    return made


_Read = Callable[[Any], Any]


@functools.cache
def _reader(kind: Any) -> _Read:
    """Return a reader of one type, made once."""
    if kind is Any or kind is object:
        return _as_is
    if kind in _SCALARS:
        return _scalar_reader(kind)
    if kind is datetime:
        return time_from
    if kind is ResourceId:
        return _id_reader
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    return _generic_reader(kind)


def _as_is(data: Any) -> Any:
    return data


def _scalar_reader(kind: type) -> _Read:
    def read(data: Any) -> Any:
        if type(data) is not kind:
            raise ValueError(f"{data!r:.80} is not {_NAMES[kind]}")
        return data

    def read_text(data: Any) -> Any:
        if type(data) is not str:
            raise ValueError(f"{data!r:.80} is not {_NAMES[str]}")
        return _shared(data) if len(data) <= _SHORT else data

    return read_text if kind is str else read


# Ten thousand machines say the same few words and lie in the same few vaults; what is read of them
# holds each once.
_SHORT = 256


@functools.lru_cache(maxsize=4096)
def _shared(text: str) -> str:
    return text


_shared_id = functools.lru_cache(maxsize=4096)(ResourceId)


# The items of a workload rely on the same evidence, forty records of it.
def _shared_numbers(numbers: list[int]) -> tuple[int, ...]:
    return _shared_row(tuple(numbers))


@functools.lru_cache(maxsize=256)
def _shared_row(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return numbers


_NAMES = {str: "text", int: "a whole number", bool: "true or false", type(None): "null"}


def _id_reader(data: Any) -> ResourceId:
    if type(data) is not str:
        raise ValueError(f"{data!r:.80} is not a resource id")
    return _shared_id(data)


def _dataclass_reader(kind: Any) -> _Read:
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    readers = {name: _reader(hints[name]) for name in fields}
    needed = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    called = f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"

    def read(data: Any) -> Any:
        if type(data) is not dict:
            raise ValueError(f"{data!r:.80} is not {called}")
        if not needed <= data.keys() <= fields.keys():
            missing, extra = needed - data.keys(), data.keys() - fields.keys()
            raise ValueError(
                f"{called} has no field {min(extra)!r}"
                if extra
                else f"{min(missing)!r} of {called} is missing"
            )
        values = {}
        for name, member in data.items():
            try:
                values[name] = readers[name](member)
            except ValueError as error:  # noqa: PERF203 - names the field at no cost when it reads
                raise ValueError(f"{name}: {error}") from error
        return kind(**values)

    return read


def _generic_reader(kind: Any) -> _Read:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union or origin is types.UnionType:
        return _union_reader([_reader(argument) for argument in arguments])
    if origin is frozenset:
        return _list_reader(_reader(arguments[0]), frozenset)
    if origin is tuple and arguments == (int, Ellipsis):
        return _list_reader(_reader(int), _shared_numbers)
    if origin is tuple and arguments[-1] is Ellipsis:
        return _list_reader(_reader(arguments[0]), tuple)
    if origin is tuple:
        return _row_reader([_reader(argument) for argument in arguments])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_reader(_reader(arguments[1]))
    raise TypeError(f"{kind} cannot be read from plain values.")


def _union_reader(readers: list[_Read]) -> _Read:
    def read(data: Any) -> Any:
        errors = []
        for reader in readers:
            try:
                return reader(data)
            except ValueError as error:  # noqa: PERF203 - a union is tried in order
                errors.append(str(error))
        raise ValueError(" and ".join(dict.fromkeys(errors)))

    return read


def _list_reader(member: _Read, make: Callable[[list[Any]], Any]) -> _Read:
    def read(data: Any) -> Any:
        if type(data) is not list:
            raise ValueError(f"{data!r:.80} is not a list")
        return make([member(value) for value in data])

    return read


def _row_reader(members: list[_Read]) -> _Read:
    def read(data: Any) -> Any:
        if type(data) is not list or len(data) != len(members):
            raise ValueError(f"{data!r:.80} is not a list of {len(members)}")
        return tuple(reader(value) for reader, value in zip(members, data, strict=True))

    return read


def _mapping_reader(member: _Read) -> _Read:
    def read(data: Any) -> Any:
        if type(data) is not dict:
            raise ValueError(f"{data!r:.80} is not an object")
        return {key: member(value) for key, value in data.items()}

    return read
