"""``InMageRcm``: agent-based migration and disaster recovery with the simplified appliance."""

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
from azstaging.providers.protected_item import (
    facts_of_protected_item,
    parse_protected_item,
    stop_protected_item,
)


class InMageRcm:
    """Agent-based replication, simplified (RCM) appliance."""

    instance_type = "InMageRcm"
    collection = Collection.PROTECTED_ITEMS

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one protected item; its tags come as lists of ``{tagName, tagValue}``."""
        return parse_protected_item(body, _details)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map protectionState, activeLocation, testFailoverState and currentScenario to facts."""
        return facts_of_protected_item(item)

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:
        """Return the POST remove of the protected item."""
        return stop_protected_item(item)


def _details(details: Fields) -> Details:
    vm_name = details.text("targetVmName")
    return Details(
        source_id=details.id("fabricDiscoveryMachineId"),
        test_target_name=f"{vm_name}-test" if vm_name else "",
        settings=_settings(details, vm_name),
        source=_source(details),
        disks=tuple(_disk(disk) for disk in details.objects("protectedDisks")),
        nics=tuple(_nic(nic, details) for nic in details.objects("vmNics")),
        last_recovery_point=details.text("lastRecoveryPointReceived"),
        rpo_seconds=details.number("lastRpoInSeconds"),
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
        secure_boot=security.flag("targetVmSecureBoot"),
        tags=tags_of(details.value("targetVmTags")),
    )


def _source(details: Fields) -> SourceFacts:
    discovered = details.object("discoveredVmDetails")
    addresses = discovered.texts("ipAddresses")
    primary = details.text("primaryNicIpAddress")
    return SourceFacts(
        cores=details.number("processorCoreCount"),
        memory_mib=details.number("allocatedMemoryInMB"),
        os_type=details.text("osType"),
        os_name=details.text("osName") or discovered.text("osName"),
        firmware=details.text("firmwareType"),
        power=discovered.text("powerStatus"),
        addresses=addresses or ((primary,) if primary else ()),
    )


def _disk(disk: Fields) -> ItemDisk:
    return ItemDisk(
        source_id=disk.text("diskId"),
        name=disk.text("diskName", "customTargetDiskName"),
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
        is_selected=nic.flag("isSelectedForFailover"),
        source_address=nic.text("sourceIPAddress"),
        target_address=nic.text("targetIPAddress"),
        target_address_type=nic.text("targetIPAddressType"),
        target_subnet=nic.text("targetSubnetName"),
        target_network_id=details.shared_id("targetNetworkId"),
    )
