"""Every text of a document, changed by one function."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

_Value = TypeVar("_Value")


def map_text(value: _Value, change: Callable[[str, str], str]) -> _Value:
    """Return a copy of a value of structs, lists and mappings with every text changed.

    Args:
        value: a document or a part of it.
        change: takes the name of the field (of the list, inside a list) and the text.
    """
    result: _Value = _map("", value, change)
    return result


def _map(field: str, value: Any, change: Callable[[str, str], str]) -> Any:
    if isinstance(value, str):
        return change(field, value)
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        return type(value)(**{name: _map(name, getattr(value, name), change) for name in names})
    if isinstance(value, list):
        return [_map(field, entry, change) for entry in value]
    if isinstance(value, dict):
        return {change("", key): _map("", entry, change) for key, entry in value.items()}
    return value


def share_text(value: Any, known: dict[str, str]) -> Any:
    """Return a value just decoded with equal texts made one, which halves what it takes.

    Args:
        value: structs (changed in place: nobody else has them yet), lists, mappings, texts.
        known: every text met so far; start with an empty one.
    """
    if isinstance(value, str):
        return known.setdefault(value, value)
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            held = getattr(value, name)
            if held.__class__ is not int and held is not None:
                msgspec.structs.force_setattr(value, name, share_text(held, known))
    elif isinstance(value, list):
        value[:] = [share_text(entry, known) for entry in value]
    elif isinstance(value, dict):
        return {known.setdefault(k, k): share_text(v, known) for k, v in value.items()}
    return value
