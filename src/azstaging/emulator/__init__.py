"""Azure on loopback: for the demo, for rehearsals, for tests (ours and yours).

    from azstaging.emulator import Emulator, sample_estate

    with Emulator(sample_estate()) as azure:
        azure.url, azure.token("planner")

Names are loaded when they are used, so that an estate can be described without a server.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Emulator": "server",
    "Estate": "estate",
    "Fault": "faults",
    "Machine": "estate",
    "SOURCES": "sources",
    "Rate": "throttle",
    "RequestRecord": "app",
    "Throttle": "throttle",
    "Workload": "estate",
    "faults_from": "faults",
    "sample_estate": "sample",
    "serve": "server",
}

__all__ = [
    "SOURCES",
    "Emulator",
    "Estate",
    "Fault",
    "Machine",
    "Rate",
    "RequestRecord",
    "Throttle",
    "Workload",
    "faults_from",
    "sample_estate",
    "serve",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"azstaging.emulator.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
