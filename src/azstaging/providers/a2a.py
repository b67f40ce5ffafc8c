"""``A2A``: Azure to Azure, disaster recovery or a move between regions and zones."""

from dataclasses import replace

from azstaging.model.items import (
    Collection,
    Facts,
    ItemDisk,
    JsonObject,
    ReplicatedItem,
    SourceFacts,
    StopRequest,
    TargetSettings,
    TestMachine,
)
from azstaging.providers.compute import machine_id
from azstaging.providers.fields import Fields, as_text, tags_of
from azstaging.providers.interface import Details
from azstaging.providers.protected_item import (
    GENERIC_INPUT,
    facts_of_protected_item,
    parse_protected_item,
    remove_request,
)
from azstaging.providers.vm_nics import nics_of

# Where the machine was when its replication began, and where it is.
_SINCE = (
    ("initialPrimaryFabricLocation", "primaryFabricLocation"),
    ("initialPrimaryZone", "primaryAvailabilityZone"),
)
_PLACES = tuple(name for pair in _SINCE for name in pair)
_STOP = frozenset({"DisableProtection"})


class A2A:
    """Replication of an Azure VM to another region or zone."""

    instance_type = "A2A"
    collection = Collection.PROTECTED_ITEMS

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one protected item; its source is the VM that ``fabricObjectId`` names."""
        return parse_protected_item(body, _details, also=_PLACES)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map the states; a test VM that the item names is there whatever the state says.

        After a switch of protection the item looks like a new one ("Protected", "Primary"); only
        its initial and its present location tell that it replicates back.
        """
        facts = facts_of_protected_item(item, stop_operations=_STOP)
        if item.test_target_id is not None:
            facts = replace(facts, test=TestMachine.OUTSTANDING)
        if facts.reversed is False and _switched(item):
            facts = replace(facts, reversed=True)
        return facts

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:
        """Return the POST remove of the protected item.

        The reason is ``NotSpecified``: this is no migration of Azure Migrate, and
        ``MigrationComplete`` would have it counted as one. Terraform's azurerm provider ends
        replicated VMs with the same body.
        """
        return remove_request(
            item,
            {
                "disableProtectionReason": "NotSpecified",
                "replicationProviderInput": dict(GENERIC_INPUT),
            },
        )


def _switched(item: ReplicatedItem) -> bool:
    told = ((item.raw.get(first), item.raw.get(now)) for first, now in _SINCE)
    # The same in all but one of a thousand rows.
    texts = ((as_text(first), as_text(now)) for first, now in told if first != now)
    return any(first and now and first.casefold() != now.casefold() for first, now in texts)


def _details(details: Fields) -> Details:
    managed = tuple(_disk(disk) for disk in details.objects("protectedManagedDisks"))
    unmanaged = tuple(_unmanaged_disk(disk) for disk in details.objects("protectedDisks"))
    return Details(
        source_id=machine_id(details.value("fabricObjectId")),
        target_id=machine_id(details.value("recoveryFabricObjectId")),
        test_target_id=machine_id(details.value("testFailoverRecoveryFabricObjectId")),
        test_target_name=details.text("tfoAzureVMName"),
        settings=_settings(details),
        source=SourceFacts(os_type=details.text("osType")),
        disks=managed + unmanaged,
        nics=nics_of(details),
        rpo_seconds=details.number("rpoInSeconds"),
    )


def _settings(details: Fields) -> TargetSettings:
    synced = details.object("vmSyncedConfigDetails")
    return TargetSettings(
        vm_name=details.text("recoveryAzureVMName"),
        vm_size=details.text("recoveryAzureVMSize"),
        location=details.text("recoveryFabricLocation"),
        resource_group_id=details.shared_id("recoveryAzureResourceGroupId"),
        network_id=details.shared_id("selectedRecoveryAzureNetworkId"),
        test_network_id=details.shared_id("selectedTfoAzureNetworkId"),
        availability_zone=details.text("recoveryAvailabilityZone"),
        availability_set_id=details.id("recoveryAvailabilitySet"),
        generation=details.text("recoveryAzureGeneration"),
        tags=tags_of(synced.value("tags")),
    )


def _disk(disk: Fields) -> ItemDisk:
    kind = disk.text("diskType")
    return ItemDisk(
        source_id=disk.text("diskId"),
        name=disk.text("diskName"),
        is_os=kind == "OperatingSystem" if kind else None,
        size_bytes=disk.number("diskCapacityInBytes"),
        target_type=disk.text("recoveryTargetDiskAccountType"),
        target_disk_id=disk.id("recoveryTargetDiskId"),
        seed_disk_id=disk.id("recoveryReplicaDiskId"),
        encryption_set_id=disk.id("recoveryDiskEncryptionSetId"),
    )


def _unmanaged_disk(disk: Fields) -> ItemDisk:
    kind = disk.text("diskType")
    return ItemDisk(
        source_id=disk.text("diskName"),
        name=disk.text("diskName"),
        is_os=kind == "OperatingSystem" if kind else None,
        size_bytes=disk.number("diskCapacityInBytes"),
    )
