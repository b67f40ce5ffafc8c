"""azstaging: stop the replication of migrated machines only after the evidence says so.

Public names load on first use, so that importing the package costs nothing and loads no
Azure module. ``docs/api.md`` describes each of them.
"""

from importlib import import_module

# Type checkers take it for true. Importing it from typing would be most of what the package costs.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from azstaging.config import Configuration as Configuration
    from azstaging.config import load_configuration as load_configuration
    from azstaging.errors import AccessDeniedError as AccessDeniedError
    from azstaging.errors import AuthenticationError as AuthenticationError
    from azstaging.errors import ConfigurationError as ConfigurationError
    from azstaging.errors import ConflictError as ConflictError
    from azstaging.errors import DeadlineReachedError as DeadlineReachedError
    from azstaging.errors import Effect as Effect
    from azstaging.errors import GateClosedError as GateClosedError
    from azstaging.errors import JournalError as JournalError
    from azstaging.errors import LeaseHeldError as LeaseHeldError
    from azstaging.errors import NotFoundError as NotFoundError
    from azstaging.errors import PlanRefusedError as PlanRefusedError
    from azstaging.errors import ServiceError as ServiceError
    from azstaging.errors import StagingError as StagingError
    from azstaging.errors import ThrottledError as ThrottledError
    from azstaging.errors import UnexpectedResponseError as UnexpectedResponseError
    from azstaging.errors import UnreachableError as UnreachableError
    from azstaging.journal import Journal as Journal
    from azstaging.model.backlog import BoardsResult as BoardsResult
    from azstaging.model.backlog import Choice as Choice
    from azstaging.model.decisions import Decisions as Decisions
    from azstaging.model.decisions import GateClosed as GateClosed
    from azstaging.model.decisions import GateOpen as GateOpen
    from azstaging.model.decisions import Policy as Policy
    from azstaging.model.differences import Diff as Diff
    from azstaging.model.drift import Drift as Drift
    from azstaging.model.findings import Findings as Findings
    from azstaging.model.ids import ResourceId as ResourceId
    from azstaging.model.inventory import Inventory as Inventory
    from azstaging.model.plans import Approval as Approval
    from azstaging.model.plans import Plan as Plan
    from azstaging.model.plans import ReleaseResult as ReleaseResult
    from azstaging.model.snapshots import Changes as Changes
    from azstaging.model.snapshots import Snapshot as Snapshot
    from azstaging.rebuild import rebuild_report as rebuild_report
    from azstaging.rules.plan import plan_bytes as plan_bytes
    from azstaging.rules.plan import plan_from as plan_from
    from azstaging.snapshots import compare_snapshots as compare_snapshots
    from azstaging.snapshots import load_snapshot as load_snapshot
    from azstaging.snapshots import save_snapshot as save_snapshot
    from azstaging.staging import Staging as Staging

_HOMES = {
    "AccessDeniedError": "errors",
    "Approval": "model.plans",
    "AuthenticationError": "errors",
    "BoardsResult": "model.backlog",
    "Changes": "model.snapshots",
    "Choice": "model.backlog",
    "Configuration": "config",
    "ConfigurationError": "errors",
    "ConflictError": "errors",
    "DeadlineReachedError": "errors",
    "Decisions": "model.decisions",
    "Diff": "model.differences",
    "Drift": "model.drift",
    "Effect": "errors",
    "Findings": "model.findings",
    "GateClosed": "model.decisions",
    "GateClosedError": "errors",
    "GateOpen": "model.decisions",
    "Inventory": "model.inventory",
    "Journal": "journal",
    "JournalError": "errors",
    "LeaseHeldError": "errors",
    "NotFoundError": "errors",
    "Plan": "model.plans",
    "PlanRefusedError": "errors",
    "Policy": "model.decisions",
    "ReleaseResult": "model.plans",
    "ResourceId": "model.ids",
    "ServiceError": "errors",
    "Snapshot": "model.snapshots",
    "Staging": "staging",
    "StagingError": "errors",
    "ThrottledError": "errors",
    "UnexpectedResponseError": "errors",
    "UnreachableError": "errors",
    "compare_snapshots": "snapshots",
    "load_configuration": "config",
    "load_snapshot": "snapshots",
    "plan_bytes": "rules.plan",
    "plan_from": "rules.plan",
    "rebuild_report": "rebuild",
    "save_snapshot": "snapshots",
}

__version__ = "0.1.0"
__all__ = [
    "AccessDeniedError",
    "Approval",
    "AuthenticationError",
    "BoardsResult",
    "Changes",
    "Choice",
    "Configuration",
    "ConfigurationError",
    "ConflictError",
    "DeadlineReachedError",
    "Decisions",
    "Diff",
    "Drift",
    "Effect",
    "Findings",
    "GateClosed",
    "GateClosedError",
    "GateOpen",
    "Inventory",
    "Journal",
    "JournalError",
    "LeaseHeldError",
    "NotFoundError",
    "Plan",
    "PlanRefusedError",
    "Policy",
    "ReleaseResult",
    "ResourceId",
    "ServiceError",
    "Snapshot",
    "Staging",
    "StagingError",
    "ThrottledError",
    "UnexpectedResponseError",
    "UnreachableError",
    "__version__",
    "compare_snapshots",
    "load_configuration",
    "load_snapshot",
    "plan_bytes",
    "plan_from",
    "rebuild_report",
    "save_snapshot",
]

# A type checker that saw this would take every misspelt name for a public one.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name on first use."""
        if name in _HOMES:
            return getattr(import_module(f"azstaging.{_HOMES[name]}"), name)
        raise AttributeError(f"module 'azstaging' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
