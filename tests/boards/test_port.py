"""Who we are to Boards, how fast we are, and what never shows."""

import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from azstaging.azure.boards import AzureBoards
from azstaging.azure.boards_session import BOARDS_SCOPE, PAT_VARIABLE
from azstaging.azure.clouds import CHINA, choose_cloud
from azstaging.emulator.boards import BoardsFault
from azstaging.errors import (
    AuthenticationError,
    ConfigurationError,
    Effect,
    NotFoundError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)

Make = Callable[..., Any]
TITLE = [{"op": "add", "path": "/fields/System.Title", "value": "x"}]


class Token:
    def __init__(self, token: str, expires_on: int) -> None:
        self.token = token
        self.expires_on = expires_on


class Credential:
    """Gives a new token each time; the first one expires at once."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> Token:
        self.scopes += scopes
        return Token(f"token-{len(self.scopes)}", 0)


def test_an_entra_token_is_asked_for_again_when_it_ends(make_world: Make) -> None:
    world = make_world(identify=lambda scheme, token: f"{scheme} {token}")
    credential = Credential()
    port = world.port(credential=credential, environ={})
    world.state.create("Task", TITLE, by="x")
    for _ in range(2):
        port.read_work_items([1])
    assert credential.scopes == [BOARDS_SCOPE, BOARDS_SCOPE]
    assert [r.identity for r in world.state.requests] == ["bearer token-1", "bearer token-2"]


class Hourly:
    """An identity whose tokens hold one hour of a clock; it notes nothing but how many it gave."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.given = 0

    def get_token(self, *_: str, **__: Any) -> Token:
        self.given += 1
        ends = int(self._clock()) + 3600
        return Token(f"until-{ends}", ends)

    def holds(self, scheme: str, token: str) -> str | None:
        ends = int(token.removeprefix("until-"))
        return "azstaging" if scheme == "bearer" and self._clock() < ends else None


def test_tokens_that_end_in_the_middle_of_a_long_run_are_renewed(
    make_world: Make, inventory: Make
) -> None:
    clock = [1_000.0]
    credential = Hourly(lambda: clock[0])
    world = make_world(identify=credential.holds)
    estate = inventory({f"vm-{n:02}": "staged" for n in range(30)}, {})

    def ten_minutes_pass(request: Any) -> None:
        if request.is_write:
            clock[0] += 600

    world.state.on_request = ten_minutes_pass
    port = world.port(credential=credential, environ={}, wall=lambda: clock[0])
    result = world.sync(estate, port=port, workers=1)
    assert result.gaps == ()
    assert len(result.applied) == 60, "created, then moved to their state"
    assert clock[0] - 1_000 == 60 * 600
    assert credential.given >= 10, "ten hours"
    assert {r.identity for r in world.state.requests} == {"azstaging"}, "none was ever refused"


def test_a_token_that_boards_revokes_ends_the_run_and_the_next_call_asks_for_another(
    make_world: Make, inventory: Make
) -> None:
    clock = [1_000.0]
    credential = Hourly(lambda: clock[0])
    world = make_world(identify=credential.holds)
    estate = inventory({f"vm-{n:02}": "staged" for n in range(6)}, {})
    port = world.port(credential=credential, environ={}, wall=lambda: 0.0)
    writes: list[str] = []

    def revoked(request: Any) -> None:
        if request.is_write:
            writes.append(request.identity)
            if len(writes) == 3:
                clock[0] += 4_000

    world.state.on_request = revoked
    result = world.sync(estate, port=port, workers=1)
    assert {gap.reason for gap in result.gaps} == {"forbidden"}
    assert len(world.state.items) < 6
    assert [who != "" for who in writes] == [True, True, True, False], (
        "stopped at the first refusal"
    )
    again = world.sync(estate, port=port, workers=1)
    assert (again.gaps, len(world.state.items), credential.given) == ((), 6, 2)


@pytest.mark.parametrize(
    ("environ", "who"),
    [
        ({}, "bearer loopback"),
        ({"AZSTAGING_TOKEN": "mine"}, "bearer mine"),
        ({PAT_VARIABLE: "pat", "AZSTAGING_TOKEN": "mine"}, "basic :pat"),
    ],
)
def test_which_token_goes_to_a_loopback_address(
    make_world: Make, environ: dict[str, str], who: str
) -> None:
    world = make_world(identify=lambda scheme, token: f"{scheme} {token}")
    world.state.create("Task", TITLE, by="x")
    world.port(environ=environ).read_work_items([1])
    assert world.state.requests[0].identity == who


