"""What status says needs a person, and what it takes for granted of a plan."""

from dataclasses import replace
from datetime import timedelta

import pytest

import azstaging
from azstaging.model.plans import Attempt, PlannedRequest, Receipt, ReceiptState
from azstaging.model.times import format_time
from azstaging.rules.history import approval_record, intent_record, receipt_record
from azstaging.rules.status import Status
from azstaging.run import utc_now


def plan_row(world):
    (row,) = [line for line in world("status").stdout.splitlines() if line.startswith("plan ")]
    return row


def made_plan(world):
    return azstaging.plan_from((world.folder / "wave.plan.json").read_bytes())


def record(world, *records):
    """Write records as an earlier run would have left them."""
    with azstaging.Journal.open(world.folder / "estate") as journal:
        journal.append(list(records), at=utc_now(), run="earlier", actor="")


def attempt_on(plan, item):
    return Attempt(
        item_id=item.id,
        name=item.name,
        generation=item.generation,
        vault_id=item.vault_id,
        plan_digest=plan.digest,
        target_id="",
        at=utc_now(),
    )


def intent(attempt):
    return intent_record(attempt, PlannedRequest(method="DELETE", url="https://arm.example"))


def receipt_of(attempt, state, reason="", later=timedelta(0)):
    return Receipt(
        item_id=attempt.item_id,
        name=attempt.name,
        generation=attempt.generation,
        plan_digest=attempt.plan_digest,
        state=state,
        at=attempt.at + later,
        reason=reason,
    )


def test_one_of_two_approvals_is_not_approved(world):
    world.configure("[gate]\napprovals = 2")
    world.make_plan()
    assert "not approved" in plan_row(world)
    assert "0 of 2 approvals" in plan_row(world)
    assert world("approve", "wave.plan.json", "--comment", "CHG-1", who="approver").code == 0
    assert world("approve", "wave.plan.json", "--comment", "again", who="approver").code == 0
    assert "not approved" in plan_row(world)
    assert "1 of 2 approvals" in plan_row(world)
    (told,) = world("status", "-o", "json").document["approved"]
    assert (told["have"], told["needed"]) == (1, 2)
    assert world("approve", "wave.plan.json", "--comment", "CHG-1", who="reader").code == 0
    assert "not approved" not in plan_row(world)
    assert "2 of 2 approvals" in plan_row(world)


def test_who_is_not_named_any_more_has_not_approved(world):
    world.make_approved_plan()
    assert "1 of 1 approvals" in plan_row(world)
    world.configure('[[approver]]\nname = "New"\ntid = "t"\noid = "somebody-else"')
    assert "not approved" in plan_row(world)


@pytest.mark.parametrize("why", ["planner", "future"])
def test_an_approval_that_the_release_would_not_take_is_none(world, why):
    world.make_approved_plan()
    world.make_plan()
    plan = made_plan(world)
    with azstaging.Journal.open(world.folder / "estate") as journal:
        (given,) = journal.history().approvals()
    changed = (
        {"approver": plan.planner}
        if why == "planner"
        else {"at": given.at + timedelta(hours=1), "expires": given.at + timedelta(hours=2)}
    )
    record(world, approval_record(replace(given, plan_digest=plan.digest, **changed)))
    (row,) = [each for each in world("status").stdout.splitlines() if plan.digest[:19] in each]
    assert "not approved" in row


def test_a_halt_is_told(world):
    world.make_plan()
    assert "stop" not in world("status").stderr
    (world.folder / "estate" / "stop").touch()
    done = world("status")
    assert "A file named stop is in estate: no run sends anything new." in done.stderr
    assert "Delete it to go on." in done.stderr
    assert world("status", "-o", "json").document["halted"] is True


def test_what_may_be_stopped_has_a_next_step(world):
    world.make_plan()
    plan = made_plan(world)
    attempt = attempt_on(plan, plan.items[0])
    receipt = receipt_of(attempt, ReceiptState.UNKNOWN, "no job was found")
    record(world, intent(attempt), receipt_record(receipt))
    done = world("status")
    assert done.code == 4
    since = f"{receipt.at:%Y-%m-%d %H:%M} UTC"
    assert f"{receipt.name} may be stopped, since {since}: no job was found" in done.stderr
    assert "Look at the item and its job in the portal; it is not sent again." in done.stderr
    assert "Run the same release again" in done.stderr


def test_an_open_attempt_to_abandon_is_settled_by_abandon(world):
    world.let_replicate()
    made = world("abandon", "--item", "SCAN-01", "--reason", "CHG-7", "--out", "wave.plan.json")
    assert made.code == 0, made.stderr
    plan = made_plan(world)
    record(world, intent(attempt_on(plan, plan.items[0])))
    done = world("status")
    assert done.code == 4
    assert "Run the same abandon again" in done.stderr
    assert "release again" not in done.stderr


def test_what_a_later_plan_made_good_leads_no_list(world):
    world.make_plan()
    first = made_plan(world)
    attempt = attempt_on(first, first.items[0])
    refused = receipt_of(attempt, ReceiptState.NONE, "a lock refused it")
    record(world, intent(attempt), receipt_record(refused))
    assert "a lock refused it" in world("status").stdout
    world.make_plan()
    again = attempt_on(made_plan(world), first.items[0])
    done = receipt_of(again, ReceiptState.DONE, later=timedelta(seconds=1))
    record(world, intent(again), receipt_record(done))
    status = world("status")
    assert "a lock refused it" not in status.stdout
    assert format_time(done.at) in status.stdout
    receipts = world("status", "-o", "json").document["receipts"]
    assert [each["state"] for each in receipts] == ["none", "done"]


def test_a_failed_stop_leads_the_list_until_one_is_done():
    at = utc_now()

    def receipt(state, minutes):
        return Receipt(
            item_id="/subscriptions/s/x/y",
            name="FILE-01",
            generation="g",
            plan_digest=f"sha256:{minutes}",
            state=state,
            at=at + timedelta(minutes=minutes),
        )

    failed, none = receipt(ReceiptState.FAILED, 1), receipt(ReceiptState.NONE, 2)
    done = receipt(ReceiptState.DONE, 3)

    def listed(*receipts):
        status = Status(
            at=at, open_attempts=(), live_plans=(), approvals=(), receipts=tuple(receipts)
        )
        return [row["state"] for row in status.rows()]

    assert listed(failed, none) == ["failed", "none"]
    assert listed(receipt(ReceiptState.NONE, 0), failed) == ["failed"]
    assert listed(failed, none, done) == []
