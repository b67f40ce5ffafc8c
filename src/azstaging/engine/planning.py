"""What a plan needs beyond the rules: gates decided again, and requests rendered."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from azstaging.engine.ports import Stopper
from azstaging.errors import ConfigurationError, GateClosedError, PlanRefusedError
from azstaging.model.decisions import Decisions, GateOpen
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.items import ReplicatedItem, StopRequest
from azstaging.model.plans import PlannedRequest
from azstaging.providers import abandon_request_of, stop_request_of
from azstaging.rules import abandon


def confirm(
    wanted: Iterable[GateOpen], decisions: Decisions, inventory: Inventory
) -> tuple[GateOpen, ...]:
    """Return the gates as they are decided now; what was passed in is not believed.

    Raises:
        GateClosedError: none was given.
        PlanRefusedError: one was given closed, is not open now, opens for other items, or shares
            an item with a workload that was not given.
    """
    open_now = {decision.workload: decision for decision in decisions.open}
    confirmed: dict[str, GateOpen] = {}
    for each in wanted:
        if not isinstance(each, GateOpen):
            raise PlanRefusedError(
                f"The gate of {each.workload} was given closed; nothing was planned.",
                code="recomputed",
                advice="Read the inventory, check and decide again, and plan what is open then.",
            )
        now = open_now.get(each.workload)
        if now is None or set(now.item_ids) != set(each.item_ids):
            why = "is not open" if now is None else "opens for other items"
            raise PlanRefusedError(
                f"The gate of {each.workload} {why} when it is decided again"
                f"{_first_reason(each.workload, decisions)}.",
                code="recomputed",
                advice="Read the inventory, check and decide again, and plan what is open then.",
            )
        confirmed[each.workload] = now
    if not confirmed:
        raise GateClosedError("No gate is open, so there is nothing to plan.")
    _require_whole(confirmed, inventory)
    return tuple(confirmed.values())


def _first_reason(workload: str, decisions: Decisions) -> str:
    closed = (each for each in decisions.closed if each.workload == workload)
    return next((f": {each.reasons[0].detail}" for each in closed if each.reasons), "")


def _require_whole(confirmed: Mapping[str, GateOpen], inventory: Inventory) -> None:
    """Refuse to begin a workload that was not given, by an item that it shares."""
    planned = {item_id.key for gate in confirmed.values() for item_id in gate.item_ids}
    for row in inventory.items:
        others = sorted(set(row.workloads) - confirmed.keys())
        if row.id.key in planned and others:
            raise PlanRefusedError(
                f"{row.name} belongs to {', '.join(others)}, too, which would be begun and not "
                "finished; nothing was planned.",
                code="shared-item",
                advice="Plan them together: "
                + " ".join(f"--workload {name!r}" for name in sorted({*row.workloads})),
            )


def render_requests(
    azure: Stopper, inventory: Inventory, gates: Sequence[GateOpen]
) -> Mapping[str, PlannedRequest]:
    """Render the stop request of every item of the gates, by casefolded id; sends nothing.

    Raises:
        PlanRefusedError: an item has no stop request.
    """
    wanted = {item_id.key for gate in gates for item_id in gate.item_ids}
    rows = [row for row in inventory.items if row.id.key in wanted]
    return _render(azure, rows, stop_request_of)


def render_abandon(azure: Stopper, rows: Sequence[InventoryItem]) -> Mapping[str, PlannedRequest]:
    """Render the requests that give replications up, by casefolded id; sends nothing.

    Raises:
        PlanRefusedError: an item has no such request.
    """
    return _render(azure, rows, abandon_request_of)


def _render(
    azure: Stopper,
    rows: Iterable[InventoryItem],
    request_of: Callable[[ReplicatedItem], StopRequest | None],
) -> Mapping[str, PlannedRequest]:
    requests = {}
    for row in rows:
        request = request_of(row.item)
        if request is None:
            raise PlanRefusedError(
                f"{row.name}: azstaging knows no stop of provider {row.item.provider}; nothing was "
                "planned.",
                code="recomputed",
                advice="Leave its workload out, and stop the item in the portal.",
            )
        requests[row.id.key] = azure.render(request)
    return requests


def may_abandon(
    inventory: Inventory, item_ids: Iterable[ResourceId | str], *, now: datetime
) -> tuple[InventoryItem, ...]:
    """Return the rows of some items if every one of them may be given up.

    Raises:
        ConfigurationError: an id is not in the inventory.
        GateClosedError: one of them may not, with every reason; nothing was planned.
    """
    rows = []
    for item_id in dict.fromkeys(ResourceId(str(each)) for each in item_ids):
        row = inventory.find(item_id)
        if row is None:
            raise ConfigurationError(f"{item_id} is not in the inventory; nothing was planned.")
        rows.append(row)
    against = [reason for row in rows for reason in abandon.reasons(row, inventory, now=now)]
    if against:
        raise GateClosedError(
            "Nothing was planned. " + "; ".join(reason.detail for reason in against) + ".",
            advice=against[0].next_step,
        )
    return tuple(rows)
