"""Source machines: as discovery saw them, or the source VM of a move between regions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from azstaging.engine.hyperv_sources import (
    Discovered,
    nameless,
    sites_read,
    subscriptions_to_look_in,
)
from azstaging.engine.ports import AzurePort, Json
from azstaging.engine.reads import Read, Reads, Result, listed_id
from azstaging.engine.resources import VMS, Resources, is_virtual_machine
from azstaging.errors import ConfigurationError
from azstaging.model.bodies import Bodies
from azstaging.model.ids import ResourceId
from azstaging.model.items import JsonObject, ReplicatedItem

NO_SOURCE = "the item does not name its source machine"
NOT_READ = "the source machine was not read"
_MACHINES = "discovered machines"
_LIST_FROM = 5
"""So many machines of one site are listed; fewer are read one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is known of a source machine.

    Attributes:
        body: as the service gave it, or None.
        note: why there is none, or "".
    """

    body: JsonObject | None = None
    note: str = ""


class SourceLists:
    """Starts the list of each discovery site once, and gives the source machines of items."""

    def __init__(self, azure: AzurePort, reads: Reads) -> None:
        self._azure = azure
        self._reads = reads
        self._started: dict[ResourceId, Future[Result[Bodies]]] = {}
        self._hyper_v: list[Future[Result[list[ResourceId]]]] = []
        self._nameless: Mapping[ResourceId, Source] | None = None

    def start(self, items: Iterable[ReplicatedItem]) -> None:
        """Start the lists of the sites that hold several of the items' source machines."""
        wanted = dict.fromkeys(item.source_id for item in items if item.source_id is not None)
        sites = Counter(_site_of(each) for each in wanted if not is_virtual_machine(each))
        for site, count in sites.items():
            if count >= _LIST_FROM and site not in self._started:
                read = _site_read(self._azure, site)
                self._started[site] = self._reads.start(read, first=True)

    def look_for(self, items: Iterable[ReplicatedItem], subscriptions: Iterable[str]) -> None:
        """Start to look for the Hyper-V sites that may know items which name no source."""
        for subscription in subscriptions_to_look_in(items, subscriptions):
            read = sites_read(self._azure, subscription)
            self._hyper_v.append(self._reads.start(read, first=True))

    def start_nameless(self) -> None:
        """Start the machines of the Hyper-V sites that were looked for; what failed is told later.

        A list of sites is one short read, started before the long ones.
        """
        for each in self._hyper_v:
            for site in each.result().value or ():
                if site not in self._started:
                    read = _site_read(self._azure, site)
                    self._started[site] = self._reads.start(read, first=True)

    def nameless(self, items: Iterable[ReplicatedItem]) -> Mapping[ResourceId, Source]:
        """Return what is known of the sources of Hyper-V items, by the id of the item.

        It is found out once, and waited for.
        """
        if self._nameless is None:
            self._nameless = self._find_nameless(items) if self._hyper_v else {}
        return self._nameless

    def _find_nameless(self, items: Iterable[ReplicatedItem]) -> Mapping[ResourceId, Source]:
        listed = self._reads.collect(self._hyper_v, "sites")
        discovered = Discovered(unread=[each.gap.detail for each in listed if each.gap])
        sites = dict.fromkeys(site for each in listed for site in each.value or ())
        self.start_nameless()
        results = self._reads.collect([self._started[site] for site in sites], "sources")
        for result in results:
            if result.value is not None:
                discovered.add(result.value)
            elif result.gap is not None:
                self._reads.note(result.gap, _MACHINES)
                discovered.unread.append(result.gap.detail)
        found = ((item.id, discovered.find(item)) for item in items if nameless(item))
        return {each: Source(body=body, note=note) for each, (body, note) in found}

    def early(self, item: ReplicatedItem, resources: Resources) -> Source | None:
        """Return what is known of an item's source already; None where that is not known yet."""
        source = item.source_id
        if source is None:
            found = self._nameless
            if found is None:
                return None if nameless(item) else Source(note=NO_SOURCE)
            return found.get(item.id, Source(note=NO_SOURCE))
        if is_virtual_machine(source):
            return _virtual_machine(source, resources)
        started = self._started.get(_site_of(source))
        if started is None or not started.done():
            return None
        return self._of_site(source, started.result())

    def _of_site(self, source: ResourceId, result: Result[Bodies]) -> Source | None:
        """Return what the list of its site tells of a machine; None where there is no list."""
        if result.value is not None:
            return _source(source, result.value.packed(source.key))
        if result.gap is None or result.gap.reason == "not-found":
            return None
        # Asking for each machine would be refused as often.
        self._reads.note(result.gap, _MACHINES)
        return Source(note=result.gap.detail)

    def read(
        self, items: Iterable[ReplicatedItem], resources: Resources
    ) -> Mapping[ResourceId, Source]:
        """Read the source machines that the items name, each once.

        Returns:
            source id -> what is known. Machines of one site come from the list of the site; one
            that is not in it any more is no gap, discovery forgets machines. VMs come from the
            lists of their subscription.
        """
        wanted = dict.fromkeys(item.source_id for item in items if item.source_id is not None)
        listed: dict[ResourceId, list[ResourceId]] = defaultdict(list)
        known: dict[ResourceId, Source] = {}
        for source in wanted:
            if is_virtual_machine(source):
                known[source] = _virtual_machine(source, resources)
            elif (site := _site_of(source)) in self._started:
                listed[site].append(source)
        known |= self._from_lists(listed)
        single = [source for source in wanted if source not in known]
        return known | _one_by_one(self._azure, single, self._reads)

    def _from_lists(self, sites: Mapping[ResourceId, list[ResourceId]]) -> dict[ResourceId, Source]:
        """Read whole sites; machines of a site that has no list are left out."""
        known: dict[ResourceId, Source] = {}
        results = self._reads.collect([self._started[site] for site in sites], "sources")
        for wanted, result in zip(sites.values(), results, strict=True):
            told = ((source, self._of_site(source, result)) for source in wanted)
            known |= {source: found for source, found in told if found is not None}
        return known


