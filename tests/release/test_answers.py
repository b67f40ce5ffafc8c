"""Whatever the service answers to the one stop request: one request, and the right receipt."""

import json

import pytest

from azstaging.cli import exit_codes
from azstaging.model.records import RecordType

# A stop of either kind; the purge is not among them.
STOPS = ("DELETE *replicationmigrationitems/*", "POST *replicationprotecteditems/*/remove")

# fault, its options, the receipt, what has become of the item
ANSWERS = [
    pytest.param("drop", {}, "none", False, id="lost-before-the-effect"),
    pytest.param("reset", {}, "none", False, id="reset"),
    pytest.param("drop-after", {}, "done", True, id="lost-after-the-effect"),
    pytest.param("torn", {}, "done", True, id="torn"),
    pytest.param("bare-202", {}, "done", True, id="202-without-headers"),
    pytest.param("status", {"status": 500}, "none", False, id="500"),
    pytest.param("status-after", {"status": 500}, "done", True, id="500-after-the-effect"),
    pytest.param("status", {"status": 502}, "none", False, id="502"),
    pytest.param("status", {"status": 408}, "none", False, id="408"),
    pytest.param("status", {"status": 503, "retry_after_seconds": 1}, "none", False, id="503"),
    pytest.param("status", {"status": 409, "code": "ScopeLocked"}, "none", False, id="lock"),
    pytest.param("status", {"status": 409, "retry_after_seconds": 1}, "none", False, id="409"),
    pytest.param("status-after", {"status": 409}, "done", True, id="409-after-the-effect"),
    pytest.param("status", {"status": 400}, "none", False, id="400"),
    pytest.param("status", {"status": 403, "code": "AuthorizationFailed"}, "none", False, id="403"),
    pytest.param("status", {"status": 429, "retry_after_seconds": 1}, "none", False, id="429"),
    pytest.param("redirect", {}, "none", False, id="307"),
    pytest.param("claims", {}, "none", False, id="claims-challenge"),
    pytest.param("registration", {}, "none", False, id="not-registered"),
]


@pytest.mark.parametrize(("kind", "options", "state", "gone"), ANSWERS)
def test_one_request_and_the_right_receipt(bench, kind, options, state, gone):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.fault(kind, **options)
    result = b.release(plan)
    assert b.states(result) == {"file-01": state}
    assert b.sent() == {"file-01": 1}
    assert b.state.exists(b.state.item_id("file-01")) is not gone
    assert exit_codes.of_release(result) == (
        exit_codes.DONE if state == "done" else exit_codes.UNDETERMINED
    )
    again = b.release(plan)
    assert again.receipts == ()
    assert b.sent() == {"file-01": 1}
    assert not b.state.purges
    assert not b.state.registrations
    assert exit_codes.of_release(again) == (
        exit_codes.DONE if state == "done" else exit_codes.REFUSED
    )
    if state != "done":
        assert b.held(again) == {"file-01": "it was attempted under this plan already (none)"}


@pytest.mark.parametrize("kind", ["drop", "drop-after", "reset"])
def test_after_the_first_unknown_nothing_new_is_sent(bench, kind):
    b = bench()
    plan = b.approved()
    b.fault(kind, after=1)
    result = b.release(plan)
    assert b.sent() == {"build-01": 1, "build-02": 1}
    assert set(b.held(result)) == {"file-01", "report-02"}
    assert "what became of BUILD-01 is not known yet" in b.held(result)["file-01"]
    assert exit_codes.of_release(result) == exit_codes.PARTLY
    again = b.release(plan)
    assert b.sent() == {"build-01": 1, "build-02": 1, "file-01": 1, "report-02": 1}
    assert b.states(again) == {"file-01": "done", "report-02": "done"}


def test_a_conflict_with_a_job_that_began_meanwhile_is_followed_to_its_end(bench):
    """It may be the job of our own request: nobody can tell from the answer."""
    b = bench()
    plan = b.approved()
    item = b.state.item_id("build-02")
    vault = item.partition("/replicationFabrics/")[0]

    def stop(state):
        state.start("DisableMigration", state.entries[item.casefold()], vault)

    b.later(stop, STOPS[0])
    result = b.release(plan)
    assert b.states(result) == {"build-02": "done"}
    assert sum(b.sent().values()) == 1
    assert "not known yet" in b.held(result)["build-01"]
    assert b.release(plan).clean


@pytest.mark.parametrize("unread", ["drop", "status"])
def test_a_conflict_is_not_believed_while_the_item_cannot_be_read(bench, unread):
    reads = []
    for fails in (False, True):
        b = bench({"Files": ("file-01",)})
        item = b.state.item_id("file-01").casefold()
        plan = b.approved()
        b.fault("status-after", status=409)
        if fails:  # The read after the conflict, and its retries.
            b.fault(unread, f"GET {item}", after=reads[0], times=8)
        begun = len(b.azure.requests)
        result = b.release(plan)
        paths = [(r.method, r.path.casefold()) for r in b.azure.requests[begun:]]
        reads.append(paths[: paths.index(("DELETE", item))].count(("GET", item)))
        assert b.states(result) == {"file-01": "done"}
        assert b.sent() == {"file-01": 1}


