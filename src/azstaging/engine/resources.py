"""What the lists of whole subscriptions told: machines, disks, network interfaces and locks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from azstaging.engine.ports import Json
from azstaging.model.bodies import Bodies, Body
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.items import JsonObject
from azstaging.model.machines import Lock
from azstaging.providers.compute import disk_owner, lock_from
from azstaging.providers.fields import Fields

VMS = "virtual machines"
DISKS = "disks"
NICS = "network interfaces"
LOCKS = "locks"
TARGET_KINDS = (VMS, DISKS, NICS, LOCKS)
_NO_VIEWS: Mapping[str, JsonObject] = MappingProxyType({})
# What `providers.compute` reads of disks and adapters, casefolded.
_KEPT_BESIDE = frozenset({"id", "managedby", "sku"})
_DISK_TYPE = "microsoft.compute/disks"
_KEPT = {
    DISKS: frozenset(
        {"disksizegb", "disksizebytes", "hypervgeneration", "encryption", "creationdata"}
    ),
    NICS: frozenset(
        {
            "macaddress",
            "primary",
            "ipconfigurations",
            "networksecuritygroup",
            "enableacceleratednetworking",
        }
    ),
}
Place = tuple[str, str]
"""A subscription and a location, casefolded."""


@dataclass(slots=True)
class Resources:
    """What whole-subscription lists told, by casefolded id.

    Attributes:
        unread: (casefolded subscription, kind) of every list that could not be read.
        by_source: disks by the casefolded id of the resource that they were copied from.
        states_listed: casefolded subscriptions whose run-time states were asked for as a list.
    """

    vms: Bodies = field(default_factory=Bodies)
    disks: Bodies = field(default_factory=Bodies)
    nics: Bodies = field(default_factory=Bodies)
    locks: dict[str, list[Lock]] = field(default_factory=dict)
    sizes: dict[Place, Mapping[str, Json]] = field(default_factory=dict)
    unread: set[tuple[str, str]] = field(default_factory=set)
    by_source: dict[str, list[str]] = field(default_factory=dict)
    states_listed: set[str] = field(default_factory=set)
    _holders: tuple[int, Mapping[str, ResourceId]] = (0, MappingProxyType({}))
    _above: dict[str, tuple[Lock, ...]] = field(default_factory=dict)
    _locks_added: int = 0

    @property
    def state(self) -> tuple[int, ...]:
        """Numbers that are others as soon as a machine, a part, a lock or a failure is added.

        Sizes are left out: where they are wanted, they are waited for.
        """
        written = (self.vms.writes, self.disks.writes, self.nics.writes)
        return (*written, self._locks_added, len(self.unread))

    def is_unread(self, subscription: str | None, kind: str) -> bool:
        """Tell whether the list of a kind is missing for a subscription."""
        return ((subscription or "").casefold(), kind) in self.unread

    def covering(self, resource: ResourceId) -> tuple[Lock, ...]:
        """Return the locks at a resource, then those at everything above it."""
        key = resource.key
        return (*self.locks.get(key, ()), *self._locks_above(key.rpartition("/")[0]))

    def _locks_above(self, parent: str) -> tuple[Lock, ...]:
        """Look up a path once for all resources that lie directly below it."""
        found = self._above.get(parent)
        if found is None:
            parts = parent.split("/")
            paths = ("/".join(parts[:count]) for count in range(len(parts), 1, -1))
            found = tuple(lock for path in paths for lock in self.locks.get(path, ()))
            self._above[parent] = found
        return found

    def add(
        self, kind: str, bodies: Iterable[Json], views: Mapping[str, JsonObject] = _NO_VIEWS
    ) -> None:
        """Take in the rows of one list; of machines with their instance views, by key."""
        if kind == LOCKS:
            self._above.clear()
            for lock in map(lock_from, bodies):
                self._locks_added += 1
                self.locks.setdefault(lock.scope.key, []).append(lock)
            return
        held = {VMS: self.vms, DISKS: self.disks, NICS: self.nics}[kind]
        for row in bodies:
            found = parse_id(row.get("id"))
            if found is None:
                continue
            if kind == VMS:
                # As they came, taken apart only to put the view in.
                view = views.get(found.key)
                held[found.key] = row if view is None else _with_view(_whole(row), view) or row
                continue
            body = _whole(row)
            held[found.key] = _slim(body, kind)
            if kind == DISKS:
                source = Fields(body).object("properties").object("creationData")
                copied = source.id("sourceResourceId")
                if copied is not None:
                    self.by_source.setdefault(copied.key, []).append(found.key)

    def add_states(self, bodies: Iterable[Json]) -> None:
        """Add the instance views of a ``statusOnly`` list to the machines that are known."""
        for key, view in views_of(bodies).items():
            self.add_view(ResourceId(key), view)

    def add_view(self, vm: ResourceId, view: Mapping[str, Any]) -> None:
        """Add an instance view to a machine; one that it has already stays."""
        known = self.vms.get(vm.key)
        seen = None if known is None else _with_view(known, view)
        if seen is not None:
            self.vms[vm.key] = seen

    def has_view(self, vm: ResourceId) -> bool:
        """Tell whether the power state of a machine is known."""
        properties = Fields(self.vms.get(vm.key)).object("properties")
        return bool(properties.object("instanceView"))

    def owner_of(self, disk: ResourceId) -> ResourceId | None:
        """Return what a disk is attached to, or None."""
        body = self.disks.get(disk.key)
        if body is not None:
            return disk_owner(body)
        if not self.is_unread(disk.subscription_id, DISKS):
            return None
        # The disks could not be listed; the machines say the same thing from their side.
        return self._by_machine().get(disk.key)

    def source_of(self, disk: ResourceId) -> ResourceId | None:
        """Return the disk that a disk was copied from; None where it is none, or is not told.

        A copy of a snapshot tells the snapshot, and not whose it is.
        """
        creation = Fields(self.disks.get(disk.key)).object("properties").object("creationData")
        source = creation.id("sourceResourceId")
        return source if source is not None and source.resource_type == _DISK_TYPE else None

    def _by_machine(self) -> Mapping[str, ResourceId]:
        written, holders = self._holders
        if written != self.vms.writes:
            written = self.vms.writes
            holders = {
                disk.key: ResourceId(key)
                for key, vm in self.vms.items()
                for disk in attached_disks(vm)
            }
            self._holders = written, holders
        return holders


def _whole(row: Json) -> Json:
    return row.unpack() if isinstance(row, Body) else row


def views_of(states: Iterable[Json]) -> dict[str, JsonObject]:
    """Return the instance views of a ``statusOnly`` list by the key of their machine."""
    views: dict[str, JsonObject] = {}
    for row in states:
        body = _whole(row)
        found = parse_id(body.get("id"))
        view = Fields(body).object("properties").value("instanceView")
        if found is not None and isinstance(view, Mapping):
            views[found.key] = view
    return views


def _with_view(vm: Json, view: Mapping[str, Any]) -> Json | None:
    """Return a machine with an instance view, or None: it has one, or has no place for it."""
    properties = vm.get("properties")
    if not isinstance(properties, dict) or properties.get("instanceView"):
        return None
    return {**vm, "properties": {**properties, "instanceView": view}}


def _slim(body: Json, kind: str) -> Json:
    """Leave out what no row is made of; there are several disks to a machine."""
    kept, properties = _KEPT[kind], body.get("properties")
    if not isinstance(properties, dict):
        return body
    slim = {name: value for name, value in body.items() if name.casefold() in _KEPT_BESIDE}
    inner = {name: value for name, value in properties.items() if name.casefold() in kept}
    return slim | {"properties": inner}


def is_virtual_machine(id: ResourceId) -> bool:
    """Tell whether an id is a virtual machine's, one of a scale set included."""
    # Most of those that are asked about are of discovery, and told at once.
    kind = "microsoft.compute/virtualmachine"
    return kind in id.key and id.resource_type.startswith(kind)


