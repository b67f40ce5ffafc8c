"""Which items belong to which workload, and what a face's filters keep. Pure.

A selector is an ARM id (exact), a machine name, a glob over machine names or ids, or a tag
(``tag:NAME=VALUE``, the value may be a glob). Everything compares without case. A name is no
identity: one that several machines have selects all of them, and that is reported.
"""

import fnmatch
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.inventory import Gap, Inventory
from azstaging.model.waves import Wave, Workload

_WILD = frozenset("*?[")
_TAG = "tag:"
_PROJECT = "microsoft.migrate/migrateprojects"


class Named(Protocol):
    """What a selector looks at: an id, a display name, and tags."""

    @property
    def id(self) -> ResourceId:
        """ARM id."""
        ...

    @property
    def name(self) -> str:
        """The machine's display name."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags of the target machine, else those that it is to have."""
        ...


class Member(Named, Protocol):
    """What a filter looks at besides: workloads."""

    @property
    def workloads(self) -> tuple[str, ...]:
        """Names of its workloads."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the selectors of a wave select.

    Attributes:
        workloads: item -> names of its workloads, sorted; items of no workload are left out.
        unresolved: (workload, selector) that selects nothing.
        ambiguous: (workload, selector) where one plain name selects several machines.
    """

    workloads: Mapping[ResourceId, tuple[str, ...]]
    unresolved: tuple[tuple[str, str], ...] = ()
    ambiguous: tuple[tuple[str, str], ...] = ()


class Index:
    """Items by id and by name, so that a wave of thousands resolves in one pass."""

    def __init__(self, items: Iterable[Named]) -> None:
        self._by_key: dict[str, ResourceId] = {}
        self._by_name: dict[str, list[ResourceId]] = {}
        self._by_tag: dict[str, list[tuple[str, ResourceId]]] = {}
        for item in items:
            for tag, value in item.tags.items():
                self._by_tag.setdefault(folded(tag), []).append((folded(value), item.id))
            self._by_key[item.id.key] = item.id
            self._by_name.setdefault(folded(item.name), []).append(item.id)

    def resolve(self, selector: str) -> tuple[ResourceId, ...]:
        """Return the ids that one selector selects, in the order of the items."""
        wanted = folded(selector)
        if is_tag(selector):
            return self._tagged(wanted)
        if is_id(selector):
            exact = self._by_key.get(ResourceId(selector).key)
            if exact is not None:
                return (exact,)
            return self._globbed(selector.casefold(), self._by_key.items())
        if wanted in self._by_name:
            return tuple(self._by_name[wanted])
        named = ((name, each) for name, ids in self._by_name.items() for each in ids)
        return self._globbed(wanted, named)

    def _tagged(self, wanted: str) -> tuple[ResourceId, ...]:
        tag, _, value = wanted.removeprefix(_TAG).partition("=")
        pairs = self._by_tag.get(tag.strip(), ())
        return tuple(each for held, each in pairs if fnmatch.fnmatchcase(held, value.strip()))

    @staticmethod
    def _globbed(pattern: str, named: Iterable[tuple[str, ResourceId]]) -> tuple[ResourceId, ...]:
        if not is_glob(pattern):
            return ()
        return tuple(each for name, each in named if fnmatch.fnmatchcase(name, pattern))


def folded(name: str) -> str:
    """Return a name as names are compared: composed, casefolded, without outer blanks."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def is_id(selector: str) -> bool:
    """Tell whether a selector is an ARM id, or a glob over ids."""
    return selector.strip().startswith("/")


def is_tag(selector: str) -> bool:
    """Tell whether a selector looks at a tag: ``tag:NAME=VALUE``."""
    text = selector.strip().casefold()
    return text.startswith(_TAG) and "=" in text


def is_glob(selector: str) -> bool:
    """Tell whether a selector has a wildcard: ``*``, ``?`` or ``[``."""
    return not _WILD.isdisjoint(selector)


def select(items: Iterable[Named], workloads: Sequence[Workload]) -> Selection:
    """Resolve the selectors of all workloads against the items."""
    if not workloads:
        return Selection(workloads={})
    index = Index(items)
    chosen: dict[ResourceId, set[str]] = {}
    unresolved: list[tuple[str, str]] = []
    ambiguous: list[tuple[str, str]] = []
    for workload in workloads:
        for selector in workload.items:
            found = index.resolve(selector)
            for each in found:
                chosen.setdefault(each, set()).add(workload.name)
            if not found:
                unresolved.append((workload.name, selector))
            elif len(found) > 1 and not (is_glob(selector) or is_tag(selector)):
                ambiguous.append((workload.name, selector))
    return Selection(
        workloads={each: tuple(sorted(names)) for each, names in chosen.items()},
        unresolved=tuple(unresolved),
        ambiguous=tuple(ambiguous),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a face was asked to show; everything empty keeps all.

    Attributes:
        items: selectors, as in a workload.
        vaults: ARM ids or names.
        subscriptions: GUIDs.
    """

    wave: str = ""
    workloads: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    vaults: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wave or self.workloads or self.items or self.vaults or self.subscriptions)


