"""Finds the vaults in scope and reads every replicated item in them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from azstaging.engine.ports import AzurePort, Json
from azstaging.engine.reads import Read, Reads, Result
from azstaging.engine.row_maker import Made, RowMaker
from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import Body
from azstaging.model.ids import ResourceId, scope_as_told
from azstaging.model.inventory import Gap
from azstaging.model.items import Collection, ReplicatedItem
from azstaging.model.waves import Scope
from azstaging.providers import parse_item
from azstaging.providers.fields import Fields, as_id
from azstaging.rules.completeness import Looked

T = TypeVar("T")
_SUBSCRIPTIONS = ResourceId("/subscriptions")
_SUBSCRIPTIONS_READ = "Microsoft.Resources/subscriptions/read"
_NONE_VISIBLE = (
    "No subscription is visible to this identity; "
    f"it lacks {_SUBSCRIPTIONS_READ} at those it should see."
)
_CONTAINERS = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
_LOCAL_VAULTS = "microsoft.datareplication/replicationvaults"
_VAULTS = frozenset({"microsoft.recoveryservices/vaults", _LOCAL_VAULTS})
_GET_ACTIONS = {
    Collection.MIGRATION_ITEMS: f"{_CONTAINERS}/replicationMigrationItems/read",
    Collection.PROTECTED_ITEMS: f"{_CONTAINERS}/replicationProtectedItems/read",
    Collection.DATA_REPLICATION: "Microsoft.DataReplication/replicationVaults/protectedItems/read",
}
_LIST_ACTIONS = {
    Collection.MIGRATION_ITEMS: "Microsoft.RecoveryServices/vaults/replicationMigrationItems/read",
    Collection.PROTECTED_ITEMS: "Microsoft.RecoveryServices/vaults/replicationProtectedItems/read",
    Collection.DATA_REPLICATION: _GET_ACTIONS[Collection.DATA_REPLICATION],
}
# What takes longest to understand comes first, and is understood while the rest is read.
_ORDER = (Collection.PROTECTED_ITEMS, Collection.DATA_REPLICATION, Collection.MIGRATION_ITEMS)
_SOLUTIONS = (
    "Servers-Migration-ServerMigration",
    "Servers-Migration-ServerMigration_DataReplication",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[T]):
    """The items of every vault that could be read.

    Attributes:
        items: id -> what was made of the item; disks and adapters may be missing yet.
        looked: where items were looked for.
        wanted: all vaults that were found, or named.
        subscriptions: where vaults were looked for, or lie.
    """

    items: dict[ResourceId, T]
    looked: Looked
    wanted: frozenset[ResourceId]
    subscriptions: tuple[str, ...]


def find_items(
    azure: AzurePort, scope: Scope, reads: Reads, make: Callable[[ReplicatedItem], T]
) -> Found[T]:
    """Read the vault-wide lists of every vault in scope.

    Args:
        azure: where to read.
        scope: what to read.
        reads: runs the reads.
        make: what to keep of an item, called in one thread, for the rows of a page while the next
            ones are read.

    Raises:
        ServiceError: the list of subscriptions was not answered, so that nothing is known at all;
            where it is refused (403) or not there (404), that is a gap.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="azstaging-rows") as maker:
        lists = _ItemLists(azure, reads, RowMaker(reads, make, maker))
        try:
            subscriptions = _find_vaults(azure, scope, reads, lists.start)
            return lists.gather(subscriptions)
        except BaseException:
            # Before the rows that came are waited for: until then the next lists would be read.
            reads.cancel_waiting()
            raise


