"""The pipeline of the Boards calls: the pieces of the ARM session, with Boards' own manners.

`BoardsCallPolicy` > `ReadRetryPolicy` > `RetryAfterPolicy` > `BoardsPinPolicy` > `HeaderPolicy` >
`PacingPolicy` > `BodyPolicy` > transport. There is no redirect policy and no cookie.
"""

import base64
import json
import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import Pipeline
from azure.core.rest import HttpRequest

from azstaging.azure.calls import Answer, Call, CallKind, Change, Tally, path_of
from azstaging.azure.clouds import Cloud, is_loopback_origin, origin_of
from azstaging.azure.credentials import TokenCredential, TokenSource, choose_credential
from azstaging.azure.failures import refusal, retry_after_seconds
from azstaging.azure.network import require_proxy, trusted_by
from azstaging.azure.policies import (
    USER_AGENT,
    BodyPolicy,
    PacingPolicy,
    Policy,
    ReadRetryPolicy,
    Request,
    Response,
    call_of,
    lower_headers,
)
from azstaging.azure.redaction import redact, redact_http_logs
from azstaging.azure.throttle import Rates, Throttle, TimeBudget
from azstaging.azure.tracing import tracing_policies
from azstaging.azure.transport import SingleSendTransport, final_url
from azstaging.errors import (
    AuthenticationError,
    ConfigurationError,
    Effect,
    ServiceError,
    StagingError,
    UnexpectedResponseError,
)

BOARDS_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default"
PAT_VARIABLE = "AZSTAGING_BOARDS_PAT"
# These POSTs read: WIQL is a query, workitemsbatch a GET with a long list of ids.
_READING_POSTS = ("/_apis/wit/wiql", "/_apis/wit/workitemsbatch")
_READ_METHODS = frozenset({"GET", "HEAD"})
# Boards publishes no request rate but a budget of time; its Retry-After leads, not these.
_RATES = Rates(
    read_burst=200,
    reads_per_second=40,
    change_burst=200,
    changes_per_second=200,
    query_burst=50,
    queries_per_second=20,
)


class BoardsCallPolicy(Policy):
    """Lets a request out only as what it is: a known read, or a prepared change."""

    def send(self, request: Request) -> Response:
        """Check the option ``call`` and pass the request on."""
        call, http = request.context.options.get("call"), request.http_request
        if not isinstance(call, Call):
            raise ConfigurationError(
                f"{http.method} {path_of(http.url)} did not come from a session; it was not sent."
            )
        reads = call.kind is CallKind.READ and http.method in _READ_METHODS
        queries = call.kind is CallKind.QUERY and is_reading_post(http.method, call.path)
        if not (reads or queries) and (call.change is None or not call.is_change):
            raise ConfigurationError(
                f"{call.title} may change Boards and was not prepared as a change; it was not sent."
            )
        request.context["call"] = call
        request.context.options["stream"] = True
        return self.next.send(request)


def is_reading_post(method: str, path: str) -> bool:
    """Tell whether a POST only reads."""
    return method == "POST" and path.casefold().endswith(_READING_POSTS)


class RetryAfterPolicy(Policy):
    """Waits as long as any answer asked for, a success too; then the next request may go."""

    def __init__(self, budget: TimeBudget) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._not_before = float("-inf")

    def send(self, request: Request) -> Response:
        """Wait, send, and take note of Retry-After whatever the status."""
        call = call_of(request)
        with self._lock:
            pause = self._not_before - self._budget.monotonic()
        self._budget.wait(pause, call.title)
        response = self.next.send(request)
        wait = retry_after_seconds(lower_headers(response.http_response))
        if wait:
            with self._lock:
                self._not_before = max(self._not_before, self._budget.monotonic() + wait)
        return response


