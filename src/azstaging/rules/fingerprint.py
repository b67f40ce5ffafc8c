"""The fingerprint: an allow-list of observed values that must not change under a plan."""

from collections.abc import Mapping

from azstaging.model.inventory import InventoryItem

_STATES = {
    "migrationstate": "migrationState",
    "testmigratestate": "testMigrateState",
    "protectionstate": "protectionState",
    "activelocation": "activeLocation",
    "testfailoverstate": "testFailoverState",
    "resynchronizationstate": "resynchronizationState",
    "provisioningstate": "provisioningState",
}


def fingerprint(row: InventoryItem) -> dict[str, str]:
    """Return the allow-listed values of one row, name -> text, sorted by name.

    Ids are casefolded, lists sorted and joined with blanks. Percentages, times and health come
    and go without meaning a change and are left out.
    """
    item, target = row.item, row.target
    values = {
        "id": item.id.key,
        "generation": item.generation or "",
        "instanceType": item.provider,
        "allowedOperations": " ".join(sorted(item.allowed_operations)),
        "runningJob": item.running_job,
        "testMachines": " ".join(sorted(machine.key for machine in row.test_machines)),
        "phase": row.phase.value,
    }
    for name, value in item.raw.items():
        if (known := _STATES.get(name.casefold())) is not None:
            values[f"state.{known}"] = "" if value is None else str(value)
    if target is not None:
        values |= {
            "target.id": target.id.key,
            "target.vmId": target.vm_id.casefold(),
            "target.size": target.size.casefold(),
            "target.disks": " ".join(sorted(disk.id.key for disk in target.disks)),
            "target.nics": " ".join(sorted(nic.id.key for nic in target.nics)),
            "target.provisioningState": target.provisioning_state.casefold(),
        }
    return dict(sorted(values.items()))


def changes(planned: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Say what changed between two fingerprints, one line per name, sorted."""
    names = sorted({*planned, *now})
    return tuple(
        f"{name}: {planned.get(name) or '(none)'} -> {now.get(name) or '(none)'}"
        for name in names
        if planned.get(name) != now.get(name)
    )