def test_a_conflict_is_read_until_it_is_settled_and_others_go_on_meanwhile(bench):
    """One read that shows the item as planned may be an old answer; silence proves in the end."""
    b = bench({"Files": ("file-01", "file-02"), "Reports": ("report-02",)})
    plan = b.approved()
    b.fault("status", status=409, message="Another operation is in progress.")
    begun = b.clock()
    result = b.release(plan)
    first, other = (item for item in plan.items if "Files" in item.workloads)
    states = {receipt.item_id: receipt for receipt in result.receipts}
    none = states[first.id]
    assert none.state.value == "none"
    assert "the request had no effect" in none.reason
    assert "Another operation is in progress." in none.reason
    assert none.at >= begun + b.settle
    assert [held.item_id for held in result.held] == [other.id]
    assert f"{first.name} met a conflict" in result.held[0].reason
    assert b.states(result)["report-02"] == "done"
    assert b.sent()["report-02"] == 1
    done = next(r for r in result.receipts if r.state.value == "done")
    # The other was the first of the run that had an answer, and went through before.
    assert done.at < none.at


@pytest.mark.parametrize("code", ["ScopeLocked", "MissingSubscriptionRegistration"])
def test_a_conflict_that_no_provider_saw_is_settled_at_once(bench, code):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.fault("status", status=409, code=code)
    begun = b.clock()
    result = b.release(plan)
    assert b.states(result) == {"file-01": "none"}
    assert result.receipts[0].at < begun + b.settle
    sent = next(n for n, r in enumerate(b.azure.requests) if r.method == "DELETE")
    assert not b.azure.requests[sent + 1 :]


def test_an_old_answer_after_a_conflict_is_not_believed(bench):
    """The request arrived twice, and the read after it is answered as before it."""
    reads = []
    for answered_late in (False, True):
        b = bench({"Files": ("file-01",)})
        item = b.state.item_id("file-01")
        plan = b.approved()
        b.fault("status-after", status=409)
        if answered_late:
            text = json.dumps(b.state.body(item))
            b.fault("body", f"GET {item}", text=text, after=reads[0])
        begun = len(b.azure.requests)
        assert b.states(b.release(plan)) == {"file-01": "done"}
        asked = [(r.method, r.path.casefold()) for r in b.azure.requests[begun:]]
        sent = asked.index(("DELETE", item.casefold()))
        reads.append(asked[:sent].count(("GET", item.casefold())))
        assert b.sent() == {"file-01": 1}


def test_a_refused_token_is_no_unsent_request(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.fault("claims")
    assert b.release(plan).receipts[0].witnesses == ("no token was accepted",)


@pytest.mark.parametrize(
    "options", [{"status": 429, "retry_after_seconds": 1}, {"status": 403}], ids=["429", "403"]
)
def test_what_would_meet_every_item_uses_up_one_attempt(bench, options):
    b = bench({f"W{n}": (key,) for n, key in enumerate(("build-01", "file-01", "report-02"))})
    plan = b.approved()
    b.fault("status", times=0, **options)
    result = b.release(plan)
    assert sum(b.sent().values()) == 1
    b.azure.script.set(())
    rest = b.release(plan)
    done = [state for state in b.states(rest).values() if state == "done"]
    assert len(done) == 3 - len(result.receipts)


def test_the_job_of_a_lost_answer_is_found_by_the_machines_name(bench):
    """Recorded jobs name the machine and an internal GUID, not the item."""
    b = bench({"Files": ("file-01",), "Directory": ("directory-01",)})
    plan = b.approved()
    for match in STOPS:
        b.fault("drop-after", match)
    first = b.release(plan)
    second = b.release(plan)
    assert [*b.states(first).values(), *b.states(second).values()] == ["done", "done"]
    assert all(r.job_id for r in (*first.receipts, *second.receipts))


def test_a_name_that_two_machines_have_finds_no_job(bench):
    """APP-07 exists twice: its job proves nothing about either."""
    b = bench({"Build": ("build-app-07",), "Ticketing": ("ticket-app-07",)})
    plan = b.approved()
    b.fault("drop-after")
    result = b.release(plan)
    assert b.states(result) == {"build-app-07": "unknown"}
    assert "no finished job proves" in result.receipts[0].reason
    assert exit_codes.of_release(result) == exit_codes.PARTLY
    again = b.release(plan)
    assert b.sent()["build-app-07"] == 1
    assert b.held(again)["build-app-07"].startswith("it was attempted under this plan already")


@pytest.mark.parametrize("key", ["file-01", "directory-01"])
def test_the_intent_names_the_request_as_azure_s_logs_do(bench, key):
    """Who lost the answer can ask for it by name: it is on record before anything leaves."""
    b = bench({"Alone": (key,)})
    plan = b.approved()
    b.fault("drop", "DELETE *")
    b.fault("drop", STOPS[1])
    receipt = b.release(plan).receipts[0]
    [change] = b.changes
    [intent] = b.records(RecordType.INTENT)
    sent = change.headers["x-ms-client-request-id"]
    assert intent.data["client_request_id"] == sent
    assert f"x-ms-client-request-id {sent}" in receipt.witnesses


def test_no_two_attempts_have_one_name(bench):
    b = bench()
    for _ in range(2):
        plan = b.approved("Files", "Reports")
        b.fault("status", "DELETE *", times=2, status=400)
        b.release(plan)
    names = {record.data["client_request_id"] for record in b.records(RecordType.INTENT)}
    assert len(names) == len(b.changes) == 4


def test_an_intent_names_who_approved_it(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    b.release(plan)
    [approval] = b.records(RecordType.APPROVAL)
    [intent] = b.records(RecordType.INTENT)
    assert intent.data["approvers"] == [approval.actor]
    assert approval.actor != intent.actor
