"""Replication jobs as values; `providers.jobs` reads them."""

import enum
from dataclasses import dataclass
from datetime import datetime

# Recorded: DisableMigration (agentless), DisableDr (Site Recovery), "Delete protected item"
# (Azure Local). DisableProtection is the REST vocabulary; it costs nothing to know it.
_STOP_SCENARIOS = {"disablemigration", "disableprotection", "disabledr", "delete protected item"}


class JobState(enum.Enum):
    """Where a job stands; ``UNKNOWN`` is neither good nor an end."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One replication job.

    Attributes:
        id: last segment of its ARM id; equals the id in the operation URLs of the 202.
        scenario: as the service names it.
        object_id, object_name: what it worked on; either may be "".
        messages: error messages it carries, also when it succeeded.
    """

    id: str
    scenario: str
    state: JobState
    raw_state: str
    object_id: str = ""
    object_name: str = ""
    started_at: datetime | None = None
    messages: tuple[str, ...] = ()

    @property
    def stops_replication(self) -> bool:
        """Tell whether this is a job that stops a replication."""
        return self.scenario.casefold() in _STOP_SCENARIOS
