"""Which machine belongs to which item.

An item does not say which VM it became; its disks do. A machine that merely has the intended
name is not believed: where that name was taken, the service has called the machine otherwise.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from azstaging.engine.ports import Json
from azstaging.engine.resources import (
    VMS,
    Resources,
    attached_disks,
    is_virtual_machine,
    made_of_disks,
    vm_key,
)
from azstaging.engine.testmachines import test_names_of
from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.items import ItemDisk, ReplicatedItem
from azstaging.providers.fields import Fields

BY_NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which machine belongs to an item, and how that is known.

    Attributes:
        vm: the machine, or None.
        how: ``disks``, ``item``, ``name`` or "".
        note: one sentence, or "".
        unknown: it could not be told whether there is one.
    """

    vm: ResourceId | None = None
    how: str = ""
    note: str = ""
    unknown: bool = False


def subscriptions_of(items: Iterable[ReplicatedItem]) -> set[str]:
    """Return the subscriptions that targets, test machines and source VMs can live in."""
    return {
        found.subscription_id.casefold()
        for item in items
        for found in _target_ids(item)
        if found is not None and found.subscription_id
    }


def _target_ids(item: ReplicatedItem) -> Iterator[ResourceId | None]:
    yield item.settings.resource_group_id
    yield item.target_id
    yield item.test_target_id
    if item.source_id is not None and is_virtual_machine(item.source_id):
        yield item.source_id
    yield from (disk.target_disk_id for disk in item.disks)


def match_target(item: ReplicatedItem, resources: Resources, *, cut_over: bool) -> Match:
    """Find the machine of one item: through its disks, by its id, last by its name.

    Args:
        item: with its disks, as GET gave it.
        resources: the lists of its target subscriptions.
        cut_over: the item says that the machine was migrated. Only then does the intended name
            mean anything.
    """
    unread = {
        found.subscription_id
        for found in _target_ids(item)
        if found is not None and resources.is_unread(found.subscription_id, VMS)
    }
    if unread:
        return Match(note="its subscription's machines could not be read", unknown=True)
    disks = [disk.target_disk_id for disk in item.disks if disk.target_disk_id is not None]
    if disks:
        by_disks = _by_disks(disks, resources)
        if by_disks is not None:
            return _unless_test_machine(item, _booting(item.disks, by_disks, resources))
    if item.target_id is not None:
        return _by_id(item.target_id, item.disks, resources)
    if disks:
        return Match(note=_detached(disks, resources))
    return _by_names(item, resources) if cut_over else Match()


def _by_id(vm: ResourceId, disks: Iterable[ItemDisk], resources: Resources) -> Match:
    body = resources.vms.get(vm.key)
    if body is None:
        return Match(note=f"the item names {vm.name}, which is not there")
    held = {key for disk in attached_disks(body) for key in (disk.key, disk.name.casefold())}
    ids = {disk.target_disk_id.key for disk in disks if disk.target_disk_id is not None}
    told = ids | {disk.target_name.casefold() for disk in disks if disk.target_name}
    # Of a machine without managed disks nothing is known.
    if told and held and not told & held:
        # An id is a group and a name: a machine made anew has it, too.
        note = f"the item names {vm.name}, which holds none of the item's disks"
        return Match(note=note, unknown=True)
    return Match(vm=vm, how="item")


def _by_disks(disks: list[ResourceId], resources: Resources) -> Match | None:
    owners: dict[ResourceId, list[ResourceId]] = {}
    for disk in disks:
        owner = resources.owner_of(disk)
        if owner is not None:
            owners.setdefault(owner, []).append(disk)
    if not owners:
        return None
    if len(owners) > 1:
        names = ", ".join(sorted(owner.name for owner in owners))
        return Match(note=f"its disks are attached to several machines: {names}", unknown=True)
    ((owner, attached),) = owners.items()
    if not is_virtual_machine(owner):
        return Match(note=f"its disks belong to {owner}, which is no virtual machine")
    missing = [disk.name for disk in disks if disk not in attached]
    note = f"not attached to it: {', '.join(missing)}" if missing else ""
    return Match(vm=owner, how="disks", note=note)


