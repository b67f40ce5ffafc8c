"""Resource Graph as a second witness: items that it knows and that no list of a vault has shown.

Its index lags behind, so a candidate is asked for by itself: one that is gone is no gap. It holds
protected items only; of agentless and Azure Local items it knows nothing.
"""

from collections.abc import Iterable
from typing import TypeVar

from azstaging.engine.ports import AzurePort, Json
from azstaging.engine.reads import Read, Reads
from azstaging.engine.vaults import Found
from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.inventory import Gap
from azstaging.model.items import Collection
from azstaging.model.waves import Scope
from azstaging.providers.envelope import is_item_of
from azstaging.providers.fields import as_id

T = TypeVar("T")
SHORT_LIST = "short-list"
_ITEM = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
_EVERYTHING = ResourceId("/subscriptions")


def check_candidates(
    azure: AzurePort,
    scope: Scope,
    found: Found[T],
    reads: Reads,
) -> None:
    """Note a gap for every candidate that is there and that was not read.

    Args:
        azure: where to read.
        scope: candidates outside of it are passed by.
        found: the items that were read, the vaults and where they were looked for.
        reads: keeps the gaps; Resource Graph itself, when it does not answer, is one.
    """
    wanted = sorted(found.subscriptions)
    if not wanted:
        return
    listing = Read(
        what="candidates of Resource Graph",
        scope=_EVERYTHING,
        permission="Microsoft.ResourceGraph/resources/read",
        call=lambda: _ids(azure.list_candidates(wanted)),
    )
    unread = [
        each
        for each in reads.now(listing).value or ()
        if each not in found.items and _within(scope, found, each)
    ]
    results = reads.run((_item_read(azure, each) for each in unread), "candidates")
    for each, result in zip(unread, results, strict=True):
        if result.value is not None:
            reads.note(
                Gap(
                    scope=each,
                    reason=SHORT_LIST,
                    detail=f"{each.name} is replicated, and the list of its vault left it out.",
                ),
                each.key,
            )


def _ids(rows: Iterable[Json]) -> list[ResourceId]:
    found = []
    for row in rows:
        candidate = as_id(row.get("id"))
        if candidate is None or not is_item_of(candidate, Collection.PROTECTED_ITEMS):
            raise UnexpectedResponseError(
                "A candidate of Resource Graph came without the ARM id of a protected item."
            )
        found.append(candidate)
    return found


def _within(scope: Scope, found: Found[T], item: ResourceId) -> bool:
    """Tell whether an item belongs to what was asked for: a vault, or a whole subscription.

    In a whole subscription the vault, too, may be what a list left out.
    """
    if vault_of(item) in found.wanted:
        return True
    whole = {each.casefold() for each in scope.subscriptions}
    if not (scope.subscriptions or scope.vaults or scope.projects):
        whole = {each.casefold() for each in found.subscriptions}
    return (item.subscription_id or "").casefold() in whole


def _item_read(azure: AzurePort, item: ResourceId) -> Read[Json]:
    return Read(
        what="candidate",
        scope=item,
        permission=f"{_ITEM}/replicationProtectedItems/read",
        call=lambda: azure.get_item(item),
        may_be_absent=True,
    )
