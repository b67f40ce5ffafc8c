"""What a gap says to whoever is stopped by it: what could not be read, where, and what to do.

Pure. A gap closes gates by `completeness`; here is only how it is told.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from azstaging.model.decisions import Reason
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem
from azstaging.model.waves import Workload
from azstaging.rules.completeness import (
    ABSENT_UNPROVEN,
    EXPECTED_COUNT,
    FIND_OUT,
    NOT_IN_SCOPE,
    UNTOLD_TAGS,
    gaps_touching,
)
from azstaging.rules.selection import is_glob, is_id, is_tag

CLOSE_FIRST = "may lie in what could not be read: close the gap first."
_CONCLUDED = " Nothing was concluded from it."
_MACHINES = "virtual machine"
_SUBSCRIPTIONS = "subscriptions"
_UNREAD = " could not be read: "
_STEPS = {
    "forbidden": "Find out which right is missing (azstaging rbac prints the roles), "
    "then read the inventory again.",
    "not-found": "Find out whether it was deleted or moved; if it was, correct [scope].",
    "throttled": "Read the inventory again later; the service asked to wait.",
    "unreachable": "Check network, proxy and endpoint, then read the inventory again.",
    "unexpected-response": "Read the inventory again; if the answer stays so, report it: this "
    "version does not understand it.",
    "service-error": "Read the inventory again in some minutes; if it stays so, look at the "
    "service's health in the portal.",
    "short-list": "Read the inventory again; if its vault's list still leaves it out, look at the "
    "item in the portal.",
    ABSENT_UNPROVEN: FIND_OUT,
    NOT_IN_SCOPE: "Name its subscription, vault or project in [scope], then read the inventory "
    "again.",
    EXPECTED_COUNT: "Find out which machine is missing or too many; correct the expected count "
    "only if the wave was meant to change.",
    UNTOLD_TAGS: "See that its target machine can be read, then read the inventory again.",
}
_STEP = "Read the inventory again; if it stays so, look at the resource in the portal."


def next_step(gap: Gap) -> str:
    """Say what closes a gap."""
    if gap.permission:
        return f"Grant {gap.permission}."
    return _STEPS.get(gap.reason, _STEP)


def told(gap: Gap, row: InventoryItem | None = None) -> str:
    """Say what could not be read, where, and why; of ``row`` by its machine's name."""
    what, unread, why = gap.detail.partition(_UNREAD)
    if not unread:
        return gap.detail.removesuffix(FIND_OUT).rstrip(". ")
    where = what if what == _SUBSCRIPTIONS else f"{what} of {_place(gap.scope, row)}"
    said = f"{where} could not be read: {gap.reason}"
    if gap.reason == "forbidden":
        return said
    return f"{said}: {why.removesuffix(_CONCLUDED).rstrip('.')}"


def _place(scope: ResourceId, row: InventoryItem | None) -> str:
    if row is not None:
        return row.name
    if scope.subscription_id is None:
        return "all subscriptions"
    alone = len(scope.segments) == len(("subscriptions", scope.subscription_id))
    return f"subscription {scope.name}" if alone else scope.name


def gap_reasons(workload: Workload, inventory: Inventory) -> Iterator[Reason]:
    """Yield each gap that closes a workload as a reason; of one item it names the machine."""
    found = gaps_touching(workload, inventory)
    rows = _rows_of(found, inventory.items)
    for gap in found:
        row = rows.get(gap.scope)
        yield Reason(
            code="gap",
            detail=told(gap, row),
            next_step=next_step(gap),
            item_id=row.id if row is not None else None,
        )


def _rows_of(
    gaps: Collection[Gap], rows: Iterable[InventoryItem]
) -> Mapping[ResourceId, InventoryItem]:
    """Return the rows whose item, source or target is by itself what could not be read."""
    wanted = {gap.scope for gap in gaps}
    if not wanted:
        return {}
    parts = (
        (part, row) for row in rows for part in (row.id, row.item.source_id, row.item.target_id)
    )
    return {part: row for part, row in parts if part is not None and part in wanted}


def covering(item_id: ResourceId | str, inventory: Inventory) -> Gap | None:
    """Return the gap in which an item lies that is not in the inventory, or None."""
    wanted = ResourceId(str(item_id))
    gaps = (gap for gap in inventory.gaps if _hides_items(gap))
    return next((gap for gap in gaps if wanted.is_under(gap.scope)), None)


def own_gap(row: InventoryItem, inventory: Inventory) -> Gap | None:
    """Return the gap of an item of which only the list row could be read, or None."""
    if row.item.detailed:
        return None
    return next((gap for gap in inventory.gaps if gap.scope == row.id), None)


def of_target(target: str, inventory: Inventory) -> Gap | None:
    """Return the gap in which a target machine lies, or None."""
    wanted = ResourceId(target)
    gaps = (
        gap for gap in inventory.gaps if not gap.covers_items and gap.detail.startswith(_MACHINES)
    )
    return next((gap for gap in gaps if wanted.is_under(gap.scope)), None)


def may_hide(selector: str, inventory: Inventory) -> bool:
    """Tell whether what a selector did not find may lie in what could not be read."""
    if is_tag(selector):
        # Tags are those of the target machine: unread targets hide them, too.
        return any(_hides_items(gap) or gap.reason == UNTOLD_TAGS for gap in inventory.gaps)
    hiding = [gap for gap in inventory.gaps if _hides_items(gap)]
    if not is_id(selector) or is_glob(selector):
        return bool(hiding)
    wanted = ResourceId(selector)
    return any(wanted.is_under(gap.scope) for gap in hiding)


def _hides_items(gap: Gap) -> bool:
    """Leave out the gaps that say that something was looked for, and is not there."""
    return gap.covers_items and gap.reason not in {ABSENT_UNPROVEN, EXPECTED_COUNT}
