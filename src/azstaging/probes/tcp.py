"""TCP: somebody accepts the connection."""

import socket

from azstaging.model.observations import Answer
from azstaging.model.waves import Endpoint
from azstaging.probes.seen import Limits, Seen, split


def connect(address: str, default_port: int | None, timeout: float) -> tuple[socket.socket, str]:
    """Connect to an endpoint.

    Returns:
        The socket and the host name.

    Raises:
        OSError: no connection.
        ValueError: host or port is missing.
    """
    parts = split(address)
    port = parts.port or default_port
    if not parts.hostname or port is None:
        raise ValueError("host and port are needed")
    return socket.create_connection((parts.hostname, port), timeout=timeout), parts.hostname


def probe(endpoint: Endpoint, timeout: float, _limits: Limits) -> Seen:
    """Connect and close.

    Raises:
        OSError, ValueError: see ``connect``.
    """
    connection, _ = connect(endpoint.address, None, timeout)
    with connection:
        return Seen(
            answer=Answer.ANSWERED, detail="connected", addresses=(connection.getpeername()[0],)
        )
