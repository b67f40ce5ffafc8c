"""What must hold of one item, whatever the checks say. None of it can be waived."""

from collections.abc import Iterable

from azstaging.model.decisions import Policy, Reason
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.items import Collection, StopRequest, TestMachine

_PHASE_STEPS = {
    Phase.PREPARING: "Wait until the initial replication has ended, then migrate.",
    Phase.REPLICATING: "Migrate the machine first.",
    Phase.PAUSED: "Paused is not migrated: resume the replication and migrate the machine.",
    Phase.TEST_MIGRATED: "Clean up the test migration, then migrate the machine.",
    Phase.CUTOVER_RUNNING: "Wait until the migration has ended.",
    Phase.STOPPING: "Replication is being stopped already; wait, then read the inventory again.",
    Phase.FAILED: "Read the failed job, mend the cause and migrate again.",
    Phase.REVERSED: "It replicates back to the source: decide the direction before anything else.",
    Phase.CONTRADICTION: "Item and target disagree: mend the target, or migrate again.",
    Phase.UNRECOGNISED: "Look at the raw state; this version does not know it.",
}


def item_reasons(row: InventoryItem, policy: Policy) -> Iterable[Reason]:
    """Yield every precondition that one item does not meet, in a fixed order."""
    yield from _identity(row)
    yield from _phase(row)
    yield from _service(row)
    yield from _target(row, accept_unprovable=policy.accept_unprovable_target)
    yield from _test_machine(row)
    yield from _locks(row)


def stop_reasons(row: InventoryItem) -> Iterable[Reason]:
    """Yield what stands against any stop of one item, whatever for: release or abandon."""
    yield from _identity(row)
    yield from _service(row)
    yield from _test_machine(row)
    yield from _locks(row)


def item_reason(row: InventoryItem, code: str, detail: str, next_step: str) -> Reason:
    """Return a reason about one item, which no waiver opens."""
    return Reason(code=code, detail=f"{row.name}: {detail}", next_step=next_step, item_id=row.id)


def _identity(row: InventoryItem) -> Iterable[Reason]:
    if not row.item.generation:
        yield item_reason(
            row,
            "no-generation",
            "the service gave no correlation id, so a re-protection could not be noticed",
            "Read the inventory again; without it the item cannot be released.",
        )
    if not row.item.detailed:
        yield item_reason(
            row,
            "not-detailed",
            "only the list row could be read, without disks and adapters",
            "Read the inventory again.",
        )


def _phase(row: InventoryItem) -> Iterable[Reason]:
    if row.phase is not Phase.STAGED:
        why = "; ".join(row.phase_evidence)
        yield item_reason(
            row,
            "phase",
            f"phase is {row.phase.value}" + (f" ({why})" if why else ""),
            _PHASE_STEPS.get(row.phase, "Read the inventory again."),
        )


def _service(row: InventoryItem) -> Iterable[Reason]:
    if row.facts.unrecognised:
        yield item_reason(
            row,
            "unrecognised",
            "unknown value " + ", ".join(row.facts.unrecognised),
            "Look at the raw state; this version does not know it.",
        )
    if not row.facts.stop_allowed:
        yield item_reason(
            row,
            "stop-not-allowed",
            "the service does not list the stop among the allowed operations",
            "Wait for running jobs, then read the inventory again.",
        )
    if row.facts.idle is not True:
        job = row.item.running_job
        if job or row.facts.idle is False:
            said = f"job {job} is running" if job else "a job is running, and its name is not told"
            step = "Wait until the job has ended."
        else:
            said = "the service does not tell whether a job is running"
            step = "Read the inventory again; if it stays so, look at its jobs in the portal."
        yield item_reason(row, "job-running", said, step)


def _target(row: InventoryItem, *, accept_unprovable: bool) -> Iterable[Reason]:
    if row.item.collection is Collection.DATA_REPLICATION:
        if accept_unprovable:
            return
        yield item_reason(
            row,
            "target-not-provable",
            "the target of an Azure Local migration cannot be read yet",
            "Release it by hand, or let [gate] accept_unprovable_target = true say that its job "
            "and its absence are proof enough.",
        )
    elif row.target_unknown:
        yield item_reason(row, "target-unread", *_unread_target(row))
    elif row.target is None:
        yield item_reason(
            row,
            "target-missing",
            "no Azure VM holds its disks" + (f": {row.target_note}" if row.target_note else ""),
            "Find the target machine, or migrate again.",
        )


def _unread_target(row: InventoryItem) -> tuple[str, str]:
    if not row.item.detailed:
        # What the note says of the target was found without the disks that tell which it is.
        return (
            "its target could not be told without its disks, which could not be read",
            "See that the item itself can be read, then read the inventory again.",
        )
    return (
        f"the target could not be read: {row.target_note}",
        "See that the target can be read; azstaging inventory says what is missing for it.",
    )


def _test_machine(row: InventoryItem) -> Iterable[Reason]:
    if row.test_machines:
        names = ", ".join(machine.name for machine in row.test_machines)
        yield item_reason(
            row,
            "test-machine",
            f"test machine {names} is left over",
            "Clean up the test migration.",
        )
    elif row.facts.test is not TestMachine.NONE or row.facts.cleanup_allowed:
        yield item_reason(
            row,
            "test-machine",
            "the service says that a test machine is outstanding, or does not say",
            "Clean up the test migration.",
        )


def _locks(row: InventoryItem) -> Iterable[Reason]:
    for lock in row.locks:
        yield item_reason(
            row,
            "lock",
            f"lock {lock.id.name} ({lock.level}) on {lock.scope.name} would block the stop",
            "Have the lock removed by its owner, and put back afterwards.",
        )


def lock_blocks(level: str, request: StopRequest) -> bool:
    """Tell whether a lock of this level blocks this request.

    ``ReadOnly`` blocks both; ``CanNotDelete`` blocks a DELETE and lets a POST action pass. An
    unknown level is taken to block.
    """
    if level.casefold() == "cannotdelete":
        return request.method == "DELETE"
    return level.casefold() != "notspecified"
