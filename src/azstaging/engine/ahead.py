"""Puts machines together while other items are still being read.

Details come one by one, at the pace that the service allows; the lists of machines and sources are
long there by then. What is complete is worked on in that time instead of afterwards.
"""

from azstaging.engine.machines import Matched, match_one, place_of
from azstaging.engine.resources import VMS, Resources
from azstaging.engine.rows import Parts, parts_of
from azstaging.engine.sources import SourceLists
from azstaging.engine.targets import subscriptions_of
from azstaging.model.ids import ResourceId
from azstaging.model.items import ReplicatedItem


class Ahead:
    """The items whose machines are known before all items are read.

    Attributes:
        parts: item id -> its match and its row; what is not here is put together at the end.
    """

    def __init__(self, resources: Resources, sources: SourceLists, listed: frozenset[str]) -> None:
        self._resources = resources
        self._sources = sources
        self._listed = listed
        self.parts: dict[ResourceId, Parts] = {}

    def take(self, item: ReplicatedItem) -> bool:
        """Put an item's machines together if every list that it needs is there.

        Returns:
            False where its source is not known yet, so that it is worth trying again.
        """
        if not item.detailed or not subscriptions_of((item,)) <= self._listed:
            return True
        source = self._sources.early(item, self._resources)
        if source is None:
            return False
        matched = match_one(item, self._resources)
        if self._settled(matched):
            self.parts[item.id] = parts_of(matched, self._resources, source)
        return True

    def _settled(self, matched: Matched) -> bool:
        """Tell whether nothing that is still to be read could change the machine."""
        resources = self._resources
        for vm in matched.machines:
            place = place_of(vm, resources) if vm.key in resources.vms else None
            if place is None or place not in resources.sizes:
                return False
            if matched.cut_over and not resources.has_view(vm):
                return False
        return not resources.is_unread(matched.item.id.subscription_id, VMS)
