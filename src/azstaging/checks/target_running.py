"""The migrated machine is provisioned, runs, and its agent reports."""

from azstaging.checks.interface import (
    HOUR,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)
from azstaging.model.items import Collection


@check(
    id="target-running",
    title="The target machine is provisioned, runs, and its VM agent reports",
    source="https://learn.microsoft.com/azure/virtual-machines/states-billing",
    lifetime_seconds=8 * HOUR,
    boot=True,
    next_step="Start the machine, or repair it and its VM agent.",
)
def target_running(context: ItemContext) -> Verdict:
    """Judge provisioning, power and agent; what is bad counts before what is unknown."""
    row = context.row
    target = row.target
    if row.item.collection is Collection.DATA_REPLICATION:
        return inconclusive("the target of an Azure Local migration cannot be read")
    if target is None:
        if row.target_unknown:
            return inconclusive(f"the target could not be read: {row.target_note or 'no reason'}")
        return failed("there is no target machine", "Find the machine, or migrate again.")
    states = (
        ("provisioning", target.provisioning_state, "succeeded"),
        ("power", target.power, "running"),
        ("agent", target.agent, "ready"),
    )
    detail = ", ".join(f"{name} {state or 'not told'}" for name, state, _ in states)
    detail = f"{target.name}: {detail}"
    if any(state and state.casefold() != wanted for _, state, wanted in states):
        return failed(detail)
    return passed(detail) if all(state for _, state, _ in states) else inconclusive(detail)
