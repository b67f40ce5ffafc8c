"""Read back the target machines of attempts: one list where many have ended, else single GETs."""

from collections import Counter

from azstaging.engine.ports import AzurePort
from azstaging.errors import NotFoundError, StagingError
from azstaging.model.ids import ResourceId, id_key
from azstaging.providers.fields import Fields
from azstaging.rules.outcome import TargetRead

# Read singly at first: whether so many end in one tick is known only by their jobs.
_SINGLY = 20


class Targets:
    """The targets of one vault in one tick; made after the jobs of that vault were read.

    A list only ever says that a machine is there; whatever it does not name, or names as on its
    way out, is asked for itself. So no list is older than the end of the jobs it bears out.
    """

    def __init__(self, azure: AzurePort) -> None:
        self._azure = azure
        self._asked: Counter[str] = Counter()
        self._listed: dict[str, frozenset[str]] = {}

    def read(self, target_id: ResourceId) -> TargetRead:
        """Tell whether a target VM is there."""
        subscription = (target_id.subscription_id or "").casefold()
        self._asked[subscription] += 1
        if self._asked[subscription] > _SINGLY and target_id.key in self._present(subscription):
            return TargetRead.PRESENT
        try:
            self._azure.get_virtual_machine(target_id)
        except NotFoundError:
            return TargetRead.GONE
        except StagingError:
            return TargetRead.UNREAD
        return TargetRead.PRESENT

    def _present(self, subscription: str) -> frozenset[str]:
        if subscription not in self._listed:
            self._listed[subscription] = self._list(subscription)
        return self._listed[subscription]

    def _list(self, subscription: str) -> frozenset[str]:
        try:
            rows = self._azure.list_virtual_machines(subscription)
        except StagingError:
            return frozenset()  # each is asked for itself
        return frozenset(
            id_key(str(row.get("id", "")))
            for row in rows
            if Fields(row).object("properties").text("provisioningState") == "Succeeded"
        )
