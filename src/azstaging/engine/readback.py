"""Read back jobs and target machines of attempts: lists for many at once, single GETs for few."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from azstaging.engine.ports import AzurePort
from azstaging.errors import NotFoundError, StagingError
from azstaging.model.ids import ResourceId, id_key
from azstaging.model.jobs import Job, JobState
from azstaging.model.plans import Attempt
from azstaging.providers.fields import Fields
from azstaging.providers.jobs import parse_job
from azstaging.rules.outcome import JOB_CLOCK_SKEW, TargetRead, find_job

_NONE_ENDED: Mapping[str, int] = MappingProxyType({})
# Read singly at first: whether so many end in one tick is known only by their jobs.
_SINGLY = 20


class Jobs:
    """The jobs of one vault in one tick: one list for all its attempts.

    The service may cut its list of jobs. Of the attempts whose job a cut list lacks, a few are
    asked for by the id of their job in each tick, those that wait longest first.

    Args:
        azure: where to read.
        attempts: open attempts of one vault, the oldest first.
    """

    def __init__(self, azure: AzurePort, attempts: Sequence[Attempt]) -> None:
        self._azure = azure
        self._asked = 0
        self.all_read = False
        """Whether a job that is not found is not there, instead of unread."""
        self._listed = self._list(attempts)

    def of(self, attempt: Attempt, *, settled: bool) -> Job | None:
        """Return the attempt's job, or None; ``settled``: now or never, so it is asked for."""
        # Without its id the latest of several is meant: a cut list may lack just that one.
        listed = find_job(attempt, self._listed if attempt.job_id or self.all_read else ())
        if listed is None:
            self._asked += 1
            may_ask = settled or self._asked <= _SINGLY
            return self._by_id(attempt, attempt.job_id) if may_ask else None
        if listed.state in {JobState.FAILED, JobState.SUSPENDED}:
            # The rows of the list leave out why.
            return self._by_id(attempt, listed.id) or listed
        return listed

    def ended(self, attempts: Iterable[Attempt]) -> Counter[str]:
        """Count the attempts whose job is listed as ended, by their targets' subscription."""
        ended = {id_key(job.id) for job in self._listed if job.state is not JobState.RUNNING}
        over = (a.target_id for a in attempts if a.target_id and id_key(a.job_id) in ended)
        return Counter(_subscription(ResourceId(target)) for target in over)

    def _list(self, attempts: Sequence[Attempt]) -> list[Job]:
        vault = ResourceId(attempts[0].vault_id)
        since: datetime = min(attempt.at for attempt in attempts) - JOB_CLOCK_SKEW
        try:
            rows, self.all_read = self._azure.list_latest_jobs(vault, since)
        except StagingError:
            # Unread is not empty; the next tick reads them again.
            return []
        return [parse_job(row) for row in rows]

    def _by_id(self, attempt: Attempt, job_id: str) -> Job | None:
        if not job_id:
            return None
        try:
            return parse_job(self._azure.get_job(ResourceId(attempt.vault_id), job_id))
        except StagingError:
            return None


class Targets:
    """The targets of one vault in one tick; made after the jobs of that vault were read.

    Args:
        azure: where to read.
        ended: how many targets will be asked for, as far as the jobs tell, by subscription.

    A list only ever says that a machine is there; whatever it does not name, or names as on its
    way out, is asked for itself. So no list is older than the end of the jobs it bears out.
    """

    def __init__(self, azure: AzurePort, ended: Mapping[str, int] = _NONE_ENDED) -> None:
        self._azure = azure
        # Those that are known to be many need not be found to be many one by one.
        self._asked = Counter({name: count for name, count in ended.items() if count > _SINGLY})
        self._listed: dict[str, frozenset[str]] = {}

    def read(self, target_id: ResourceId) -> TargetRead:
        """Tell whether a target VM is there."""
        subscription = _subscription(target_id)
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


def _subscription(id: ResourceId) -> str:
    return (id.subscription_id or "").casefold()
