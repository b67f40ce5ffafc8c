"""Rows of the vault-wide list of migration items, from their bytes, as quickly as they come.

The list has one row per machine of a whole estate. A row of exactly the documented shape is
decoded into a struct and becomes its item at once; anything else, be it one property more, one
spelt in another way, disks, a health error or a number where text belongs, gives None and is
read by `VMwareCbt.parse`, which forgives everything. Both give the same item.

Azure: MigrationItemProperties and VMwareCbtMigrationDetails of 2024-04-01 and 2025-08-01,
https://learn.microsoft.com/rest/api/site-recovery/replication-migration-items/list
"""

from functools import lru_cache
from sys import intern
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from azstaging.errors import ConfigurationError
from azstaging.model.bodies import Body
from azstaging.model.items import Collection, ReplicatedItem, SourceFacts, TargetSettings
from azstaging.providers.envelope import job_name, place_of
from azstaging.providers.fields import as_flag, as_id, shared_id, tags_of

_Text = str | UnsetType | None
# What no row is made of is not taken apart.
_Unread = Raw | UnsetType


class _Strict(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """An object that has no other properties than these."""


class _Security(_Strict):
    is_target_vm_secure_boot_enabled: str | bool | None = None
    target_vm_security_type: _Unread = UNSET
    is_target_vm_tpm_enabled: _Unread = UNSET
    is_target_vm_integrity_monitoring_enabled: _Unread = UNSET
    is_target_vm_confidential_encryption_enabled: _Unread = UNSET


class _Details(_Strict):
    instance_type: str
    vmware_machine_id: str | None = None
    os_type: str | None = None
    os_name: str | None = None
    firmware_type: str | None = None
    target_generation: str | None = None
    license_type: str | None = None
    target_vm_name: str | None = None
    target_vm_size: str | None = None
    target_location: str | None = None
    target_resource_group_id: str | None = None
    target_availability_set_id: str | None = None
    target_availability_zone: str | None = None
    target_network_id: str | None = None
    test_network_id: str | None = None
    target_vm_security_profile: _Security | None = None
    target_vm_tags: Any = None
    last_recovery_point_received: str | None = None
    resync_required: _Text = UNSET
    resync_state: _Text = UNSET
    protected_disks: list[Raw] | None = None
    vm_nics: list[Raw] | None = None
    sql_server_license_type: _Unread = UNSET
    linux_license_type: _Unread = UNSET
    data_mover_run_as_account_id: _Unread = UNSET
    snapshot_run_as_account_id: _Unread = UNSET
    storage_account_id: _Unread = UNSET
    target_proximity_placement_group_id: _Unread = UNSET
    target_capacity_reservation_group_id: _Unread = UNSET
    confidential_vm_key_vault_id: _Unread = UNSET
    target_boot_diagnostics_storage_account_id: _Unread = UNSET
    target_nic_tags: _Unread = UNSET
    target_disk_tags: _Unread = UNSET
    seed_disk_tags: _Unread = UNSET
    migration_recovery_point_id: _Unread = UNSET
    last_recovery_point_id: _Unread = UNSET
    initial_seeding_progress_percentage: _Unread = UNSET
    migration_progress_percentage: _Unread = UNSET
    resync_progress_percentage: _Unread = UNSET
    resume_progress_percentage: _Unread = UNSET
    delta_sync_progress_percentage: _Unread = UNSET
    is_check_sum_resync_cycle: _Unread = UNSET
    initial_seeding_retry_count: _Unread = UNSET
    resync_retry_count: _Unread = UNSET
    resume_retry_count: _Unread = UNSET
    delta_sync_retry_count: _Unread = UNSET
    perform_auto_resync: _Unread = UNSET
    supported_os_versions: _Unread = msgspec.field(default=UNSET, name="supportedOSVersions")
    appliance_monitoring_details: _Unread = UNSET
    gateway_operation_details: _Unread = UNSET
    operation_name: _Unread = UNSET


class _Properties(_Strict):
    provider_specific_details: _Details
    machine_name: str | None = None
    event_correlation_id: str | None = None
    allowed_operations: list[str] | None = None
    current_job: Any = UNSET
    health: _Text = UNSET
    migration_state: _Text = UNSET
    migration_state_description: _Text = UNSET
    replication_status: _Text = UNSET
    last_migration_time: _Text = UNSET
    last_migration_status: _Text = UNSET
    test_migrate_state: _Text = UNSET
    test_migrate_state_description: _Text = UNSET
    last_test_migration_time: _Text = UNSET
    last_test_migration_status: _Text = UNSET
    health_errors: list[Raw] | None = None
    policy_id: _Unread = UNSET
    policy_friendly_name: _Unread = UNSET
    recovery_services_provider_id: _Unread = UNSET
    critical_job_history: _Unread = UNSET


class Row(_Strict):
    """One row of the list: what is read of it, and the names of what is not."""

    id: str
    properties: _Properties
    name: _Unread = UNSET
    type: _Unread = UNSET
    location: _Unread = UNSET


ROWS = msgspec.json.Decoder(Row)
_INSTANCE = "VMwareCbt"
_NO_SOURCE = SourceFacts()


def quick_row(text: bytes, body: Body) -> ReplicatedItem | None:
    """Return the item of one row, or None: it is none that this can read."""
    try:
        row = ROWS.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    properties = row.properties
    details = properties.provider_specific_details
    odd = details.protected_disks or details.vm_nics or properties.health_errors
    if odd or details.instance_type != _INSTANCE:
        return None
    item_id = as_id(row.id)
    if item_id is None:
        return None
    try:
        vault_id, fabric, container = place_of(item_id.text.rpartition("/")[0])
    except ConfigurationError:
        return None
    vm_name = details.target_vm_name or ""
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
        allowed_operations=_shared(*(properties.allowed_operations or ())),
        running_job="" if _none(job) else job_name(None if job is UNSET else job),
        detailed=False,
        source_id=as_id(details.vmware_machine_id),
        test_target_name=f"{vm_name}-Test" if vm_name else "",
        settings=_settings(details, vm_name),
        source=_source(details.os_type, details.os_name, details.firmware_type),
        last_recovery_point=details.last_recovery_point_received or "",
        body=body,
    )


