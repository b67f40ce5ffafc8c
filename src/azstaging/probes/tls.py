"""TLS: the handshake succeeds; chain, name and dates of the certificate hold."""

import ssl
from datetime import datetime, timezone

from azstaging.model.observations import Answer
from azstaging.model.waves import Endpoint
from azstaging.probes.seen import Limits, Seen
from azstaging.probes.tcp import connect

_PORT = 443


def trusting(limits: Limits) -> ssl.SSLContext:
    """Return a context that verifies chain and name against system roots and ``ca_file``."""
    context = ssl.create_default_context()
    if limits.ca_file:
        context.load_verify_locations(limits.ca_file)
    return context


def expiry(connection: ssl.SSLSocket) -> datetime | None:
    """Return when the peer's certificate expires, aware UTC."""
    until = (connection.getpeercert() or {}).get("notAfter")
    if not isinstance(until, str):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), tz=timezone.utc)


def probe(endpoint: Endpoint, timeout: float, limits: Limits) -> Seen:
    """Connect, shake hands, close.

    Raises:
        OSError, ValueError: no connection, or a certificate that does not hold.
    """
    connection, host = connect(endpoint.address, _PORT, timeout)
    with connection, trusting(limits).wrap_socket(connection, server_hostname=host) as secured:
        until = expiry(secured)
        return Seen(
            answer=Answer.ANSWERED,
            detail=f"{secured.version()}, certificate until {until:%Y-%m-%d}"
            if until
            else f"{secured.version()}",
            addresses=(secured.getpeername()[0],),
            certificate_expires=until,
        )
