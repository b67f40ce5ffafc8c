"""The configuration diff as people read it: by machine, the three sides beside each other."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from azstaging.cli.layout import cell_width, fit, paint
from azstaging.model.differences import Diff, DiffClass, Difference
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory
from azstaging.model.text import display

# What must be looked at comes first.
_ORDER = {
    cls: rank
    for rank, cls in enumerate(
        (
            DiffClass.SUSPICIOUS,
            DiffClass.ACT,
            DiffClass.UNKNOWN,
            DiffClass.EXPECTED,
            DiffClass.SAME,
        )
    )
}
_WIDEST, _NARROW, _REASON = 40, 10, 24
_HEADS = ("", "FIELD", "SOURCE", "INTENDED", "ACTUAL", "WHY")
_NOT_TOLD = "-"
# Rules of a machine of which Azure shows nothing at all.
_NO_TARGET = frozenset({"no-target", "target-unread"})
# Class, four narrow columns, the reason, and what stands between.
_LEAST = 90


def wide_enough() -> bool:
    """Tell whether three sides fit beside each other where stdout goes."""
    return not sys.stdout.isatty() or shutil.get_terminal_size().columns >= _LEAST


def side_by_side(shown: Diff, all_rows: Diff, inventory: Inventory) -> list[str]:
    """Return the lines of a diff.

    Args:
        shown: the rows to show.
        all_rows: every row: what is counted behind each machine's name.
        inventory: names and workloads.

    Returns:
        Per machine one line with its name and counts, then one line per field, the worst class
        first; machines in the order of their worst row.
    """
    rows = _by_item(shown)
    counted = _by_item(all_rows)
    names = {row.id: (row.name, row.workloads) for row in inventory}
    cells = {item: _lines_of(found) for item, found in rows.items()}
    widths = _widths(line for found in cells.values() for line in found)
    lines = [
        "  ".join(fit(head, width) for head, width in zip(_HEADS, widths, strict=True)).rstrip()
    ]
    for item in sorted(rows, key=lambda each: min(_ORDER[row.cls] for row in rows[each])):
        name, workloads = names.get(item, (item.name, ()))
        counts = _counts(counted.get(item, ()), all_rows.same.get(item, 0))
        where = f" ({', '.join(map(display, workloads))})" if workloads else ""
        lines += ["", f"{display(name)}{where}: {counts}"]
        lines += [_line(line, widths) for line in cells[item]]
    return lines


def _by_item(diff: Diff) -> dict[ResourceId, list[Difference]]:
    found: dict[ResourceId, list[Difference]] = {}
    for row in diff:
        found.setdefault(row.item_id, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: _ORDER[row.cls])
    return found


def _lines_of(rows: Sequence[Difference]) -> list[tuple[str, ...]]:
    """Return a line per row; of a machine that is not there, one line says so for all fields."""
    rules = {row.rule for row in rows}
    if len(rows) > 1 and len(rules) == 1 and rules <= _NO_TARGET:
        told = (_NOT_TOLD, _NOT_TOLD, _NOT_TOLD)
        return [(rows[0].cls.value, f"all {len(rows)} fields", *told, display(rows[0].reason))]
    return [_cells(row) for row in rows]


def _cells(row: Difference) -> tuple[str, ...]:
    sides = (row.source, row.intended, row.actual)
    told = (display(side) if side else _NOT_TOLD for side in sides)
    return (row.cls.value, display(row.field), *told, display(row.reason))


def _widths(lines: Iterable[tuple[str, ...]]) -> list[int]:
    """Return the width of each column; the reason takes what the terminal leaves."""
    widths = [cell_width(head) for head in _HEADS]
    for line in lines:
        widths = [max(pair) for pair in zip(widths, map(cell_width, line), strict=True)]
    widths[1:5] = [min(width, _WIDEST) for width in widths[1:5]]
    if sys.stdout.isatty():
        available = shutil.get_terminal_size().columns
        while sum(widths[:5]) + _REASON + 10 > available and max(widths[1:5]) > _NARROW:
            widest = max(range(1, 5), key=lambda index: widths[index])
            widths[widest] -= 1
        widths[5] = max(_NARROW, min(widths[5], available - sum(widths[:5]) - 10))
    return widths


def _line(cells: Sequence[str], widths: list[int]) -> str:
    fitted = (paint(fit(text, width)) for text, width in zip(cells, widths, strict=True))
    return "  ".join(fitted).rstrip()


def _counts(rows: Iterable[Difference], same: int) -> str:
    found = [row.cls for row in rows]
    told = {cls: found.count(cls) for cls in _ORDER}
    told[DiffClass.SAME] += same
    return ", ".join(_told(told))


def _told(counts: dict[DiffClass, int]) -> Iterator[str]:
    for cls, count in counts.items():
        if count:
            yield f"{count} {cls.value}"
