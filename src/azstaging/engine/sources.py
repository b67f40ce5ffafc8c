"""Source machines: as discovery saw them, or the source VM of a move between regions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from azstaging.engine.ports import AzurePort, Json
from azstaging.engine.reads import Read, Reads
from azstaging.engine.resources import VMS, Resources, is_virtual_machine
from azstaging.model.ids import ResourceId, parse_id
from azstaging.model.items import ReplicatedItem

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

    body: Json | None = None
    note: str = ""


def read_sources(
    azure: AzurePort, items: Iterable[ReplicatedItem], resources: Resources, reads: Reads
) -> Mapping[ResourceId, Source]:
    """Read the source machines that the items name, each once.

    Returns:
        source id -> what is known. Machines of one site come from the list of the site; one that
        is not in it any more is no gap, discovery forgets machines. VMs come from the lists of
        their subscription.
    """
    wanted = dict.fromkeys(item.source_id for item in items if item.source_id is not None)
    sites: dict[ResourceId, list[ResourceId]] = defaultdict(list)
    known: dict[ResourceId, Source] = {}
    for source in wanted:
        if is_virtual_machine(source):
            known[source] = _virtual_machine(source, resources)
        else:
            sites[source.parent()].append(source)
    listed = {site: ids for site, ids in sites.items() if len(ids) >= _LIST_FROM}
    known |= _from_lists(azure, listed, reads)
    single = [source for ids in sites.values() for source in ids if source not in known]
    return known | _one_by_one(azure, single, reads)


def _virtual_machine(source: ResourceId, resources: Resources) -> Source:
    body = resources.vms.get(source.key)
    if body is not None:
        return Source(body=body)
    if resources.is_unread(source.subscription_id, VMS):
        return Source(note="its subscription's machines could not be read")
    return Source(note=f"the source machine {source.name} is not there any more")


def _from_lists(
    azure: AzurePort, sites: Mapping[ResourceId, list[ResourceId]], reads: Reads
) -> dict[ResourceId, Source]:
    """Read whole sites; machines of a site that has no list are left out."""
    listings = [_site_read(azure, site) for site in sites]
    known: dict[ResourceId, Source] = {}
    results = reads.run(listings, "sources")
    for (_, wanted), result in zip(sites.items(), results, strict=True):
        if result.value is not None:
            known |= {source: _source(source, result.value.get(source)) for source in wanted}
        elif result.gap is not None and result.gap.reason != "not-found":
            # Asking for each machine would be refused as often.
            reads.note(result.gap, _MACHINES)
            known |= dict.fromkeys(wanted, Source(note=result.gap.detail))
    return known


def _site_read(azure: AzurePort, site: ResourceId) -> Read[Mapping[ResourceId, Json]]:
    def machines() -> Mapping[ResourceId, Json]:
        rows = ((parse_id(body.get("id")), body) for body in azure.list_discovered_machines(site))
        return {found: body for found, body in rows if found is not None}

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
    site = source.parent()
    return Read(
        what=_MACHINES,
        # One gap for a site, not one for each of its machines.
        scope=site,
        permission=_permission(site),
        call=lambda: azure.get_resource(source),
        covers_items=False,
        may_be_absent=True,
    )


def _source(source: ResourceId, body: Json | None) -> Source:
    if body is None:
        return Source(note=f"discovery does not know {source.name} any more")
    return Source(body=body)


def _permission(site: ResourceId) -> str:
    kind = site.after("Microsoft.OffAzure")
    return f"Microsoft.OffAzure/{kind}/machines/read" if kind else ""
