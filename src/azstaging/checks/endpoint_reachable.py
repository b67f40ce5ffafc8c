"""The workload's endpoints answer."""

from azstaging.checks.interface import (
    HOUR,
    Verdict,
    WorkloadContext,
    check,
    failed,
    inconclusive,
    passed,
    skipped,
)
from azstaging.model.inventory import InventoryItem
from azstaging.model.observations import Answer, Observation

_BAD = frozenset({Answer.WRONG, Answer.REFUSED, Answer.TIMEOUT, Answer.UNRESOLVED})


@check(
    id="endpoint-reachable",
    title="Every endpoint of the workload answers, and no name leads to the old machine",
    source="the endpoints that the configuration names",
    lifetime_seconds=8 * HOUR,
    scope="workload",
    boot=True,
    next_step="Look at the service behind the endpoint, its firewall and its name.",
)
def endpoint_reachable(context: WorkloadContext) -> Verdict:
    """Judge the last attempt on each endpoint; what is bad counts before what is unknown."""
    wanted = context.workload.endpoints
    if not wanted:
        return skipped("the workload names no endpoint", "Name its endpoints in the configuration.")
    if context.observations is None:
        return inconclusive("no probe was run")
    seen = context.observations
    bad = [_said(each) for each in seen if each.last and each.last.answer in _BAD]
    old = _old_addresses(context.rows)
    bad += [_leads_back(each, old) for each in seen if old.intersection(each.addresses)]
    if bad:
        return failed("; ".join(bad[:3]) + (f"; {len(bad) - 3} more" if len(bad) > 3 else ""))  # noqa: PLR2004
    unclear = [_said(each) for each in seen if _is_unclear(each)]
    unclear += [_may_lead_back(each) for each in seen if _is_untold(each, context.rows)]
    if unclear or len(seen) < len(wanted):
        return inconclusive("; ".join(unclear[:3]) or "not every endpoint was probed")
    return passed("; ".join(_said(each) for each in seen[:3]))


def _is_unclear(observation: Observation) -> bool:
    return observation.last is None or observation.last.answer is not Answer.ANSWERED


def _said(observation: Observation) -> str:
    last = observation.last
    if last is None:
        return f"{observation.kind} {observation.address}: not tried"
    tries = f" at attempt {len(observation.attempts)}" if len(observation.attempts) > 1 else ""
    return f"{observation.kind} {observation.address}: {last.detail}{tries}"


def _leads_back(observation: Observation, old: frozenset[str]) -> str:
    found = ", ".join(sorted(old.intersection(observation.addresses)))
    return f"{observation.kind} {observation.address}: leads to {found} of a source machine"


def _may_lead_back(observation: Observation) -> str:
    return (
        f"{observation.kind} {observation.address}: may still lead to a source machine, "
        "whose addresses are not known"
    )


def _is_untold(observation: Observation, rows: tuple[InventoryItem, ...]) -> bool:
    """Tell whether a name leads past the targets, while some source's addresses are not known."""
    if observation.kind != "dns" or _is_unclear(observation):
        return False
    past = not _new_addresses(rows).issuperset(observation.addresses)
    return past and not all(_source_addresses(row) for row in rows)


def _source_addresses(row: InventoryItem) -> frozenset[str]:
    old = {ip for nic in row.item.nics if (ip := nic.source_address)}
    return frozenset(old.union(*(nic.addresses for nic in row.source.nics)) if row.source else old)


def _new_addresses(rows: tuple[InventoryItem, ...]) -> frozenset[str]:
    targets = (row.target for row in rows if row.target)
    addresses = (ip for target in targets for nic in target.nics for ip in nic.addresses)
    return frozenset(ip.private_address for ip in addresses)


def _old_addresses(rows: tuple[InventoryItem, ...]) -> frozenset[str]:
    """Return addresses that a source has and no target has taken over."""
    return frozenset().union(*(_source_addresses(row) for row in rows)) - _new_addresses(rows)
