"""Keys that never leave a Key Vault sign there. Needs the extra ``keyvault``.

The signer is securesystemslib's: EC keys on P-256, P-384 or P-521, with the environment's own
identity (``DefaultAzureCredential``), which needs the role Key Vault Crypto User. Unverified: no
signature was made by a real vault; the public half verifies like that of a local key.

Azure: Sign, 7.4, https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign.
"""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from azstaging.errors import ConfigurationError

_T = TypeVar("_T")
_SCHEME = "azurekms:"
# securesystemslib asks vaults of the public cloud only.
_URI = re.compile(
    r"azurekms://(?P<vault>[A-Za-z0-9-]{3,24})\.vault\.azure\.net"
    r"/keys/(?P<name>[A-Za-z0-9-]{1,127})(?:/(?P<version>[0-9a-f]{32}))?"
)


def is_uri(key: object) -> bool:
    """Tell whether a key is named by its place in a vault."""
    return str(key).startswith(_SCHEME)


def signer(uri: str) -> Any:
    """Return a signer for the current version of a key.

    Args:
        uri: ``azurekms://VAULT.vault.azure.net/keys/NAME[/VERSION]``.

    Raises:
        ConfigurationError: no such URI, the extra is missing, the key cannot be read or cannot
            sign, or another version than the named one is current.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise ConfigurationError(
            "This is no key of a Key Vault; nothing was signed.",
            advice="Give azurekms://VAULT.vault.azure.net/keys/NAME, or a PEM file.",
        )
    azure = import_module("securesystemslib.signer").AzureSigner
    found, public = told(lambda: azure.import_(match["vault"], match["name"]))
    if match["version"] and not found.endswith(f"/{match['version']}"):
        raise ConfigurationError(
            f"Another version of the key {match['name']} is current than the one that was named; "
            "nothing was signed.",
            advice="Name the key without its version, or make that version current.",
        )
    return told(lambda: azure.from_priv_key_uri(found, public))


def told(act: Callable[[], _T]) -> _T:
    """Run a step of signing; what fails in it is an error without what the key says of itself."""
    try:
        return act()
    except Exception as error:
        kind = type(error).__name__
        if kind == "UnsupportedLibraryError":
            raise ConfigurationError(
                "Keys in a Key Vault need the extra: pip install 'azstaging[keyvault]'.",
            ) from error
        raise ConfigurationError(
            f"The key does not sign ({kind}); nothing was signed.",
            advice="It must be an EC, Ed25519 or RSA key; in a vault an EC key, and the identity "
            "needs the role Key Vault Crypto User.",
        ) from error
