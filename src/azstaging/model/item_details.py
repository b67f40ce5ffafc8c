"""What an item's own JSON tells besides, for tables: when it was tested and cut over, its agent."""

from collections.abc import Mapping
from typing import Any

from azstaging.model.items import ReplicatedItem
from azstaging.model.times import format_time, parse_time

_CUT_OVER = (
    "lastMigrationTime",
    "lastSuccessfulFailoverTime",
    "lastSuccessfulPlannedFailoverTime",
    "lastSuccessfulUnplannedFailoverTime",
)
_TESTED = ("lastTestMigrationTime", "lastSuccessfulTestFailoverTime")


def cut_over_at(item: ReplicatedItem) -> str:
    """Return when the machine was last cut over, RFC 3339 UTC, or "" when that is not told."""
    return _told(item, _CUT_OVER)


def tested_at(item: ReplicatedItem) -> str:
    """Return when the last test migration or test failover was, RFC 3339 UTC, or ""."""
    return _told(item, _TESTED)


def _told(item: ReplicatedItem, fields: tuple[str, ...]) -> str:
    times = (parse_time(value) for f in fields if isinstance(value := item.raw.get(f), str))
    return next((format_time(time) for time in times if time is not None), "")


def agent_version(item: ReplicatedItem) -> str:
    """Return the version of the replication agent in the source, or "" where none is told.

    Agentless items have none; Hyper-V replicates from the host.

    Azure: ReplicationProtectedItems_Get: ``agentVersion`` (A2A, InMageAzureV2),
    ``mobilityAgentDetails.version`` (InMageRcm).
    https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/get
    """
    details = _object(_object(item.body, "properties"), "providerSpecificDetails")
    agent = _object(details, "mobilityAgentDetails")
    version = _value(details, "agentVersion") or _value(agent, "version")
    return version if isinstance(version, str) else ""


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = _value(parent, name)
    return value if isinstance(value, Mapping) else {}


def _value(parent: Mapping[str, Any], name: str) -> Any:
    """Return a property; the case of its name differs between api-versions."""
    if name in parent:
        return parent[name]
    folded = name.casefold()
    return next((value for key, value in parent.items() if key.casefold() == folded), None)
