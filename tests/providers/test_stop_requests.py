"""The one request per provider that stops replication, and the ids it is never built for."""

import json
from dataclasses import replace
from typing import Any

import pytest

from azstaging.errors import Effect, UnexpectedResponseError
from azstaging.model.bodies import Body
from azstaging.model.ids import ResourceId
from azstaging.model.items import Collection, StopRequest
from azstaging.providers import PROVIDERS, parse_item, stop_request_of

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
CONTAINER = (
    f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v/replicationFabrics/f"
    "/replicationProtectionContainers/c"
)
MIGRATION = f"{CONTAINER}/replicationMigrationItems/i"
PROTECTED = f"{CONTAINER}/replicationProtectedItems/i"
LOCAL = f"{GROUP}/providers/Microsoft.DataReplication/replicationVaults/v/protectedItems/i"
IDS = {
    Collection.MIGRATION_ITEMS: MIGRATION,
    Collection.PROTECTED_ITEMS: PROTECTED,
    Collection.DATA_REPLICATION: LOCAL,
}
INPUT = {"instanceType": "DisableProtectionProviderSpecificInput"}
MIGRATED = {
    "properties": {
        "disableProtectionReason": "MigrationComplete",
        "replicationProviderInput": INPUT,
    }
}
MOVED = {
    "properties": {"disableProtectionReason": "NotSpecified", "replicationProviderInput": INPUT}
}


def _stop(instance_type: str, collection: Collection, item_id: str) -> StopRequest | None:
    name = (
        "customProperties"
        if collection is Collection.DATA_REPLICATION
        else "providerSpecificDetails"
    )
    body = {"id": IDS[collection], "properties": {name: {"instanceType": instance_type}}}
    # No list gives an item such an id; a stop is built for none all the same.
    item = replace(parse_item(body, collection), id=ResourceId(item_id))
    return stop_request_of(item)


@pytest.mark.parametrize("written", [MIGRATION, MIGRATION.lower(), MIGRATION.upper()])
def test_a_migration_item_is_deleted(written: str) -> None:
    assert _stop("VMwareCbt", Collection.MIGRATION_ITEMS, written) == StopRequest(
        operation="ReplicationMigrationItems_Delete", method="DELETE", id=ResourceId(MIGRATION)
    )


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        ("InMageRcm", MIGRATED),
        ("InMageAzureV2", MIGRATED),
        ("HyperVReplicaAzure", MIGRATED),
        ("A2A", MOVED),
    ],
)
def test_a_protected_item_is_removed(provider: str, body: dict[str, Any]) -> None:
    assert _stop(provider, Collection.PROTECTED_ITEMS, PROTECTED) == StopRequest(
        operation="ReplicationProtectedItems_Delete",
        method="POST",
        id=ResourceId(PROTECTED),
        action="remove",
        body=body,
    )


@pytest.mark.parametrize("provider", ["VMwareToAzStackHCI", "HyperVToAzStackHCI"])
def test_an_azure_local_item_is_deleted_without_force(provider: str) -> None:
    assert _stop(provider, Collection.DATA_REPLICATION, LOCAL) == StopRequest(
        operation="ProtectedItem_Delete", method="DELETE", id=ResourceId(LOCAL)
    )


@pytest.mark.parametrize(
    "provider",
    ["InMageRcmFailback", "InMage", "HyperVReplica2012R2", "A2ACrossClusterMigration", "New", ""],
)
def test_what_is_never_stopped(provider: str) -> None:
    for collection, item_id in IDS.items():
        assert _stop(provider, collection, item_id) is None


def test_no_protected_item_is_ever_deleted() -> None:
    types = {provider.instance_type for provider in PROVIDERS} | {"InMage", "vmwarecbt", ""}
    for instance_type in types:
        for collection in Collection:
            request = _stop(instance_type, collection, PROTECTED)
            assert request is None or (request.method, request.action) == ("POST", "remove")


NO_ITEMS = [
    PROTECTED,
    LOCAL,
    f"{CONTAINER}/replicationMigrationItems",
    f"{CONTAINER}/replicationMigrationItems/",
    f"{MIGRATION}/migrationRecoveryPoints/p",
    f"{MIGRATION}/extra",
    MIGRATION.replace("Microsoft.RecoveryServices", "Contoso.Vaults"),
    MIGRATION.replace("/replicationFabrics/f", ""),
    MIGRATION.replace("/replicationFabrics/f/", "/replicationFabrics//"),
    "/" + MIGRATION,
    CONTAINER,
]


@pytest.mark.parametrize("item_id", NO_ITEMS)
def test_a_stop_is_built_for_exactly_one_item(item_id: str) -> None:
    assert _stop("VMwareCbt", Collection.MIGRATION_ITEMS, item_id) is None


@pytest.mark.parametrize("item_id", NO_ITEMS)
def test_what_has_the_id_of_something_else_is_no_item(item_id: str) -> None:
    body = {"id": item_id, "properties": {"providerSpecificDetails": {"instanceType": "VMwareCbt"}}}
    for row in (body, Body(json.dumps(body).encode())):
        with pytest.raises(UnexpectedResponseError, match="is the id of no item") as caught:
            parse_item(row, Collection.MIGRATION_ITEMS)
        assert caught.value.effect is Effect.NONE
