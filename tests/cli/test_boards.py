"""What a person sees of a conflict in the backlog, and how that person ends it."""

from collections.abc import Callable
from typing import Any

import pytest

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


def test_a_conflict_is_told_with_who_when_the_evidence_and_three_choices(world: Any) -> None:
    done = world("boards", "-o", "json")
    assert done.code == 1
    (conflict,) = done.document["conflicts"]
    assert conflict["changed_by"] == OWNER
    assert conflict["changed_at"].endswith("Z")
    assert (conflict["field"], conflict["found"]) == ("state", "Closed")
    assert conflict["choice"] == "leave"
    assert conflict["choices"] == ["leave", "accept", "restore"]
    for part in (
        "Conflict in work item 1",
        "left alone",
        f"state: Closed, by {OWNER} on 2",
        "the evidence says: ",
        "--resolve 1=leave",
        "--resolve 1=accept",
        "--resolve 1=restore",
    ):
        assert part in done.stderr, part


def test_accept_lets_it_stand_and_restore_writes_what_the_evidence_says(world: Any) -> None:
    assert world("boards", "--apply").code == 1
    assert state_of(world) == "Closed"
    assert world("boards", "--resolve", "1=restore").code == 0, "a preview"
    assert state_of(world) == "Closed"
    assert world("boards", "--apply", "--resolve", "1=accept").code == 0
    assert state_of(world) == "Closed"
    again = world("boards", "--apply", "-o", "json")
    assert (again.code, again.document["conflicts"]) == (0, []), "accepted once and for all"
    world.azure.boards.edit(1, by=OWNER, **{"System.Title": "mine"})
    restored = world("boards", "--apply", "--resolve", "1=restore")
    assert restored.code == 0, restored.stderr
    assert world.azure.boards.items[1].fields["System.Title"] != "mine"


def test_a_choice_about_nothing_is_said(world: Any) -> None:
    done = world("boards", "--apply", "--resolve", "2=restore")
    assert "Work item 2 has no conflict" in done.stderr
    assert state_of(world) == "Closed", "a choice is about one work item"


@pytest.mark.parametrize(
    "wrong", [("1",), ("1=overwrite",), ("x=leave",), ("1=leave", "--resolve", "1=restore")]
)
def test_a_choice_that_cannot_be_read_is_refused(make_world: Make, wrong: tuple[str, ...]) -> None:
    world = make_world()
    done = world("boards", "--apply", "--resolve", *wrong)
    assert done.code == 2
    assert world.azure.boards.items == {}
