"""A process of one's own, end to end: its types, its states, its rules."""

from collections.abc import Callable
from typing import Any

import pytest

from azstaging.errors import ConfigurationError
from azstaging.model.backlog import BacklogSettings

Make = Callable[..., Any]
TYPES = {
    "Application": [
        ("Planned", "Proposed"),
        ("Moving", "InProgress"),
        ("Proving", "Resolved"),
        ("Promoted", "Completed"),
    ],
    "Server": [
        ("Queued", "Proposed"),
        ("Copying", "InProgress"),
        ("In staging", "InProgress"),
        ("Promoted", "Completed"),
        ("Dropped", "Removed"),
    ],
}
SETTINGS = BacklogSettings(
    workload_type="Application",
    item_type="Server",
    states={"staged": "In staging", "mixed": "Resolved", "test-migrated": "copying"},
)
WORKLOADS = {"payroll": ("sql", "web")}


@pytest.fixture
def world(make_world: Make) -> Any:
    return make_world(process="CMMI", custom_types=TYPES)


def states(world: Any) -> dict[str, str]:
    return {title: item.fields["System.State"] for title, item in world.titles().items()}


def test_types_and_states_of_its_own_from_first_sight_to_release(
    world: Any, inventory: Make
) -> None:
    seen = []
    for phases in (
        {"sql": "replicating", "web": "replicating"},
        {"sql": "test-migrated", "web": "replicating"},
        {"sql": "staged", "web": "staged"},
        {"sql": "released", "web": "released"},
    ):
        estate = inventory(phases, WORKLOADS)
        result = world.sync(estate, settings=SETTINGS)
        assert (result.gaps, result.conflicts) == ((), ())
        before = world.revisions()
        assert world.sync(estate, settings=SETTINGS).applied == ()
        assert world.revisions() == before
        found = states(world)
        seen.append((found["Workload: payroll"], found["sql: stage and release"]))
    assert seen == [
        ("Planned", "Queued"),
        ("Proving", "Copying"),
        ("Moving", "In staging"),
        ("Promoted", "Promoted"),
    ]
    kinds = {item.fields["System.WorkItemType"] for item in world.state.items.values()}
    assert kinds == {"Application", "Server"}


def test_a_rule_of_its_own_is_told_with_what_it_allows(make_world: Make, inventory: Make) -> None:
    world = make_world(
        process="CMMI",
        custom_types=TYPES,
        forbidden=frozenset({("Server", "Queued", "Promoted")}),
    )
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}), settings=SETTINGS)
    done = inventory({"sql": "released"}, {"payroll": ("sql",)})
    preview = world.sync(done, settings=SETTINGS, apply=False)
    (gap,) = preview.gaps
    assert gap.reason == "illegal-transition"
    assert "Queued to Promoted is refused" in gap.detail
    assert "allows Copying, Dropped, In staging." in gap.detail
    assert states(world)["sql: stage and release"] == "Queued"


def test_a_state_that_the_process_does_not_have_stops_before_anything_is_written(
    world: Any, inventory: Make
) -> None:
    wrong = BacklogSettings(
        workload_type="Application", item_type="Server", states={"staged": "Active duty"}
    )
    with pytest.raises(ConfigurationError, match=r"Copying.*Nothing was written"):
        world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}), settings=wrong)
    assert world.state.items == {}


@pytest.mark.parametrize("process", ["Agile", "Scrum", "Basic", "CMMI"])
def test_reopened_by_hand_is_a_conflict_in_every_process(
    make_world: Make, inventory: Make, process: str
) -> None:
    world = make_world(process=process)
    released = inventory({"sql": "released"}, {"payroll": ("sql",)})
    world.sync(released)
    item = world.titles()["sql: stage and release"]
    first = world.state.types["Task"][0].name
    world.state.edit(item.id, by="owner@contoso.example", System_State=first)
    before = dict(item.fields)
    (conflict,) = world.sync(released).conflicts
    assert (conflict.field, conflict.found) == ("state", first)
    assert conflict.who == "owner@contoso.example"
    assert "released" in conflict.evidence
    assert item.fields == before


def test_one_validation_per_transition_not_per_item(make_world: Make, inventory: Make) -> None:
    world = make_world(process="CMMI", custom_types=TYPES)
    names = tuple(f"vm-{number}" for number in range(12))
    world.sync(inventory(dict.fromkeys(names, "replicating"), {"w": names}), settings=SETTINGS)
    world.state.requests.clear()
    world.sync(
        inventory(dict.fromkeys(names, "staged"), {"w": names}), settings=SETTINGS, apply=False
    )
    asked = [r for r in world.state.requests if r.query.get("validateOnly")]
    assert len(asked) == 2, "Server: Queued to In staging; Application: Planned to Moving"
    assert world.writes() == 0
