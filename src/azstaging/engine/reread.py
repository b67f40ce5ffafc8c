"""Read one item and its target again, right before a change. Single GETs only."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from azstaging.engine.ports import AzurePort
from azstaging.errors import NotFoundError, StagingError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import TargetMachine
from azstaging.providers import facts_of, parse_item
from azstaging.providers.compute import attached_ids, parse_target
from azstaging.rules.phase import derive_phase

Reread = Callable[[InventoryItem], InventoryItem]


def reread(azure: AzurePort, row: InventoryItem) -> InventoryItem:
    """Return the row as it is now: item, facts, target with disks and adapters, phase.

    Sizes, locks, test machines and the source are those of ``row``: they were read at the start
    of the release.

    Raises:
        ServiceError: the item could not be read. An unread target is in the row as unknown.
    """
    item = parse_item(azure.get_item(row.id), row.item.collection)
    facts = facts_of(item)
    target, unknown, note = _target(azure, row.target)
    verdict = derive_phase(facts, target, target_unknown=unknown, test_machines=row.test_machines)
    return replace(
        row,
        item=item,
        facts=facts,
        target=target,
        target_unknown=unknown,
        target_note=note,
        phase=verdict.phase,
        phase_evidence=verdict.evidence,
    )


def _target(
    azure: AzurePort, known: TargetMachine | None
) -> tuple[TargetMachine | None, bool, str]:
    if known is None:
        return None, False, ""
    try:
        vm = azure.get_virtual_machine(known.id)
        parts = [azure.get_resource(part) for part in attached_ids(vm)]
    except NotFoundError:
        return None, False, f"{known.name} is not there any more"
    except StagingError as error:
        return None, True, str(error)
    return _same_sizes(parse_target(vm, _by_id(parts), _by_id(parts)), known), False, ""


def _by_id(resources: list[dict[str, Any]]) -> Mapping[ResourceId, dict[str, Any]]:
    return {ResourceId(resource["id"]): resource for resource in resources}


def _same_sizes(target: TargetMachine, known: TargetMachine) -> TargetMachine:
    if target.size.casefold() != known.size.casefold():
        return target
    return replace(
        target,
        cores=known.cores,
        memory_mib=known.memory_mib,
        locks=known.locks,
        resolved_by=known.resolved_by,
        renamed=known.renamed,
    )
