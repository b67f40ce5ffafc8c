"""Rows of the vault-wide list of migration items, from their bytes; see `documented`.

Disks and adapters are left out of this list; a row that has them is read whole.

Azure: MigrationItemProperties and VMwareCbtMigrationDetails of 2024-04-01 and 2025-08-01,
https://learn.microsoft.com/rest/api/site-recovery/replication-migration-items/list
"""

from functools import lru_cache
from typing import Any

from msgspec import UNSET, Raw

from azstaging.errors import ConfigurationError
from azstaging.model.items import (
    Collection,
    JsonObject,
    ReplicatedItem,
    SourceFacts,
)
from azstaging.providers.azure_migrate_rows import IntendedVm
from azstaging.providers.documented import (
    Documented,
    Flag,
    Rows,
    Told,
    beside,
    shared_names,
    shared_states,
    told,
)
from azstaging.providers.envelope import job_name, place_of
from azstaging.providers.fields import as_id
from azstaging.providers.migration_item import STATE_FIELDS


@beside(
    "targetVmSecurityType isTargetVmTpmEnabled isTargetVmIntegrityMonitoringEnabled "
    "isTargetVmConfidentialEncryptionEnabled"
)
class _Security(Documented):
    is_target_vm_secure_boot_enabled: Flag = None


@beside(
    "sqlServerLicenseType linuxLicenseType dataMoverRunAsAccountId snapshotRunAsAccountId "
    "storageAccountId targetProximityPlacementGroupId targetCapacityReservationGroupId "
    "confidentialVmKeyVaultId targetBootDiagnosticsStorageAccountId targetNicTags "
    "targetDiskTags seedDiskTags migrationRecoveryPointId lastRecoveryPointId "
    "initialSeedingProgressPercentage migrationProgressPercentage resyncProgressPercentage "
    "resumeProgressPercentage deltaSyncProgressPercentage isCheckSumResyncCycle "
    "initialSeedingRetryCount resyncRetryCount resumeRetryCount deltaSyncRetryCount "
    "performAutoResync supportedOSVersions applianceMonitoringDetails "
    "gatewayOperationDetails operationName"
)
class _Details(IntendedVm):
    instance_type: str = ""
    vmware_machine_id: str | None = None
    os_type: str | None = None
    os_name: str | None = None
    firmware_type: str | None = None
    target_vm_security_profile: _Security | None = None
    last_recovery_point_received: str | None = None
    resync_required: Told = UNSET
    resync_state: Told = UNSET
    protected_disks: list[Raw] | None = None
    vm_nics: list[Raw] | None = None


@beside("policyId policyFriendlyName recoveryServicesProviderId criticalJobHistory")
class _Properties(Documented):
    provider_specific_details: _Details
    machine_name: str | None = None
    event_correlation_id: str | None = None
    allowed_operations: list[str] | None = None
    current_job: Any = UNSET
    health: Told = UNSET
    migration_state: Told = UNSET
    migration_state_description: Told = UNSET
    replication_status: Told = UNSET
    last_migration_time: Told = UNSET
    last_migration_status: Told = UNSET
    test_migrate_state: Told = UNSET
    test_migrate_state_description: Told = UNSET
    last_test_migration_time: Told = UNSET
    last_test_migration_status: Told = UNSET
    health_errors: list[Raw] | None = None


_INSTANCE = "VMwareCbt"


@beside("name type location")
class Row(Documented):
    """One row of migration items."""

    id: str
    properties: _Properties

    def item(self, body: JsonObject) -> ReplicatedItem | None:
        """Return the item of the row; None where the provider must be asked."""
        properties = self.properties
        details = properties.provider_specific_details
        odd = details.protected_disks or details.vm_nics or properties.health_errors
        item_id = as_id(self.id)
        if odd or item_id is None or details.instance_type != _INSTANCE:
            return None
        try:
            vault_id, fabric, container = place_of(item_id, Collection.MIGRATION_ITEMS)
        except ConfigurationError:
            return None
        vm_name = details.target_vm_name or ""
        security = details.target_vm_security_profile
        secure_boot = security.is_target_vm_secure_boot_enabled if security else None
        job = properties.current_job
        generation = properties.event_correlation_id
        return ReplicatedItem(
            id=item_id,
            name=properties.machine_name or item_id.name,
            provider=_INSTANCE,
            collection=Collection.MIGRATION_ITEMS,
            vault_id=vault_id,
            fabric=fabric,
            container=container,
            generation=(generation.strip() or None) if generation else None,
            health=properties.health or "",
            raw=_raw(properties, details),
            allowed_operations=shared_names(*(properties.allowed_operations or ())),
            running_job="" if _none(job) else job_name(None if job is UNSET else job),
            detailed=False,
            source_id=as_id(details.vmware_machine_id),
            test_target_name=f"{vm_name}-Test" if vm_name else "",
            settings=details.settings(secure_boot),
            source=_source(details.os_type, details.os_name, details.firmware_type),
            last_recovery_point=details.last_recovery_point_received or "",
            body=body,
        )


MIGRATION_ROWS = Rows(Row)


def _none(job: Any) -> bool:
    return type(job) is dict and job.get("jobName") == "None"


@lru_cache(maxsize=1024)
def _source(os_type: str | None, os_name: str | None, firmware: str | None) -> SourceFacts:
    return SourceFacts(os_type=os_type or "", os_name=os_name or "", firmware=firmware or "")


def _raw(properties: _Properties, details: _Details) -> dict[str, Any]:
    shared = shared_states(
        STATE_FIELDS,
        properties.migration_state,
        properties.migration_state_description,
        properties.replication_status,
        properties.last_migration_status,
        properties.test_migrate_state,
        properties.test_migrate_state_description,
        properties.last_test_migration_status,
        properties.health,
        details.resync_state,
        details.resync_required,
    )
    own = {
        "lastMigrationTime": properties.last_migration_time,
        "lastTestMigrationTime": properties.last_test_migration_time,
        "currentJob": properties.current_job,
    }
    return {**shared, **told(own)}
