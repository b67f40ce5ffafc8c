"""What the service says of replicated items, read and understood: one file per ``instanceType``.

A new provider is one file and one line in ``PROVIDERS``.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import Body
from azstaging.model.items import Collection, Facts, JsonObject, ReplicatedItem, StopRequest
from azstaging.providers.a2a import A2A
from azstaging.providers.documented import Rows
from azstaging.providers.fields import Fields
from azstaging.providers.hyperv_replica_azure import HyperVReplicaAzure
from azstaging.providers.hyperv_to_azstackhci import HyperVToAzStackHCI
from azstaging.providers.inmage_azure_v2 import InMageAzureV2
from azstaging.providers.inmage_rcm import InMageRcm
from azstaging.providers.inmage_rcm_failback import InMageRcmFailback
from azstaging.providers.interface import Provider
from azstaging.providers.protected_rows import PROTECTED_ROWS
from azstaging.providers.unknown import Unknown
from azstaging.providers.vmware_cbt import VMwareCbt
from azstaging.providers.vmware_cbt_rows import MIGRATION_ROWS
from azstaging.providers.vmware_to_azstackhci import VMwareToAzStackHCI

PROVIDERS: tuple[Provider, ...] = (
    VMwareCbt(),
    InMageRcm(),
    InMageRcmFailback(),
    InMageAzureV2(),
    HyperVReplicaAzure(),
    A2A(),
    VMwareToAzStackHCI(),
    HyperVToAzStackHCI(),
)

UNKNOWN: Provider = Unknown(Collection.PROTECTED_ITEMS)

# Rows of lists are read from their bytes where they are as documented.
ROWS: Mapping[Collection, Rows] = {
    Collection.MIGRATION_ITEMS: MIGRATION_ROWS,
    Collection.PROTECTED_ITEMS: PROTECTED_ROWS,
}

_BY_TYPE = {provider.instance_type: provider for provider in PROVIDERS}
_UNKNOWN = {collection: Unknown(collection) for collection in Collection}


def provider_for(instance_type: str) -> Provider:
    """Return the provider of an ``instanceType``, compared exactly; ``UNKNOWN`` for any other."""
    return _BY_TYPE.get(instance_type, UNKNOWN)


def parse_item(body: JsonObject, collection: Collection) -> ReplicatedItem:
    """Read one item of a collection; unknown providers, values and fields survive.

    Raises:
        UnexpectedResponseError: the body has no usable ARM id.
    """
    if isinstance(body, Body):
        text = body.json
        rows = ROWS.get(collection)
        item = rows.item(text, body) if rows is not None and text is not None else None
        if item is not None:
            return item
        body = _whole(body)
    properties = Fields(body).object("properties")
    details = properties.object("providerSpecificDetails", "customProperties")
    return _provider(details.text("instanceType"), collection).parse(body)


def _whole(body: Body) -> JsonObject:
    try:
        return body.unpack()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedResponseError(f"A replicated item is not JSON: {error}.") from error


def facts_of(item: ReplicatedItem) -> Facts:
    """Map an item's raw states to facts; a value that is not known gives None."""
    return _provider(item.provider, item.collection).facts(item)


def stop_request_of(item: ReplicatedItem) -> StopRequest | None:
    """Return the one request that stops an item, or None: it is never stopped by us."""
    return _provider(item.provider, item.collection).stop_request(item)


def abandon_request_of(item: ReplicatedItem) -> StopRequest | None:
    """Return the request that gives a replication up: the stop, not counted as a migration.

    Azure: ReplicationProtectedItems_Delete, ``disableProtectionReason`` ``NotSpecified``
    https://learn.microsoft.com/rest/api/site-recovery/replication-protected-items/delete
    """
    request = stop_request_of(item)
    if request is None or request.body is None:
        return request
    properties = {**request.body["properties"], "disableProtectionReason": "NotSpecified"}
    return replace(request, body={"properties": properties})


def _provider(instance_type: str, collection: Collection) -> Provider:
    provider = _BY_TYPE.get(instance_type)
    # A known instanceType in another collection is as good as unknown: its stop would be a purge.
    if provider is None or provider.collection is not collection:
        return _UNKNOWN[collection]
    return provider
