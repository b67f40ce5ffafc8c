"""What documents are described with: kinds of values, and a document itself."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from schema_shapes import Schema, Shapes, closed, described

from azstaging.model.inventory import Gap

Keys = dict[str, Schema]


@dataclass(frozen=True)
class Document:
    """One JSON document.

    Attributes:
        name: its schema is ``azstaging/<name>/<version>``.
        about: what prints or writes it.
        keys: its keys.
        row: the keys of one line of ``-o jsonl``, which are the columns of ``-o tsv``.
        optional, row_optional: keys that are not always there.
    """

    name: str
    about: str
    keys: Mapping[str, Schema]
    row: Mapping[str, Schema] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    row_optional: tuple[str, ...] = ()
    version: int = 1

    @property
    def schema(self) -> Schema:
        """The JSON schema, with what it refers to."""
        name = f"azstaging/{self.name}/{self.version}"
        whole = closed({"schema": {"const": name}, **self.keys}, optional=self.optional)
        own = {"row": _row(self.row, self.row_optional)} if self.row else {}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:azstaging:schema:{self.name}:{self.version}",
            "title": name,
            "description": self.about,
            **whole,
            "$defs": own | SHAPES.referred((whole, own)),
        }


def _row(keys: Mapping[str, Schema], optional: tuple[str, ...]) -> Schema:
    about = "One line of -o jsonl; its keys are the columns of -o tsv."
    return closed(keys, optional=optional) | {"description": about}


SHAPES = Shapes()


def text(about: str = "") -> Schema:
    return described({"type": "string"}, about)


def count(about: str = "") -> Schema:
    return described({"type": "integer", "minimum": 0}, about)


def flag(about: str = "") -> Schema:
    return described({"type": "boolean"}, about)


def time(about: str = "") -> Schema:
    return described({"$ref": "#/$defs/time"}, about)


def digest(about: str) -> Schema:
    return described({"$ref": "#/$defs/digest"}, about)


def sha256(about: str) -> Schema:
    return described({"$ref": "#/$defs/sha256"}, about)


def arm_id(about: str = "") -> Schema:
    return described({"$ref": "#/$defs/arm_id"}, about)


def word(*words: str, about: str = "") -> Schema:
    return described({"enum": list(words)}, about)


def maybe(kind: str, about: str) -> Schema:
    return {"type": [kind, "null"], "description": about}


def listed(member: Schema, about: str = "") -> Schema:
    return described({"type": "array", "items": member}, about)


def shape(kind: type, about: str = "") -> Schema:
    return described(SHAPES.of(kind), about)


def shapes(kind: type, about: str = "") -> Schema:
    return listed(SHAPES.of(kind), about)


def maybe_shape(kind: type, about: str) -> Schema:
    return {"anyOf": [SHAPES.of(kind), {"type": "null"}], "description": about}


def values(kind: type[enum.Enum]) -> list[str]:
    return [member.value for member in kind]


STRING: Schema = {"type": "string"}
COMPLETE: Keys = {
    "complete": flag("False: something could not be read; see gaps."),
    "gaps": shapes(Gap, "What could not be read, and why."),
}
