"""azstaging: stop the replication of migrated machines only after the evidence says so.

Public names load on first use, so that importing the package costs nothing and loads no
Azure module.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azstaging.config import Configuration as Configuration
    from azstaging.config import load_configuration as load_configuration
    from azstaging.errors import ConfigurationError as ConfigurationError
    from azstaging.errors import StagingError as StagingError
    from azstaging.journal import Journal as Journal
    from azstaging.model.decisions import GateClosed as GateClosed
    from azstaging.model.decisions import GateOpen as GateOpen
    from azstaging.model.ids import ResourceId as ResourceId
    from azstaging.staging import Staging as Staging

_HOMES = {
    "Configuration": "azstaging.config",
    "ConfigurationError": "azstaging.errors",
    "GateClosed": "azstaging.model.decisions",
    "GateOpen": "azstaging.model.decisions",
    "Journal": "azstaging.journal",
    "ResourceId": "azstaging.model.ids",
    "Staging": "azstaging.staging",
    "StagingError": "azstaging.errors",
    "load_configuration": "azstaging.config",
}

__version__ = "0.1.0"
__all__ = [
    "Configuration",
    "ConfigurationError",
    "GateClosed",
    "GateOpen",
    "Journal",
    "ResourceId",
    "Staging",
    "StagingError",
    "__version__",
    "load_configuration",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'azstaging' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
