"""The inventory: every replicated item in scope, what it became, and what could not be read.

Lists first, single reads for what a list leaves out. Nothing is ever shortened in silence: what
is not answered, is refused or has an odd shape is a `Gap`, and everything else is still there.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from azstaging.engine.ahead import Ahead
from azstaging.engine.candidates import check_candidates
from azstaging.engine.machines import (
    likely_places,
    match_one,
    migrated_machines,
    places_of,
    read_what_lists_lack,
)
from azstaging.engine.memory import few_collections
from azstaging.engine.ports import AzurePort, Clock, Progress
from azstaging.engine.reads import Reads, Result, give_way
from azstaging.engine.resources import LOCKS, TARGET_KINDS
from azstaging.engine.rows import Parts, build_rows, listed_row, unfinished
from azstaging.engine.sources import SourceLists
from azstaging.engine.target_lists import TargetLists
from azstaging.engine.targets import subscriptions_of
from azstaging.engine.vaults import find_items, kept, start_details
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import NO_FACTS, Collection, ReplicatedItem
from azstaging.model.plans import Receipt, ReceiptState
from azstaging.model.times import format_time, parse_time
from azstaging.model.waves import Scope, Wave
from azstaging.providers.fields import Fields
from azstaging.rules.completeness import (
    EVERYTHING,
    Looked,
    Standing,
    account,
    count_gap,
    expected_ids,
    untold_gaps,
)
from azstaging.rules.selection import select

# Only resources of Microsoft.DataReplication say when they were made.
_DATED = Collection.DATA_REPLICATION
_COLLECTIONS = {each.value.casefold(): each for each in Collection}


def collect(
    azure: AzurePort,
    scope: Scope,
    wave: Wave,
    *,
    clock: Clock,
    released: Mapping[str, Receipt] | None = None,
    executor_threads: int = 16,
    lists_only: bool = False,
    progress: Progress | None = None,
) -> Inventory:
    """Read the inventory of a wave.

    Args:
        azure: where to read.
        scope: subscriptions, vaults and projects; empty means all that the credential sees.
        wave: workloads and what is expected.
        clock: gives the time of the inventory, taken before the first read.
        released: latest receipt by item id, from the journal.
        executor_threads: threads that read items, and as many for the lists beside them. How
            many requests are in flight at most is the connection's to say (``max_in_flight``).
        lists_only: read the lists of items and nothing else: no disks of agentless items, no
            target, no source. Such an inventory opens no gate.
        progress: called with (step, done, total).

    Returns:
        All items, sorted by id, with the gaps. ``complete`` only if there is none.

    Raises:
        ServiceError: the list of subscriptions was not answered, so nothing is known at all.
        AuthenticationError, DeadlineReachedError: as they say.
    """
    with few_collections():
        read, looked = _read(azure, scope, wave, clock(), executor_threads, lists_only, progress)
        return reconcile(read, wave, released or {}, looked)


def _read(
    azure: AzurePort,
    scope: Scope,
    wave: Wave,
    read_at: datetime,
    executor_threads: int,
    lists_only: bool,
    progress: Progress | None,
) -> tuple[Inventory, Looked]:
    """Read everything in threads, and return it as it was read, and where was looked."""
    executors = [
        ThreadPoolExecutor(threads, thread_name_prefix=f"azstaging-{name}")
        for name, threads in (("read", executor_threads), ("first", executor_threads))
    ]
    reads = Reads(executors[0], progress, first=executors[1])
    try:
        rows, looked = (_list_rows if lists_only else _read_rows)(azure, scope, reads)
    finally:
        # After an error or Ctrl-C nothing that still waits is sent.
        reads.cancel_waiting()
        for each in executors:
            each.shutdown(wait=True)
    inventory = Inventory(
        read_at=read_at,
        items=tuple(rows),
        gaps=reads.gaps,
        expected=wave.expected,
        wave=wave.name,
        free_days=wave.free_days,
        free_days_source=wave.free_days_source,
        vaults=looked.vaults,
        lists_only=lists_only,
        request_counts=reads.counts,
    )
    return inventory, looked


def _read_rows(azure: AzurePort, scope: Scope, reads: Reads) -> tuple[list[InventoryItem], Looked]:
    found = find_items(azure, scope, reads, _row_kept)
    items = found.items
    if scope.resource_graph:
        check_candidates(azure, scope, found, reads)
    # What is asked for is told by the rows, and not by how many details came in the meantime.
    listed = list(items.values())
    details = start_details(azure, items, reads)
    # Beside the details, and not behind them: a list is a chain of pages.
    lists, sources = TargetLists(azure, reads), SourceLists(azure, reads)
    _start_lists(lists, sources, listed, found.subscriptions)
    del listed
    for item in list(items.values()):
        kept(item)
    sources.start_nameless()
    ahead = _work_ahead(items, details, lists, sources, reads)
    late = [item for each, item in items.items() if each not in ahead]
    lists.start(sorted(subscriptions_of(late)), TARGET_KINDS)
    resources = lists.gather()
    matched = [
        ahead[each].matched if each in ahead else match_one(items[each], resources)
        for each in sorted(items, key=_key)
    ]
    matched = read_what_lists_lack(azure, matched, resources, reads, settled=ahead)
    unsettled = (each for each in matched if each.item.id not in ahead)
    lists.start_sizes(sorted(places_of(unsettled, resources)))
    lists.gather_sizes()
    rest = unfinished(matched, resources, ahead)
    sources.start(rest)
    known = sources.read(rest, resources)
    unnamed = sources.nameless(items.values())
    return build_rows(matched, resources, {**known, **unnamed}, ahead), found.looked


def _start_lists(
    lists: TargetLists,
    sources: SourceLists,
    listed: Sequence[ReplicatedItem],
    subscriptions: Iterable[str],
) -> None:
    """Start the lists that the rows of the items call for, short ones first."""
    sources.look_for(listed, subscriptions)
    lists.start_sizes(sorted(likely_places(listed)))
    lists.start(sorted({each.id.subscription_id or "" for each in listed} - {""}), (LOCKS,))
    sources.start(listed)
    lists.expect(migrated_machines(listed))
    lists.start(sorted(subscriptions_of(listed)), TARGET_KINDS)


def _row_kept(item: ReplicatedItem) -> ReplicatedItem:
    """Make a row small; one that is read by id once more is made so when nobody waits for it."""
    return kept(item) if item.detailed else item


def _work_ahead(
    items: Mapping[ResourceId, ReplicatedItem],
    details: Mapping[ResourceId, Future[Result[None]]],
    lists: TargetLists,
    sources: SourceLists,
    reads: Reads,
) -> Mapping[ResourceId, Parts]:
    """Wait for the details, and put machines together in the meantime."""
    resources = lists.gather()
    whole = [item for item in items.values() if item.id not in details]
    # Not every item tells where its machine is: the machines that were listed do.
    places = places_of((match_one(item, resources) for item in whole), resources)
    lists.start_sizes(sorted(places))
    lists.gather_sizes()
    ahead, order = Ahead(resources, sources, lists.listed, whole), list(details)

    def take(index: int) -> None:
        give_way()
        if index == len(order) // 4:
            # By then the Hyper-V sites are listed, nearly always; else they are waited for.
            sources.nameless(items.values())
        ahead.add(items[order[index]])

    reads.collect(list(details.values()), "details", take)
    sources.nameless(items.values())
    ahead.finish()
    return ahead.parts


def _list_rows(azure: AzurePort, scope: Scope, reads: Reads) -> tuple[list[InventoryItem], Looked]:
    found = find_items(azure, scope, reads, listed_row)
    if scope.resource_graph:
        check_candidates(azure, scope, found, reads)
    return sorted(found.items.values(), key=_row_key), found.looked


def reconcile(
    read: Inventory, wave: Wave, released: Mapping[str, Receipt], looked: Looked
) -> Inventory:
    """Account for every expected id, add what is proven released, and assign workloads.

    Args:
        read: rows, sorted by id, and gaps as they were read, without workloads.
        wave: what is expected.
        released: latest receipt by item id.
        looked: where items were looked for.
    """
    done = {
        ResourceId(receipt.item_id): receipt
        for receipt in released.values()
        if receipt.state is ReceiptState.DONE
    }
    expected = expected_ids(wave)
    # What was released and is gone from a vault that was read is listed, expected or not.
    vaults = set(read.vaults)
    listed = [each for each in done if vault_of(each) in vaults]
    wanted = [*expected, *listed]
    here = {row.id for row in read.items} if wanted else set()
    accounts = account(wanted, read=here, released=done, gaps=read.gaps, looked=looked)
    gone = [
        released_row(done[each])
        for each, standing in accounts.standings.items()
        if standing is Standing.RELEASED
    ]
    rows = sorted([*read.items, *gone], key=_row_key) if gone else list(read.items)
    selection = select(rows, wave.workloads)
    # Of lists alone no target is known, and they open no gate.
    untold = () if read.lists_only else untold_gaps(rows, selection.workloads, wave)
    gaps = (*read.gaps, *accounts.gaps, *untold)
    uncounted = count_gap(wave, len(rows), EVERYTHING)
    return replace(
        read,
        items=_of_wave(rows, selection.workloads, wave),
        gaps=gaps if uncounted is None else (*gaps, uncounted),
        expected=len(wave.expected_ids) if wave.expected_ids else wave.expected,
        unresolved=selection.unresolved,
        ambiguous=selection.ambiguous,
        unexpected=_unexpected(rows, wave),
    )


def _key(id: ResourceId) -> str:
    return id.key


def _row_key(row: InventoryItem) -> str:
    return row.item.id.key


def _of_wave(
    rows: list[InventoryItem], workloads: Mapping[ResourceId, tuple[str, ...]], wave: Wave
) -> tuple[InventoryItem, ...]:
    """Give each row its workloads, and since when it replicates where somebody knows."""
    told = {row.id: _created(row) for row in rows if row.item.collection is _DATED}
    if not workloads and not told and not wave.replicating_since:
        return tuple(rows)
    return tuple(
        replace(
            row,
            workloads=workloads.get(row.id, ()),
            replicating_since=wave.replicating_since.get(row.id.key) or told.get(row.id),
        )
        for row in rows
    )


def _created(row: InventoryItem) -> datetime | None:
    return parse_time(Fields(row.item.body).object("systemData").value("createdAt"))


def _unexpected(rows: list[InventoryItem], wave: Wave) -> tuple[ResourceId, ...]:
    if not wave.expected_ids:
        return ()
    expected = set(wave.expected_ids)
    return tuple(row.id for row in rows if row.id not in expected)


def released_row(receipt: Receipt) -> InventoryItem:
    """Return the row of an item that is gone, and of which the journal proves the release."""
    item_id = ResourceId(receipt.item_id)
    item = ReplicatedItem(
        id=item_id,
        name=receipt.name,
        provider="",
        collection=_COLLECTIONS.get(item_id.segments[-2].casefold(), Collection.PROTECTED_ITEMS),
        vault_id=vault_of(item_id),
        generation=receipt.generation,
        detailed=False,
    )
    evidence = (f"released, receipt of {format_time(receipt.at)}", *receipt.witnesses)
    return InventoryItem(item=item, facts=NO_FACTS, phase=Phase.RELEASED, phase_evidence=evidence)
