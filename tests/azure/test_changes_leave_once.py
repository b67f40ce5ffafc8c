"""A change leaves once, whatever the service answers, and only if it is exactly what was meant."""

import base64
import contextlib
from dataclasses import replace
from typing import Any

import pytest
from azure.core.rest import HttpRequest

from azstaging.azure.calls import Call, CallKind
from azstaging.azure.clouds import choose_cloud
from azstaging.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    DeadlineReachedError,
    Effect,
    NotFoundError,
    ServiceError,
    StagingError,
    ThrottledError,
    UnexpectedResponseError,
    UnreachableError,
)
from azstaging.model.ids import ResourceId
from azstaging.model.items import StopRequest

CONTAINER = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-staging/providers"
    "/Microsoft.RecoveryServices/vaults/vault1/replicationFabrics/fabric1"
    "/replicationProtectionContainers/container1"
)
MIGRATION_ITEM = ResourceId(f"{CONTAINER}/replicationMigrationItems/vc1_5013aaaa")
PROTECTED_ITEM = ResourceId(f"{CONTAINER}/replicationProtectedItems/app02(alt)")
STOPS = {
    "delete": StopRequest(
        operation="ReplicationMigrationItems_Delete", method="DELETE", id=MIGRATION_ITEM
    ),
    "remove": StopRequest(
        operation="ReplicationProtectedItems_Delete",
        method="POST",
        id=PROTECTED_ITEM,
        action="remove",
        body={"properties": {"disableProtectionReason": "MigrationComplete"}},
    ),
}
CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true}}}').decode()
ACCEPTED = {
    "Azure-AsyncOperation": "{arm}/Subscriptions/s/vaults/v/replicationOperationStatus/job-77"
    "?api-version=2025-08-01&t=1&c=CANARY&s=CANARY&h=CANARY",
    "Location": "{arm}/x/operationresults/job-77?api-version=2025-08-01&s=CANARY",
    "x-ms-request-id": "req-1",
    "Retry-After": "30",
}