class _ItemLists(Generic[T]):
    """Starts the lists of each vault once, and gathers what was made of their rows."""

    def __init__(self, azure: AzurePort, reads: Reads, rows: RowMaker[T]) -> None:
        self._azure = azure
        self._reads = reads
        self._rows = rows
        self._started: dict[
            tuple[ResourceId, Collection], Future[Result[list[Future[Made[T]]]]]
        ] = {}

    def start(self, vaults: Iterable[ResourceId]) -> None:
        """Start the lists of some vaults."""
        found = tuple(dict.fromkeys(vaults))
        for vault, kind in ((each, kind) for kind in _ORDER for each in found):
            if kind in _collections(vault) and (vault, kind) not in self._started:
                read = _list_read(self._azure, vault, kind, self._rows)
                self._started[vault, kind] = self._reads.start(read)

    def gather(self, subscriptions: Iterable[str]) -> Found[T]:
        """Wait for every list and its rows; ``subscriptions`` are those that were looked in."""
        items: dict[ResourceId, T] = {}
        incomplete: set[ResourceId] = set()
        vaults = [vault for vault, _ in self._started]
        futures = list(self._started.values())

        def take(index: int) -> None:
            pages = futures[index].result().value
            made = [row for page in pages or () for row in page.result()]
            if pages is None or None in made:
                incomplete.add(vaults[index])
            items.update(each for each in made if each is not None)

        self._reads.collect(futures, "items", take)
        listed = frozenset(each.casefold() for each in subscriptions)
        held = {(each.subscription_id or "").casefold() for each in vaults}
        read = tuple(sorted(set(vaults) - incomplete))
        return Found(
            items=items,
            looked=Looked(vaults=read, subscriptions=listed),
            wanted=frozenset(vaults),
            subscriptions=tuple(sorted((listed | held) - {""})),
        )


def kept(item: ReplicatedItem) -> ReplicatedItem:
    """Make the item's JSON small."""
    if isinstance(item.body, Body):
        item.body.pack()
    return item


def start_details(
    azure: AzurePort, items: dict[ResourceId, ReplicatedItem], reads: Reads
) -> dict[ResourceId, Future[Result[None]]]:
    """GET every item whose list row leaves out disks and adapters, and put it in its row's place.

    A detail that cannot be read is a gap at the item's own id; its list row stays.

    Returns:
        item id -> the started read, in the order of the reads.
    """
    lacking = _spread(item for item in items.values() if not item.detailed)
    return {each: reads.start(_detail_read(azure, each, kind, items)) for each, kind in lacking}


def _spread(items: Iterable[ReplicatedItem]) -> list[tuple[ResourceId, Collection]]:
    """Order items so that every vault is read at an even pace from first to last.

    Vaults and subscriptions have rate limits of their own: read one after the other, each would
    wait for its own while the others lie idle.
    """
    wanted = list(items)
    sizes = Counter(item.vault_id.key for item in wanted)
    seen: Counter[str] = Counter()
    placed: list[tuple[float, int, ResourceId, Collection]] = []
    for number, item in enumerate(wanted):
        vault = item.vault_id.key
        at = (seen[vault] + 0.5) / sizes[vault]
        placed.append((at, number, item.id, item.collection))
        seen[vault] += 1
    return [(each, kind) for _, _, each, kind in sorted(placed, key=lambda one: one[:2])]


def _collections(vault: ResourceId) -> tuple[Collection, ...]:
    if vault.resource_type == _LOCAL_VAULTS:
        return (Collection.DATA_REPLICATION,)
    return (Collection.MIGRATION_ITEMS, Collection.PROTECTED_ITEMS)


def _list_read(
    azure: AzurePort, vault: ResourceId, collection: Collection, rows: RowMaker[T]
) -> Read[list[Future[Made[T]]]]:
    """Read one list; a row that cannot be understood is None, and a gap of its vault."""
    listing: Mapping[Collection, Callable[[ResourceId], Iterator[list[Json]]]] = {
        Collection.MIGRATION_ITEMS: azure.list_migration_items,
        Collection.PROTECTED_ITEMS: azure.list_protected_items,
        Collection.DATA_REPLICATION: lambda vault: iter([azure.list_data_replication_items(vault)]),
    }
    return Read(
        what=collection.value,
        scope=vault,
        permission=_LIST_ACTIONS[collection],
        call=lambda: rows.of(listing[collection](vault), vault, collection),
    )


def _detail_read(
    azure: AzurePort,
    item_id: ResourceId,
    collection: Collection,
    items: dict[ResourceId, ReplicatedItem],
) -> Read[None]:
    def get() -> None:
        parsed = parse_item(azure.get_item(item_id), collection)
        if parsed.id != item_id:
            raise UnexpectedResponseError(
                f"GET of {item_id} was answered with {parsed.id}; the answer is not used.",
                pointer="/id",
                resource_id=item_id.text,
            )
        listed = items[item_id].provider
        if parsed.provider.casefold() != listed.casefold():
            raise UnexpectedResponseError(
                f"GET of {item_id} tells of {parsed.provider or 'no provider'}, its list of "
                f"{listed}; the answer is not used.",
                pointer="/properties/providerSpecificDetails/instanceType",
                resource_id=item_id.text,
            )
        # At once, so that row and item are not both kept until the last one is read.
        items[item_id] = kept(parsed)

    return Read(
        what=f"{collection.value} details",
        scope=item_id,
        permission=_GET_ACTIONS[collection],
        call=get,
        covers_items=False,
    )


