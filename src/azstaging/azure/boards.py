"""Azure Boards through the official client, guarded.

The client (azure-devops 7.1) asks the service where to send a token and believes the answer,
keeps it in a cache that others can write, shares one session header between organisations,
follows redirects and loses the HTTP status. Here it may do one thing: build requests. Where they
go stands in a table, how they go is the pipeline's matter, and what came back is given as JSON.

Azure: Work Item Tracking, api-version 7.1-preview,
https://learn.microsoft.com/rest/api/azure/devops/wit/
"""

import atexit
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from azstaging.azure.boards_session import BoardsSession
from azstaging.azure.calls import path_of
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
# id -> (resource, route template, resource version): documented for REST API 7.1. What is not
# here cannot be called.
_ROUTES: Mapping[str, tuple[str, str, int]] = {
    "62d3d110-0047-428c-ad3c-4fe872c91c74": (
        "workItems",
        "{project}/_apis/{area}/{resource}/${type}",
        3,
    ),
    "72c7ddf8-2cdc-4f60-90cd-ab71c14a399b": (
        "workItems",
        "{project}/_apis/{area}/{resource}/{id}",
        3,
    ),
    "1a9c53f7-f243-4447-b110-35ef023636e4": ("wiql", "{project}/_apis/{area}/{resource}", 2),
    "908509b6-4248-4475-a1cd-829139ba419f": (
        "workItemsBatch",
        "{project}/_apis/{area}/{resource}",
        1,
    ),
    "7c9d7a76-4a09-43e8-b5df-bd792f4ac6aa": (
        "states",
        "{project}/_apis/{area}/workItemTypes/{type}/{resource}",
        1,
    ),
    "7c8d7a76-4a09-43e8-b5df-bd792f4ac6aa": (
        "workItemTypes",
        "{project}/_apis/{area}/{resource}/{type}",
        2,
    ),
    "6570bf97-d02c-4a91-8d93-3abe9895b1a9": (
        "updates",
        "{project}/_apis/{area}/workItems/{id}/{resource}",
        3,
    ),
}
_lock = threading.Lock()
_made: dict[str, type] = {}


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
        self._client: Any = _client_class()(self._base, self._session)

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
        models = _models()
        answer = self._client.query_by_wiql(
            models.Wiql(query=wiql), models.TeamContext(project=self._project), top=top
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
        request = _models().WorkItemBatchGetRequest(
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


def check_name(name: str) -> str:
    """Return the name of a project or type if it addresses exactly itself; blanks may be inside.

    Raises:
        ConfigurationError: see `check_segment`; ``..`` would lead to another resource.
    """
    if name != name.strip():
        raise ConfigurationError(f"{name!r} begins or ends with a blank; no request was built.")
    check_segment(name.replace(" ", "_"))
    return name


def _operations(patch: list[Json]) -> list[Any]:
    operation = _models().JsonPatchOperation
    return [operation(op=o["op"], path=o["path"], value=o.get("value")) for o in patch]


def _models() -> Any:
    return _import("azure.devops.v7_1.work_item_tracking.models")


def _import(name: str) -> Any:
    """Import from azure-devops, which makes a cache folder in the user's home when imported.

    It gets a private folder instead, for as long as this process lives: other users of the
    client in this process write to it. We neither read nor write it.
    """
    with _lock:
        if "folder" in _made:
            return import_module(name)
        before = os.environ.get("AZURE_DEVOPS_CACHE_DIR")
        folder = tempfile.mkdtemp(prefix="azstaging-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["AZURE_DEVOPS_CACHE_DIR"] = folder
        try:
            module = import_module(name)
        finally:
            if before is None:
                del os.environ["AZURE_DEVOPS_CACHE_DIR"]
            else:
                os.environ["AZURE_DEVOPS_CACHE_DIR"] = before
        _made["folder"] = object
        return module


class _Body:
    """What the client sees of an answer; its headers hold nothing that it could keep."""

    status_code = 200

    def __init__(self, content: bytes, title: str) -> None:
        self.headers: dict[str, str] = {}
        self._content = content
        self._title = title

    def json(self) -> Any:
        """Return the JSON, whatever it is."""
        try:
            return json.loads(self._content)
        except (ValueError, RecursionError) as error:
            raise UnexpectedResponseError(
                f"{self._title} was answered with a body that is not complete JSON. "
                "Nothing was concluded from it."
            ) from error


def _raw(kind: str, answer: Any) -> Any:
    """Stand in for the client's deserializer: lists pass, objects come as they were sent."""
    if isinstance(answer, list):
        return answer
    parsed = answer.json()
    if not isinstance(parsed, dict):
        raise UnexpectedResponseError(f"Instead of {kind} came JSON that is no object.")
    return parsed


def _client_class() -> Callable[[str, BoardsSession], Any]:
    """Return the guarded client; it is made on first use, because the import is slow."""
    module = _import("azure.devops.v7_1.work_item_tracking.work_item_tracking_client")
    models = _import("azure.devops._models")
    with _lock:
        if "client" not in _made:
            _made["client"] = _guard(module.WorkItemTrackingClient, models.ApiResourceLocation)
        return _made["client"]


def _guard(official: Any, location: Any) -> type:
    table = {
        key: location(
            id=key,
            area="wit",
            resource_name=resource,
            route_template=template,
            resource_version=version,
            min_version=1.0,
            max_version=7.1,
            released_version="7.1",
        )
        for key, (resource, template, version) in _ROUTES.items()
    }

    class GuardedWorkItemTrackingClient(official):  # type: ignore[misc]  # untyped, loaded lazily
        """The official client, reduced to building requests."""

        def __init__(self, base_url: str, session: BoardsSession) -> None:
            super().__init__(base_url, None)
            self._guarded_session = session
            self._deserialize = _raw

        def _get_resource_location(self, url: str, location_id: str) -> Any:
            """Answer from the table: no OPTIONS call, no cache of class or disk."""
            del url
            if location_id not in table:
                raise ConfigurationError(f"The call {location_id} is not one of ours; not sent.")
            return table[location_id]

        def _create_request_message(
            self,
            http_method: str,
            location_id: str,
            route_values: dict[str, str] | None = None,
            query_parameters: dict[str, str] | None = None,
        ) -> Any:
            for value in (route_values or {}).values():
                check_name(unquote(value))
            return super()._create_request_message(
                http_method, location_id, route_values, query_parameters
            )

        def _send_request(
            self,
            request: Any,
            headers: Mapping[str, str] | None = None,
            content: Any = None,
            media_type: str | None = None,
            **_config: Any,
        ) -> _Body:
            """Send through the pipeline; errors come with status, typeKey and effect."""
            del media_type
            body = None if content is None else json.dumps(content).encode()
            answer = self._guarded_session.send(request.method, request.url, headers or {}, body)
            return _Body(answer.body, f"{request.method} {path_of(request.url)}")

        def _unwrap_collection(self, response: _Body) -> list[Any]:
            rows = _raw("a list", response).get("value")
            if not isinstance(rows, list):
                raise UnexpectedResponseError(
                    "A list came without its rows (value), which is no empty list. "
                    "Nothing was concluded from it.",
                    pointer="/value",
                )
            return rows

    return GuardedWorkItemTrackingClient
