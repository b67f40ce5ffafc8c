"""``InMageRcmFailback``: an ``InMageRcm`` item that was protected back, from Azure to the site.

The id is the one the item had before, with the opposite meaning. It is never stopped by us.
"""

from dataclasses import replace

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
from azstaging.providers.compute import machine_id
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details
from azstaging.providers.protected_item import facts_of_protected_item, parse_protected_item


class InMageRcmFailback:
    """Replication from Azure back to VMware."""

    instance_type = "InMageRcmFailback"
    collection = Collection.PROTECTED_ITEMS

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one protected item; ``target_id`` is the Azure VM, which is now the source."""
        return parse_protected_item(body, _details)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map the states; whatever they are, replication is reversed."""
        return replace(facts_of_protected_item(item), reversed=True)

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:  # noqa: ARG002 - the interface
        """Return None: stopping a failback is not the end of a migration."""
        return None


def _details(details: Fields) -> Details:
    return Details(
        target_id=machine_id(details.value("azureVirtualMachineId")),
        settings=TargetSettings(vm_name=details.text("targetVmName")),
        source=SourceFacts(os_type=details.text("osType")),
        disks=tuple(_disk(disk) for disk in details.objects("protectedDisks")),
        nics=tuple(_nic(nic) for nic in details.objects("vmNics")),
    )


def _disk(disk: Fields) -> ItemDisk:
    return ItemDisk(
        source_id=disk.text("diskId") or disk.text("diskUuid"),
        name=disk.text("diskName"),
        is_os=disk.flag("isOSDisk"),
        size_bytes=disk.number("capacityInBytes"),
    )


def _nic(nic: Fields) -> ItemNic:
    return ItemNic(source_id=nic.text("macAddress"), source_address=nic.text("sourceIpAddress"))
