"""Recorded answers of Azure Boards go through our code unchanged; the emulator has their shapes."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses

from azstaging.azure.boards import AzureBoards
from azstaging.azure.boards_session import PAT_VARIABLE
from azstaging.azure.clouds import PUBLIC, choose_cloud
from azstaging.emulator.boards import BoardsState
from azstaging.errors import UnexpectedResponseError
from azstaging.rules.backlog_read import legal_targets, parse_rules, parse_work_item, who_changed

ROOT = Path(
    os.environ.get("AZSTAGING_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "corpus"
)
WIT = ROOT / "devops" / "wit" / "7.1"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not WIT.is_dir(), reason=f"no recorded payloads in {ROOT}"),
]
JSON = {"Content-Type": "application/json; charset=utf-8; api-version=7.1"}


def recorded(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and the body of the 200 of one example."""
    example = json.loads((WIT / name).read_text(encoding="utf-8-sig"))
    return example["parameters"], example["responses"]["200"]["body"]


def names(folder: str, pattern: str) -> list[str]:
    return sorted(f"{folder}/{path.name}" for path in (WIT / folder).glob(pattern))


@pytest.fixture
def port() -> Iterator[AzureBoards]:
    made = AzureBoards(PUBLIC, "fabrikam", "Fabrikam-Fiber-Git", environ={PAT_VARIABLE: "none"})
    yield made
    made.close()


@responses.activate
@pytest.mark.parametrize("name", names("workItems", "P*.json"))
def test_recorded_writes(port: AzureBoards, name: str) -> None:
    parameters, body = recorded(name)
    responses.add("POST", re.compile(".*"), json=body, headers=JSON)
    responses.add("PATCH", re.compile(".*"), json=body, headers=JSON)
    patch = [{k: v for k, v in o.items() if k != "from"} for o in parameters["body"]]
    if "create" in name:
        answer = port.create("Task", patch)
        address = "https://dev.azure.com/fabrikam/Fabrikam-Fiber-Git/_apis/wit/workItems/$Task"
    else:
        answer = port.update(body["id"], patch, validate_only="validate" in name)
        base = "https://dev.azure.com/fabrikam/Fabrikam-Fiber-Git/_apis/wit/workItems/"
        address = f"{base}{body['id']}" + ("?validateOnly=true" if "validate" in name else "")
    assert answer == body, "nothing of the answer is lost"
    (call,) = responses.calls
    assert call.request.url == address
    assert json.loads(call.request.body) == [
        {k: v for k, v in o.items() if v is not None or k != "value"} for o in patch
    ]
    assert call.request.headers["Content-Type"] == "application/json-patch+json; charset=utf-8"
    assert call.request.headers["Accept"] == "application/json;api-version=7.1-preview.3"
    item = parse_work_item(answer)
    assert (item.id, item.rev, item.state) == (
        body["id"],
        body["rev"],
        body["fields"]["System.State"],
    )
    assert len(item.relations) == len(body.get("relations", ()))
    assert item.changed_by == "fabrikamfiber4@hotmail.com"
    assert item.changed_at is not None


@responses.activate
@pytest.mark.parametrize(
    "name",
    [*names("workItems", "GET__wit_WorkItems_ids-*.json"), *names("workItemsBatch", "*.json")],
)
def test_recorded_batches(port: AzureBoards, name: str) -> None:
    _, body = recorded(name)
    responses.add("POST", re.compile(".*/workItemsBatch$"), json=body, headers=JSON)
    rows = port.read_work_items([row["id"] for row in body["value"]])
    assert rows == body["value"]
    parsed = [parse_work_item(row) for row in rows if "rev" in row]
    assert [item.id for item in parsed] == [row["id"] for row in rows]


@responses.activate
def test_recorded_query(port: AzureBoards) -> None:
    parameters, body = recorded("wiql/GET__wit_get_id_workitems.json")
    responses.add("POST", re.compile(".*"), json=body, headers=JSON)
    ids = port.query_ids(parameters["body"]["query"], top=100)
    assert ids == [row["id"] for row in body["workItems"]]
    assert responses.calls[0].request.url == (
        "https://dev.azure.com/fabrikam/Fabrikam-Fiber-Git/_apis/wit/wiql?%24top=100"
    ) or responses.calls[0].request.url.endswith("wiql?$top=100")


@responses.activate
def test_a_tree_is_not_taken_for_an_empty_list(port: AzureBoards) -> None:
    _, body = recorded("wiql/GET__wit_wiql__queryId_.json")
    responses.add("POST", re.compile(".*"), json=body, headers=JSON)
    with pytest.raises(UnexpectedResponseError, match="no empty list"):
        port.query_ids("SELECT [System.Id] FROM WorkItems", top=100)


