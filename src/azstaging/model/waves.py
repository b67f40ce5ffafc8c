"""Waves and workloads, as the configuration names them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_VAULTS = ("Microsoft.RecoveryServices/vaults", "Microsoft.DataReplication/replicationVaults")
_PROJECTS = ("Microsoft.Migrate/migrateProjects",)
# /subscriptions/GUID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME
_RESOURCE_SEGMENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Something to probe: ``kind`` is tcp, tls, http or dns; ``address`` host, host:port or URL.

    Attributes:
        status: the one HTTP status that is good; None takes any below 400.
        contains: text that the first 64 KiB of the answer hold, or "".
        max_ms: an answer that takes longer is none, or None.
    """

    kind: str
    address: str
    status: int | None = None
    contains: str = ""
    max_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is released together, all or nothing.

    Attributes:
        items: selectors: ARM ids, machine names, globs, or ``tag:NAME=VALUE`` (the value may be
            a glob). Ids are exact; a name that matches several machines selects all of them and
            is reported.
        suite: folder of pytest files, or "".
        suite_requires: ids of tests that must have passed, e.g. ``test_pay.py::test_login``.
        suite_sha256: the digest that the suite must have, or "".
        guest_script: path of a script for Run Command, or "".
        criticality: free text for reports, e.g. ``high``.
    """

    name: str
    items: tuple[str, ...]
    owner: str = ""
    criticality: str = ""
    suite: str = ""
    suite_requires: tuple[str, ...] = ()
    suite_sha256: str = ""
    guest_script: str = ""
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What is worked on together.

    Attributes:
        expected: item count, or None.
        expected_ids: exact ids that must be accounted for; empty when only a count is known.
        replicating_since: casefolded id -> when its replication began, as the list of ids says.
        free_days: days that the replication of a machine is free of charge; 0 is not known.
        free_days_source: where that figure is from, for reports.
        release_after: cooling-off: no release before this time, or None.
        due: when open actions are to be done and the wave is to be released, or None; it is
            reported and decides nothing.
        max_release: most items one plan may release, or None.
    """

    name: str = "wave"
    workloads: tuple[Workload, ...] = ()
    expected: int | None = None
    expected_ids: tuple[ResourceId, ...] = ()
    replicating_since: Mapping[str, datetime] = field(default_factory=dict)
    free_days: int = 0
    free_days_source: str = ""
    release_after: datetime | None = None
    due: datetime | None = None
    max_release: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is read. Everything empty means: all that the credential sees.

    Attributes:
        subscriptions: GUIDs; every vault of each is read.
        vaults: ARM ids of Recovery Services or DataReplication vaults, read besides.
        projects: ARM ids of Azure Migrate projects; the vaults that they replicate to are read.
        resource_graph: ask Resource Graph too; what it knows and no list has shown is a gap.

    Raises:
        ConfigurationError: something else is named; asked for, it would be a gap that no role
            and no second run could mend.
    """

    subscriptions: tuple[str, ...] = ()
    vaults: tuple[ResourceId, ...] = ()
    projects: tuple[ResourceId, ...] = ()
    resource_graph: bool = False

    def __post_init__(self) -> None:
        """Refuse what is of another kind."""
        for each in self.subscriptions:
            if not _GUID.fullmatch(each):
                raise ConfigurationError(
                    f"scope.subscriptions: {each!r} is not the GUID of a subscription; nothing was "
                    "read.",
                    advice="Write the GUID alone, such as 00000000-0000-0000-0000-000000000000; "
                    "az account list shows it.",
                )
        _require("vaults", self.vaults, _VAULTS, "a vault")
        _require("projects", self.projects, _PROJECTS, "an Azure Migrate project")


def _require(key: str, ids: Iterable[ResourceId], kinds: tuple[str, ...], what: str) -> None:
    """Refuse ids of anything but these types of resources."""
    folded = {kind.casefold() for kind in kinds}
    for each in ids:
        whole = len(each.segments) == _RESOURCE_SEGMENTS
        subscription = each.subscription_id or ""
        if not (whole and each.resource_type in folded and _GUID.fullmatch(subscription)):
            wanted = " or ".join(f"{kind}/NAME" for kind in kinds)
            raise ConfigurationError(
                f"scope.{key}: {each.text!r} is not the id of {what}; nothing was read.",
                advice="Write /subscriptions/GUID/resourceGroups/NAME/providers/ and then "
                f"{wanted}.",
            )
