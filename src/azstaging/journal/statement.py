"""The statement of a pack: who vouches for this head and these files. In-toto v1, in DSSE.

The subjects are the journal's head and every file of the pack, the manifest too. The envelope is
an entry of the pack and is not in the manifest. See
https://github.com/in-toto/attestation/tree/main/spec/v1.
"""

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from azstaging import __version__
from azstaging.errors import JournalError, PlanRefusedError
from azstaging.journal import signing
from azstaging.rules.canonical import parse_unique

ENTRY = "statement.dsse.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE = "https://github.com/azstaging/azstaging/evidence-pack/v1"
_TYPE = "https://in-toto.io/Statement/v1"
_HEAD = "journal head"


def statement(manifest: Mapping[str, Any], manifest_bytes: bytes) -> dict[str, Any]:
    """Return the statement about a pack with this manifest."""
    subject = [
        _subject(_HEAD, manifest["head"]),
        _subject("manifest.json", sha256(manifest_bytes).hexdigest()),
        *(_subject(file["name"], file["sha256"]) for file in manifest["files"]),
    ]
    predicate = {
        "journal_id": manifest["journal_id"],
        "count": manifest["count"],
        "head": manifest["head"],
        "tool": {"name": "azstaging", "version": __version__},
    }
    return {
        "_type": _TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }


def _subject(name: str, digest: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": digest}}


def seal(manifest: Mapping[str, Any], manifest_bytes: bytes, key: Path | str) -> bytes:
    """Return the envelope of a pack's statement.

    Raises:
        ConfigurationError: the extra is missing, or the key cannot be read or does not sign.
    """
    said = statement(manifest, manifest_bytes)
    return signing.sign(said, payload_type=PAYLOAD_TYPE, key=key)


def check(
    envelope: bytes, manifest: Mapping[str, Any], manifest_bytes: bytes, key: bytes | None
) -> None:
    """Check that an envelope speaks of this pack, and with a public key, who signed it.

    Raises:
        JournalError: it does not; ``broken`` is True.
        ConfigurationError: the extra is missing, or the key cannot be read.
    """
    if key is None:
        said = _unproven(envelope)
    else:
        try:
            said, _ = signing.verify(
                envelope,
                payload_type=PAYLOAD_TYPE,
                keys=[key],
                what="statement",
                signers="owner of the given key",
            )
        except PlanRefusedError as error:
            raise JournalError(f"The pack does not verify: {error}", broken=True) from error
    if _without_tool(said) != _without_tool(statement(manifest, manifest_bytes)):
        raise JournalError(
            "The pack does not verify: what was signed is not what it holds.", broken=True
        )


def _unproven(envelope: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(envelope)
        said = parse_unique(base64.b64decode(whole["payload"], validate=True))
        kind = whole["payloadType"]
    except (ValueError, TypeError, KeyError, RecursionError):
        said, kind = None, ""
    if kind != PAYLOAD_TYPE or not isinstance(said, dict):
        raise JournalError("The pack does not verify: its statement cannot be read.", broken=True)
    return said


def _without_tool(said: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the version of the program that signed; another one verifies as well."""
    predicate = said.get("predicate")
    kept = {k: v for k, v in predicate.items() if k != "tool"} if isinstance(predicate, dict) else 0
    return {**said, "predicate": kept}
