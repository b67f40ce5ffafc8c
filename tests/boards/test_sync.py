"""The backlog end to end: real client, real sockets, the emulator's Boards."""

from collections.abc import Callable
from typing import Any

import pytest

from azstaging.emulator.boards import BoardsFault
from azstaging.errors import ConfigurationError
from azstaging.model.backlog import ActionKind, BacklogSettings, Choice

Make = Callable[..., Any]
WORKLOADS = {"payroll": ("sql", "web"), "intranet": ("web", "cms")}
PHASES = {"sql": "staged", "web": "replicating", "cms": "released"}


@pytest.fixture
def estate(inventory: Make) -> Any:
    return inventory(PHASES, WORKLOADS)


@pytest.mark.parametrize(
    ("process", "workload_type", "proposed", "working", "done"),
    [
        ("Scrum", "Product Backlog Item", "To Do", "In Progress", "Done"),
        ("Agile", "User Story", "New", "Active", "Closed"),
        ("Basic", "Issue", "To Do", "Doing", "Done"),
        ("CMMI", "Requirement", "Proposed", "Active", "Closed"),
    ],
)
def test_every_process_gets_its_own_states(
    make_world: Make,
    estate: Any,
    process: str,
    workload_type: str,
    proposed: str,
    working: str,
    done: str,
) -> None:
    world = make_world(process=process)
    result = world.sync(estate)
    assert (result.gaps, result.conflicts) == ((), ())
    found = world.titles()
    assert {t: i.fields["System.State"] for t, i in found.items() if "stage and" in t} == {
        "cms: stage and release": done,
        "sql: stage and release": working,
        "web: stage and release": proposed,
    }
    workload = found["Workload: payroll"]
    assert workload.fields["System.WorkItemType"] == workload_type
    before = world.revisions()
    again = world.sync(estate)
    assert again.applied == ()
    assert again.count(ActionKind.LEAVE) == len(again) == 5
    assert world.revisions() == before


def test_a_preview_writes_nothing_and_an_apply_does_what_it_said(world: Any, estate: Any) -> None:
    preview = world.sync(estate, apply=False)
    assert preview.count(ActionKind.CREATE) == len(preview) == 5
    assert world.writes() == 0
    assert world.state.items == {}
    validated = [r for r in world.state.requests if r.query.get("validateOnly")]
    assert len(validated) == 2, "one call per type"
    result = world.sync(estate)
    assert sum(a.what == "created" for a in result.applied) == 5
    assert {(row["action"], row["work_item_id"]) for row in preview.rows()} == {("create", None)}
    assert sorted(row["work_item_id"] for row in result.rows()) == [1, 2, 3, 4, 5]


def test_children_hang_under_their_workload_and_link_to_the_resource(
    world: Any, estate: Any, arm_id: Make
) -> None:
    world.sync(estate)
    found = world.titles()
    web = found["web: stage and release"]
    by_rel: dict[str, list[str]] = {}
    for relation in web.relations:
        by_rel.setdefault(relation["rel"], []).append(relation["url"])
    parent = by_rel["System.LinkTypes.Hierarchy-Reverse"]
    assert parent[0].endswith(f"/{found['Workload: intranet'].id}")
    related = by_rel["System.LinkTypes.Related"]
    assert related[0].endswith(f"/{found['Workload: payroll'].id}"), "shared by two workloads"
    assert by_rel["Hyperlink"] == [f"https://portal.azure.com/#resource{arm_id('web')}"]


def test_a_configured_custom_state_is_used(make_world: Make, inventory: Make) -> None:
    world = make_world(custom_states={"Task": [("Staged", "InProgress")]})
    settings = BacklogSettings(states={"staged": "Staged"})
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate, settings=settings)
    found = world.titles()
    assert found["sql: stage and release"].fields["System.State"] == "Staged"
    workload = found["Workload: payroll"].fields["System.State"]
    assert workload == "Committed", "its type has no such state: the category decides"
    assert world.sync(estate, settings=settings).applied == ()