class BoardsPinPolicy(Policy):
    """Sends nothing and no token anywhere but to the one organisation."""

    def __init__(self, base_url: str) -> None:
        self._origin = origin_of(urlsplit(base_url))
        self._prefix = urlsplit(base_url).path.casefold() + "/"

    def send(self, request: Request) -> Response:
        """Check scheme, host, port and organisation before a token is attached."""
        url, call = request.http_request.url, call_of(request)
        parts = urlsplit(url)
        inside = parts.path.casefold().startswith(self._prefix)
        if origin_of(parts) != self._origin or "@" in parts.netloc or "\\" in url or not inside:
            raise UnexpectedResponseError(
                f"{call.title} leads out of {self._prefix.strip('/')}; no request and no token was"
                " sent there.",
                resource_id=call.path,
                operation=call.title,
            )
        return self.next.send(request)


class HeaderPolicy(Policy):
    """Sends the few headers that are needed, the credential last; no session of the client's."""

    def __init__(self, authorization: Callable[[], str], forget: Callable[[], None]) -> None:
        self._authorization = authorization
        self._forget = forget

    def send(self, request: Request) -> Response:
        """Authorize and send; a refused token is not used again."""
        headers = request.http_request.headers
        kept = {name: headers[name] for name in ("Accept", "Content-Type") if name in headers}
        headers.clear()
        headers.update(kept)
        headers["User-Agent"] = USER_AGENT
        # Otherwise a refused request is answered with a sign-in page.
        headers["X-TFS-FedAuthRedirect"] = "Suppress"
        headers["Authorization"] = self._authorization()
        response = self.next.send(request)
        if response.http_response.status_code == HTTPStatus.UNAUTHORIZED:
            self._forget()
        return response


class BoardsSession:
    """Sends requests to one organisation. Thread-safe; not pickled.

    Args:
        base_url: ``https://dev.azure.com/{organization}``, or a loopback URL.
        cloud: for the credential chain.
        credential: any ``TokenCredential``; None chooses one. A PAT in the environment
            (``AZSTAGING_BOARDS_PAT``) is used when no credential is given.
        environ: where the PAT and the loopback token come from.
        deadline, max_in_flight, verify, sleep, monotonic, uniform: as for the ARM session.
        wall: Unix time, by which tokens end.
    """

    def __init__(
        self,
        base_url: str,
        cloud: Cloud,
        credential: TokenCredential | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        deadline: float | None = None,
        max_in_flight: int = 8,
        verify: bool | str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
        wall: Callable[[], float] = time.time,
    ) -> None:
        redact_http_logs()
        require_proxy(base_url)
        variables = os.environ if environ is None else environ
        self.base_url = base_url
        loopback = is_loopback_origin(base_url)
        authorization, forget = _authorization(base_url, cloud, credential, variables, wall)
        budget = TimeBudget(monotonic=monotonic, sleep=sleep, deadline=deadline)
        throttle = Throttle(rates=_RATES, max_in_flight=max_in_flight, budget=budget)
        self._tally = Tally()
        self._transport = SingleSendTransport(
            pool_size=max_in_flight,
            loopback=loopback,
            verify=trusted_by(verify, base_url, variables),
        )
        policies: list[Policy] = [
            BoardsCallPolicy(),
            ReadRetryPolicy(budget=budget, throttle=throttle, tally=self._tally, uniform=uniform),
            RetryAfterPolicy(budget),
            BoardsPinPolicy(base_url),
            HeaderPolicy(authorization, forget),
            PacingPolicy(throttle=throttle, budget=budget, tally=self._tally),
            *tracing_policies(),
            BodyPolicy(monotonic=monotonic),
        ]
        self._pipeline = Pipeline(self._transport, policies)

    @property
    def counts(self) -> dict[str, int]:
        """Requests so far by kind: read, query, write; and repeated, throttled."""
        return self._tally.snapshot()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __reduce__(self) -> str:
        raise TypeError("A session is not pickled: a token is inside. Open one per process.")

    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        """Send one request and return the JSON answer as bytes, status 200 or 201.

        Raises:
            AuthenticationError: a sign-in page (203, HTML), 401.
            ConfigurationError: the URL would have left as another one; nothing was sent.
            ServiceError: any other refusal, with status and ``typeKey`` in ``code``.
        """
        if final_url(method, url) != url:
            raise ConfigurationError(
                f"{method} {path_of(url)} would have left as {path_of(final_url(method, url))}; "
                "it was not sent."
            )
        call = _call(method, url, content)
        request = HttpRequest(method, url, headers=dict(headers), content=content)
        response = self._pipeline.run(request, stream=True, call=call).http_response
        return _checked(call, response.status_code, lower_headers_of(response))


