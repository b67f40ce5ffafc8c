"""Every replicated item that was ever recorded is read with nothing lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azstaging.errors import UnexpectedResponseError
from azstaging.model.items import Collection, ReplicatedItem
from azstaging.providers import (
    PROVIDERS,
    azure_local,
    facts_of,
    migration_item,
    parse_item,
    stop_request_of,
)

pytestmark = pytest.mark.corpus

Exchange = dict[str, Any]
COLLECTIONS = {collection.value.casefold(): collection for collection in Collection}
STATE_ENDINGS = ("State", "StateDescription", "Status", "health", "Health", "activeLocation")
DISKS = ("protectedDisks", "protectedManagedDisks", "azureVmDiskDetails", "azureVMDiskDetails")


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _objects(member)
    elif isinstance(value, list):
        for member in value:
            yield from _objects(member)


def _items(value: object) -> Iterator[tuple[dict[str, Any], Collection]]:
    """Find items by their ids: the name of a collection, one more segment, and properties."""
    for found in _objects(value):
        item_id = found.get("id")
        if not isinstance(item_id, str) or not isinstance(found.get("properties"), dict):
            continue
        segments = item_id.casefold().split("/")
        if len(segments) > 2 and segments[-2] in COLLECTIONS:
            yield found, COLLECTIONS[segments[-2]]


def _recorded(
    recordings: dict[str, list[Exchange]],
) -> Iterator[tuple[str, dict[str, Any], Collection]]:
    for name, exchanges in recordings.items():
        for exchange in exchanges:
            for body, collection in _items(exchange["body"]):
                yield f"{name} {exchange['seq']}", body, collection


def _details(body: dict[str, Any]) -> dict[str, Any]:
    properties = body["properties"]
    found = properties.get("providerSpecificDetails") or properties.get("customProperties")
    return found if isinstance(found, dict) else {}


def _assert_nothing_lost(where: str, body: dict[str, Any], item: ReplicatedItem) -> None:
    properties, details = body["properties"], _details(body)
    assert item.id.text == body["id"], where
    assert item.body == body, where
    assert item.provider == details.get("instanceType", ""), where
    operations = properties.get("allowedOperations", properties.get("allowedJobs"))
    assert list(item.allowed_operations) == (operations or []), where
    correlation = properties.get("eventCorrelationId") or properties.get("correlationId")
    assert item.generation == correlation, where
    for name, value in properties.items():
        if name.endswith(STATE_ENDINGS):
            assert item.raw[name] == value, (where, name)
    if "activeLocation" in details:
        assert item.raw["activeLocation"] == details["activeLocation"], where
    for job in ("currentJob", "currentScenario"):
        if job in properties:
            assert item.raw[job] == properties[job], where


def test_every_recorded_item_is_read_with_nothing_lost(
    recordings: dict[str, list[Exchange]],
) -> None:
    read = 0
    for where, body, collection in _recorded(recordings):
        item = parse_item(body, collection)
        _assert_nothing_lost(where, body, item)
        facts = facts_of(item)
        known = {provider.instance_type for provider in PROVIDERS}
        if item.provider in known:
            assert facts.unrecognised == (), where
        else:
            assert facts.unrecognised == (f"instanceType={item.provider}",), where
            assert stop_request_of(item) is None, where
        read += 1
    told = sum(
        ("protectionState" in found or "migrationState" in found)
        for exchanges in recordings.values()
        for exchange in exchanges
        for found in _objects(exchange["body"])
    )
    assert read == told
    assert read >= 49


def test_every_recorded_disk_and_adapter_of_a_known_provider_is_read(
    recordings: dict[str, list[Exchange]],
) -> None:
    known = {provider.instance_type for provider in PROVIDERS}
    disks = nics = 0
    for where, body, collection in _recorded(recordings):
        details = _details(body)
        if details.get("instanceType") not in known:
            continue
        item = parse_item(body, collection)
        told = max(len(details.get(name) or []) for name in DISKS)
        assert len(item.disks) == told, where
        adapters = details.get("vmNics") or details.get("protectedNics") or []
        assert len(item.nics) == len(adapters), where
        disks += len(item.disks)
        nics += len(item.nics)
    assert disks
    assert nics


def test_every_published_example_is_read_or_refused_for_its_id(corpus: Path) -> None:
    read = refused = 0
    for folder in ("recoveryservicessiterecovery/2021-03-01", "datareplication/2021-02-16-preview"):
        for path in sorted((corpus / "examples" / folder).glob("*Item*.json")):
            for response in json.loads(path.read_text("utf-8"))["responses"].values():
                for found in _objects(response.get("body")):
                    outcome = _example(path.name, found)
                    read += outcome is True
                    refused += outcome is False
    assert read >= 20
    assert refused >= 2


def _example(where: str, found: dict[str, Any]) -> bool | None:
    properties = found.get("properties")
    if not isinstance(properties, dict):
        return None
    local = "customProperties" in properties
    if not local and not {"protectionState", "migrationState"} & set(properties):
        return None
    [collection] = [c for _, c in _items(found)] or [Collection.DATA_REPLICATION]
    if not str(found.get("id")).startswith("/"):
        with pytest.raises(UnexpectedResponseError):
            parse_item(found, collection)
        return False
    item = parse_item(found, collection)
    _assert_nothing_lost(where, found, item)
    assert facts_of(item).unrecognised == (), where
    return True


def _enum(corpus: Path, document: str, name: str) -> set[str]:
    """Collect the values of an enum from an OpenAPI document, by the name it is given there."""
    found = _objects(json.loads((corpus / "openapi" / document).read_text("utf-8")))
    values: set[str] = set()
    for schema in found:
        if "enum" in schema and schema.get("x-ms-enum", {}).get("name") == name:
            values |= set(schema["enum"])
    return values


SITE_RECOVERY = "recoveryservicessiterecovery/2024-04-01/service.json"
DATA_REPLICATION = "datareplication/2021-02-16-preview/recoveryservicesdatareplication.json"


@pytest.mark.parametrize(
    ("document", "enum", "known"),
    [
        (SITE_RECOVERY, "MigrationState", migration_item.STATES),
        (SITE_RECOVERY, "TestMigrationState", migration_item.TESTS),
        (DATA_REPLICATION, "ProtectionState", azure_local.STATES),
        (DATA_REPLICATION, "TestFailoverState", azure_local.TESTS),
    ],
)
def test_every_documented_state_is_known(
    corpus: Path, document: str, enum: str, known: dict[str, object]
) -> None:
    documented = _enum(corpus, document, enum)
    assert documented
    assert documented - set(known) == set()
