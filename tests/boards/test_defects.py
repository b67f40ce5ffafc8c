"""Each known defect of the official client: it fails unguarded, and ours holds.

The unguarded client is the one of `azure.devops.connection`, exactly as it is installed.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core import PipelineClient
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest
from azure.devops._models import ApiResourceLocation
from azure.devops.client import Client
from azure.devops.exceptions import AzureDevOpsAuthenticationError, AzureDevOpsServiceError
from azure.devops.v7_1.work_item_tracking.models import JsonPatchOperation

from azstaging.azure.boards import AzureBoards
from azstaging.azure.boards_session import PAT_VARIABLE
from azstaging.azure.clouds import choose_cloud
from azstaging.emulator.boards import BoardsFault, BoardsState
from azstaging.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    ThrottledError,
    UnexpectedResponseError,
)

PAT = "emulator-pat"
TITLE = [{"op": "add", "path": "/fields/System.Title", "value": "x"}]
CHANGE = [{"op": "test", "path": "/rev", "value": 1}, *TITLE]


@pytest.fixture
def state() -> BoardsState:
    return BoardsState(pats={PAT: "planner@contoso.example"})


@pytest.fixture
def foreign() -> BoardsState:
    """Somebody else's server, which would take any credential it is given."""
    return BoardsState(identify=lambda scheme, credential: credential or scheme or None)


