"""JSON: the canonical form of a report, versioned, with a published schema."""

import hashlib
import inspect
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from azstaging.errors import JournalError
from azstaging.model.text import without_surrogates
from azstaging.reports.document import SCHEMA, Document
from azstaging.reports.views import View
from azstaging.reports.walk import map_text, share_text

_BEYOND_ASCII = re.compile("[^\x00-\x7e]")
_AT_ONCE = 200
_ENCODER = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A document and the digest of its canonical bytes.

    Attributes:
        digest: SHA-256 of ``report.json``, hexadecimal: what the other formats point to.
    """

    document: Document
    digest: str

    @property
    def data(self) -> bytes:
        """``report.json``, made anew each time: it is as large as the document."""
        return canonical(self.document)


def seal(document: Document) -> Sealed:
    """Return a document with its digest.

    Text that no UTF-8 can carry is replaced in the document too, so that what is shown is what
    the bytes say, today and when they are read again.
    """
    try:
        return Sealed(document=document, digest=_digest(document))
    except UnicodeEncodeError:  # a lone surrogate
        document = map_text(document, lambda _, found: without_surrogates(found))
        return Sealed(document=document, digest=_digest(document))


def _digest(document: Document) -> str:
    found = hashlib.sha256()
    for part in _parts(document):
        found.update(part)
    return found.hexdigest()


def unseal(data: bytes) -> Sealed:
    """Return the document that canonical bytes hold.

    Raises:
        JournalError: they hold none, or one of another version.
    """
    try:
        document = msgspec.json.decode(data, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _foreign(str(error)) from error
    if document.schema != SCHEMA:
        raise _foreign(f"it is {document.schema!r}, and this version reads {SCHEMA}")
    known: dict[str, str] = {}
    for part in (document.items, document.findings, document.workloads):
        share_text(part, known)
    return Sealed(document=document, digest=hashlib.sha256(data).hexdigest())


def _foreign(why: str) -> JournalError:
    return JournalError(
        f"The recorded report cannot be read: {why}.",
        advice="Install the version of azstaging that the journal's run.started names.",
    )


def render(made: Sealed, view: View) -> dict[str, bytes]:
    """Return ``report.json``: keys sorted, no spaces, ASCII only; every view has the same."""
    del view
    return {"report.json": made.data}


def canonical(document: Document) -> bytes:
    """Return the canonical JSON of a document: one line.

    ASCII only, so that no name can turn the reading direction or move the cursor of whoever
    looks at the file.

    Raises:
        UnicodeEncodeError: a text holds a lone surrogate.
    """
    out = io.BytesIO()
    out.writelines(_parts(document))
    return out.getvalue()


def _parts(document: Document) -> Iterator[bytes]:
    """Yield canonical JSON piece by piece: in one go it takes three times its size."""
    before = b"{"
    for name in sorted(document.__struct_fields__):
        yield before + _ascii(name) + b":"
        value = getattr(document, name)
        if isinstance(value, list):
            yield from _list_parts(value)
        else:
            yield _ascii(value)
        before = b","
    yield b"}\n"


def _list_parts(values: list[Any]) -> Iterator[bytes]:
    before = b"["
    for start in range(0, len(values), _AT_ONCE):
        yield before + _ascii(values[start : start + _AT_ONCE])[1:-1]
        before = b","
    yield b"]" if values else b"[]"


def _ascii(value: Any) -> bytes:
    data = _ENCODER.encode(value)
    if data.isascii() and b"\x7f" not in data:
        return data
    return _BEYOND_ASCII.sub(_escape, data.decode()).encode("ascii")


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
        "$id": "urn:" + SCHEMA.replace("/", ":schema:", 1).replace("/", ":"),
        "title": SCHEMA,
        "description": "What azstaging report writes as report.json.",
        **schema,
    }
