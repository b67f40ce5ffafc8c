"""What a plan needs beyond the rules: gates decided again, and requests rendered."""

from collections.abc import Iterable, Mapping, Sequence

from azstaging.engine.ports import Stopper
from azstaging.errors import GateClosedError, PlanRefusedError
from azstaging.model.decisions import Decisions, GateOpen
from azstaging.model.inventory import Inventory
from azstaging.model.plans import PlannedRequest
from azstaging.providers import stop_request_of


def confirm(wanted: Iterable[GateOpen], decisions: Decisions) -> tuple[GateOpen, ...]:
    """Return the gates as they are decided now; what was passed in is not believed.

    Raises:
        GateClosedError: none was given.
        PlanRefusedError: one is not open now, or opens for other items.
    """
    open_now = {decision.workload: decision for decision in decisions.open}
    confirmed = []
    for each in wanted:
        now = open_now.get(each.workload)
        if now is None or set(now.item_ids) != set(each.item_ids):
            why = "is not open" if now is None else "opens for other items"
            raise PlanRefusedError(
                f"The gate of {each.workload} {why} when it is decided again.",
                code="recomputed",
                advice="Read the inventory, check and decide again, and plan what is open then.",
            )
        confirmed.append(now)
    if not confirmed:
        raise GateClosedError("No gate is open, so there is nothing to plan.")
    return tuple(confirmed)


def render_requests(
    azure: Stopper, inventory: Inventory, gates: Sequence[GateOpen]
) -> Mapping[str, PlannedRequest]:
    """Render the stop request of every item of the gates, by casefolded id; sends nothing.

    Raises:
        PlanRefusedError: an item has no stop request.
    """
    wanted = {item_id.key for gate in gates for item_id in gate.item_ids}
    requests = {}
    for row in inventory.items:
        if row.id.key in wanted:
            request = stop_request_of(row.item)
            if request is None:
                raise PlanRefusedError(
                    f"{row.name}: provider {row.item.provider} has no stop request.",
                    code="recomputed",
                )
            requests[row.id.key] = azure.render(request)
    return requests
