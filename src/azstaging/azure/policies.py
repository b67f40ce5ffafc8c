"""The pipeline's own policies, in the order in which a request passes them.

`CallPolicy` > `ReadRetryPolicy` > `HostPinPolicy` > `TokenPolicy` > `PacingPolicy` >
`BodyPolicy` > transport. There is no redirect policy, no policy that registers resource
providers, and none that decodes bodies. A change passes each of them exactly once.
"""

import logging
import platform
import random
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias, cast

import requests
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from azstaging.azure.calls import Answer, Call, CallKind, Tally, path_of
from azstaging.azure.clouds import Cloud
from azstaging.azure.credentials import TokenSource
from azstaging.azure.failures import (
    CERTIFICATE,
    no_answer,
    refusal,
    request_id_of,
    retry_after_seconds,
)
from azstaging.azure.hosts import HostPin
from azstaging.azure.redaction import redact
from azstaging.azure.throttle import MAX_WAIT_SECONDS, Throttle, TimeBudget
from azstaging.errors import (
    ConfigurationError,
    Effect,
    ThrottledError,
    UnreachableError,
)

logger = logging.getLogger("azstaging.azure")
# A library says nothing unless whoever uses it asks.
logging.getLogger("azstaging").addHandler(logging.NullHandler())

Request: TypeAlias = PipelineRequest[HttpRequest]
Response: TypeAlias = PipelineResponse[HttpRequest, HttpResponse]
Policy: TypeAlias = HTTPPolicy[HttpRequest, HttpResponse]


def _user_agent() -> str:
    """Name this package and its version as installed, and the Python that runs it."""
    try:
        installed = version("azstaging")
    except PackageNotFoundError:
        installed = "uninstalled"
    return f"azstaging/{installed} python/{platform.python_version()}"


USER_AGENT = _user_agent()

# A POST counts as a read only for these paths; every other POST is a change.
QUERY_PATHS = frozenset({"/providers/microsoft.resourcegraph/resources"})
_QUERY_ACTION = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.compute/virtualmachines/[^/]+"
    r"/retrievebootdiagnosticsdata"
)


def _is_query(path: str) -> bool:
    return path in QUERY_PATHS or _QUERY_ACTION.fullmatch(path) is not None


_READ_METHODS = frozenset({"GET", "HEAD"})
_RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_CONNECT_SECONDS = 20.0
_READ_SECONDS = 90.0
# A change is sent only while there is time to hear its answer.
CHANGE_RESERVE_SECONDS = 30.0
# Headers that hold no secret; the signed operation URLs are not among them.
_SHOWN_HEADERS = (
    "content-type",
    "date",
    "retry-after",
    "x-ms-failure-cause",
    "x-ms-request-id",
    "x-ms-correlation-request-id",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-subscription-deletes",
    "x-ms-ratelimit-remaining-subscription-writes",
)


def call_of(request: Request) -> Call:
    """Return the call that a request belongs to."""
    return cast(Call, request.context["call"])


def lower_headers(response: HttpResponse) -> dict[str, str]:
    """Return the headers of a response with names in lower case."""
    headers = response.headers
    # What requests keeps them in has the names so already.
    if isinstance(headers, CaseInsensitiveDict):
        return dict(headers.lower_items())
    return {name.lower(): value for name, value in headers.items()}


class CallPolicy(Policy):
    """Knows what each request is. A request that may change Azure needs a `Change`, or stays."""

    def send(self, request: Request) -> Response:
        """Check the option ``call``, set the headers, and pass the request on."""
        call = request.context.options.get("call")
        http = request.http_request
        if not isinstance(call, Call):
            raise ConfigurationError(
                f"{http.method} {path_of(http.url)} did not come from a session; it was not sent."
            )
        self._check(call, http.method)
        request.context["call"] = call
        request.context.options["stream"] = True
        http.headers["Accept"] = "application/json"
        http.headers["User-Agent"] = USER_AGENT
        http.headers["x-ms-client-request-id"] = call.client_request_id
        return self.next.send(request)

    @staticmethod
    def _check(call: Call, method: str) -> None:
        reads = call.kind is CallKind.READ and method in _READ_METHODS
        queries = call.kind is CallKind.QUERY and method == "POST"
        if call.kind is CallKind.QUERY and not _is_query(call.path.casefold()):
            raise ConfigurationError(
                f"POST {call.path} is not known to be a read; it was not sent."
            )
        if not (reads or queries) and (call.change is None or not call.is_change):
            raise ConfigurationError(
                f"{method} {call.path} may change Azure and was not prepared as a change; "
                "it was not sent."
            )


class ReadRetryPolicy(Policy):
    """Repeats reads that failed for a reason that passes. A change is never repeated.

    Args:
        uniform: gives a number in [0, 1), for the jitter.
        max_attempts: requests for one read, not counting those that were answered 429.
        max_throttled: 429s for one read; the bucket paces them.
    """

    def __init__(
        self,
        *,
        budget: TimeBudget,
        throttle: Throttle,
        tally: Tally,
        uniform: Callable[[], float] = random.random,
        max_attempts: int = 4,
        max_throttled: int = 8,
    ) -> None:
        self._budget = budget
        self._throttle = throttle
        self._tally = tally
        self._uniform = uniform
        self._max_attempts = max_attempts
        self._max_throttled = max_throttled

    def send(self, request: Request) -> Response:
        """Send; repeat while it makes sense, for reads only."""
        call = call_of(request)
        failed = throttled = 0
        while True:
            try:
                response = self.next.send(request)
            except UnreachableError as error:
                failed += 1
                if call.is_change or error.code == CERTIFICATE or failed >= self._max_attempts:
                    raise
                self._pause(call, failed, None, reason=str(error))
                continue
            status = response.http_response.status_code
            if status not in _RETRY_STATUS:
                return response
            headers = lower_headers(response.http_response)
            wait = retry_after_seconds(headers)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                throttled += 1
                self._tally.add("throttled")
                self._throttle.drain(call, self._backoff(throttled) if wait is None else wait)
            else:
                failed += 1
            if call.is_change:
                return response
            self._refuse_long_wait(call, wait, response)
            if failed >= self._max_attempts or throttled >= self._max_throttled:
                return response
            # After a 429 the bucket makes the next request wait.
            self._pause(
                call,
                failed,
                0.0 if status == HTTPStatus.TOO_MANY_REQUESTS else wait,
                reason=f"{call.title} was answered {status}",
            )

    def _pause(self, call: Call, attempt: int, wait: float | None, *, reason: str) -> None:
        pause = self._backoff(attempt) if wait is None else wait
        logger.info("%s; read again in %.1f s", redact(reason, limit=300), pause)
        self._tally.add("repeated")
        self._budget.wait(pause, call.title)

    def _backoff(self, attempt: int) -> float:
        return min(30.0, 0.8 * 2.0 ** (attempt - 1)) * (0.5 + 0.5 * self._uniform())

    @staticmethod
    def _refuse_long_wait(call: Call, wait: float | None, response: Response) -> None:
        if wait is None or wait <= MAX_WAIT_SECONDS:
            return
        http = response.http_response
        headers = lower_headers(http)
        known = refusal(http.status_code, headers, http.content, call)
        raise ThrottledError(
            f"{known} The service asks to wait {wait:.0f} s, more than {MAX_WAIT_SECONDS:.0f} s.",
            retry_after_seconds=wait,
            effect=Effect.NONE,
            status=http.status_code,
            request_id=request_id_of(headers),
            resource_id=call.path,
            operation=call.title,
        )


