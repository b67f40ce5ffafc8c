"""The token goes to this cloud's ARM and nowhere else; no secret is ever written down."""

import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import responses
from azure.core.credentials import AccessToken
from azure.core.rest import HttpRequest

from azstaging.azure import connect
from azstaging.azure.calls import Call, CallKind
from azstaging.azure.clouds import CHINA, PUBLIC, US_GOVERNMENT, choose_cloud
from azstaging.azure.hosts import HostPin
from azstaging.azure.redaction import redact
from azstaging.azure.session import ArmSession
from azstaging.errors import ConfigurationError, StagingError, UnexpectedResponseError
from azstaging.model.ids import ResourceId

ARM = "https://management.azure.com"
ITEM = ResourceId("/subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/disks/d1")
READ = Call(kind=CallKind.READ, method="GET", path="/x", client_request_id="1")


def test_a_foreign_next_link_gets_nothing(arm: Any, foreign: Any, session: Any) -> None:
    arm.says({"value": [{"id": "/a"}], "nextLink": f"{foreign.url}/subscriptions?x=1"})
    with pytest.raises(UnexpectedResponseError, match="nextLink"):
        session.list_all("/subscriptions", "2022-12-01")
    assert foreign.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(arm: Any, foreign: Any, session: Any, status: int) -> None:
    arm.says((status, {"value": []}, {"Location": f"{foreign.url}/subscriptions"}))
    with pytest.raises(UnexpectedResponseError):
        session.list_all("/subscriptions", "2022-12-01")
    assert foreign.requests == []
    assert len(arm.requests) == 1


def test_a_redirect_to_arm_itself_is_not_followed_either(arm: Any, session: Any) -> None:
    arm.says((307, {}, {"Location": "{arm}/subscriptions?again"}))
    with pytest.raises(UnexpectedResponseError):
        session.get_json("/subscriptions", "2022-12-01")
    assert len(arm.requests) == 1


def test_the_pin_holds_for_whatever_reaches_the_pipeline(foreign: Any, session: Any) -> None:
    request = HttpRequest("GET", f"{foreign.url}/subscriptions?sig=CANARY")
    with pytest.raises(UnexpectedResponseError, match="No request and no token") as caught:
        session.pipeline.run(request, stream=True, call=READ)
    assert foreign.requests == []
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reads", "changes"),
    [
        (f"{ARM}/subscriptions", True, True),
        (f"{ARM}:443/subscriptions", True, True),
        ("https://MANAGEMENT.azure.com/x", True, True),
        ("https://westeurope.management.azure.com/x", True, False),
        ("https://a.b.management.azure.com/x", False, False),
        ("https://management.azure.com.evil.example/x", False, False),
        ("https://evilmanagement.azure.com/x", False, False),
        ("https://management.azure.com:8443/x", False, False),
        ("http://management.azure.com/x", False, False),
        ("http://management.azure.com:443/x", False, False),
        ("https://management.azure.com@evil.example/x", False, False),
        ("https://user@management.azure.com/x", False, False),
        ("https://evil.example\\@management.azure.com/x", False, False),
        ("https://management.azure.com./x", False, False),
        ("https://management.usgovcloudapi.net/x", False, False),
        ("//management.azure.com/x", False, False),
        ("https://[::1/x", False, False),
        ("/relative", False, False),
        ("", False, False),
    ],
)
def test_the_host_pin(url: str, reads: bool, changes: bool) -> None:
    pin = HostPin(PUBLIC)
    assert (pin.allows(url), pin.allows(url, changes=True)) == (reads, changes)


@responses.activate
def test_a_regional_host_may_be_read(open_session: Callable[..., ArmSession]) -> None:
    regional = "https://westeurope.management.azure.com/subscriptions"
    responses.get(
        f"{ARM}/subscriptions", json={"value": [{"id": "/a"}], "nextLink": f"{regional}?p=2"}
    )
    responses.get(regional, json={"value": [{"id": "/b"}]})
    session = open_session(cloud=PUBLIC)
    assert len(session.list_all("/subscriptions", "2022-12-01")) == 2
    assert responses.calls[1].request.headers["Authorization"] == "Bearer opaque"


@responses.activate
def test_a_regional_host_may_not_be_changed(open_session: Callable[..., ArmSession]) -> None:
    session = open_session(cloud=PUBLIC)
    url = session.url(ITEM, "2022-07-02").replace("https://", "https://westeurope.")
    change = session.prepare_change("DELETE", url)
    with pytest.raises(UnexpectedResponseError, match="not this cloud's ARM"):
        session.run_change(
            change,
            lambda call: session.pipeline.run(HttpRequest("DELETE", url), stream=True, call=call),
        )
    assert len(responses.calls) == 0


