"""The sample estate: 60 machines in 24 workloads, half of them with something wrong on purpose.

What is wrong, and where, is told by the ``story`` of each workload in `sample_data`.
"""

from azstaging.emulator.estate import (
    Denial,
    Estate,
    Identity,
    Lock,
    Machine,
    Project,
    Site,
    Size,
    Subscription,
    Vault,
    Workload,
)
from azstaging.emulator.sample_data import MACHINES, WORKLOADS
from azstaging.errors import ConfigurationError

SMALLEST = len(MACHINES)
_PER_VAULT = 400
_PER_WORKLOAD = 5

_WEST, _NORTH, _SHARED = (
    Subscription(id="11111111-1111-4111-8111-111111111111", name="Landing zone west"),
    Subscription(id="22222222-2222-4222-8222-222222222222", name="Landing zone north"),
    Subscription(id="33333333-3333-4333-8333-333333333333", name="Shared services"),
)
_SUBSCRIPTIONS = (_WEST, _NORTH, _SHARED)


def _vault(name: str, subscription: Subscription, group: str, kind: str = "") -> Vault:
    if kind:
        return Vault(name=name, subscription=subscription.id, group=group, kind=kind)
    return Vault(
        name=name,
        subscription=subscription.id,
        group=group,
        fabric=f"{name}-fabric",
        container=f"{name}-container",
    )


_VAULTS = (
    _vault("vlt-agentless", _WEST, "rg-migrate"),
    _vault("vlt-agents", _NORTH, "rg-migrate"),
    _vault("vlt-hyperv", _SHARED, "rg-migrate"),
    _vault("vlt-restricted", _WEST, "rg-restricted"),
    _vault("drv-azlocal", _NORTH, "rg-azlocal", "DataReplication"),
)
_SITES = (
    Site(name="vmware-west", kind="VMwareSites", subscription=_WEST.id, group="rg-migrate"),
    Site(name="vmware-north", kind="VMwareSites", subscription=_NORTH.id, group="rg-migrate"),
    Site(name="physical-north", kind="ServerSites", subscription=_NORTH.id, group="rg-migrate"),
    Site(name="hyperv-shared", kind="HyperVSites", subscription=_SHARED.id, group="rg-migrate"),
)
_PROJECTS = (
    Project(name="prj-west", subscription=_WEST.id, group="rg-migrate", vault="vlt-agentless"),
    Project(name="prj-north", subscription=_NORTH.id, group="rg-migrate", vault="vlt-agents"),
)
_SIZES = (
    Size(name="Standard_B2s", cores=2, memory_mib=4096, max_disks=4),
    Size(name="Standard_B2ms", cores=2, memory_mib=8192, max_disks=4),
    Size(name="Standard_D2s_v5", cores=2, memory_mib=8192, max_disks=4),
    Size(name="Standard_D4s_v5", cores=4, memory_mib=16384, max_disks=8),
    Size(name="Standard_D8s_v5", cores=8, memory_mib=32768, max_disks=16),
    Size(name="Standard_E4s_v5", cores=4, memory_mib=32768, max_disks=8),
)
_STOPS = (
    "*/read",
    "Microsoft.RecoveryServices/*/replicationMigrationItems/delete",
    "Microsoft.RecoveryServices/*/replicationProtectedItems/remove/action",
    "Microsoft.RecoveryServices/*/testMigrateCleanup/action",
    "Microsoft.RecoveryServices/*/testFailoverCleanup/action",
    "Microsoft.DataReplication/replicationVaults/protectedItems/delete",
)


def _person(name: str, number: int, actions: tuple[str, ...] = ("*/read",)) -> Identity:
    oid = f"aaaaaaaa-0000-4000-8000-{number:012d}"
    return Identity(name=name, oid=oid, upn=f"{name}@contoso.example", actions=actions)


