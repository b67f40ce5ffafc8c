"""What is compared of the disks. Matched before compared, never by order.

Replicated disks are matched to those of the target by id, then the system disk, then name, then
size, then what is left over alone; to those of the source by id, then size in bytes, then in whole
GiB, then what is left. Without replicated disks, source and target are matched by controller unit
and size, then size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from azstaging.model.inventory import InventoryItem
from azstaging.model.items import ItemDisk
from azstaging.model.machines import SourceDisk, TargetDisk
from azstaging.rules.diff_rows import Rows, number

_GIB = 1024**3
_TIERS = {
    "standard_lrs": 0,
    "standardssd_lrs": 1,
    "standardssd_zrs": 1,
    "premium_lrs": 2,
    "premium_zrs": 2,
    "premiumv2_lrs": 3,
    "ultrassd_lrs": 4,
}
_NONE = "none"
_LEFT_ALONE = "what was left"
# Good enough where the item names no target disk at all, as some providers do.
_GUESSES = frozenset({"size", _LEFT_ALONE})

L = TypeVar("L")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class DiskTriple:
    """One disk on its three sides; None where there is none, or where none was matched.

    Attributes:
        how: how intended and actual were matched, or "".
    """

    source: SourceDisk | None
    intended: ItemDisk | None
    actual: TargetDisk | None
    how: str = ""


def compare_disks(rows: Rows, row: InventoryItem) -> None:
    """Count, size, type and encryption set of every disk."""
    triples = match_disks(row)
    _count(rows, row)
    unsure = _unsure(triples)
    for index, triple in enumerate(triples):
        _size(rows, row, index, triple, unsure=unsure)
        _type(rows, index, triple)
        _encryption(rows, row, index, triple)


def match_disks(row: InventoryItem) -> list[DiskTriple]:
    """Match the disks of the three sides: replicated ones first, in the order of the item."""
    sources = source_disks(row)
    targets = list(row.target.disks) if row.target else []
    if not row.item.disks:
        pairs = _pair(sources, targets, _BARE_RULES, _always)
        found = [DiskTriple(s, None, t, how) for s, t, how in pairs]
        return found + [DiskTriple(None, None, t) for t in _rest(targets, pairs)]
    intended = _pair(list(row.item.disks), targets, _TARGET_RULES, _has_no_target_id)
    origins = _pair(list(row.item.disks), sources, _SOURCE_RULES, _always)
    found = [
        DiskTriple(source, disk, actual, how)
        for (disk, actual, how), (_, source, _) in zip(intended, origins, strict=True)
    ]
    found += [DiskTriple(source, None, None) for source in _rest(sources, origins)]
    return found + [DiskTriple(None, None, actual) for actual in _rest(targets, intended)]


def source_disks(row: InventoryItem) -> list[SourceDisk]:
    """Return the disks that discovery saw; one that two appliances told is one disk."""
    found: dict[str, SourceDisk] = {}
    for index, disk in enumerate(row.source.disks if row.source else ()):
        found.setdefault(_plain_id(disk.id) if disk.id else f"#{index}", disk)
    return list(found.values())


def _pair(
    left: list[L],
    right: list[R],
    rules: tuple[tuple[str, Callable[[L, R], bool]], ...],
    may_guess: Callable[[L], bool],
) -> list[tuple[L, R | None, str]]:
    """Match each of ``left`` with at most one of ``right``, the surest rule first.

    What is left over alone on both sides is a pair, if ``may_guess`` allows it for the left one.
    """
    matches: list[tuple[R | None, str]] = [(None, "")] * len(left)
    free = list(right)
    for how, agrees in rules:
        for index, one in enumerate(left):
            if matches[index][0] is None:
                other = next((r for r in free if agrees(one, r)), None)
                if other is not None:
                    free = [r for r in free if r is not other]
                    matches[index] = (other, how)
    alone = [index for index, (other, _) in enumerate(matches) if other is None]
    if len(alone) == len(free) == 1 and may_guess(left[alone[0]]):
        matches[alone[0]] = (free[0], _LEFT_ALONE)
    return [(one, other, how) for one, (other, how) in zip(left, matches, strict=True)]


def _rest(right: list[R], pairs: list[tuple[L, R | None, str]]) -> list[R]:
    used = {id(other) for _, other, _ in pairs}
    return [other for other in right if id(other) not in used]


def _always(_disk: object) -> bool:
    return True


def _has_no_target_id(disk: ItemDisk) -> bool:
    """A replicated disk that names its target disk is never taken for another one."""
    return disk.target_disk_id is None


def _ids_agree(disk: ItemDisk, target: TargetDisk) -> bool:
    return disk.target_disk_id is not None and disk.target_disk_id == target.id


def _both_system(disk: ItemDisk, target: TargetDisk) -> bool:
    return disk.target_disk_id is None and disk.is_os is True and target.is_os


def _names_agree(disk: ItemDisk, target: TargetDisk) -> bool:
    return (
        disk.target_disk_id is None
        and bool(disk.name)
        and disk.name.casefold() == target.name.casefold()
    )


def _sizes_agree(disk: ItemDisk, target: TargetDisk) -> bool:
    if disk.target_disk_id is not None or disk.is_os is True or target.is_os:
        return False
    return _gib(disk.size_bytes) is not None and _gib(disk.size_bytes) == _target_gib(target)


_TARGET_RULES = (
    ("id", _ids_agree),
    ("system disk", _both_system),
    ("name", _names_agree),
    ("size", _sizes_agree),
)


def _source_ids_agree(disk: ItemDisk, source: SourceDisk) -> bool:
    return bool(disk.source_id) and _plain_id(disk.source_id) == _plain_id(source.id)


def _source_sizes_agree(disk: ItemDisk, source: SourceDisk) -> bool:
    return disk.size_bytes is not None and disk.size_bytes == source.size_bytes


def _source_sizes_agree_to_the_gib(disk: ItemDisk, source: SourceDisk) -> bool:
    return disk.size_bytes is not None and _gib(disk.size_bytes) == _gib(source.size_bytes)


_SOURCE_RULES = (
    ("id", _source_ids_agree),
    ("size", _source_sizes_agree),
    ("size to the GiB", _source_sizes_agree_to_the_gib),
)


def _sizes_of_source_agree(source: SourceDisk, target: TargetDisk) -> bool:
    return _gib(source.size_bytes) is not None and _gib(source.size_bytes) == _target_gib(target)


def _units_and_sizes_agree(source: SourceDisk, target: TargetDisk) -> bool:
    """The unit on the controller is the LUN of a data disk; the system disk has none."""
    if target.is_os or source.lun is None or source.lun != target.lun:
        return False
    return _sizes_of_source_agree(source, target)


# Without the item's own list of disks: two of one size are told apart by unit.
_BARE_RULES = (
    ("controller unit and size", _units_and_sizes_agree),
    ("size", _sizes_of_source_agree),
)


def _plain_id(text: str) -> str:
    r"""Return an id as both sides of Hyper-V spell it: ``Microsoft:G\C\0\0\L`` is ``G_C_0_0``."""
    folded = text.casefold().strip("{}").removeprefix("microsoft:").replace("\\", "_")
    return folded.removesuffix("_l")


def _gib(size_bytes: int | None) -> int | None:
    return None if size_bytes is None else -(-size_bytes // _GIB)


def _target_gib(disk: TargetDisk) -> int | None:
    return disk.size_gib if disk.size_gib is not None else _gib(disk.size_bytes)


def _count(rows: Rows, row: InventoryItem) -> None:
    intended = len(row.item.disks) or None
    # Without discovery the item's own list of source disks is what is known of the source.
    source = len(source_disks(row)) or intended
    actual = len(row.target.disks) if row.target else None
    sides = (number(source), number(intended), number(actual))
    rows.add("disks", "disk_count", sides, judge_count(rows, source, intended, actual, "disks"))


def judge_count(
    rows: Rows, source: int | None, intended: int | None, actual: int | None, what: str
) -> str:
    """Judge how many there are; ``what`` is ``disks`` or ``nics``."""
    if actual is None:
        return rows.unseen
    wanted = source if intended is None else intended
    if wanted is None:
        return "nothing-told"
    if actual != wanted:
        return f"{what}.fewer" if actual < wanted else f"{what}.extra"
    if source is None:
        return "source-not-told"
    if source == actual:
        return "same"
    return f"{what}.excluded" if source > actual else f"{what}.extra"


def _unsure(triples: list[DiskTriple]) -> bool:
    """Tell whether a replicated disk without known target id, or the target disk, is left over."""
    lost = any(
        t.intended is not None and t.actual is None and t.intended.target_disk_id is None
        for t in triples
    )
    return lost and any(t.intended is None and t.source is None for t in triples)


def _size(rows: Rows, row: InventoryItem, index: int, triple: DiskTriple, *, unsure: bool) -> None:
    sides = (
        _source_size(row, triple),
        _shown(triple.intended.size_bytes if triple.intended else None),
        number(_target_gib(triple.actual) if triple.actual else None),
    )
    rule = _judge_size(rows, row, triple, unsure=unsure)
    rows.add("disks", f"disk[{index}].size_gib", sides, rule, _detail(triple))


def _source_size(row: InventoryItem, triple: DiskTriple) -> str:
    """Show the size at the source; the item's own word for it where nothing was discovered."""
    if triple.source is not None:
        return _shown(triple.source.size_bytes)
    if row.source is None and triple.intended is not None:
        return _shown(triple.intended.size_bytes)
    return ""