def test_a_refused_token_is_said_and_shown_nowhere(
    world: Any, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "secretsecretsecret"
    with caplog.at_level(logging.DEBUG):
        bearer = world.port(environ={"AZSTAGING_TOKEN": secret})
        with pytest.raises(AuthenticationError) as refused:
            bearer.read_work_items([1])
        basic = world.port(environ={PAT_VARIABLE: secret})
        with pytest.raises(AuthenticationError) as signed:
            basic.read_work_items([1])
    assert "sign-in page" in str(signed.value)
    shown = "".join((caplog.text, repr(bearer), repr(basic), str(refused.value), str(signed.value)))
    assert secret not in shown
    for port in (bearer, basic):
        with pytest.raises(TypeError):
            pickle.dumps(port)


def test_a_pat_with_a_blank_is_refused_before_anything_is_sent(world: Any) -> None:
    with pytest.raises(ConfigurationError, match=PAT_VARIABLE):
        world.port(environ={PAT_VARIABLE: "a b"})


def test_a_cloud_without_boards_is_said() -> None:
    with pytest.raises(ConfigurationError, match="boards_url"):
        AzureBoards(CHINA, "contoso", "p")
    with pytest.raises(ConfigurationError, match="plain HTTP"):
        AzureBoards(choose_cloud(boards_url="http://dev.azure.example"), "contoso", "p")


def test_a_write_is_never_sent_twice(world: Any) -> None:
    world.state.create("Task", TITLE, by="x")
    port = world.port()
    cases = [
        (BoardsFault(kind="drop-before", method="PATCH"), UnreachableError, Effect.UNKNOWN),
        (BoardsFault(kind="drop-after", method="PATCH"), UnreachableError, Effect.UNKNOWN),
        (BoardsFault(kind="status", method="PATCH", status=503), ServiceError, Effect.UNKNOWN),
        (
            BoardsFault(kind="status", method="PATCH", status=429, retry_after_seconds=1, times=9),
            ThrottledError,
            Effect.NONE,
        ),
        (BoardsFault(kind="redirect", method="PATCH", location="/x"), ServiceError, None),
        (BoardsFault(kind="sign-in", method="PATCH"), AuthenticationError, Effect.NONE),
    ]
    for fault, kind, effect in cases:
        world.state.requests.clear()
        world.state.faults[:] = [fault]
        with pytest.raises(kind) as failed:
            port.update(1, TITLE)
        assert len(world.state.requests) == 1, fault.kind
        assert effect in {None, failed.value.effect}, fault.kind


def test_a_read_is_repeated(world: Any) -> None:
    world.state.create("Task", TITLE, by="x")
    world.state.faults[:] = [
        BoardsFault(kind="status", status=503, times=2, retry_after_seconds=3),
        BoardsFault(kind="drop-before"),
    ]
    assert world.port().read_work_items([1])[0]["id"] == 1
    assert len(world.state.requests) == 4
    assert world.slept[:2] == [3, 3]


def test_errors_keep_status_and_kind(world: Any) -> None:
    port = world.port()
    with pytest.raises(NotFoundError) as gone:
        port.read_updates(7)
    assert gone.value.code == "WorkItemUnauthorizedAccessException"
    with pytest.raises(ServiceError) as wrong:
        port.query_ids("SELECT [System.Id] FROM WorkItems WHERE [No.Such] = 1", top=5)
    assert (wrong.value.status, wrong.value.code) == (400, "WiqlSyntaxException")
    assert "TF51005" in str(wrong.value)
    with pytest.raises(ServiceError) as unknown:
        port.create("No Such Type", TITLE)
    assert unknown.value.status == 404
    assert unknown.value.effect is Effect.NONE


def test_ids_are_bounded(world: Any) -> None:
    port = world.port()
    for ids in ([], list(range(1, 202))):
        with pytest.raises(ConfigurationError, match="1 to 200"):
            port.read_work_items(ids)
    assert world.state.requests == []
