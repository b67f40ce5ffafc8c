"""The configuration diff: source, intended and actual, field by field, in five classes. Pure.

Unknown is never equal: a value that one side does not tell is ``unknown``, never ``same``.
Built-in rules are data (`diff_rules`); `Expectation`s of the configuration come on top and turn
``act`` and ``suspicious`` into ``expected``, nothing else.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from azstaging.model.differences import Diff, DiffClass, Difference, Expectation
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.rules.diff_disks import compare_disks
from azstaging.rules.diff_facts import compare_facts
from azstaging.rules.diff_machine import (
    compare_agents,
    compare_compute,
    compare_diagnostics,
    compare_licence,
    compare_os,
    compare_placement,
    compare_tags,
)
from azstaging.rules.diff_network import compare_network, on_intended_network
from azstaging.rules.diff_rows import Rows
from azstaging.rules.diff_target import compare_additions, compare_series

_area = attrgetter("area")
_EXPECTABLE = frozenset({DiffClass.ACT, DiffClass.SUSPICIOUS})


def compare(
    row: InventoryItem, *, expectations: Sequence[Expectation] = ()
) -> tuple[Difference, ...]:
    """Compare one machine with its source and with what was intended.

    Args:
        row: the item with its source and its target.
        expectations: those in force; the first that matches a row decides.

    Returns:
        One row per field, by area; every compared field exactly once.
    """
    return tuple(_compare(Rows(row), row, expectations))


def _compare(
    rows: Rows, row: InventoryItem, expectations: Sequence[Expectation]
) -> list[Difference]:
    compare_agents(rows, row)
    compare_compute(rows, row)
    compare_diagnostics(rows, row)
    compare_disks(rows, row)
    compare_licence(rows, row)
    compare_network(rows, row)
    compare_os(rows, row)
    compare_placement(rows, row, on_network=on_intended_network(row))
    compare_tags(rows, row)
    compare_series(rows, row)
    compare_additions(rows, row)
    compare_facts(rows, row)
    mine = [each for each in expectations if _concerns(each, row)]
    found = sorted(rows.found, key=_area)
    return [_expected(difference, mine) for difference in found] if mine else found


def diff_inventory(
    inventory: Inventory,
    expectations: Sequence[Expectation] = (),
    *,
    at: datetime,
    keep_same: bool = True,
) -> Diff:
    """Compare every machine of an inventory; released ones where a baseline tells them.

    Args:
        inventory: what was read.
        expectations: those of the configuration; expired ones are not applied.
        at: now, aware UTC.
        keep_same: keep a row of each field that is the same; else they are counted.
    """
    valid = [each for each in expectations if at < each.expires]
    found: list[Difference] = []
    same: dict[ResourceId, int] = {}
    for row in inventory.items:
        if row.phase is not Phase.RELEASED or row.source or row.target or row.target_unknown:
            rows = Rows(row, keep_same=keep_same)
            found.extend(_compare(rows, row, valid))
            if rows.same:
                same[row.id] = rows.same
    return Diff(at=at, rows_=tuple(found), same=same)


def unused_expectations(diff: Diff, expectations: Iterable[Expectation]) -> tuple[Expectation, ...]:
    """Return the expectations that made no row of the diff expected: candidates for removal."""
    used = {row.rule for row in diff}
    return tuple(each for each in expectations if each.rule not in used)


def new_since(old: Diff, new: Diff) -> Diff:
    """Return the rows of ``new`` that ``old`` did not have so: the diff of two diffs."""
    known = {(row.item_id.key, row.field): row for row in old}

    def is_new(row: Difference) -> bool:
        before = known.get((row.item_id.key, row.field))
        return before is None or _values(before) != _values(row)

    return Diff(at=new.at, rows_=tuple(row for row in new if is_new(row)))


def _values(row: Difference) -> tuple[str, str, str, DiffClass]:
    return row.source, row.intended, row.actual, row.cls


def _expected(row: Difference, expectations: Sequence[Expectation]) -> Difference:
    if row.cls not in _EXPECTABLE:
        return row
    for each in expectations:
        if (
            _matches(each.field, row.field)
            and _matches(each.from_, row.source)
            and _matches(each.to, row.actual)
        ):
            reason = f"{each.reason} (expected by {each.owner}, until {each.expires:%Y-%m-%d})"
            return replace(row, cls=DiffClass.EXPECTED, rule=each.rule, reason=reason)
    return row


def _concerns(expectation: Expectation, row: InventoryItem) -> bool:
    if expectation.item.startswith("/"):
        return expectation.item.rstrip("/").casefold() == row.id.key
    return _matches(expectation.item, row.name)


def _matches(pattern: str, text: str) -> bool:
    return pattern == "*" or _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in which ``*`` is any text; brackets of field names mean themselves."""
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)
