"""Who names a machine that was not found is told so; what was not looked at did not pass."""

import json

import pytest

from azstaging.emulator.faults import Fault
from azstaging.journal import Journal
from azstaging.model.records import RecordType


def test_a_machine_that_may_lie_in_a_gap_is_named_and_nothing_passed(estate_desk):
    done = estate_desk("check", "--item", "nothing-there")
    assert done.code == 3
    assert "--item nothing-there is none of the 56 items read." in done.stderr
    assert "Every check passed" not in done.stderr
    assert "Nothing was checked." in done.stderr
    found = estate_desk("inventory", "--item", "SCAN-01", "--item", "nothing-there", "-o", "json")
    assert [each["name"] for each in found.document["items"]] == ["SCAN-01"]
    assert found.stderr.count("--item nothing-there is none of the 56 items read.") == 1


def test_a_selection_says_nothing_of_workloads_that_it_does_not_touch(estate_desk):
    usual = (estate_desk.folder / "azstaging.toml").read_text("utf-8")
    mixed = '[[workload]]\nname = "Mixed"\nitems = ["SCAN-01", "NOBODY-01"]\n'
    (estate_desk.folder / "mixed.toml").write_text(f"{usual}\n{mixed}", "utf-8")
    for select, told in ((["--vault", "vlt-agentless"], True), (["--item", "WIKI-01"], False)):
        said = estate_desk("--config", "mixed.toml", "inventory", *select).stderr
        assert "workload Customer portal: /" not in said
        assert ("workload Mixed: NOBODY-01 matches no item that was read" in said) is told
    assert "workload Customer portal: 4 of its items lie in" in estate_desk("inventory").stderr


def test_a_plan_of_nothing_does_not_blame_the_configuration(estate_desk):
    estate_desk("baseline")
    done = estate_desk("plan", "--item", "nothing-there")
    assert done.code == 1
    assert "No workload is configured" not in done.stderr
    assert "No workload has an item that was selected." in done.stderr
    assert done.stderr.count("--item nothing-there is none of the 56 items read.") == 1


def test_a_machine_that_there_is_not_is_refused_where_everything_was_read(world):
    done = world("check", "--item", "SCAN-01", "--item", "SCAN-1")
    assert done.code == 2
    assert done.complaint[0] == "Error: --item SCAN-1 selects none of the 5 items read."


def test_a_name_that_never_was_is_refused_in_a_comparison_too(world):
    world("inventory", "--save", "saved.json")
    for more in (("--item", "SCAN-1"), ("--vault", "nope")):
        done = world("inventory", "--item", "SCAN-01", *more, "--compare", "saved.json")
        assert done.code == 2, more
        assert "selects none of the 5 items read" in done.complaint[0]


def decided(world):
    """Return workload -> whether its gate was open, as the journal has it last."""
    with Journal.open(world.folder / "estate") as journal:
        kept = [r.data for r in journal.records() if r.type == RecordType.DECISION.value]
    return {each["workload"]: each["open"] for each in kept}


@pytest.mark.parametrize("select", [("--vault", "vlt-agentless"), ("--item", "SCAN-02")])
@pytest.mark.parametrize("verb", [("report", "--out", "r"), ("boards",)])
def test_gates_are_decided_and_told_on_whole_workloads(make_world, verb, select):
    """A part of a workload would open its gate, though the other part is closed."""
    world = make_world("Scanning", "Customer relations", "Build")
    world.configure('[[workload]]\nname = "Both"\nitems = ["SCAN-02", "CRM-APP-01"]')
    world.collect_evidence()
    done = world(*verb, *select, "-o", "json")
    assert decided(world)["Both"] is False
    assert "a workload is told whole" in done.stderr
    if verb[0] == "report":
        report = json.loads((world.folder / "r" / "report.json").read_text("utf-8"))
        told = {each["name"]: each for each in report["workloads"]}
        assert told["Both"]["state"] == "held"
        assert {each["item_name"] for each in told["Both"]["reasons"]} == {"CRM-APP-01"}
        assert not any(
            r["code"] == "not-decided" for each in told.values() for r in each["reasons"]
        )
        assert ("Build" in told) == (select[0] == "--vault")


def test_what_a_selection_says_of_the_backlog_is_what_the_whole_says(make_world):
    world = make_world("Scanning", "Customer relations", "Build")
    world.configure('[[workload]]\nname = "Both"\nitems = ["SCAN-02", "CRM-APP-01"]')
    world.collect_evidence()
    whole = {each["key"]: each for each in world("boards", "-o", "json").document["actions"]}
    for select in (("--vault", "vlt-agents"), ("--workload", "Scanning"), ("--item", "CRM-APP-01")):
        part = world("boards", *select, "-o", "json").document["actions"]
        assert part
        assert all(each == whole[each["key"]] for each in part), select
        assert not any("BUILD" in each["title"] for each in part)


def test_a_workload_of_which_nothing_could_be_read_is_told_as_closed(make_world):
    refused = Fault(match="GET */vlt-agents/replication*", kind="status", status=403, times=0)
    world = make_world("Scanning", "Customer relations", faults=[refused])
    done = world("report", "--out", "r", "--vault", "vlt-agents", "-o", "json")
    assert done.code == 3
    report = json.loads((world.folder / "r" / "report.json").read_text("utf-8"))
    (told,) = report["workloads"]
    assert (told["name"], told["state"]) == ("Customer relations", "held")
    assert "gap" in {each["code"] for each in told["reasons"]}
