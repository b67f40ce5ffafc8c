"""Turns the bytes of an answer into JSON objects, or into an error; never into less."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from azstaging.azure.calls import Answer
from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import Body
from azstaging.model.ids import ResourceId

Json = dict[str, Any]

_BOM = b"\xef\xbb\xbf"
_OBJECT = ord("{")


def encode_body(body: Mapping[str, Any]) -> bytes:
    """Return the bytes of a request body, always the same for the same values."""
    return msgspec.json.encode(dict(body), order="sorted")


def decode_object(answer: Answer, path: str) -> Json:
    """Return the JSON object of an answer.

    Raises:
        UnexpectedResponseError: it is torn, no JSON, or no object.
    """
    try:
        parsed = msgspec.json.decode(answer.body.removeprefix(_BOM))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise unexpected("a body that is not complete JSON", "", answer, path) from error
    if not isinstance(parsed, dict):
        raise unexpected("JSON that is not an object", "", answer, path)
    return parsed


def rows_of(page: Json, answer: Answer, path: str, *, name: str = "value") -> list[Json]:
    """Return the rows of one page of a list.

    Raises:
        UnexpectedResponseError: they are missing or null, or one is no object.
    """
    rows = page.get(name)
    if not isinstance(rows, list):
        problem = f"a list without its rows ({name} is missing or null), which is no empty list"
        raise unexpected(problem, f"/{name}", answer, path)
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise unexpected("a row that is not an object", f"/{name}/{index}", answer, path)
    return rows


class _Page(msgspec.Struct, rename="camel"):
    value: list[msgspec.Raw]
    next_link: str | None = None


_PAGES = msgspec.json.Decoder(_Page)


def page_of(answer: Answer, path: str) -> tuple[Json, list[Json]]:
    """Return one page of a list, and its rows.

    Raises:
        UnexpectedResponseError: as `decode_object` and `rows_of`.
    """
    page = decode_object(answer, path)
    return page, rows_of(page, answer, path)


def raw_page_of(answer: Answer, path: str) -> tuple[Json, list[Json]]:
    """Return what a page says beside its rows, and each row as the bytes it came in.

    A page of a hundred rows is a megabyte of dicts; one row at a time is ten kilobytes.

    Raises:
        UnexpectedResponseError: as `page_of`.
    """
    text = answer.body.removeprefix(_BOM)
    try:
        # What is skipped is checked for everything but its encoding.
        _ = text.isascii() or text.decode()
        page = _PAGES.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return page_of(answer, path)
    if not all(memoryview(row)[0] == _OBJECT for row in page.value):
        return page_of(answer, path)
    return {"nextLink": page.next_link}, cast(list[Json], [Body(row) for row in page.value])


def require_id(body: Json, id: ResourceId) -> Json:
    """Return a body unchanged if it is about the resource that was asked for.

    Raises:
        UnexpectedResponseError: it has no id, or another's.
    """
    found = body.get("id")
    if isinstance(found, str) and found.startswith("/") and ResourceId(found) == id:
        return body
    raise UnexpectedResponseError(
        f"GET {id} was answered with "
        f"{'another resource' if isinstance(found, str) else 'something that has no id'}. "
        "Nothing was concluded from it.",
        pointer="/id",
        status=200,
        resource_id=id.text,
        operation=f"GET {id}",
    )


def unexpected(
    problem: str, pointer: str, answer: Answer, path: ResourceId | str
) -> UnexpectedResponseError:
    """Describe an answer that has not the documented shape."""
    return UnexpectedResponseError(
        f"GET {path} was answered with {problem}. Nothing was concluded from it.",
        pointer=pointer,
        status=answer.status,
        request_id=answer.request_id,
        resource_id=str(path),
        operation=f"GET {path}",
    )