def error_body(code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


HOSTILE = {
    "401 with a claims challenge": (
        (
            401,
            error_body("InvalidAuthenticationToken"),
            {"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{CLAIMS}"'},
        ),
        AuthenticationError,
        Effect.NONE,
    ),
    "403": ((403, error_body("AuthorizationFailed")), AccessDeniedError, Effect.NONE),
    "404": ((404, error_body("NotFound")), NotFoundError, Effect.NONE),
    "409 not registered": (
        (409, error_body("MissingSubscriptionRegistration")),
        ConflictError,
        Effect.NONE,
    ),
    "409 with Retry-After": (
        (409, error_body("Busy"), {"Retry-After": "1"}),
        ConflictError,
        Effect.NONE,
    ),
    "412": ((412, error_body("PreconditionFailed")), ConflictError, Effect.NONE),
    "429": (
        (429, error_body("TooManyRequests"), {"Retry-After": "1"}),
        ThrottledError,
        Effect.NONE,
    ),
    "408": ((408, error_body("Timeout")), ServiceError, Effect.UNKNOWN),
    "500": ((500, error_body("InternalError")), ServiceError, Effect.UNKNOWN),
    "502": ((502, error_body("BadGateway")), ServiceError, Effect.UNKNOWN),
    "503 with Retry-After": (
        (503, error_body("Unavailable"), {"Retry-After": "1"}),
        ServiceError,
        Effect.UNKNOWN,
    ),
    "504": ((504, error_body("GatewayTimeout")), ServiceError, Effect.UNKNOWN),
    "307": (
        (307, {}, {"Location": "{arm}/elsewhere"}),
        UnexpectedResponseError,
        Effect.UNKNOWN,
    ),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
@pytest.mark.parametrize(("answer", "error", "effect"), HOSTILE.values(), ids=HOSTILE)
def test_a_stop_is_sent_once_whatever_is_answered(
    arm: Any, connection: Any, fake_time: Any, stop: Any, answer: Any, error: Any, effect: Any
) -> None:
    arm.says(answer)
    with pytest.raises(error) as caught:
        connection.stop(stop, connection.render(stop))
    assert caught.value.effect is effect
    assert [seen.method for seen in arm.requests] == [stop.method]
    assert not [seen for seen in arm.requests if "register" in seen.path.casefold()]
    assert fake_time.sleeps == []


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_dropped_answer_is_unknown_and_sent_once(
    arm: Any, connection: Any, fake_time: Any, reply: Any, stop: Any
) -> None:
    arm.says(reply(drop=True))
    with pytest.raises(UnreachableError) as caught:
        connection.stop(stop, connection.render(stop))
    assert caught.value.effect is Effect.UNKNOWN
    assert "read" in caught.value.advice().casefold()
    assert len(arm.requests) == 1
    assert fake_time.sleeps == []


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT", "PATCH"])
def test_a_plain_change_is_sent_once_too(arm: Any, session: Any, reply: Any, method: Any) -> None:
    arm.says(reply(drop=True))
    body = None if method == "DELETE" else {"a": 1}
    with pytest.raises(UnreachableError) as caught:
        session.send_change(method, MIGRATION_ITEM, api_version="2025-08-01", body=body)
    assert caught.value.effect is Effect.UNKNOWN
    assert len(arm.requests) == 1


def test_no_connection_means_nothing_was_sent(open_session: Any, closed_port: Any) -> None:
    session = open_session(cloud=choose_cloud(arm_endpoint=f"http://127.0.0.1:{closed_port}"))
    with pytest.raises(UnreachableError) as caught:
        session.send_change("DELETE", MIGRATION_ITEM, api_version="2025-08-01")
    assert caught.value.effect is Effect.NONE
    assert "nothing was sent" in str(caught.value)


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_an_accepted_stop_gives_the_job_and_hides_the_signed_urls(
    arm: Any, connection: Any, reply: Any, stop: Any
) -> None:
    arm.says(reply(202, b"", ACCEPTED))
    answer = connection.stop(stop, connection.render(stop))
    assert (answer.status, answer.job_id, answer.request_id) == (202, "job-77", "req-1")
    assert answer.retry_after_seconds == 30.0
    assert "CANARY" not in repr(answer)
    (seen,) = arm.requests
    assert seen.path == connection.render(stop).url.removeprefix(arm.url)
    assert seen.headers["x-ms-client-request-id"]


def test_the_body_of_a_remove_is_what_was_rendered(arm: Any, connection: Any, reply: Any) -> None:
    arm.says(reply(202, b"", ACCEPTED))
    stop = STOPS["remove"]
    connection.stop(stop, connection.render(stop))
    (seen,) = arm.requests
    assert seen.method == "POST"
    assert seen.path.split("?")[0].endswith("/replicationProtectedItems/app02%28alt%29/remove")
    assert seen.body == b'{"properties":{"disableProtectionReason":"MigrationComplete"}}'
    assert seen.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [202, 204])
def test_what_the_client_makes_of_an_answer_does_not_hide_it(
    arm: Any, connection: Any, reply: Any, status: Any
) -> None:
    """The official client cannot read this Retry-After; the stop was accepted all the same."""
    arm.says(reply(status, b"", {**ACCEPTED, "Retry-After": "soon"}))
    stop = STOPS["delete"]
    answer = connection.stop(stop, connection.render(stop))
    assert (answer.status, answer.job_id, answer.retry_after_seconds) == (status, "job-77", 0.0)


def test_a_status_that_the_client_does_not_know_is_still_an_answer(
    arm: Any, connection: Any, reply: Any
) -> None:
    arm.says(reply(200, b"{}", {}))
    stop = STOPS["delete"]
    assert connection.stop(stop, connection.render(stop)).status == 200
    assert len(arm.requests) == 1


def test_a_torn_body_of_an_accepted_stop_does_not_hide_it(
    arm: Any, connection: Any, reply: Any
) -> None:
    arm.says(reply(202, b'{"status": "InProgress"}', ACCEPTED, sent=4))
    stop = STOPS["delete"]
    assert connection.stop(stop, connection.render(stop)).job_id == "job-77"
    assert len(arm.requests) == 1


def test_a_job_of_a_foreign_operation_url_is_not_believed(
    arm: Any, foreign: Any, connection: Any, reply: Any
) -> None:
    headers = {
        "Azure-AsyncOperation": f"{foreign.url}/operationStatus/job-1",
        "Location": f"{foreign.url}/operationresults/job-1",
    }
    arm.says(reply(202, b"", headers))
    stop = STOPS["delete"]
    assert connection.stop(stop, connection.render(stop)).job_id == ""
    assert foreign.requests == []


def test_one_prepared_change_cannot_be_sent_twice(arm: Any, session: Any, reply: Any) -> None:
    arm.says(reply(202, b"", ACCEPTED))
    url = session.url(MIGRATION_ITEM, "2025-08-01")
    change = session.prepare_change("DELETE", url)

    def send(call: Call) -> None:
        session.pipeline.run(HttpRequest("DELETE", url), stream=True, call=call)

    session.run_change(change, send)
    with pytest.raises(ConfigurationError, match=r"never sent twice|sent already"):
        session.run_change(change, send)
    assert len(arm.requests) == 1


def test_a_client_that_sends_twice_is_stopped(arm: Any, session: Any, reply: Any) -> None:
    arm.says(reply(503, b"{}", {"Retry-After": "0"}))
    url = session.url(MIGRATION_ITEM, "2025-08-01")
    change = session.prepare_change("DELETE", url)

    def send_twice(call: Call) -> None:
        for _ in range(2):
            session.pipeline.run(HttpRequest("DELETE", url), stream=True, call=call)

    with pytest.raises(ServiceError) as caught:
        session.run_change(change, send_twice)
    assert caught.value.effect is Effect.UNKNOWN
    assert len(arm.requests) == 1


def test_a_client_that_hides_a_lost_answer_and_tries_again(
    arm: Any, session: Any, reply: Any
) -> None:
    """The second try is refused; what the first one did is still not known."""
    arm.says(reply(drop=True))
    url = session.url(MIGRATION_ITEM, "2025-08-01")
    change = session.prepare_change("DELETE", url)

    def send(call: Call) -> None:
        for _ in range(2):
            with contextlib.suppress(UnreachableError):
                session.pipeline.run(HttpRequest("DELETE", url), stream=True, call=call)

    with pytest.raises(UnreachableError) as caught:
        session.run_change(change, send)
    assert caught.value.effect is Effect.UNKNOWN
    assert len(arm.requests) == 1


def test_any_failure_after_the_request_left_is_unknown(session: Any) -> None:
    change = session.prepare_change("DELETE", session.url(MIGRATION_ITEM, "2025-08-01"))

    def send(_call: Call) -> None:
        change.spend()
        raise ValueError("a defect of the client")

    with pytest.raises(UnreachableError) as caught:
        session.run_change(change, send)
    assert caught.value.effect is Effect.UNKNOWN


def test_a_failure_before_the_request_left_changed_nothing(arm: Any, session: Any) -> None:
    change = session.prepare_change("DELETE", session.url(MIGRATION_ITEM, "2025-08-01"))

    def send(_call: Call) -> None:
        raise ValueError("a defect of the client")

    with pytest.raises(ConfigurationError, match="was not sent") as caught:
        session.run_change(change, send)
    assert caught.value.effect is Effect.NONE
    assert arm.requests == []


def test_the_same_request_id_is_sent_once(arm: Any, session: Any, reply: Any) -> None:
    arm.says(reply(202, b"", ACCEPTED))
    options: dict[str, Any] = {"api_version": "2025-08-01", "client_request_id": "attempt-1"}
    session.send_change("DELETE", MIGRATION_ITEM, **options)
    assert arm.requests[0].headers["x-ms-client-request-id"] == "attempt-1"
    with pytest.raises(ConfigurationError):
        session.send_change("DELETE", MIGRATION_ITEM, **options)
    assert len(arm.requests) == 1


UNSAFE = ["..", ".", "", "a/../b", "%2e%2e", "a?b", "a#b", "a\\b", "x\n", "name.", "a b"]


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_segment_sends_nothing(arm: Any, connection: Any, name: Any) -> None:
    item = ResourceId(f"{CONTAINER}/replicationProtectedItems/{name}/x")
    with pytest.raises(ConfigurationError):
        connection.session.send_change("DELETE", item, api_version="2025-08-01")
    with pytest.raises(ConfigurationError):
        connection.get_item(item)
    assert arm.requests == []


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
@pytest.mark.parametrize("place", ["container1", "fabric1", "vault1", "rg-staging"])
def test_a_dot_segment_anywhere_stops_the_stop(
    arm: Any, connection: Any, stop: Any, place: Any
) -> None:
    hostile = StopRequest(
        operation=stop.operation,
        method=stop.method,
        id=ResourceId(stop.id.text.replace(place, "..")),
        action=stop.action,
        body=stop.body,
    )
    rendered = connection.render(stop)
    with pytest.raises(ConfigurationError):
        connection.stop(hostile, rendered)
    assert arm.requests == []


def test_the_last_name_may_not_be_a_dot_segment(connection: Any, arm: Any) -> None:
    hostile = StopRequest(
        operation="ReplicationProtectedItems_Delete",
        method="POST",
        id=ResourceId(f"{CONTAINER}/replicationProtectedItems/.."),
        action="remove",
        body={"properties": {}},
    )
    with pytest.raises(ConfigurationError):
        connection.render(hostile)
    assert arm.requests == []


def test_a_client_that_builds_another_url_sends_nothing(arm: Any, session: Any) -> None:
    url = session.url(MIGRATION_ITEM, "2025-08-01")
    change = session.prepare_change("DELETE", url)
    sly = url.replace("vc1_5013aaaa", "x/../../replicationMigrationItems/vc1_other")

    def send(call: Call) -> None:
        session.pipeline.run(HttpRequest("DELETE", sly), stream=True, call=call)

    with pytest.raises(ConfigurationError, match="would have left as"):
        session.run_change(change, send)
    assert arm.requests == []


def test_a_client_that_builds_another_body_sends_nothing(arm: Any, session: Any) -> None:
    url = session.url(PROTECTED_ITEM.child("remove"), "2025-08-01")
    change = session.prepare_change("POST", url, {"properties": {}})

    def send(call: Call) -> None:
        request = HttpRequest("POST", url, content=b'{"properties":{"x":1}}')
        session.pipeline.run(request, stream=True, call=call)

    with pytest.raises(ConfigurationError, match="another body"):
        session.run_change(change, send)
    assert arm.requests == []


def test_a_purge_cannot_be_rendered(connection: Any) -> None:
    purge = StopRequest(operation="purge", method="DELETE", id=PROTECTED_ITEM)
    with pytest.raises(ConfigurationError, match="not how"):
        connection.render(purge)


@pytest.mark.parametrize(
    "id",
    [
        CONTAINER,
        f"{CONTAINER}/replicationMigrationItems/a/migrationRecoveryPoints/b",
        f"{CONTAINER}/replicationPolicies/a",
        CONTAINER.replace("Microsoft.RecoveryServices", "Microsoft.Compute")
        + "/replicationMigrationItems/a",
    ],
)
def test_only_an_item_can_be_stopped(connection: Any, id: Any) -> None:
    with pytest.raises(ConfigurationError, match="not the id"):
        connection.render(StopRequest(operation="x", method="DELETE", id=ResourceId(id)))


def test_a_stop_that_renders_differently_from_the_plan_is_not_sent(
    arm: Any, connection: Any
) -> None:
    stop, other = STOPS["delete"], STOPS["remove"]
    with pytest.raises(ConfigurationError, match="renders differently"):
        connection.stop(stop, connection.render(other))
    assert arm.requests == []


def test_the_id_is_stopped_in_any_casing_of_the_service(
    arm: Any, connection: Any, reply: Any
) -> None:
    arm.says(reply(202, b"", ACCEPTED))
    odd = MIGRATION_ITEM.text.replace("/subscriptions/", "/Subscriptions/").replace(
        "resourceGroups", "resourcegroups"
    )
    stop = StopRequest(operation="x", method="DELETE", id=ResourceId(odd))
    connection.stop(stop, connection.render(stop))
    assert arm.requests[0].path.casefold().startswith(MIGRATION_ITEM.key)


LOCAL_ITEM = ResourceId(
    "/subscriptions/s1/resourceGroups/g/providers/Microsoft.DataReplication"
    "/replicationVaults/v/protectedItems/item1"
)
LOCAL_STOP = StopRequest(operation="ProtectedItem_Delete", method="DELETE", id=LOCAL_ITEM)


def test_azure_local_is_stopped_by_one_delete_without_force(
    arm: Any, connection: Any, reply: Any
) -> None:
    arm.says(reply(202, b"", ACCEPTED))
    rendered = connection.render(LOCAL_STOP)
    assert rendered.url == f"{arm.url}{LOCAL_ITEM}?api-version=2024-09-01"
    assert connection.stop(LOCAL_STOP, rendered).job_id == "job-77"
    [request] = arm.requests
    assert (request.method, request.path) == ("DELETE", f"{LOCAL_ITEM}?api-version=2024-09-01")


@pytest.mark.parametrize("status", [409, 429, 503])
def test_azure_local_is_sent_once_whatever_is_answered(
    arm: Any, connection: Any, reply: Any, status: int
) -> None:
    arm.says(reply(status, error_body("Busy"), {"Retry-After": "1"}))
    with pytest.raises(ServiceError):
        connection.stop(LOCAL_STOP, connection.render(LOCAL_STOP))
    assert len(arm.requests) == 1


def test_azure_local_that_renders_differently_is_not_sent(arm: Any, connection: Any) -> None:
    rendered = connection.render(LOCAL_STOP)
    forced = replace(rendered, url=f"{rendered.url}&forceDelete=true")
    with pytest.raises(ConfigurationError, match="renders differently"):
        connection.stop(LOCAL_STOP, forced)
    with pytest.raises(ConfigurationError):
        connection.render(replace(LOCAL_STOP, method="POST", action="remove", body={}))
    assert arm.requests == []


def test_a_request_that_no_session_prepared_is_not_sent(arm: Any, session: Any) -> None:
    url = session.url(MIGRATION_ITEM, "2025-08-01")
    with pytest.raises(ConfigurationError):
        session.pipeline.run(HttpRequest("DELETE", url), stream=True)
    read = Call(kind=CallKind.READ, method="GET", path="/x", client_request_id="1")
    with pytest.raises(ConfigurationError):
        session.pipeline.run(HttpRequest("DELETE", url), stream=True, call=read)
    assert arm.requests == []


def test_a_query_is_only_what_is_known_to_be_one(arm: Any, session: Any) -> None:
    with pytest.raises(ConfigurationError, match="not known to be a read"):
        session.post_read(f"{PROTECTED_ITEM}/remove", "2025-08-01", {})
    assert arm.requests == []


def test_the_official_client_cannot_change_anything_on_its_own(arm: Any, connection: Any) -> None:
    client = connection.site_recovery.client("11111111-2222-3333-4444-555555555555")
    with pytest.raises(StagingError):
        client.replication_protected_items.begin_purge("rg", "v", "f", "c", "item", polling=False)
    assert arm.requests == []


def test_a_change_is_not_begun_shortly_before_the_deadline(
    arm: Any, open_session: Any, fake_time: Any
) -> None:
    session = open_session(deadline=fake_time.now + 20)
    with pytest.raises(DeadlineReachedError) as caught:
        session.send_change("DELETE", MIGRATION_ITEM, api_version="2025-08-01")
    assert caught.value.effect is Effect.NONE
    assert arm.requests == []


def test_the_missing_permission_is_named_exactly(arm: Any, session: Any) -> None:
    action = (
        "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers"
        "/replicationMigrationItems/delete"
    )
    message = (
        f"The client 'x' does not have authorization to perform action '{action}' over scope '/s'."
    )
    arm.says((403, error_body("AuthorizationFailed", message)))
    with pytest.raises(AccessDeniedError) as caught:
        session.send_change("DELETE", MIGRATION_ITEM, api_version="2025-08-01")
    assert caught.value.permission == action
    assert caught.value.code == "AuthorizationFailed"


@pytest.mark.parametrize(
    ("headers", "gateway"), [({"x-ms-failure-cause": "gateway"}, True), ({}, False)]
)
def test_the_two_kinds_of_404_are_told_apart(
    arm: Any, connection: Any, headers: Any, gateway: Any
) -> None:
    arm.says((404, error_body("NotFound"), headers))
    with pytest.raises(NotFoundError) as caught:
        connection.get_item(MIGRATION_ITEM)
    assert caught.value.gateway is gateway
