"""Ids compare without case, are shown as they came, and are read or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId, parse_id

SEGMENT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), blacklist_characters="/"),
    min_size=1,
    max_size=12,
)
PATHS = st.lists(SEGMENT, min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts))


@given(path=PATHS, other=PATHS)
def test_ids_compare_without_case(path: str, other: str) -> None:
    first = ResourceId(path)
    assert str(first) == path
    for spelling in (path.casefold(), f"{path}/", f" {path}//\n"):
        assert ResourceId(spelling) == first
        assert hash(ResourceId(spelling)) == hash(first)
    assert (first == ResourceId(other)) == (path.casefold() == other.casefold())
    assert (first < ResourceId(other)) == (path.casefold() < other.casefold())
    below = ResourceId(f"{path}/x")
    assert below.is_under(ResourceId(path.casefold()))
    assert first.is_under(first)
    assert not first.is_under(below)
    assert not ResourceId(f"{path}x/y").is_under(first)


@pytest.mark.parametrize("text", ["", "/", "//", " ", "a/b", "Microsoft Azure", "https://x/y"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        ResourceId(text)


@pytest.mark.parametrize("value", [None, "", "/", 3, {}, "Microsoft Azure"])
def test_what_is_no_id_is_read_as_none(value: object) -> None:
    assert parse_id(value) is None
