"""The configuration diff against its case files, one folder per field group."""

import copy
import json
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from azstaging.model.differences import Difference
from azstaging.model.inventory import InventoryItem
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import compare
from azstaging.rules.diff_rules import RISKS, facts, rules
from azstaging.rules.diff_target import series_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASES = Path(__file__).parent.parent / "cases"
FILES = sorted((CASES / "diff").glob("*/*.json"))
HEALTHY = json.loads((CASES / "healthy_row.json").read_text("utf-8"))


def build(changes: dict[str, Any]) -> InventoryItem:
    document = copy.deepcopy(HEALTHY)
    for path, value in changes.items():
        *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
        place = document
        for name in parents:
            place = place[name]
        place[last] = value
    return from_plain(InventoryItem, document)


def by_field(row: InventoryItem) -> dict[str, Difference]:
    found = compare(row)
    twice = [field for field, n in Counter(each.field for each in found).items() if n > 1]
    assert twice == []
    return {each.field: each for each in found}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_diff_says_what_the_case_expects(file: Path) -> None:
    case = json.loads(file.read_text("utf-8"))
    found = by_field(build(case["set"]))
    for field, expected in case["expect"].items():
        row = found[field]
        actual = {"class": row.cls.value, "rule": row.rule}
        actual |= {side: getattr(row, side) for side in expected if side not in actual}
        assert actual == expected, field


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_case_changes_no_field_that_it_does_not_name(file: Path) -> None:
    """What is wrong with one field shows there: no other field turns suspicious."""
    case = json.loads(file.read_text("utf-8"))
    found = by_field(build(case["set"]))
    suspicious = {field for field, row in found.items() if row.cls.value == "suspicious"}
    named = set(case["expect"])
    assert suspicious <= named


def test_a_healthy_machine_has_nothing_to_act_on() -> None:
    classes = Counter(row.cls.value for row in compare(build({})))
    assert classes == {"same": 25, "expected": 7}


def test_every_rule_has_a_case_and_a_sentence() -> None:
    used = {
        expected["rule"]
        for file in FILES
        for expected in json.loads(file.read_text("utf-8"))["expect"].values()
    }
    used |= {row.rule for row in compare(build({}))}
    assert set(rules()) - used == set()
    for rule in rules().values():
        assert rule.source, rule.id
        assert rule.reason, rule.id
        assert not rule.reason.endswith("."), rule.id


def test_the_page_lists_every_rule_as_it_is() -> None:
    page = (CASES.parent.parent / "docs" / "reference" / "diff-rules.md").read_text("utf-8")
    for rule in rules().values():
        assert f"| `{rule.id}` | {rule.cls.value} | {rule.reason} | {rule.risk} |" in page
        assert rule.risk in RISKS
    for fact in facts().values():
        assert f"| `{fact.field}` | {fact.area} | {fact.about}" in page


def test_rules_are_data_files_that_the_package_ships() -> None:
    """One more rule is one more entry of a file: no rule is written in code."""
    told = {
        entry["id"]: entry
        for entry in tomllib.loads(
            (files("azstaging.rules") / "diff_rules.toml").read_text("utf-8")
        )["rule"]
    }
    told_by_facts = {
        f"{entry['field'].replace('_', '-')}.{outcome}"
        for entry in tomllib.loads(
            (files("azstaging.rules") / "diff_facts.toml").read_text("utf-8")
        )["fact"]
        for outcome in ("differs", "missing", "added", "present")
        if outcome in entry
    }
    assert set(rules()) == set(told) | told_by_facts
    for name, entry in told.items():
        assert (rules()[name].cls.value, rules()[name].reason) == (entry["class"], entry["reason"])


@pytest.mark.parametrize(
    ("size", "name", "local_disk"),
    [
        ("Standard_D4s_v5", "Dsv5", False),
        ("standard_e8-4ds_v5", "Edsv5", True),
        ("Standard_DS3_v2", "DSv2", True),
        ("Standard_B2ms", "Bms", False),
        ("Standard_NC24ads_A100_v4", "NCadsv4", True),
        ("Standard_M128s", "Ms", True),
        ("Basic_A1", "A", True),
    ],
)
def test_what_a_size_says(size: str, name: str, local_disk: bool) -> None:
    found = series_of(size)
    assert found is not None
    assert (found.name, found.local_disk) == (name, local_disk)
    assert series_of("whatever") is None
