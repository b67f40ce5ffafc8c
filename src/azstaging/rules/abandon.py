"""Abandon: give up the replication of a machine that was *not* migrated. Pure.

It is the opposite of a release in all that counts: the machine must not be cut over, no Azure VM
may have come of it, and its source must be seen running, because the source is all that is left.
A migrated machine is released, through its gate; there is no way around the gate in here.
"""

from collections.abc import Iterable
from datetime import datetime

from azstaging.model.decisions import Reason
from azstaging.model.ids import id_key
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import Cutover
from azstaging.model.plans import Plan
from azstaging.rules.evidence import CLOCK_SKEW
from azstaging.rules.gate import INVENTORY_LIFETIME, Case
from azstaging.rules.history import History
from azstaging.rules.preconditions import item_reason, stop_reasons
from azstaging.rules.readiness import Readiness, hold, is_done, refusal

_MAY_GO = frozenset({Phase.PREPARING, Phase.REPLICATING, Phase.PAUSED, Phase.FAILED})
_NOT_CUT_OVER = frozenset({Cutover.NONE, Cutover.FAILED})
_STEPS = {
    Phase.STAGED: "It is migrated: run azstaging plan and release it.",
    Phase.TEST_MIGRATED: "Clean up the test migration, then read the inventory again.",
    Phase.CUTOVER_RUNNING: "Wait until the migration has ended.",
    Phase.STOPPING: "Its replication is being stopped already; wait.",
    Phase.RELEASED: "Nothing to do.",
}
_LOOK = "Look at the machine in the portal; azstaging does not give up what it does not understand."


def reasons(row: InventoryItem, inventory: Inventory, *, now: datetime) -> tuple[Reason, ...]:
    """Return everything that stands against giving up one replication, in a fixed order."""
    return (
        *_age(row, inventory, now),
        *_phase(row),
        *stop_reasons(row),
        *_target(row),
        *_source(row),
    )


def _age(row: InventoryItem, inventory: Inventory, now: datetime) -> Iterable[Reason]:
    if inventory.lists_only or not (
        now - INVENTORY_LIFETIME <= inventory.read_at <= now + CLOCK_SKEW
    ):
        yield item_reason(
            row,
            "stale-inventory",
            "the inventory is incomplete, older than one hour, or dated in the future",
            "Read the inventory again.",
        )


def _phase(row: InventoryItem) -> Iterable[Reason]:
    if row.phase not in _MAY_GO:
        yield item_reason(
            row,
            "abandon-phase",
            f"phase is {row.phase.value}, and only a machine that was not migrated is abandoned",
            _STEPS.get(row.phase, _LOOK),
        )
    elif row.facts.cutover not in _NOT_CUT_OVER:
        yield item_reason(row, "cut-over", "it does not say that it was not cut over", _LOOK)
    if row.facts.reversed is not False:
        yield item_reason(row, "reversed", "it does not say that it runs towards Azure", _LOOK)


def _target(row: InventoryItem) -> Iterable[Reason]:
    if row.target is not None:
        yield item_reason(
            row,
            "target-present",
            f"the Azure VM {row.target.name} came of it",
            "Find out whether that machine serves; abandon nothing that was migrated.",
        )
    elif row.target_unknown:
        yield item_reason(
            row,
            "target-unread",
            f"nobody could tell whether an Azure VM came of it: {row.target_note}".rstrip(": "),
            "Grant read access to the target's resource group; give up Azure Local by hand.",
        )


def _source(row: InventoryItem) -> Iterable[Reason]:
    source = row.source
    if source is None:
        why = row.source_note or "the source machine was not read"
    elif source.is_deleted:
        why = "discovery does not see the source any more"
    elif source.power != "on":
        why = f"the source is {source.power or 'of unknown power'}"
    elif row.source_note:
        why = f"{source.name} runs, but it was {row.source_note}"
    else:
        return
    yield item_reason(
        row,
        "source-not-running",
        f"{why}, and without its replica nothing else would hold this machine",
        "Start the source, or let discovery see it; then read the inventory again.",
    )


def sort_out(plan: Plan, case: Case, past: History, *, now: datetime) -> Readiness:
    """Sort the items of an abandon plan into ready, held and done. Items go one by one."""
    done = tuple(item for item in plan.items if is_done(item, plan, past))
    ended = {item.id for item in done}
    rows = {row.id.key: row for row in case.inventory.items}
    ready, held = [], []
    for item in plan.items:
        if item.id in ended:
            continue
        row = rows.get(id_key(item.id))
        refused = refusal(item, row, plan, case, past)
        if refused is None and row is not None:
            against = reasons(row, case.inventory, now=now)
            if against:
                refused = hold(
                    item,
                    "; ".join(reason.detail for reason in against[:3]),
                    against[0].next_step,
                )
        if refused is None:
            ready.append(item)
        else:
            held.append(refused)
    return Readiness(ready=tuple(ready), held=tuple(held), done=done)
