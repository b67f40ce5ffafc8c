"""Signatures over what leaves the journal's place: DSSE envelopes. Needs the extra ``sign``.

The payload is canonical JSON (RFC 8785), so that anybody can make the same bytes; the envelope is
DSSE (https://github.com/secure-systems-lab/dsse). Keys are PEM files (ECDSA, Ed25519 or RSA), or
lie in a Key Vault (see ``keyvault``). The imports are in the functions, because they cost more
than all the rest of a command.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from azstaging.errors import ConfigurationError, PlanRefusedError
from azstaging.files import read_bytes
from azstaging.journal import keyvault
from azstaging.rules.canonical import parse_unique

_LIMIT = 1_000_000
_EXTRA = "Signatures need the extra: pip install 'azstaging[sign]'."


def sign(payload: Mapping[str, Any], *, payload_type: str, key: Path | str) -> bytes:
    """Return the DSSE envelope of a payload, signed with a private key.

    Args:
        payload: plain values (dicts, lists, texts, whole numbers, booleans, None).
        payload_type: what it is, e.g. ``application/vnd.azstaging.approval+json``.
        key: an unencrypted PEM file, or ``azurekms://VAULT.vault.azure.net/keys/NAME[/VERSION]``.

    Raises:
        ConfigurationError: the extra is missing, or the key cannot be read or does not sign.
    """
    try:
        import rfc8785  # noqa: PLC0415 - see above
        from securesystemslib.dsse import Envelope  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(f"{_EXTRA} ({error.name} is missing)") from error
    signer = keyvault.signer(str(key)) if keyvault.is_uri(key) else _local_signer(Path(key))
    envelope = Envelope(rfc8785.dumps(dict(payload)), payload_type, {})
    keyvault.told(lambda: envelope.sign(signer))
    return json.dumps(envelope.to_dict(), indent=1, sort_keys=True).encode() + b"\n"


def _local_signer(key: Path) -> Any:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - see above
        load_pem_private_key,
    )
    from securesystemslib.signer import CryptoSigner  # noqa: PLC0415

    data = read_bytes(key, what="private key", limit=_LIMIT)
    try:
        return CryptoSigner(load_pem_private_key(data, password=None))
    except Exception as error:
        # What the key says of itself stays out of the message: it may be the key.
        raise ConfigurationError(
            f"{key} is no private key that can sign; an unencrypted PEM file is needed.",
        ) from error


def verify(
    data: bytes,
    *,
    payload_type: str,
    keys: Iterable[bytes],
    what: str = "approval",
    source: str = "",
    signers: str = "approver of the configuration",
) -> tuple[dict[str, Any], bytes]:
    """Return the payload of an envelope that one of these keys signed, and that key.

    Args:
        data: the envelope.
        payload_type: what it must be.
        keys: public keys, PEM.
        what: its kind, for a refusal.
        source: which one it is, such as its file.
        signers: who the keys are of, in the singular.

    Raises:
        ConfigurationError: the extra is missing, or a key cannot be read.
        PlanRefusedError: no envelope, of another type, or signed by none of the keys.
    """
    try:
        from securesystemslib.dsse import Envelope  # noqa: PLC0415 - see above
        from securesystemslib.exceptions import VerificationError  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(f"{_EXTRA} ({error.name} is missing)") from error
    try:
        envelope = Envelope.from_dict(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _refused(f"{source or 'This'} is no signed {what}.", what) from error
    if envelope.payload_type != payload_type:
        raise _refused(
            f"{source or 'This'} is signed, but it is no {what}: {envelope.payload_type!r}.", what
        )
    for pem in keys:
        try:
            envelope.verify([_public(pem)], 1)
        except VerificationError:
            continue
        return _payload(envelope.payload, what), pem
    raise _refused(f"No {signers} signed {source or f'this {what}'}.", what)


def _public(pem: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - see above
        load_pem_public_key,
    )
    from securesystemslib.signer import SSlibKey  # noqa: PLC0415

    try:
        return SSlibKey.from_crypto(load_pem_public_key(pem))
    except Exception as error:
        raise ConfigurationError("A public key is no PEM that can verify.") from error


def _payload(data: bytes, what: str) -> dict[str, Any]:
    try:
        payload = parse_unique(data)
    except ValueError as error:
        raise _refused(f"The signed {what} cannot be read: {error}.", what) from error
    if not isinstance(payload, dict):
        raise _refused(f"The signed {what} is no object.", what)
    return payload


def _refused(message: str, what: str) -> PlanRefusedError:
    return PlanRefusedError(
        message, code="signature", advice=f"Have the {what} signed again by a named approver."
    )
