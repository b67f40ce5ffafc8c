"""Rows that are kept as bytes are the rows that decoding the whole page would give."""

import json
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.azure.bodies import page_of, raw_page_of
from azstaging.azure.calls import Answer
from azstaging.errors import UnexpectedResponseError
from azstaging.model.bodies import Body

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
_ROWS = st.lists(st.dictionaries(st.text(max_size=4), _JSON, max_size=4), max_size=4)


def answer(body: bytes) -> Answer:
    return Answer(status=200, headers={}, body=body)


@given(_ROWS, st.sampled_from([None, "", "https://management.azure.com/next"]), st.booleans())
def test_the_same_rows_and_the_same_link(rows: list[object], link: str | None, ascii: bool) -> None:
    body = json.dumps({"value": rows, "nextLink": link}, ensure_ascii=ascii, indent=1)
    page, found = raw_page_of(answer(body.encode()), "/x")
    whole, expected = page_of(answer(body.encode()), "/x")
    assert [dict(row) for row in found] == expected
    assert page.get("nextLink") == whole.get("nextLink")


@given(st.binary(max_size=40))
def test_what_one_refuses_the_other_refuses(noise: bytes) -> None:
    body = b'{"value":[{"id":"' + noise + b'"}]}'
    try:
        _, expected = page_of(answer(body), "/x")
    except UnexpectedResponseError:
        with pytest.raises(UnexpectedResponseError):
            raw_page_of(answer(body), "/x")
        return
    assert [dict(row) for row in raw_page_of(answer(body), "/x")[1]] == expected


@pytest.mark.parametrize("body", [b'{"value":null}', b"{}", b'{"value":[1]}', b"[]", b'{"value":['])
def test_no_list_is_no_empty_list(body: bytes) -> None:
    with pytest.raises(UnexpectedResponseError):
        raw_page_of(answer(body), "/x")


def test_a_row_keeps_its_bytes_until_it_is_packed() -> None:
    text = msgspec.json.encode({"id": "/a", "text": "x" * 2000})
    ((row,), _) = reversed(raw_page_of(answer(b'{"value":[' + text + b"]}"), "/x"))
    assert isinstance(row, Body)
    assert bytes(row.json or b"") == text
    row.pack()
    assert row.json is None
    assert row.unpack() == json.loads(text)


@pytest.mark.parametrize("letters", [3, 2000])
def test_a_page_is_let_go_when_its_rows_are_packed(letters: int) -> None:
    body = b'{"value":[' + msgspec.json.encode({"id": "/a", "text": "x" * letters}) + b"]}"
    held = sys.getrefcount(body)
    _, rows = raw_page_of(answer(body), "/x")
    assert sys.getrefcount(body) > held
    for row in rows:
        assert isinstance(row, Body)
        row.pack()
    assert sys.getrefcount(body) == held
