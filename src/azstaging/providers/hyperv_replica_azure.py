"""``HyperVReplicaAzure``: Hyper-V machines to Azure, by Azure Migrate or Site Recovery."""

from azstaging.model.items import (
    Collection,
    Facts,
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
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details
from azstaging.providers.protected_item import (
    facts_of_protected_item,
    parse_protected_item,
    stop_protected_item,
)
from azstaging.providers.vm_nics import nics_of


class HyperVReplicaAzure:
    """Replication of a Hyper-V machine; ``vmId`` is its Hyper-V id, not that of an Azure VM."""

    instance_type = "HyperVReplicaAzure"
    collection = Collection.PROTECTED_ITEMS

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one protected item; the item names neither its source nor its target VM by id."""
        return parse_protected_item(body, _details)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map protectionState, activeLocation, testFailoverState and currentScenario to facts."""
        return facts_of_protected_item(item)

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:
        """Return the POST remove of the protected item."""
        return stop_protected_item(item)


def _details(details: Fields) -> Details:
    managed = managed_disks_of(details)
    system = details.object("oSDetails")
    return Details(
        test_target_name=test_machine_name(details),
        settings=settings_of(details),
        source=SourceFacts(
            cores=details.number("sourceVmCpuCount"),
            memory_mib=details.number("sourceVmRamSizeInMB"),
            os_type=system.text("osType"),
            os_name=system.text("userSelectedOSName") or system.text("osEdition"),
        ),
        disks=tuple(
            azure_disk(disk, managed.get(disk.text("diskId").casefold(), Fields(None)))
            for disk in details.objects("azureVmDiskDetails")
        ),
        nics=nics_of(details),
        last_recovery_point=details.text("lastRecoveryPointReceived"),
        rpo_seconds=details.number("rpoInSeconds"),
    )
