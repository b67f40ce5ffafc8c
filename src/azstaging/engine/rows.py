"""Puts one row together from what was read of its item, its machines and its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from azstaging.engine.machines import Matched, place_of, undisputed
from azstaging.engine.ports import Json
from azstaging.engine.resources import (
    Resources,
    attached_disks,
    attached_nics,
    is_virtual_machine,
)
from azstaging.engine.sources import Source
from azstaging.engine.testmachines import find_test_machines
from azstaging.model.bodies import Body
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.model.items import Facts, JsonObject, ReplicatedItem, StopRequest
from azstaging.model.machines import Lock, SourceMachine, TargetMachine
from azstaging.providers import facts_of, stop_request_of
from azstaging.providers.compute import target_machine
from azstaging.providers.discovery import source_from_vm, source_machine
from azstaging.providers.fields import Fields
from azstaging.rules.phase import PhaseVerdict, derive_phase
from azstaging.rules.preconditions import lock_blocks

_NO_SOURCE = "the item does not name its source machine"
_NOT_READ = "the source machine was not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What of a row was put together before its time.

    Attributes:
        source: None where it was not known yet.
    """

    matched: Matched
    target: TargetMachine | None
    source: SourceMachine | None


def build_rows(
    matched: list[Matched],
    resources: Resources,
    sources: Mapping[ResourceId, Source],
    ahead: Mapping[ResourceId, Parts] = MappingProxyType({}),
) -> list[InventoryItem]:
    """Build the row of every item; workloads are added later."""
    # A machine that is in dispute is somebody's target all the same, and no test machine.
    targets = {each.match.vm for each in matched if each.match.vm is not None}
    return [
        _row(each, resources, sources, targets, ahead.get(each.item.id))
        for each in undisputed(matched)
    ]


def listed_row(item: ReplicatedItem) -> InventoryItem:
    """Build the row of an item of which only the list was read, and let its JSON go."""
    # Some facts are told by the JSON alone.
    facts = facts_of(item)
    if isinstance(item.body, Body):
        item.body.forget()
    verdict = _untargeted(facts)
    return InventoryItem(
        item=item,
        facts=facts,
        phase=verdict.phase,
        phase_evidence=verdict.evidence,
        source_note=_NO_SOURCE if item.source_id is None else _NOT_READ,
        target_unknown=True,
        target_note="only the lists of items were read",
    )


@lru_cache(maxsize=1024)
def _untargeted(facts: Facts) -> PhaseVerdict:
    """Derive the phase where no machine was looked for; thousands of items have the same facts."""
    return derive_phase(facts, None, True, ())


def _row(
    each: Matched,
    resources: Resources,
    sources: Mapping[ResourceId, Source],
    targets: set[ResourceId],
    parts: Parts | None,
) -> InventoryItem:
    item, match = each.item, each.match
    known = parts is not None and parts.matched is each
    target = parts.target if parts is not None and known else None
    if not _is_current(target, resources):
        target = target_of(each, resources)
    tests = find_test_machines(item, match.vm, resources, targets)
    verdict = derive_phase(each.facts, target, match.unknown, tests)
    early = parts.source if parts is not None and known else None
    source, note = _source(item, sources, resources, early)
    return InventoryItem(
        item=item,
        facts=each.facts,
        phase=verdict.phase,
        phase_evidence=verdict.evidence,
        source=source,
        source_note=note,
        target=target,
        target_unknown=match.unknown,
        target_note=match.note,
        test_machines=tests,
        locks=_blocking_locks(item, resources),
    )


def target_of(each: Matched, resources: Resources) -> TargetMachine | None:
    """Put the machine of an item together from the lists, or return None: there is none."""
    vm = each.match.vm
    body = resources.vms.get(vm.key) if vm is not None else None
    if vm is None or body is None:
        return None
    return target_machine(
        body,
        held=resources.vms.packed(vm.key),
        disks=_disks(body, resources),
        nics=_nics(body, resources),
        size=_size(vm, body, resources),
        locks=tuple(resources.covering(vm)),
        resolved_by=each.match.how,
        intended_name=each.item.settings.vm_name,
    )


def _disks(vm: JsonObject, resources: Resources) -> list[Json]:
    found = (resources.disks.get(disk.key) for disk in attached_disks(vm))
    return [disk for disk in found if disk is not None]


def _nics(vm: JsonObject, resources: Resources) -> list[Json]:
    found = (resources.nics.get(nic.key) for nic in attached_nics(vm))
    return [nic for nic in found if nic is not None]


def _size(id: ResourceId, vm: JsonObject, resources: Resources) -> Json | None:
    name = Fields(vm).object("properties").object("hardwareProfile").text("vmSize").casefold()
    place = place_of(id, resources)
    return resources.sizes.get(place, {}).get(name) if place is not None else None


def _source(
    item: ReplicatedItem,
    sources: Mapping[ResourceId, Source],
    resources: Resources,
    early: SourceMachine | None,
) -> tuple[SourceMachine | None, str]:
    if item.source_id is None:
        # Looked for by what the item says of it; held by the item's id.
        found = sources.get(item.id, Source(note=_NO_SOURCE))
        return None if found.body is None else source_machine(found.body), found.note
    known = sources.get(item.source_id, Source(note=_NOT_READ))
    if known.body is None:
        return None, known.note
    if is_virtual_machine(item.source_id):
        if early is None or not _is_current(early, resources):
            early = _source_vm(item.source_id, known.body, resources)
        return early, known.note
    machine = early or source_machine(known.body)
    if machine.is_deleted:
        return machine, "discovery marks the source machine as deleted"
    return machine, known.note


def _is_current(vm: TargetMachine | SourceMachine | None, resources: Resources) -> bool:
    """Tell whether a VM is what the lists have now: its run-time state may have come since."""
    return vm is not None and vm.body is resources.vms.packed(vm.id.key)


def source_vm_of(item: ReplicatedItem, resources: Resources) -> SourceMachine | None:
    """Put the source VM of an item together from the lists, or return None: it has none there."""
    source = item.source_id
    if source is None or not is_virtual_machine(source):
        return None
    body = resources.vms.get(source.key)
    return None if body is None else _source_vm(source, body, resources)


def _source_vm(id: ResourceId, body: JsonObject, resources: Resources) -> SourceMachine:
    return source_from_vm(
        body,
        held=resources.vms.packed(id.key),
        disks=_disks(body, resources),
        nics=_nics(body, resources),
        size=_size(id, body, resources),
    )


def _blocking_locks(item: ReplicatedItem, resources: Resources) -> tuple[Lock, ...]:
    """Return the locks on the item, its vault, resource group or subscription that block a stop."""
    request = stop_request_of(item) or StopRequest(operation="", method="DELETE", id=item.id)
    locks = resources.covering(item.id)
    return tuple(sorted((k for k in locks if lock_blocks(k.level, request)), key=lambda k: k.id))
