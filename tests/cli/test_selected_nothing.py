"""Who names a machine that was not found is told so; what was not looked at did not pass."""


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
