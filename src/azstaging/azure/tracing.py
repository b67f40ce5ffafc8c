"""The client span of each request that leaves, while tracing is on.

azure-core's own policy would put whole URLs into the spans, continuation tokens and signatures
included.
"""

from typing import Any

from azstaging.azure.policies import Policy, Request, Response, call_of, lower_headers
from azstaging.azure.redaction import redact
from azstaging.errors import StagingError
from azstaging.spans import tracer

_ERRORS = 400


def tracing_policies() -> list[Policy]:
    """Return the policy that makes the spans, or nothing while tracing is off."""
    active = tracer()
    return [TracingPolicy(active)] if active is not None else []


class TracingPolicy(Policy):
    """One client span per request that leaves, with the service's request id and no query."""

    def __init__(self, active: Any) -> None:
        self._active = active

    def send(self, request: Request) -> Response:
        """Send inside a span, and hand its context on to the service."""
        call, http = call_of(request), request.http_request
        given = {
            "az.namespace": "azstaging",
            "az.client_request_id": call.client_request_id,
            "http.request.method": http.method,
            "url.full": redact(http.url),
        }
        if call.attempts > 1:
            given["http.request.resend_count"] = str(call.attempts - 1)
        kind = _client_kind()
        with self._active.start_as_current_span(http.method, kind=kind, attributes=given) as it:
            http.headers.update(self._active.get_trace_context())
            try:
                response = self.next.send(request)
            except StagingError as error:
                it.set_attribute("error.type", type(error).__name__)
                self._active.set_span_error_status(it, redact(error, limit=300))
                raise
            status = response.http_response.status_code
            it.set_attribute("http.response.status_code", status)
            request_id = lower_headers(response.http_response).get("x-ms-request-id", "")
            it.set_attribute("az.service_request_id", redact(request_id, limit=200))
            if status >= _ERRORS:
                self._active.set_span_error_status(it, f"HTTP {status}")
            return response


def _client_kind() -> Any:
    from azure.core.tracing import SpanKind  # noqa: PLC0415 - only where spans are made

    return SpanKind.CLIENT
