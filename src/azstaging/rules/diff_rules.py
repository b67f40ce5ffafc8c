"""The built-in rules of the configuration diff: ``diff_rules.toml`` and ``diff_facts.toml``.

The files are part of the package: they are read once, when the first rule is asked for, and say
the same on every machine.
"""

import pkgutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from azstaging.model.differences import DiffClass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PRACTICE = "practice of migration projects"
RISKS = ("", "cost", "security", "availability", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One built-in rule.

    Attributes:
        id: stable; ``area.what``.
        reason: one sentence without full stop; it is shown beside the row.
        source: where it is written, or what kind of knowledge it is.
        risk: cost, security, availability, data, or "".
    """

    id: str
    cls: DiffClass
    reason: str
    source: str = _PRACTICE
    risk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """How one fact that a guest or an import tells is compared.

    Attributes:
        field: its name on both sides.
        area: see `Difference`.
        many: a list of values, told as text with commas between; its order means nothing.
        unit: unit of a number, or "".
        differs, missing, added: ids of rules: another value; values of the source that the target
            lacks; values that only the target has. Of a number, missing is less, added is more.
        present: id of the rule for any value of the target, whatever the source had.
    """

    field: str
    area: str
    about: str
    many: bool = False
    unit: str = ""
    differs: str = ""
    missing: str = ""
    added: str = ""
    present: str = ""


@cache
def rules() -> Mapping[str, Rule]:
    """Return every built-in rule by its id.

    Raises:
        ValueError: two rules have one id, or one has a class or a risk that there is not.
    """
    found: dict[str, Rule] = {}
    for entry in [*_read("diff_rules.toml")["rule"], *_of_facts()]:
        rule = Rule(cls=DiffClass(entry.pop("class")), **entry)
        if rule.id in found or rule.risk not in RISKS:
            raise ValueError(f"The built-in rule {rule.id} is told twice, or has no such risk.")
        found[rule.id] = rule
    return found


@cache
def facts() -> Mapping[str, Fact]:
    """Return how each fact is compared, by its field."""
    found: dict[str, Fact] = {}
    for entry in _read("diff_facts.toml")["fact"]:
        told: dict[str, Any] = {
            name: f"{entry['field'].replace('_', '-')}.{name}" if name in entry else ""
            for name in _OUTCOMES
        }
        plain = {name: value for name, value in entry.items() if name not in _OUTCOMES}
        found[entry["field"]] = Fact(**plain, **told)
    return found


@cache
def retiring_series() -> frozenset[str]:
    """Return the casefolded names of series that are announced to retire."""
    return frozenset(name.casefold() for name in _read("diff_rules.toml")["retiring_series"])


_OUTCOMES = ("differs", "missing", "added", "present")


def _of_facts() -> list[dict[str, Any]]:
    """Return the rules that the facts bring along."""
    return [
        {"id": f"{entry['field'].replace('_', '-')}.{name}", **entry[name]}
        for entry in _read("diff_facts.toml")["fact"]
        for name in _OUTCOMES
        if name in entry
    ]


def _read(name: str) -> dict[str, Any]:
    data = pkgutil.get_data("azstaging.rules", name)
    if data is None:
        raise ValueError(f"The package lacks its file {name}.")
    read: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
    return read
