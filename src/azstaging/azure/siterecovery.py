"""Site Recovery and agentless migration, through the official client on our own pipeline.

Reads go through the client's ``send_request`` and keep the JSON as it came. The one change that
this module can make is to stop a replication; it cannot purge.
"""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient

from azstaging.azure.api_versions import RECOVERY_SERVICES_VAULTS, SITE_RECOVERY
from azstaging.azure.bodies import Json, encode_body, require_id
from azstaging.azure.calls import Call
from azstaging.azure.joblists import newest_first, started_since
from azstaging.azure.session import ArmSession
from azstaging.engine.ports import StopAnswer
from azstaging.errors import ConfigurationError, UnexpectedResponseError
from azstaging.model.ids import ResourceId, check_segment, subscription_scope
from azstaging.model.items import StopRequest
from azstaging.model.plans import PlannedRequest
from azstaging.model.times import format_time

# The service cuts its unfiltered job list here, without a nextLink.
_JOB_LIST_LIMIT = 200

# /subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.RecoveryServices/vaults/{v}
#   /replicationFabrics/{f}/replicationProtectionContainers/{c}/{collection}/{item}
_ITEM_TEMPLATE = (
    "subscriptions",
    None,
    "resourcegroups",
    None,
    "providers",
    "microsoft.recoveryservices",
    "vaults",
    None,
    "replicationfabrics",
    None,
    "replicationprotectioncontainers",
    None,
)
# How each collection is stopped. DELETE of a protected item is the purge: it is not here.
_STOPS = {
    "replicationmigrationitems": ("DELETE", "", "replicationMigrationItems"),
    "replicationprotecteditems": ("POST", "remove", "replicationProtectedItems"),
}


