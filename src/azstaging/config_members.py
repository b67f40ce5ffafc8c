"""Members of workloads that a CSV or XLSX file lists."""

from collections.abc import Iterable
from dataclasses import replace

from azstaging.errors import ConfigurationError
from azstaging.model.waves import Workload
from azstaging.sheets import SheetRow

_TOLD = ("owner", "criticality")


def workloads_of(row: SheetRow) -> list[str]:
    """Return the names in the cell ``workload``: an item may belong to several workloads."""
    return [name for part in row.text("workload").split(";") if (name := part.strip())]


def with_members(
    workloads: tuple[Workload, ...], rows: Iterable[SheetRow], where: str
) -> tuple[Workload, ...]:
    """Add the members that a file lists to the workloads; one that is new is made.

    Args:
        workloads: what they say of themselves stands.
        rows: with the columns ``workload`` and ``item``.
        where: the setting and the file, for messages.

    Raises:
        ConfigurationError: two rows give one workload two owners, or two criticalities.
    """
    found = {workload.name.casefold(): workload for workload in workloads}
    stated = {(key, column) for key, each in found.items() for column in _TOLD if _of(each, column)}
    first: dict[tuple[str, str], SheetRow] = {}
    for row in rows:
        for name in workloads_of(row):
            key, item = name.casefold(), row.text("item")
            known = found.get(key, Workload(name=name, items=()))
            for column in _TOLD:
                if row.text(column) and (key, column) not in stated:
                    earlier = first.setdefault((key, column), row)
                    _require_same(known.name, column, earlier, row, where)
            found[key] = replace(
                known,
                items=known.items if item in known.items else (*known.items, item),
                owner=known.owner or row.text("owner"),
                criticality=known.criticality or row.text("criticality"),
            )
    return tuple(found.values())


def _of(workload: Workload, column: str) -> str:
    return str(getattr(workload, column))


def _require_same(name: str, column: str, earlier: SheetRow, row: SheetRow, where: str) -> None:
    one, other = earlier.text(column), row.text(column)
    if one.casefold() != other.casefold():
        raise ConfigurationError(
            f"{where} gives the workload {name!r} two values of {column}: {one!r} in line "
            f"{earlier.number}, {other!r} in line {row.number}; nothing was read.",
            advice=f"Write the same {column} in all its rows, or say it under [[workload]], "
            "which then stands.",
        )
