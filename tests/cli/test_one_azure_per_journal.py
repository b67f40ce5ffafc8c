"""A journal is of one Azure: what an emulated one says is no evidence for a real one."""

import pytest

from azstaging.cli import exit_codes
from azstaging.journal import Journal
from azstaging.model.records import NewRecord, RecordType
from azstaging.run import utc_now


def of_the_real_one(world):
    """Make the world's journal one in which the public cloud was read."""
    with Journal.open(world.folder / "estate") as journal:
        last = [r for r in journal.records() if r.type == RecordType.INVENTORY.value][-1]
        data = {**last.data, "asked": "management.azure.com"}
        journal.append(
            [NewRecord(type=RecordType.INVENTORY, data=data)], at=utc_now(), run="r", actor="a"
        )


def test_an_inventory_says_which_azure_was_asked(world):
    world("inventory")
    (record,) = world("journal", "show", "--type", "inventory.read", "-o", "json").document[
        "records"
    ]
    assert record["data"]["asked"] == "loopback"
    assert world("inventory").code == exit_codes.DONE, "another port is no other Azure"


@pytest.mark.parametrize("verb", ["inventory", "baseline", "check", "diff", "plan"])
def test_nothing_of_an_emulated_azure_reaches_the_journal_of_a_real_one(world, verb):
    world.collect_evidence()
    of_the_real_one(world)
    before = world("journal", "head").stdout
    done = world(verb)
    assert done.code == exit_codes.USAGE, done.stderr
    assert "is of management.azure.com, and this run asks a local Azure" in done.complaint[0]
    assert "--journal" in done.complaint[1]
    assert world("journal", "head").stdout == before


def test_what_if_weighs_no_evidence_of_another_azure(world):
    world.collect_evidence()
    of_the_real_one(world)
    done = world("plan", "--what-if", "azstaging.toml")
    assert done.code == exit_codes.USAGE, done.stderr
    assert "is of management.azure.com, and this run asks a local Azure" in done.complaint[0]


def test_nobody_of_an_emulated_azure_approves_or_releases_for_a_real_one(world):
    plan = world.make_plan()
    of_the_real_one(world)
    done = world("approve", plan, "--comment", "CHG-1", who="approver")
    assert done.code == exit_codes.USAGE
    assert world("status").stdout.count("not approved") == 1


def test_a_release_is_refused_before_its_first_request(world):
    plan = world.make_approved_plan()
    of_the_real_one(world)
    done = world("release", plan, "--execute", who="releaser")
    assert done.code == exit_codes.USAGE, done.stderr
    assert "nothing was recorded" in done.complaint[0]
    assert world.stops == 0
    assert not [r for r in world.azure.requests if r.method != "GET"]