class SiteRecovery:
    """Reads of one or many vaults, and the stop of one item."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, subscription_id: str) -> Any:
        """Return the official client of a subscription; all share the session's pipeline."""
        with self._lock:
            if subscription_id not in self._clients:
                self._clients[subscription_id] = SiteRecoveryManagementClient(
                    self._session.credential,
                    subscription_id,
                    self._session.cloud.arm_endpoint,
                    api_version=SITE_RECOVERY,
                    credential_scopes=[self._session.cloud.scope],
                    policies=self._session.policies,
                    pipeline=self._session.pipeline,
                )
            return self._clients[subscription_id]

    def list_vaults(self, subscription_id: str) -> list[Json]:
        """List the Recovery Services vaults of a subscription.

        Azure: Vaults_ListBySubscriptionId,
        GET {subscription}/providers/Microsoft.RecoveryServices/vaults
        """
        scope = subscription_scope(subscription_id)
        path = scope.child("providers", "Microsoft.RecoveryServices", "vaults")
        return self._session.list_all(path, RECOVERY_SERVICES_VAULTS)

    def list_migration_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        """Yield all migration items of a vault, by page; their disks and adapters are left out.

        A row that moved between pages comes twice; the later one is newer, and counts.

        Azure: ReplicationMigrationItems_List, GET {vault}/replicationMigrationItems
        """
        return self._items(vault, "replicationMigrationItems")

    def list_protected_items(self, vault: ResourceId) -> Iterator[list[Json]]:
        """Yield all protected items of a vault, by page as `list_migration_items`.

        Azure: ReplicationProtectedItems_List, GET {vault}/replicationProtectedItems
        """
        return self._items(vault, "replicationProtectedItems")

    def get_item(self, item_id: ResourceId) -> Json:
        """Get one migration item or protected item.

        Azure: ReplicationMigrationItems_Get, ReplicationProtectedItems_Get, GET {item}

        Raises:
            NotFoundError: ``gateway`` is True when the vault is missing, not the item.
        """
        sender = self._sender(item_id)
        return require_id(self._session.get_json(item_id, SITE_RECOVERY, sender=sender), item_id)

    def list_jobs(self, vault: ResourceId, since: datetime) -> list[Json]:
        """List the jobs that started at or after ``since``, and those with no start time yet.

        Azure: ReplicationJobs_List, GET {vault}/replicationJobs

        Raises:
            UnexpectedResponseError: the service cut the list before it reached ``since``.
        """
        found, whole = self.list_latest_jobs(vault, since)
        if not whole:
            raise UnexpectedResponseError(
                f"{vault} lists {len(found)} jobs since {format_time(since)} and may have cut "
                "the list. No conclusion was drawn from it.",
                resource_id=vault.text,
                operation="ReplicationJobs_List",
            )
        return found

    def list_latest_jobs(self, vault: ResourceId, since: datetime) -> tuple[list[Json], bool]:
        """List jobs as `list_jobs` does, however far back the service goes.

        Azure: ReplicationJobs_List, GET {vault}/replicationJobs

        Returns:
            The jobs, and False where the service may have cut the list before ``since``.
        """
        rows = self._list(vault, "replicationJobs")
        found = started_since(rows, since)
        reaches_back = len(found) < len(rows) and newest_first(rows)
        if len(rows) < _JOB_LIST_LIMIT or reaches_back:
            return found, True
        # Cut, perhaps: ask for that time only. EndTime is not given, it could hide running jobs.
        query = {"$filter": f"StartTime eq '{format_time(since)}'"}
        narrowed = self._list(vault, "replicationJobs", query)
        if len(narrowed) < _JOB_LIST_LIMIT:
            return started_since(narrowed, since), True
        # Either may hold what the other lacks; of what is in both the later read counts.
        either = {str(job.get("id")): job for job in (*rows, *narrowed)}
        return started_since(list(either.values()), since), False

    def get_job(self, vault: ResourceId, job_id: str) -> Json:
        """Get one replication job by its id.

        Azure: ReplicationJobs_Get, GET {vault}/replicationJobs/{job}
        """
        path = vault.child("replicationJobs", job_id)
        return self._session.get_json(path, SITE_RECOVERY, sender=self._sender(vault))

    def render(self, request: StopRequest) -> PlannedRequest:
        """Render a stop: DELETE of a migration item, POST .../remove of a protected item.

        Raises:
            ConfigurationError: it is neither, or the id is not exactly an item's.
        """
        names = _names_of(request.id)
        method, action, _ = _STOPS[names.collection]
        if (request.method, request.action) != (method, action):
            raise ConfigurationError(
                f"{request.method} {request.action} is not how {request.id} is stopped; "
                f"that is {method} {action}".rstrip()
                + ". Nothing was sent."
            )
        if (method == "POST") != (request.body is not None):
            raise ConfigurationError(f"{request.operation} was given the wrong body; not sent.")
        body = None if request.body is None else dict(request.body)
        return PlannedRequest(method=method, url=self._url(names), body=body)

    def stop(
        self, request: StopRequest, rendered: PlannedRequest, *, client_request_id: str = ""
    ) -> StopAnswer:
        """Stop the replication of one item: one request, exactly as rendered.

        Azure: ReplicationMigrationItems_Delete (DELETE {item}),
        ReplicationProtectedItems_Delete (POST {item}/remove)

        Raises:
            ConfigurationError: it renders differently now; not sent.
            ServiceError: ``effect`` says what is known; UNKNOWN means: read, never send again.
        """
        if self.render(request) != rendered:
            raise ConfigurationError(
                f"The stop of {request.id} renders differently from the plan; it was not sent."
            )
        names = _names_of(request.id)
        change = self._session.prepare_change(
            rendered.method, rendered.url, rendered.body, client_request_id
        )
        client = self.client(names.subscription)

        def send(call: Call) -> None:
            # No polling: the job is followed by its id, and the poller calls a bare 202 success.
            if rendered.body is None:
                items = client.replication_migration_items
                items.begin_delete(*names.path, polling=False, call=call)
            else:
                items = client.replication_protected_items
                body = encode_body(rendered.body)
                items.begin_delete(*names.path, body, polling=False, call=call)

        answer = self._session.run_change(change, send)
        return StopAnswer(
            status=answer.status,
            job_id=answer.job_id,
            request_id=answer.request_id,
            retry_after_seconds=answer.retry_after_seconds,
        )

    def _items(self, vault: ResourceId, collection: str) -> Iterator[list[Json]]:
        path = vault.child(collection)
        sender = self._sender(vault)
        return self._session.list_pages(path, SITE_RECOVERY, sender=sender, raw=True)

    def _list(
        self, vault: ResourceId, collection: str, query: dict[str, str] | None = None
    ) -> list[Json]:
        path = vault.child(collection)
        return self._session.list_all(path, SITE_RECOVERY, query, sender=self._sender(vault))

    def _sender(self, id: ResourceId) -> Any:
        return self.client(id.subscription_id or "").send_request

    def _url(self, names: "_ItemNames") -> str:
        """Write the URL as the official client does: canonical words, every name encoded."""
        group, vault, fabric, container, item = (quote(name, safe="") for name in names.path)
        _, action, collection = _STOPS[names.collection]
        return (
            f"{self._session.cloud.arm_endpoint}/subscriptions/{quote(names.subscription, safe='')}"
            f"/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults/{vault}"
            f"/replicationFabrics/{fabric}/replicationProtectionContainers/{container}"
            f"/{collection}/{item}{'/' + action if action else ''}?api-version={SITE_RECOVERY}"
        )


class _ItemNames:
    """The names in an item's id, in the order of the official client's arguments."""

    __slots__ = ("collection", "path", "subscription")

    def __init__(self, segments: tuple[str, ...]) -> None:
        self.subscription = segments[1]
        self.collection = segments[12].casefold()
        self.path = (segments[3], segments[7], segments[9], segments[11], segments[13])


def _names_of(id: ResourceId) -> _ItemNames:
    """Take an item's id apart; anything that is not exactly one is refused."""
    segments = tuple(check_segment(segment) for segment in id.segments)
    fits = len(segments) == len(_ITEM_TEMPLATE) + 2 and all(
        word is None or word == segment.casefold()
        for word, segment in zip(_ITEM_TEMPLATE, segments, strict=False)
    )
    if not fits or segments[12].casefold() not in _STOPS:
        raise ConfigurationError(
            f"{id} is not the id of a migration item or protected item; nothing was sent."
        )
    return _ItemNames(segments)
