"""Which credential is used, and who it is to ARM."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from azstaging import __version__
from azstaging.azure import connect
from azstaging.azure.boards_session import BoardsSession
from azstaging.azure.clouds import CHINA, PUBLIC, Cloud, choose_cloud
from azstaging.azure.credentials import (
    StaticCredential,
    TokenSource,
    choose_credential,
    describe_credential,
    principal_of,
)
from azstaging.config import CloudSettings
from azstaging.errors import AuthenticationError, ConfigurationError, UnexpectedResponseError
from azstaging.model.plans import Principal

LOOPBACK = choose_cloud(arm_endpoint="http://127.0.0.1:1")


class Scripted:
    """A credential that returns or raises what it is told."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def get_token(self, *_scopes: str, **kwargs: Any) -> Any:
        self.asked.append(kwargs)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return AccessToken(*answer)


def test_the_principal_is_of_a_token_that_arm_accepted(
    arm: Any, open_session: Any, jwt: Callable[[dict[str, Any]], str]
) -> None:
    arm.says({"value": []})
    session = open_session(jwt({"tid": "T1", "oid": "O1", "upn": "planner@contoso.example"}))
    assert session.principal() == Principal(tid="T1", oid="O1", name="planner@contoso.example")
    assert arm.requests[0].path.startswith("/subscriptions?")


def test_a_token_that_arm_refuses_has_no_principal(
    arm: Any, open_session: Any, jwt: Callable[[dict[str, Any]], str]
) -> None:
    arm.says((401, {"error": {"code": "InvalidAuthenticationToken", "message": "no"}}))
    with pytest.raises(AuthenticationError):
        open_session(jwt({"tid": "T1", "oid": "O1"})).principal()


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"{}", b'{"value": null}'])
def test_a_page_of_a_proxy_has_accepted_nobody(
    arm: Any, open_session: Any, jwt: Callable[[dict[str, Any]], str], reply: Any, body: bytes
) -> None:
    arm.says(reply(200, body))
    with pytest.raises(UnexpectedResponseError):
        open_session(jwt({"tid": "T1", "oid": "O1"})).principal()


def test_an_opaque_token_has_no_principal(arm: Any, session: Any) -> None:
    arm.says({"value": []})
    assert session.principal() is None
    assert len(arm.requests) == 1


@pytest.mark.parametrize(
    "claims",
    [{}, {"tid": "T"}, {"oid": "O"}, {"tid": "", "oid": "O"}, {"tid": 1, "oid": "O"}],
)
def test_claims_without_both_ids_are_nobody(
    jwt: Callable[[dict[str, Any]], str], claims: dict[str, Any]
) -> None:
    assert principal_of(jwt(claims)) is None


def test_callers_are_told_apart_unasked_and_without_their_tokens(
    arm: Any, open_session: Any, jwt: Callable[[dict[str, Any]], str]
) -> None:
    def caller(token: str) -> str:
        found: str = open_session(token).caller()
        assert token not in found
        return found

    ids = {"tid": "T", "oid": "O"}
    renewed = [jwt({**ids, "iat": 1}), jwt({"tid": "t", "oid": "o", "iat": 2})]
    assert {caller(each) for each in renewed} == {"t/o"}
    opaque = ["opaque-1", "opaque-2", jwt({"tid": "T"}), jwt({"oid": "O"})]
    assert len({caller(each) for each in (*opaque, *opaque, *renewed)}) == 5
    assert arm.requests == []


@pytest.mark.parametrize(
    "token", ["", "loopback", "a.b", "a.b.c", "a.!!!.c", "..", "a.W10.c", "a.bnVsbA.c", "é.é.é"]
)
def test_what_is_no_jwt_is_nobody(token: str) -> None:
    assert principal_of(token) is None


