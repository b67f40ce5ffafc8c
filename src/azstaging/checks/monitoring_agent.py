"""Somebody would notice if the machine stopped: its monitoring agent is there."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)

_AGENTS = frozenset({"azuremonitorwindowsagent", "azuremonitorlinuxagent"})


@check(
    id="monitoring-agent",
    title="The Azure Monitor agent is installed and provisioned",
    source="https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-overview",
    lifetime_seconds=7 * DAY,
    next_step="Install the Azure Monitor agent, and associate a data collection rule.",
    on_request=True,
)
def monitoring_agent(context: ItemContext) -> Verdict:
    """Judge the extension of the agent; a machine whose extensions were not told proves nothing."""
    target = context.row.target
    if target is None or not target.power:
        return inconclusive("Azure does not tell which extensions the machine has")
    agents = {
        name: state for name, state in target.extensions.items() if name.casefold() in _AGENTS
    }
    if not agents:
        return failed("no Azure Monitor agent is installed")
    detail = ", ".join(f"{name} {state or 'not told'}" for name, state in agents.items())
    states = {state.casefold() for state in agents.values()}
    if "succeeded" in states:
        return passed(detail)
    return inconclusive(detail) if "" in states else failed(detail)
