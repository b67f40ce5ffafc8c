"""DNS: the name has addresses, as this machine's resolver sees it."""

import socket

from azstaging.model.observations import Answer
from azstaging.model.waves import Endpoint
from azstaging.probes.seen import Limits, Seen, split


def probe(endpoint: Endpoint, _timeout: float, _limits: Limits) -> Seen:
    """Resolve the name; the resolver has no deadline of its own, the caller keeps it.

    Raises:
        OSError, ValueError: no address, or no name.
    """
    name = split(endpoint.address).hostname
    if not name:
        raise ValueError("a name is needed")
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    addresses = tuple(sorted({str(entry[4][0]) for entry in found}))
    return Seen(answer=Answer.ANSWERED, detail=", ".join(addresses), addresses=addresses)