def vm_key(group: ResourceId, name: str) -> str:
    """Return the casefolded id of a machine by its resource group and name."""
    return f"{group.key}/providers/microsoft.compute/virtualmachines/{name.strip().casefold()}"


def attached_disks(vm: JsonObject) -> tuple[ResourceId, ...]:
    """Return the ids of a machine's managed disks, the OS disk first."""
    storage = Fields(vm).object("properties").object("storageProfile")
    parts = (storage.object("osDisk"), *storage.objects("dataDisks"))
    found = (part.object("managedDisk").id("id") for part in parts)
    return tuple(each for each in found if each is not None)


def attached_nics(vm: JsonObject) -> tuple[ResourceId, ...]:
    """Return the ids of a machine's network interfaces."""
    network = Fields(vm).object("properties").object("networkProfile")
    found = (each.id("id") for each in network.objects("networkInterfaces"))
    return tuple(each for each in found if each is not None)


def made_of_disks(vm: JsonObject) -> bool:
    """Tell whether a machine was made from existing disks, as the service makes them.

    Where the answer does not say, it counts.
    """
    storage = Fields(vm).object("properties").object("storageProfile")
    if storage.object("imageReference"):
        return False
    option = storage.object("osDisk").text("createOption").casefold()
    return option in {"", "attach"}
