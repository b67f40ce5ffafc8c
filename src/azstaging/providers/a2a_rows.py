"""``A2A`` in rows of the vault-wide list of protected items.

Azure: A2AReplicationDetails of 2024-04-01 and 2025-08-01,
https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/list
"""

from typing import ClassVar

import msgspec
from msgspec import UNSET, Raw

from azstaging.model.items import ItemDisk, SourceFacts, TargetSettings
from azstaging.providers.azure_vm_rows import NicRow, nics_of_row
from azstaging.providers.compute import machine_id
from azstaging.providers.documented import Documented, Tags, Told, beside, few, tags_of_row
from azstaging.providers.fields import as_id, as_number, shared_id
from azstaging.providers.interface import Details


@beside(
    "recoveryResourceGroupId recoveryOrignalTargetDiskId recoveryReplicaDiskAccountType "
    "primaryDiskEncryptionSetId primaryStagingAzureStorageAccountId resyncRequired "
    "monitoringPercentageCompletion monitoringJobType dataPendingInStagingStorageAccountInMB "
    "dataPendingAtSourceAgentInMB diskState allowedDiskLevelOperation isDiskEncrypted "
    "secretIdentifier dekKeyVaultArmId isDiskKeyEncrypted keyIdentifier kekKeyVaultArmId "
    "failoverDiskName tfoDiskName"
)
class _Disk(Documented):
    disk_id: str | None = None
    disk_name: str | None = None
    disk_type: str | None = None
    disk_capacity_in_bytes: int | None = None
    recovery_target_disk_account_type: str | None = None
    recovery_target_disk_id: str | None = None
    recovery_replica_disk_id: str | None = None
    recovery_disk_encryption_set_id: str | None = None

    def disk(self) -> ItemDisk:
        return ItemDisk(
            source_id=self.disk_id or "",
            name=self.disk_name or "",
            is_os=self.disk_type == "OperatingSystem" if self.disk_type else None,
            size_bytes=as_number(self.disk_capacity_in_bytes),
            target_type=few(self.recovery_target_disk_account_type),
            target_disk_id=as_id(self.recovery_target_disk_id),
            seed_disk_id=as_id(self.recovery_replica_disk_id),
            encryption_set_id=as_id(self.recovery_disk_encryption_set_id),
        )


@beside("inputEndpoints")
class _Synced(Documented):
    tags: Tags = None


@beside(
    "initialRecoveryZone "
    "initialPrimaryExtendedLocation initialRecoveryExtendedLocation "
    "initialRecoveryFabricLocation multiVmGroupId multiVmGroupName multiVmGroupCreateOption "
    "managementId protectionClusterId isClusterInfraReady unprotectedDisks "
    "recoveryBootDiagStorageAccountId recoveryCloudService "
    "monitoringPercentageCompletion monitoringJobType lastHeartbeat agentVersion "
    "agentExpiryDate isReplicationAgentUpdateRequired agentCertificateExpiryDate "
    "isReplicationAgentCertificateUpdateRequired lifecycleId lastRpoCalculatedTime "
    "primaryExtendedLocation recoveryExtendedLocation "
    "vmEncryptionType recoveryProximityPlacementGroupId autoProtectionOfDataDisk "
    "recoveryVirtualMachineScaleSetId recoveryCapacityReservationGroupId churnOptionSelected "
    "agentReinstallAttemptToVersion osFamilyName distroName "
    "distroNameForWhichAgentIsInstalled isAgentUpgradeable isAgentReinstallRequired "
    "reasonsBlockingReInstall reasonsBlockingReinstallDetails isAgentUpgradeInProgress "
    "autoAgentUpgradeRetryCount isAgentUpgradeRetryThresholdExhausted platformFaultDomain"
)
class A2ARow(Documented, tag_field="instanceType", tag="A2A"):
    """What is read of the details of one row."""

    STATE_FIELDS: ClassVar[tuple[str, ...]] = (
        "vmProtectionState",
        "vmProtectionStateDescription",
        "initialPrimaryFabricLocation",
        "primaryFabricLocation",
        "initialPrimaryZone",
        "primaryAvailabilityZone",
    )

    fabric_object_id: str | None = None
    recovery_fabric_object_id: str | None = None
    test_failover_recovery_fabric_object_id: str | None = None
    test_vm_name: str | None = msgspec.field(default=None, name="tfoAzureVMName")
    os_type: str | None = None
    vm_name: str | None = msgspec.field(default=None, name="recoveryAzureVMName")
    vm_size: str | None = msgspec.field(default=None, name="recoveryAzureVMSize")
    recovery_fabric_location: str | None = None
    recovery_azure_resource_group_id: str | None = None
    selected_recovery_azure_network_id: str | None = None
    selected_tfo_azure_network_id: str | None = None
    recovery_availability_zone: str | None = None
    recovery_availability_set: str | None = None
    recovery_azure_generation: str | None = None
    vm_synced_config_details: _Synced | None = None
    protected_managed_disks: list[_Disk] | None = None
    protected_disks: list[Raw] | None = None
    vm_nics: list[NicRow] | None = None
    rpo_in_seconds: int | None = None
    vm_protection_state: Told = UNSET
    vm_protection_state_description: Told = UNSET
    initial_primary_fabric_location: Told = UNSET
    primary_fabric_location: Told = UNSET
    initial_primary_zone: Told = UNSET
    primary_availability_zone: Told = UNSET

    def states(self) -> tuple[Told, ...]:
        """Return what `STATE_FIELDS` are."""
        return (
            self.vm_protection_state,
            self.vm_protection_state_description,
            self.initial_primary_fabric_location,
            self.primary_fabric_location,
            self.initial_primary_zone,
            self.primary_availability_zone,
        )

    def details(self) -> Details | None:
        """Return what `azstaging.providers.a2a` reads; None where it must be asked."""
        if self.protected_disks:
            return None
        return Details(
            source_id=machine_id(self.fabric_object_id),
            target_id=machine_id(self.recovery_fabric_object_id),
            test_target_id=machine_id(self.test_failover_recovery_fabric_object_id),
            test_target_name=self.test_vm_name or "",
            settings=self._settings(),
            source=SourceFacts(os_type=few(self.os_type)),
            disks=tuple([disk.disk() for disk in self.protected_managed_disks or ()]),
            nics=nics_of_row(self.vm_nics),
            rpo_seconds=as_number(self.rpo_in_seconds),
        )

    def _settings(self) -> TargetSettings:
        synced = self.vm_synced_config_details
        return TargetSettings(
            vm_name=self.vm_name or "",
            vm_size=few(self.vm_size),
            location=few(self.recovery_fabric_location),
            resource_group_id=shared_id(self.recovery_azure_resource_group_id),
            network_id=shared_id(self.selected_recovery_azure_network_id),
            test_network_id=shared_id(self.selected_tfo_azure_network_id),
            availability_zone=few(self.recovery_availability_zone),
            availability_set_id=as_id(self.recovery_availability_set),
            generation=few(self.recovery_azure_generation),
            tags=tags_of_row(synced.tags) if synced else None,
        )
