"""``InMageRcm`` in rows of the vault-wide list of protected items.

Azure: InMageRcmReplicationDetails of 2024-04-01 and 2025-08-01,
https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/list
"""

from typing import ClassVar

import msgspec
from msgspec import UNSET

from azstaging.model.items import ItemDisk, ItemNic, SourceFacts
from azstaging.providers.azure_migrate_rows import IntendedVm
from azstaging.providers.documented import Documented, Flag, Told, beside, few
from azstaging.providers.fields import as_flag, as_id, as_number, shared_id
from azstaging.providers.interface import Details


@beside(
    "diskState logStorageAccountId seedBlobUri dataPendingInLogDataStoreInMB "
    "dataPendingAtSourceAgentInMB isInitialReplicationComplete irDetails resyncDetails "
    "sectorSizeInBytes iops throughputInMbps diskSizeInGB"
)
class _Disk(Documented):
    disk_id: str | None = None
    disk_name: str | None = None
    custom_target_disk_name: str | None = None
    is_os_disk: Flag = msgspec.field(default=None, name="isOSDisk")
    capacity_in_bytes: int | None = None
    disk_type: str | None = None
    target_managed_disk_id: str | None = None
    seed_managed_disk_id: str | None = None
    disk_encryption_set_id: str | None = None

    def disk(self) -> ItemDisk:
        name = self.custom_target_disk_name if self.disk_name is None else self.disk_name
        return ItemDisk(
            source_id=self.disk_id or "",
            name=name or "",
            is_os=as_flag(self.is_os_disk),
            size_bytes=as_number(self.capacity_in_bytes),
            target_type=few(self.disk_type),
            target_disk_id=as_id(self.target_managed_disk_id),
            seed_disk_id=as_id(self.seed_managed_disk_id),
            encryption_set_id=shared_id(self.disk_encryption_set_id),
        )


@beside(
    "sourceIPAddressType sourceNetworkId sourceSubnetName testSubnetName testIPAddress "
    "testIPAddressType targetNicName"
)
class _Nic(Documented):
    nic_id: str | None = None
    is_primary_nic: Flag = None
    is_selected_for_failover: Flag = None
    source_address: str | None = msgspec.field(default=None, name="sourceIPAddress")
    target_address: str | None = msgspec.field(default=None, name="targetIPAddress")
    target_address_type: str | None = msgspec.field(default=None, name="targetIPAddressType")
    target_subnet_name: str | None = None

    def nic(self, network: str | None) -> ItemNic:
        return ItemNic(
            source_id=self.nic_id or "",
            is_primary=as_flag(self.is_primary_nic),
            is_selected=as_flag(self.is_selected_for_failover),
            source_address=self.source_address or "",
            target_address=self.target_address or "",
            target_address_type=few(self.target_address_type),
            target_subnet=few(self.target_subnet_name),
            target_network_id=shared_id(network),
        )


@beside("targetVmSecurityType targetVmTpm targetVmMonitoring targetVmConfidentialEncryption")
class _Security(Documented):
    target_vm_secure_boot: Flag = None


@beside(
    "vCenterId vCenterFqdn datastores vmwareToolsStatus vmFqdn createdTimestamp "
    "updatedTimestamp isDeleted lastDiscoveryTimeInUtc"
)
class _Discovered(Documented):
    ip_addresses: list[str] | None = None
    os_name: str | None = None
    power_status: str | None = None


@beside(
    "internalIdentifier multiVmGroupName discoveryType processServerId processServerName "
    "runAsAccountId linuxLicenseType sqlServerLicenseType storageAccountId "
    "targetProximityPlacementGroupId targetCapacityReservationGroupId "
    "targetBootDiagnosticsStorageAccountId failoverRecoveryPointId lastRpoCalculatedTime "
    "lastRecoveryPointId initialReplicationProgressPercentage initialReplicationProcessedBytes "
    "initialReplicationTransferredBytes initialReplicationProgressHealth "
    "resyncProgressPercentage resyncProcessedBytes resyncTransferredBytes resyncProgressHealth "
    "agentUpgradeState lastAgentUpgradeType agentUpgradeJobId agentUpgradeAttemptToVersion "
    "unprotectedDisks isLastUpgradeSuccessful isAgentRegistrationSuccessfulAfterFailover "
    "mobilityAgentDetails lastAgentUpgradeErrorDetails agentUpgradeBlockingErrorDetails "
    "seedManagedDiskTags targetManagedDiskTags targetNicTags supportedOSVersions"
)
class InMageRcmRow(IntendedVm, tag_field="instanceType", tag="InMageRcm"):
    """What is read of the details of one row."""

    STATE_FIELDS: ClassVar[tuple[str, ...]] = (
        "resyncState",
        "resyncRequired",
    )

    fabric_discovery_machine_id: str | None = None
    processor_core_count: int | None = None
    allocated_memory: float | None = msgspec.field(default=None, name="allocatedMemoryInMB")
    os_type: str | None = None
    os_name: str | None = None
    firmware_type: str | None = None
    primary_nic_ip_address: str | None = None
    target_vm_security_profile: _Security | None = None
    last_recovery_point_received: str | None = None
    last_rpo_in_seconds: int | None = None
    resync_state: Told = UNSET
    resync_required: Told = UNSET
    discovered_vm_details: _Discovered | None = None
    protected_disks: list[_Disk] | None = None
    vm_nics: list[_Nic] | None = None

    def states(self) -> tuple[Told, ...]:
        """Return what `STATE_FIELDS` are."""
        return (
            self.resync_state,
            self.resync_required,
        )

    def details(self) -> Details | None:
        """Return what `azstaging.providers.inmage_rcm` reads; None where it must be asked."""
        vm_name = self.target_vm_name or ""
        network, security = self.target_network_id, self.target_vm_security_profile
        return Details(
            source_id=as_id(self.fabric_discovery_machine_id),
            test_target_name=f"{vm_name}-test" if vm_name else "",
            settings=self.settings(security.target_vm_secure_boot if security else None),
            source=self._source(),
            disks=tuple([disk.disk() for disk in self.protected_disks or ()]),
            nics=tuple([nic.nic(network) for nic in self.vm_nics or ()]),
            last_recovery_point=self.last_recovery_point_received or "",
            rpo_seconds=as_number(self.last_rpo_in_seconds),
        )

    def _source(self) -> SourceFacts:
        discovered = self.discovered_vm_details or _NOT_DISCOVERED
        addresses = tuple([each for each in discovered.ip_addresses or () if each])
        primary = self.primary_nic_ip_address
        return SourceFacts(
            cores=as_number(self.processor_core_count),
            memory_mib=as_number(self.allocated_memory),
            os_type=few(self.os_type),
            os_name=few(self.os_name or discovered.os_name),
            firmware=few(self.firmware_type),
            power=few(discovered.power_status),
            addresses=addresses or ((primary,) if primary else ()),
        )


_NOT_DISCOVERED = _Discovered()