def test_a_hostile_name_is_one_line(jwt: Callable[[dict[str, Any]], str]) -> None:
    found = principal_of(jwt({"tid": "T", "oid": "O", "name": "a\nERROR: b\x1b[2J"}))
    assert found is not None
    assert found.name == "a ERROR: b [2J"


def test_loopback_runs_no_credential_chain(arm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZSTAGING_TOKEN", raising=False)
    arm.says({"value": []})
    with connect(choose_cloud(arm_endpoint=arm.url)) as azure:
        azure.list_subscriptions()
        assert azure.credential_kind == "StaticCredential"
    assert arm.requests[0].headers["authorization"] == "Bearer loopback"


def test_loopback_takes_the_token_of_the_environment(
    arm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZSTAGING_TOKEN", "of-the-environment")
    arm.says({"value": []})
    with connect(choose_cloud(arm_endpoint=arm.url)) as azure:
        azure.list_subscriptions()
    assert arm.requests[0].headers["authorization"] == "Bearer of-the-environment"


def test_a_given_credential_is_used_everywhere(arm: Any) -> None:
    arm.says({"value": []})
    with connect(choose_cloud(arm_endpoint=arm.url), StaticCredential("given")) as azure:
        azure.list_subscriptions()
    assert arm.requests[0].headers["authorization"] == "Bearer given"
    assert arm.requests[0].headers["user-agent"].startswith(f"azstaging/{__version__} python/3.")


def test_the_settings_of_a_configuration_are_understood(arm: Any) -> None:
    arm.says({"value": []})
    with connect(CloudSettings(arm_endpoint=arm.url)) as azure:
        assert azure.list_subscriptions() == []


@pytest.mark.parametrize("token", ["with blank", "line\nbreak", "ümlaut"])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    with pytest.raises(ConfigurationError):
        choose_credential(LOOPBACK, environ={"AZSTAGING_TOKEN": token})


@pytest.mark.parametrize("place", ["IDENTITY_ENDPOINT", "TF_BUILD", "GITHUB_ACTIONS"])
def test_where_nobody_sits_no_developer_sign_in_is_tried(place: str) -> None:
    chain = choose_credential(PUBLIC, environ={place: "x"})
    kinds = {type(one).__name__ for one in chain.credentials}  # type: ignore[attr-defined]
    assert "ManagedIdentityCredential" in kinds
    assert not {kind for kind in kinds if "Cli" in kind or "PowerShell" in kind}


def test_on_a_workstation_the_whole_chain_is_tried() -> None:
    chain = choose_credential(PUBLIC, environ={})
    kinds = {type(one).__name__ for one in chain.credentials}  # type: ignore[attr-defined]
    assert {"ManagedIdentityCredential", "AzureCliCredential"} <= kinds


def test_the_credential_that_answered_is_named() -> None:
    class Chain:
        _successful_credential = StaticCredential("x")

    assert describe_credential(Chain()) == "StaticCredential"
    assert describe_credential(StaticCredential("x")) == "StaticCredential"
    assert "x" not in repr(StaticCredential("secret-x")).replace("StaticCredential", "")


def test_a_token_is_kept_until_it_is_nearly_over() -> None:
    clock = {"now": 0.0}
    credential = Scripted(("one", 1000), ("two", 5000))
    source = TokenSource(credential, "s", wall=lambda: clock["now"])
    assert [source.token(), source.token()] == ["one", "one"]
    clock["now"] = 701.0
    assert source.token() == "two"


def test_a_refused_token_is_dropped_unless_it_was_replaced() -> None:
    credential = Scripted(("one", 10**9), ("two", 10**9))
    source = TokenSource(credential, "s", wall=lambda: 0.0)
    source.token()
    source.forget("another")
    assert source.token() == "one"
    source.forget("one")
    assert source.token() == "two"


@pytest.mark.parametrize("failure", [ValueError("expires_on"), RuntimeError("Bearer CANARY")])
def test_a_credential_that_fails_is_our_error(arm: Any, failure: Exception) -> None:
    arm.says({"value": []})
    with (
        connect(choose_cloud(arm_endpoint=arm.url), Scripted(failure)) as azure,
        pytest.raises(AuthenticationError, match="Nothing was sent") as caught,
    ):
        azure.list_subscriptions()
    assert caught.value.__cause__ is not None
    assert "CANARY" not in f"{caught.value}{caught.value.__cause__}"
    assert arm.requests == []


PROXIES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy")


@pytest.mark.parametrize(
    ("cloud", "no_proxy", "told"),
    [
        (PUBLIC, "", "login.microsoftonline.com"),
        (CHINA, "management.chinacloudapi.cn", "login.chinacloudapi.cn"),
        (PUBLIC, ".microsoftonline.com", ""),
    ],
)
def test_where_no_token_comes_the_proxy_before_the_sign_in_is_named(
    monkeypatch: pytest.MonkeyPatch, cloud: Cloud, no_proxy: str, told: str
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://me:HIDDEN@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    failing = Scripted(RuntimeError("no token"))
    with connect(cloud, failing) as azure, pytest.raises(AuthenticationError) as caught:
        azure.list_subscriptions()
    advice = caught.value.advice()
    assert advice.startswith(AuthenticationError.default_advice)
    assert ("http://proxy.example:3128" in advice) is bool(told)
    assert told in advice
    assert "HIDDEN" not in f"{advice}{caught.value}"


def test_before_boards_the_proxy_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    failing = Scripted(RuntimeError("no token"))
    url = "https://dev.azure.com/contoso"
    with (
        contextlib.closing(BoardsSession(url, PUBLIC, failing, environ={})) as session,
        pytest.raises(AuthenticationError) as caught,
    ):
        session.send("GET", f"{url}/_apis/projects", {}, None)
    assert "goes through the proxy http://proxy.example:3128" in caught.value.advice()


CHALLENGE = 'Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ=="'


def test_a_read_answers_a_claims_challenge_once(arm: Any) -> None:
    refused = (401, {"error": {"code": "X"}}, {"WWW-Authenticate": CHALLENGE})
    arm.says(refused, {"value": []})
    credential = Scripted(("one", 2**31), ("two", 2**31))
    with connect(choose_cloud(arm_endpoint=arm.url), credential) as azure:
        assert azure.list_subscriptions() == []
    sent = [seen.headers["authorization"] for seen in arm.requests]
    assert sent == ["Bearer one", "Bearer two"]
    assert credential.asked == [{}, {"claims": '{"a":1}'}]


def test_a_change_asks_for_no_other_token(arm: Any) -> None:
    arm.says((401, {"error": {"code": "X"}}, {"WWW-Authenticate": CHALLENGE}))
    credential = Scripted(("one", 2**31), ("two", 2**31))
    with (
        connect(choose_cloud(arm_endpoint=arm.url), credential) as azure,
        pytest.raises(AuthenticationError),
    ):
        azure.session.send_change("DELETE", "/subscriptions/s1/x/y", api_version="2025-08-01")
    assert len(arm.requests) == 1
    assert credential.asked == [{}]


def test_a_read_does_not_answer_for_ever(arm: Any) -> None:
    arm.says((401, {"error": {"code": "X"}}, {"WWW-Authenticate": CHALLENGE}))
    credential = Scripted(("one", 2**31), ("two", 2**31))
    with (
        connect(choose_cloud(arm_endpoint=arm.url), credential) as azure,
        pytest.raises(AuthenticationError),
    ):
        azure.list_subscriptions()
    assert len(arm.requests) == 2


def test_importing_loads_no_azure_module() -> None:
    code = (
        "import sys, json, azstaging, azstaging.azure, azstaging.azure.clouds;"
        "print(json.dumps([m for m in sys.modules if m.split('.')[0] in"
        " ('azure', 'msrest', 'requests', 'urllib3', 'msal')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == []
