"""The session: every request of azstaging to Azure Resource Manager goes through one.

Reads are paced, repeated while that makes sense, and never give less than the service has.
A change is sent at most once; what is not known afterwards is said to be unknown.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from azure.core.pipeline import Pipeline
from azure.core.rest import HttpRequest

from azstaging.azure import api_versions
from azstaging.azure.bodies import (
    Json,
    decode_object,
    encode_body,
    page_of,
    raw_page_of,
    rows_of,
    unexpected,
)
from azstaging.azure.calls import (
    Answer,
    Call,
    CallKind,
    Change,
    ChangeAnswer,
    Sender,
    Tally,
    encoded_path,
    path_of,
)
from azstaging.azure.changes import run_once
from azstaging.azure.clouds import Cloud
from azstaging.azure.credentials import (
    TokenCredential,
    TokenSource,
    caller_of,
    choose_credential,
    describe_credential,
    principal_of,
)
from azstaging.azure.failures import refusal
from azstaging.azure.hosts import HostPin
from azstaging.azure.network import require_proxy, trusted_by
from azstaging.azure.policies import (
    BodyPolicy,
    CallPolicy,
    HostPinPolicy,
    PacingPolicy,
    Policy,
    ReadRetryPolicy,
    TokenPolicy,
    lower_headers,
)
from azstaging.azure.redaction import redact_http_logs
from azstaging.azure.throttle import Rates, Throttle, TimeBudget
from azstaging.azure.tracing import tracing_policies
from azstaging.azure.transport import SingleSendTransport
from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId
from azstaging.model.plans import Principal

if TYPE_CHECKING:
    from typing_extensions import Self

Query = Mapping[str, str]

# More pages than any list has; a list that never ends must not be read for ever.
MAX_PAGES = 20_000
_OK = 200
_NO_RATES = Rates()


class ArmSession:
    """Reads from Azure Resource Manager, and sends changes at most once. Thread-safe.

    Args:
        credential: any ``TokenCredential``; None chooses one (`choose_credential`).
        cloud: where ARM is.
        deadline: reading of ``monotonic`` at which everything must be over; None for never.
        max_in_flight: most requests at the same time; the connection pool is as large.
        rates: how fast to ask.
        verify: True, or the path of a CA bundle.
        sleep, monotonic, uniform: the waits, the clock and the jitter, for tests and runbooks.
    """

    def __init__(
        self,
        credential: TokenCredential | None,
        cloud: Cloud,
        *,
        deadline: float | None = None,
        max_in_flight: int = 16,
        rates: Rates = _NO_RATES,
        verify: bool | str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        redact_http_logs()
        require_proxy(cloud.arm_endpoint)
        self.cloud = cloud
        self.credential = choose_credential(cloud, credential)
        self._tally = Tally()
        self._pin = HostPin(cloud)
        self._budget = TimeBudget(monotonic=monotonic, sleep=sleep, deadline=deadline)
        self._tokens = TokenSource(self.credential, cloud.scope, authority=cloud.authority)
        throttle = Throttle(rates=rates, max_in_flight=max_in_flight, budget=self._budget)
        self._transport = SingleSendTransport(
            pool_size=max_in_flight,
            loopback=cloud.is_loopback,
            verify=trusted_by(verify, cloud.arm_endpoint),
        )
        self.policies: list[Policy] = [
            CallPolicy(),
            ReadRetryPolicy(
                budget=self._budget, throttle=throttle, tally=self._tally, uniform=uniform
            ),
            HostPinPolicy(cloud),
            TokenPolicy(self._tokens),
            PacingPolicy(throttle=throttle, budget=self._budget, tally=self._tally),
            *tracing_policies(),
            BodyPolicy(monotonic=monotonic),
        ]
        self.pipeline = Pipeline(self._transport, self.policies)

    def close(self) -> None:
        """Close the connections. The session cannot be used afterwards."""
        self._transport.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ArmSession({self.cloud.arm_endpoint}, {describe_credential(self.credential)})"

    def __reduce__(self) -> str:
        raise TypeError("A session is not pickled: a token is inside. Open one per process.")

    @property
    def counts(self) -> dict[str, int]:
        """Requests so far by kind: read, query, write, delete; and repeated, throttled."""
        return self._tally.snapshot()

    @property
    def credential_kind(self) -> str:
        """The kind of the credential that answered, for example ``AzureCliCredential``."""
        return describe_credential(self.credential)

    @property
    def deadline(self) -> float | None:
        """Reading of the session's clock at which everything must be over."""
        return self._budget.deadline

    @deadline.setter
    def deadline(self, value: float | None) -> None:
        self._budget.deadline = value

    def url(self, path: ResourceId | str, api_version: str, query: Query | None = None) -> str:
        """Return the exact URL of a path of ARM, every segment validated and encoded.

        Raises:
            ConfigurationError: a segment is empty, ``.``, ``..``, or would not address itself.
        """
        text = path.text if isinstance(path, ResourceId) else path
        if not text.startswith("/"):
            raise ConfigurationError(
                f"{text!r} is not a path of ARM; no request was built from it."
            )
        pairs = {**(query or {}), "api-version": api_version}
        asked = urlencode(pairs, quote_via=quote, safe="$")
        return f"{self.cloud.arm_endpoint}{encoded_path(text)}?{asked}"

    def get_bytes(
        self,
        path: ResourceId | str,
        api_version: str,
        query: Query | None = None,
        *,
        sender: Sender | None = None,
    ) -> Answer:
        """GET a path and return the answer, status 200, as bytes.

        Raises:
            ServiceError: the service refused, or gave no complete answer.
            AuthenticationError, DeadlineReachedError: as they say.
        """
        return self._read(self.url(path, api_version, query), CallKind.READ, sender=sender)

    def get_json(
        self,
        path: ResourceId | str,
        api_version: str,
        query: Query | None = None,
        *,
        sender: Sender | None = None,
    ) -> Json:
        """GET a path and return the JSON object that the service sent, untouched.

        Raises:
            UnexpectedResponseError: the body is not a JSON object.
            ServiceError: see `get_bytes`.
        """
        answer = self.get_bytes(path, api_version, query, sender=sender)
        return decode_object(answer, str(path))

    def list_pages(
        self,
        path: ResourceId | str,
        api_version: str,
        query: Query | None = None,
        *,
        sender: Sender | None = None,
        raw: bool = False,
    ) -> Iterator[list[Json]]:
        """Yield the pages of a list, in the order of the service. Never less than all of it.

        With ``raw`` rows are the bytes they came in (`azstaging.model.bodies.Body`, read-only).

        Raises:
            UnexpectedResponseError: ``value`` is missing or null, a row is no object, a nextLink
                comes twice or leads away from ARM, or a body is not JSON.
            ServiceError: see `get_bytes`.
        """
        url, seen = self.url(path, api_version, query), set[str]()
        while url:
            seen.add(url)
            answer = self._read(url, CallKind.READ, sender=sender)
            page, rows = (raw_page_of if raw else page_of)(answer, str(path))
            yield rows
            url = self._next(page, answer, str(path))
            if url in seen or len(seen) >= MAX_PAGES:
                raise unexpected("a nextLink that was followed already", "/nextLink", answer, path)

    def list_all(
        self,
        path: ResourceId | str,
        api_version: str,
        query: Query | None = None,
        *,
        sender: Sender | None = None,
        compact: bool = False,
    ) -> list[Json]:
        """Return all rows of a list; a row that moved between pages counts once, as read last.

        With ``compact`` each row is kept as bytes (`azstaging.model.bodies.Body`, read-only): the
        machines of a large subscription are hundreds of megabytes of dicts.

        Raises:
            ServiceError: see `list_pages`.
        """
        rows: dict[str, Json] = {}
        for page in self.list_pages(path, api_version, query, sender=sender, raw=compact):
            for row in page:
                row_id = row.get("id")
                key = row_id.casefold() if isinstance(row_id, str) else ""
                rows[key or f"#{len(rows)}"] = row
        return list(rows.values())

    def post_read(self, path: str, api_version: str, body: Json) -> Json:
        """POST a query that changes nothing (Resource Graph) and return its JSON object.

        Raises:
            ConfigurationError: the path is not known to be a query; it was not sent.
            ServiceError: see `get_bytes`.
        """
        content = encode_body(body)
        answer = self._read(self.url(path, api_version), CallKind.QUERY, content=content)
        return decode_object(answer, path)

    def send_change(
        self,
        method: str,
        path: ResourceId | str,
        *,
        api_version: str,
        action: str = "",
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        client_request_id: str = "",
    ) -> ChangeAnswer:
        """Send one change, once, to exactly this path.

        ``action`` is a segment after the path, such as ``remove``; ``client_request_id`` is what
        the journal knows the request by, a new one if empty.

        Raises:
            ConfigurationError: a segment is unsafe, or the URL would address something else;
                nothing was sent.
            ServiceError: ``effect`` says what is known; UNKNOWN means: read, never send again.
        """
        text = path.text if isinstance(path, ResourceId) else path
        target = f"{text}/{action}" if action else text
        change = self.prepare_change(
            method, self.url(target, api_version, query), body, client_request_id
        )
        request = HttpRequest(method, change.url, content=change.body)
        if change.body is not None:
            request.headers["Content-Type"] = "application/json"
        return self.run_change(
            change, lambda call: self.pipeline.run(request, stream=True, call=call)
        )

    def prepare_change(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        client_request_id: str = "",
    ) -> Change:
        """Fix what one change is, to the letter. It is sent by `run_change`, once."""
        content = None if body is None else encode_body(body)
        return Change(method, url, content, client_request_id or str(uuid.uuid4()))

    def run_change(self, change: Change, send: Callable[[Call], object]) -> ChangeAnswer:
        """Send a prepared change through ``send`` (our pipeline or an official client).

        What the service answered counts, whatever the client makes of it afterwards.

        Raises:
            ServiceError: as for `send_change`.
        """
        return run_once(change, send, pin=self._pin)

    def principal(self) -> Principal | None:
        """Return who we are: ``tid`` and ``oid`` of a token that ARM has just accepted.

        Azure: Subscriptions_List, GET /subscriptions

        Returns:
            None when the token is opaque: such a caller cannot plan, approve or release.

        Raises:
            AuthenticationError, ServiceError: ARM did not accept it, or did not answer.
        """
        url = self.url("/subscriptions", api_versions.SUBSCRIPTIONS)
        call = self._call(CallKind.READ, "GET", url)
        answer = self._run(HttpRequest("GET", url), call, None)
        # A sign-in page of a proxy is a 200 too; only ARM's own list shows that ARM accepted it.
        rows_of(decode_object(answer, call.path), answer, call.path)
        return principal_of(call.token)

    def claimed(self) -> Principal | None:
        """Return who the token says that we are, which nobody has checked: to be shown only.

        Raises:
            AuthenticationError: there is no token.
        """
        return principal_of(self._tokens.token())

    def caller(self) -> str:
        """Return what tells us from other callers, unchecked; see `caller_of`."""
        return caller_of(self._tokens.token())

    def _read(
        self,
        url: str,
        kind: CallKind,
        *,
        content: bytes | None = None,
        sender: Sender | None = None,
    ) -> Answer:
        method = "GET" if kind is CallKind.READ else "POST"
        request = HttpRequest(method, url, content=content)
        if content is not None:
            request.headers["Content-Type"] = "application/json"
        return self._run(request, self._call(kind, method, url), sender)

    @staticmethod
    def _call(kind: CallKind, method: str, url: str) -> Call:
        return Call(
            kind=kind, method=method, path=path_of(url), client_request_id=str(uuid.uuid4())
        )

    def _run(self, request: HttpRequest, call: Call, sender: Sender | None) -> Answer:
        # An official client formats braces in a URL; a nextLink is used verbatim.
        if sender is None or "{" in request.url or "}" in request.url:
            response = self.pipeline.run(request, stream=True, call=call).http_response
        else:
            response = sender(request, stream=True, call=call)
        if response.status_code != _OK or call.answer is None:
            told = lower_headers(response)
            raise refusal(response.status_code, told, response.content, call)
        return call.answer

    def _next(self, page: Json, answer: Answer, path: str) -> str:
        link = page.get("nextLink")
        if link is None or link == "":
            return ""
        if not isinstance(link, str) or not self._pin.allows(link):
            raise unexpected(
                "a nextLink that does not lead to this cloud's ARM; it was not followed and "
                "no token was sent there",
                "/nextLink",
                answer,
                path,
            )
        return link
