"""Turns what the service answered, or did not answer, into errors of `azstaging.errors`.

For a change the decisive question is answered here: ``Effect.NONE`` only where the service
said no, or where it is certain that nothing left this machine. All else is ``UNKNOWN``.
"""

import json
import math
import re
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from azstaging.azure.calls import Call
from azstaging.azure.redaction import redact
from azstaging.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConflictError,
    Effect,
    NotFoundError,
    ServiceError,
    StagingError,
    ThrottledError,
    UnexpectedResponseError,
    UnreachableError,
)

CERTIFICATE = "CertificateVerifyFailed"

_ACTION = re.compile(r"actions?(?:\(s\))?:? '([A-Za-z0-9./*_-]{3,200})'")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LINKS = ("__cause__", "__context__", "inner_exception", "reason")
_REFUSALS = range(400, 500)
_ERRORS = range(400, 600)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``: seconds or an HTTP date; nonsense and negative values give None.

    A date is compared with the answer's own ``Date``, so a wrong local clock does no harm.
    """
    raw = headers.get("retry-after", "").strip()
    if not raw:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        until, now = _http_date(raw), _http_date(headers.get("date", ""))
        if until is None or now is None:
            return None
        seconds = (until - now).total_seconds()
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def answer_date(headers: Mapping[str, str]) -> datetime | None:
    """Read the ``Date`` header as aware UTC, or None."""
    return _http_date(headers.get("date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if parsed.tzinfo is None:
        return parsed.replace(tzinfo=timezone.utc)
    return parsed.astimezone(timezone.utc)


def request_id_of(headers: Mapping[str, str]) -> str:
    """Return the service's request id, shortened; it may be a GUID, two, or a resource id."""
    raw = headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id") or ""
    # Nearly always a GUID, in which there is nothing to take out.
    return raw if _GUID.fullmatch(raw) else redact(raw, limit=200)


def no_answer(error: BaseException, call: Call) -> UnreachableError:
    """Describe a request that got no complete answer."""
    certificate = _has_cause(error, ssl.SSLCertVerificationError)
    not_sent = certificate or _has_cause(error, NewConnectionError, ConnectTimeoutError)
    effect = Effect.UNKNOWN if call.is_change and not not_sent else Effect.NONE
    if certificate:
        what = "the server's certificate is not trusted, so nothing was sent"
        advice = "Check the endpoint and the CA bundle (REQUESTS_CA_BUNDLE), then run again."
    elif not_sent:
        what, advice = "no connection could be made, so nothing was sent", None
    elif call.is_change:
        what = "no complete answer came back; whether it was done is not known"
        advice = "Do not send it again: read the item and its jobs to see what became of it."
    else:
        what, advice = "no complete answer came back; nothing was concluded", None
    return UnreachableError(
        f"{call.title}: {what} ({redact(error, limit=300)}).",
        effect=effect,
        advice=advice,
        code=CERTIFICATE if certificate else "",
        resource_id=call.path,
        operation=call.title,
    )


def _has_cause(error: BaseException, *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    pending, seen = [error], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        # azure-core keeps the original in inner_exception, urllib3 in reason, requests in args.
        linked = [getattr(current, name, None) for name in _LINKS]
        pending += [one for one in (*linked, *current.args) if isinstance(one, BaseException)]


def refusal(status: int, headers: Mapping[str, str], body: bytes, call: Call) -> StagingError:
    """Describe an answer that is not a success."""
    code, message = _error_of(body)
    effect = _effect_of(status, call)
    said = f"{status} {code}".strip() + (f": {message}" if message else "")
    text = f"{call.title} was answered {said.rstrip('.')}. {_consequence(call, effect)}"
    details: dict[str, Any] = {
        "effect": effect,
        "status": status,
        "code": code,
        "request_id": request_id_of(headers),
        "resource_id": call.path,
        "operation": call.title,
    }
    if status == HTTPStatus.UNAUTHORIZED:
        return AuthenticationError(text, effect=effect)
    if status == HTTPStatus.FORBIDDEN:
        found = _ACTION.search(message)
        return AccessDeniedError(text, permission=found.group(1) if found else "", **details)
    if status == HTTPStatus.NOT_FOUND:
        gateway = headers.get("x-ms-failure-cause", "").casefold() == "gateway"
        return NotFoundError(text, gateway=gateway, **details)
    if status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
        return ConflictError(text, **details)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = retry_after_seconds(headers) or 0.0
        return ThrottledError(text, retry_after_seconds=wait, **details)
    if status not in _ERRORS:
        return UnexpectedResponseError(text, **details)
    return ServiceError(text, **details)


def _effect_of(status: int, call: Call) -> Effect:
    if not call.is_change:
        return Effect.NONE
    # 408: somebody gave up waiting, and the service may still be at work.
    refused = status in _REFUSALS and status != HTTPStatus.REQUEST_TIMEOUT
    return Effect.NONE if refused else Effect.UNKNOWN


def _consequence(call: Call, effect: Effect) -> str:
    if effect is Effect.UNKNOWN:
        return "Whether it was done is not known; it was sent once and is not sent again."
    return "Nothing was changed." if call.is_change else "Nothing was concluded from it."


def _error_of(body: bytes) -> tuple[str, str]:
    """Return code and message of an ARM error body, or "" twice."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(parsed, dict):
        return "", ""
    error = parsed.get("error", parsed)
    if not isinstance(error, dict):
        return "", redact(error, limit=500)
    code, message = error.get("code"), error.get("message")
    return (
        redact(code, limit=100) if isinstance(code, str) else "",
        redact(message, limit=700) if isinstance(message, str) else "",
    )
