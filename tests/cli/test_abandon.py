"""Abandon and the plan's sheet, from the command line."""

import json

import pytest


def test_a_machine_is_given_up_from_end_to_end(world):
    item = world.let_replicate()
    made = world("abandon", "--item", item, "--reason", "CHG-7 | descoped", "--out", "a.json")
    assert made.code == 0, made.stderr
    assert "It cannot be undone." in made.stderr
    assert "If it is wrong:" in made.stderr
    sheet = (world.folder / "a.md").read_text("utf-8")
    assert "# Abandon plan" in sheet
    assert "Reason: CHG-7 \\| descoped" in sheet
    assert json.loads((world.folder / "a.json").read_text())["digest"] in sheet
    unapproved = world("abandon", "a.json", "--execute", who="releaser")
    assert unapproved.code == 5
    assert world("approve", "a.json", "--comment", "CHG-7", who="approver").code == 0
    dry = world("abandon", "a.json", who="releaser")
    assert dry.code == 0, dry.stderr
    assert "nothing was sent" in dry.stderr
    wrong = world("release", "a.json", "--execute", who="releaser")
    assert wrong.code == 5
    assert "made to abandon" in wrong.stderr
    assert not [r for r in world.azure.requests if r.method != "GET"]
    done = world("abandon", "a.json", "--execute", who="releaser")
    assert done.code == 0, done.stderr
    assert len([r for r in world.azure.requests if r.method != "GET"]) == 1
    status = world("status")
    assert "1 abandoned" in status.stderr
    again = world("abandon", "a.json", "--execute", who="releaser")
    assert again.code == 0, again.stderr
    assert "Everything in this plan is given up; nothing was sent." in again.stderr
    assert "released" not in again.stderr


def test_a_migrated_machine_is_refused_in_so_many_words(world):
    key = world.azure.state.estate.machines[0].key
    item = world.azure.state.item_id(key)
    refused = world("abandon", "--item", item, "--reason", "x", "--out", "a.json")
    assert refused.code == 1
    assert "only a machine that was not migrated is abandoned" in refused.stderr
    assert "run azstaging plan and release it" in refused.stderr
    assert "a.json" not in world.listing()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--item", "x"),
        ("--execute",),
        ("--item", "x", "--reason", "y", "--out", "a.json", "--execute"),
        ("a.json", "--item", "x"),
    ],
)
def test_half_a_command_is_a_usage_error(desk, arguments):
    assert desk("abandon", *arguments).code == 2


def test_a_glob_that_names_several_abandons_none(world):
    refused = world("abandon", "--item", "*", "--reason", "x", "--out", "a.json")
    assert refused.code == 1
    assert "5 items" in refused.stderr


def test_a_plan_comes_with_its_sheet(world):
    plan = world.make_plan()
    sheet = plan.with_suffix(".md").read_text("utf-8")
    document = json.loads(plan.read_text())
    assert "# Release plan" in sheet
    assert "5 items of 1 workload would be released, 100 % of the 5 items of the wave." in sheet
    assert "the days of free replication are not known" in sheet
    sizes = [item["seed_bytes"] for item in document["items"]]
    assert all(sizes)
    gib = -(-sum(sizes) // 2**30)
    assert f"If it is wrong: {gib:,} GiB to copy from the sources again" in sheet
    for item in document["items"]:
        assert item["name"] in sheet
        assert f"`{item['request']['method']} {item['request']['url']}`" in sheet
