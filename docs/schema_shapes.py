"""JSON schemas of our frozen values: the type says the shape, its docstring what a key means."""

import dataclasses
import enum
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from azstaging.model.ids import ResourceId

Schema = dict[str, Any]

_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
    datetime: {"$ref": "#/$defs/time"},
    ResourceId: {"$ref": "#/$defs/arm_id"},
}
BASE: dict[str, Schema] = {
    "time": {
        "type": "string",
        "format": "date-time",
        "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(\d{3})?Z$",
        "description": "RFC 3339, UTC.",
    },
    "arm_id": {
        "type": "string",
        "pattern": "^/.",
        "description": "An ARM id as the service wrote it; compare without case.",
    },
    "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
_FIELD = re.compile(r"^    (\w[\w, ]*): +(.*)$")


# What documents that were kept before it existed do not have, by the name of the class.
LATER = {"ItemDisk": ("target_name",)}


class Shapes:
    """Makes schemas, and gathers what they refer to."""

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """Return the schema of a type; a class becomes a definition of its own."""
        if kind in _SCALARS:
            return _SCALARS[kind]
        origin = typing.get_origin(kind)
        if origin in (typing.Union, types.UnionType):
            return self._union(typing.get_args(kind))
        if origin is not None and issubclass(origin, Mapping):
            member = self.of(typing.get_args(kind)[1])
            return {"type": "object", "additionalProperties": member or True}
        if origin is not None:
            return self._sequence(origin, typing.get_args(kind))
        if issubclass(kind, enum.Enum):
            return {"enum": [member.value for member in kind]}
        if kind.__name__ not in self.defs:
            self.defs[kind.__name__] = {}
            self.defs[kind.__name__] = self._object(kind)
        return {"$ref": f"#/$defs/{kind.__name__}"}

    def referred(self, within: Any) -> dict[str, Schema]:
        """Return every definition that a schema refers to, directly or not, by name."""
        found: dict[str, Schema] = {}
        open_names = set(_references(within))
        while open_names:
            name = open_names.pop()
            found[name] = BASE[name] if name in BASE else self.defs[name]
            open_names |= set(_references(found[name])) - set(found)
        return dict(sorted(found.items()))

    def _union(self, kinds: tuple[Any, ...]) -> Schema:
        members = [self.of(kind) for kind in kinds]
        if all(set(member) == {"type"} for member in members):
            return {"type": [member["type"] for member in members]}
        return {"anyOf": members}

    def _sequence(self, origin: Any, kinds: tuple[Any, ...]) -> Schema:
        if origin is tuple and kinds[-1] is not Ellipsis:
            parts = [self.of(kind) for kind in kinds]
            count = len(parts)
            return {"type": "array", "prefixItems": parts, "minItems": count, "maxItems": count}
        return {"type": "array", "items": self.of(kinds[0])}

    def _object(self, kind: type) -> Schema:
        optional = LATER.get(kind.__name__, ())
        shape = closed(self.properties(kind), optional=optional)
        return shape | {"description": _first_line(kind)}

    def properties(self, kind: type, **more: str) -> dict[str, Schema]:
        """Return the keys of a class; ``more`` says what its docstring leaves out."""
        told = attributes(kind.__doc__ or "") | more
        hints = typing.get_type_hints(kind)
        return {name: described(self.of(hints[name]), told.get(name, "")) for name in _names(kind)}


def closed(properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """Return an object that has exactly these keys, perhaps without some of them."""
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
        "properties": dict(properties),
    }


def described(schema: Schema, description: str) -> Schema:
    """Return a schema that says what it means."""
    return schema | {"description": description} if description else schema


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        schema = tuple(schema.values())
    if isinstance(schema, (list, tuple)):
        for each in schema:
            yield from _references(each)


def _names(kind: Any) -> list[str]:
    if issubclass(kind, msgspec.Struct):
        return list(kind.__struct_fields__)
    # The service's own JSON is no part of what a value shows of itself, nor of a document.
    return [field.name for field in dataclasses.fields(kind) if field.repr]


def _first_line(kind: type) -> str:
    text = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return text.replace("``", "")


def attributes(docstring: str) -> dict[str, str]:
    """Return what a docstring says of each attribute."""
    _, _, section = inspect.cleandoc(docstring).partition("Attributes:\n")
    told: dict[str, str] = {}
    names: list[str] = []
    for line in section.split("\n\n")[0].splitlines():
        if found := _FIELD.match(line):
            names = [name.strip() for name in found[1].split(",")]
            told |= dict.fromkeys(names, found[2])
        else:
            told |= {name: f"{told[name]} {line.strip()}" for name in names}
    return {name: _sentence(text) for name, text in told.items()}


def _sentence(text: str) -> str:
    plain = text.replace("``", "")
    return plain[:1].upper() + plain[1:]
