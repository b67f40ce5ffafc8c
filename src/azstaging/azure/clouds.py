"""The clouds: where ARM listens, for which scope a token is asked, who issues it.

Plain HTTP is accepted for loopback origins only. Nothing else ever goes over plain HTTP.
"""

import ipaddress
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from azstaging.errors import ConfigurationError

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One Azure cloud.

    Attributes:
        arm_endpoint: origin of Azure Resource Manager, without trailing slash.
        scope: what an access token for ARM is asked for. In Azure Government its host is not
            the endpoint's.
        authority: host that issues tokens.
        storage_suffix: of the hosts of its storage accounts, or "" where none is known.
        boards_url: origin of Azure DevOps Services, or "" where there is none.
    """

    name: str
    arm_endpoint: str
    scope: str
    authority: str
    boards_url: str = ""
    storage_suffix: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether ARM is a local one, such as the emulator."""
        return is_loopback_origin(self.arm_endpoint)


PUBLIC = Cloud(
    name="public",
    arm_endpoint="https://management.azure.com",
    scope="https://management.azure.com/.default",
    authority="login.microsoftonline.com",
    storage_suffix="core.windows.net",
    boards_url="https://dev.azure.com",
)
US_GOVERNMENT = Cloud(
    name="usgov",
    arm_endpoint="https://management.usgovcloudapi.net",
    scope="https://management.core.usgovcloudapi.net/.default",
    authority="login.microsoftonline.us",
    storage_suffix="core.usgovcloudapi.net",
)
CHINA = Cloud(
    name="china",
    arm_endpoint="https://management.chinacloudapi.cn",
    scope="https://management.chinacloudapi.cn/.default",
    authority="login.chinacloudapi.cn",
    storage_suffix="core.chinacloudapi.cn",
)
CLOUDS = {cloud.name: cloud for cloud in (PUBLIC, US_GOVERNMENT, CHINA)}


def choose_cloud(
    name: str = "public", *, arm_endpoint: str | None = None, boards_url: str | None = None
) -> Cloud:
    """Return the named cloud, or one with its own endpoints.

    Args:
        name: ``public``, ``usgov`` or ``china``.
        arm_endpoint: origin of another ARM, ``https://host[:port]``; plain HTTP on loopback.
        boards_url: origin of another Azure DevOps, with its path if it has one.

    Raises:
        ConfigurationError: unknown name, or an endpoint that is no origin or not safe.
    """
    if name not in CLOUDS:
        known = ", ".join(CLOUDS)
        raise ConfigurationError(f"{name!r} is not a cloud; known are {known}.")
    cloud = CLOUDS[name]
    if arm_endpoint:
        origin = check_origin(arm_endpoint, setting="arm_endpoint")
        cloud = replace(
            cloud, name="custom", arm_endpoint=origin, scope=f"{origin}/.default", boards_url=""
        )
    if boards_url:
        cloud = replace(cloud, boards_url=check_address(boards_url, setting="boards_url"))
    return cloud


def check_origin(url: str, *, setting: str) -> str:
    """Return ``scheme://host[:port]`` in lower case, without a path.

    Raises:
        ConfigurationError: a path, query or user is in it, or it is plain HTTP off loopback.
    """
    address = check_address(url, setting=setting)
    if urlsplit(address).path:
        raise ConfigurationError(f"{setting} is {url!r}: it has a path; give scheme and host only.")
    return address


def check_address(url: str, *, setting: str) -> str:
    """Return an absolute URL without trailing slash if it is safe to send a token to.

    Raises:
        ConfigurationError: it is no URL, holds a user, query or fragment, or is plain HTTP to
            a host that is not loopback.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"{setting} is {url!r}, which is not a URL.") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ConfigurationError(f"{setting} is {url!r}; expected https://host or a loopback URL.")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(f"{setting} must hold no user, query or fragment.")
    if parts.scheme == "http" and not is_loopback_host(parts.hostname):
        raise ConfigurationError(
            f"{setting} is {url!r}: plain HTTP is accepted for loopback addresses only; "
            "no token was sent."
        )
    suffix = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{_bracketed(parts.hostname)}{suffix}{parts.path.rstrip('/')}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback_host(host: str | None) -> bool:
    """Tell whether a host is ``localhost``, in 127.0.0.0/8, or ``::1``."""
    if not host:
        return False
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_loopback_origin(url: str) -> bool:
    """Tell whether a URL leads to this machine."""
    return is_loopback_host(urlsplit(url).hostname)


def plain_parts(url: str) -> SplitResult | None:
    """Return the parts of a URL; None of one that libraries read differently, or with a login."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return None if "@" in parts.netloc or "\\" in url else parts


def origin_of(parts: SplitResult) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL, the default port filled in; port 0 if invalid."""
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port is None:
        port = _DEFAULT_PORTS.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port