def narrow(
    inventory: Inventory, wanted: Filter, wave: Wave, *, earlier: Sequence[Member] = ()
) -> Inventory:
    """Keep the rows that every given filter keeps, and the gaps that could hide more of them.

    The expected count speaks of the whole wave; it is dropped unless nothing is filtered. A gap
    that says it is not met stays. What selects only some of the items that were there ``earlier``
    may keep nothing.

    Gates are decided before: of a workload this may keep a part.

    Raises:
        ConfigurationError: a filter names a wave or workload that there is not; or, although no
            gap may hide it, it keeps nothing or names a machine that there is not.
    """
    if not wanted:
        return inventory
    _check_names(wanted, wave)
    read = frozenset(inventory.vaults)
    may_be_empty = bool(chosen(earlier, wanted))
    gaps = tuple(gap for gap in inventory.gaps if _gap_matters(gap, wanted, read))
    rows = inventory.items
    for option, keep in _tests(inventory.items, wanted):
        rows = tuple(row for row in rows if keep(row))
        if not rows and not gaps and not may_be_empty:
            raise _none_selected(option, inventory)
    missing = unmatched([*inventory.items, *earlier], wanted)
    if missing and not gaps:
        raise _none_selected(_told("--item", missing), inventory)
    kept = {row.id for row in rows}
    return replace(
        inventory,
        items=rows,
        selected=True,
        gaps=gaps,
        expected=None,
        unresolved=tuple(
            pair for pair in inventory.unresolved if is_one_of(pair[0], wanted.workloads)
        ),
        ambiguous=tuple(
            pair for pair in inventory.ambiguous if is_one_of(pair[0], wanted.workloads)
        ),
        unexpected=tuple(each for each in inventory.unexpected if each in kept),
    )


def _none_selected(option: str, inventory: Inventory) -> ConfigurationError:
    return ConfigurationError(
        f"{option} selects none of the {inventory.read} items read.",
        advice="azstaging inventory lists what there is, by name.",
    )


def unmatched(rows: Sequence[Named], wanted: Filter) -> tuple[str, ...]:
    """Return the names and ids that were asked for and that none of the rows has."""
    plain = [each for each in wanted.items if not (is_glob(each) or is_tag(each))]
    if not plain:
        return ()
    index = Index(rows)
    return tuple(each for each in plain if not index.resolve(each))


def _check_names(wanted: Filter, wave: Wave) -> None:
    if wanted.wave and folded(wanted.wave) != folded(wave.name):
        raise ConfigurationError(f"There is no wave {wanted.wave!r}; this one is {wave.name!r}.")
    known = [workload.name for workload in wave.workloads]
    for name in wanted.workloads:
        if not any(is_one_of(each, (name,)) for each in known):
            shown = ", ".join(known) or "none is configured"
            raise ConfigurationError(f"There is no workload {name!r}; known are: {shown}.")


def is_one_of(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a name fits one of some patterns; of no pattern every name does."""
    return not patterns or any(fnmatch.fnmatchcase(folded(name), folded(p)) for p in patterns)


def chosen(rows: Sequence[Member], wanted: Filter) -> frozenset[ResourceId]:
    """Return the ids of the rows that every given filter keeps; that may be none."""
    tests = _tests(rows, wanted)
    return frozenset(row.id for row in rows if all(keep(row) for _, keep in tests))


_Test = tuple[str, Callable[[Member], bool]]


def _tests(rows: Sequence[Member], wanted: Filter) -> list[_Test]:
    tests: list[_Test] = []
    if wanted.workloads:
        tests.append(
            (
                _told("--workload", wanted.workloads),
                lambda row: any(is_one_of(w, wanted.workloads) for w in row.workloads),
            )
        )
    if wanted.items:
        index = Index(rows)
        ids = {each for selector in wanted.items for each in index.resolve(selector)}
        tests.append((_told("--item", wanted.items), lambda row: row.id in ids))
    if wanted.vaults:
        tests.append(
            (
                _told("--vault", wanted.vaults),
                lambda row: _in_vault(vault_of(row.id), wanted.vaults),
            )
        )
    if wanted.subscriptions:
        tests.append(
            (
                _told("--subscription", wanted.subscriptions),
                lambda row: _in_subscription(row.id, wanted),
            )
        )
    return tests


def _told(option: str, values: Sequence[str]) -> str:
    return f"{option} {' '.join(values)}"


def _in_vault(vault: ResourceId, wanted: Sequence[str]) -> bool:
    return any(
        vault == ResourceId(each) if is_id(each) else folded(vault.name) == folded(each)
        for each in wanted
    )


def _in_subscription(id: ResourceId, wanted: Filter) -> bool:
    subscription = (id.subscription_id or "").casefold()
    return subscription in {each.strip().casefold() for each in wanted.subscriptions}


def _gap_matters(gap: Gap, wanted: Filter, read: Collection[ResourceId]) -> bool:
    """Keep a gap unless the filter proves that it hides nothing of what is asked for.

    ``read`` are the vaults of which every list was read to its end.
    """
    scope = gap.scope
    if scope.subscription_id is None:
        return True
    if gap.covers_items and scope.resource_type == _PROJECT:
        # The vaults that it names may lie anywhere.
        whole = wanted.vaults and all(is_id(v) and ResourceId(v) in read for v in wanted.vaults)
        return not whole
    if wanted.subscriptions and not _in_subscription(scope, wanted):
        return not gap.covers_items
    if wanted.vaults and gap.covers_items:
        return _overlaps_vault(scope, wanted.vaults, read)
    return True


def _overlaps_vault(scope: ResourceId, wanted: Sequence[str], read: Collection[ResourceId]) -> bool:
    try:
        return _in_vault(vault_of(scope), wanted)
    except ConfigurationError:
        # A whole subscription: any vault that is known by name alone may lie in it.
        return any(
            not is_id(each) or ((vault := ResourceId(each)).is_under(scope) and vault not in read)
            for each in wanted
        )