@responses.activate
def test_a_netrc_does_not_replace_the_token(
    open_session: Callable[..., ArmSession], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine management.azure.com login somebody password CANARY\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    responses.get(f"{ARM}/subscriptions", json={"value": []})
    open_session(cloud=PUBLIC).list_all("/subscriptions", "2022-12-01")
    assert responses.calls[0].request.headers["Authorization"] == "Bearer opaque"


@responses.activate
def test_a_cookie_is_not_sent_back(open_session: Callable[..., ArmSession]) -> None:
    url = f"{ARM}/subscriptions"
    responses.get(url, json={"value": []}, headers={"Set-Cookie": "stuck=CANARY; Path=/"})
    session = open_session(cloud=PUBLIC)
    for _ in range(2):
        session.list_all("/subscriptions", "2022-12-01")
    assert [call.request.headers.get("Cookie") for call in responses.calls] == [None, None]


@responses.activate
def test_the_proxy_of_a_host_is_used_for_each_request_to_it(
    open_session: Callable[..., ArmSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "management.chinacloudapi.cn")
    used = {}
    for cloud in (PUBLIC, CHINA):
        responses.get(f"{cloud.arm_endpoint}/subscriptions", json={"value": []})
        session = open_session(cloud=cloud)
        for _ in range(2):
            session.list_all("/subscriptions", "2022-12-01")
        sent = [call.request for call in responses.calls[-2:]]
        used[cloud.name] = [each.req_kwargs["proxies"].get("https") for each in sent]
    assert used == {PUBLIC.name: ["http://proxy.example:3128"] * 2, CHINA.name: [None] * 2}


@responses.activate
@pytest.mark.parametrize("cloud", [PUBLIC, US_GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
def test_the_token_is_asked_for_the_clouds_own_scope(cloud: Any) -> None:
    asked: list[tuple[str, ...]] = []

    class Recorder:
        def get_token(self, *scopes: str, **_kwargs: Any) -> Any:
            asked.append(scopes)
            return AccessToken("t", 2**31)

    responses.get(f"{cloud.arm_endpoint}/subscriptions", json={"value": []})
    with connect(cloud, Recorder()) as azure:
        assert azure.list_subscriptions() == []
        azure.list_subscriptions()
    assert asked == [(cloud.scope,)]


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://management.azure.com",
        "http://10.0.0.1:8080",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://0.0.0.0:80",
        "http://[::2]:80",
        "http://2130706433",
        "ftp://127.0.0.1",
        "https://user:secret@management.azure.com",
        "https://management.azure.com/path",
        "https://management.azure.com?x=1",
        "management.azure.com",
        "https://:443",
        "https://[::1",
        "https://host:99999",
    ],
)
def test_an_unsafe_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError):
        choose_cloud(arm_endpoint=endpoint)


@pytest.mark.parametrize(
    ("endpoint", "loopback"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1", True),
        ("http://[::1]:8080", True),
        ("https://127.0.0.1:8443", True),
        ("https://arm.local.example", False),
    ],
)
def test_a_safe_endpoint_is_taken(endpoint: str, loopback: bool) -> None:
    cloud = choose_cloud(arm_endpoint=endpoint + "/")
    assert (cloud.arm_endpoint, cloud.is_loopback) == (endpoint, loopback)
    assert cloud.scope == f"{endpoint}/.default"


def test_an_unknown_cloud_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="usgov"):
        choose_cloud("mars")


def test_nothing_secret_is_logged_or_raised(
    arm: Any,
    open_session: Callable[..., ArmSession],
    jwt: Callable[[dict[str, Any]], str],
    reply: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    token = jwt({"tid": "t", "oid": "o", "CANARYCLAIM": 1})
    session = open_session(token)
    signed = {
        "Azure-AsyncOperation": "{arm}/a/operationStatus/job?t=1&c=CANARY&s=CANARY&h=CANARY",
        "Location": "{arm}/a/operationresults/job?sig=CANARY",
    }
    leak = f"Bearer {token} was refused at https://x/y?sig=CANARY&se=1"
    refused = (400, {"error": {"code": "X", "message": leak}})
    arm.says(
        {"value": [], "nextLink": f"{arm.url}/2?$skipToken=CANARY&sig=CANARY"},
        {"value": []},
        reply(202, b"", signed),
        refused,
        {"value": [], "nextLink": f"{arm.url}/3?sig=CANARY"},
        reply(drop=True),
    )
    session.list_all("/subscriptions", "2022-12-01")
    answer = session.send_change("DELETE", ITEM, api_version="2022-07-02")
    texts = [repr(session), str(session.counts), repr(answer)]
    for _ in range(2):
        with pytest.raises(StagingError) as caught:
            session.list_all("/subscriptions", "2022-12-01")
        error = caught.value
        chain = [error, error.__cause__, error.__context__]
        texts += [repr(one) for one in chain]
        texts += traceback.format_exception(type(error), error, None)
    texts += [record.getMessage() for record in caplog.records] + [caplog.text]
    everything = "\n".join(texts)
    assert "GET /subscriptions" in everything
    assert "CANARY" not in everything
    assert token not in everything
    assert token.split(".")[1] not in everything


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("url: /a/b?sig=SECRET end", "url: /a/b?... end"),
        ("Authorization: Bearer SECRET", "Authorization: Bearer ***"),
        ('{"client_secret": "SECRET"}', '{"client_secret": "***"}'),
        ("sig=SECRET&x", "sig=***&x"),
        ("two\r\nlines\x1b[2J", "two lines [2J"),
        ("plain text? yes", "plain text? yes"),
    ],
)
def test_redaction(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_long_text_is_cut() -> None:
    assert len(redact("x" * 9999)) == 2000


def test_nothing_that_holds_a_token_is_pickled(session: Any, connection: Any) -> None:
    held = [session, connection, session.credential, session._tokens, session._transport]
    for one in held:
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(one)
