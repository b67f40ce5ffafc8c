"""What no choice may write over: links, Markdown, and what was changed after it was shown."""

from collections.abc import Callable
from typing import Any

import pytest

from azstaging.model.backlog import BacklogSettings, Choice

Make = Callable[..., Any]
PARENT = "System.LinkTypes.Hierarchy-Reverse"


@pytest.fixture
def estate(inventory: Make) -> Any:
    return inventory({"sql": "staged"}, {"payroll": ("sql",)})


@pytest.fixture
def item(world: Any, estate: Any) -> Any:
    world.sync(estate)
    return world.titles()["sql: stage and release"]


def restoring(shown: str) -> BacklogSettings:
    return BacklogSettings(choices={shown: Choice.RESTORE})


def without(item: Any, rel: str) -> list[Any]:
    return [relation for relation in item.relations if relation["rel"] != rel]


@pytest.mark.parametrize("rel", ["Hyperlink", PARENT])
def test_a_link_that_was_removed_after_the_preview_stays_removed(
    world: Any, estate: Any, item: Any, rel: str
) -> None:
    world.state.edit(item.id, System_State="Done")
    (seen,) = world.sync(estate, apply=False).conflicts
    item.relations = without(item, rel)
    assert item.rev == seen.rev, "a change of links makes no revision"
    result = world.sync(estate, settings=restoring(seen.shown))
    assert {conflict.choice for conflict in result.conflicts} == {Choice.LEAVE}
    assert result.applied == ()
    assert without(item, rel) == item.relations
    (now,) = {conflict.shown for conflict in result.conflicts}
    assert now != seen.shown
    assert world.sync(estate, settings=restoring(now)).conflicts
    assert without(item, rel) != item.relations, "chosen about what was shown"
    assert item.fields["System.State"] == "In Progress"
    assert world.sync(estate).applied == ()


def test_a_link_to_another_parent_is_never_moved_back(world: Any, estate: Any, item: Any) -> None:
    title = [{"op": "add", "path": "/fields/System.Title", "value": "our epic"}]
    other = world.state.create("Product Backlog Item", title, by="owner@contoso.example")
    url = next(r["url"] for r in item.relations if r["rel"] == PARENT)
    moved = {"rel": PARENT, "url": f"{url.rpartition('/')[0]}/{other.id}", "attributes": {}}
    item.relations = [*without(item, PARENT), moved]
    (seen,) = world.sync(estate).conflicts
    assert (seen.field, seen.found) == ("parent", f"work item {other.id}")
    (still,) = world.sync(estate, settings=restoring(seen.shown)).conflicts
    assert still.choice is Choice.LEAVE
    assert [r for r in item.relations if r["rel"] == PARENT] == [moved]


class Markdown:
    """A port to a project in which somebody switched all descriptions to Markdown."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def read_work_items(self, ids: Any) -> Any:
        formats = {"multilineFieldsFormat": {"System.Description": "markdown"}}
        return [row | formats for row in self._port.read_work_items(ids)]


def test_markdown_is_left_alone_whatever_is_chosen(world: Any, inventory: Make, item: Any) -> None:
    world.state.edit(item.id, System_State="Done")
    before = world.revisions()
    moved_on = inventory({"sql": "replicating"}, {"payroll": ("sql",)})
    result = world.sync(
        moved_on, port=Markdown(world.port()), settings=restoring(f"{item.id}@{item.rev}")
    )
    assert result.applied == ()
    assert {(conflict.field, conflict.choice) for conflict in result.conflicts} == {
        ("block", Choice.LEAVE)
    }
    assert world.revisions() == before


def test_a_link_that_somebody_added_meanwhile_is_read_again_and_not_doubled(
    world: Any, estate: Any, item: Any
) -> None:
    report = "https://reports.contoso.example/1"
    once = [True]

    def interfere(request: Any) -> None:
        if once and request.is_write and request.path.casefold().endswith(f"/{item.id}"):
            once.clear()
            item.relations.append({"rel": "Hyperlink", "url": report, "attributes": {}})

    world.state.on_request = interfere
    result = world.sync(estate, settings=BacklogSettings(report_url=report))
    assert once == []
    assert result.gaps == ()
    assert [r["url"] for r in item.relations].count(report) == 1
    assert world.sync(estate, settings=BacklogSettings(report_url=report)).applied == ()


def test_the_block_of_another_work_item_is_no_memory_of_this_one(
    world: Any, inventory: Make
) -> None:
    estate = inventory({"sql": "staged", "web": "staged"}, {"payroll": ("sql", "web")})
    world.sync(estate)
    sql, web = (world.titles()[f"{name}: stage and release"] for name in ("sql", "web"))
    world.state.edit(sql.id, System_Description=web.fields["System.Description"])
    before = world.revisions()
    result = world.sync(estate)
    assert [(c.work_item_id, c.field, c.found) for c in result.conflicts] == [
        (sql.id, "block", "the block of another work item")
    ]
    assert (result.applied, world.revisions()) == ((), before)


def test_what_a_person_wrote_into_our_block_is_kept_above_it_once_accepted(
    world: Any, estate: Any, item: Any
) -> None:
    text = item.fields["System.Description"]
    edited = text.replace("<b>Phase</b>", "Ask the DBA first.<br><b>Phase</b>")
    world.state.edit(item.id, System_Description=edited)
    (seen,) = world.sync(estate, apply=False).conflicts
    world.sync(estate, settings=BacklogSettings(choices={seen.shown: Choice.ACCEPT}))
    above, _, block = item.fields["System.Description"].partition("[azstaging:begin]")
    assert "Ask the DBA first." in above
    assert "Ask the DBA first." not in block
    again = world.sync(estate)
    assert (again.conflicts, again.applied) == ((), ())


def test_a_removed_link_stays_removed_once_that_was_accepted(
    world: Any, estate: Any, item: Any
) -> None:
    item.relations = without(item, "Hyperlink")
    (seen,) = world.sync(estate, apply=False).conflicts
    world.sync(estate, settings=BacklogSettings(choices={seen.shown: Choice.ACCEPT}))
    again = world.sync(estate)
    assert (again.conflicts, again.applied) == ((), ())
    assert without(item, "Hyperlink") == item.relations
