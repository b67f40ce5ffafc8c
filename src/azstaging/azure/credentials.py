"""Which credential is used, who it is, and the one place where tokens are fetched.

Any ``TokenCredential`` is accepted. Against a loopback ARM no credential chain runs at all.
"""

import base64
import binascii
import json
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from azstaging.azure.clouds import Cloud
from azstaging.azure.network import proxy_of
from azstaging.azure.redaction import redact
from azstaging.errors import AuthenticationError, ConfigurationError
from azstaging.model.plans import Principal

LOOPBACK_TOKEN = "loopback"
TOKEN_VARIABLE = "AZSTAGING_TOKEN"

# Any of these says that no person sits here whose own sign-in should be used.
_UNATTENDED = ("IDENTITY_ENDPOINT", "TF_BUILD", "GITHUB_ACTIONS")
_REFRESH_SECONDS = 300
_MAX_TOKEN_CHARACTERS = 64 * 1024
_JWT_PARTS = 3
_NAME_CLAIMS = ("upn", "preferred_username", "unique_name", "name", "app_displayname", "appid")


class AnyToken(Protocol):
    """What a credential returns: the token and when it ends (seconds since the epoch)."""

    @property
    def token(self) -> str:
        """The token."""
        ...

    @property
    def expires_on(self) -> int:
        """Seconds since the epoch."""
        ...


