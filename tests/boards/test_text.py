"""Our block, our query and our tags against hostile and odd text."""

import html

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from azstaging.emulator.boards_wiql import parse
from azstaging.model.backlog import Memory
from azstaging.rules.backlog_read import literal, ours_query
from azstaging.rules.backlog_text import (
    FIELDS,
    block_body,
    digest,
    escaped,
    find_block,
    merged_tags,
    plain,
    render_block,
    replace_block,
    text_of,
)

LINES = st.lists(st.tuples(st.text(max_size=20), st.text(max_size=60)), max_size=4)
HOSTILE = [
    "<b>web</b>",
    "@<7d1f5f3c-0000-4000-8000-000000000001>",
    '<a href="#" data-vss-mention="version:2.0,x">@x</a>',
    "#123 !4",
    "[azstaging:begin] x [azstaging:end key=a block=b]",
    "&lt;b&gt; &#64; &amp;",
    "=cmd|' /C calc'!A0",
    "\u202egnp.exe",
]


def memory(key: str = "0123456789ab") -> Memory:
    digests = {name: digest(name) for name in FIELDS}
    return Memory(
        key=key, agreed=digests, wanted=digests, links=(digest("l"),), block="", evidence="e1"
    )


@given(LINES, st.text(max_size=80), st.text(max_size=80))
@example([("Name", text) for text in HOSTILE], "", "")
def test_a_block_is_found_again_among_any_text(
    lines: list[tuple[str, str]], above: str, below: str
) -> None:
    if "[azstaging:" in above + below:
        return
    description = html.escape(above) + render_block(lines, memory()) + html.escape(below)
    found, text = find_block(description)
    assert found is not None
    assert found.key == "0123456789ab"
    assert found.block == text == digest(text_of(block_body(lines)))


@given(st.text(max_size=200))
@example("".join(HOSTILE))
def test_text_is_only_text(text: str) -> None:
    shown = escaped(text)
    bare = shown.replace("<span>", "").replace("</span>", "")
    assert "<" not in bare
    assert ">" not in bare
    assert html.unescape(bare) == plain(text), "exactly the text, to the letter"
    assert "@" not in shown.replace("<span>@</span>", "")
    assert "[azstaging" not in shown


@given(LINES, LINES, st.text(max_size=50), st.text(max_size=50))
def test_replacing_the_block_keeps_all_other_text(
    old: list[tuple[str, str]], new: list[tuple[str, str]], above: str, below: str
) -> None:
    before, after = html.escape(above), html.escape(below)
    first = before + render_block(old, memory()) + after
    block = render_block(new, memory("ba9876543210"))
    assert replace_block(first, block) == before + block + after


def test_without_a_block_it_goes_below_everything() -> None:
    block = render_block([("a", "b")], memory())
    assert replace_block("<p>theirs</p>", block) == f"<p>theirs</p><div>{block}</div>"
    twice = f"{block}<p>between</p>{block}"
    assert find_block(twice) == (None, ""), "two blocks: we do not know which is ours"
    restored = replace_block(twice, block)
    assert "<p>between</p>" in restored
    assert find_block(restored)[0] is not None


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("block=", "blok="),
        lambda text: text.replace("key=0123456789ab", "key="),
        lambda text: text.replace("[azstaging:begin]", ""),
        lambda text: text.replace("[azstaging:end", "[end"),
        lambda text: text.replace("title=", "title=x"),
    ],
)
def test_a_damaged_block_is_not_trusted(damage: object) -> None:
    text = damage(render_block([("a", "b")], memory()))  # type: ignore[operator]
    assert find_block(text)[0] is None


@given(st.text(max_size=60), st.integers(min_value=0, max_value=2**31))
@example("x' OR [System.Id] > 0 OR '' = '", 0)
@example("'", 1)
@example("@project", 1)
def test_a_query_cannot_be_broken_out_of(project: str, after: int) -> None:
    names = {"system.id": "System.Id", "system.teamproject": "System.TeamProject"}
    names["system.tags"] = "System.Tags"
    try:
        text = ours_query(project, after_id=after)
    except ValueError:
        assert any(ord(c) < 32 or ord(c) == 127 for c in project)
        return
    query = parse(text, project="other", names=names)
    tags = {"System.Tags": "azstaging", "System.Id": after + 1}
    assert query.where(tags | {"System.TeamProject": project})
    assert not query.where(tags | {"System.TeamProject": project + "x"})
    assert not query.where({"System.TeamProject": project, "System.Id": after + 1})
    assert not query.where(tags | {"System.TeamProject": project, "System.Id": after})


@pytest.mark.parametrize("field", ["A] = '' OR [System.Id", "a b", "", "A.", "A'"])
def test_a_key_field_is_a_reference_name_or_refused(field: str) -> None:
    if field:
        with pytest.raises(ValueError, match="reference name"):
            ours_query("p", key_field=field)
    assert "[Custom.Key] <> ''" in ours_query("p", key_field="Custom.Key")


def test_a_literal_refuses_what_wiql_cannot_write() -> None:
    assert literal("a'b") == "'a''b'"
    with pytest.raises(ValueError, match="cannot be written"):
        literal("a\nb")


def test_tags_of_people_are_kept() -> None:
    merged = merged_tags(
        ["Finance", "azst-gate-closed"], remove=["AZST-GATE-CLOSED"], add=["azst-gate-open"]
    )
    assert merged == "Finance; azst-gate-open"