IDENTITIES = (
    _person("planner", 1),
    _person("approver", 2),
    _person("releaser", 3, _STOPS),
    _person("reader", 4),
    _person("boards-writer", 5, ("Microsoft.Resources/subscriptions/read",)),
)


def sample_estate(machines: int = SMALLEST) -> Estate:
    """Return the sample estate; machines beyond the first 60 are regular and healthy.

    Args:
        machines: at least 60. 20,000 machines in 50 vaults take about a second.

    Raises:
        ConfigurationError: fewer than 60 machines were asked for.
    """
    if machines < SMALLEST:
        raise ConfigurationError(
            f"The sample estate has at least {SMALLEST} machines; {machines} were asked for."
        )
    more = machines - SMALLEST
    vaults = tuple(
        _vault(f"vlt-more-{n:02d}", _SUBSCRIPTIONS[n % 3], f"rg-more-{n:02d}")
        for n in range(-(-more // _PER_VAULT))
    )
    extra = tuple(_regular(n) for n in range(more))
    first = tuple(_place(machine, n) for n, machine in enumerate(MACHINES))
    groups = (
        Workload(
            name=f"service-{n // _PER_WORKLOAD + 1:04d}",
            owner="platform@contoso.example",
            criticality="low",
            machines=tuple(m.key for m in extra[n : n + _PER_WORKLOAD]),
        )
        for n in range(0, more, _PER_WORKLOAD)
    )
    restricted = f"/subscriptions/{_WEST.id}/resourceGroups/rg-restricted"
    return Estate(
        name="Datacenter exit",
        subscriptions=_SUBSCRIPTIONS,
        vaults=(*_VAULTS, *vaults),
        sites=_SITES,
        projects=_PROJECTS,
        machines=(*first, *extra),
        workloads=(*WORKLOADS, *groups),
        locks=_locks(),
        identities=IDENTITIES,
        denials=(
            Denial(
                scope=f"{restricted}/providers/Microsoft.RecoveryServices/vaults/vlt-restricted",
                action="Microsoft.RecoveryServices/vaults/replication*",
            ),
        ),
        sizes=_SIZES,
    )


def _locks() -> tuple[Lock, ...]:
    vm = "providers/Microsoft.Compute/virtualMachines/pay-db-01"
    return (
        Lock(
            name="keep-payroll-database",
            scope=f"/subscriptions/{_WEST.id}/resourceGroups/rg-payroll/{vm}",
            notes="Month-end run.",
        ),
        Lock(
            name="keep-azure-local",
            scope=f"/subscriptions/{_NORTH.id}/resourceGroups/rg-azlocal",
            notes="Changes go through the plant's own process.",
        ),
    )


def _place(machine: Machine, number: int) -> Machine:
    """Give a machine of the table its subscription, and an address of its own."""
    owner = next(vault for vault in _VAULTS if vault.name == machine.vault)
    changes: dict[str, object] = {
        "subscription": owner.subscription,
        "address": _address(number),
        "tags": {"environment": "production", "wave": "1"},
    }
    return _changed(machine, changes)


def _changed(machine: Machine, changes: dict[str, object]) -> Machine:
    fields = {name: getattr(machine, name) for name in machine.__struct_fields__}
    return Machine(**{**fields, **changes})


def _address(number: int) -> str:
    return f"10.20.{number // 250}.{number % 250 + 4}"


def _regular(number: int) -> Machine:
    """Return one healthy machine beyond the table."""
    vault = number // _PER_VAULT
    agentless = number % 3 > 0
    return Machine(
        key=f"srv-{number + 1:05d}",
        name=f"SRV-{number + 1:05d}",
        provider="VMwareCbt" if agentless else "InMageRcm",
        vault=f"vlt-more-{vault:02d}",
        site="vmware-west" if agentless else "vmware-north",
        subscription=_SUBSCRIPTIONS[vault % 3].id,
        group=f"rg-more-{vault:02d}",
        address=_address(number + SMALLEST),
        tags={"environment": "production"},
    )
