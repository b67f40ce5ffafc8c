"""What is compared that Azure tells of the target alone, and what a size's name says."""

import re
from functools import lru_cache
from typing import NamedTuple

from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import TargetMachine
from azstaging.rules.diff_rows import Rows, switch
from azstaging.rules.diff_rules import retiring_series

_NONE = "none"
# Standard_E8-4ds_v5: family, cores, constrained cores, features, version.
# Source: https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions
_SIZE = re.compile(
    r"(?:standard_|basic_)?(?P<family>[a-z]+)\d+(?:-\d+)?(?P<features>[a-z]*)"
    r"(?:_(?!v\d)[a-z0-9]+)?(?:_v(?P<version>\d+))?(?:_promo)?",
    re.IGNORECASE,
)


class Series(NamedTuple):
    """What a size's name says: ``Standard_E8-4ds_v5`` is series ``Edsv5`` with a local disk."""

    name: str
    family: str
    gpu: bool
    local_disk: bool


@lru_cache(maxsize=1024)
def series_of(size: str) -> Series | None:
    """Read a size's name; None when it does not follow the naming convention."""
    found = _SIZE.fullmatch(size.strip())
    if found is None:
        return None
    family, features = found["family"].upper(), found["features"].casefold()
    version = found["version"] or ""
    # Before the fourth version every size had a local disk, and none said so.
    local = "d" in features or (version in {"", "2", "3"} and family not in {"B", "BS"})
    name = f"{family}{features}{'v' + version if version else ''}"
    return Series(name, family, family.startswith("N"), local)


def compare_series(rows: Rows, row: InventoryItem) -> None:
    """Compare the series of the sizes: features that are lost, series that need a thought."""
    sizes = (
        row.source.size if row.source else "",
        row.item.settings.vm_size,
        row.target.size if row.target else "",
    )
    source, intended, actual = (series_of(size) if size else None for size in sizes)
    if source is None and intended is None and actual is None:
        return
    sides = _name(source), _name(intended), _name(actual)
    rows.add("compute", "size_series", sides, _judge_series(rows, source, intended, actual))


def _name(series: Series | None) -> str:
    return series.name if series else ""


def _judge_series(
    rows: Rows, source: Series | None, intended: Series | None, actual: Series | None
) -> str:
    if actual is None:
        return rows.unseen
    if source and (
        (source.gpu and not actual.gpu) or (source.local_disk and not actual.local_disk)
    ):
        return "size.feature-lost"
    if intended and intended.name != actual.name:
        return "size.other-series"
    if source and source.name == actual.name:
        return "same"
    if actual.family.startswith("B"):
        return "size.burstable"
    if actual.name.casefold() in retiring_series():
        return "size.retiring"
    if intended is None:
        return "intended-not-told" if source is None else "as-planned"
    return "as-planned" if source else "same"


def compare_additions(rows: Rows, row: InventoryItem) -> None:
    """Add what only the target has: caching, adapters' features, identity, patching, locks."""
    target = row.target
    if target is None:
        return
    _caching(rows, target)
    _adapters(rows, target)
    if target.identity and target.identity.casefold() != _NONE:
        rows.add("identity", "managed_identity", ("", "", target.identity), "identity.added")
    if target.encryption_at_host is not None:
        rule = "encryption.host" if target.encryption_at_host else "same"
        on = switch(target.encryption_at_host)
        rows.add("disks", "encryption_at_host", ("", "", on), rule)
    if target.patch_mode:
        manual = target.patch_mode.casefold() in {"manual", "imagedefault"}
        rule = "patch-mode.manual" if manual else "patch-mode.set"
        rows.add("governance", "patch_mode", ("", "", target.patch_mode), rule)
    for field, place in (
        ("proximity_group", target.proximity_group_id),
        ("dedicated_host", target.host_id),
    ):
        if place is not None:
            rows.add("placement", field, ("", "", place.name), "placement.grouped")
    levels: dict[str, set[str]] = {}
    for lock in target.locks:
        levels.setdefault(lock.id.name, set()).add(lock.level)
    for name, found in sorted(levels.items()):
        told = ", ".join(sorted(found - {""}))
        rule = "lock.added" if told else rows.unseen
        rows.add("governance", f"lock[{name}]", ("", "", told), rule)


def _caching(rows: Rows, target: TargetMachine) -> None:
    """Add one row for all data disks: one thing to do, not one for each."""
    told = {disk.caching for disk in target.disks if not disk.is_os and disk.caching}
    if told:
        rule = "caching.none" if any(each.casefold() == _NONE for each in told) else "caching.set"
        rows.add("disks", "data_disk_caching", ("", "", ", ".join(sorted(told))), rule)


def _adapters(rows: Rows, target: TargetMachine) -> None:
    for index, nic in enumerate(target.nics):
        if nic.accelerated is not None:
            rule = "accelerated.on" if nic.accelerated else "accelerated.off"
            sides = ("", "", switch(nic.accelerated))
            rows.add("network", f"target_nic[{index}].accelerated", sides, rule)
        if nic.security_group_id is not None:
            sides = ("", "", nic.security_group_id.name)
            rule = "security-group.on-adapter"
            rows.add("network", f"target_nic[{index}].security_group", sides, rule)
