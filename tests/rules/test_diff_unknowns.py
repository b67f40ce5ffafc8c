"""What is not told removes no suspicion: every value of every case is taken away, one at a time."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azstaging.model.differences import DiffClass, Difference
from azstaging.model.inventory import InventoryItem
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import compare

CASES = Path(__file__).parent.parent / "cases"
HEALTHY = json.loads((CASES / "healthy_row.json").read_text("utf-8"))
GROUPS = sorted(folder.name for folder in (CASES / "diff").iterdir() if folder.is_dir())
# A value whose absence is itself a value, or that a second witness tells: (path, what it says).
SAYS_NONE = {
    ("item.disks.1.encryption_set_id", "no key set was intended"),
    ("item.settings.availability_set_id", "no set was intended"),
    ("item.settings.availability_zone", "no zone was intended"),
    ("item.settings.tags.environment", "this tag was not intended"),
    ("source.size", "the source is no Azure VM"),
    ("target.licence_type", "no benefit is applied"),
    ("target.nics.0.addresses.0.public_address_id", "there is no public address"),
    ("target.tags.environment", "the machine has not this tag"),
}
TOLD_TWICE = {
    ("item.settings.location", "the intended network tells the region"),
    ("source.firmware", "the replication item tells it too"),
}
EXCEPTIONS = {path for path, _ in SAYS_NONE | TOLD_TWICE}
# Naming the target disk is what matches it: without it the two rows of a replaced disk are one.
MATCHES = "target_disk_id"


def document(changes: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(HEALTHY)
    for path, value in changes.items():
        *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
        place = found
        for name in parents:
            place = place[name]
        place[last] = value
    return found


def told(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value, but not of members of lists: one less is not one unknown."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from told(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, dict | list):
                yield from told(each, (*path, index))
    else:
        yield path


def without(whole: dict[str, Any], path: tuple[Any, ...]) -> InventoryItem | None:
    """Return the row without one value; None where a row cannot be without it."""
    less = copy.deepcopy(whole)
    place = less
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    try:
        return from_plain(InventoryItem, less)
    except (TypeError, ValueError):
        return None


def by_field(row: InventoryItem) -> dict[str, Difference]:
    return {each.field: each for each in compare(row)}


def sides(row: Difference) -> tuple[str, str, str]:
    return row.source, row.intended, row.actual


def removed(group: str) -> Iterator[tuple[str, Difference, Difference | None]]:
    """Yield (value taken away, suspicious row, what became of it) where it is not suspicious."""
    for file in sorted((CASES / "diff" / group).glob("*.json")):
        whole = document(json.loads(file.read_text("utf-8"))["set"])
        before = by_field(from_plain(InventoryItem, whole))
        wrong = [row for row in before.values() if row.cls is DiffClass.SUSPICIOUS]
        paths = [
            (side, *rest) for side in ("item", "source", "target") for rest in told(whole[side])
        ]
        for path in paths if wrong else ():
            row = without(whole, path)
            after = by_field(row) if row else before
            for each in wrong:
                now = after.get(each.field)
                if now is None or now.cls is not DiffClass.SUSPICIOUS:
                    yield ".".join(map(str, path)), each, now


@pytest.mark.parametrize("group", GROUPS)
def test_only_a_value_that_a_suspicious_row_shows_makes_it_unknown(group: str) -> None:
    for path, before, now in removed(group):
        if path in EXCEPTIONS or path.endswith(MATCHES):
            continue
        assert now is not None, (path, before)
        assert sides(now) != sides(before), (path, before, "the row shows what it showed")
        assert now.cls is DiffClass.UNKNOWN, (path, before, now)


def test_a_disk_that_is_not_named_any_more_is_not_good() -> None:
    """A disk was detached and another of its size attached: only the name of the first tells."""
    met = [(before, now) for path, before, now in removed("disks") if path.endswith(MATCHES)]
    assert met
    for before, now in met:
        if before.rule == "disk.unplanned":
            assert now is None, "it is shown as the guessed counterpart"
        else:
            assert (now.cls, now.rule) == (DiffClass.UNKNOWN, "disk.unmatched")


def test_every_exception_is_one() -> None:
    met = {path for group in GROUPS for path, _, _ in removed(group)}
    assert met >= EXCEPTIONS