def _virtual_machine(source: ResourceId, resources: Resources) -> Source:
    body = resources.vms.get(source.key)
    if body is not None:
        return Source(body=body)
    if resources.is_unread(source.subscription_id, VMS):
        return Source(note="its subscription's machines could not be read")
    return Source(note=f"the source machine {source.name} is not there any more")


def _site_read(azure: AzurePort, site: ResourceId) -> Read[Bodies]:
    def machines() -> Bodies:
        found = Bodies()
        for body in azure.list_discovered_machines(site):
            found[listed_id(body, f"machines of {site.name}").key] = body
        return found

    return Read(
        what=_MACHINES,
        scope=site,
        permission=_permission(site),
        call=machines,
        covers_items=False,
        # Where there is no list, each machine is asked by itself.
        optional=True,
    )


def _one_by_one(
    azure: AzurePort, sources: Iterable[ResourceId], reads: Reads
) -> dict[ResourceId, Source]:
    wanted = list(sources)
    results = reads.run((_machine_read(azure, source) for source in wanted), "sources")
    return {
        source: Source(note=result.gap.detail)
        if result.gap is not None
        else _source(source, result.value)
        for source, result in zip(wanted, results, strict=True)
    }


def _machine_read(azure: AzurePort, source: ResourceId) -> Read[Json]:
    site = _site_of(source)
    return Read(
        what=_MACHINES,
        # One gap for a site, not one for each of its machines.
        scope=site,
        permission=_permission(site),
        call=lambda: azure.get_resource(source),
        covers_items=False,
        may_be_absent=True,
    )


def _source(source: ResourceId, body: JsonObject | None) -> Source:
    if body is None:
        return Source(note=f"discovery does not know {source.name} any more")
    return Source(body=body)


def _site_of(source: ResourceId) -> ResourceId:
    """Return the site that a machine lies in; its own id where that names none."""
    try:
        return source.parent()
    except ConfigurationError:
        return source


def _permission(site: ResourceId) -> str:
    kind = site.after("Microsoft.OffAzure")
    return f"Microsoft.OffAzure/{kind}/machines/read" if kind else ""
