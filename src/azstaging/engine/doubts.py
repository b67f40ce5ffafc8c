"""Which kept answers a gap casts doubt on: those it was noticed in, and those that named it.

An answer is kept before anybody has understood it. A row without an id, an item that is expected
and in no list, a list that a second witness calls short: to close such a gap what was answered has
to be asked again. Rather too much than too little is doubted; what no gap is about is kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from azstaging.engine.resources import VMS
from azstaging.engine.targets import subscriptions_of
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem
from azstaging.model.items import Collection
from azstaging.rules.completeness import EVERYTHING, EXPECTED_COUNT, UNTOLD_TAGS

# Nothing came that could be kept: it is asked again without being forgotten.
_UNANSWERED = frozenset({"forbidden", "throttled", "unreachable", "service-error"})
# What tells which items there are; other lists are of machines and what belongs to them.
_OF_ITEMS = frozenset(
    {
        "list_subscriptions",
        "list_candidates",
        "list_vaults",
        "list_replication_vaults",
        "list_migration_items",
        "list_protected_items",
        "list_data_replication_items",
    }
)
_OF_VAULTS = frozenset({"list_vaults", "list_replication_vaults"})
_OF_EVERYTHING = frozenset({"list_subscriptions", "list_candidates"})
_OF_LOCATION = frozenset({"list_skus", "list_vm_sizes"})
_SOLUTION = "/solutions/"
_UNLISTED = f"{VMS} could not be read"


def doubted(keys: Iterable[str], inventory: Inventory) -> list[str]:
    """Return the keys of the answers that the gaps of an inventory cast doubt on.

    Args:
        keys: of all that was kept: what was called, and its arguments casefolded; see `Resuming`.
        inventory: what was made of it.
    """
    gaps = [gap for gap in inventory.gaps if gap.reason not in _UNANSWERED]
    if not gaps:
        return []
    rows = {row.id: row for row in inventory.items}
    unlisted = {gap.scope.key for gap in inventory.gaps if gap.detail.startswith(_UNLISTED)}
    doubts = _Doubts()
    for gap in gaps:
        row = rows.get(gap.scope) if gap.reason == UNTOLD_TAGS else None
        if row is None:
            doubts.add(gap)
        elif _may_be_told(row, unlisted):
            doubts.add_untold(gap, row)
    return [key for key in keys if doubts.about(key)]


@dataclass(slots=True)
class _Doubts:
    """Casefolded scopes of which answers are doubted.

    Attributes:
        items: their lists of subscriptions, vaults and items.
        machines: their other lists.
        single: what was asked for by itself there.
        counted: items are missing or too many, and nobody knows where.
        named: there are gaps at vaults, and what named these may lie in any subscription.
    """

    items: set[str] = field(default_factory=set)
    machines: set[str] = field(default_factory=set)
    single: set[str] = field(default_factory=set)
    counted: bool = False
    named: bool = False

    def add(self, gap: Gap) -> None:
        """Doubt what a gap was noticed in, and the lists that named its scope."""
        places = list(_up_from(gap.scope))
        if gap.reason == "not-found":
            # There was no answer about the place itself: what named it may be wrong.
            places = places[1:] or places
        of_items = gap.covers_items or _in_vault(gap.scope)
        (self.items if of_items else self.machines).update(places)
        self.single.add(gap.scope.key)
        self.counted |= gap.reason == EXPECTED_COUNT
        self.named |= gap.covers_items and not _is_listed_of_itself(gap.scope)

    def add_untold(self, gap: Gap, row: InventoryItem) -> None:
        """Doubt what an item and its target were put together from."""
        self.add(gap)
        targets = (row.item.target_id, row.target_id)
        self.single.update(each.key for each in targets if each is not None)
        self.machines |= _places(row)

    def about(self, key: str) -> bool:
        """Tell whether an answer is doubted."""
        name, _, what = key.partition(" ")
        scope = _scope_of(name, what)
        if name in _OF_ITEMS:
            named = self.named and name in _OF_VAULTS
            return named or self.counted or scope in self.items
        if name == "get_resource":
            # Solutions of a project name vaults, wherever these are.
            named = bool(self.items) and _SOLUTION in scope
            return named or not self.single.isdisjoint((scope, _parent(scope)))
        return scope in (self.single if name.startswith("get_") else self.machines)


def _up_from(scope: ResourceId) -> Iterator[str]:
    key = scope.key
    while key:
        yield key
        key = key.rpartition("/")[0]


def _parent(scope: str) -> str:
    """Return the site of a discovered machine, or the project of a solution."""
    return scope.rsplit("/", 2)[0]


def _scope_of(name: str, what: str) -> str:
    """Return the casefolded scope that an answer tells about."""
    if name in _OF_EVERYTHING:
        return EVERYTHING.key
    if what.startswith("/"):
        return what
    subscription, _, location = what.partition(" ")
    scope = f"{EVERYTHING.key}/{subscription}"
    if name in _OF_LOCATION:
        return f"{scope}/providers/microsoft.compute/locations/{location}"
    return scope


def _is_listed_of_itself(scope: ResourceId) -> bool:
    """Tell whether a scope is a subscription, or all of them: no list of vaults names these."""
    return EVERYTHING.key in (scope.key, scope.key.rpartition("/")[0])


def _in_vault(scope: ResourceId) -> bool:
    return any(scope.after(each) is not None for each in ("vaults", "replicationVaults"))


def _places(row: InventoryItem) -> set[str]:
    """Return the casefolded scopes of the subscriptions that an item's target can live in."""
    return {f"{EVERYTHING.key}/{each}" for each in subscriptions_of([row.item])}


def _may_be_told(row: InventoryItem, unlisted: set[str]) -> bool:
    """Tell whether the target of an item could be told by what was answered, were it asked again.

    Not where there was no list of machines to find it in, nor where no version can read it yet.
    """
    local = row.item.collection is Collection.DATA_REPLICATION
    return not local and unlisted.isdisjoint(_places(row))
