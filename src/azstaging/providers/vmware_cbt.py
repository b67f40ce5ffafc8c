"""``VMwareCbt``: Azure Migrate, agentless migration of VMware machines."""

from azstaging.model.items import (
    Collection,
    Facts,
    ItemDisk,
    ItemNic,
    JsonObject,
    ReplicatedItem,
    SourceFacts,
    StopRequest,
    TargetSettings,
)
from azstaging.providers.fields import Fields, tags_of
from azstaging.providers.interface import Details
from azstaging.providers.migration_item import (
    facts_of_migration_item,
    parse_migration_item,
    stop_migration_item,
)


class VMwareCbt:
    """Agentless VMware migration; the only provider of ``replicationMigrationItems``."""

    instance_type = "VMwareCbt"
    collection = Collection.MIGRATION_ITEMS

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one migration item; a row of the vault-wide list has ``detailed`` False."""
        return parse_migration_item(body, _details)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map migrationState, replicationStatus, testMigrateState and currentJob to facts."""
        return facts_of_migration_item(item)

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:
        """Return the DELETE of the migration item."""
        return stop_migration_item(item)


def _details(details: Fields) -> Details:
    vm_name = details.text("targetVmName")
    disks = tuple(_disk(disk) for disk in details.objects("protectedDisks"))
    return Details(
        # The vault-wide list leaves disks and adapters out; no real item is without disks.
        detailed=bool(disks),
        source_id=details.id("vmwareMachineId"),
        test_target_name=f"{vm_name}-Test" if vm_name else "",
        settings=_settings(details, vm_name),
        source=SourceFacts(
            os_type=details.text("osType"),
            os_name=details.text("osName"),
            firmware=details.text("firmwareType"),
        ),
        disks=disks,
        nics=tuple(_nic(nic, details) for nic in details.objects("vmNics")),
        last_recovery_point=details.text("lastRecoveryPointReceived"),
    )


def _settings(details: Fields, vm_name: str) -> TargetSettings:
    security = details.object("targetVmSecurityProfile")
    return TargetSettings(
        vm_name=vm_name,
        vm_size=details.text("targetVmSize"),
        location=details.text("targetLocation"),
        resource_group_id=details.shared_id("targetResourceGroupId"),
        network_id=details.shared_id("targetNetworkId"),
        test_network_id=details.shared_id("testNetworkId"),
        availability_zone=details.text("targetAvailabilityZone"),
        availability_set_id=details.shared_id("targetAvailabilitySetId"),
        generation=details.text("targetGeneration"),
        licence_type=details.text("licenseType"),
        secure_boot=security.flag("isTargetVmSecureBootEnabled"),
        tags=tags_of(details.value("targetVmTags")),
    )


def _disk(disk: Fields) -> ItemDisk:
    return ItemDisk(
        source_id=disk.text("diskId"),
        name=disk.text("diskName", "targetDiskName"),
        is_os=disk.flag("isOSDisk"),
        size_bytes=disk.number("capacityInBytes"),
        target_type=disk.text("diskType"),
        target_disk_id=disk.id("targetManagedDiskId"),
        seed_disk_id=disk.id("seedManagedDiskId"),
        encryption_set_id=disk.shared_id("diskEncryptionSetId"),
    )


def _nic(nic: Fields, details: Fields) -> ItemNic:
    return ItemNic(
        source_id=nic.text("nicId"),
        is_primary=nic.flag("isPrimaryNic"),
        is_selected=nic.flag("isSelectedForMigration"),
        source_address=nic.text("sourceIPAddress"),
        target_address=nic.text("targetIPAddress"),
        target_address_type=nic.text("targetIPAddressType"),
        target_subnet=nic.text("targetSubnetName"),
        target_network_id=details.shared_id("targetNetworkId"),
    )
