"""Read one item and its target again, right before a change. Single GETs only."""

from dataclasses import replace

from azstaging.engine.ports import AzurePort
from azstaging.errors import DeadlineReachedError, NotFoundError, StagingError
from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import TargetMachine
from azstaging.providers import facts_of, parse_item
from azstaging.providers.compute import target_machine
from azstaging.rules.phase import derive_phase


def reread(azure: AzurePort, row: InventoryItem) -> InventoryItem:
    """Return the row as it is now: item, facts, target, phase.

    What a fingerprint and the evidence depend on is read: the item, and the VM with the ids of
    its disks and adapters. Locks, test machines and the source are those of ``row``, read at the
    start of the release.

    Raises:
        DeadlineReachedError: there is no time left to read.
        ServiceError: the item could not be read. An unread target is in the row as unknown.
    """
    item = parse_item(azure.get_item(row.id), row.item.collection)
    facts = facts_of(item)
    if row.target is None:
        # Nobody looks for one now: what was not known stays unknown.
        target, unknown, note = None, row.target_unknown, row.target_note
    else:
        target, unknown, note = _target(azure, row.target)
    verdict = derive_phase(facts, target, unknown, row.test_machines)
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


def _target(azure: AzurePort, known: TargetMachine) -> tuple[TargetMachine | None, bool, str]:
    try:
        vm = azure.get_virtual_machine(known.id)
        return target_machine(vm, resolved_by=known.resolved_by), False, ""
    except NotFoundError:
        return None, False, f"{known.name} is not there any more"
    except DeadlineReachedError:
        raise
    except StagingError as error:
        return None, True, str(error)
