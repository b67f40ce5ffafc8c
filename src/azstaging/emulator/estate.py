"""The estate: what the emulated Azure holds, as small frozen specifications.

A specification says that a machine exists, how far it is and what is odd about it; the bodies
that the service would answer are rendered from it on request (`shapes`), so an estate of
20,000 machines costs a few megabytes. An estate has no clock: times are rendered relative to
the moment at which the emulator starts.
"""

from typing import Any

import msgspec

from azstaging.errors import ConfigurationError

TENANT_ID = "7e9a0c11-0000-4000-8000-00000000aad0"

MIGRATION_PROVIDERS = frozenset({"VMwareCbt"})
LOCAL_PROVIDERS = frozenset({"VMwareToAzStackHCI", "HyperVToAzStackHCI"})

ITEM_KINDS = {
    "replicationmigrationitems": "migration",
    "replicationprotecteditems": "protected",
    "protecteditems": "local",
}
"""The kind of an entry by the collection that its id lies in."""
_KINDS = ITEM_KINDS | {"virtualmachines": "vm", "machines": "discovered"}


def kind_of(body: dict[str, Any]) -> str:
    """Return what a copied resource is to the emulator, by the last type of its id."""
    return _KINDS.get(str(body["id"]).casefold().split("/")[-2], "")


class Identity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Someone with a token.

    Attributes:
        name: role name, e.g. ``planner``; what ``Emulator.token`` takes.
        oid: object id; with the estate's tenant it is the principal.
        upn: shown name; an application has ``app_id`` instead.
        actions: globs of the ARM actions that its roles grant, compared without case.
    """

    name: str
    oid: str
    upn: str = ""
    app_id: str = ""
    actions: tuple[str, ...] = ("*/read",)


class Denial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A scope at which nobody (or nobody of ``identities``) may do the actions of a glob."""

    scope: str
    action: str
    identities: tuple[str, ...] = ()


class Subscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One subscription."""

    id: str
    name: str


class Vault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Recovery Services vault, or a DataReplication vault when ``kind`` says so."""

    name: str
    subscription: str
    group: str
    location: str = "westeurope"
    kind: str = "RecoveryServices"
    fabric: str = ""
    container: str = ""


