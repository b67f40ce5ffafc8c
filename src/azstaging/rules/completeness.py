"""The proof that nothing is missing: every expected id is read, released, or covered by a gap.

Absent is not gone. An item that is not in any list that was read in full, and of which no receipt
says that it was released, is the gap ``absent_unproven``; one that nobody looked for is the gap
``not-in-scope``, whatever a receipt says.
"""

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.inventory import Gap, Inventory, InventoryItem
from azstaging.model.waves import Wave, Workload
from azstaging.rules.selection import is_glob, is_id, is_tag

ABSENT_UNPROVEN = "absent_unproven"
EXPECTED_COUNT = "expected-count"
NOT_IN_SCOPE = "not-in-scope"
UNTOLD_TAGS = "untold-tags"
FIND_OUT = "Find out who stopped or moved it."
EVERYTHING = ResourceId("/subscriptions")


class Standing(enum.Enum):
    """What became of one expected id."""

    READ = "read"
    RELEASED = "released"
    GAP = "gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Where items were looked for.

    Attributes:
        vaults: of which every list was read to its end, sorted.
        subscriptions: casefolded; a vault of theirs that was not listed, and that no gap is
            about, is not there.
    """

    vaults: tuple[ResourceId, ...] = ()
    subscriptions: frozenset[str] = frozenset()

    def for_item(self, id: ResourceId) -> bool:
        """Tell whether an item would have been read where it lay, but for gaps."""
        try:
            vault = vault_of(id)
        except ConfigurationError:
            # No scope leads to what lies in no vault.
            return True
        return vault in self.vaults or (id.subscription_id or "").casefold() in self.subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Every expected id with its one standing, and the gaps that had to be added for it."""

    standings: Mapping[ResourceId, Standing]
    gaps: tuple[Gap, ...] = ()


def expected_ids(wave: Wave) -> tuple[ResourceId, ...]:
    """Return the ids that a wave expects: its list, and every id that a workload names."""
    named = (
        ResourceId(selector)
        for workload in wave.workloads
        for selector in workload.items
        if is_id(selector) and not is_glob(selector)
    )
    return tuple(dict.fromkeys((*wave.expected_ids, *named)))


def account(
    expected: Iterable[ResourceId],
    *,
    read: Collection[ResourceId],
    released: Collection[ResourceId],
    gaps: Sequence[Gap],
    looked: Looked,
) -> Accounts:
    """Give every expected id its one standing.

    Args:
        expected: ids that must be accounted for.
        read: ids that were read.
        released: ids with a receipt that says done.
        gaps: what could not be read.
        looked: where items were looked for.

    What was read is read, whatever a receipt says. A receipt counts only where the item's scope
    was read: in an unread vault, or one that was not looked at, the machine may have been
    protected again.
    """
    unread = [gap.scope for gap in gaps if gap.covers_items]
    standings: dict[ResourceId, Standing] = {}
    added: list[Gap] = []
    for item_id in dict.fromkeys(expected):
        if item_id in read:
            standings[item_id] = Standing.READ
        elif any(item_id.is_under(scope) for scope in unread):
            standings[item_id] = Standing.GAP
        elif not looked.for_item(item_id):
            standings[item_id] = Standing.GAP
            added.append(_unlooked_gap(item_id))
        elif item_id in released:
            standings[item_id] = Standing.RELEASED
        else:
            standings[item_id] = Standing.GAP
            added.append(absent_gap(item_id))
    return Accounts(standings=standings, gaps=tuple(added))


def absent_gap(id: ResourceId) -> Gap:
    """Return the gap of an item that is expected, absent, and not known to be released."""
    return Gap(
        scope=id,
        reason=ABSENT_UNPROVEN,
        detail=f"{id.name} is expected but in no list that was read, and no receipt says that "
        f"it was released. {FIND_OUT}",
    )


