"""Source machines of Hyper-V items, which name none: by Hyper-V VM id, else by name.

The item tells the Hyper-V id of its machine (``vmId``), discovery that of each of its own
(``instanceUuid``). A machine of the same name with another id is another machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from azstaging.engine.ports import AzurePort
from azstaging.engine.reads import Read, listed_id
from azstaging.model.bodies import Bodies
from azstaging.model.ids import ResourceId, scope_as_told
from azstaging.model.items import JsonObject, ReplicatedItem
from azstaging.providers.fields import Fields
from azstaging.providers.hyperv_replica_azure import HyperVReplicaAzure

_PROVIDER = HyperVReplicaAzure.instance_type


def nameless(item: ReplicatedItem) -> bool:
    """Tell whether an item is one of Hyper-V that does not name its source machine."""
    return item.provider == _PROVIDER and item.source_id is None


def sites_read(azure: AzurePort, subscription: str) -> Read[list[ResourceId]]:
    """Read which Hyper-V sites a subscription has; a 404 says that it has none."""

    def sites() -> list[ResourceId]:
        return [listed_id(row, "Hyper-V sites") for row in azure.list_hyper_v_sites(subscription)]

    return Read(
        what="Hyper-V sites",
        scope=scope_as_told(
            "subscriptions", subscription, "providers", "Microsoft.OffAzure", "HyperVSites"
        ),
        permission="Microsoft.OffAzure/HyperVSites/read",
        call=sites,
        covers_items=False,
        may_be_absent=True,
    )


@dataclass(slots=True)
class Discovered:
    """Discovered Hyper-V machines by what an item can know of them; deleted ones are left out.

    Attributes:
        unread: why a site is missing here, one sentence each.
    """

    unread: list[str] = field(default_factory=list)
    _by_uuid: dict[str, list[JsonObject]] = field(default_factory=dict)
    _by_name: dict[str, list[tuple[str, JsonObject]]] = field(default_factory=dict)
    _deleted: set[str] = field(default_factory=set)

    def add(self, machines: Bodies) -> None:
        """Take in the machines of one site."""
        for key in machines:
            properties = Fields(machines[key]).object("properties")
            body = machines.packed(key)
            uuid = _guid(properties.text("instanceUuid"))
            name = properties.text("displayName").strip().casefold()
            if properties.flag("isDeleted") is True:
                # What has an id is known by it alone.
                self._deleted.add(uuid or name)
                continue
            if body is None:
                continue
            if uuid:
                self._by_uuid.setdefault(uuid, []).append(body)
            if name:
                self._by_name.setdefault(name, []).append((uuid, body))

    def find(self, item: ReplicatedItem) -> tuple[JsonObject | None, str]:
        """Return the machine of an item, and how it was found or why there is none."""
        wanted = _guid(_details(item.body).text("vmId"))
        by_id = self._by_uuid.get(wanted, []) if wanted else []
        if len(by_id) > 1:
            return None, f"{len(by_id)} discovered machines have its Hyper-V id"
        if self.unread:
            # Of what was not read nothing is known: it may hold the machine, or a second one.
            return None, self.unread[0]
        if by_id:
            return by_id[0], ""
        named = self._by_name.get(item.name.strip().casefold(), [])
        others = [body for uuid, body in named if not (wanted and uuid)]
        if len(others) > 1:
            return None, f"{len(others)} discovered machines are called {item.name}"
        if others:
            return others[0], "found by its name alone: the Hyper-V id is not told on both sides"
        if not self._deleted.isdisjoint({wanted, item.name.strip().casefold()} - {""}):
            return None, "discovery marks its source machine as deleted"
        if named:
            return None, f"the discovered machine {item.name} has another Hyper-V id"
        return None, "no discovered machine has its Hyper-V id or its name"


def _details(body: Mapping[str, object]) -> Fields:
    return Fields(body).object("properties").object("providerSpecificDetails")


def _guid(text: str) -> str:
    return text.strip().strip("{}").casefold()


def subscriptions_to_look_in(
    items: Iterable[ReplicatedItem], subscriptions: Iterable[str]
) -> list[str]:
    """Return where Hyper-V sites are looked for: nowhere without an item that needs one."""
    return sorted(set(subscriptions)) if any(map(nameless, items)) else []
