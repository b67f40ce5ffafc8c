"""What our reads cost beside the least that a read can cost."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
from azure.core.rest import HttpRequest
from baseline import vaults

from azstaging.azure import connect
from azstaging.azure.api_versions import SITE_RECOVERY
from azstaging.azure.bodies import raw_page_of
from azstaging.azure.calls import Answer
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.azure.throttle import Rates
from azstaging.engine.rows import listed_row
from azstaging.model.ids import ResourceId
from azstaging.model.items import Collection
from azstaging.providers import parse_item
from azstaging.providers.vmware_cbt_rows import Row

_ROUNDS = 5
_GETS = 200
_UNPACED = Rates(read_burst=1e9, reads_per_second=1e9, vault_reads_per_second=0)


def _least(action: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Return the least CPU seconds of several rounds; what disturbs only adds."""
    found = []
    for _ in range(rounds):
        started = time.process_time()
        action()
        found.append(time.process_time() - started)
    return min(found)


def cost_of_single_gets(url: str, token: str) -> tuple[float, float]:
    """Return CPU seconds of one GET: ``send_request`` and decode alone, and ours."""
    client, vault = next(each for each in vaults(url, token) if each)
    listed = client.replication_migration_items.list(vault.resource_group, vault.name)
    ids = [ResourceId(each.id) for each, _ in zip(listed, range(_GETS), strict=False)]

    def bare() -> None:
        for each in ids:
            link = f"{url}{each}?api-version={SITE_RECOVERY}"
            response = client.send_request(HttpRequest("GET", link))
            response.raise_for_status()
            msgspec.json.decode(response.content)

    cloud = choose_cloud(arm_endpoint=url)
    with connect(cloud, StaticCredential(token), max_in_flight=1, rates=_UNPACED) as azure:

        def ours() -> None:
            for each in ids:
                azure.get_item(each)

        bare(), ours()
        pairs = [(_least(bare, 1), _least(ours, 1)) for _ in range(_ROUNDS)]
    return min(each for each, _ in pairs) / len(ids), min(each for _, each in pairs) / len(ids)


class _Details(msgspec.Struct, rename="camel"):
    instance_type: str = ""
    target_vm_name: str = ""
    vmware_machine_id: str = ""


class _Properties(msgspec.Struct, rename="camel"):
    machine_name: str = ""
    migration_state: str = ""
    test_migrate_state: str = ""
    replication_status: str = ""
    health: str = ""
    event_correlation_id: str = ""
    allowed_operations: list[str] = []
    provider_specific_details: _Details | None = None


class _Item(msgspec.Struct):
    id: str
    properties: _Properties


class _Page(msgspec.Struct, rename="camel"):
    value: list[_Item]
    next_link: str | None = None


class _WholePage(msgspec.Struct, rename="camel"):
    value: list[Row]
    next_link: str | None = None


def cost_of_rows(url: str, token: str) -> tuple[float, float, float]:
    """Return CPU seconds of one row of a list.

    Typed decode of a few fields, typed decode of all that our row is made of, and our row.
    """
    client, vault = next(iter(vaults(url, token)))
    link = f"{url}{vault}/replicationMigrationItems?api-version={SITE_RECOVERY}"
    body = client.send_request(HttpRequest("GET", link)).content
    count = len(msgspec.json.decode(body)["value"])
    few, whole = msgspec.json.Decoder(_Page), msgspec.json.Decoder(_WholePage)
    ours = _rows_of(body, vault)
    assert len(ours()) == count == len(whole.decode(body).value)
    actions = (lambda: few.decode(body), lambda: whole.decode(body), ours)
    least = [_least(action, 50) / count for action in actions]
    return least[0], least[1], least[2]


def _rows_of(body: bytes, vault: ResourceId) -> Callable[[], list[Any]]:
    path = str(vault)

    def rows() -> list[Any]:
        answer = Answer(status=200, headers={}, body=body)
        _, page = raw_page_of(answer, path)
        return [listed_row(parse_item(row, Collection.MIGRATION_ITEMS)) for row in page]

    return rows