def _booting(disks: Iterable[ItemDisk], match: Match, resources: Resources) -> Match:
    """Confirm that a machine boots from the item's disks; a disk may hang on another machine."""
    body = resources.vms.get(match.vm.key) if match.vm is not None else None
    if match.vm is None or body is None:
        return match
    system = Fields(body).object("properties").object("storageProfile").object("osDisk")
    boots_from = system.object("managedDisk").id("id")
    known = {disk.target_disk_id for disk in disks if disk.is_os is not False}
    if boots_from in known:
        return match
    note = f"{match.vm.name} holds disks of the item, but does not boot from its OS disk"
    return Match(note=note, unknown=True)


def _unless_test_machine(item: ReplicatedItem, match: Match) -> Match:
    """Do not take a machine for the target that has the name of the item's test machine."""
    name = match.vm.name if match.vm is not None else ""
    if name.casefold() not in map(str.casefold, test_names_of(item.settings.vm_name)):
        return match
    note = f"its disks are attached to {name}, which has the name of its test machine"
    return Match(note=note, unknown=True)


def _detached(disks: list[ResourceId], resources: Resources) -> str:
    there = [disk.name for disk in disks if disk.key in resources.disks]
    if there:
        return f"its disks are attached to no machine: {', '.join(there)}"
    return "none of its target disks exists"


def _by_names(item: ReplicatedItem, resources: Resources) -> Match:
    """Find a machine by the intended names: of its disks, last by its own with its disks as proof.

    Where the service has renamed the machine, another one has the intended name.
    """
    group, name = item.settings.resource_group_id, item.settings.vm_name
    if group is None:
        return Match(note="the item names neither its disks nor its resource group")
    named = [_with_id(disk, group) for disk in item.disks if disk.target_name]
    ids = [disk.target_disk_id for disk in named if disk.target_disk_id is not None]
    by_disks = _by_disks(ids, resources) if ids and len(ids) == len(item.disks) else None
    if by_disks is not None:
        return _of_named(item, _booting(named, by_disks, resources), resources)
    if not name:
        return Match(note=f"the item names no machine, and no disk that is in {group.name}")
    body = resources.vms.get(vm_key(group, name))
    found = parse_id(body.get("id")) if body is not None else None
    if body is None or found is None:
        return Match(note=f"there is no machine {name} in {group.name}")
    proof = _same_disks(item, body, resources)
    if not proof:
        note = f"{name} has the intended name, but nothing proves that its disks are the item's"
        return Match(note=note, unknown=True)
    return Match(vm=found, how=BY_NAME, note=f"found by name in {group.name}; {proof}")


def _of_named(item: ReplicatedItem, match: Match, resources: Resources) -> Match:
    """Believe the names of disks only where nothing tells that they are somebody else's."""
    if match.vm is None:
        return match
    body = resources.vms.get(match.vm.key)
    if body is None:
        note = f"disks of the intended names belong to {match.vm.name}, which was not listed"
        return Match(note=note, unknown=True)
    if not made_of_disks(body):
        note = f"{match.vm.name} has disks of the intended names, and was made of an image"
        return Match(note=note, unknown=True)
    seeds = {disk.seed_disk_id for disk in item.disks if disk.seed_disk_id is not None}
    names = {disk.target_name.casefold() for disk in item.disks}
    for disk in attached_disks(body):
        source = resources.source_of(disk) if disk.name.casefold() in names else None
        if seeds and source is not None and source not in seeds:
            note = f"{disk.name} has an intended name, and was copied from {source.name}"
            return Match(note=f"{note}, which is no disk of the item", unknown=True)
    return replace(match, how=BY_NAME, note=match.note or "found by the names of its disks")


def _with_id(disk: ItemDisk, group: ResourceId) -> ItemDisk:
    try:
        found = group.child("providers", "Microsoft.Compute", "disks", disk.target_name)
    except ConfigurationError:
        return disk
    return replace(disk, target_disk_id=found)


def _same_disks(item: ReplicatedItem, vm: Json, resources: Resources) -> str:
    """Say what proves that a machine's disks are the item's; "" when nothing does.

    Their number and sizes do not: those of the machine of an earlier try are the same.
    """
    attached = attached_disks(vm)
    if not attached or len(attached) != len(item.disks) or not made_of_disks(vm):
        return ""
    intended = sorted((disk.target_name or disk.name).casefold() for disk in item.disks)
    if intended == sorted(disk.name.casefold() for disk in attached):
        return "its disks have the intended names"
    seeds = [disk.seed_disk_id.key for disk in item.disks if disk.seed_disk_id is not None]
    copies = {key for seed in seeds for key in resources.by_source.get(seed, ())}
    if copies.issuperset(disk.key for disk in attached):
        return "its disks were copied from the item's"
    return ""
