"""What skips the network library's own preparation leaves exactly as that would have sent it."""

import pytest
import requests
from hypothesis import example, given, strategies
from requests.adapters import HTTPAdapter

from azstaging.azure.transport import final_url, is_plain, make_session

ITEM = (
    "https://management.azure.com/subscriptions/00000001-0000-4000-8000-000000000000"
    "/resourceGroups/rg-staging/providers/Microsoft.RecoveryServices/vaults/vlt-001"
    "/replicationFabrics/f/replicationProtectionContainers/c/replicationMigrationItems/vc1_5013"
    "?api-version=2025-08-01"
)
# What an id or a nextLink may hold, and what a URL library does something about.
_PIECES = strategies.sampled_from(
    [*"aZ09_.~-$&'()*+,;=:@/?#%\\ \"<>[]{}|^`\téß漢", "..", "/./", "%41", "%2e", "%2F", "%zz", "//"]
)


@example(suffix="subscriptions/a/../b")
@example(suffix="a/.?b")
@example(suffix="x%7Ey")
@given(suffix=strategies.lists(_PIECES, max_size=12).map("".join))
def test_a_plain_url_is_sent_as_it_is(suffix: str) -> None:
    for origin in (
        "https://management.azure.com/",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:59999/",
        "http://127.0.0.1:65536/",
        "HTTPS://Host/",
    ):
        url = origin + suffix
        if is_plain(url):
            assert requests.Request("GET", url).prepare().url == url
            assert final_url("GET", url) == url


@pytest.mark.parametrize(
    "url",
    [
        ITEM,
        "http://127.0.0.1:36001/subscriptions?api-version=2022-12-01",
        ITEM + "&$filter=StartTime",
    ],
)
def test_the_urls_that_are_read_by_the_thousand_are_plain(url: str) -> None:
    assert is_plain(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com/a/../b",
        "https://management.azure.com/a/.",
        "https://management.azure.com/a%20b",
        "https://management.azure.com/a b",
        "https://management.azure.com/ä",
        "https://management.azure.com/a\n",
        "https://management.azure.com",
        "https://management.azure.com/a?",
        "https://management.azure.com/a#b",
        "https://management.azure.com:0443/a",
        "https://Management.azure.com/a",
        "https://user@management.azure.com/a",
        "ftp://management.azure.com/a",
    ],
)
def test_everything_else_is_prepared_by_the_library(url: str) -> None:
    assert not is_plain(url)


def test_a_pool_is_kept_for_each_origin_and_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    usual = HTTPAdapter.get_connection_with_tls_context

    def counted(
        adapter: HTTPAdapter, request: requests.PreparedRequest, *settings: object
    ) -> object:
        found.append(request.url or "")
        return usual(adapter, request, *settings)  # type: ignore[arg-type]

    monkeypatch.setattr(HTTPAdapter, "get_connection_with_tls_context", counted)
    with make_session(pool_size=3, loopback=False) as session:
        adapter = session.get_adapter(ITEM)
        assert isinstance(adapter, HTTPAdapter)

        def pool(url: str, verify: bool | str = True, proxy: str = "") -> object:
            request = requests.Request("GET", url).prepare()
            proxies = {"https": proxy} if proxy else {}
            return adapter.get_connection_with_tls_context(request, verify, proxies)

        assert pool(ITEM) is pool(ITEM + "&$top=1")
        assert len(found) == 1
        proxied = pool(ITEM, proxy="http://proxy.example:3128")
        others = [pool(ITEM, False), pool("https://centralus.management.azure.com/a"), proxied]
        assert len({id(each) for each in (pool(ITEM), *others)}) == 4
        assert len(found) == 4
        adapter.close()
        pool(ITEM)
        assert len(found) == 5


def test_parameters_are_added_to_a_plain_url() -> None:
    with make_session(pool_size=1, loopback=False) as session:
        request = requests.Request("GET", ITEM, params={"$top": "1"})
        assert session.prepare_request(request).url == f"{ITEM}&%24top=1"
