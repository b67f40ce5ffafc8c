"""Left-over test machines, found by looking for them; the item's state flag may be stale.

Looked for: the machine that the item links, a machine on disks that were copied from the item's,
and a machine with the name that the service gives to test machines. The name alone is not enough:
what was built from an image is somebody's own machine.
"""

from collections.abc import Collection, Iterator

from azstaging.engine.resources import (
    VMS,
    Resources,
    is_virtual_machine,
    made_of_disks,
    vm_key,
)
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.items import ReplicatedItem
from azstaging.providers.compute import disk_owner

_MAX_NAME = 64
_SUFFIX = "-test"
_DISK_SUFFIXES = ("-test", "-asrtest")


def find_test_machines(
    item: ReplicatedItem,
    target: ResourceId | None,
    resources: Resources,
    known_targets: Collection[ResourceId],
) -> tuple[ResourceId, ...]:
    """Return the test machines of one item, sorted.

    Args:
        item: the item, with its disks.
        target: its migrated machine, if there is one.
        resources: the lists of its target subscriptions.
        known_targets: the migrated machines of all items; none of them is a test machine.
    """
    found = {
        *_linked(item, resources),
        *_by_disks(item, resources),
        *_by_name(item, target, resources),
    }
    if not found:
        return ()
    disks = (disk.target_disk_id for disk in item.disks if disk.target_disk_id is not None)
    holders = set(map(resources.owner_of, disks)) - {None}
    # What alone holds its disks is no copy, whether it is believed to be the target or not.
    own = {target, item.source_id, *(holders if len(holders) == 1 else ())}
    return tuple(sorted(vm for vm in found if vm not in own and vm not in known_targets))


def test_names_of(name: str) -> set[str]:
    """Return what the service calls the test machine of a machine of this name, if it is known.

    A name of 64 letters leaves no place for the suffix.
    """
    return {(name + _SUFFIX)[:_MAX_NAME]} - {name} if name else set()


def _linked(item: ReplicatedItem, resources: Resources) -> Iterator[ResourceId]:
    link = item.test_target_id
    if link is not None and link.key in resources.vms:
        yield link


def _by_disks(item: ReplicatedItem, resources: Resources) -> Iterator[ResourceId]:
    for disk in item.disks:
        for origin in (disk.seed_disk_id, disk.target_disk_id):
            if origin is None:
                continue
            keys = list(resources.by_source.get(origin.key, ()))
            if origin is disk.target_disk_id:
                keys += [origin.key + suffix for suffix in _DISK_SUFFIXES]
            for key in keys:
                owner = disk_owner(resources.disks[key]) if key in resources.disks else None
                if owner is not None and _may_be_there(owner, resources):
                    yield owner


def _may_be_there(owner: ResourceId, resources: Resources) -> bool:
    """Tell whether a disk's machine exists: the disk says so, though no list may have it yet."""
    if owner.key in resources.vms:
        return True
    return is_virtual_machine(owner) and not resources.is_unread(owner.subscription_id, VMS)


def _by_name(
    item: ReplicatedItem, target: ResourceId | None, resources: Resources
) -> Iterator[ResourceId]:
    group = item.settings.resource_group_id
    if group is None and target is not None:
        group = target.parent()
    if group is None:
        return
    names = test_names_of(item.settings.vm_name) | test_names_of(target.name if target else "")
    for name in sorted(names | ({item.test_target_name} - {""})):
        body = resources.vms.get(vm_key(group, name))
        vm = parse_id(body.get("id")) if body is not None else None
        if body is not None and vm is not None and made_of_disks(body):
            yield vm
