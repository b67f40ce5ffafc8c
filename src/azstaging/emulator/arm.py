"""ARM: authentication, authorisation, rate limit, then reads and changes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from azstaging.emulator import answers, changes, reads, waves
from azstaging.emulator.answers import Answer
from azstaging.emulator.estate import Identity
from azstaging.emulator.identities import LOOPBACK, InvalidTokenError, identity_of, may
from azstaging.emulator.paths import Address
from azstaging.emulator.state import State
from azstaging.emulator.throttle import Buckets

_PERMISSIONS = "/providers/microsoft.authorization/permissions"
_KINDS = {"GET": "reads", "DELETE": "deletes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as ARM sees it.

    Attributes:
        origin: scheme and host that the client used; links of answers start with it.
        marks: what the fault script asks for, e.g. ``stale-list`` or ``job-failed``.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    origin: str
    marks: dict[str, Any] = field(default_factory=dict)


class Arm:
    """The Azure Resource Manager of one state."""

    def __init__(
        self,
        state: State,
        *,
        buckets: Buckets | None,
        page_size: int,
        loopback: bool,
        resource_graph: Callable[[State, Identity, bytes], Answer],
    ) -> None:
        self.state = state
        self.buckets = buckets
        self.page_size = page_size
        self.loopback = loopback
        self.resource_graph = resource_graph

    def who(self, headers: dict[str, str]) -> Identity:
        """Return who sends a request.

        Raises:
            InvalidTokenError: no token, or not one of ours.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not token:
            raise InvalidTokenError(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        if token.strip() == "loopback" and self.loopback:
            return LOOPBACK
        return identity_of(self.state.estate, token.strip(), self.state.clock())

    def answer(self, call: Call) -> Answer:
        """Answer one request; takes the lock of the state."""
        with self.state.lock:
            self.state.settle()
            address = Address(call.path)
            try:
                identity = self.who(call.headers)
            except InvalidTokenError as refusal:
                return self._finish(call, address, _unauthorised(refusal), None)
            left, wait = self._take(identity, address, call.method)
            if wait:
                return self._finish(call, address, _too_many(wait), left)
            return self._finish(call, address, self._route(call, address, identity), left)

    def _take(self, identity: Identity, address: Address, method: str) -> tuple[int | None, int]:
        if self.buckets is None:
            return None, 0
        kind = _KINDS.get(method, "writes")
        return self.buckets.take(identity.name, address.subscription, kind)

    def _route(self, call: Call, address: Address, identity: Identity) -> Answer:
        if refusal := _check(call, address, self.state):
            return refusal
        if address.key.endswith("/register") and call.method == "POST":
            self.state.registrations.append(call.path)
            namespace = address.parts[-2]
            return Answer(
                status=200, body={"namespace": namespace, "registrationState": "Registered"}
            )
        if address.key == "/providers/microsoft.resourcegraph/resources" and call.method == "POST":
            return self.resource_graph(self.state, identity, call.body)
        if address.key.endswith(_PERMISSIONS) and call.method == "GET":
            return self._permissions(identity, address)
        action = address.action(call.method)
        if not may(identity, action, address.scope, self.state.estate.denials):
            who = identity.upn or identity.app_id
            return answers.forbidden(who, identity.oid, action, address.scope)
        if call.method == "GET":
            stale = "stale-list" in call.marks
            return reads.read(self.state, address, call, page_size=self.page_size, stale=stale)
        if call.method == "POST" and waves.is_step_action(address):
            return waves.act(self.state.executions, address, call.body)
        return changes.change(self.state, address, call, identity.name)

    def _permissions(self, identity: Identity, address: Address) -> Answer:
        """Say what somebody may do; a denial shows as a ``notActions`` (guessed)."""
        place = address.key.removesuffix(_PERMISSIONS)
        denied = [
            denial.action
            for denial in self.state.estate.denials
            if (not denial.identities or identity.name in denial.identities)
            and f"{place}/".startswith(f"{denial.scope.casefold()}/")
        ]
        row = {"actions": list(identity.actions), "notActions": denied}
        return Answer(status=200, body={"value": [row | {"dataActions": [], "notDataActions": []}]})

    def _finish(self, call: Call, address: Address, answer: Answer, left: int | None) -> Answer:
        kind = _KINDS.get(call.method, "writes")
        request_id = str(uuid.uuid4())
        now = self.state.clock().astimezone(timezone.utc)
        headers = {
            "Cache-Control": "no-cache",
            "x-ms-request-id": _request_id(request_id, address, now),
            "x-ms-correlation-request-id": request_id,
            f"x-ms-ratelimit-remaining-subscription-{kind}": str(1099 if left is None else left),
            "Date": now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            **answer.headers,
        }
        if "microsoft.datareplication" in address.key:
            headers.pop(f"x-ms-ratelimit-remaining-subscription-{kind}")
            remaining = "499" if kind == "reads" else "99"
            headers["x-ms-ratelimit-remaining-subscription-resource-requests"] = remaining
        return Answer(status=answer.status, body=answer.body, headers=headers)


def _request_id(request_id: str, address: Address, now: datetime) -> str:
    """Return the id as Site Recovery writes it: with a US date, or the job's ARM id."""
    if "/replicationjobs/" in address.key:
        return address.path
    if "/microsoft.recoveryservices/vaults/" not in address.key:
        return request_id
    hour = now.hour % 12 or 12
    half = "AM" if now.hour < 12 else "PM"  # noqa: PLR2004 - a clock face
    return f"{request_id} {now.month}/{now.day}/{now.year} {hour}:{now:%M:%S} {half}"


def _check(call: Call, address: Address, state: State) -> Answer | None:
    if not call.query.get("api-version"):
        return answers.error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    subscription = address.subscription
    if subscription and f"/subscriptions/{subscription}".casefold() not in state.entries:
        return answers.error(
            404,
            "SubscriptionNotFound",
            f"The subscription '{subscription}' could not be found.",
        )
    return None


def _unauthorised(refusal: InvalidTokenError) -> Answer:
    challenge = (
        'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", '
        f'error_description="{refusal}"'
    )
    return answers.error(401, refusal.code, str(refusal), WWW_Authenticate=challenge)


def _too_many(wait: int) -> Answer:
    return answers.error(
        429,
        "SubscriptionRequestsThrottled",
        f"Number of requests exceeded the limit. Please try again after {wait} seconds.",
        Retry_After=str(wait),
    )
