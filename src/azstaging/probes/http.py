"""HTTP and HTTPS: a GET is answered, with what is expected. Redirects are not followed."""

import http.client
import ssl
from http import HTTPStatus

from azstaging.model.observations import Answer
from azstaging.model.waves import Endpoint
from azstaging.probes.seen import Limits, Seen, split
from azstaging.probes.tls import expiry, trusting

_MOST_BYTES = 65_536


def probe(endpoint: Endpoint, timeout: float, limits: Limits) -> Seen:
    """Send one GET and read the start of the answer.

    Raises:
        OSError, ValueError, http.client.HTTPException: no answer, or none in HTTP.
    """
    parts = split(endpoint.address)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError("an http or https URL is needed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = (
        http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout, context=trusting(limits)
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    )
    try:
        connection.connect()
        peer = connection.sock.getpeername()[0]
        until = expiry(connection.sock) if isinstance(connection.sock, ssl.SSLSocket) else None
        connection.request("GET", path, headers={"User-Agent": "azstaging", "Accept": "*/*"})
        response = connection.getresponse()
        body = response.read(_MOST_BYTES)
    finally:
        connection.close()
    wrong = _wrong(endpoint, response.status, body)
    good = not wrong and (endpoint.status is not None or response.status < HTTPStatus.BAD_REQUEST)
    return Seen(
        answer=Answer.ANSWERED if good else Answer.WRONG,
        detail=f"HTTP {response.status}{wrong}",
        addresses=(peer,),
        certificate_expires=until,
    )


def _wrong(endpoint: Endpoint, status: int, body: bytes) -> str:
    """Say what is not as expected, or ""; nothing of the answer is quoted."""
    if endpoint.status not in {None, status}:
        return f", expected {endpoint.status}"
    if endpoint.contains.encode() not in body:
        return " without the expected text"
    return ""
