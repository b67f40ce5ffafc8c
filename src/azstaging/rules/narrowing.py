"""One run's case, looked up by item: what a decision on one row depends on, and nothing else.

A wave of thousands has a hundred thousand findings; each look at one item must not go through all.
"""

from collections import Counter, defaultdict
from dataclasses import replace

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.rules.gate import Case
from azstaging.rules.lasting import Lasting


class Narrowed:
    """Cuts a case down to the workloads that one row touches.

    Args:
        case: everything the gates depend on, as it was at the start of the run.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        rows = case.inventory.items
        self._rows = {row.id: row for row in rows}
        self._places = {row.id: place for place, row in enumerate(rows)}
        self._names = Counter(row.name.casefold() for row in rows)
        self._members: defaultdict[str, list[InventoryItem]] = defaultdict(list)
        for row in rows:
            for name in row.workloads:
                self._members[name].append(row)
        # A list of rows and the place of each, of the workloads that go together.
        self._groups: dict[
            frozenset[str], tuple[frozenset[str], list[InventoryItem], dict[str, int]]
        ] = {}
        self._lasting = Lasting(case.findings, case.policy, case.workload_checks, rows)

    def find(self, item_id: str) -> InventoryItem | None:
        """Return the row of an item as it was at the start, or None."""
        return self._rows.get(ResourceId(item_id))

    def is_ambiguous(self, name: str) -> bool:
        """Tell whether several items have this name."""
        return self._names[name.casefold()] > 1

    def around(self, row: InventoryItem) -> Case:
        """Return the case with the fresh row in place, cut down to the workloads it touches.

        The gaps stay whole; the expected count is dropped, because an unmet one is a gap already.
        """
        case = self._case
        names, members, places = self._group(frozenset(row.workloads))
        rows = members.copy()
        place = places.get(row.id.key)
        if place is not None:
            rows[place] = row
        workloads = tuple(w for w in case.wave.workloads if w.name in names)
        return replace(
            case,
            inventory=replace(case.inventory, items=tuple(rows), expected=None),
            wave=replace(case.wave, workloads=workloads, expected=None, expected_ids=()),
            lasting=self._lasting,
        )

    def _group(
        self, own: frozenset[str]
    ) -> tuple[frozenset[str], list[InventoryItem], dict[str, int]]:
        """Return the workloads that go together with these, their rows in order, and the places."""
        if own not in self._groups:
            names = self._touched(own)
            found = {each.id: each for name in names for each in self._members[name]}
            rows = [found[each] for each in sorted(found, key=self._places.__getitem__)]
            places = {each.id.key: place for place, each in enumerate(rows)}
            self._groups[own] = (frozenset(names), rows, places)
        return self._groups[own]

    def _touched(self, own: frozenset[str]) -> set[str]:
        """Return some workloads, those that share an item with these, and so on."""
        names, waiting = set(own), list(own)
        while waiting:
            for other in self._members[waiting.pop()]:
                waiting += set(other.workloads) - names
                names |= set(other.workloads)
        return names
