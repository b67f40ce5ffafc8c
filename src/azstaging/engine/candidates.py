"""Resource Graph as a second witness: items that it knows and that no list of a vault has shown.

Its index lags behind, so a candidate is asked for by itself: one that is gone is no gap. It holds
protected items only; of agentless and Azure Local items it knows nothing.
"""

from collections.abc import Collection, Iterable

from azstaging.engine.ports import AzurePort, Json
from azstaging.engine.reads import Read, Reads
from azstaging.errors import UnexpectedResponseError
from azstaging.model.ids import ResourceId, parse_id, vault_of
from azstaging.model.inventory import Gap
from azstaging.model.waves import Scope

SHORT_LIST = "short-list"
_ITEM = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
_EVERYTHING = ResourceId("/subscriptions")


def check_candidates(
    azure: AzurePort,
    scope: Scope,
    subscriptions: Iterable[str],
    read: Collection[ResourceId],
    reads: Reads,
) -> None:
    """Note a gap for every candidate that is there and that was not read.

    Args:
        azure: where to read.
        scope: candidates outside of it are passed by.
        subscriptions: whose candidates are asked for.
        read: ids of the items that were read.
        reads: keeps the gaps; Resource Graph itself, when it does not answer, is one.
    """
    wanted = sorted(set(subscriptions))
    if not wanted:
        return
    listing = Read(
        what="candidates of Resource Graph",
        scope=_EVERYTHING,
        permission="Microsoft.ResourceGraph/resources/read",
        call=lambda: _ids(azure.list_candidates(wanted)),
    )
    unread = [
        each for each in reads.now(listing).value or () if each not in read and _within(scope, each)
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
        candidate = parse_id(row.get("id"))
        if candidate is None:
            raise UnexpectedResponseError("A candidate of Resource Graph has no ARM id.")
        found.append(candidate)
    return found


def _within(scope: Scope, item: ResourceId) -> bool:
    """Tell whether an item belongs to what was asked for: vaults, or whole subscriptions."""
    if scope.subscriptions or not (scope.vaults or scope.projects):
        return True
    return any(vault_of(item) == vault for vault in scope.vaults)


def _item_read(azure: AzurePort, item: ResourceId) -> Read[Json]:
    return Read(
        what="candidate",
        scope=item,
        permission=f"{_ITEM}/replicationProtectedItems/read",
        call=lambda: azure.get_item(item),
        may_be_absent=True,
    )
