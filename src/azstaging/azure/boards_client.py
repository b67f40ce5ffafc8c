"""The official work item client, reduced to building requests.

The client (azure-devops 7.1) asks the service where to send a token and believes the answer,
keeps it in a cache that others can write, shares one session header between organisations,
follows redirects and loses the HTTP status. Here it may do one thing: build requests. Where they
go stands in a table, how they go is the session's matter, and what came back is given as JSON.
"""

import atexit
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import unquote

from azstaging.azure.boards_session import BoardsSession
from azstaging.azure.calls import path_of
from azstaging.errors import ConfigurationError, UnexpectedResponseError
from azstaging.model.ids import check_segment

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


def check_name(name: str) -> str:
    """Return the name of a project or type if it addresses exactly itself; blanks may be inside.

    Raises:
        ConfigurationError: see `check_segment`; ``..`` would lead to another resource.
    """
    if name != name.strip():
        raise ConfigurationError(f"{name!r} begins or ends with a blank; no request was built.")
    check_segment(name.replace(" ", "_"))
    return name


def models() -> Any:
    """Return the official client's models."""
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


def client_class() -> Callable[[str, BoardsSession], Any]:
    """Return the guarded client; it is made on first use, because the import is slow."""
    module = _import("azure.devops.v7_1.work_item_tracking.work_item_tracking_client")
    base = _import("azure.devops._models")
    with _lock:
        if "client" not in _made:
            _made["client"] = _guard(module.WorkItemTrackingClient, base.ApiResourceLocation)
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
