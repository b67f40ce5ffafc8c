"""Keeps what Azure answers, so that a copy of an inventory can be served elsewhere.

`Recording` stands between the engine and Azure and keeps every body that passes, once, in its
fullest form. `kept_bodies` returns those that an inventory is made of and no others.
"""

from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any

from azstaging.engine.ports import AzurePort
from azstaging.model.bodies import packed
from azstaging.model.ids import ResourceId, id_key, parse_id
from azstaging.model.inventory import Inventory
from azstaging.providers.compute import size_of_sku

Json = dict[str, Any]
_SKUS, _SIZES = "list_skus", "list_vm_sizes"
_LOCKS, _STATES = "list_locks", "list_virtual_machine_states"
_DISKS, _ADAPTERS = "list_disks", "list_network_interfaces"
_LISTS = frozenset(
    {"list_vaults", "list_replication_vaults", "list_data_replication_items"}
    | {"list_virtual_machines", "list_discovered_machines"}
    | {
        _SKUS,
        _SIZES,
        _LOCKS,
        _STATES,
        _DISKS,
        _ADAPTERS,
        "list_subscriptions",
        "list_hyper_v_sites",
    }
)
_BY_PAGE = frozenset({"list_migration_items", "list_protected_items"})
_ONE = frozenset({"get_item", "get_virtual_machine", "get_resource"})


class Recording:
    """An `AzurePort` that reads through another one and keeps the answers. Thread-safe.

    Attributes:
        sizes: sizes of machines by name, from resource SKUs or ``vmSizes``.
        locks: bodies of management locks by casefolded id.
    """

    def __init__(self, azure: AzurePort) -> None:
        self._azure = azure
        self._mutex = Lock()
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self._details: set[str] = set()
        self.sizes: dict[str, Json] = {}
        self.locks: dict[str, Json] = {}
        self.subscriptions: dict[str, Json] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._azure, name)
        if name in _BY_PAGE:
            return self._watched_pages(name, method)
        return self._watched(name, method) if name in _LISTS | _ONE else method

    def _watched_pages(
        self, name: str, method: Callable[..., Iterator[list[Json]]]
    ) -> Callable[..., Iterator[list[Json]]]:
        def call(*arguments: Any) -> Iterator[list[Json]]:
            for page in method(*arguments):
                with self._mutex:
                    for body in page:
                        self._keep(name, body)
                yield page

        return call

    def _watched(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            answer = method(*arguments, **options)
            with self._mutex:
                for body in [answer] if name in _ONE else answer:
                    self._keep(name, body)
            return answer

        return call

    def _keep(self, name: str, body: Mapping[str, Any]) -> None:
        if name in {_SKUS, _SIZES}:
            size = size_of_sku(body) if name == _SKUS else dict(body)
            if size is not None:
                self.sizes[str(size.get("name"))] = size
            return
        key = id_key(str(body.get("id") or ""))
        if name == "list_subscriptions":
            self.subscriptions[key] = dict(body)
        elif name == _LOCKS:
            self.locks[key] = dict(body)
        elif name in _ONE:
            self._details.add(key)
            self._bodies[key] = packed(body)
        elif key in self._bodies and (name == _STATES or "/virtualmachines/" in key):
            self._bodies[key] = packed(_merged(self._bodies[key], body))
        elif key not in self._details:
            self._bodies[key] = packed(body)

    def bodies(self) -> Iterator[Json]:
        """Yield every body, sorted by casefolded id."""
        for key in sorted(self._bodies):
            yield dict(self._bodies[key])


def _merged(known: Mapping[str, Any], more: Mapping[str, Any]) -> Json:
    """Return a VM's model and its run-time state as one body."""
    properties = {**known.get("properties", {}), **more.get("properties", {})}
    return {**known, **more, "properties": properties}


def kept_bodies(recording: Recording, inventory: Inventory) -> list[Json]:
    """Return the bodies of vaults, items, sources, targets, test machines, and their parts."""
    wanted = {each.key for each in (*inventory.vaults, *(gap.scope for gap in inventory.gaps))}
    machines: set[ResourceId] = set()
    for row in inventory:
        wanted |= {row.id.key, row.item.vault_id.key}
        found = (row.target_id, row.item.target_id, row.item.source_id, *row.test_machines)
        if row.source is not None:
            # A Hyper-V item does not name it: it was found in a site, which is kept with it.
            found = (*found, row.source.id)
            wanted.add(row.source.id.parent().key)
        machines |= {each for each in found if each is not None}
        wanted |= {part.id.key for part in (*_disks(row), *_nics(row))}
    wanted |= {each.key for each in machines}
    return [
        body
        for body in recording.bodies()
        if id_key(str(body.get("id"))) in wanted or _owner(body) in machines
    ]


def _disks(row: Any) -> tuple[Any, ...]:
    return row.target.disks if row.target else ()


def _nics(row: Any) -> tuple[Any, ...]:
    return row.target.nics if row.target else ()


def _owner(body: Mapping[str, Any]) -> ResourceId | None:
    """Return the VM that a disk or adapter belongs to."""
    attached = (body.get("properties") or {}).get("virtualMachine") or {}
    owner = body.get("managedBy") or (attached.get("id") if isinstance(attached, dict) else None)
    return parse_id(owner)
