"""``VMwareToAzStackHCI``: Azure Migrate, VMware machines to Azure Local."""

from azstaging.model.items import Collection, Facts, JsonObject, ReplicatedItem, StopRequest
from azstaging.providers.azure_local import (
    custom_properties,
    facts_of_data_replication_item,
    parse_data_replication_item,
    stop_data_replication_item,
)


class VMwareToAzStackHCI:
    """Migration of VMware machines to Azure Local; the Arc machine it makes is not read yet."""

    instance_type = "VMwareToAzStackHCI"
    collection = Collection.DATA_REPLICATION

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one DataReplication protected item."""
        return parse_data_replication_item(body, custom_properties)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map protectionState, activeLocation, testFailoverState and currentJob to facts."""
        return facts_of_data_replication_item(item)

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:
        """Return the DELETE of the item."""
        return stop_data_replication_item(item)
