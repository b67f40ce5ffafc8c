"""The least that each identity needs: three custom roles, each action with what it is for.

The strings are those of the resource providers' published operations
(https://learn.microsoft.com/azure/role-based-access-control/permissions/management-and-governance);
those of Microsoft.DataReplication and Microsoft.OffAzure are not listed there: unverified.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from azstaging.model.ids import id_key
from azstaging.model.items import StopRequest

_VAULTS = "Microsoft.RecoveryServices/vaults"
_CONTAINERS = f"{_VAULTS}/replicationFabrics/replicationProtectionContainers"
_SITES = "Microsoft.OffAzure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One action, and what azstaging does with it.

    Attributes:
        action: the exact string, as Azure names it in a refusal.
        reason: what stops working without it.
        optional: only some estates or settings need it.
    """

    action: str
    reason: str
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A custom role: a name and its grants, in the order in which they are used."""

    key: str
    name: str
    description: str
    grants: tuple[Grant, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions, in order."""
        return tuple(grant.action for grant in self.grants)


def _grants(rows: Sequence[tuple[str, str]], *, optional: bool = False) -> tuple[Grant, ...]:
    return tuple(Grant(action=action, reason=reason, optional=optional) for action, reason in rows)


_LISTS = _grants(
    [
        ("Microsoft.Resources/subscriptions/read", "which subscriptions there are"),
        (f"{_VAULTS}/read", "which Recovery Services vaults there are"),
        (f"{_VAULTS}/replicationMigrationItems/read", "the list of agentless items of a vault"),
        (f"{_CONTAINERS}/replicationMigrationItems/read", "one agentless item, whole"),
        (f"{_VAULTS}/replicationProtectedItems/read", "the list of Site Recovery items of a vault"),
        (f"{_CONTAINERS}/replicationProtectedItems/read", "one Site Recovery item, again"),
        (f"{_VAULTS}/replicationJobs/read", "whether a job runs, and how one ended"),
    ]
)
_TARGETS = _grants(
    [
        ("Microsoft.Compute/virtualMachines/read", "the target machines and their power state"),
        ("Microsoft.Compute/disks/read", "which machine has the replicated disks"),
        ("Microsoft.Network/networkInterfaces/read", "the addresses of the target machines"),
        ("Microsoft.Compute/skus/read", "cores and memory of a size"),
        ("Microsoft.Authorization/locks/read", "locks that would stop the stop"),
    ]
)
_SOURCES = _grants(
    [
        (f"{_SITES}/VMwareSites/machines/read", "the source machines behind a VMware appliance"),
        (f"{_SITES}/HyperVSites/read", "where the source machines of Hyper-V items may be"),
        (f"{_SITES}/HyperVSites/machines/read", "the source machines behind a Hyper-V appliance"),
        (f"{_SITES}/ServerSites/machines/read", "the source machines behind a physical appliance"),
        ("Microsoft.Migrate/migrateProjects/solutions/read", "the vault of a project named by id"),
        ("Microsoft.DataReplication/replicationVaults/read", "vaults of Azure Local"),
        ("Microsoft.DataReplication/replicationVaults/protectedItems/read", "Azure Local items"),
        ("Microsoft.DataReplication/replicationVaults/jobs/read", "whether their jobs run, or how"),
        ("Microsoft.Insights/eventtypes/values/read", "who changed a machine since it was staged"),
    ],
    optional=True,
)

_AROUND = _grants(
    [
        (f"{_VAULTS}/backupProtectedItems/read", "whether a backup protects a target machine"),
        ("Microsoft.Insights/metrics/read", "how hard a target machine works"),
    ],
    optional=True,
)

READER = Role(
    key="reader",
    name="azstaging reader",
    description="Inventory, checks, diff, reports, plans and approvals. Changes nothing.",
    grants=(*_LISTS, *_TARGETS, *_SOURCES, *_AROUND),
)
PROBER = Role(
    key="prober",
    name="azstaging prober",
    description="Looks inside target machines. On top of the reader; give it only where "
    "[probes] run_command or boot diagnostics are wanted.",
    grants=_grants(
        [
            (
                "Microsoft.Compute/virtualMachines/runCommand/action",
                "commands inside the guest; they run as root or SYSTEM",
            ),
            (
                "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
                "the console picture and the serial log",
            ),
        ],
        optional=True,
    ),
)
RELEASER = Role(
    key="releaser",
    name="azstaging releaser",
    description="Stops replication. On top of the reader; for the release identity alone. It "
    "cannot purge: the delete of a protected item is not in it.",
    grants=(
        Grant(
            action=f"{_CONTAINERS}/replicationMigrationItems/delete",
            reason="stop the replication of an agentless item",
        ),
        Grant(
            action=f"{_CONTAINERS}/replicationProtectedItems/remove/action",
            reason="stop the replication of a Site Recovery item",
        ),
        Grant(
            action="Microsoft.Authorization/permissions/read",
            reason="what it may do at a vault, before the first request",
            optional=True,
        ),
    ),
)
ROLES = (READER, PROBER, RELEASER)


def stop_action(request: StopRequest) -> str:
    """Return the action that one stop request needs, as roles spell it."""
    if request.id.resource_type == "microsoft.datareplication/replicationvaults/protecteditems":
        return "Microsoft.DataReplication/replicationVaults/protectedItems/delete"
    if request.action:
        return f"{_CONTAINERS}/replicationProtectedItems/{request.action}/action"
    return f"{_CONTAINERS}/replicationMigrationItems/delete"


def definition(role: Role, scopes: Sequence[str]) -> dict[str, Any]:
    """Return a role as ``az role definition create --role-definition`` takes it.

    Azure: role definitions,
    https://learn.microsoft.com/azure/role-based-access-control/role-definitions.

    Args:
        role: one of ``ROLES``.
        scopes: ARM ids of subscriptions or resource groups where the role may be assigned.
    """
    return {
        "Name": role.name,
        "IsCustom": True,
        "Description": role.description,
        "Actions": list(role.actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": sorted(scopes, key=id_key),
    }
