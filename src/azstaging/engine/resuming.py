"""Takes up an inventory where it was interrupted: what was read is kept, the rest is read.

`Resuming` stands between the engine and Azure. Every answer goes into a store, and what is in the
store is not asked for again; what failed is in no store, so only the gaps are read. A gap that was
noticed in an answer has that answer forgotten, see `doubts`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from azstaging.engine.doubts import doubted
from azstaging.engine.ports import AzurePort
from azstaging.errors import NotFoundError
from azstaging.model.inventory import Inventory

_BY_PAGE = frozenset({"list_migration_items", "list_protected_items"})
_KEPT = frozenset(
    {
        "list_subscriptions",
        "list_vaults",
        "list_replication_vaults",
        "list_data_replication_items",
        "list_virtual_machines",
        "list_virtual_machine_states",
        "list_discovered_machines",
        "list_network_interfaces",
        "list_candidates",
        "list_disks",
        "list_locks",
        "list_skus",
        "list_vm_sizes",
        "get_item",
        "get_virtual_machine",
        "get_resource",
    }
)

# Whoever asks for these takes a 404 for an answer: there are none.
_MAY_BE_ABSENT = frozenset({"list_hyper_v_sites"})


class ReadStore(Protocol):
    """Answers by what was asked."""

    def get(self, key: str) -> Any:
        """Return a kept answer, or None."""
        ...

    def put(self, key: str, answer: Any) -> None:
        """Keep an answer."""
        ...

    def keys(self) -> Iterable[str]:
        """Return what there are answers to."""
        ...

    def forget(self, key: str) -> None:
        """Forget an answer."""
        ...


class Resuming:
    """An `AzurePort` that asks only for what a store does not hold. Thread-safe as its store is."""

    def __init__(self, azure: AzurePort, store: ReadStore) -> None:
        self._azure = azure
        self._store = store

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._azure, name)
        if name in _BY_PAGE:
            return self._kept_pages(name, method)
        if name in _MAY_BE_ABSENT:
            return self._kept(name, _none_where_absent(method))
        return self._kept(name, method) if name in _KEPT else method

    def forget_doubted(self, inventory: Inventory) -> None:
        """Forget what the gaps of an inventory cast doubt on, so that it is asked for again."""
        for key in doubted(self._store.keys(), inventory):
            self._store.forget(key)

    def _kept_pages(
        self, name: str, method: Callable[..., Iterator[list[Any]]]
    ) -> Callable[..., Iterator[list[Any]]]:
        # Kept when the list was read to its end, and before anybody has the rows.
        kept = self._kept(name, lambda *asked: [row for page in method(*asked) for row in page])

        def call(*asked: object) -> Iterator[list[Any]]:
            yield kept(*asked)

        return call

    def _kept(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*asked: object) -> Any:
            key = " ".join((name, *(str(each).casefold() for each in asked)))
            known = self._store.get(key)
            if known is None:
                known = method(*asked)
                self._store.put(key, known)
            return known

        return call


def _none_where_absent(method: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def call(*asked: object) -> list[Any]:
        try:
            return method(*asked)
        except NotFoundError:
            return []

    return call