def test_a_person_may_move_within_the_category(make_world: Make, inventory: Make) -> None:
    world = make_world()
    estate = inventory({"sql": "replicating"}, {"payroll": ("sql",)})
    world.sync(estate)
    workload = world.titles()["Workload: payroll"]
    world.state.edit(workload.id, System_State="Approved")
    again = world.sync(estate)
    assert (again.applied, again.conflicts) == ((), ())
    assert workload.fields["System.State"] == "Approved"


def test_a_new_phase_moves_the_state_and_keeps_what_people_wrote(
    world: Any, inventory: Make
) -> None:
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}))
    item = world.titles()["sql: stage and release"]
    theirs = "<p>Ask the <b>DBA</b> first &amp; wait.</p>"
    world.state.edit(
        item.id,
        System_Description=theirs + item.fields["System.Description"] + "<p>below</p>",
        System_Tags=item.fields["System.Tags"] + "; finance",
        System_AssignedTo="dba@contoso.example",
    )
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}))
    assert result.conflicts == ()
    fields = item.fields
    assert fields["System.State"] == "In Progress"
    assert fields["System.Description"].startswith(theirs)
    assert fields["System.Description"].endswith("<p>below</p>")
    assert "<b>Phase</b>: staged" in fields["System.Description"]
    assert "finance" in fields["System.Tags"]
    assert fields["System.AssignedTo"] == "dba@contoso.example"


def test_an_item_closed_by_hand_is_a_conflict_with_who_and_when(
    world: Any, inventory: Make
) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate)
    item = world.titles()["sql: stage and release"]
    world.state.edit(item.id, by="anyone@contoso.example", System_State="Done")
    world.state.edit(item.id, by="else@contoso.example", System_AssignedTo="x")
    before = world.revisions()
    result = world.sync(estate)
    (conflict,) = result.conflicts
    assert (conflict.field, conflict.found, conflict.wanted) == ("state", "Done", "In Progress")
    assert conflict.who == "anyone@contoso.example"
    assert conflict.when is not None
    assert "phase staged" in conflict.evidence
    assert conflict.choice is Choice.LEAVE
    assert world.revisions() == before
    assert item.fields["System.State"] == "Done"


def test_the_three_choices(world: Any, inventory: Make) -> None:
    staged = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(staged)
    item = world.titles()["sql: stage and release"]
    world.state.edit(item.id, System_State="Done")
    accept = BacklogSettings(choices={f"{item.id}@{item.rev}": Choice.ACCEPT})
    world.sync(staged, settings=accept)
    assert item.fields["System.State"] == "Done"
    agreed = world.sync(staged)
    assert (agreed.conflicts, agreed.applied) == ((), ()), "what was accepted stands"
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}))
    assert item.fields["System.State"] == "To Do", "until the evidence says something new"
    world.state.edit(item.id, System_State="Removed")
    restore = BacklogSettings(choices={f"{item.id}@{item.rev}": Choice.RESTORE})
    world.sync(staged, settings=restore)
    assert item.fields["System.State"] == "In Progress"


@pytest.mark.parametrize("field", ["title", "tags", "block"])
def test_an_edit_in_what_we_own_is_left_alone(world: Any, inventory: Make, field: str) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate)
    item = world.titles()["sql: stage and release"]
    text = item.fields["System.Description"]
    edits = {
        "title": {"System_Title": "Our database"},
        "tags": {"System_Tags": item.fields["System.Tags"] + "; azst-mine"},
        "block": {"System_Description": text.replace("staged", "staged, really")},
    }
    world.state.edit(item.id, **edits[field])
    before = dict(item.fields)
    result = world.sync(estate)
    assert [c.field for c in result.conflicts] == [field]
    assert item.fields == before


