"""Changes: one job per stop, by the clock; locks, roles, and what is never allowed."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from azstaging.emulator import Estate, sample_estate

Client = Any

STOPPABLE = ("pay-web-01", "print-01", "ticket-db-01", "monitor-01", "archive-01")


def job_path(client: Client, key: str) -> str:
    state = client.emulator.state
    vault = state.item_id(key).partition("/replicationFabrics/")[0]
    return f"{vault}/replicationJobs/{state.stops[-1].job_id}"


@pytest.mark.parametrize("key", STOPPABLE)
def test_a_stop_takes_its_time_and_leaves_the_target(azure: Client, clock: Any, key: str) -> None:
    state = azure.emulator.state
    machine = state.machine(key)
    item_id, vm_id = state.item_id(key), state.vm_id(key)
    seeds = [state.scene.ids.seed_disk(machine, i) for i in range(len(machine.disks_gib))]
    accepted = azure.stop(key)
    assert accepted.status_code == 202
    assert accepted.headers["Retry-After"] == "30"
    job = job_path(azure, key)
    seen = [azure.json(job)["properties"]["state"]]
    assert azure.get(accepted.headers["Location"]).status_code == 202
    clock.pass_seconds(5)
    seen.append(azure.json(job)["properties"]["state"])
    assert azure.get(item_id).status_code == 200
    assert all(azure.get(seed).status_code == 200 for seed in seeds)
    assert azure.json(accepted.headers["Azure-AsyncOperation"])["status"] == "InProgress"
    clock.pass_seconds(25)
    seen.append(azure.json(job)["properties"]["state"])
    assert seen == ["NotStarted", "InProgress", "Succeeded"]
    assert azure.json(accepted.headers["Azure-AsyncOperation"])["status"] == "Succeeded"
    assert azure.get(accepted.headers["Location"]).status_code == 204
    gone = azure.get(item_id)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "NotFound")
    assert all(azure.get(seed).status_code == 404 for seed in seeds)
    assert azure.get(vm_id).status_code == 200
    listed = item_id.partition("/replicationFabrics/")[0] + "/" + item_id.split("/")[-2]
    assert item_id not in [row["id"] for row in azure.rows(listed)]
    assert [(s.item_id, s.identity, s.forced) for s in state.stops] == [
        (item_id, "releaser", False)
    ]


def test_while_a_stop_runs_the_item_says_so(azure: Client) -> None:
    azure.stop("pay-web-01")
    azure.stop("print-01")
    state = azure.emulator.state
    item = azure.json(state.item_id("pay-web-01"))["properties"]
    assert item["migrationState"] == "DisableMigrationInProgress"
    assert item["currentJob"]["jobName"] == "DisableMigration"
    assert item["allowedOperations"] == []
    other = azure.json(state.item_id("print-01"))["properties"]
    assert other["currentScenario"]["jobId"].endswith(state.stops[-1].job_id)
    again = azure.stop("pay-web-01")
    assert again.status_code == 409
    assert len(state.stops) == 2


def test_an_item_of_azure_local_is_stopped_by_a_delete(
    run: Callable[..., Client], clock: Any
) -> None:
    open_estate = json.loads(sample_estate().to_json()) | {"locks": []}
    azure = run(estate=Estate.from_json(json.dumps(open_estate)))
    state = azure.emulator.state
    item_id = state.item_id("plant-01")
    accepted = azure.send("DELETE", item_id)
    assert accepted.status_code == 202
    assert accepted.headers["Retry-After"] == "15"
    job = f"{item_id.partition('/protectedItems/')[0]}/jobs/{state.stops[0].job_id}"
    states = [azure.json(job)["properties"]["state"]]
    clock.pass_seconds(10)
    states.append(azure.json(job)["properties"]["state"])
    assert azure.json(accepted.headers["Azure-AsyncOperation"])["status"] == "InProgress"
    clock.pass_seconds(20)
    states.append(azure.json(job)["properties"]["state"])
    assert states == ["Pending", "Started", "Succeeded"]
    assert azure.get(item_id).status_code == 404
    jobs = azure.rows(job.rpartition("/")[0])
    assert [row["name"] for row in jobs] == [state.stops[0].job_id]


def test_delete_of_a_protected_item_is_a_purge_and_counted_as_one(
    run: Callable[..., Client], estate: Estate
) -> None:
    mighty = json.loads(estate.to_json())
    mighty["identities"][2]["actions"] = ["*"]
    azure = run(estate=Estate.from_json(json.dumps(mighty)))
    item_id = azure.emulator.state.item_id("print-01")
    assert azure.send("DELETE", item_id).status_code == 202
    assert azure.emulator.state.stops == []
    assert [purge.item_id for purge in azure.emulator.state.purges] == [item_id]


def test_the_releaser_may_not_purge(azure: Client) -> None:
    refused = azure.send("DELETE", azure.emulator.state.item_id("print-01"))
    assert refused.status_code == 403
    assert "replicationProtectedItems/delete'" in refused.json()["error"]["message"]
    assert azure.emulator.state.purges == []


@pytest.mark.parametrize("identity", ["planner", "approver", "reader", "boards-writer"])
def test_only_the_releaser_stops(run: Callable[..., Client], identity: str) -> None:
    azure = run(identity)
    for key, action in (
        ("pay-web-01", "replicationMigrationItems/delete"),
        ("print-01", "replicationProtectedItems/remove/action"),
    ):
        refused = azure.stop(key)
        assert refused.status_code == 403
        assert f"{action}'" in refused.json()["error"]["message"]
    assert azure.emulator.state.stops == []


def with_lock(level: str, group: str = "rg-migrate") -> Estate:
    data = json.loads(sample_estate().to_json())
    scope = f"/subscriptions/{data['subscriptions'][0]['id']}/resourceGroups/{group}"
    other = f"/subscriptions/{data['subscriptions'][1]['id']}/resourceGroups/{group}"
    data["locks"] = [
        {"name": "a", "scope": scope, "level": level},
        {"name": "b", "scope": other, "level": level},
    ]
    return Estate.from_json(json.dumps(data))


@pytest.mark.parametrize(
    ("level", "delete", "remove"), [("CanNotDelete", 409, 202), ("ReadOnly", 409, 409)]
)
def test_locks_hold_back_what_they_should(
    run: Callable[..., Client], level: str, delete: int, remove: int
) -> None:
    azure = run(estate=with_lock(level))
    answers = [azure.stop("pay-web-01"), azure.stop("print-01")]
    assert [answer.status_code for answer in answers] == [delete, remove]
    assert answers[0].json()["error"]["code"] == "ScopeLocked"
    assert len(azure.emulator.state.stops) == [delete, remove].count(202)


def test_what_the_item_does_not_allow_is_refused(azure: Client) -> None:
    state = azure.emulator.state
    state.change(state.item_id("pay-web-01"), {"properties.allowedOperations": []})
    assert azure.stop("pay-web-01").status_code == 400
    assert state.stops == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"properties": null}'])
def test_a_removal_needs_a_body(azure: Client, body: bytes) -> None:
    path = azure.emulator.state.item_id("print-01") + "/remove"
    assert azure.send("POST", path, data=body).status_code == 400
    assert azure.emulator.state.stops == []


def test_force_is_noticed(azure: Client) -> None:
    item_id = azure.emulator.state.item_id("pay-web-01")
    azure.send("DELETE", f"{item_id}?deleteOption=true")
    assert [stop.forced for stop in azure.emulator.state.stops] == [True]


def test_a_test_machine_is_cleaned_up(azure: Client, clock: Any) -> None:
    state = azure.emulator.state
    item_id = state.item_id("shop-web-01")
    test_vm = state.scene.ids.test_vm(state.machine("shop-web-01"))
    before = azure.json(item_id)["properties"]
    assert before["testMigrateState"] == "TestMigrationSucceeded"
    assert azure.get(test_vm).status_code == 200
    body = {"properties": {"comments": "done"}}
    accepted = azure.send("POST", f"{item_id}/testMigrateCleanup", json=body)
    assert accepted.status_code == 202
    clock.pass_seconds(30)
    after = azure.json(item_id)["properties"]
    assert after["testMigrateState"] == "None"
    assert "TestMigrateCleanup" not in after["allowedOperations"]
    assert after["currentJob"]["jobName"] == "None"
    assert azure.get(test_vm).status_code == 404
    assert (len(state.cleanups), state.stops) == (1, [])


def test_the_forgotten_test_machine_is_on_no_item(azure: Client) -> None:
    state = azure.emulator.state
    item = azure.json(state.item_id("crm-app-01"))["properties"]
    assert item["testFailoverState"] == "None"
    assert "TestFailoverCleanup" not in item["allowedOperations"]
    assert azure.get(state.scene.ids.test_vm(state.machine("crm-app-01"))).status_code == 200


def test_nothing_else_is_done(azure: Client) -> None:
    state = azure.emulator.state
    item_id, vm_id = state.item_id("pay-web-01"), state.vm_id("pay-web-01")
    for method, path in (
        ("POST", f"{item_id}/migrate"),
        ("PATCH", item_id),
        ("DELETE", vm_id),
        ("PUT", vm_id),
        ("DELETE", item_id.partition("/replicationMigrationItems/")[0]),
    ):
        assert azure.send(method, path, json={"properties": {}}).status_code in {403, 405}
    assert azure.get(vm_id).status_code == 200
    assert azure.get(item_id).status_code == 200


def test_a_registration_is_remembered(azure: Client) -> None:
    path = f"/subscriptions/{azure.emulator.estate.subscriptions[0].id}/providers/Microsoft.Compute"
    assert azure.send("POST", f"{path}/register").status_code == 200
    assert azure.emulator.state.registrations == [f"{path}/register"]


def test_reset_brings_everything_back(azure: Client, clock: Any) -> None:
    before = azure.json(azure.emulator.state.item_id("pay-web-01"))
    azure.stop("pay-web-01")
    clock.pass_seconds(30)
    azure.get("/subscriptions")
    azure.emulator.reset()
    assert azure.emulator.requests == ()
    assert azure.emulator.state.stops == []
    again = azure.json(azure.emulator.state.item_id("pay-web-01"))
    assert again["properties"]["migrationState"] == before["properties"]["migrationState"]


def test_jobs_can_be_made_older_without_moving_the_clock(azure: Client) -> None:
    azure.stop("pay-web-01")
    azure.emulator.state.advance(31)
    assert not azure.emulator.state.exists(azure.emulator.state.item_id("pay-web-01"))
    assert azure.json(job_path(azure, "pay-web-01"))["properties"]["state"] == "Succeeded"


def test_a_request_is_logged_without_its_token(azure: Client) -> None:
    azure.stop("print-01")
    record = azure.emulator.requests[-1]
    assert (record.method, record.status, record.identity) == ("POST", 202, "releaser")
    assert record.query == "api-version=2025-08-01"
    assert json.loads(record.body) == {"properties": {}}
    assert record.headers["authorization"] == "Bearer"
    payload = azure.emulator.token("releaser").split(".")[1]
    assert payload not in repr(record)


def test_every_identity_is_somebody_else(azure: Client) -> None:
    people = {}
    for identity in azure.emulator.estate.identities:
        payload = azure.emulator.token(identity.name).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert {"tid", "oid", "upn", "aud", "exp", "iat"} <= claims.keys()
        people[claims["tid"], claims["oid"]] = identity.name
    assert len(people) == 5
