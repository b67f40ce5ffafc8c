"""A slip in the name of a file to write costs nothing: no journal, no configuration."""

import json

import pytest

from azstaging.journal import Journal

WRITERS = {
    "plan": ["plan", "--out"],
    "capture": ["capture", "--out"],
    "snapshot": ["inventory", "--save"],
    "export": ["journal", "export", "--out"],
    "approval": ["approve", "wave.plan.json", "--comment", "CHG-1", "--out"],
}


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "target", ["estate/journal/000000000000.jsonl", "estate/journal/new.jsonl", "azstaging.toml"]
)
def test_neither_the_journal_nor_the_configuration_is_replaced(world, name, target):
    if name == "approval":
        world.make_plan().rename(world.folder / "wave.plan.json")
    else:
        world.collect_evidence()
    before = files(world.folder)
    done = world(*WRITERS[name], target)
    assert done.code == 2, done.stderr
    said = "lies among the files of the journal in" if "journal" in target else "was left alone"
    assert said in done.complaint[0]
    assert files(world.folder).keys() == before.keys()
    assert (
        files(world.folder)[world.folder / "azstaging.toml"]
        == before[world.folder / "azstaging.toml"]
    )
    assert Journal.verify_at(world.folder / "estate").ok


@pytest.mark.parametrize("name", ["plan", "capture", "snapshot", "export"])
def test_a_file_of_the_same_kind_is_replaced_and_another_is_not(world, name):
    world.collect_evidence()
    written = world.folder / ("out.jsonl" if name == "export" else "out.json")
    assert world(*WRITERS[name], written.name).code == 0
    assert world(*WRITERS[name], written.name).code == 0
    (world.folder / "other.json").write_text(json.dumps({"name": "somebody's own"}))
    assert world(*WRITERS[name], "other.json").code == 2
    assert json.loads((world.folder / "other.json").read_text()) == {"name": "somebody's own"}


def test_the_sheet_of_a_plan_replaces_no_page(world):
    world.collect_evidence()
    (world.folder / "README.md").write_text("# Ours\n")
    done = world("plan", "--out", "README.json")
    assert done.code == 2
    assert "README.md is there already and is no plan sheet" in done.complaint[0]
    assert (world.folder / "README.md").read_text() == "# Ours\n"


@pytest.mark.parametrize("verb", [["approve", "--comment", "x"], ["release", "--execute"]])
def test_what_is_no_plan_is_named_and_nothing_was_sent(world, verb):
    (world.folder / "other.json").write_text('{"size": 64.0}')
    done = world(*verb, "other.json")
    assert done.code == 5
    assert done.complaint[0] == "Error: other.json is not a plan; nothing was sent."


def test_a_type_of_record_that_there_is_not_is_no_answer(world):
    world("inventory")
    done = world("journal", "show", "--type", "nope")
    assert done.code == 2
    assert "inventory.read" in done.stderr


def test_what_is_no_estate_is_named(desk):
    (desk.folder / "s.json").write_text('{"workloads": ["x"]}')
    done = desk("emulator", "serve", "--estate", "s.json")
    assert done.code == 2
    assert done.complaint[0].startswith("Error: s.json: The estate file cannot be read: ")
