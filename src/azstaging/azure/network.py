"""Which proxy and which certificate authorities a request to a URL meets, as requests sees them."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

from azstaging.azure.clouds import is_loopback_origin
from azstaging.errors import ConfigurationError

# The first that is set counts.
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")


def ca_variable(environ: Mapping[str, str] | None = None) -> str:
    """Return the variable that names the authorities to trust, or ""."""
    variables = os.environ if environ is None else environ
    return next((name for name in CA_VARIABLES if variables.get(name)), "")


def trusted_by(
    verify: bool | str | None, url: str, environ: Mapping[str, str] | None = None
) -> bool | str:
    """Return what a connection to a URL trusts.

    That is ``verify`` if given, else what the environment names, else True.

    Raises:
        ConfigurationError: authorities are needed, and those that are named cannot be read;
            nothing was sent.
    """
    variables = os.environ if environ is None else environ
    name = "verify" if verify is not None else ca_variable(variables)
    chosen = verify if verify is not None else variables.get(name) or True
    if isinstance(chosen, str) and urlsplit(url).scheme == "https":
        _require_authorities(name, chosen)
    return chosen


def _require_authorities(name: str, place: str) -> None:
    """Refuse what no connection could be checked with: requests says so as late as it can."""
    try:
        if not Path(place).is_dir():
            ssl.create_default_context(cafile=place)
    except ssl.SSLError as error:
        nothing = "NO_CERTIFICATE" in str(error)
        why = f"which holds {'no certificate in PEM form' if nothing else 'a damaged certificate'}"
    except (OSError, ValueError) as error:
        why = f"which cannot be read ({getattr(error, 'strerror', None) or error})"
    else:
        return
    raise ConfigurationError(
        f"{name} names {place} for the certificate authorities to trust, {why}; nothing was sent.",
        advice=f"Let {name} name a PEM file of all authorities to trust"
        + ("." if name == "verify" else ", or unset it."),
    )


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
    return os.environ.get(ca_variable()) or DEFAULT_CA_BUNDLE_PATH


def without_login(url: str) -> str:
    """Drop user and password of a proxy's URL."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url.rpartition("@")[2]
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