def test_an_editor_that_rewraps_our_block_is_no_conflict(world: Any, inventory: Make) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate)
    item = world.titles()["sql: stage and release"]
    text = item.fields["System.Description"].replace("<br>", "</div>\n<div>").replace(" ", "&nbsp;")
    world.state.edit(
        item.id, System_Description=text.replace("azstaging:end&nbsp;", "azstaging:end ")
    )
    result = world.sync(estate)
    assert (result.conflicts, result.applied) == ((), ())


def test_another_edit_between_read_and_write_is_read_again_and_kept(
    world: Any, inventory: Make
) -> None:
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}))
    item = world.titles()["sql: stage and release"]
    pending = ["first", "second"]

    def interfere(request: Any) -> None:
        path = f"/workitems/{item.id}"
        if request.is_write and request.path.casefold().endswith(path) and pending:
            world.state.edit(item.id, System_AssignedTo=pending.pop(0))

    world.state.on_request = interfere
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}))
    assert result.gaps == ()
    assert item.fields["System.AssignedTo"] == "second"
    assert item.fields["System.State"] == "In Progress"


def test_an_item_that_never_rests_is_given_up_and_said(world: Any, inventory: Make) -> None:
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}))
    item = world.titles()["sql: stage and release"]
    count = iter(range(1000))

    def interfere(request: Any) -> None:
        if request.is_write and request.path.casefold().endswith(f"/{item.id}"):
            world.state.edit(item.id, System_AssignedTo=f"person {next(count)}")

    world.state.on_request = interfere
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}))
    assert [gap.reason for gap in result.gaps] == ["changed-meanwhile"]
    assert item.fields["System.State"] == "To Do"


def test_a_person_who_closes_it_between_read_and_write_wins(world: Any, inventory: Make) -> None:
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}))
    item = world.titles()["sql: stage and release"]
    once = [True]

    def interfere(request: Any) -> None:
        if once and request.is_write and request.path.casefold().endswith(f"/{item.id}"):
            once.clear()
            world.state.edit(item.id, by="anyone@contoso.example", System_State="Removed")

    world.state.on_request = interfere
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}))
    assert item.fields["System.State"] == "Removed"
    assert [(c.field, c.who) for c in result.conflicts] == [("state", "anyone@contoso.example")]


@pytest.mark.parametrize("choice", [Choice.ACCEPT, Choice.RESTORE])
def test_a_choice_is_void_once_a_person_edits_while_it_is_written(
    world: Any, inventory: Make, choice: Choice
) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate)
    item = world.titles()["sql: stage and release"]
    world.state.edit(item.id, System_State="Done")
    settings = BacklogSettings(choices={f"{item.id}@{item.rev}": choice})
    once = [True]

    def interfere(request: Any) -> None:
        if once and request.is_write and request.path.casefold().endswith(f"/{item.id}"):
            once.clear()
            world.state.edit(item.id, by="anyone@contoso.example", System_State="Removed")

    world.state.on_request = interfere
    result = world.sync(estate, settings=settings)
    assert once == []
    assert item.fields["System.State"] == "Removed"
    assert [(c.found, c.choice, c.rev) for c in result.conflicts] == [
        ("Removed", Choice.LEAVE, item.rev)
    ]
    assert result.applied == ()


def test_a_choice_without_its_revision_is_refused(world: Any, inventory: Make) -> None:
    for shown in ("1", "1@", "@1", "a" * 12):
        with pytest.raises(ConfigurationError, match="revision"):
            world.sync(
                inventory({"sql": "staged"}, {}),
                settings=BacklogSettings(choices={shown: Choice.RESTORE}),
            )
    assert world.state.requests == []


def test_a_removed_tag_is_found_by_the_noted_id(world: Any, inventory: Make) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    noted = world.sync(estate).ids
    item = world.titles()["sql: stage and release"]
    world.state.edit(item.id, System_Tags="finance")
    result = world.sync(estate, known=noted)
    assert [c.field for c in result.conflicts] == ["tags"]
    assert len(world.state.items) == 2, "no second work item for the same key"
    assert item.fields["System.Tags"] == "finance"