@pytest.fixture
def guarded() -> Iterator[Callable[..., AzureBoards]]:
    """``guarded(url)`` is ours; its waits take no time."""
    made: list[AzureBoards] = []

    def make(url: str, project: str = "Migration", **options: Any) -> AzureBoards:
        root, _, organization = url.rpartition("/")
        cloud = choose_cloud(arm_endpoint="http://127.0.0.1:9", boards_url=root)
        now = [0.0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        settled: dict[str, Any] = {
            "environ": {PAT_VARIABLE: PAT},
            "sleep": sleep,
            "monotonic": lambda: now[0],
        }
        made.append(AzureBoards(cloud, organization, project, **(settled | options)))
        return made[-1]

    yield make
    for port in made:
        port.close()


def patches(operations: list[dict[str, Any]]) -> list[Any]:

    return [JsonPatchOperation(**operation) for operation in operations]


def credentials_at(state: BoardsState) -> set[str]:
    return {request.scheme for request in state.requests if request.scheme}


def test_a_foreign_location_url(
    state: BoardsState, foreign: BoardsState, serve: Any, unguarded: Any, guarded: Any
) -> None:
    state.location_url = serve(foreign)
    url = serve(state)
    foreign.create("Task", TITLE, by="x")
    unguarded(url).get_work_item(1)
    assert credentials_at(foreign) == {"basic"}, "the token went where the answer said"
    foreign.requests.clear()
    state.create("Task", TITLE, by="x")
    assert guarded(url).read_work_items([1])[0]["id"] == 1
    assert foreign.requests == []
    assert not any("resourceareas" in r.path.casefold() for r in state.requests[-1:])


def test_a_poisoned_cache_file(
    state: BoardsState,
    foreign: BoardsState,
    serve: Any,
    unguarded: Any,
    guarded: Any,
    tmp_path: Path,
) -> None:
    url, elsewhere = serve(state), serve(foreign)
    foreign.create("Task", TITLE, by="x")
    area = {"id": "5264459e-e5e0-4bd8-b118-0985e68a4ec5", "locationUrl": elsewhere, "name": "wit"}
    (tmp_path / "resources.json").write_text(json.dumps({url: [area]}), encoding="utf-8")
    unguarded(url).get_work_item(1)
    assert credentials_at(foreign) == {"basic"}
    foreign.requests.clear()
    state.create("Task", TITLE, by="x")
    guarded(url).read_work_items([1])
    assert foreign.requests == []


def test_a_planted_class_level_entry(
    state: BoardsState, foreign: BoardsState, serve: Any, unguarded: Any, guarded: Any
) -> None:

    url, elsewhere = serve(state), serve(foreign)
    foreign.create("Task", TITLE, by="x")
    client = unguarded(url)
    planted = [
        ApiResourceLocation(
            id=key,
            area="wit",
            resource_name=name,
            route_template=f"{elsewhere}/_apis/wit/{name}/{{id}}",
            resource_version=3,
            min_version=1.0,
            max_version=7.1,
            released_version="7.1",
        )
        for key, name in (
            ("72c7ddf8-2cdc-4f60-90cd-ab71c14a399b", "workItems"),
            ("908509b6-4248-4475-a1cd-829139ba419f", "workItemsBatch"),
        )
    ]
    Client._locations_cache[url.lower()] = planted
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it makes of the foreign answer
        client.get_work_item(99)
    assert foreign.requests, "an entry in a shared dict decides where requests go"
    foreign.requests.clear()
    state.create("Task", TITLE, by="x")
    guarded(url).read_work_items([1])
    assert foreign.requests == []


def test_the_session_of_one_organisation_reaches_another(
    state: BoardsState, foreign: BoardsState, serve: Any, unguarded: Any, guarded: Any
) -> None:
    state.create("Task", TITLE, by="x")
    foreign.create("Task", TITLE, by="x")
    unguarded(serve(state)).get_work_item(1)
    unguarded(serve(foreign)).get_work_item(1)
    ours = {r.headers["x-tfs-session"] for r in state.requests if "x-tfs-session" in r.headers}
    theirs = {r.headers["x-tfs-session"] for r in foreign.requests if "x-tfs-session" in r.headers}
    assert ours & theirs, "one header for every organisation"
    for one in (state, foreign):
        one.requests.clear()
    foreign.identify = None
    foreign.pats = {PAT: "x"}
    for one in (state, foreign):
        guarded(serve(one)).read_work_items([1])
        assert one.requests
        assert not any("x-tfs-session" in request.headers for request in one.requests)


def test_a_home_that_cannot_be_written() -> None:
    environ = {k: v for k, v in os.environ.items() if k != "AZURE_DEVOPS_CACHE_DIR"}
    environ |= {"HOME": "/dev/null/home", "USERPROFILE": "/dev/null/home"}

    def run(code: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, check=False
        )
        return done.returncode

    assert run("import azure.devops.connection") != 0
    ours = (
        "from azstaging.azure.boards import AzureBoards as A; "
        "from azstaging.azure.clouds import PUBLIC; import os; "
        "A(PUBLIC, 'contoso', 'p', environ={'AZSTAGING_BOARDS_PAT': 'x'}).close(); "
        "assert 'AZURE_DEVOPS_CACHE_DIR' not in os.environ"
    )
    assert run(ours) == 0


def test_a_redirect(
    state: BoardsState, foreign: BoardsState, serve: Any, unguarded: Any, guarded: Any
) -> None:
    url, elsewhere = serve(state), serve(foreign)
    foreign.identify = lambda *_: "anyone"
    foreign.create("Task", TITLE, by="x")
    client = unguarded(url)
    state.create("Task", [{**TITLE[0], "value": "the true one"}], by="x")

    def redirect() -> BoardsFault:
        target = f"{elsewhere}/_apis/wit/workItems/1"
        return BoardsFault(kind="redirect", path="/workitems", location=target)

    client.get_work_item(1)
    state.faults.append(redirect())
    assert client.get_work_item(1).fields["System.Title"] == "x", "a stranger's answer is believed"
    foreign.requests.clear()
    state.faults.append(redirect())
    with pytest.raises(UnexpectedResponseError):
        guarded(url).read_work_items([1])
    assert foreign.requests == []


def test_a_sign_in_page(state: BoardsState, serve: Any, unguarded: Any, guarded: Any) -> None:

    url = serve(state)
    client = unguarded(url)
    state.create("Task", TITLE, by="x")
    client.get_work_item(1)
    state.faults.append(BoardsFault(kind="sign-in"))
    with pytest.raises(Exception) as wrong:  # noqa: PT011 - it is what we want to know
        client.get_work_item(1)
    assert not isinstance(wrong.value, AzureDevOpsAuthenticationError)
    state.faults.append(BoardsFault(kind="sign-in"))
    with pytest.raises(AuthenticationError, match="sign-in page"):
        guarded(url).read_work_items([1])
    state.faults.append(BoardsFault(kind="sign-in"))
    with pytest.raises(AuthenticationError, match="Nothing was written"):
        guarded(url).update(1, CHANGE)


def test_the_status_is_kept(state: BoardsState, serve: Any, unguarded: Any, guarded: Any) -> None:

    url = serve(state)
    client = unguarded(url)
    state.create("Task", TITLE, by="x")
    state.edit(1, System_Title="newer")
    with pytest.raises(AzureDevOpsServiceError) as lost:
        client.update_work_item(patches(CHANGE), 1)
    assert "412" not in repr(vars(lost.value))
    with pytest.raises(ConflictError) as kept:
        guarded(url).update(1, CHANGE)
    assert (kept.value.status, kept.value.code) == (412, "TestPatchOperationFailedException")


def test_retry_after_on_a_success(state: BoardsState, serve: Any, guarded: Any) -> None:
    url = serve(state)
    state.create("Task", TITLE, by="x")
    state.retry_after_seconds = 7
    waits: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    port = guarded(url, sleep=sleep, monotonic=lambda: now[0])
    for _ in range(3):
        port.read_work_items([1])
    assert waits == [7, 7]
    assert len(state.requests) == 3, "waited for, not repeated"
    state.retry_after_seconds = 4000
    port.read_work_items([1])
    with pytest.raises(ThrottledError, match="4000 s"):
        port.read_work_items([1])


def test_retry_after_on_a_success_is_ignored_by_the_unguarded_client(
    state: BoardsState, serve: Any, unguarded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:

    waits: list[float] = []
    client = unguarded(serve(state))
    state.create("Task", TITLE, by="x")
    state.retry_after_seconds = 7
    monkeypatch.setattr(time, "sleep", waits.append)
    for _ in range(3):
        client.get_work_item(1)
    assert [wait for wait in waits if wait >= 1] == []


def test_a_write_with_412_and_retry_after(state: BoardsState, serve: Any, guarded: Any) -> None:
    """azure-core's own retry policy sends a PATCH again; the pipeline of ours does not."""

    url = serve(state)
    state.create("Task", TITLE, by="x")

    def refuse() -> None:
        state.requests.clear()
        state.faults[:] = [
            BoardsFault(
                kind="status",
                method="PATCH",
                times=2,
                status=412,
                type_key="TestPatchOperationFailedException",
                retry_after_seconds=0,
            )
        ]

    refuse()
    with PipelineClient(url, policies=[RetryPolicy()]) as client:
        request = HttpRequest("PATCH", f"{url}/_apis/wit/workItems/1", json=CHANGE)
        client.send_request(request)
    assert len(state.requests) > 1
    refuse()
    with pytest.raises(ConflictError):
        guarded(url).update(1, CHANGE)
    assert sum(request.method == "PATCH" for request in state.requests) == 1


def test_a_project_named_dot_dot(
    state: BoardsState, serve: Any, unguarded: Any, guarded: Any
) -> None:
    url = serve(state)
    client = unguarded(url)
    client.create_work_item(patches(TITLE), "Migration", "Task")
    state.requests.clear()
    with pytest.raises(Exception):  # noqa: B017, PT011 - what the wrong address answers
        client.create_work_item(patches(TITLE), "..", "Task")
    assert not state.requests or f"/{state.organization}/" not in state.requests[-1].path
    state.requests.clear()
    for name in ("..", ".", "", "a/b", "a?b", "a#b", " a", "a%2e", "a\\b"):
        with pytest.raises(ConfigurationError):
            guarded(url, name)
    with pytest.raises(ConfigurationError):
        guarded(url).create("..", TITLE)
    assert state.requests == []
