"""The last step before the network: one session, one pool, and each change at most once."""

import re
import threading
from typing import Any

import requests
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, parse_url

from azstaging.azure.calls import Call, Change, path_of
from azstaging.azure.failures import no_answer
from azstaging.azure.redaction import redact
from azstaging.errors import ConfigurationError

_BLOCK_BYTES = 1024 * 1024
_AT_ONCE_BYTES = 64 * 1024 * 1024
_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)
# URLs that requests sends as they are, dot segments aside: it has nothing to escape in them, to
# unescape or to write otherwise. Finding that out by its own means is a tenth of a read.
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9.-]+(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?/[\w~$&'()*+,;=:@/.-]*(?:\?[\w~$&'()*+,;=:@/?.-]+)?",
    re.ASCII,
)


def is_plain(url: str) -> bool:
    """Tell whether requests would send a URL exactly as it is."""
    return _PLAIN_URL.fullmatch(url) is not None and "/." not in url


class _Adapter(HTTPAdapter):
    """Keeps the pool of an origin at hand: finding it anew takes as long as sending a request.

    Of origins there are few: nothing is sent to others than the cloud's.
    """

    def __init__(self, pool_size: int) -> None:
        super().__init__(
            pool_connections=4,
            pool_maxsize=pool_size,
            max_retries=Retry(total=False, redirect=False, raise_on_status=False),
        )
        self._pools: dict[object, Any] = {}

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Find the pool once for each origin, CA bundle and proxy."""
        origin = request.url.split("/", 3)[:3]
        key = (*origin, verify, cert, *sorted((proxies or {}).items()))
        pool = self._pools.get(key)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._pools[key] = pool
        return pool

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()
        super().close()


class _Session(requests.Session):
    """A session that sends what it is given, and nothing that it found elsewhere.

    No cookies, no redirects, no hooks, and no credentials out of a .netrc. What requests does
    about those takes a fifth of the time of a read.
    """

    def __init__(self) -> None:
        super().__init__()
        self._settings: dict[object, Any] = {}

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare method, URL, headers and body."""
        prepared = requests.PreparedRequest()
        prepared.prepare_method(request.method)
        url = request.url or ""
        if is_plain(url) and not request.params:
            prepared.url = url
        else:
            prepared.prepare_url(url, request.params or None)
        prepared.prepare_headers({**self.headers, **request.headers})
        prepared.prepare_body(request.data, request.files, request.json)
        return prepared

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Ask the environment once for each origin."""
        if proxies:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        key = (*url.split("/", 3)[:3], stream, verify, cert)
        if key not in self._settings:
            found = super().merge_environment_settings(url, {}, stream, verify, cert)
            self._settings[key] = found
        return self._settings[key]

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and read the answer where it is not streamed."""
        del kwargs["allow_redirects"]
        response = self.get_adapter(request.url or "").send(request, **kwargs)
        if not kwargs["stream"]:
            _ = response.content
        return response


def make_session(*, pool_size: int, loopback: bool) -> requests.Session:
    """Make the one requests session: a pool as large as the cap, no retries, no cookies."""
    session = _Session()
    adapter = _Adapter(pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # No proxy between us and this machine.
    session.trust_env = not loopback
    return session


def final_url(method: str, url: str) -> str:
    """Return the URL as the network library would send it, dot segments resolved."""
    prepared = requests.Request(method, url).prepare().url or ""
    return str(parse_url(prepared).url)


class SingleSendTransport(RequestsTransport):  # type: ignore[misc]  # lazily exported, so Any
    """Sends a change once, and only if what leaves is exactly what was meant."""

    def __init__(
        self, *, pool_size: int, loopback: bool, verify: bool | str, read_timeout: float = 90.0
    ) -> None:
        super().__init__(
            session=make_session(pool_size=pool_size, loopback=loopback),
            session_owner=True,
            connection_verify=verify,
            connection_timeout=20.0,
            read_timeout=read_timeout,
            connection_data_block_size=_BLOCK_BYTES,
        )
        self._sent: set[str] = set()
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Send one request.

        Raises:
            ConfigurationError: a change that is not exactly what was prepared, or was sent
                before; nothing left this machine.
            UnreachableError: no answer came.
        """
        call: Call = kwargs.pop("call")
        if call.is_change:
            self._spend(call, request)
        failure: Exception
        try:
            response = super().send(request, **kwargs)
            return response if call.is_change else _read_at_once(response)
        except (AzureError, HTTPError) as error:
            failure = error
        # Raised outside the handler, so that the original (with its URL) is not chained.
        call.failure = no_answer(failure, call)
        raise call.failure from AzureError(redact(failure, limit=300))

    def _spend(self, call: Call, request: HttpRequest) -> None:
        change = call.change
        if change is None:
            raise ConfigurationError(f"{call.title} was not prepared as a change; it was not sent.")
        _require_exact(change, request)
        with self._lock:
            if change.client_request_id in self._sent:
                raise ConfigurationError(
                    f"{call.title}: a change with this request id was sent already; "
                    "it is not sent again."
                )
            change.spend()
            self._sent.add(change.client_request_id)

    def __reduce__(self) -> str:
        raise TypeError("A transport is not pickled: open connections are inside.")


def _read_at_once(response: Any) -> Any:
    """Read the whole answer in one piece; azure-core takes it through three generators.

    Only what is announced in plain words, and as no more than fits: memory is taken for it before
    the first byte is there. Everything else is left to be read by blocks.
    """
    raw = response.internal_response.raw
    announced = raw.headers.get("content-length", "")
    plain = _LENGTH.fullmatch(announced) is not None and "transfer-encoding" not in raw.headers
    if plain and int(announced) <= _AT_ONCE_BYTES:
        response._content = raw.read(decode_content=True)  # noqa: SLF001
    return response


def _require_exact(change: Change, request: HttpRequest) -> None:
    """Compare what is about to leave with what was meant, to the letter."""
    leaving = final_url(request.method, request.url)
    if request.method != change.method or leaving != change.url:
        raise ConfigurationError(
            f"{change.method} {path_of(change.url)} would have left as "
            f"{request.method} {path_of(leaving)}; it was not sent."
        )
    content = request.content
    body = content.encode() if isinstance(content, str) else content
    if (body or None) != (change.body or None):
        raise ConfigurationError(
            f"{change.method} {path_of(change.url)} would have left with another body; "
            "it was not sent."
        )
