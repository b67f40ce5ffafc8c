"""Azure Local replication (Microsoft.DataReplication): reads, and the one DELETE that stops it.

There is no official client for it, so it goes through our pipeline alone. Its gate opens only
under the policy that accepts a target nobody can read.
"""

from datetime import datetime

from azstaging.azure.api_versions import DATA_REPLICATION
from azstaging.azure.bodies import Json, require_id
from azstaging.azure.joblists import started_since
from azstaging.azure.session import ArmSession
from azstaging.engine.ports import StopAnswer
from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, subscription_scope
from azstaging.model.items import StopRequest
from azstaging.model.plans import PlannedRequest

ITEM_TYPE = "microsoft.datareplication/replicationvaults/protecteditems"


class DataReplication:
    """Reads of ``replicationVaults`` and their protected items, and the stop of one item."""

    def __init__(self, session: ArmSession) -> None:
        self._session = session

    def list_replication_vaults(self, subscription_id: str) -> list[Json]:
        """List the replication vaults of a subscription.

        Azure: Vault_ListBySubscription,
        GET {subscription}/providers/Microsoft.DataReplication/replicationVaults
        """
        scope = subscription_scope(subscription_id)
        path = scope.child("providers", "Microsoft.DataReplication", "replicationVaults")
        return self._session.list_all(path, DATA_REPLICATION)

    def list_data_replication_items(self, vault: ResourceId) -> list[Json]:
        """List the protected items of a vault.

        Azure: ProtectedItem_ListByVault, GET {vault}/protectedItems
        """
        return self._session.list_all(vault.child("protectedItems"), DATA_REPLICATION)

    def get_item(self, item_id: ResourceId) -> Json:
        """Get one protected item.

        Azure: ProtectedItem_Get, GET {vault}/protectedItems/{item}
        """
        return require_id(self._session.get_json(item_id, DATA_REPLICATION), item_id)

    def list_jobs(self, vault: ResourceId, since: datetime) -> list[Json]:
        """List the jobs that started at or after ``since``, and those with no start time yet.

        Azure: Job_ListByVault, GET {vault}/jobs
        """
        return started_since(self._session.list_all(vault.child("jobs"), DATA_REPLICATION), since)

    def list_latest_jobs(self, vault: ResourceId, since: datetime) -> tuple[list[Json], bool]:
        """Do the same: this list is never cut."""
        return self.list_jobs(vault, since), True

    def get_job(self, vault: ResourceId, job_id: str) -> Json:
        """Get one job by its id.

        Azure: Job_Get, GET {vault}/jobs/{job}
        """
        return self._session.get_json(vault.child("jobs", job_id), DATA_REPLICATION)

    def render(self, request: StopRequest) -> PlannedRequest:
        """Render the stop: DELETE of the item, without ``forceDelete``.

        Raises:
            ConfigurationError: the id is not an item's, or it is another request.
        """
        if request.id.resource_type != ITEM_TYPE:
            raise ConfigurationError(f"{request.id} is not an Azure Local item; nothing was sent.")
        if (request.method, request.action, request.body) != ("DELETE", "", None):
            raise ConfigurationError(f"{request.id} is stopped by DELETE only; nothing was sent.")
        url = self._session.url(request.id, DATA_REPLICATION)
        return PlannedRequest(method="DELETE", url=url, body=None)

    def stop(
        self, request: StopRequest, rendered: PlannedRequest, *, client_request_id: str = ""
    ) -> StopAnswer:
        """Send exactly what was rendered, once.

        Azure: ProtectedItem_Delete, DELETE {vault}/protectedItems/{item}

        Raises:
            ConfigurationError: it renders differently now; nothing was sent.
            ServiceError: ``effect`` says what is known; UNKNOWN means: read, never send again.
        """
        if self.render(request) != rendered:
            raise ConfigurationError(
                f"The stop of {request.id} renders differently from the plan; it was not sent."
            )
        answer = self._session.send_change(
            "DELETE",
            request.id,
            api_version=DATA_REPLICATION,
            client_request_id=client_request_id,
        )
        return StopAnswer(
            status=answer.status,
            job_id=answer.job_id,
            request_id=answer.request_id,
            retry_after_seconds=answer.retry_after_seconds,
        )
