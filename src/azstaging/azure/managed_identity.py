"""The managed identity of a runbook, and the trap in what its endpoint may answer.

azure-identity asks the endpoint that ``IDENTITY_ENDPOINT`` and ``IDENTITY_HEADER`` name (Azure
Automation, App Service) or the metadata service of a VM. Some workers were reported to write
``expires_on`` as a date (azure-sdk-for-python issue 19641), which azure-identity 1.27 takes for
a number and fails on. Then, and only then, the endpoint is asked here and the date is read.
Whether any worker still does so is unverified.
"""

import contextlib
import os
import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import import_module
from typing import Any, NamedTuple

from azstaging.azure.credentials import AnyToken, TokenCredential
from azstaging.errors import AuthenticationError

API_VERSION = "2019-08-01"
_TIMEOUT_SECONDS = 30
# Fetched again after so long when the endpoint names no end that can be read.
_CAUTIOUS_SECONDS = 600
_DATES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S")
_OFFSET = re.compile(r"\s*(?:\+00:00|Z)$")


class _Token(NamedTuple):
    token: str
    expires_on: int

    def __repr__(self) -> str:
        return "<token>"


class ManagedIdentity:
    """The system-assigned managed identity, or a user-assigned one by its client id.

    Args:
        client_id: of a user-assigned identity; "" is the system-assigned one.
        environ: where the endpoint is named; the environment when not given.
    """

    def __init__(self, client_id: str = "", *, environ: Mapping[str, str] | None = None) -> None:
        self._client_id = client_id
        self._environ = os.environ if environ is None else environ
        self._official: TokenCredential | None = None

    def get_token(self, *scopes: str, **kwargs: Any) -> AnyToken:
        """Return a token for one scope.

        Raises:
            AuthenticationError: the endpoint gave none; what it said is in the message.
        """
        try:
            return self._ask_azure_identity(*scopes, **kwargs)
        except ValueError:
            # int() of a date, deep inside; nothing else there raises it.
            return self._ask_endpoint(scopes[0].removesuffix("/.default"))

    def _ask_azure_identity(self, *scopes: str, **kwargs: Any) -> AnyToken:
        if self._official is None:
            identity = import_module("azure.identity")
            who = {"client_id": self._client_id} if self._client_id else {}
            self._official = identity.ManagedIdentityCredential(**who)
        return self._official.get_token(*scopes, **kwargs)

    def _ask_endpoint(self, resource: str) -> AnyToken:
        import requests  # noqa: PLC0415 - only on the trap

        parameters = {"api-version": API_VERSION, "resource": resource}
        if self._client_id:
            parameters["client_id"] = self._client_id
        with requests.Session() as session:
            session.trust_env = False  # the header is a secret: no proxy sees it
            answer = session.get(
                self._environ.get("IDENTITY_ENDPOINT", ""),
                params=parameters,
                headers={
                    "X-IDENTITY-HEADER": self._environ.get("IDENTITY_HEADER", ""),
                    "Metadata": "true",
                },
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        body = answer.json() if answer.ok else {}
        if not isinstance(body, dict) or not body.get("access_token"):
            raise AuthenticationError(
                f"The identity endpoint answered {answer.status_code} and gave no token."
            )
        return _Token(str(body["access_token"]), expiry_seconds(body.get("expires_on")))

    def __repr__(self) -> str:
        return f"ManagedIdentity({self._client_id or 'system-assigned'})"

    def __reduce__(self) -> str:
        raise TypeError("A credential is not pickled: a token is inside.")


def expiry_seconds(value: object) -> int:
    """Return when a token ends, in seconds since the epoch, however it was written.

    A number, a numeric text, or a UTC date as reported: ``11/24/2026 4:15:30 PM +00:00``, with a
    24-hour clock, or ISO 8601. What cannot be read counts for ten minutes only.
    """
    text = str(value).strip()
    if text.isdecimal():
        return int(text)
    found = _date(_OFFSET.sub("", text))
    return int(time.time()) + _CAUTIOUS_SECONDS if found is None else int(found.timestamp())


def _date(text: str) -> datetime | None:
    for pattern in _DATES:
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, pattern).replace(tzinfo=timezone.utc)
    with contextlib.suppress(ValueError):
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return None