def _unlooked_gap(id: ResourceId) -> Gap:
    return Gap(
        scope=id,
        reason=NOT_IN_SCOPE,
        detail=f"{id.name} is expected, and nothing in [scope] led to its vault: whether it still "
        "replicates is not known.",
    )


def count_gap(wave: Wave, read: int, scope: ResourceId = EVERYTHING) -> Gap | None:
    """Return the gap of an expected count that is not met, or None.

    Args:
        wave: its ``expected`` is the count; with ``expected_ids`` every id is accounted for by
            itself and there is no count to meet.
        read: number of items that were read or are proven released.
        scope: what was read as a whole.
    """
    if wave.expected is None or wave.expected_ids or wave.expected == read:
        return None
    return Gap(
        scope=scope,
        reason=EXPECTED_COUNT,
        detail=f"{wave.expected} items are expected and {read} were read.",
    )


def untold_gaps(
    rows: Iterable[InventoryItem],
    members: Mapping[ResourceId, tuple[str, ...]],
    wave: Wave,
) -> tuple[Gap, ...]:
    """Return a gap for each item that a tag might put into a workload, and nobody can tell.

    Tags are those of the target machine. Of an item whose target could not be read they are not
    known, so a workload that selects by tag may lack it without a sign.

    Args:
        rows: as they were read.
        members: item -> names of its workloads.
        wave: its workloads.
    """
    by_tag = {each.name for each in wave.workloads if any(is_tag(one) for one in each.items)}
    if not by_tag:
        return ()
    return tuple(
        _untold(row, by_tag - set(members.get(row.id, ())))
        for row in rows
        if row.target_unknown and not by_tag <= set(members.get(row.id, ()))
    )


def _untold(row: InventoryItem, workloads: Collection[str]) -> Gap:
    names = ", ".join(sorted(workloads))
    return Gap(
        scope=row.id,
        reason=UNTOLD_TAGS,
        detail=f"{row.name} may belong to {names}, which is selected by tag: its target machine "
        f"is not known ({row.target_note or 'it was not read'}), and with it its tags.",
        covers_items=False,
    )


def gaps_touching(workload: Workload, inventory: Inventory) -> tuple[Gap, ...]:
    """Return the gaps that close one workload, in the order of the inventory.

    A gap that hides items touches a workload that names an unread item in its scope by id, and
    every workload that selects by name, glob or tag: such a machine may lie in the scope. A
    gap that hides only details touches the workloads whose items depend on them, and those that
    select by tag: tags are among the details. An expected count that is not met touches all.
    """
    if not inventory.gaps:
        return ()
    if any(is_tag(selector) for selector in workload.items):
        return inventory.gaps
    rows = inventory.in_workload(workload.name)
    read = {row.id for row in rows}
    needed = {each for row in rows for each in _needed(row)}
    return tuple(
        gap
        for gap in inventory.gaps
        if (
            _could_hold(workload, gap, read)
            if gap.covers_items
            else any(each.is_under(gap.scope) for each in needed)
        )
    )


def _could_hold(workload: Workload, gap: Gap, read: Collection[ResourceId]) -> bool:
    if gap.reason == EXPECTED_COUNT:
        return True
    for selector in workload.items:
        if not is_id(selector) or is_glob(selector):
            return True
        wanted = ResourceId(selector)
        if wanted not in read and wanted.is_under(gap.scope):
            return True
    return False


def _needed(row: InventoryItem) -> Iterator[ResourceId]:
    """Yield the ids that a row was, or should have been, put together from."""
    item = row.item
    yield item.id
    settings = item.settings
    candidates = (item.source_id, item.target_id, settings.resource_group_id, row.target_id)
    yield from (each for each in candidates if each is not None)
    yield from (disk.target_disk_id for disk in item.disks if disk.target_disk_id is not None)
    if row.target is not None:
        yield from (nic.id for nic in row.target.nics)
        yield from (disk.id for disk in row.target.disks)
