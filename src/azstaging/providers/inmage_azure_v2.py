"""``InMageAzureV2``: agent-based replication to Azure with the classic appliance."""

from azstaging.model.items import (
    Collection,
    Facts,
    ItemDisk,
    JsonObject,
    ReplicatedItem,
    SourceFacts,
    StopRequest,
)
from azstaging.providers.azure_vm_settings import (
    azure_disk,
    managed_disks_of,
    settings_of,
    test_machine_name,
)
from azstaging.providers.compute import machine_id
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details
from azstaging.providers.protected_item import (
    facts_of_protected_item,
    parse_protected_item,
    stop_protected_item,
)
from azstaging.providers.vm_nics import nics_of


class InMageAzureV2:
    """Agent-based replication of VMware, physical and other clouds' machines."""

    instance_type = "InMageAzureV2"
    collection = Collection.PROTECTED_ITEMS

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one protected item; ``targetVmId`` without a machine's name is no target."""
        return parse_protected_item(body, _details)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map protectionState, activeLocation, testFailoverState and currentScenario to facts."""
        return facts_of_protected_item(item)

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:
        """Return the POST remove of the protected item."""
        return stop_protected_item(item)


def _details(details: Fields) -> Details:
    address = details.text("ipAddress")
    return Details(
        target_id=machine_id(details.value("targetVmId")),
        test_target_name=test_machine_name(details),
        settings=settings_of(details),
        source=SourceFacts(
            cores=details.number("sourceVmCpuCount"),
            memory_mib=details.number("sourceVmRamSizeInMB"),
            os_type=details.text("osType"),
            os_name=details.text("osName") or details.text("osVersion"),
            firmware=details.text("firmwareType"),
            addresses=(address,) if address else (),
        ),
        disks=_disks(details),
        nics=nics_of(details),
        last_recovery_point=details.text("lastRecoveryPointReceived"),
        rpo_seconds=details.number("rpoInSeconds"),
    )


def _disks(details: Fields) -> tuple[ItemDisk, ...]:
    managed = managed_disks_of(details)
    azure = {disk.text("diskId").casefold(): disk for disk in details.objects("azureVMDiskDetails")}
    os_disk = details.text("osDiskId").casefold()
    return tuple(_disk(disk, azure, managed, os_disk) for disk in details.objects("protectedDisks"))


def _disk(
    disk: Fields, azure: dict[str, Fields], managed: dict[str, Fields], os_disk: str
) -> ItemDisk:
    disk_id = disk.text("diskId")
    nothing = Fields(None)
    made = azure_disk(
        azure.get(disk_id.casefold(), nothing), managed.get(disk_id.casefold(), nothing)
    )
    return ItemDisk(
        source_id=disk_id,
        name=disk.text("diskName") or made.name,
        is_os=disk_id.casefold() == os_disk if os_disk else made.is_os,
        size_bytes=disk.number("diskCapacityInBytes"),
        target_type=made.target_type,
        target_name=made.target_name,
        target_disk_id=made.target_disk_id,
        seed_disk_id=made.seed_disk_id,
        encryption_set_id=made.encryption_set_id,
    )