class Site(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An OffAzure discovery site; ``kind`` is VMwareSites, HyperVSites or ServerSites."""

    name: str
    kind: str
    subscription: str
    group: str
    location: str = "westeurope"


class Project(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An Azure Migrate project; ``vault`` is what its migration solution points to."""

    name: str
    subscription: str
    group: str
    vault: str
    location: str = "westeurope"


class Lock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A management lock at ``scope`` (an ARM id); ``level`` CanNotDelete or ReadOnly."""

    name: str
    scope: str
    level: str = "CanNotDelete"
    notes: str = ""


class Machine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One replicated machine: source, replication and target.

    Attributes:
        key: ARM-safe name, unique in the estate; ``name`` is what people called the machine.
        situation: where the replication stands; `shapes` knows the words (see ``SITUATIONS``).
        vm: name of the Azure VM as the service made it; "" for the intended name.
        has_vm: False when no target machine exists.
        actual_size: size of the VM where it is not the intended ``size``.
        test_vm: a machine ``<intended>-Test`` (agentless) or ``<intended>-test`` exists.
        source_power: power of the source machine, e.g. ``OFF``.
        generation: counts re-protections; it changes the correlation id.
    """

    key: str
    name: str
    provider: str
    vault: str
    site: str = ""
    situation: str = "staged"
    os: str = "windows"
    cores: int = 2
    memory_mib: int = 8192
    disks_gib: tuple[int, ...] = (64,)
    size: str = "Standard_D2s_v5"
    actual_size: str = ""
    subscription: str = ""
    group: str = ""
    location: str = "westeurope"
    subnet: str = "apps"
    address: str = "10.20.0.4"
    vm: str = ""
    has_vm: bool = True
    vm_state: str = "Succeeded"
    power: str = "running"
    agent: str = "Ready"
    test_vm: bool = False
    source_power: str = "OFF"
    generation: int = 1
    tags: dict[str, str] = {}

    @property
    def vm_name(self) -> str:
        """Name of the target machine as it is, renamed by the service or not."""
        return self.vm or self.key

    @property
    def test_name(self) -> str:
        """Name of the test machine."""
        return self.key + ("-Test" if self.provider == "VMwareCbt" else "-test")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to probe: ``kind`` tcp, tls, http or dns; ``address`` host:port or URL."""

    kind: str
    address: str


class Workload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is released together; ``machines`` are keys of the estate's machines."""

    name: str
    owner: str
    criticality: str
    machines: tuple[str, ...]
    endpoints: tuple[Endpoint, ...] = ()
    story: str = ""


class Boards(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The Azure Boards project of the estate; ``process`` is Agile, Scrum, Basic or CMMI."""

    organization: str = "contoso"
    project: str = "Datacenter exit"
    process: str = "Agile"


class Size(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A VM size."""

    name: str
    cores: int
    memory_mib: int
    max_disks: int


class Estate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that the emulated Azure holds when it starts.

    Attributes:
        copies: bodies of real resources, served as they are (``azstaging capture`` writes them);
            a workload names their items by ARM id.
    """

    name: str
    tenant_id: str = TENANT_ID
    subscriptions: tuple[Subscription, ...] = ()
    vaults: tuple[Vault, ...] = ()
    sites: tuple[Site, ...] = ()
    projects: tuple[Project, ...] = ()
    machines: tuple[Machine, ...] = ()
    workloads: tuple[Workload, ...] = ()
    locks: tuple[Lock, ...] = ()
    identities: tuple[Identity, ...] = ()
    denials: tuple[Denial, ...] = ()
    sizes: tuple[Size, ...] = ()
    boards: Boards = Boards()
    copies: tuple[dict[str, Any], ...] = ()

    @property
    def copied_items(self) -> tuple[str, ...]:
        """ARM ids of the copied replicated items."""
        return tuple(body["id"] for body in self.copies if kind_of(body) in ITEM_KINDS.values())

    @property
    def expected(self) -> int:
        """Number of replicated items, those that nobody may read included."""
        return len(self.machines) + len(self.copied_items)

    def to_json(self) -> bytes:
        """Write the estate as JSON, to edit it or to serve it again."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)

    @classmethod
    def from_json(cls, data: bytes | str) -> "Estate":
        """Read an estate that ``to_json`` wrote.

        Raises:
            ConfigurationError: it is not JSON, a field is missing or has the wrong type, or a
                machine names a vault, site or subscription that the estate does not have.
        """
        try:
            estate = msgspec.json.decode(data, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The estate file cannot be read: {error}.") from error
        estate.check()
        return estate

    def _check_copies(self) -> None:
        for body in self.copies:
            if not str(body.get("id", "")).startswith("/") or not isinstance(
                body.get("properties"), dict
            ):
                raise ConfigurationError("The estate file holds a copy without id or properties.")

    def check(self) -> None:
        """Check that every name that a machine uses exists, and that keys are unique.

        Raises:
            ConfigurationError: a name is unknown, or a machine occurs twice.
        """
        known = {
            "vault": {vault.name for vault in self.vaults},
            "site": {site.name for site in self.sites} | {""},
            "subscription": {s.id for s in self.subscriptions} | {""},
        }
        self._check_copies()
        seen: set[str] = set()
        for machine in self.machines:
            for field, names in known.items():
                if getattr(machine, field) not in names:
                    raise ConfigurationError(
                        f"The estate file names no {field} {getattr(machine, field)!r}, "
                        f"which machine {machine.key!r} needs."
                    )
            if machine.key.casefold() in seen:
                raise ConfigurationError(f"The estate file has machine {machine.key!r} twice.")
            seen.add(machine.key.casefold())
