"""Who names a machine that was not found is told so; what was not looked at did not pass."""

import json

import pytest

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


@pytest.mark.parametrize("verb", [("report", "--out", "r"), ("boards",)])
def test_gates_are_decided_on_whole_workloads(make_world, verb):
    """A part of a workload would open its gate, though the other part is closed."""
    world = make_world("Scanning", "Customer relations")
    world.configure('[[workload]]\nname = "Both"\nitems = ["SCAN-02", "CRM-APP-01"]')
    world.collect_evidence()
    done = world(*verb, "--vault", "vlt-agentless", "-o", "json")
    assert done.code in {0, 1}, done.stderr
    with Journal.open(world.folder / "estate") as journal:
        decided = [r.data for r in journal.records() if r.type == RecordType.DECISION.value]
    (both,) = [each for each in decided if each["workload"] == "Both"]
    assert both["open"] is False
    assert "crm-app-01-test is left over" in json.dumps(both)
    if verb[0] == "report":
        report = json.loads((world.folder / "r" / "report.json").read_text("utf-8"))
        (shown,) = [each for each in report["workloads"] if each["name"] == "Both"]
        assert shown["state"] == "held"
