"""The fault script: each kind does what its name says, as often as it was told."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from azstaging.emulator import Fault, faults_from
from azstaging.emulator.state import State
from azstaging.errors import ConfigurationError

Client = Any
STOP = "DELETE */replicationmigrationitems/*"
LIST = "GET */replicationMigrationItems"


def listing(client: Client) -> str:
    ids = client.emulator.state.scene.ids
    return f"{ids.vault(ids.vaults['vlt-agentless'])}/replicationMigrationItems"


@pytest.mark.parametrize(
    ("kind", "effect"), [("drop", 0), ("reset", 0), ("drop-after", 1), ("torn", 1)]
)
@pytest.mark.parametrize("tls", [False, True])
def test_a_lost_answer_says_nothing_about_the_effect(
    run: Callable[..., Client], kind: str, effect: int, tls: bool
) -> None:
    azure = run(tls=tls, faults=[Fault(match=STOP, kind=kind)])
    # An accepted stop has an empty body, which cannot be torn; a list can.
    path = listing(azure)
    if kind == "torn":
        azure.emulator.script.set([Fault(match=LIST, kind="torn", bytes=40)])
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            azure.get(path)
    else:
        with pytest.raises(requests.exceptions.ConnectionError):
            azure.stop("pay-web-01")
        assert len(azure.emulator.state.stops) == effect
        assert azure.emulator.requests[-1].status is None
        assert azure.emulator.requests[-1].fault == kind
    # The server lives, and the script is used up.
    assert azure.get(path).status_code == 200


def test_a_torn_body_promises_more_than_it_gives(azure: Client) -> None:
    azure.emulator.script.add(Fault(match=LIST, kind="torn", bytes=40))
    answer = azure.get(listing(azure), stream=True)
    assert int(answer.headers["Content-Length"]) > 1000
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="40 bytes read"):
        answer.content  # noqa: B018 - reading it is the point


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status", "status": 500}, 500, "InternalServerError"),
        ({"kind": "status", "status": 503, "code": "Busy"}, 503, "Busy"),
        ({"kind": "status", "status": 409}, 409, "Conflict"),
        ({"kind": "status", "status": 404}, 404, "NotFound"),
        ({"kind": "registration"}, 409, "MissingSubscriptionRegistration"),
        ({"kind": "claims"}, 401, "InvalidAuthenticationToken"),
    ],
)
def test_an_error_before_the_effect(
    azure: Client, fault: dict[str, Any], status: int, code: str
) -> None:
    azure.emulator.script.add(Fault(match=STOP, **fault))
    answer = azure.stop("pay-web-01")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert azure.emulator.state.stops == []
    assert azure.stop("pay-web-01").status_code == 202


def test_an_error_after_the_effect(azure: Client) -> None:
    azure.emulator.script.add(Fault(match=STOP, kind="status-after", status=503))
    assert azure.stop("pay-web-01").status_code == 503
    assert len(azure.emulator.state.stops) == 1


def test_a_storm_of_429_says_how_long_to_wait(azure: Client) -> None:
    storm = Fault(match="GET *", kind="status", status=429, retry_after_seconds=7, times=3)
    azure.emulator.script.add(storm)
    answers = [azure.get("/subscriptions") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_a_claims_challenge_carries_claims(azure: Client) -> None:
    azure.emulator.script.add(Fault(match="*", kind="claims"))
    challenge = azure.get("/subscriptions").headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in challenge
    assert 'claims="' in challenge


def test_a_redirect_leads_where_it_is_told(azure: Client) -> None:
    azure.emulator.script.set(
        [
            Fault(match=STOP, kind="redirect"),
            Fault(match=STOP, kind="redirect", location="https://elsewhere.example/x"),
        ]
    )
    same, other = azure.stop("pay-web-01"), azure.stop("pay-web-01")
    assert (same.status_code, other.status_code) == (307, 307)
    assert same.headers["Location"] == same.url
    assert other.headers["Location"] == "https://elsewhere.example/x"
    assert azure.emulator.state.stops == []


def test_a_202_without_headers(azure: Client) -> None:
    azure.emulator.script.add(Fault(match=STOP, kind="bare-202"))
    answer = azure.stop("pay-web-01")
    assert answer.status_code == 202
    assert not {"Location", "Azure-AsyncOperation", "Retry-After"} & set(answer.headers)
    assert len(azure.emulator.state.stops) == 1


def test_lists_that_lie(run: Callable[..., Client]) -> None:
    azure = run(page_size=5)
    path = listing(azure)
    azure.emulator.script.set(
        [
            Fault(match=LIST, kind="null-value"),
            Fault(match=LIST, kind="foreign-link"),
            Fault(match=LIST, kind="repeated-link"),
        ]
    )
    assert azure.json(path)["value"] is None
    foreign = azure.json(path)["nextLink"]
    assert foreign.startswith("https://arm.elsewhere.example/subscriptions/")
    repeated = azure.json(f"{path}?api-version=2025-08-01")["nextLink"]
    assert repeated == f"{azure.emulator.url}{path}?api-version=2025-08-01"
    assert len(azure.rows(path)) == 23


def test_a_stale_list_still_has_what_is_gone(azure: Client, clock: Any) -> None:
    item_id = azure.emulator.state.item_id("pay-web-01")
    azure.stop("pay-web-01")
    clock.pass_seconds(30)
    path = listing(azure)
    azure.emulator.script.add(Fault(match=LIST, kind="stale-list"))
    assert item_id in [row["id"] for row in azure.rows(path)]
    assert item_id not in [row["id"] for row in azure.rows(path)]
    assert azure.get(item_id).status_code == 404


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("pay-web-01", "migrationState", "DisableMigrationFailed"),
        ("print-01", "protectionState", "DisablingFailed"),
    ],
)
def test_a_failed_job_leaves_the_item(
    azure: Client, clock: Any, key: str, field: str, value: str
) -> None:
    azure.emulator.script.add(Fault(match="*", kind="job-failed"))
    state = azure.emulator.state
    accepted = azure.stop(key)
    clock.pass_seconds(30)
    status = azure.json(accepted.headers["Azure-AsyncOperation"])
    assert (status["status"], status["error"]["code"]) == ("Failed", "539")
    item = azure.json(state.item_id(key))["properties"]
    assert item[field] == value
    assert item["allowedOperations"]
    assert azure.stop(key).status_code == 202


def test_succeeded_with_an_error_in_it(azure: Client, clock: Any) -> None:
    azure.emulator.script.add(
        Fault(match=STOP, kind="operation-error", error={"code": "45031", "message": "so"})
    )
    accepted = azure.stop("pay-web-01")
    clock.pass_seconds(30)
    status = azure.json(accepted.headers["Azure-AsyncOperation"])
    assert status["status"] == "Succeeded"
    assert status["error"] == {"code": "45031", "message": "so"}
    assert azure.get(azure.emulator.state.item_id("pay-web-01")).status_code == 404


def test_an_item_changes_between_two_reads(azure: Client) -> None:
    item_id = azure.emulator.state.item_id("pay-web-01")
    change = {"properties.migrationState": "Replicating", "properties.eventCorrelationId": "new"}
    azure.emulator.script.add(
        Fault(match="GET */replicationMigrationItems/*", kind="change", after=1, changes=change)
    )
    first, second = (azure.json(item_id)["properties"] for _ in range(2))
    assert first["migrationState"] == "MigrationSucceeded"
    assert second["migrationState"] == "Replicating"
    assert first["eventCorrelationId"] != second["eventCorrelationId"] == "new"
    # The list tells the same, and still leaves disks out.
    row = next(row for row in azure.rows(listing(azure)) if row["id"] == item_id)["properties"]
    assert row["migrationState"] == "Replicating"
    assert row["providerSpecificDetails"]["protectedDisks"] == []


def test_a_call_may_do_anything_to_the_state(azure: Client) -> None:
    def lose(state: State) -> None:
        state.remove(state.vm_id("pay-web-01"))

    azure.emulator.script.add(Fault(match=STOP, kind="call", call=lose))
    vm = azure.emulator.state.vm_id("pay-web-01")
    assert azure.get(vm).status_code == 200
    assert azure.stop("pay-web-01").status_code == 202
    assert azure.get(vm).status_code == 404


def test_answers_take_as_long_as_told(run: Callable[..., Client]) -> None:
    azure = run(latency_seconds=0.05, faults=[Fault(match="*", kind="slow", seconds=0.1)])
    first, second = (azure.get("/subscriptions") for _ in range(2))
    assert first.elapsed.total_seconds() >= 0.15
    assert second.elapsed.total_seconds() >= 0.05
    assert (first.status_code, second.status_code) == (200, 200)


def test_faults_are_met_in_order_and_counted(azure: Client) -> None:
    azure.emulator.script.set(
        [
            Fault(match="GET /subscriptions", kind="status", status=503, after=1, times=2),
            Fault(match="*", kind="status", status=500, after=3, times=0),
        ]
    )
    seen = [azure.get("/subscriptions").status_code for _ in range(7)]
    assert seen == [200, 503, 503, 200, 200, 500, 500]
    azure.emulator.reset()
    assert [azure.get("/subscriptions").status_code for _ in range(2)] == [200, 503]


def test_a_script_is_read_from_data() -> None:
    data = {
        "fault": [
            {"match": STOP, "kind": "drop-after"},
            {"match": "*", "kind": "status", "status": 429, "retry_after_seconds": 3, "times": 5},
        ]
    }
    first, second = faults_from(data)
    assert (first.kind, first.times) == ("drop-after", 1)
    assert (second.status, second.retry_after_seconds) == (429, 3)
    assert first.matches("DELETE", "/x/replicationMigrationItems/y")
    assert not first.matches("GET", "/x/replicationMigrationItems/y")


@pytest.mark.parametrize(
    "row",
    [
        {"match": "*", "kind": "explode"},
        {"kind": "drop"},
        {"match": "*", "kind": "drop", "tims": 3},
        {"match": "*", "kind": "status", "status": "many"},
        "drop",
    ],
)
def test_a_wrong_script_is_refused(row: Any) -> None:
    with pytest.raises(ConfigurationError, match="fault"):
        faults_from({"fault": [row]})
