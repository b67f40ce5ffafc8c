"""What a user of `Staging` may ask Azure directly: everything that reads, and nothing else."""

from typing import Any

from azstaging.engine.ports import (
    ActivityReader,
    AzurePort,
    ConsoleReader,
    Identity,
    MetricsReader,
    ReplicationReader,
    ResourceReader,
    SurroundingsReader,
)

_READS = frozenset(
    name
    for protocol in (
        ReplicationReader,
        ResourceReader,
        ActivityReader,
        SurroundingsReader,
        Identity,
        MetricsReader,
        ConsoleReader,
    )
    for name in vars(protocol)
    if not name.startswith("_")
)
# Rendering sends nothing; the rest says what was spoken to, and ends it.
_HARMLESS = frozenset({"render", "close", "cloud", "counts", "credential_kind"})


class ReadOnly:
    """An `AzurePort` without its stop, and without the parts that a stop could be built from.

    A stop goes through ``Staging.release``: an approved plan, an open gate, an intent on record.
    """

    __slots__ = ("__port",)

    def __init__(self, port: AzurePort) -> None:
        self.__port = port

    def __getattr__(self, name: str) -> Any:
        """Pass what reads."""
        if name in _READS or name in _HARMLESS:
            return getattr(self.__port, name)
        raise AttributeError(
            f"{name} is not offered here; replication is stopped by Staging.release alone."
        )
