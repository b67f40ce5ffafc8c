"""One effect request per item, in the way of its provider; never a purge, never Azure Local."""

import json
from datetime import timedelta

import pytest

from azstaging.cli import exit_codes
from azstaging.model.plans import ReceiptState
from azstaging.model.records import RecordType

# machines, how each is stopped; Mail and Directory have a waiver for what nobody can read
PROVIDERS = [
    pytest.param({"Files": ("file-01", "file-02")}, "DELETE", id="VMwareCbt"),
    pytest.param({"Time": ("time-db-01", "time-web-01")}, "POST", id="InMageRcm"),
    pytest.param({"Mail": ("mail-02", "wiki-01")}, "POST", id="InMageAzureV2"),
    pytest.param({"Directory": ("directory-01", "directory-02")}, "POST", id="HyperVReplicaAzure"),
    pytest.param({"Archive": ("archive-01", "archive-02")}, "POST", id="A2A"),
]


def _body(provider):
    """A move between regions is no migration; the agentless DELETE has no body."""
    if provider == "VMwareCbt":
        return None
    return {
        "properties": {
            "disableProtectionReason": "NotSpecified" if provider == "A2A" else "MigrationComplete",
            "replicationProviderInput": {"instanceType": "DisableProtectionProviderSpecificInput"},
        }
    }


@pytest.mark.parametrize(("workloads", "method"), PROVIDERS)
def test_each_provider_is_stopped_once_and_proven(bench, request, workloads, method):
    b = bench(workloads)
    provider = {m.provider for m in b.azure.estate.machines}
    assert provider == {request.node.callspec.id}
    plan = b.approved()
    dry = b.as_("releaser").release(plan)
    assert not b.changes
    assert exit_codes.of_release(dry) == exit_codes.DONE
    result = b.release(plan)
    (keys,) = workloads.values()
    assert b.states(result) == dict.fromkeys(keys, "done")
    assert b.sent() == dict.fromkeys(keys, 1)
    assert {r.method for r in b.changes} == {method}
    for sent, (_, planned) in zip(b.changes, dry.requests, strict=True):
        assert planned.url.endswith(f"{sent.path}?{sent.query}".replace(" ", "%20"))
        assert (json.loads(sent.body) if sent.body else None) == planned.body
        assert planned.body == _body(request.node.callspec.id)
        assert sent.path.endswith("/remove") == (method == "POST")
        assert "deleteOption" not in sent.query
    assert not b.state.purges
    assert {stop.forced for stop in b.state.stops} == {False}
    assert {stop.identity for stop in b.state.stops} == {"releaser"}
    for key in keys:
        assert not b.state.exists(b.state.item_id(key))
        assert b.state.exists(b.state.vm_id(key))
    for receipt in result.receipts:
        assert {"item gone", "target VM present"} <= set(receipt.witnesses)
        assert receipt.job_id in receipt.witnesses[0]
    assert b.verifies()


def test_what_the_journal_holds_of_a_release(bench):
    """Lease, then per item intent, answer and receipt; the intent stands before the request."""
    b = bench()
    plan = b.approved()
    on_record = []
    stop = "DELETE *replicationmigrationitems/*"
    kind = RecordType.INTENT
    b.later(lambda _state: on_record.append(len(b.records(kind))), stop, times=0)
    b.release(plan)
    assert on_record == [1, 2, 3, 4]
    assert len(b.records(RecordType.LEASE_TAKEN)) == 1
    items = {item.id: item for item in plan.items}
    intents = b.records(kind)
    assert {intent.data["item_id"] for intent in intents} == set(items)
    for intent in intents:
        item = items[intent.data["item_id"]]
        assert intent.data["request"]["url"] == item.request.url
        assert intent.data["plan_digest"] == plan.digest
    receipts = b.records(RecordType.RECEIPT)
    assert {r.data["state"] for r in receipts} == {ReceiptState.DONE.value}
    text = "".join(p.read_text() for p in (b.folder / "estate" / "journal").glob("*.jsonl"))
    for secret in ("&c=MII", "&s=", b.azure.token("releaser")):
        assert secret not in text


def test_the_first_item_goes_alone(bench):
    """No second request before the first item is proven done."""
    b = bench()
    plan = b.approved()
    done = []
    stop = "DELETE *replicationmigrationitems/*"
    b.later(lambda _state: done.append(len(b.records(RecordType.RECEIPT))), stop, times=0)
    b.release(plan)
    assert done == [0, 1, 1, 1]


