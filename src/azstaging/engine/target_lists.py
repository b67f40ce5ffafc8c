"""Lists of whole subscriptions: machines, disks, network interfaces and locks.

Two hundred rows a page instead of one request for every machine and each of its parts.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future

from azstaging.engine.ports import AzurePort, Json
from azstaging.engine.reads import Read, Reads, Result, listed_id
from azstaging.engine.resources import (
    DISKS,
    LOCKS,
    NICS,
    VMS,
    Place,
    Resources,
    views_of,
)
from azstaging.errors import (
    AccessDeniedError,
    NotFoundError,
    ServiceError,
    UnexpectedResponseError,
)
from azstaging.model.ids import scope_as_told
from azstaging.model.items import JsonObject
from azstaging.providers.compute import lock_from, size_of_sku
from azstaging.providers.fields import Fields

_ACTIONS = {
    VMS: "Microsoft.Compute/virtualMachines/read",
    DISKS: "Microsoft.Compute/disks/read",
    NICS: "Microsoft.Network/networkInterfaces/read",
    LOCKS: "Microsoft.Authorization/locks/read",
}
_TYPES = {
    VMS: "/providers/microsoft.compute/virtualmachines",
    DISKS: "/providers/microsoft.compute/disks",
    NICS: "/providers/microsoft.network/networkinterfaces",
}
_ROWS_A_PAGE = 100


class TargetLists:
    """Starts the lists of each subscription once, and gathers what they gave.

    Args:
        azure: where to read.
        reads: runs them.
    """

    def __init__(self, azure: AzurePort, reads: Reads) -> None:
        self._azure = azure
        self._reads = reads
        self._migrated = Counter[str]()
        self._seen: set[tuple[str, str]] = set()
        self._started: dict[tuple[str, str], Future[Result[int]]] = {}
        self._sizes: dict[Place, Future[Result[list[Json]]]] = {}
        self._lock = threading.Lock()
        self.resources = Resources()

    def expect(self, migrated: Mapping[str, int]) -> None:
        """Say of how many machines the run-time state will be wanted, by casefolded subscription.

        Where a list of states costs less than asking for each, it is read with the machines'.
        """
        self._migrated.update(migrated)

    def start(self, subscriptions: Iterable[str], kinds: Iterable[str]) -> None:
        """Start the lists of some kinds for some subscriptions; each is read once."""
        for kind in kinds:
            for subscription in subscriptions:
                key = (subscription.casefold(), kind)
                if key not in self._seen:
                    self._seen.add(key)
                    read = self._read(subscription, kind)
                    self._started[key] = self._reads.start(read, first=True)

    def gather(self) -> Resources:
        """Wait for everything that was started, and return what is known now."""
        keys = list(self._started)
        results = self._reads.collect([self._started[key] for key in keys], "targets")
        for (subscription, kind), result in zip(keys, results, strict=True):
            if result.value is None:
                self.resources.unread.add((subscription, kind))
        self._started.clear()
        return self.resources

    def start_sizes(self, places: Iterable[Place]) -> None:
        """Start the lists of sizes of some places, each once."""
        for place in places:
            if place not in self._sizes:
                read = _size_read(self._azure, *place)
                self._sizes[place] = self._reads.start(read, first=True)

    def gather_sizes(self) -> None:
        """Wait for the sizes that were started."""
        places = [place for place in self._sizes if place not in self.resources.sizes]
        results = self._reads.collect([self._sizes[place] for place in places], "sizes")
        for place, result in zip(places, results, strict=True):
            rows = ((Fields(row).text("name").casefold(), row) for row in result.value or ())
            self.resources.sizes[place] = dict(rows)

    @property
    def listed(self) -> frozenset[str]:
        """Casefolded subscriptions whose machines, disks and adapters were asked for."""
        return frozenset(subscription for subscription, kind in self._seen if kind == VMS)

    def _take(self, kind: str, subscription: str, bodies: list[Json]) -> int:
        """Keep the rows of a list, in the thread that read it, and let their JSON go at once."""
        _checked(kind, bodies)
        views: Mapping[str, JsonObject] = {}
        if kind == VMS and worth_listing(self._migrated[subscription], len(bodies)):
            states = self._reads.now(states_read(self._azure, subscription))
            views = views_of(states.value or ())
            with self._lock:
                self.resources.states_listed.add(subscription)
        with self._lock:
            self.resources.add(kind, bodies, views)
        return len(bodies)

    def _read(self, subscription: str, kind: str) -> Read[int]:
        azure = self._azure
        listing: Mapping[str, Callable[[str], list[Json]]] = {
            VMS: azure.list_virtual_machines,
            DISKS: azure.list_disks,
            NICS: azure.list_network_interfaces,
            LOCKS: azure.list_locks,
        }
        return Read(
            what=kind,
            scope=scope_as_told("subscriptions", subscription),
            permission=_ACTIONS[kind],
            call=lambda: self._take(kind, subscription, listing[kind](subscription)),
            covers_items=False,
        )


def worth_listing(wanted: int, held: int) -> bool:
    """Tell whether a list of so many machines' states costs less than asking for some of them."""
    return wanted > 2 + held // _ROWS_A_PAGE


def states_read(azure: AzurePort, subscription: str) -> Read[list[Json]]:
    """Read the run-time states of all machines of a subscription."""
    return Read(
        what="virtual machine states",
        scope=scope_as_told("subscriptions", subscription),
        permission=_ACTIONS[VMS],
        call=lambda: azure.list_virtual_machine_states(subscription),
        covers_items=False,
        # Without this list each machine is asked by itself, so nothing stays unread.
        optional=True,
    )


def _checked(kind: str, bodies: list[Json]) -> None:
    """Check that every row of a list says what it is.

    Raises:
        UnexpectedResponseError: one has no ARM id, or that of something else, or is no lock.
    """
    for body in bodies:
        if kind == LOCKS:
            lock_from(body)
            continue
        found = listed_id(body, kind)
        if not found.key.rpartition("/")[0].endswith(_TYPES[kind]):
            raise UnexpectedResponseError(f"{found} was listed among the {kind}, and is none.")


def _size_read(azure: AzurePort, subscription: str, location: str) -> Read[list[Json]]:
    def sizes() -> list[Json]:
        try:
            rows = azure.list_skus(subscription, location)
        except (AccessDeniedError, NotFoundError) as refused:
            # An older route tells cores and memory too; who may read neither lacks the first.
            try:
                return _named(azure.list_vm_sizes(subscription, location), location)
            except ServiceError:
                raise refused from None
        return _named([size for size in map(size_of_sku, rows) if size is not None], location)

    return Read(
        what="virtual machine sizes",
        scope=scope_as_told(
            "subscriptions", subscription, "providers", "Microsoft.Compute", "locations", location
        ),
        permission="Microsoft.Compute/skus/read",
        call=sizes,
        covers_items=False,
    )


def _named(sizes: list[Json], location: str) -> list[Json]:
    """Return the sizes that have a name.

    Raises:
        UnexpectedResponseError: there is none, though machines are there, or will be.
    """
    found = [size for size in sizes if Fields(size).text("name")]
    if not found:
        raise UnexpectedResponseError(f"No size of a virtual machine was listed for {location}.")
    return found
