"""TLS on loopback: a given CA bundle is trusted, anything else is refused before a token leaves."""

from collections.abc import Callable
from typing import Any

import pytest
import trustme

from azstaging.azure.clouds import choose_cloud
from azstaging.azure.network import CA_VARIABLES, require_proxy
from azstaging.errors import ConfigurationError, Effect, UnreachableError
from azstaging.model.ids import ResourceId

GOOD = trustme.CA().cert_pem.bytes().decode()
KEY = trustme.CA().private_key_pem.bytes().decode()
DAMAGED = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
ITEM = ResourceId("/subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/disks/d1")


def test_a_given_authority_is_trusted(
    tls_arm: Any, open_session: Any, authority: trustme.CA, tmp_path: Any
) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    tls_arm.says({"value": [{"id": "/a"}]})
    session = open_session(cloud=choose_cloud(arm_endpoint=tls_arm.url), verify=str(bundle))
    assert session.list_all("/subscriptions", "2022-12-01") == [{"id": "/a"}]


@pytest.fixture
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_bundle")
@pytest.mark.parametrize("name", CA_VARIABLES)
def test_the_bundle_of_the_environment_is_used(
    tls_arm: Any,
    open_session: Any,
    authority: trustme.CA,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv(name, str(bundle))
    tls_arm.says({"value": []})
    session = open_session(cloud=choose_cloud(arm_endpoint=tls_arm.url))
    assert session.list_all("/subscriptions", "2022-12-01") == []


@pytest.mark.usefixtures("no_bundle")
@pytest.mark.parametrize("name", CA_VARIABLES)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("", "no certificate in PEM form"),
        ("no", "no certificate in PEM form"),
        (KEY, "no certificate in PEM form"),
        (GOOD[:300], "damaged certificate"),
        (GOOD + DAMAGED, "damaged certificate"),
    ],
)
def test_authorities_that_cannot_be_read_are_named_before_anything_is_sent(
    tls_arm: Any,
    open_session: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    text: str | None,
    why: str,
) -> None:
    bundle = tmp_path / "ca.pem"
    if text is not None:
        bundle.write_text(text, "utf-8")
    monkeypatch.setenv(name, str(bundle))
    with pytest.raises(ConfigurationError) as caught:
        open_session(cloud=choose_cloud(arm_endpoint=tls_arm.url))
    assert f"{name} names {bundle} for the certificate authorities" in str(caught.value)
    assert why in str(caught.value)
    assert "unset it" in caught.value.advice()
    # Plain HTTP to this machine needs none.
    open_session(cloud=choose_cloud(arm_endpoint="http://127.0.0.1:1"))


@pytest.mark.usefixtures("no_bundle")
def test_a_folder_of_authorities_is_taken(
    tls_arm: Any, open_session: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    session = open_session(cloud=choose_cloud(arm_endpoint=tls_arm.url))
    with pytest.raises(UnreachableError, match="certificate is not trusted"):
        read(session)


def read(session: Any) -> None:
    session.get_json(ITEM, "2022-07-02")


def delete(session: Any) -> None:
    session.send_change("DELETE", ITEM, api_version="2022-07-02")


@pytest.mark.usefixtures("no_bundle")
@pytest.mark.parametrize("send", [read, delete])
def test_an_unknown_authority_gets_no_token(
    tls_arm: Any,
    open_session: Any,
    fake_time: Any,
    send: Callable[[Any], None],
) -> None:
    session = open_session(cloud=choose_cloud(arm_endpoint=tls_arm.url))
    with pytest.raises(UnreachableError, match="certificate is not trusted") as caught:
        send(session)
    assert caught.value.effect is Effect.NONE
    assert tls_arm.requests == []
    assert fake_time.sleeps == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_stands_before_this_machine(
    arm: Any,
    session: Any,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    arm.says({"value": []})
    assert session.list_all("/subscriptions", "2022-12-01") == []


ARM = "https://management.azure.com"
NO_PROXIES = [
    "http://me:HIDDEN#PW@proxy.example:3128",
    "http://me:HIDDEN/PW@proxy.example:3128",
    "http://me:1/HIDDENPW@proxy.example:3128",
    "http://me:HIDDENPW@proxy.example:99999",
    "http://me:HIDDENPW@",
    "http://me:HIDDENPW",
    "me:HIDDENPW@proxy.example:3128",
    "ftp://me:HIDDENPW@proxy.example:3128",
    "http:///me:HIDDENPW@proxy.example",
    " http://me:HIDDENPW@proxy.example:3128",
]
PROXIES = [
    "http://proxy.example:3128",
    "proxy.example:3128",
    "https://me:a%23b@proxy.example",
    "socks5h://proxy.example:1080",
    "http://[::1]:3128/",
]


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.usefixtures("no_bundle", "no_proxy")
@pytest.mark.parametrize("value", NO_PROXIES)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_what_is_no_proxy_is_named_and_never_shown(
    open_session: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"^{name} ") as caught:
        open_session(cloud=choose_cloud())
    said = f"{caught.value} {caught.value.advice()}"
    assert "HIDDEN" not in said
    assert "PW" not in said
    assert caught.value.__context__ is None
    # Whom the proxy is not for does not meet it.
    monkeypatch.setenv("NO_PROXY", "azure.com")
    require_proxy(ARM)


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize("value", PROXIES)
def test_what_connections_take_for_a_proxy_is_taken(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    require_proxy(ARM)
