"""JSON: the canonical form of a report, versioned, with a published schema."""

import hashlib
import inspect
import re
from typing import Any

import msgspec

from azstaging.model.text import without_surrogates
from azstaging.reports.document import SCHEMA, Document
from azstaging.reports.views import View
from azstaging.reports.walk import map_text

_BEYOND_ASCII = re.compile("[^\x00-\x7e]")


def render(document: Document, view: View) -> dict[str, bytes]:
    """Return ``report.json``: keys sorted, no spaces, ASCII only; every view has the same."""
    del view
    return {"report.json": canonical(document)}


def canonical(value: Any) -> bytes:
    """Return canonical JSON of a document or a part of it.

    ASCII only, so that no name can turn the reading direction or move the cursor of whoever
    looks at the file.
    """
    try:
        text = msgspec.json.encode(value, order="sorted").decode()
    except UnicodeEncodeError:  # a lone surrogate, which no UTF-8 can carry
        clean = map_text(value, lambda _, found: without_surrogates(found))
        text = msgspec.json.encode(clean, order="sorted").decode()
    return (_BEYOND_ASCII.sub(_escape, text) + "\n").encode("ascii")


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def digest(document: Document) -> str:
    """Return the SHA-256 of ``report.json``, hexadecimal: what other formats point to."""
    return hashlib.sha256(canonical(document)).hexdigest()


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
