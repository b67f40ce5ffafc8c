"""Whatever JSON comes with an id, reading and judging it never raises and never opens."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from azstaging.errors import UnexpectedResponseError
from azstaging.model.inventory import Phase
from azstaging.model.items import Collection
from azstaging.providers import (
    PROVIDERS,
    azure_local,
    facts_of,
    migration_item,
    parse_item,
    protected_item,
    stop_request_of,
)
from azstaging.providers.compute import lock_from, target_machine
from azstaging.providers.discovery import source_from_vm, source_machine
from azstaging.rules.phase import derive_phase

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
CONTAINER = (
    f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v/replicationFabrics/f"
    "/replicationProtectionContainers/c"
)
IDS = {
    Collection.MIGRATION_ITEMS: f"{CONTAINER}/replicationMigrationItems/i",
    Collection.PROTECTED_ITEMS: f"{CONTAINER}/replicationProtectedItems/i",
    Collection.DATA_REPLICATION: f"{GROUP}/providers/Microsoft.DataReplication"
    "/replicationVaults/v/protectedItems/i",
}
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
JSON = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
TYPES = st.sampled_from([*(provider.instance_type for provider in PROVIDERS), "InMage", ""])
STATES = sorted({*migration_item.STATES, *protected_item.STATES, *azure_local.STATES})
NAMES = sorted(
    {
        *migration_item.RAW,
        *protected_item.RAW,
        *azure_local.RAW,
        "allowedOperations",
        "allowedJobs",
        "healthErrors",
        "protectedDisks",
        "protectedManagedDisks",
        "azureVmDiskDetails",
        "vmNics",
        "protectedNics",
        "ipConfigs",
        "targetVmId",
        "targetVmTags",
        "fabricObjectId",
        "disks",
        "networkAdapters",
        "storageProfile",
        "networkProfile",
        "instanceView",
        "statuses",
        "tags",
        "eventCorrelationId",
        "friendlyName",
    }
)
WORDS = st.sampled_from([*STATES, "Primary", "Recovery", "None", "//", "/", "true"])
NAME = st.sampled_from(NAMES)
FLAT = st.dictionaries(NAME, WORDS | LEAF, max_size=5)
NESTED = st.dictionaries(NAME, WORDS | JSON | FLAT | st.lists(FLAT, max_size=2), max_size=8)


@settings(max_examples=300, deadline=None)
@given(
    collection=st.sampled_from(Collection), instance_type=TYPES, properties=NESTED, details=NESTED
)
def test_any_object_with_an_id_is_read_and_judged(
    collection: Collection, instance_type: str, properties: dict[str, Any], details: dict[str, Any]
) -> None:
    specific = {**details, "instanceType": instance_type}
    local = collection is Collection.DATA_REPLICATION
    name = "customProperties" if local else "providerSpecificDetails"
    body = {"id": IDS[collection], "properties": {**properties, name: specific}}

    item = parse_item(body, collection)
    facts = facts_of(item)
    stop_request_of(item)
    verdict = derive_phase(facts, None, True, ())

    assert item.body == msgspec.json.decode(msgspec.json.encode(body))
    assert item.provider == instance_type
    if verdict.phase is Phase.STAGED:
        assert not facts.unrecognised
        location = item.raw.get("activeLocation")
        assert collection is Collection.MIGRATION_ITEMS or location == "Recovery"


@settings(deadline=None)
@given(collection=st.sampled_from(Collection), rest=st.dictionaries(st.text(max_size=10), JSON))
def test_any_object_at_all_is_read_when_it_has_an_id(
    collection: Collection, rest: dict[str, Any]
) -> None:
    item = parse_item({**rest, "id": IDS[collection]}, collection)
    assert derive_phase(facts_of(item), None, True, ()).phase is Phase.UNRECOGNISED


@settings(deadline=None)
@given(collection=st.sampled_from(Collection), body=st.dictionaries(st.text(max_size=6), JSON))
def test_any_other_object_is_refused_with_our_error(
    collection: Collection, body: dict[str, Any]
) -> None:
    try:
        item = parse_item(body, collection)
    except UnexpectedResponseError:
        return
    assert item.body == msgspec.json.decode(msgspec.json.encode(body))


@settings(deadline=None)
@given(properties=NESTED | JSON)
def test_any_machine_with_an_id_is_read(properties: object) -> None:
    body = {"id": VM, "properties": properties}
    assert target_machine(body).id == source_machine(body).id == source_from_vm(body).id
    lock = lock_from({**body, "id": f"{VM}/providers/Microsoft.Authorization/locks/l"})
    assert lock.scope.text == VM


@settings(deadline=None)
@given(
    collection=st.sampled_from(Collection),
    switch=st.lists(st.booleans(), min_size=320, max_size=320),
)
def test_items_are_the_same_in_any_case_of_their_ids(
    collection: Collection, switch: list[bool]
) -> None:
    plain = IDS[collection]
    swapped = "".join(
        char.swapcase() if flip else char for char, flip in zip(plain, switch, strict=False)
    )
    first = parse_item({"id": plain}, collection)
    second = parse_item({"id": swapped}, collection)
    assert first.id == second.id
    assert hash(first.id) == hash(second.id)
    assert first.vault_id == second.vault_id
    assert str(second.id) == swapped