def _judge_size(rows: Rows, row: InventoryItem, triple: DiskTriple, *, unsure: bool) -> str:
    if row.target is None:
        return rows.unseen
    if triple.actual is None:
        if triple.intended is None:
            return "disks.excluded" if row.item.disks else "disk.unmatched"
        known = triple.intended.target_disk_id is not None
        return "disk.missing" if known or not unsure else "disk.unmatched"
    if triple.intended is None and triple.source is None:
        if not row.item.disks:
            return "nothing-told"
        return "disk.unmatched" if unsure else "disk.unplanned"
    return _judge_matched(rows, row, triple, _target_gib(triple.actual))


def _judge_matched(rows: Rows, row: InventoryItem, triple: DiskTriple, actual: int | None) -> str:
    if actual is None:
        return rows.unseen
    told = [side.size_bytes for side in (triple.intended, triple.source) if side]
    sizes = [size for size in told if size is not None]
    rule = _judge_gib(max(sizes), actual) if sizes else "source-not-told"
    if rule == "disk.smaller":
        return rule
    if _is_guessed(row, triple):
        return "disk.unmatched"
    return rule if len(sizes) == len(told) else "source-not-told"


def _is_guessed(row: InventoryItem, triple: DiskTriple) -> bool:
    """Tell whether others of the item name their target disk, and this one was matched by less."""
    named = any(disk.target_disk_id is not None for disk in row.item.disks)
    return named and triple.how in _GUESSES


