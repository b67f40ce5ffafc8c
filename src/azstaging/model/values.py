"""Values of which an inventory makes tens of thousands, made quickly.

A frozen dataclass sets each of its fields through a call of its own; a struct sets all of them at
once, in a fifth of the time. What a dataclass is to others (``dataclasses.fields``, ``replace``,
equality, repr, hash) it stays.
"""

import dataclasses
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

# What the dataclass made for itself, and a struct has of its own.
_GENERATED = frozenset(
    {
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__delattr__",
        "__dict__",
        "__eq__",
        "__getstate__",
        "__hash__",
        "__init__",
        "__match_args__",
        "__setattr__",
        "__setstate__",
        "__slots__",
        "__weakref__",
    }
)


def as_struct(cls: type[T]) -> type[T]:
    """Turn a frozen dataclass with keyword-only fields into a struct with the same fields."""
    fields = dataclasses.fields(cast(Any, cls))
    names = {each.name for each in fields}
    struct: Any = msgspec.defstruct(
        cls.__name__,
        [(each.name, each.type, _default(each)) for each in fields],
        namespace={k: v for k, v in vars(cls).items() if k not in _GENERATED | names},
        module=cls.__module__,
        frozen=True,
        kw_only=True,
    )
    return cast(type[T], struct)


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.NODEFAULT if field.default is dataclasses.MISSING else field.default
