"""Which proxy and which certificate authorities a request to a URL meets, as requests sees them."""

import os
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

from azstaging.azure.clouds import is_loopback_origin

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def ca_bundle() -> str:
    """Return the file or folder of authorities that the environment names, or ""."""
    return next((os.environ[name] for name in CA_VARIABLES if os.environ.get(name)), "")


def trusted_by(verify: bool | str | None) -> bool | str:
    """Return what a connection trusts: as given, else what the environment names, else True."""
    return verify if verify is not None else ca_bundle() or True


def proxy_of(url: str) -> str:
    """Return the proxy of a URL, without user and password; "" where there is none.

    It comes from the environment in either case of letters, or from the system's settings.
    Loopback is always asked directly.
    """
    if is_loopback_origin(url):
        return ""
    proxy = select_proxy(url, get_environ_proxies(url))
    return without_login(proxy) if proxy else ""


def authorities_of(url: str) -> str:
    """Return which certificate authorities are trusted for a URL."""
    if urlsplit(url).scheme == "http":
        return "none needed: plain HTTP to this machine"
    return ca_bundle() or DEFAULT_CA_BUNDLE_PATH


def without_login(url: str) -> str:
    """Drop user and password of a proxy's URL."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url.rpartition("@")[2]
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
