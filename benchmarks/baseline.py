"""What a user writes today: the official clients, their models, one thread."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.rest import HttpRequest
from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from baseline_rows import migration_row, protected_row

from azstaging.azure.api_versions import RECOVERY_SERVICES_VAULTS
from azstaging.model.ids import ResourceId

_DISKS = "2025-01-02"
_MACHINES = "2024-11-01"


class _Token(SansIOHTTPPolicy[Any, Any]):
    """Adds the token; the clients' own policy refuses plain HTTP, even to this machine."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def on_request(self, request: Any) -> None:
        """Add the header."""
        request.http_request.headers["Authorization"] = self._header


class _Credential:
    """Asked for nothing: the token is added by `_Token`."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Return a token that is not used."""
        return AccessToken("unused", 2**31)


def site_recovery(url: str, token: str, subscription: str) -> Any:
    """Return the official client of one subscription."""
    return SiteRecoveryManagementClient(
        _Credential(), subscription, url, authentication_policy=_Token(token)
    )


def resources(url: str, token: str, subscription: str) -> Any:
    """Return the official client that reads resources by id."""
    return ResourceManagementClient(
        _Credential(), subscription, base_url=url, authentication_policy=_Token(token)
    )


def visible(url: str, token: str) -> list[str]:
    """Return the subscriptions that are visible."""
    first = site_recovery(url, token, "none")
    found = first.send_request(HttpRequest("GET", f"{url}/subscriptions?api-version=2022-12-01"))
    return [subscription["subscriptionId"] for subscription in found.json()["value"]]


def vaults(
    url: str, token: str, subscriptions: Iterable[str] | None = None
) -> Iterator[tuple[Any, ResourceId]]:
    """Yield every vault, with the client of its subscription; of all that are visible if None."""
    for subscription in visible(url, token) if subscriptions is None else subscriptions:
        client = site_recovery(url, token, subscription)
        link = (
            f"{url}/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/vaults"
            f"?api-version={RECOVERY_SERVICES_VAULTS}"
        )
        while link:
            page = client.send_request(HttpRequest("GET", link)).json()
            for vault in page["value"]:
                yield client, ResourceId(vault["id"])
            link = page.get("nextLink")


def lists_of_the_official_client(found: Iterable[tuple[Any, ResourceId]]) -> int:
    """Read the lists of vaults through the client's models; return how many items."""
    kept: list[list[Any]] = []
    for client, vault in found:
        place = (vault.resource_group, vault.name)
        kept += map(migration_row, client.replication_migration_items.list(*place))
        kept += map(protected_row, client.replication_protected_items.list(*place))
    return len(kept)


def seconds_for_everything(url: str, token: str, sample: int) -> float:
    """Return what one thread takes for all items: lists, item, OS disk and machine.

    The lists are read whole; the single reads are timed for a sample of agentless items, first
    once to let the server render them, and taken times the number of items. Items of other
    providers are spared the read of the item itself.
    """
    started = time.perf_counter()
    agentless: list[tuple[Any, Any]] = []
    count = 0
    for client, vault in vaults(url, token):
        place = (vault.resource_group, vault.name)
        found = list(client.replication_migration_items.list(*place))
        agentless += [(client, ResourceId(each.id)) for each in found]
        count += len(found) + len(list(client.replication_protected_items.list(*place)))
    lists = time.perf_counter() - started
    chosen = agentless[:: max(1, len(agentless) // sample)][:sample]
    times = [_times(url, token, chosen) for _ in range(2)][-1]
    return lists + times[0] * len(agentless) + times[1] * count


def _times(url: str, token: str, chosen: list[tuple[Any, ResourceId]]) -> tuple[float, float]:
    """Return the seconds of the item's GET, and of its disk and machine."""
    reader = resources(url, token, "none")
    details = machines = 0.0
    for client, item in chosen:
        started = time.perf_counter()
        names = item.segments[3::2]
        full = client.replication_migration_items.get(
            names[0], names[2], names[3], names[4], names[5]
        )
        read = time.perf_counter()
        disks = full.properties.provider_specific_details.protected_disks
        disk = reader.resources.get_by_id(disks[0].target_managed_disk_id, api_version=_DISKS)
        reader.resources.get_by_id(disk.managed_by, api_version=_MACHINES)
        details += read - started
        machines += time.perf_counter() - read
    return details / len(chosen), machines / len(chosen)