class HostPinPolicy(Policy):
    """Lets nothing out to a host that is not the cloud's, whatever link it came from."""

    def __init__(self, cloud: Cloud) -> None:
        self._pin = HostPin(cloud)

    def send(self, request: Request) -> Response:
        """Check scheme, host and port before a token is attached."""
        call = call_of(request)
        self._pin.check(request.http_request.url, call, changes=call.is_change)
        return self.next.send(request)


class TokenPolicy(Policy):
    """Adds the token. A claims challenge is answered once, and for reads only."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    def send(self, request: Request) -> Response:
        """Authorize and send."""
        call = call_of(request)
        self._authorize(request, call, claims=None)
        response = self.next.send(request)
        if response.http_response.status_code == HTTPStatus.UNAUTHORIZED:
            self._tokens.forget(call.token)
            challenge = lower_headers(response.http_response).get("www-authenticate", "")
            claims = _claims_of(challenge)
            if claims and not call.is_change:
                self._authorize(request, call, claims=claims)
                response = self.next.send(request)
        return response

    def _authorize(self, request: Request, call: Call, *, claims: str | None) -> None:
        call.token = self._tokens.token(claims=claims)
        request.http_request.headers["Authorization"] = f"Bearer {call.token}"


_CLAIMS = re.compile(r'\bclaims="([A-Za-z0-9+/=_-]+)"')


def _claims_of(challenge: str) -> str:
    """Return the decoded claims of a challenge with insufficient claims, or ""."""
    found = _CLAIMS.search(challenge)
    if not found or "insufficient_claims" not in challenge:
        return ""
    raw = found.group(1).replace("+", "-").replace("/", "_").rstrip("=")
    try:
        return urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode("utf-8")
    except ValueError:
        return ""


class PacingPolicy(Policy):
    """Waits for the call's turn, holds a slot while it is in flight, and bounds its time."""

    def __init__(self, *, throttle: Throttle, budget: TimeBudget, tally: Tally) -> None:
        self._throttle = throttle
        self._budget = budget
        self._tally = tally

    def send(self, request: Request) -> Response:
        """Send when it is time to."""
        call = call_of(request)
        with self._throttle.slot(call):
            self._budget.require(CHANGE_RESERVE_SECONDS if call.is_change else 0.0, call.title)
            options = request.context.options
            left = self._budget.remaining_seconds()
            # The answer to a change is worth waiting for, deadline or not.
            cap = _READ_SECONDS if left is None or call.is_change else min(_READ_SECONDS, left)
            options["connection_timeout"] = min(_CONNECT_SECONDS, max(cap, 0.1))
            options["read_timeout"] = max(cap, 0.1)
            call.attempts += 1
            self._tally.add(call.kind.value)
            return self.next.send(request)


class BodyPolicy(Policy):
    """Reads the whole body inside the retry, so that a torn one is read again."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic

    def send(self, request: Request) -> Response:
        """Send, read all of the answer, and keep what of it is safe to show."""
        call = call_of(request)
        started = self._monotonic()
        response = self.next.send(request)
        http = response.http_response
        headers = lower_headers(http)
        if call.is_change:
            call.outcome = (http.status_code, headers)
        torn: Exception | None = None
        try:
            http.read()
        except (AzureError, requests.RequestException, HTTPError, OSError, ValueError) as error:
            # ValueError: a length that is no number. Nobody has closed the answer then.
            http.close()
            torn = error
        if torn is not None:
            # Raised outside the handler, so that the original (with its URL) is not chained.
            call.failure = no_answer(torn, call)
            raise call.failure from AzureError(redact(torn, limit=300))
        call.answer = Answer(
            status=http.status_code,
            headers={name: headers[name] for name in _SHOWN_HEADERS if name in headers},
            body=http.content,
            request_id=request_id_of(headers),
        )
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "%s -> %d in %.0f ms (request %s)",
                redact(call.title, limit=500),
                http.status_code,
                (self._monotonic() - started) * 1000,
                call.answer.request_id or "-",
            )
        return response
