"""Estates of copied resources: written by capture, served by the emulator, used by rehearse."""

from collections.abc import Mapping
from typing import Any

from azstaging.emulator.estate import Denial, Estate, Identity, Lock, Size, Subscription, Workload
from azstaging.engine.recording import Recording, kept_bodies
from azstaging.model.inventory import Inventory
from azstaging.model.waves import Wave
from azstaging.providers.compute import cores_of, memory_mib_of
from azstaging.providers.fields import Fields
from azstaging.rules.anonymise import Anonymiser

_CONTAINERS = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
_STOPS = (
    "*/read",
    f"{_CONTAINERS}/replicationMigrationItems/delete",
    f"{_CONTAINERS}/replicationProtectedItems/remove/action",
)
_TENANT = "00000000-0000-4000-8000-00000000aad0"


def _identity(name: str, number: int, actions: tuple[str, ...] = ("*/read",)) -> Identity:
    oid = f"aaaaaaaa-0000-4000-8000-{number:012d}"
    return Identity(name=name, oid=oid, upn=f"{name}@rehearsal.example", actions=actions)


IDENTITIES = (
    _identity("planner", 1),
    _identity("approver", 2),
    _identity("releaser", 3, _STOPS),
)


def captured_estate(recording: Recording, inventory: Inventory, wave: Wave) -> Estate:
    """Return an estate that answers as Azure did, with identities of its own."""
    bodies = kept_bodies(recording, inventory)
    used = {str(body["id"]).split("/")[2].casefold() for body in bodies}
    return Estate(
        name=wave.name,
        tenant_id=_TENANT,
        subscriptions=tuple(
            Subscription(
                id=str(body["subscriptionId"]), name=str(body.get("displayName") or "subscription")
            )
            for body in recording.subscriptions.values()
            if str(body["subscriptionId"]).casefold() in used
        ),
        workloads=tuple(
            Workload(
                name=workload.name,
                owner=workload.owner,
                criticality=workload.criticality,
                machines=_members(workload.name, inventory),
            )
            for workload in wave.workloads
        ),
        locks=tuple(_lock(body) for body in recording.locks.values()),
        identities=IDENTITIES,
        denials=tuple(
            Denial(scope=gap.scope.text, action=gap.permission)
            for gap in inventory.gaps
            if gap.permission
        ),
        sizes=tuple(_size(row) for _, row in sorted(recording.sizes.items())),
        copies=tuple(bodies),
    )


def _members(workload: str, inventory: Inventory) -> tuple[str, ...]:
    """Return the ids of a workload's items, and the selectors that matched none: they stay open."""
    found = (row.id.text for row in inventory.in_workload(workload))
    missed = (selector for name, selector in inventory.unresolved if name == workload)
    return (*found, *missed)


def _lock(body: Mapping[str, Any]) -> Lock:
    scope = str(body["id"]).casefold().rpartition("/providers/microsoft.authorization/locks/")[0]
    text = str(body["id"])[: len(scope)]
    return Lock(name=str(body["name"]), scope=text, level=str(body["properties"]["level"]))


def _size(row: Mapping[str, Any]) -> Size:
    return Size(
        name=str(row["name"]),
        cores=cores_of(row) or 0,
        memory_mib=memory_mib_of(row) or 0,
        max_disks=Fields(row).number("maxDataDiskCount") or 0,
    )


def anonymised(estate: Estate, names: Anonymiser) -> Estate:
    """Return the estate with pseudonyms; identities and sizes are nobody's and stay."""
    return Estate(
        name=names.text(estate.name),
        tenant_id=estate.tenant_id,
        subscriptions=tuple(
            Subscription(id=names.text(each.id), name=names.text(each.name))
            for each in estate.subscriptions
        ),
        workloads=tuple(
            Workload(
                name=names.text(each.name),
                owner=names.text(each.owner),
                criticality=each.criticality,
                machines=tuple(names.text(machine) for machine in each.machines),
            )
            for each in estate.workloads
        ),
        locks=tuple(
            Lock(name=names.text(each.name), scope=names.text(each.scope), level=each.level)
            for each in estate.locks
        ),
        identities=estate.identities,
        denials=tuple(
            Denial(scope=names.text(each.scope), action=each.action) for each in estate.denials
        ),
        sizes=estate.sizes,
        copies=tuple(names.value(body) for body in estate.copies),
    )