def _judge_gib(wanted_bytes: int, actual_gib: int) -> str:
    wanted = -(-wanted_bytes // _GIB)
    if actual_gib < wanted:
        return "disk.smaller"
    if actual_gib > wanted:
        return "disk.larger"
    return "disk.rounded" if wanted_bytes % _GIB else "same"


def _shown(size_bytes: int | None) -> str:
    """Write bytes as GiB, whole where they are whole."""
    if size_bytes is None:
        return ""
    whole, rest = divmod(size_bytes, _GIB)
    return f"{whole}.{rest * 1000 // _GIB:03d}" if rest else str(whole)


def _detail(triple: DiskTriple) -> str:
    name = (
        (triple.actual.name if triple.actual else "")
        or (triple.intended.name if triple.intended else "")
        or (triple.source.name if triple.source else "")
    )
    how = f"matched by {triple.how}" if triple.how else ""
    return ", ".join(part for part in (name, how) if part)


def _type(rows: Rows, index: int, triple: DiskTriple) -> None:
    intended = triple.intended.target_type if triple.intended else ""
    actual = triple.actual.sku if triple.actual else ""
    if triple.intended is None and triple.actual is None:
        return
    rule = rows.judge_planned("", intended, actual)
    if rule == "not-as-planned":
        wanted, found = _TIERS.get(intended.casefold()), _TIERS.get(actual.casefold())
        faster = wanted is not None and found is not None and found >= wanted
        rule = "disk.other-type" if faster else "disk.slower"
    if triple.actual is not None and triple.intended is None and actual:
        rule = "intended-not-told"
    rows.add("disks", f"disk[{index}].type", ("", intended, actual), rule)


def _encryption(rows: Rows, row: InventoryItem, index: int, triple: DiskTriple) -> None:
    if triple.intended is None or (triple.actual is None and row.target is not None):
        return
    wanted = triple.intended.encryption_set_id
    actual = triple.actual.encryption_set_id if triple.actual else None
    unread = triple.actual is None or (actual is None and triple.actual.size_bytes is None)
    found = "" if unread else (actual.name if actual else _NONE)
    rule = rows.unseen
    if found:
        rule = "same" if wanted == actual else "disk.key-set"
    sides = ("", wanted.name if wanted else _NONE, found)
    rows.add("disks", f"disk[{index}].encryption_set", sides, rule)