def lower_headers_of(response: Any) -> dict[str, str]:
    """Return the headers of a response with names in lower case."""
    return lower_headers(response)


def _call(method: str, url: str, content: bytes | None) -> Call:
    path, request_id = path_of(url), str(uuid.uuid4())
    kind, change = CallKind.WRITE, None
    if method in _READ_METHODS:
        kind = CallKind.READ
    elif is_reading_post(method, path):
        kind = CallKind.QUERY
    else:
        change = Change(method, url, content, request_id)
    return Call(kind=kind, method=method, path=path, client_request_id=request_id, change=change)


def _authorization(
    base_url: str,
    cloud: Cloud,
    credential: TokenCredential | None,
    environ: Mapping[str, str],
    wall: Callable[[], float],
) -> tuple[Callable[[], str], Callable[[], None]]:
    pat = environ.get(PAT_VARIABLE, "").strip()
    if credential is None and pat:
        if not pat.isascii() or any(character.isspace() for character in pat):
            raise ConfigurationError(
                f"{PAT_VARIABLE} holds blanks or characters that no token has; nothing was sent."
            )
        basic = "Basic " + base64.b64encode(f":{pat}".encode()).decode()
        return lambda: basic, lambda: None
    # Whether a loopback token is enough is decided by where Boards is, not by where ARM is.
    here = "{0.scheme}://{0.netloc}".format(urlsplit(base_url))
    chosen = choose_credential(replace(cloud, arm_endpoint=here), credential, environ=environ)
    tokens = TokenSource(chosen, BOARDS_SCOPE, authority=cloud.authority, wall=wall)
    latest = threading.local()

    def bearer() -> str:
        latest.token = tokens.token()
        return f"Bearer {latest.token}"

    return bearer, lambda: tokens.forget(latest.token)


def _checked(call: Call, status: int, headers: Mapping[str, str]) -> Answer:
    answer = call.answer
    body = answer.body if answer else b""
    kind = headers.get("content-type", "").casefold()
    signs_in = status in {HTTPStatus.NON_AUTHORITATIVE_INFORMATION, HTTPStatus.FOUND}
    if signs_in or (status == HTTPStatus.OK and "json" not in kind):
        raise AuthenticationError(
            f"{call.title} was answered with a sign-in page ({status}), not with data: the token "
            f"is expired or not for this organisation. {_unchanged(call)}",
            advice=f"Renew the token in {PAT_VARIABLE}, or sign in with an identity of this"
            " organisation.",
        )
    if status in {HTTPStatus.OK, HTTPStatus.CREATED} and answer is not None:
        return answer
    raise _refusal(call, status, headers, body)


def _unchanged(call: Call) -> str:
    return "Nothing was written." if call.is_change else "Nothing was concluded from it."


def _refusal(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> StagingError:
    """Describe a refusal; Boards names its kind in ``typeKey`` and the request in ActivityId."""
    try:
        parsed: Any = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    parsed = parsed if isinstance(parsed, dict) else {}
    code, said = str(parsed.get("typeKey") or ""), str(parsed.get("message") or "")
    known = json.dumps({"error": {"code": code, "message": said}}).encode()
    error = refusal(status, headers, known, call)
    if isinstance(error, ServiceError) and not error.request_id:
        error.request_id = redact(headers.get("activityid", ""), limit=100)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        error.effect = Effect.NONE
    return error
