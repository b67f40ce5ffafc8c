"""Finds the machine of every item, and reads what the lists say nothing about."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from azstaging.engine.ports import AzurePort, Json
from azstaging.engine.reads import Read, Reads
from azstaging.engine.resources import (
    Place,
    Resources,
    is_virtual_machine,
)
from azstaging.engine.target_lists import states_read, worth_listing
from azstaging.engine.targets import BY_NAME, Match, match_target
from azstaging.model.ids import ResourceId
from azstaging.model.items import Collection, Cutover, Facts, ReplicatedItem
from azstaging.providers import facts_of
from azstaging.providers.fields import Fields

_CUT_OVER = frozenset({Cutover.DONE, Cutover.DONE_WITH_NOTES, Cutover.PARTIAL})
_VM_ACTION = "Microsoft.Compute/virtualMachines/read"
_LOCAL = Match(note="the target of an Azure Local migration cannot be read yet", unknown=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """One item with its facts and the machine that belongs to it."""

    item: ReplicatedItem
    facts: Facts
    match: Match

    @property
    def cut_over(self) -> bool:
        """Whether the item says that the machine was migrated."""
        return self.facts.cutover in _CUT_OVER

    @property
    def machines(self) -> Iterator[ResourceId]:
        """Yield the machines whose run-time state matters: target and, for A2A, source."""
        if self.match.vm is not None:
            yield self.match.vm
        if self.item.source_id is not None and is_virtual_machine(self.item.source_id):
            yield self.item.source_id


def match_one(item: ReplicatedItem, resources: Resources) -> Matched:
    """Derive the facts of one item, and find its machine in the lists."""
    facts = facts_of(item)
    match = (
        _LOCAL
        if item.collection is Collection.DATA_REPLICATION
        else match_target(item, resources, cut_over=facts.cutover in _CUT_OVER)
    )
    return Matched(item=item, facts=facts, match=match)


def undisputed(matched: list[Matched]) -> list[Matched]:
    """Believe no name that leads several items to one machine: it is none of theirs then."""
    claims = Counter(each.match.vm for each in matched)
    return [
        replace(each, match=_disputed(vm, claims[vm]))
        if (vm := each.match.vm) is not None and each.match.how == BY_NAME and claims[vm] > 1
        else each
        for each in matched
    ]


def _disputed(vm: ResourceId, claims: int) -> Match:
    note = f"the names of disks lead {claims} items to {vm.name}, so it is proven for none"
    return Match(note=note, unknown=True)


def places_of(matched: Iterable[Matched], resources: Resources) -> set[Place]:
    """Return where the machines of items are."""
    found = {place_of(vm, resources) for each in matched for vm in each.machines}
    return {place for place in found if place is not None}


def likely_places(items: Iterable[ReplicatedItem]) -> set[Place]:
    """Return subscription and location where the items' machines will be, casefolded."""
    found = set()
    for item in items:
        group = item.settings.resource_group_id
        location = _folded(item.settings.location)
        if group is not None and group.subscription_id and location:
            found.add((group.subscription_id.casefold(), location))
    return found


def _folded(location: str) -> str:
    return location.replace(" ", "").casefold()


def migrated_machines(items: Iterable[ReplicatedItem]) -> Counter[str]:
    """Count the machines whose run-time state will be wanted, by casefolded subscription."""
    counts: Counter[str] = Counter()
    for item in items:
        if facts_of(item).cutover in _CUT_OVER:
            group = item.settings.resource_group_id or item.target_id
            places = [group] if group is not None else []
            if item.source_id is not None and is_virtual_machine(item.source_id):
                places.append(item.source_id)
            counts.update((place.subscription_id or "").casefold() for place in places)
    return counts


def read_what_lists_lack(
    azure: AzurePort,
    matched: list[Matched],
    resources: Resources,
    reads: Reads,
    *,
    settled: Container[ResourceId] = (),
) -> list[Matched]:
    """Read machines that no list has, and run-time states of migrated machines.

    Of the items in ``settled`` all that is needed is known.
    """
    late = [each for each in matched if each.item.id not in settled]
    owners = dict.fromkeys(each.match.vm for each in matched if each.match.vm is not None)
    missing = [vm for vm in owners if vm.key not in resources.vms]
    _list_states(azure, _lacking(late, resources), resources, reads)
    wanted = list(dict.fromkeys([*missing, *_lacking(late, resources)]))
    results = reads.run((_vm_read(azure, vm) for vm in wanted), "machines")
    fates: dict[ResourceId, str] = {}
    for vm, result in zip(wanted, results, strict=True):
        if result.value is not None:
            resources.vms[vm.key] = result.value
        elif result.gap is None:
            # It went between the list and now.
            fates[vm] = ""
            resources.vms.pop(vm.key, None)
        elif vm in missing:
            fates[vm] = result.gap.detail
    return [_settled(each, fates) for each in matched]


def _lacking(matched: Iterable[Matched], resources: Resources) -> list[ResourceId]:
    """Return the machines of migrated items that are listed without their run-time state."""
    found = dict.fromkeys(vm for each in matched if each.cut_over for vm in each.machines)
    return [vm for vm in found if vm.key in resources.vms and not resources.has_view(vm)]


def _settled(each: Matched, fates: Mapping[ResourceId, str]) -> Matched:
    vm = each.match.vm
    if vm is None or vm not in fates:
        return each
    problem = fates[vm]
    note = problem or f"its disks name {vm.name} as their machine, which is not there"
    return Matched(item=each.item, facts=each.facts, match=Match(note=note, unknown=bool(problem)))


def _list_states(
    azure: AzurePort, wanted: Iterable[ResourceId], resources: Resources, reads: Reads
) -> None:
    """List run-time states where that costs less than asking for each machine."""
    counts = Counter((vm.subscription_id or "").casefold() for vm in wanted)
    held = Counter((ResourceId(key).subscription_id or "") for key in resources.vms)
    worth = [
        subscription
        for subscription, count in counts.items()
        if subscription
        and subscription not in resources.states_listed
        and worth_listing(count, held[subscription])
    ]
    for result in reads.run((states_read(azure, each) for each in worth), "machines"):
        resources.add_states(result.value or ())


def _vm_read(azure: AzurePort, vm: ResourceId) -> Read[Json]:
    return Read(
        what="virtual machine",
        scope=vm,
        permission=_VM_ACTION,
        call=lambda: azure.get_virtual_machine(vm),
        covers_items=False,
        may_be_absent=True,
    )


def place_of(vm: ResourceId, resources: Resources) -> Place | None:
    """Return subscription and location of a listed machine, casefolded: where its size is from."""
    location = _folded(Fields(resources.vms.get(vm.key)).text("location"))
    if not vm.subscription_id or not location:
        return None
    return vm.subscription_id.casefold(), location
