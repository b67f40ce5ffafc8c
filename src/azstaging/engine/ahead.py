"""Puts machines together while other items are still being read.

Details come one by one, at the pace that the service allows; the lists of machines and sources are
long there by then. What is complete is worked on in that time instead of afterwards.
"""

from collections import deque
from collections.abc import Iterable

from azstaging.engine.machines import Matched, match_one, place_of
from azstaging.engine.resources import DISKS, VMS, Resources
from azstaging.engine.rows import Parts, parts_of
from azstaging.engine.sources import SourceLists
from azstaging.engine.targets import subscriptions_of
from azstaging.model.ids import ResourceId
from azstaging.model.items import ReplicatedItem

# Items that are whole wait besides those that are read: with one at a time they would stay.
_AT_ONCE = 3


class Ahead:
    """The items whose machines are known before all items are read.

    Attributes:
        parts: item id -> its match and its row; what is not here is put together at the end.

    Args:
        resources, sources: the lists, complete for the subscriptions in ``listed``.
        whole: items of which nothing more is read.
    """

    def __init__(
        self,
        resources: Resources,
        sources: SourceLists,
        listed: frozenset[str],
        whole: Iterable[ReplicatedItem],
    ) -> None:
        self._resources = resources
        self._sources = sources
        self._listed = listed
        self._waiting = deque(whole)
        self.parts: dict[ResourceId, Parts] = {}

    def add(self, item: ReplicatedItem) -> None:
        """Take in an item that has just been read, and put the next few together."""
        self._waiting.append(item)
        self._go_on(min(_AT_ONCE, len(self._waiting)))

    def finish(self) -> None:
        """Put together whatever can be, now that everything is read."""
        self._go_on(len(self._waiting))

    def _go_on(self, count: int) -> None:
        for _ in range(count):
            item = self._waiting.popleft()
            if not self._take(item):
                self._waiting.append(item)

    def _take(self, item: ReplicatedItem) -> bool:
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
        # Then machines tell whose the disks are, and a machine that is listed later may, too.
        if any(kind == DISKS for _, kind in resources.unread):
            return False
        for vm in matched.machines:
            place = place_of(vm, resources) if vm.key in resources.vms else None
            if place is None or place not in resources.sizes:
                return False
            if matched.cut_over and not resources.has_view(vm):
                return False
        return not resources.is_unread(matched.item.id.subscription_id, VMS)
