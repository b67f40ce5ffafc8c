"""``HyperVReplicaAzure`` in rows of the vault-wide list of protected items.

Azure: HyperVReplicaAzureReplicationDetails of 2024-04-01 and 2025-08-01,
https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/list
"""

from typing import ClassVar

import msgspec
from msgspec import UNSET

from azstaging.model.items import ItemDisk, SourceFacts, TargetSettings
from azstaging.providers.azure_vm_rows import NicRow, nics_of_row
from azstaging.providers.azure_vm_settings import MIB
from azstaging.providers.documented import Documented, Tags, Told, beside, few, tags_of_row
from azstaging.providers.fields import as_id, as_number, shared_id
from azstaging.providers.interface import Details


@beside("sectorSizeInBytes iops throughputInMbps diskSizeInGB")
class _Managed(Documented):
    disk_id: str | None = None
    seed_managed_disk_id: str | None = None
    replica_disk_type: str | None = None
    target_disk_account_type: str | None = None
    disk_encryption_set_id: str | None = None


@beside("targetDiskLocation lunId")
class _Disk(Documented):
    vhd_type: str | None = None
    vhd_id: str | None = None
    vhd_name: str | None = None
    disk_id: str | None = None
    max_size: int | str | None = msgspec.field(default=None, name="maxSizeMB")
    disk_encryption_set_id: str | None = None
    target_disk_name: str | None = None
    custom_target_disk_name: str | None = None

    def disk(self, managed: _Managed) -> ItemDisk:
        size_mib = as_number(self.max_size)
        kind = managed.target_disk_account_type
        return ItemDisk(
            source_id=self.disk_id or self.vhd_id or "",
            name=self.vhd_name or "",
            is_os=self.vhd_type == "OperatingSystem" if self.vhd_type else None,
            size_bytes=None if size_mib is None else size_mib * MIB,
            target_type=few(managed.replica_disk_type if kind is None else kind),
            target_name=self.target_disk_name or self.custom_target_disk_name or "",
            target_disk_id=as_id(self.disk_id),
            seed_disk_id=as_id(managed.seed_managed_disk_id),
            encryption_set_id=shared_id(self.disk_encryption_set_id)
            or shared_id(managed.disk_encryption_set_id),
        )


@beside("productType oSVersion oSMajorVersion oSMinorVersion")
class _System(Documented):
    os_type: str | None = None
    os_edition: str | None = None
    chosen: str | None = msgspec.field(default=None, name="userSelectedOSName")


@beside(
    "recoveryAzureStorageAccount recoveryAzureLogStorageAccountId lastReplicatedTime "
    "lastRpoCalculatedTime vmId initialReplicationDetails encryption enableRdpOnTargetOption "
    "targetProximityPlacementGroupId useManagedDisks sqlServerLicenseType linuxLicenseType "
    "seedManagedDiskTags targetManagedDiskTags targetNicTags "
    "allAvailableOSUpgradeConfigurations targetVmSecurityProfile targetCapacityReservationGroupId"
)
class HyperVReplicaAzureRow(Documented, tag_field="instanceType", tag="HyperVReplicaAzure"):
    """What is read of the details of one row."""

    STATE_FIELDS: ClassVar[tuple[str, ...]] = (
        "vmProtectionState",
        "vmProtectionStateDescription",
    )

    azure_vm_disk_details: list[_Disk] | None = None
    protected_managed_disks: list[_Managed] | None = None
    recovery_azure_vm_name: str | None = None
    vm_size: str | None = msgspec.field(default=None, name="recoveryAzureVMSize")
    recovery_azure_resource_group_id: str | None = None
    selected_recovery_azure_network_id: str | None = None
    recovery_availability_set_id: str | None = None
    target_availability_zone: str | None = None
    license_type: str | None = None
    target_vm_tags: Tags = None
    vm_nics: list[NicRow] | None = None
    selected_source_nic_id: str | None = None
    system: _System | None = msgspec.field(default=None, name="oSDetails")
    source_vm_cpu_count: int | None = None
    source_vm_ram_size: int | None = msgspec.field(default=None, name="sourceVmRamSizeInMB")
    last_recovery_point_received: str | None = None
    rpo_in_seconds: int | None = None
    vm_protection_state: Told = UNSET
    vm_protection_state_description: Told = UNSET

    def states(self) -> tuple[Told, ...]:
        """Return what `STATE_FIELDS` are."""
        return (
            self.vm_protection_state,
            self.vm_protection_state_description,
        )

    def details(self) -> Details | None:
        """Return what `hyperv_replica_azure` reads; None where it must be asked."""
        system = self.system or _NO_SYSTEM
        name = self.recovery_azure_vm_name
        return Details(
            test_target_name=f"{name}-test" if name else "",
            settings=self._settings(),
            source=SourceFacts(
                cores=as_number(self.source_vm_cpu_count),
                memory_mib=as_number(self.source_vm_ram_size),
                os_type=few(system.os_type),
                os_name=few(system.chosen or system.os_edition),
            ),
            disks=self._disks(),
            nics=nics_of_row(self.vm_nics, self.selected_source_nic_id),
            last_recovery_point=self.last_recovery_point_received or "",
            rpo_seconds=as_number(self.rpo_in_seconds),
        )

    def _disks(self) -> tuple[ItemDisk, ...]:
        managed = {
            (disk.disk_id or "").casefold(): disk for disk in self.protected_managed_disks or ()
        }
        return tuple(
            [
                disk.disk(managed.get((disk.disk_id or "").casefold(), _NOT_MANAGED))
                for disk in self.azure_vm_disk_details or ()
            ]
        )

    def _settings(self) -> TargetSettings:
        return TargetSettings(
            vm_name=self.recovery_azure_vm_name or "",
            vm_size=few(self.vm_size),
            resource_group_id=shared_id(self.recovery_azure_resource_group_id),
            network_id=shared_id(self.selected_recovery_azure_network_id),
            availability_zone=few(self.target_availability_zone),
            availability_set_id=shared_id(self.recovery_availability_set_id),
            licence_type=few(self.license_type),
            tags=tags_of_row(self.target_vm_tags),
        )


_NOT_MANAGED = _Managed()
_NO_SYSTEM = _System()