def _find_vaults(
    azure: AzurePort, scope: Scope, reads: Reads, found: Callable[[Iterable[ResourceId]], None]
) -> tuple[str, ...]:
    """Say which vaults are in scope as they are found, and return the subscriptions looked in.

    Azure Migrate projects are followed to the vaults that their migration solutions name.

    The lists of a vault do not wait for a subscription that is slow to answer. What could not be
    listed is a gap.
    """
    subscriptions = scope.subscriptions
    if not subscriptions and not scope.vaults and not scope.projects:
        subscriptions = _visible(azure, reads)
    once = {each.casefold(): each for each in reversed(subscriptions)}
    listings = [read for each in sorted(once) for read in _vault_reads(azure, once[each])]
    # Short reads that may name more vaults: they do not wait behind the lists of those named here.
    solutions = [
        reads.start(_solution_read(azure, project, name))
        for project in dict.fromkeys(scope.projects)
        for name in _SOLUTIONS
    ]
    started = [reads.start(read) for read in listings]
    found(scope.vaults)
    followed = (each.value for each in reads.collect(solutions, "projects"))
    found(vault for vault in followed if vault is not None)
    for index in reads.as_they_come(started, "vaults"):
        found(_ids(started[index].result(), listings[index], reads))
    return subscriptions


def _visible(azure: AzurePort, reads: Reads) -> tuple[str, ...]:
    listed = reads.now(
        Read(
            what="subscriptions",
            scope=_SUBSCRIPTIONS,
            permission=_SUBSCRIPTIONS_READ,
            call=azure.list_subscriptions,
            needed=True,
        )
    )
    if listed.value is None:
        return ()
    ids = [body.get("subscriptionId") for body in listed.value]
    known = tuple(each for each in ids if isinstance(each, str) and each)
    if not known or len(known) < len(ids):
        reads.note(
            Gap(
                scope=_SUBSCRIPTIONS,
                reason="not-found" if not ids else "unexpected-response",
                detail=_NONE_VISIBLE if not ids else "A subscription was listed without its id.",
                permission=_SUBSCRIPTIONS_READ if not ids else "",
            )
        )
    return known


def _vault_reads(azure: AzurePort, subscription: str) -> Iterable[Read[list[Json]]]:
    scope = scope_as_told("subscriptions", subscription)
    yield Read(
        what="Recovery Services vaults",
        scope=scope,
        permission="Microsoft.RecoveryServices/vaults/read",
        call=lambda: azure.list_vaults(subscription),
    )
    yield Read(
        what="Azure Local replication vaults",
        scope=scope,
        permission="Microsoft.DataReplication/replicationVaults/read",
        call=lambda: azure.list_replication_vaults(subscription),
    )


def _ids(result: Result[list[Json]], read: Read[list[Json]], reads: Reads) -> Iterable[ResourceId]:
    for body in result.value or ():
        found = as_id(body.get("id"))
        if found is not None and found.resource_type in _VAULTS:
            yield found
            continue
        reads.note(
            Gap(
                scope=read.scope,
                reason="unexpected-response",
                detail=f"{read.what}: one was listed without the ARM id of a vault.",
            ),
            read.what,
        )


def _solution_read(azure: AzurePort, project: ResourceId, name: str) -> Read[ResourceId]:
    def vault() -> ResourceId:
        body = azure.get_resource(project.child("solutions", name))
        details = Fields(body).object("properties").object("details").object("extendedDetails")
        found = details.id("vaultId")
        if found is None or found.resource_type not in _VAULTS:
            raise UnexpectedResponseError(
                f"The solution {name} of project {project.name} names no vault.",
                pointer="/properties/details/extendedDetails/vaultId",
                resource_id=project.text,
            )
        return found

    return Read(
        what=f"solution {name}",
        scope=project,
        permission="Microsoft.Migrate/migrateProjects/solutions/read",
        call=vault,
        # The second solution exists only where machines move to Azure Local.
        may_be_absent=name != _SOLUTIONS[0],
    )
