"""The host pin: which hosts may see our token, whatever a link of the service says."""

import re
from urllib.parse import urlsplit

from azstaging.azure.calls import Call
from azstaging.azure.clouds import Cloud, origin_of, plain_parts
from azstaging.azure.redaction import redact
from azstaging.errors import UnexpectedResponseError


class HostPin:
    """The hosts that may see our token: ARM's own; for reads its regional ones as well."""

    _REGION = re.compile(r"^[a-z0-9][a-z0-9-]{0,30}$")

    def __init__(self, cloud: Cloud) -> None:
        self._origin = origin_of(urlsplit(cloud.arm_endpoint))
        self._regional = not cloud.is_loopback

    def check(self, url: str, call: Call, *, changes: bool) -> None:
        """Refuse a URL that leads elsewhere.

        Raises:
            UnexpectedResponseError: scheme, host or port is not the cloud's.
        """
        if not self.allows(url, changes=changes):
            host = redact(urlsplit(url).netloc.rpartition("@")[2], limit=100)
            raise UnexpectedResponseError(
                f"{call.title} leads to {host or 'no host'}, which is not this cloud's ARM. "
                "No request and no token was sent there.",
                resource_id=call.path,
                operation=call.title,
            )

    def allows(self, url: str, *, changes: bool = False) -> bool:
        """Tell whether a request to the URL may be sent."""
        parts = plain_parts(url)
        if parts is None:
            return False
        scheme, host, port = origin_of(parts)
        if (scheme, host, port) == self._origin:
            return True
        if changes or not self._regional or (scheme, port) != (self._origin[0], self._origin[2]):
            return False
        region, _, rest = host.partition(".")
        return rest == self._origin[1] and bool(self._REGION.match(region))
