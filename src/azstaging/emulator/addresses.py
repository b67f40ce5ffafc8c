"""ARM ids of everything that belongs to a machine, a vault or a site.

Casing follows the recordings: Recovery Services writes ``/Subscriptions/``, the others
``/subscriptions/``.
"""

from functools import cached_property
from hashlib import blake2b

from azstaging.emulator.estate import (
    LOCAL_PROVIDERS,
    MIGRATION_PROVIDERS,
    Estate,
    Machine,
    Project,
    Site,
    Vault,
)

SITE_RECOVERY = (
    "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
)


def stable_guid(*parts: object) -> str:
    """Return the same GUID for the same words, in every run."""
    words = "/".join(str(part) for part in parts)
    text = blake2b(words.encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"


def group_id(subscription: str, group: str) -> str:
    """Return the ARM id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


class Addresses:
    """ARM ids over one estate."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.vaults = {vault.name: vault for vault in estate.vaults}
        self.sites = {site.name: site for site in estate.sites}

    @cached_property
    def _vault_ids(self) -> dict[str, str]:
        return {vault.name: self.vault(vault) for vault in self.estate.vaults}

    @cached_property
    def _containers(self) -> dict[str, str]:
        return {vault.name: self.container(vault) for vault in self.estate.vaults}

    def vault(self, vault: Vault) -> str:
        """The vault as its own resource provider writes it."""
        kind = (
            "Microsoft.DataReplication/replicationVaults"
            if vault.kind == "DataReplication"
            else "Microsoft.RecoveryServices/vaults"
        )
        return f"{group_id(vault.subscription, vault.group)}/providers/{kind}/{vault.name}"

    def fabric(self, vault: Vault) -> str:
        """The fabric of a Recovery Services vault, with the capital S of the service."""
        root = self.vault(vault).replace("/subscriptions/", "/Subscriptions/", 1)
        return f"{root}/replicationFabrics/{vault.fabric}"

    def container(self, vault: Vault) -> str:
        """The protection container of a Recovery Services vault."""
        return f"{self.fabric(vault)}/replicationProtectionContainers/{vault.container}"

    def site(self, site: Site) -> str:
        """The discovery site."""
        scope = group_id(site.subscription, site.group)
        return f"{scope}/providers/Microsoft.OffAzure/{site.kind}/{site.name}"

    def project(self, project: Project) -> str:
        """The Azure Migrate project, with the capitals of the service."""
        scope = group_id(project.subscription, project.group)
        return f"{scope}/providers/Microsoft.Migrate/MigrateProjects/{project.name}"

    def collection(self, machine: Machine) -> str:
        """Name of the ARM collection that the machine's item lives in."""
        if machine.provider in MIGRATION_PROVIDERS:
            return "replicationMigrationItems"
        if machine.provider in LOCAL_PROVIDERS:
            return "protectedItems"
        return "replicationProtectedItems"

    def item(self, machine: Machine) -> str:
        """The replicated item."""
        if machine.provider in LOCAL_PROVIDERS:
            return f"{self._vault_ids[machine.vault]}/protectedItems/{self.item_name(machine)}"
        container = self._containers[machine.vault]
        return f"{container}/{self.collection(machine)}/{self.item_name(machine)}"

    def item_name(self, machine: Machine) -> str:
        """ARM name of the item: the discovered machine's, as the service does it."""
        if machine.provider == "A2A":
            return stable_guid("rpi", machine.key)
        return self.source_name(machine)

    def source_name(self, machine: Machine) -> str:
        """ARM name of the discovered machine: appliance and instance, never the shown name."""
        guid = stable_guid("source", machine.key)
        return guid if machine.provider.startswith("HyperV") else f"{machine.site}_{guid}"

    def source(self, machine: Machine) -> str:
        """The discovered machine, or the source VM of A2A."""
        if machine.provider == "A2A":
            scope = group_id(machine.subscription, f"{machine.group}-source")
            return f"{scope}/providers/Microsoft.Compute/virtualMachines/{machine.key}"
        return f"{self.site(self.sites[machine.site])}/machines/{self.source_name(machine)}"

    def target_group(self, machine: Machine) -> str:
        """The resource group that the machine was migrated to."""
        return group_id(machine.subscription, machine.group)

    def _compute(self, machine: Machine, rest: str) -> str:
        return f"{self.target_group(machine)}/providers/Microsoft.Compute/{rest}"

    def vm(self, machine: Machine) -> str:
        """The target machine."""
        return self._compute(machine, f"virtualMachines/{machine.vm_name}")

    def test_vm(self, machine: Machine) -> str:
        """The test machine."""
        return self._compute(machine, f"virtualMachines/{machine.test_name}")

    def disk_name(self, machine: Machine, index: int) -> str:
        """Name of a target disk."""
        return f"{machine.key}-{'OSdisk' if index == 0 else 'datadisk'}-{index:02d}"

    def disk(self, machine: Machine, index: int) -> str:
        """A target disk."""
        return self._compute(machine, f"disks/{self.disk_name(machine, index)}")

    def seed_disk(self, machine: Machine, index: int) -> str:
        """A seed or replica disk: replication's own, gone when replication stops."""
        if machine.provider == "A2A":
            name = f"{self.disk_name(machine, index)}-ASRReplica"
        else:
            name = f"asrseeddisk-{machine.key}-{stable_guid('seed', machine.key, index)}"
        return self._compute(machine, f"disks/{name}")

    def nic(self, machine: Machine) -> str:
        """The network interface of the target machine."""
        name = f"nic-{machine.key}-00"
        return f"{self.target_group(machine)}/providers/Microsoft.Network/networkInterfaces/{name}"

    def network(self, machine: Machine) -> str:
        """The target virtual network."""
        name = f"vnet-{machine.location}"
        return f"{self.target_group(machine)}/providers/Microsoft.Network/virtualNetworks/{name}"

    def storage(self, machine: Machine) -> str:
        """The cache and boot diagnostics storage account."""
        name = "stcache" + stable_guid("storage", machine.subscription)[:8]
        return f"{self.target_group(machine)}/providers/Microsoft.Storage/storageAccounts/{name}"

    def correlation(self, machine: Machine) -> str:
        """``eventCorrelationId`` or ``correlationId``: changes on re-protection."""
        return stable_guid("correlation", machine.key, machine.generation)
