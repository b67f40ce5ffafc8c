"""The official client, unchanged, over TLS: its discovery, reads, writes and errors."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.devops.exceptions import AzureDevOpsServiceError
from azure.devops.v7_1.work_item_tracking.models import (
    JsonPatchOperation,
    Wiql,
    WorkItemBatchGetRequest,
)

from azstaging.emulator.boards import BoardsState
from azstaging.emulator.server import Emulator

Serve = Callable[..., str]
PAT = "emulator-pat"


@pytest.fixture
def state() -> BoardsState:
    return BoardsState(
        process="Agile",
        pats={PAT: "planner@contoso.example"},
        custom_states={"Bug": [("Staged", "InProgress")]},
    )


@pytest.fixture
def client(
    state: BoardsState,
    serve: Serve,
    ca_file: str,
    monkeypatch: pytest.MonkeyPatch,
    unguarded: Callable[..., Any],
) -> Any:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    return unguarded(serve(state, tls=True), PAT)


def add(path: str, value: Any) -> Any:
    return JsonPatchOperation(op="add", path=path, value=value)


def test_creates_reads_and_queries(client: Any) -> None:
    made = client.create_work_item(
        [add("/fields/System.Title", "First"), add("/fields/System.Tags", "b; A")],
        "Migration",
        "User Story",
    )
    assert (made.id, made.rev, made.fields["System.State"]) == (1, 1, "New")
    wiql = (
        "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = 'Migration'"
        " AND [System.Tags] CONTAINS 'a' ORDER BY [System.Id]"
    )
    found = client.query_by_wiql(Wiql(query=wiql))
    assert [row.id for row in found.work_items] == [1]
    batch = client.get_work_items_batch(
        WorkItemBatchGetRequest(ids=[1, 99], error_policy="omit", expand="relations"), "Migration"
    )
    assert [row and row.fields["System.Tags"] for row in batch] == ["A; b", None]


def test_a_wrong_revision_is_refused(client: Any) -> None:
    client.create_work_item([add("/fields/System.Title", "First")], "Migration", "Task")
    test = JsonPatchOperation(op="test", path="/rev", value=7)
    with pytest.raises(AzureDevOpsServiceError) as refused:
        client.update_work_item([test, add("/fields/System.Title", "x")], 1, "Migration")
    assert refused.value.type_key == "TestPatchOperationFailedException"
    assert client.get_work_item(1).fields["System.Title"] == "First"


def test_states_updates_and_relations(client: Any) -> None:
    for title in ("parent", "child"):
        client.create_work_item([add("/fields/System.Title", title)], "Migration", "Bug")
    names = {s.name: s.category for s in client.get_work_item_type_states("Migration", "Bug")}
    assert names["Staged"] == "InProgress"
    parent = {
        "rel": "System.LinkTypes.Hierarchy-Reverse",
        "url": client.get_work_item(1).url,
        "attributes": {"comment": "part of it"},
    }
    linked = client.update_work_item([add("/relations/-", parent)], 2)
    assert linked.rev == 1, "a change of relations alone makes no revision (recorded)"
    assert client.get_work_item(1, expand="Relations").relations[0].rel.endswith("Forward")
    client.update_work_item([add("/fields/System.State", "Closed")], 2)
    last = client.get_updates(2)[-1]
    assert last.fields["System.State"].new_value == "Closed"
    assert last.revised_by.unique_name == "planner@contoso.example"


def test_validate_only_saves_nothing(client: Any, state: BoardsState) -> None:
    seen = client.create_work_item(
        [add("/fields/System.Title", "dry")], "Migration", "Task", validate_only=True
    )
    assert seen.fields["System.Title"] == "dry"
    assert state.items == {}


def test_the_whole_emulator_serves_it_over_tls(
    unguarded: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator(tls=True) as azure:
        assert azure.ca_file is not None
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", azure.ca_file)
        project = azure.estate.boards
        client = unguarded(f"{azure.url}/{project.organization}", azure.token("boards-writer"))
        made = client.create_work_item(
            [add("/fields/System.Title", "First")], project.project, "Task"
        )
        assert client.get_work_item(made.id).fields["System.ChangedBy"]["uniqueName"]
        assert azure.boards.items[made.id].fields["System.Title"] == "First"
