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
from azstaging.engine.sources import NO_SOURCE, NOT_READ, Source
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What of a row was put together before its time.

    Attributes:
        row: the whole row, or None where it depends on the machines of all others.
        state: of the lists that it was made of; other lists can make another row.
    """

    matched: Matched
    target: TargetMachine | None
    row: InventoryItem | None
    state: tuple[int, ...]


_Ahead = Mapping[ResourceId, Parts]
_NOTHING: _Ahead = MappingProxyType({})


def build_rows(
    matched: list[Matched],
    resources: Resources,
    sources: Mapping[ResourceId, Source],
    ahead: _Ahead = _NOTHING,
) -> list[InventoryItem]:
    """Build the row of every item; workloads are added later.

    Args:
        matched: the items and their machines.
        resources: the lists.
        sources: what is known of the sources of the items that are `unfinished`.
        ahead: what was put together before.
    """
    # A machine that is in dispute is somebody's target all the same, and no test machine.
    targets = {each.match.vm for each in matched if each.match.vm is not None}
    return [
        _finished(each, resources, ahead)
        or _row(each, resources, sources, targets, ahead.get(each.item.id))
        for each in undisputed(matched)
    ]


def unfinished(matched: list[Matched], resources: Resources, ahead: _Ahead) -> list[ReplicatedItem]:
    """Return the items whose rows are still to be made, so that their sources are wanted."""
    return [e.item for e in undisputed(matched) if _finished(e, resources, ahead) is None]


def _finished(each: Matched, resources: Resources, ahead: _Ahead) -> InventoryItem | None:
    """Return the row that was made ahead if it would be the same now."""
    parts = ahead.get(each.item.id)
    if parts is None or parts.matched is not each or parts.state != resources.state:
        return None
    return parts.row


def parts_of(matched: Matched, resources: Resources, source: Source) -> Parts:
    """Put together what can be known of a row before all others are there.

    Args:
        matched: an item, and its machine.
        resources: lists that have everything of this machine.
        source: what is known of its source.
    """
    target = target_of(matched, resources)
    # What is nobody's test machine now is none for what other machines become, either.
    tests = find_test_machines(matched.item, matched.match.vm, resources, ())
    row = None if tests else _row_of(matched, target, tests, source, resources)
    return Parts(matched=matched, target=target, row=row, state=resources.state)


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
        source_note=NO_SOURCE if item.source_id is None else NOT_READ,
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
    item = each.item
    target = parts.target if parts is not None and parts.matched is each else None
    if not _is_current(target, resources):
        target = target_of(each, resources)
    tests = find_test_machines(item, each.match.vm, resources, targets)
    # Who names no source was looked for; held by the item's own id.
    missing = NO_SOURCE if item.source_id is None else NOT_READ
    source = sources.get(item.source_id or item.id, Source(note=missing))
    return _row_of(each, target, tests, source, resources)


def _row_of(
    each: Matched,
    target: TargetMachine | None,
    tests: tuple[ResourceId, ...],
    known: Source,
    resources: Resources,
) -> InventoryItem:
    item, match = each.item, each.match
    verdict = derive_phase(each.facts, target, match.unknown, tests)
    source, note = _source(item, known, resources)
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
        locks=resources.covering(vm),
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
    item: ReplicatedItem, known: Source, resources: Resources
) -> tuple[SourceMachine | None, str]:
    named = item.source_id
    if known.body is None:
        return None, known.note
    if named is not None and is_virtual_machine(named):
        return _source_vm(named, known.body, resources), known.note
    machine = source_machine(known.body)
    if named is not None and machine.is_deleted:
        return machine, "discovery marks the source machine as deleted"
    return machine, known.note


def _is_current(vm: TargetMachine | None, resources: Resources) -> bool:
    """Tell whether a VM is what the lists have now: its run-time state may have come since."""
    return vm is not None and vm.body is resources.vms.packed(vm.id.key)


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
    locks = resources.covering(item.id)
    if not locks:
        return ()
    request = stop_request_of(item) or StopRequest(operation="", method="DELETE", id=item.id)
    return tuple(sorted((k for k in locks if lock_blocks(k.level, request)), key=lambda k: k.id))
