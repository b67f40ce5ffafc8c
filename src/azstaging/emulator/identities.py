"""Who may do what: JWT-shaped tokens, and roles as globs over ARM actions."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from azstaging.emulator.estate import Denial, Estate, Identity
from azstaging.errors import ConfigurationError

AUDIENCE = "https://management.azure.com/"
LIFETIME = timedelta(hours=24)

LOOPBACK = Identity(name="loopback", oid="", upn="loopback")
"""Whoever sends the literal token ``loopback`` over plain HTTP: reads, and has no object id."""


class InvalidTokenError(Exception):
    """The token is not one of ours, or it has expired; ``code`` is what ARM calls that."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _encode(value: dict[str, Any] | bytes) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_token(estate: Estate, name: str, now: datetime) -> str:
    """Return a JWT-shaped token of an identity; its signature signs nothing.

    Raises:
        ConfigurationError: the estate has no such identity.
    """
    for identity in estate.identities:
        if identity.name == name:
            break
    else:
        names = ", ".join(identity.name for identity in estate.identities)
        raise ConfigurationError(f"The estate has no identity {name!r}; it has: {names}.")
    who = {"appid": identity.app_id} if identity.app_id else {"upn": identity.upn}
    issued = int(now.timestamp())
    claims = {
        "aud": AUDIENCE,
        "iss": f"https://sts.windows.net/{estate.tenant_id}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "tid": estate.tenant_id,
        "oid": identity.oid,
        "name": identity.name,
        **who,
    }
    header = {"typ": "JWT", "alg": "RS256", "kid": "azstaging-emulator"}
    return f"{_encode(header)}.{_encode(claims)}.{_encode(b'not a signature')}"


def identity_of(estate: Estate, token: str, now: datetime) -> Identity:
    """Return whose token this is.

    Raises:
        InvalidTokenError: it is malformed, unknown or expired.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        oid, tid, expires = claims["oid"], claims["tid"], int(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise InvalidTokenError(
            "InvalidAuthenticationToken", "The access token is invalid."
        ) from None
    if expires <= now.timestamp():
        raise InvalidTokenError("ExpiredAuthenticationToken", "The access token expiry is over.")
    for identity in estate.identities:
        if (identity.oid, estate.tenant_id) == (oid, tid):
            return identity
    raise InvalidTokenError(
        "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer."
    )


def may(identity: Identity, action: str, scope: str, denials: Sequence[Denial]) -> bool:
    """Tell whether an identity may do an action at a scope; both compare without case."""
    folded, place = action.casefold(), scope.casefold()
    for denial in denials:
        concerned = not denial.identities or identity.name in denial.identities
        at = denial.scope.casefold()
        covered = place == at or place.startswith(at + "/")
        if concerned and covered and fnmatchcase(folded, denial.action.casefold()):
            return False
    return any(fnmatchcase(folded, glob.casefold()) for glob in identity.actions)
