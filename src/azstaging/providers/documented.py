"""Rows of lists as the service documents them, decoded from their bytes.

A list has one row per machine of a whole estate. A row of exactly the documented shape is decoded
into structs and becomes its item at once; anything else, be it one property more, one spelt in
another way, or a number where text belongs, is no such row and is read by the provider's
``parse``, which forgives everything. Both give the same item.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from sys import intern
from typing import Any, Protocol, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, UnsetType

from azstaging.model.items import JsonObject, ReplicatedItem

S = TypeVar("S", bound="Documented")

Told = str | UnsetType | None
"""Text that is kept as it was told: absent, null or text."""

Flag = bool | str | None
"""A boolean, which may come as text."""


class Documented(
    msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True, gc=False
):
    """An object that has no other properties than these; each may be absent."""


class Tag(Documented):
    """One tag of a list of tags."""

    tag_name: str
    tag_value: str | None = None


Tags = dict[str, str] | list[Tag] | None
"""Tags, in both shapes that the service has for them."""


class Row(Protocol):
    """One row of a list: what is read of it, and the names of what is not."""

    def item(self, body: JsonObject) -> ReplicatedItem | None:
        """Return the item of the row; None where the provider must be asked."""
        ...


class Rows:
    """Reads the rows of one collection.

    Args:
        row: the shape of a row.
    """

    def __init__(self, row: type[Row]) -> None:
        self._row = msgspec.json.Decoder(row)

    def item(self, text: bytes, body: JsonObject) -> ReplicatedItem | None:
        """Return the item of one row, or None: it is none that this can read."""
        try:
            row = self._row.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return row.item(body)


def beside(unread: str) -> Callable[[type[S]], type[S]]:
    """Allow an object further documented properties, of which nothing is made.

    Args:
        unread: their names as the service spells them; what they hold is not taken apart.
    """
    fields = [(name, Raw | UnsetType, UNSET) for name in unread.split()]

    def complete(read: type[S]) -> type[S]:
        whole: Any = msgspec.defstruct(
            read.__name__, fields, bases=(read,), module=read.__module__, kw_only=True, gc=False
        )
        return cast(type[S], whole)

    return complete


@lru_cache(maxsize=1024)
def shared_states(names: tuple[str, ...], *values: Told) -> Mapping[str, Told]:
    """Return what was told of state fields, which thousands of rows tell alike."""
    texts = (intern(value) if isinstance(value, str) else value for value in values)
    return told(dict(zip(names, texts, strict=True)))


def few(value: str | None) -> str:
    """Return one text for thousands of equal ones, "" for null."""
    return intern(value) if value else ""


@lru_cache(maxsize=1024)
def shared_names(*names: str) -> tuple[str, ...]:
    """Return the names that are not empty, one tuple for thousands of equal ones."""
    return tuple(intern(name) for name in names if name)


def tags_of_row(tags: Tags) -> dict[str, str] | None:
    """Return tags in one shape; null is None."""
    if isinstance(tags, list):
        return {few(tag.tag_name): few(tag.tag_value) for tag in tags}
    return tags


def told(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was told, null included."""
    if UNSET not in values.values():
        return values
    return {name: value for name, value in values.items() if value is not UNSET}
