"""Bodies are kept as bytes and read as if they were dicts."""

import pickle
from typing import Any

import msgspec
import pytest

from azstaging.model.bodies import Bodies, Body, packed

JSON: dict[str, Any] = {"id": "/a", "properties": {"ä": [1, None, True], "big": 2**40}}


def test_a_body_reads_like_the_object_it_was() -> None:
    body = packed(JSON)
    assert isinstance(body, Body)
    assert body == JSON
    assert dict(body) == JSON
    assert body["properties"]["ä"] == [1, None, True]
    assert (len(body), list(body), "id" in body) == (2, ["id", "properties"], True)
    assert packed(body) is body
    assert pickle.loads(pickle.dumps(body)) == JSON


def test_what_is_taken_out_of_a_body_changes_nothing_in_it() -> None:
    body = packed(JSON)
    body["properties"]["ä"].clear()
    assert body == JSON


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "/a", "n": 1}',
        '{"n": {"id": "/inner"}}',
        '{"id": null}',
        '{"id": 7}',
        '{"id": ""}',
        '{"ID": "/a"}',
        '{"id": "/a", "id": "/b"}',
        '{"id": "/\\u00e4\\n"}',
    ],
)
@pytest.mark.parametrize("small", [False, True])
def test_the_id_is_told_as_the_object_tells_it(text: str, small: bool) -> None:
    body = Body(text.encode())
    if small:
        body.pack()
    whole = msgspec.json.decode(text)
    for _ in range(2):
        assert body.get("id") == whole.get("id")
    assert ("id" in body) is ("id" in whole)
    body.forget()
    assert body.get("id") is None


def test_a_torn_row_has_no_id_either() -> None:
    with pytest.raises(msgspec.DecodeError):
        Body(b'{"id": "/a", "n": [1, 2, }').get("id")


def test_reading_only_gives_the_object_itself() -> None:
    whole = {"id": "/a"}
    body = Body(whole=whole)
    assert body.peek() is whole
    body.pack()
    assert body.peek() == whole


def test_what_is_no_json_stays_as_it_is() -> None:
    odd = {"id": object()}
    assert packed(odd) is odd


def test_bodies_are_a_dict_that_stays_small() -> None:
    held = Bodies()
    for n in range(100):
        held[f"k{n}"] = {"n": n}
    assert [held[f"k{n}"]["n"] for n in range(100)] == list(range(100))
    held["k1"] = {"n": -1}
    assert held["k1"] == {"n": -1}
    assert held.get("k2") == {"n": 2}
    assert held.get("none") is None
    assert isinstance(held.packed("k3"), Body)
    assert held.packed("none") is None
    del held["k1"]
    assert "k1" not in held
    assert len(held) == len(list(held)) == 99
    with pytest.raises(KeyError):
        held["k1"]
