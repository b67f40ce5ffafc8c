"""Azure Boards: one project, through the guarded official client.

Azure: Work Item Tracking, api-version 7.1-preview,
https://learn.microsoft.com/rest/api/azure/devops/wit/
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azstaging.azure.boards_client import check_name, client_class, models
from azstaging.azure.boards_session import BoardsSession
from azstaging.azure.clouds import Cloud, check_address
from azstaging.azure.credentials import TokenCredential
from azstaging.errors import ConfigurationError, UnexpectedResponseError
from azstaging.model.ids import check_segment

if TYPE_CHECKING:
    from typing_extensions import Self

Json = dict[str, Any]
MAX_IDS = 200
_UPDATES_PAGE = 200
_MAX_UPDATES = 10_000


class AzureBoards:
    """One project of Azure Boards. Thread-safe.

    Args:
        cloud: whose ``boards_url`` is used.
        organization, project: names, validated like segments of an ARM id (`check_name`).
        credential: any ``TokenCredential``; None takes a PAT from ``AZSTAGING_BOARDS_PAT``, else
            the chain that fits the place, else (loopback) ``AZSTAGING_TOKEN``.
        options: of `BoardsSession`.

    Raises:
        ConfigurationError: the cloud has no Boards, or a name is not safe to send.
    """

    def __init__(
        self,
        cloud: Cloud,
        organization: str,
        project: str,
        credential: TokenCredential | None = None,
        **options: Any,
    ) -> None:
        if not cloud.boards_url:
            raise ConfigurationError(
                f"The cloud {cloud.name!r} has no Azure Boards that we know of; set "
                "cloud.boards_url. Nothing was sent."
            )
        self._organization = check_segment(organization)
        self._project = check_name(project)
        root = check_address(cloud.boards_url, setting="boards_url")
        self._base = f"{root}/{quote(organization, safe='')}"
        self._session = BoardsSession(self._base, cloud, credential, **options)
        self._client: Any = client_class()(self._base, self._session)

    @property
    def organization(self) -> str:
        """The organisation's name."""
        return self._organization

    @property
    def project(self) -> str:
        """The project's name."""
        return self._project

    @property
    def counts(self) -> dict[str, int]:
        """Requests so far by kind: read, query, write; and repeated, throttled."""
        return self._session.counts

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"AzureBoards({self._base}, {self._project!r})"

    def query_ids(self, wiql: str, *, top: int) -> list[int]:
        """Run a flat query.

        Azure: Wiql - Query By Wiql, POST {organization}/{project}/_apis/wit/wiql

        Raises:
            UnexpectedResponseError: the answer is not the list of a flat query.
            ServiceError: more than 20,000 rows, wrong syntax, or any other refusal.
        """
        official = models()
        answer = self._client.query_by_wiql(
            official.Wiql(query=wiql), official.TeamContext(project=self._project), top=top
        )
        rows = answer.get("workItems")
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("id"), int) for row in rows
        ):
            raise UnexpectedResponseError(
                "A query was answered without its rows (workItems), which is no empty list. "
                "Nothing was concluded from it.",
                pointer="/workItems",
            )
        return [row["id"] for row in rows]

    def read_work_items(self, ids: Sequence[int]) -> list[Json]:
        """Read at most 200 work items, fields and relations; what does not exist is left out.

        Azure: Work Items - Get Work Items Batch, POST .../_apis/wit/workitemsbatch

        Raises:
            ConfigurationError: no id, or more than 200.
            UnexpectedResponseError: a row is no object, or not one of the ids asked for.
        """
        if not 0 < len(ids) <= MAX_IDS:
            raise ConfigurationError(f"{len(ids)} work items in one read; 1 to {MAX_IDS} fit.")
        request = models().WorkItemBatchGetRequest(
            ids=list(ids), expand="relations", error_policy="omit"
        )
        rows = self._client.get_work_items_batch(request, self._project)
        found = [row for row in rows if row is not None]
        for row in found:
            if not isinstance(row, dict) or row.get("id") not in ids:
                raise UnexpectedResponseError(
                    "A batch was answered with a row that was not asked for. Nothing was "
                    "concluded from it.",
                    pointer="/value",
                )
        return found

    def list_types(self) -> list[Json]:
        """Read the types of the project. Azure: Work Item Types - List."""
        return self._rows(self._client.get_work_item_types(self._project))

    def read_type(self, name: str) -> Json:
        """Read one type. Azure: Work Item Types - Get."""
        answer: Json = self._client.get_work_item_type(self._project, name)
        return answer

    def read_states(self, name: str) -> list[Json]:
        """Read the states of a type. Azure: Work Item Type States - List."""
        return self._rows(self._client.get_work_item_type_states(self._project, name))

    def read_updates(self, id: int) -> list[Json]:
        """Read all updates of a work item, oldest first. Azure: Updates - List."""
        found: list[Json] = []
        while len(found) < _MAX_UPDATES:
            page = self._rows(
                self._client.get_updates(id, self._project, top=_UPDATES_PAGE, skip=len(found))
            )
            found += page
            if len(page) < _UPDATES_PAGE:
                break
        return found

    def create(self, type_name: str, patch: list[Json], *, validate_only: bool = False) -> Json:
        """Create a work item; one request.

        Azure: Work Items - Create, POST {organization}/{project}/_apis/wit/workitems/${type}

        Raises:
            ServiceError: refused (effect NONE), or no answer came (effect UNKNOWN: look for its
                key, never send again).
        """
        answer: Json = self._client.create_work_item(
            _operations(patch), self._project, type_name, validate_only=validate_only or None
        )
        return answer

    def update(self, id: int, patch: list[Json], *, validate_only: bool = False) -> Json:
        """Change a work item; one request.

        Azure: Work Items - Update, PATCH {organization}/{project}/_apis/wit/workitems/{id}

        Raises:
            ConflictError: the revision is not current any more.
            ServiceError: as for `create`.
        """
        answer: Json = self._client.update_work_item(
            _operations(patch), id, self._project, validate_only=validate_only or None
        )
        return answer

    def work_item_url(self, id: int) -> str:
        """Return the URL by which relations name a work item."""
        return f"{self._base}/_apis/wit/workItems/{int(id)}"

    @staticmethod
    def _rows(rows: list[Any]) -> list[Json]:
        if not all(isinstance(row, dict) for row in rows):
            raise UnexpectedResponseError("A list holds a row that is no object.", pointer="/value")
        return rows


def _operations(patch: list[Json]) -> list[Any]:
    operation = models().JsonPatchOperation
    return [operation(op=o["op"], path=o["path"], value=o.get("value")) for o in patch]
