"""What a row of our list has, read through the models of the official client."""

# ruff: noqa: SIM905 - words are read more easily than lists of texts

from typing import Any

_MIGRATION = (
    "machine_name event_correlation_id allowed_operations health migration_state "
    "migration_state_description replication_status last_migration_time last_migration_status "
    "test_migrate_state test_migrate_state_description last_test_migration_time "
    "last_test_migration_status"
).split()
_PROTECTED = (
    "friendly_name event_correlation_id allowed_operations protection_state "
    "protection_state_description active_location test_failover_state "
    "test_failover_state_description switch_provider_state switch_provider_state_description "
    "replication_health failover_health last_successful_failover_time "
    "last_successful_test_failover_time"
).split()
_ERROR = "error_code error_level error_message summary_message recommended_action".split()
_AGENT = (
    "os_type os_name firmware_type resync_state resync_required last_recovery_point_received "
    "target_vm_name target_vm_size target_location target_resource_group_id target_network_id "
    "test_network_id target_availability_zone target_availability_set_id target_generation "
    "license_type"
).split()
_RECOVERY = (
    "vm_protection_state vm_protection_state_description rpo_in_seconds recovery_azure_vm_name "
    "recovery_azure_vm_size recovery_azure_resource_group_id selected_recovery_azure_network_id"
).split()
_DETAILS = {
    "VMwareCbt": [*_AGENT, "vmware_machine_id"],
    "InMageRcm": [
        *_AGENT,
        *"fabric_discovery_machine_id last_rpo_in_seconds processor_core_count".split(),
        *"allocated_memory_in_mb primary_nic_ip_address".split(),
    ],
    "HyperVReplicaAzure": [
        *_RECOVERY,
        *"last_recovery_point_received source_vm_cpu_count source_vm_ram_size_in_mb".split(),
        *"target_availability_zone recovery_availability_set_id license_type".split(),
    ],
    "A2A": [
        *_RECOVERY,
        *"fabric_object_id recovery_fabric_object_id tfo_azure_vm_name os_type".split(),
        *"test_failover_recovery_fabric_object_id recovery_fabric_location".split(),
        *"selected_tfo_azure_network_id recovery_availability_zone".split(),
        *"recovery_availability_set recovery_azure_generation primary_fabric_location".split(),
        *"initial_primary_fabric_location initial_primary_zone primary_availability_zone".split(),
    ],
}
_AGENT_DISK = (
    "disk_id disk_name is_os_disk capacity_in_bytes disk_type target_managed_disk_id "
    "seed_managed_disk_id disk_encryption_set_id"
).split()
_AGENT_NIC = (
    "nic_id is_primary_nic source_ip_address target_ip_address target_ip_address_type "
    "target_subnet_name"
).split()
_HYPER_V_DISK = "vhd_type max_size_mb disk_id vhd_id vhd_name disk_encryption_set_id".split()
_MANAGED_DISK = "disk_id target_disk_account_type replica_disk_type seed_managed_disk_id".split()
_A2A_DISK = (
    "disk_id disk_name disk_type disk_capacity_in_bytes recovery_target_disk_account_type "
    "recovery_target_disk_id recovery_replica_disk_id recovery_disk_encryption_set_id"
).split()
_NIC = "nic_id selection_type recovery_vm_network_id".split()
_ADDRESS = (
    "is_primary static_ip_address recovery_static_ip_address recovery_ip_address_type "
    "recovery_subnet_name"
).split()


def migration_row(item: Any) -> list[Any]:
    """Read what a row of migration items has."""
    found, details = item.properties, item.properties.provider_specific_details
    job, security = found.current_job, details.target_vm_security_profile
    return [
        item.id,
        *_read(found, _MIGRATION),
        _each(found.health_errors, _ERROR),
        _read(job, ["job_name"]),
        details.instance_type,
        *_read(details, _DETAILS["VMwareCbt"]),
        _read(security, ["is_target_vm_secure_boot_enabled"]),
        details.target_vm_tags,
        _each(details.protected_disks, _AGENT_DISK),
        _each(details.vm_nics, [*_AGENT_NIC, "is_selected_for_migration"]),
    ]


def protected_row(item: Any) -> list[Any]:
    """Read what a row of protected items has; its disks and adapters too."""
    found, details = item.properties, item.properties.provider_specific_details
    kind = details.instance_type
    return [
        item.id,
        *_read(found, _PROTECTED),
        _each(found.health_errors, _ERROR),
        _read(found.current_scenario, ["scenario_name"]),
        kind,
        *_read(details, _DETAILS[kind]),
        *_PARTS[kind](details),
    ]


def _agent_parts(details: Any) -> list[Any]:
    return [
        _read(details.target_vm_security_profile, ["target_vm_secure_boot"]),
        _each(details.target_vm_tags, ["tag_name", "tag_value"]),
        _read(details.discovered_vm_details, ["ip_addresses", "os_name", "power_status"]),
        _each(details.protected_disks, _AGENT_DISK),
        _each(details.vm_nics, [*_AGENT_NIC, "is_selected_for_failover"]),
    ]


def _hyper_v_parts(details: Any) -> list[Any]:
    return [
        _read(details.o_s_details, ["os_type", "user_selected_os_name", "os_edition"]),
        details.target_vm_tags,
        _each(details.azure_vm_disk_details, _HYPER_V_DISK),
        _each(details.protected_managed_disks, _MANAGED_DISK),
        *_adapters(details),
    ]


def _a2a_parts(details: Any) -> list[Any]:
    return [
        _read(details.vm_synced_config_details, ["tags"]),
        _each(details.protected_managed_disks, _A2A_DISK),
        *_adapters(details),
    ]


_PARTS = {
    "InMageRcm": _agent_parts,
    "HyperVReplicaAzure": _hyper_v_parts,
    "A2A": _a2a_parts,
}


def _adapters(details: Any) -> list[Any]:
    nics = details.vm_nics or ()
    return [[*_read(nic, _NIC), _each(nic.ip_configs, _ADDRESS)] for nic in nics]


def _each(values: Any, names: list[str]) -> list[list[Any]]:
    return [_read(value, names) for value in values or ()]


def _read(value: Any, names: list[str]) -> list[Any]:
    return [] if value is None else [getattr(value, name) for name in names]
