"""What our reads cost beside the least that a read can cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass
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
from azstaging.engine.memory import few_collections
from azstaging.engine.rows import listed_row
from azstaging.model.ids import ResourceId
from azstaging.model.items import Collection
from azstaging.providers import parse_item, protected_rows, vmware_cbt_rows

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCost:
    """CPU seconds of one row of one provider, and how many of its items there are."""

    provider: str
    items: int
    typed: float
    ours: float


def cost_of_rows(url: str, token: str) -> list[RowCost]:
    """Return what a row costs, by provider: a typed decode of what is read of it, and ours.

    The typed decode takes the same bytes, a page, into structs of the same fields.
    """
    found: dict[str, list[Any]] = {}
    for client, vault in vaults(url, token):
        for collection, shape in _SHAPES.items():
            link = f"{url}{vault}/{collection.value}?api-version={SITE_RECOVERY}"
            body = client.send_request(HttpRequest("GET", link)).content
            rows = msgspec.json.decode(body)["value"]
            for row in rows[:1]:
                kind = row["properties"]["providerSpecificDetails"]["instanceType"]
                found.setdefault(kind, [0, body, collection, shape, str(vault)])
            if rows:
                found[kind][0] += len(rows)
    return [_cost_of(kind, *told) for kind, told in found.items()]


def _cost_of(
    kind: str, items: int, body: bytes, collection: Collection, shape: Any, path: str
) -> RowCost:
    page = msgspec.defstruct("Page", [("value", list[shape]), ("nextLink", str | None, None)])
    typed = msgspec.json.Decoder(page)

    def ours() -> list[Any]:
        answer = Answer(status=200, headers={}, body=body)
        _, rows = raw_page_of(answer, path)
        return [listed_row(parse_item(row, collection)) for row in rows]

    count = len(ours())
    assert len(typed.decode(body).value) == count
    # As in an inventory, the collector does not look at what is being made.
    with few_collections():
        least = [_least(each, 50) / count for each in (lambda: typed.decode(body), ours)]
    return RowCost(provider=kind, items=items, typed=least[0], ours=least[1])


_SHAPES = {
    Collection.MIGRATION_ITEMS: vmware_cbt_rows.Row,
    Collection.PROTECTED_ITEMS: protected_rows.Row,
}