@responses.activate
def test_recorded_states_types_and_transitions(port: AzureBoards) -> None:
    _, states = recorded("workItemTypeStates/GET__workitem_type_states.json")
    _, bug = recorded("workItemTypes/GET__wit_workItemTypes_Bug.json")
    _, types = recorded("workItemTypes/GET__wit_workItemTypes.json")
    responses.add("GET", re.compile(".*/states$"), json=states, headers=JSON)
    responses.add("GET", re.compile(".*/Bug$"), json=bug, headers=JSON)
    responses.add("GET", re.compile(".*/workItemTypes/?$"), json=types, headers=JSON)
    rules = parse_rules("Bug", port.read_states("Bug"))
    assert [s.name for s in rules.states if s.category == "InProgress"] == ["Active", "CustomState"]
    assert legal_targets(port.read_type("Bug"), "New") == ("Active", "Closed", "Resolved")
    assert port.list_types() == types["value"]


@responses.activate
@pytest.mark.parametrize("name", names("updates", "GET__list*.json"))
def test_recorded_updates(port: AzureBoards, name: str) -> None:
    _, body = recorded(name)
    responses.add("GET", re.compile(".*/updates.*"), json=body, headers=JSON)
    updates = port.read_updates(1)
    assert updates == body["value"]
    states = [u for u in updates if "System.State" in u.get("fields", {})]
    who, when = who_changed("state", updates)
    assert bool(who) is bool(states)
    if states:
        assert when is not None
        assert when.year < 9999, "the sentinel of the newest update is not a time"


def keys(value: Any) -> Any:
    """Key sets, nested."""
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    return type(value).__name__


def test_the_emulator_answers_in_the_recorded_shapes(
    serve: Any, state: BoardsState, ours: AzureBoards
) -> None:
    del serve
    _, created = recorded("workItems/POST__wit_workitems_create.json")
    answer = ours.create("Task", [{"op": "add", "path": "/fields/System.Title", "value": "t"}])
    assert keys(answer) == keys(created)
    _, tagged = recorded("workItems/PATCH__wit_workitems__taskId_9.json")
    state.edit(1, System_Tags="Tag0")
    ours.create("Task", [{"op": "add", "path": "/fields/System.Title", "value": "u"}])
    related = {"rel": "System.LinkTypes.Related", "url": ours.work_item_url(2)}
    ours.update(1, [{"op": "add", "path": "/relations/-", "value": related}])
    merged = ours.update(1, [{"op": "add", "path": "/fields/System.Tags", "value": "Tag1; Tag2"}])
    assert merged["fields"]["System.Tags"] == tagged["fields"]["System.Tags"], "add merges"
    assert keys(merged["_links"]) == keys(tagged["_links"])
    assert set(merged["relations"][0]) == set(tagged["relations"][1])
    _, replaced = recorded("workItems/PATCH__wit_workitems__taskId_14.json")
    answer = ours.update(
        1, [{"op": "replace", "path": "/fields/System.Tags", "value": "Tag1; Tag2"}]
    )
    assert answer["fields"]["System.Tags"] == replaced["fields"]["System.Tags"], "replace sets"
    _, states = recorded("workItemTypeStates/GET__workitem_type_states.json")
    assert set(ours.read_states("Task")[0]) == set(states["value"][0])
    _, bug = recorded("workItemTypes/GET__wit_workItemTypes_Bug.json")
    assert set(ours.read_type("Task")) == set(bug)
    _, updates = recorded("updates/GET__list_of_workitem_updates.json")
    known = {name for update in updates["value"] for name in update}
    assert {name for update in ours.read_updates(1) for name in update} <= known
    link_only = [u for u in updates["value"] if "relations" in u and "fields" not in u]
    assert link_only[0]["rev"] == link_only[1]["rev"], "links alone make no revision (recorded)"
    made = [u for u in ours.read_updates(1) if "relations" in u]
    assert made[0]["rev"] == 2


@pytest.fixture
def state() -> BoardsState:
    return BoardsState(pats={"p": "planner@contoso.example"})


@pytest.fixture
def ours(serve: Any, state: BoardsState) -> Iterator[AzureBoards]:
    root = serve(state).rpartition("/")[0]
    cloud = choose_cloud(arm_endpoint="http://127.0.0.1:9", boards_url=root)
    made = AzureBoards(cloud, state.organization, state.project, environ={PAT_VARIABLE: "p"})
    yield made
    made.close()