def test_when_the_first_item_fails_nothing_more_is_sent(bench):
    b = bench()
    plan = b.approved()
    b.fault("job-failed", "DELETE *")
    result = b.release(plan)
    assert b.states(result) == {"build-02": "failed"}
    assert sum(b.sent().values()) == 1
    assert set(b.held(result)) == {"build-01", "file-01", "report-02"}
    again = b.release(plan)
    assert b.sent()["build-02"] == 1
    assert b.states(again) == {"file-01": "done", "report-02": "done"}
    assert "build-01" in b.held(again)


def test_azure_local_is_never_open_and_never_sent(bench):
    b = bench({"Plant": ("plant-01",), "Files": ("file-01",)})
    planner = b.as_("planner")
    decisions = b.check(planner)
    (plant,) = (d for d in decisions if d.workload == "Plant")
    assert not plant
    assert "target-not-provable" in {reason.code for reason in plant.reasons}
    plan = planner.plan(decisions.open)
    b.as_("approver").approve(plan, comment="CHG-1")
    b.release(plan)
    assert b.sent() == {"file-01": 1}
    assert b.state.exists(b.state.item_id("plant-01"))


def test_a_run_near_its_deadline_uses_up_no_attempt(bench):
    """What cannot be heard out is not begun, and the next run goes on."""
    b = bench()
    plan = b.approved()
    late = b.release(plan, deadline=b.clock() + timedelta(seconds=59))
    assert not b.changes
    assert set(b.held(late).values()) == {"the deadline was too near to send it"}
    assert not b.records(RecordType.INTENT)
    assert b.release(plan).clean


def test_released_items_stay_on_the_list(bench):
    b = bench()
    b.release(b.approved())
    after = b.as_("planner").inventory()
    assert after.complete
    assert {row.phase.value for row in after.items} == {"released"}


def test_a_workload_that_was_begun_is_finished_first(bench):
    """Half a workload must not wait behind whole ones."""
    b = bench({"Zeta": ("file-01", "file-02"), "Alpha": ("report-02",), "Beta": ("build-01",)})
    first = b.plan("Zeta")
    b.as_("approver").approve(first, comment="CHG-1")
    late = b.clock() + timedelta(seconds=62)
    b.release(first, deadline=late)
    assert sum(b.sent().values()) == 1
    begun = b.as_("reader").status().begun
    assert [(each.name, each.released, len(each.left)) for each in begun] == [("Zeta", 1, 1)]
    plan = b.approved("Alpha", "Beta", "Zeta")
    dry = b.as_("releaser").release(plan)
    result = b.release(plan)
    assert [key for key, _ in result.requests] == [key for key, _ in dry.requests]
    names = [result.names[key].casefold() for key, _ in result.requests]
    assert names[0].startswith("file-")
    assert len(names) == 3
    assert b.as_("reader").status().begun == ()


def test_a_begun_workload_that_a_plan_leaves_out_is_held_first(bench):
    b = bench({"Zeta": ("file-01", "file-02"), "Alpha": ("report-02",)})
    first = b.approved("Zeta")
    b.release(first, deadline=b.clock() + timedelta(seconds=62))
    left = ({"file-01", "file-02"} - set(b.sent())).pop()
    other = b.approved("Alpha")
    dry = b.as_("releaser").release(other)
    result = b.release(other)
    assert b.sent()["report-02"] == 1
    assert b.sent()[left] == 0
    for each in (dry, result):
        assert list(b.held(each)) == [left]
        [held] = each.held
        assert held.reason.startswith("Zeta was begun at ")
        assert first.digest in held.next_step
        assert exit_codes.of_release(each) == exit_codes.PARTLY
    nothing_left = b.release(other)
    assert exit_codes.of_release(nothing_left) == exit_codes.PARTLY
    assert b.release(first).clean
    assert b.release(other).clean


def test_a_begun_workload_that_cannot_be_finished_is_held_first(bench):
    b = bench({"Zeta": ("file-01", "file-02"), "Alpha": ("report-02",)})
    plan = b.approved()
    b.release(plan, deadline=b.clock() + timedelta(seconds=62))
    [(begun, _)] = b.sent().items()
    if begun == "report-02":
        b.release(plan, deadline=b.clock() + timedelta(seconds=62))
    left = ({"file-01", "file-02"} - set(b.sent())).pop()
    b.state.change(b.state.item_id(left), {"properties.migrationState": "Replicating"})
    result = b.release(plan)
    assert "it changed since " in b.held(result)[left]
    [row] = b.as_("reader").status().begun
    assert row.name == "Zeta"