class TokenCredential(Protocol):
    """The credential of azure-core, as far as it is used here."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AnyToken:
        """Return a token for the scopes."""
        ...


class _Token(NamedTuple):
    token: str
    expires_on: int

    def __repr__(self) -> str:
        return "<token>"


class StaticCredential:
    """One fixed token, for a local Azure. It is never printed."""

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        if not token or not token.isascii() or any(c.isspace() for c in token):
            raise ConfigurationError(
                f"{TOKEN_VARIABLE} holds blanks or characters that no token has; nothing was sent."
            )
        self._token = token

    def get_token(self, *_scopes: str, **_kwargs: Any) -> AnyToken:
        """Return the token; it does not expire."""
        return _Token(self._token, 2**31 - 1)

    def __repr__(self) -> str:
        return "StaticCredential(***)"

    def __reduce__(self) -> str:
        raise TypeError("A credential is not pickled: a token is inside.")


def choose_credential(
    cloud: Cloud,
    credential: TokenCredential | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> TokenCredential:
    """Return the credential to use: the given one, or the one that fits the place.

    Loopback: the token ``AZSTAGING_TOKEN``, else the word ``loopback``. Elsewhere azure-identity:
    ``AZURE_TOKEN_CREDENTIALS`` is honoured; in runbooks and pipelines no developer's sign-in is
    tried.

    Raises:
        AuthenticationError: azure-identity cannot make a credential.
    """
    if credential is not None:
        return credential
    variables = os.environ if environ is None else environ
    if cloud.is_loopback:
        return StaticCredential(variables.get(TOKEN_VARIABLE, "").strip() or LOOPBACK_TOKEN)
    unattended = any(variables.get(name) for name in _UNATTENDED)
    developer = not unattended or bool(variables.get("AZURE_TOKEN_CREDENTIALS"))
    return _identity_chain(cloud.authority, developer=developer)


def _identity_chain(authority: str, *, developer: bool) -> TokenCredential:
    excluded = {} if developer else dict.fromkeys(_DEVELOPER_SWITCHES, True)
    try:
        identity = import_module("azure.identity")
        chain: TokenCredential = identity.DefaultAzureCredential(authority=authority, **excluded)
    except (ImportError, ValueError) as error:
        raise AuthenticationError(
            f"No credential could be made: {redact(error, limit=300)}"
        ) from error
    return chain


_DEVELOPER_SWITCHES = (
    "exclude_shared_token_cache_credential",
    "exclude_visual_studio_code_credential",
    "exclude_cli_credential",
    "exclude_powershell_credential",
    "exclude_developer_cli_credential",
    "exclude_interactive_browser_credential",
    "exclude_broker_credential",
)


def describe_credential(credential: object) -> str:
    """Return the kind of the credential that answered, e.g. ``AzureCliCredential``.

    Of a chain that has not answered yet it is the chain's own kind.
    """
    # azure-identity shows the member that answered in no public way.
    answered = getattr(credential, "_successful_credential", None)
    return type(credential if answered is None else answered).__name__


class TokenSource:
    """Fetches and keeps the access token of one session. Thread-safe; never printed.

    Args:
        credential: gives the tokens.
        scope: what they are asked for.
        authority: host that issues them, to name the proxy before it; "" where none does.
        wall: Unix time, by which tokens end.
    """

    def __init__(
        self,
        credential: TokenCredential,
        scope: str,
        *,
        authority: str = "",
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.credential = credential
        self._scope = scope
        self._authority = authority
        self._wall = wall
        self._lock = threading.Lock()
        self._token = ""
        self._expires_on = 0.0

    def token(self, *, claims: str | None = None) -> str:
        """Return a token that holds for minutes; with ``claims`` always a new one.

        Raises:
            AuthenticationError: the credential gave none.
        """
        with self._lock:
            fresh = self._expires_on - self._wall() > _REFRESH_SECONDS
            if claims is None and self._token and fresh:
                return self._token
            answer = self._fetch(claims)
            self._token, self._expires_on = answer.token, float(answer.expires_on)
            return self._token

    def forget(self, token: str) -> None:
        """Drop a token that the service refused, unless it was replaced meanwhile."""
        with self._lock:
            if token == self._token:
                self._token, self._expires_on = "", 0.0

    def _fetch(self, claims: str | None) -> AnyToken:
        failure: Exception
        try:
            answer = self._ask(claims)
        except Exception as error:  # noqa: BLE001  # any credential may be given, any may fail
            failure = error
        else:
            if 0 < len(answer.token) <= _MAX_TOKEN_CHARACTERS:
                return answer
            failure = TypeError("the credential returned no token")
        kind = describe_credential(self.credential)
        # Raised outside the handler and without the original: it may quote what was sent.
        raise AuthenticationError(
            f"{kind} gave no token for {self._scope}: {_why(failure)}. Nothing was sent to ARM.",
            advice=self._advice(),
        ) from type("CredentialFailure", (Exception,), {})(redact(failure, limit=600))

    def _advice(self) -> str:
        """Return the next step: behind a proxy that is dead, everybody seems not signed in."""
        proxy = proxy_of(f"https://{self._authority}") if self._authority else ""
        sign_in = AuthenticationError.default_advice
        if not proxy:
            return sign_in
        return f"{sign_in} What goes to {self._authority} goes through the proxy {proxy}: is it up?"

    def _ask(self, claims: str | None) -> AnyToken:
        if claims is None:
            return self.credential.get_token(self._scope)
        return self.credential.get_token(self._scope, claims=claims)

    def __repr__(self) -> str:
        return f"TokenSource({describe_credential(self.credential)})"

    def __reduce__(self) -> str:
        raise TypeError("A token source is not pickled: a token is inside.")


def principal_of(token: str) -> Principal | None:
    """Read who a JWT-shaped access token stands for; None for an opaque one.

    The signature is not checked here: only a token that ARM has just accepted counts.
    """
    claims = _claims(token)
    tid, oid = claims.get("tid"), claims.get("oid")
    if not (isinstance(tid, str) and tid and isinstance(oid, str) and oid):
        return None
    names = (claims.get(name) for name in _NAME_CLAIMS)
    name = next((text for text in names if isinstance(text, str) and text), "")
    return Principal(tid=tid, oid=oid, name=redact(name, limit=200))


def caller_of(token: str) -> str:
    """Return what tells the callers of tokens apart: whom a token claims, else its digest.

    An opaque token that was renewed is another caller.
    """
    principal = principal_of(token)
    return principal.key if principal else sha256(token.encode()).hexdigest()


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != _JWT_PARTS or len(token) > _MAX_TOKEN_CHARACTERS:
        return {}
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = json.loads(payload)
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


_TRIED = re.compile(r"^\s+(\w+): (.*)$", re.MULTILINE)


def _why(failure: Exception) -> str:
    """Say why there is no token: of a chain, what was tried, and what a service refused."""
    tried = dict(_TRIED.findall(str(failure)))
    if not tried:
        return redact(failure, limit=600).rstrip(".")
    # All others only say that they are not set up.
    refused = [f"{name}: {why}" for name, why in tried.items() if "AADSTS" in why]
    return redact("; ".join(refused) or f"none of {', '.join(tried)} has one", limit=600)