def _none(job: Any) -> bool:
    return type(job) is dict and job.get("jobName") == "None"


@lru_cache(maxsize=1024)
def _shared(*names: str) -> tuple[str, ...]:
    return tuple(intern(name) for name in names if name)


@lru_cache(maxsize=1024)
def _source(os_type: str | None, os_name: str | None, firmware: str | None) -> SourceFacts:
    return SourceFacts(os_type=os_type or "", os_name=os_name or "", firmware=firmware or "")


@lru_cache(maxsize=1024)
def _once(value: _Text) -> _Text:
    """Return one text for thousands of equal ones: states, sizes and places are few."""
    return value


def _raw(properties: _Properties, details: _Details) -> dict[str, Any]:
    told = {
        "migrationState": _once(properties.migration_state),
        "migrationStateDescription": _once(properties.migration_state_description),
        "replicationStatus": _once(properties.replication_status),
        "lastMigrationTime": properties.last_migration_time,
        "lastMigrationStatus": _once(properties.last_migration_status),
        "testMigrateState": _once(properties.test_migrate_state),
        "testMigrateStateDescription": _once(properties.test_migrate_state_description),
        "lastTestMigrationTime": properties.last_test_migration_time,
        "lastTestMigrationStatus": _once(properties.last_test_migration_status),
        "health": _once(properties.health),
        "currentJob": properties.current_job,
        "resyncState": _once(details.resync_state),
        "resyncRequired": _once(details.resync_required),
    }
    if UNSET not in told.values():
        return told
    return {name: value for name, value in told.items() if value is not UNSET}


def _settings(details: _Details, vm_name: str) -> TargetSettings:
    security = details.target_vm_security_profile
    return TargetSettings(
        vm_name=vm_name,
        vm_size=_once(details.target_vm_size) or "",
        location=_once(details.target_location) or "",
        resource_group_id=shared_id(details.target_resource_group_id),
        network_id=shared_id(details.target_network_id),
        test_network_id=shared_id(details.test_network_id),
        availability_zone=_once(details.target_availability_zone) or "",
        availability_set_id=shared_id(details.target_availability_set_id),
        generation=_once(details.target_generation) or "",
        licence_type=_once(details.license_type) or "",
        secure_boot=as_flag(security.is_target_vm_secure_boot_enabled) if security else None,
        tags=tags_of(details.target_vm_tags),
    )