def test_a_deleted_work_item_is_not_made_again_unless_chosen(world: Any, inventory: Make) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    noted = world.sync(estate).ids
    item = world.titles()["sql: stage and release"]
    world.state.delete(item.id)
    result = world.sync(estate, known=noted)
    assert [c.field for c in result.conflicts] == ["work item"]
    assert len(world.titles()) == 1
    restore = BacklogSettings(choices={f"{item.id}@0": Choice.RESTORE})
    again = world.sync(estate, known=noted, settings=restore)
    assert "sql: stage and release" in world.titles()
    assert again.conflicts == ()


def test_a_copied_work_item_is_reported_and_left(world: Any, inventory: Make) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate)
    original = world.titles()["sql: stage and release"]
    copy = [
        {"op": "add", "path": f"/fields/{name}", "value": original.fields[name]}
        for name in ("System.Title", "System.Tags", "System.Description")
    ]
    other = world.state.create("Task", copy, by="anyone@contoso.example")
    result = world.sync(estate)
    assert result.applied == ()
    (conflict,) = result.conflicts
    assert (conflict.field, conflict.work_item_id) == ("key", other.id)
    assert str(original.id) in conflict.found


def test_what_was_not_read_is_left_alone(world: Any, inventory: Make) -> None:
    world.sync(inventory({"sql": "staged", "web": "staged"}, {"payroll": ("sql", "web")}))
    before = world.titles()["web: stage and release"].rev
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}))
    left = [a for a in result if a.wish is None]
    assert [a.kind for a in left] == [ActionKind.LEAVE]
    assert world.titles()["web: stage and release"].rev == before


def test_an_illegal_transition_is_reported_with_the_legal_ones(
    make_world: Make, inventory: Make
) -> None:
    world = make_world(forbidden=frozenset({("Task", "To Do", "In Progress")}))
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}))
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}))
    (gap,) = result.gaps
    assert gap.reason == "illegal-transition"
    assert "To Do to In Progress is refused" in gap.detail
    assert "Done, Removed" in gap.detail
    item = world.titles()["sql: stage and release"]
    assert item.fields["System.State"] == "To Do"
    assert "<b>Phase</b>: staged" in item.fields["System.Description"], "the rest is current"
    before = world.revisions()
    world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}))
    assert world.revisions() == before


def test_revisions_are_capped(world: Any, inventory: Make) -> None:
    world.sync(inventory({"sql": "replicating"}, {"payroll": ("sql",)}))
    settings = BacklogSettings(max_revisions=1)
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}), settings=settings)
    assert {gap.reason for gap in result.gaps} == {"revision-limit"}
    assert result.applied == ()


def test_a_create_whose_answer_is_lost_is_found_by_its_key_not_sent_again(
    world: Any, inventory: Make
) -> None:
    world.state.faults.append(BoardsFault(kind="drop-after", method="POST", path="/$Task"))
    estate = inventory({"sql": "replicating"}, {"payroll": ("sql",)})
    world.state.faults[0].path = "/workitems/$task"
    # The preview's validation is sent first; the fault is for the write.
    world.state.faults[0].times = 0
    seen: list[str] = []

    def arm(request: Any) -> None:
        if request.is_write and "$task" in request.path.casefold():
            seen.append(request.path)
            world.state.faults[0].times = 1

    world.state.on_request = arm
    result = world.sync(estate)
    assert len(seen) == 1, "sent once"
    assert [gap.reason for gap in result.gaps] == ["unknown-effect"]
    assert sum("sql" in title for title in world.titles()) == 1
    assert "sql" in " ".join(world.titles())
    world.state.on_request = None
    world.state.faults.clear()
    assert world.sync(estate).applied == ()


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_a_change_whose_answer_is_lost_is_not_sent_again(
    world: Any, inventory: Make, kind: str
) -> None:
    world.sync(inventory({"sql": "replicating"}, {}))
    moved_on = inventory({"sql": "staged"}, {})
    world.state.requests.clear()
    sent: list[str] = []

    def lose(request: Any) -> None:
        if request.is_write:
            sent.append(request.path)
            world.state.faults[:] = [BoardsFault(kind=kind, method="PATCH")] * (len(sent) == 1)

    world.state.on_request = lose
    result = world.sync(moved_on)
    assert len(sent) == 1
    assert ([gap.reason for gap in result.gaps], result.applied) == (["unknown-effect"], ())
    world.sync(moved_on)
    assert world.titles()["sql: stage and release"].fields["System.State"] == "In Progress"


