"""What a person sees of a conflict in the backlog, and how that person ends it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from azstaging.cli import exit_codes
from azstaging.model.backlog import UNKNOWN_EFFECT, Applied, BoardsResult, Choice, Conflict
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory

Make = Callable[..., Any]
OWNER = "owner@contoso.example"


@pytest.fixture
def world(make_world: Make) -> Any:
    """A backlog that agrees with the evidence, until its owner closes work item 1."""
    world = make_world()
    assert world("boards", "--apply").code == 0
    world.azure.boards.edit(1, by=OWNER, **{"System.State": "Closed"})
    return world


def state_of(world: Any) -> str:
    return str(world.azure.boards.items[1].fields["System.State"])


def shown(world: Any) -> str:
    return f"1@{world.azure.boards.items[1].rev}"


def test_a_conflict_is_told_with_who_when_the_evidence_and_three_choices(world: Any) -> None:
    done = world("boards", "-o", "json")
    assert done.code == 1
    (conflict,) = done.document["conflicts"]
    assert conflict["changed_by"] == OWNER
    assert conflict["changed_at"].endswith("Z")
    assert (conflict["field"], conflict["found"]) == ("state", "Closed")
    assert conflict["choice"] == "leave"
    assert conflict["revision"] == world.azure.boards.items[1].rev
    assert conflict["choices"] == ["leave", "accept", "restore"]
    for part in (
        "Conflict in work item 1@",
        "left alone",
        f"state: Closed, by {OWNER} on 2",
        "the evidence says: ",
        f"--resolve {shown(world)}=leave",
        f"--resolve {shown(world)}=accept",
        f"--resolve {shown(world)}=restore",
    ):
        assert part in done.stderr, part


def test_accept_lets_it_stand_and_restore_writes_what_the_evidence_says(world: Any) -> None:
    assert world("boards", "--apply").code == 1
    assert state_of(world) == "Closed"
    assert world("boards", "--resolve", f"{shown(world)}=restore").code == 0, "a preview"
    assert state_of(world) == "Closed"
    assert world("boards", "--apply", "--resolve", f"{shown(world)}=accept").code == 0
    assert state_of(world) == "Closed"
    again = world("boards", "--apply", "-o", "json")
    assert (again.code, again.document["conflicts"]) == (0, []), "accepted once and for all"
    world.azure.boards.edit(1, by=OWNER, **{"System.Title": "mine"})
    restored = world("boards", "--apply", "--resolve", f"{shown(world)}=restore")
    assert restored.code == 0, restored.stderr
    assert world.azure.boards.items[1].fields["System.Title"] != "mine"


def test_a_choice_about_nothing_is_said(world: Any) -> None:
    done = world("boards", "--apply", "--resolve", "2@1=restore")
    assert "Work item 2 has no conflict" in done.stderr
    assert state_of(world) == "Closed", "a choice is about one work item"


@pytest.mark.parametrize(
    "wrong",
    [
        ("1",),
        ("1=restore",),
        ("1@=restore",),
        ("1@2=overwrite",),
        ("x@1=leave",),
        ("1@2=leave", "--resolve", "1@2=restore"),
    ],
)
def test_a_choice_that_cannot_be_read_is_refused(make_world: Make, wrong: tuple[str, ...]) -> None:
    world = make_world()
    done = world("boards", "--apply", "--resolve", *wrong)
    assert done.code == 2
    assert world.azure.boards.items == {}


def test_a_choice_never_reaches_an_edit_that_came_after_the_preview(world: Any) -> None:
    seen = shown(world)
    world.azure.boards.edit(1, by=OWNER, **{"System.Title": "Hands off until Monday"})
    done = world("boards", "--apply", "--resolve", f"{seen}=restore")
    assert done.code == 1
    fields = world.azure.boards.items[1].fields
    assert (fields["System.State"], fields["System.Title"]) == ("Closed", "Hands off until Monday")
    assert f"Work item 1 was changed after {seen} was shown" in done.stderr
    assert f"--resolve {shown(world)}=restore" in done.stderr


def test_of_two_processes_the_second_is_told_and_writes_nothing(make_world: Make) -> None:
    world = make_world()
    second: list[Any] = []

    def first_write(request: Any) -> None:
        if request.is_write and not second:
            second.append(None)
            before = len(world.azure.boards.requests)
            second[:] = [world.spawn("boards", "--apply"), before]
            second.append(len(world.azure.boards.requests))

    world.azure.boards.on_request = first_write
    assert world.spawn("boards", "--apply").code == 0
    done, before, after = second
    assert done.code == 6, done.stderr
    assert "is in use by" in done.stderr
    assert "nothing was changed" in done.stderr
    assert after == before, "not even a read reached Boards"
    assert world("boards", "--apply").code == 0


NOT_READ = Gap(scope=ResourceId("/x"), reason="refused", detail="", covers_items=False)
LOST = replace(NOT_READ, reason=UNKNOWN_EFFECT)
LEFT = Conflict(
    key="k", work_item_id=1, name="n", field="state", found="a", wanted="b", evidence="e"
)
WRITTEN = Applied(key="k", work_item_id=1, rev=2, what="changed", name="n")


@pytest.mark.parametrize(
    ("code", "gaps", "conflicts", "applied", "unread"),
    [
        (0, (), (), (), ()),
        (0, (), (), (WRITTEN,), ()),
        (1, (), (LEFT,), (), ()),
        (1, (), (LEFT,), (WRITTEN,), ()),
        (0, (), (replace(LEFT, choice=Choice.ACCEPT),), (WRITTEN,), ()),
        (3, (NOT_READ,), (), (), ()),
        (3, (NOT_READ,), (LEFT,), (), ()),
        (3, (), (LEFT,), (), (NOT_READ,)),
        (4, (NOT_READ,), (LEFT,), (WRITTEN,), ()),
        (4, (), (LEFT,), (WRITTEN,), (NOT_READ,)),
        (4, (LOST,), (), (), ()),
        (4, (LOST,), (LEFT,), (), ()),
    ],
)
def test_what_is_unknown_or_half_done_comes_first(
    code: int, gaps: Any, conflicts: Any, applied: Any, unread: Any
) -> None:
    now = datetime(2026, 3, 2, tzinfo=timezone.utc)
    result = BoardsResult(at=now, actions=(), applied=applied, conflicts=conflicts, gaps=gaps)
    assert exit_codes.of_boards(result, Inventory(read_at=now, items=(), gaps=unread)) == code
