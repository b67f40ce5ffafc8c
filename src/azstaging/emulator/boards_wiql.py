"""The part of WIQL that backlog tools use: flat queries with AND, OR, NOT and parentheses.

Source: documented syntax. An unsupported or malformed query is a 400, as in the service, so a
query that was broken out of its quotes does not quietly select something else.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]
Predicate = Callable[[Fields], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<field>\[[^\]]*\])|(?P<string>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|(?P<number>-?\d+)"
    r"|(?P<op><>|>=|<=|=|>|<|\(|\)|,)|(?P<word>@?[A-Za-z_][\w.]*))"
)
MAX_QUERY_CHARS = 32_000


class WiqlError(Exception):
    """The query cannot be run; ``args[0]`` is what the service would say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed flat query."""

    columns: tuple[str, ...]
    where: Predicate
    order: tuple[tuple[str, bool], ...]


def parse(text: str, *, project: str, names: Mapping[str, str]) -> Query:
    """Parse a query; ``names`` maps casefolded field and display names to reference names."""
    if len(text) > MAX_QUERY_CHARS:
        raise WiqlError("VS402335: The query text is longer than 32,000 characters.")
    return _Parser(_tokens(text), project, names).query()


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise WiqlError(f"TF51006: The query statement is wrong near position {position}.")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return found


class _Parser:
    def __init__(
        self, tokens: list[tuple[str, str]], project: str, names: Mapping[str, str]
    ) -> None:
        self._tokens = tokens
        self._at = 0
        self._project = project
        self._names = names

    def query(self) -> Query:
        self._expect("select")
        columns = [self._field()]
        while self._accept(","):
            columns.append(self._field())
        self._expect("from")
        if not self._accept("workitems"):
            raise WiqlError("TF51006: Only FROM WorkItems is supported here.")
        where = self._or() if self._accept("where") else _everything
        order = self._order()
        if self._at < len(self._tokens):
            raise WiqlError(f"TF51006: Unexpected {self._tokens[self._at][1]!r} in the query.")
        return Query(columns=tuple(columns), where=where, order=order)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._accept("order"):
            return ()
        self._expect("by")
        keys = []
        while True:
            field = self._field()
            descending = self._accept("desc")
            if not descending:
                self._accept("asc")
            keys.append((field, descending))
            if not self._accept(","):
                return tuple(keys)

    def _or(self) -> Predicate:
        parts = [self._and()]
        while self._accept("or"):
            parts.append(self._and())
        return lambda fields: any(part(fields) for part in parts)

    def _and(self) -> Predicate:
        parts = [self._term()]
        while self._accept("and"):
            parts.append(self._term())
        return lambda fields: all(part(fields) for part in parts)

    def _term(self) -> Predicate:
        if self._accept("not"):
            inner = self._term()
            return lambda fields: not inner(fields)
        if self._accept("("):
            inner = self._or()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        field = self._field()
        negated = self._accept("not")
        operator = self._take().casefold()
        if operator == "in":
            test = self._membership()
        elif operator in _OPERATORS:
            test = _bind(_OPERATORS[operator], self._value())
        else:
            raise WiqlError(f"TF51006: {operator!r} is not an operator that is supported here.")
        return lambda fields: test(field, fields.get(field)) is not negated

    def _membership(self) -> Callable[[str, Any], bool]:
        self._expect("(")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._expect(")")
        return lambda field, actual: any(_equal(field, actual, value) for value in values)

    def _field(self) -> str:
        kind, text = self._next()
        name = text[1:-1] if kind == "field" else text
        reference = self._names.get(name.casefold())
        if kind not in {"field", "word"} or reference is None:
            raise WiqlError(f"TF51005: The query references a field that does not exist: {name}.")
        return reference

    def _value(self) -> str | int:
        kind, text = self._next()
        if kind == "string":
            return text[1:-1].replace(text[0] * 2, text[0])
        if kind == "number":
            return int(text)
        if text.casefold() == "@project":
            return self._project
        raise WiqlError(f"TF51006: Expected a value, found {text!r}.")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise WiqlError("TF51006: The query ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self) -> str:
        return self._next()[1]

    def _accept(self, word: str) -> bool:
        if self._at < len(self._tokens):
            kind, text = self._tokens[self._at]
            if kind in {"word", "op"} and text.casefold() == word:
                self._at += 1
                return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise WiqlError(f"TF51006: Expected {word.upper()}.")


def _everything(fields: Fields) -> bool:
    del fields
    return True


def _bind(test: Callable[[str, Any, Any], bool], value: Any) -> Callable[[str, Any], bool]:
    return lambda field, actual: test(field, actual, value)


def _equal(field: str, actual: Any, wanted: Any) -> bool:
    del field
    if isinstance(actual, int) and not isinstance(wanted, int):
        raise WiqlError(f"TF51535: {wanted!r} is not a number.")
    if isinstance(actual, int):
        return bool(actual == wanted)
    return str(actual or "").casefold() == str(wanted).casefold()


def _order_of(actual: Any, wanted: Any) -> int:
    if isinstance(actual, int) and isinstance(wanted, int):
        return (actual > wanted) - (actual < wanted)
    left, right = str(actual or ""), str(wanted)
    return (left > right) - (left < right)


def _contains(field: str, actual: Any, wanted: Any) -> bool:
    text = str(actual or "").casefold()
    needle = str(wanted).casefold()
    if field == "System.Tags":  # documented: whole tags, not parts of them
        return needle in [tag.strip() for tag in text.split(";")]
    return needle in text


def _under(field: str, actual: Any, wanted: Any) -> bool:
    del field
    path, root = str(actual or "").casefold(), str(wanted).casefold()
    return path == root or path.startswith(root + "\\")


_OPERATORS: dict[str, Callable[[str, Any, Any], bool]] = {
    "=": _equal,
    "<>": lambda field, actual, wanted: not _equal(field, actual, wanted),
    ">": lambda _, actual, wanted: _order_of(actual, wanted) > 0,
    "<": lambda _, actual, wanted: _order_of(actual, wanted) < 0,
    ">=": lambda _, actual, wanted: _order_of(actual, wanted) >= 0,
    "<=": lambda _, actual, wanted: _order_of(actual, wanted) <= 0,
    "contains": _contains,
    "under": _under,
}