def test_two_racing_runs_end_with_one_work_item_per_key(world: Any, inventory: Make) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    raced: list[Any] = []

    def race(request: Any) -> None:
        if request.is_write and not raced:
            raced.append(None)
            world.state.on_request = None
            other = world.state.create("Task", _copy_of_first_write(world), by="other run")
            raced.append(other)

    def _copy_of_first_write(world: Any) -> list[Any]:
        body = world.state.requests[-1].body
        return [operation for operation in body if operation["path"].startswith("/fields")]

    world.state.on_request = race
    world.sync(estate)
    keys: dict[str, list[int]] = {}
    for item in world.state.items.values():
        for tag in item.fields.get("System.Tags", "").split("; "):
            if tag.startswith("azst:"):
                keys.setdefault(tag, []).append(item.id)
    assert {len(ids) for ids in keys.values()} == {1}
    assert all(min(ids) == ids[0] for ids in keys.values())
    retired = [i for i in world.state.items.values() if "made twice" in i.fields["System.Title"]]
    assert [i.fields["System.State"] for i in retired] == ["Removed"]


def test_a_racing_duplicate_that_a_person_has_touched_is_left_and_said(
    world: Any, inventory: Make
) -> None:
    estate = inventory({"sql": "replicating"}, {})
    steps: list[int] = []

    def race(request: Any) -> None:
        if request.is_write and not steps:
            steps.append(1)
            fields = [o for o in request.body if o["path"].startswith("/fields")]
            world.state.create("Task", fields, by="other run")
        elif steps == [1] and request.path.endswith("/wiql"):
            steps.append(2)
            world.state.edit(2, System_AssignedTo="dba@contoso.example")

    world.state.on_request = race
    result = world.sync(estate, workers=1)
    assert steps == [1, 2]
    assert [gap.reason for gap in result.gaps] == ["duplicate"]
    assert "could not be retired" in result.gaps[0].detail
    assert world.state.items[2].fields["System.Title"] == "sql: stage and release"


def test_hostile_names_arrive_as_text(world: Any, inventory: Make) -> None:
    names = {
        "a": "=cmd|' /C calc'!A0",
        "b": "Lohn&Gehalt-DB (alt)",
        "c": "<b>web</b><script>alert(1)</script>",
        "d": "@<7d1f5f3c-0000-4000-8000-000000000001> #12 [azstaging:end key=x]",
        "e": "x'; SELECT [System.Id] FROM WorkItems --",
        "f": "\u202etxt.exe\u200b\x07",
    }
    estate = inventory(dict.fromkeys(names, "staged"), {"<i>w</i>": tuple(names)}, names)
    result = world.sync(estate)
    assert result.gaps == ()
    texts = " ".join(i.fields["System.Description"] for i in world.state.items.values())
    assert "<script" not in texts
    assert "<b>web" not in texts
    assert "@&lt;" not in texts, "no mention"
    assert "#12" not in texts, "no work item reference"
    assert "\u202e" not in texts
    assert "<b>web</b><script>alert(1)</script>: stage and release" in world.titles()
    again = world.sync(estate)
    assert (again.conflicts, again.applied) == ((), ())
