"""Every other ``instanceType``: kept whole, understood not at all, never stopped.

``InMage`` (whose disable input can delete the replica machine), ``HyperVReplica2012R2``, and
whatever the service invents next.
"""

from dataclasses import replace

from azstaging.model.items import (
    NO_FACTS,
    Collection,
    Facts,
    JsonObject,
    ReplicatedItem,
    StopRequest,
)
from azstaging.providers.azure_local import parse_data_replication_item
from azstaging.providers.envelope import ABSENT
from azstaging.providers.fields import Fields
from azstaging.providers.interface import Details
from azstaging.providers.migration_item import parse_migration_item
from azstaging.providers.protected_item import parse_protected_item

_PARSE = {
    Collection.MIGRATION_ITEMS: parse_migration_item,
    Collection.PROTECTED_ITEMS: parse_protected_item,
    Collection.DATA_REPLICATION: parse_data_replication_item,
}


class Unknown:
    """An ``instanceType`` that no other provider claims, in one of the three collections."""

    instance_type = ""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read the envelope; the provider's own part stays in ``body`` only."""
        return _PARSE[self.collection](body, _details)

    def facts(self, item: ReplicatedItem) -> Facts:
        """Know nothing: every fact is None and no stop is allowed."""
        return replace(NO_FACTS, unrecognised=(f"instanceType={item.provider or ABSENT}",))

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:  # noqa: ARG002 - the interface
        """Return None: what is not understood is never stopped."""
        return None


def _details(_specific: Fields) -> Details:
    return Details()
