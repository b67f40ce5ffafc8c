"""Which proxy and which certificate authorities a request to a URL meets, as requests sees them."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    get_environ_proxies,
    prepend_scheme_if_needed,
    select_proxy,
)
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

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


def require_proxy(url: str) -> None:
    """Refuse a proxy of a URL that no connection could be made with.

    Raises:
        ConfigurationError: the variable that names it holds no URL; nothing was sent.
    """
    proxy = _proxy_in_effect(url)
    if not proxy or _is_proxy(proxy):
        return
    name = _variable_of(proxy, url) or "The proxy of the system's settings"
    raise ConfigurationError(
        f"{name} cannot be read as the URL of a proxy; nothing was sent. It is not shown here, "
        "because it may hold a password.",
        advice="Write it as http://host:port or http://user:password@host:port, with signs such "
        "as # / ? @ of a password percent-encoded (# is %23), or unset it.",
    )


def proxy_of(url: str) -> str:
    """Return the proxy of a URL, without user and password; "" where there is none.

    It comes from the environment in either case of letters, or from the system's settings.
    Loopback is always asked directly.
    """
    proxy = _proxy_in_effect(url)
    return shown_proxy(proxy) if proxy else ""


def _proxy_in_effect(url: str) -> str:
    if is_loopback_origin(url):
        return ""
    return select_proxy(url, get_environ_proxies(url)) or ""


def _variable_of(proxy: str, url: str) -> str:
    """Return the variable that names the proxy of a URL, or ""."""
    names = (f"{urlsplit(url).scheme}_proxy", "all_proxy")
    told = (name for each in names for name in os.environ if name.casefold() == each)
    return next((name for name in told if os.environ[name] == proxy), "")


def _is_proxy(value: str) -> bool:
    """Tell whether a connection could take it for a proxy, its login where a login stands."""
    try:
        whole = prepend_scheme_if_needed(value, "http")  # type: ignore[no-untyped-call]
        parts = parse_url(whole)
    except (HTTPError, TypeError, ValueError):
        return False
    known = parts.scheme in {"http", "https"} or (parts.scheme or "").startswith("socks")
    # An unencoded / or # ends the host, so a name of a user would be taken for it.
    cut_short = any("@" in (each or "") for each in (parts.path, parts.query, parts.fragment))
    return bool(known and parts.host and not cut_short)


def authorities_of(url: str) -> str:
    """Return which certificate authorities are trusted for a URL."""
    if urlsplit(url).scheme == "http":
        return "none needed: plain HTTP to this machine"
    return os.environ.get(ca_variable()) or DEFAULT_CA_BUNDLE_PATH


def shown_proxy(value: str) -> str:
    """Return a proxy fit to be shown: of what is no URL of one, any part may be a password."""
    return without_login(value) if _is_proxy(value) else "no URL of a proxy"


def without_login(url: str) -> str:
    """Drop user and password of a proxy's URL."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url.rpartition("@")[2]
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
