"""JSON: the canonical form of a report, versioned, with a published schema."""

import hashlib
import inspect
import re
from dataclasses import dataclass, field
from typing import Any

import msgspec

from azstaging.errors import JournalError
from azstaging.model.text import without_surrogates
from azstaging.reports.document import SCHEMA, Document
from azstaging.reports.views import View
from azstaging.reports.walk import map_text

_BEYOND_ASCII = re.compile("[^\x00-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A document with its canonical bytes, made once for all formats.

    Attributes:
        data: ``report.json``.
        digest: SHA-256 of ``data``, hexadecimal: what the other formats point to.
    """

    document: Document
    data: bytes = field(repr=False)
    digest: str


def seal(document: Document) -> Sealed:
    """Return a document with its canonical bytes.

    Text that no UTF-8 can carry is replaced in the document too, so that what is shown is what
    the bytes say, today and when they are read again.
    """
    try:
        data = canonical(document)
    except UnicodeEncodeError:  # a lone surrogate
        document = map_text(document, lambda _, found: without_surrogates(found))
        data = canonical(document)
    return Sealed(document=document, data=data, digest=hashlib.sha256(data).hexdigest())


def unseal(data: bytes) -> Sealed:
    """Return the document that canonical bytes hold.

    Raises:
        JournalError: they hold none, or one of another version.
    """
    try:
        document = msgspec.json.decode(data, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(
            f"The recorded report cannot be read: {error}.",
            advice="Install the version of azstaging that the journal's run.started names.",
        ) from error
    if document.schema != SCHEMA:
        raise JournalError(
            f"The recorded report is {document.schema!r}; this version reads {SCHEMA}.",
            advice="Install the version of azstaging that the journal's run.started names.",
        )
    return Sealed(document=document, data=data, digest=hashlib.sha256(data).hexdigest())


def render(made: Sealed, view: View) -> dict[str, bytes]:
    """Return ``report.json``: keys sorted, no spaces, ASCII only; every view has the same."""
    del view
    return {"report.json": made.data}


def canonical(value: Any) -> bytes:
    """Return canonical JSON of a document or a part of it.

    ASCII only, so that no name can turn the reading direction or move the cursor of whoever
    looks at the file.

    Raises:
        UnicodeEncodeError: a text holds a lone surrogate.
    """
    data = msgspec.json.encode(value, order="sorted")
    if not data.isascii() or b"\x7f" in data:
        data = _BEYOND_ASCII.sub(_escape, data.decode()).encode("ascii")
    return data + b"\n"


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``report.json``, as published in docs/schemas."""
    schema = msgspec.json.schema(Document)
    definitions: dict[str, Any] = schema["$defs"]
    definitions["Document"]["properties"]["schema"] = {"const": SCHEMA}
    for definition in definitions.values():
        definition["description"] = inspect.cleandoc(definition["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:" + SCHEMA.replace("/", ":"),
        "title": "A report of azstaging",
        **schema,
    }
