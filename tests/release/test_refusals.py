"""Who may release what, until when: every forgery and every expiry is refused before a request."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

import azstaging
from azstaging.cli import exit_codes
from azstaging.engine import release as release_engine
from azstaging.engine.planning import render_abandon
from azstaging.errors import (
    AccessDeniedError,
    GateClosedError,
    JournalError,
    LeaseHeldError,
    PlanRefusedError,
    StagingError,
)
from azstaging.journal.lease import lease_of
from azstaging.model.findings import Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.plans import Approval, Principal
from azstaging.model.records import RecordType
from azstaging.model.waves import Scope
from azstaging.rules import history
from azstaging.rules.plan import _seal, plan_bytes, plan_from
from azstaging.rules.status import status_of
from azstaging.runbook import work

ONE = {"Files": ("file-01",)}
HOURS = timedelta(hours=1)


def refusal(act):
    with pytest.raises(PlanRefusedError) as caught:
        act()
    assert exit_codes.exit_code_of(caught.value) == exit_codes.REFUSED
    assert caught.value.advice()
    return caught.value.code


def test_nothing_is_released_without_approval(bench):
    b = bench(ONE)
    plan = b.plan()
    assert refusal(lambda: b.release(plan)) == "unapproved"
    assert refusal(lambda: b.as_("releaser").release(plan)) == "unapproved"
    assert not b.changes


def test_nobody_approves_or_releases_their_own(bench):
    b = bench(ONE)
    plan = b.plan()
    assert refusal(lambda: b.as_("planner").approve(plan, comment="mine")) == "own-approval"
    b.as_("releaser").approve(plan, comment="mine, too")
    assert refusal(lambda: b.release(plan)) == "own-approval"
    b.as_("approver").approve(plan, comment="CHG-1")
    assert b.states(b.release(plan)) == {"file-01": "done"}


def test_an_approver_does_not_release_what_only_they_approved(bench):
    b = bench(ONE)
    plan = b.approved()
    assert refusal(lambda: b.as_("approver").release(plan, execute=True)) == "own-approval"
    assert not b.changes


def test_two_approvals_are_two_people(bench):
    b = bench(ONE, gate="approvals = 2")
    plan = b.plan()
    for _ in range(2):
        b.as_("approver").approve(plan, comment="CHG-1")
    assert refusal(lambda: b.release(plan)) == "unapproved"
    b.as_("reader").approve(plan, comment="CHG-1")
    assert b.states(b.release(plan)) == {"file-01": "done"}


def test_an_approval_binds_to_one_plan(bench):
    b = bench(ONE)
    b.approved()
    other = b.plan()
    assert refusal(lambda: b.release(other)) == "unapproved"


def test_approval_and_plan_expire(bench):
    b = bench(ONE)
    plan = b.approved()
    b.clock.now += 8 * HOURS
    assert refusal(lambda: b.release(plan)) == "expired"
    b.as_("approver").approve(plan, comment="CHG-1")
    b.clock.now += 15.5 * HOURS
    b.as_("approver").approve(plan, comment="CHG-1")
    b.clock.now += 0.5 * HOURS - timedelta(seconds=1)
    assert "the evidence has expired" in b.held(b.release(plan))["file-01"]
    b.clock.sleep(1)
    assert refusal(lambda: b.as_("releaser").release(plan, execute=True)) == "expired"
    assert not b.changes


def test_an_approval_that_ends_during_the_run_ends_the_sending(bench):
    b = bench()
    plan = b.approved()
    b.clock.now += 8 * HOURS - timedelta(seconds=3)
    b.check(b.as_("planner"))
    result = b.release(plan)
    assert b.states(result) == {"build-02": "done"}
    assert "expired during the run" in b.held(result)["build-01"]
    assert sum(b.sent().values()) == 1


def test_an_expired_plan_still_settles_what_an_earlier_run_left_open(bench):
    b = bench(ONE)
    plan = b.approved()
    b.state.job_seconds = 300.0
    b.release(plan, deadline=b.clock() + timedelta(seconds=120))
    assert len(b.open_attempts()) == 1
    b.clock.now += 9 * HOURS
    assert refusal(lambda: b.release(plan)) == "expired"
    assert not b.open_attempts()
    with azstaging.Journal.open(b.folder / "estate") as journal:
        assert [r.state.value for r in journal.history().receipts()] == ["done"]


def test_a_plan_of_another_journal_is_refused(bench):
    b = bench(ONE)
    plan = b.approved()
    elsewhere = b.folder / "elsewhere"
    b.check(b.as_("planner", journal=elsewhere))
    releaser = b.as_("releaser", journal=elsewhere)
    assert refusal(lambda: releaser.release(plan, execute=True)) == "foreign-journal"
    assert not b.changes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"file-01", b"file-02"),
        (b"DELETE", b"POST"),
        (b'"evidence":[', b'"evidence":[1,'),
        (b"VMwareCbt", b"InMageRcm"),
        (b'"wave":', b'"wave":"x","wave":'),
    ],
    ids=["machine", "method", "evidence", "provider", "twice"],
)
def test_an_edited_plan_file_is_refused(bench, old, new):
    b = bench(ONE)
    data = plan_bytes(b.approved())
    assert old in data
    edited = data.replace(old, new)
    assert refusal(lambda: plan_from(edited)) == "digest"


def test_an_edited_plan_value_is_refused(bench):
    b = bench(ONE)
    plan = b.approved()
    longer = replace(plan, expires=plan.expires + HOURS)
    assert refusal(lambda: b.release(longer)) == "digest"
    resealed = plan_from(plan_bytes(plan))
    assert b.states(b.release(resealed)) == {"file-01": "done"}


def test_a_plan_that_was_sealed_by_somebody_else_is_not_on_record(bench):
    """Right digests are not enough: the journal must hold the plan."""
    b = bench(ONE)
    plan = b.approved()
    forged = _seal(replace(plan, expires=plan.expires + HOURS))
    assert plan_from(plan_bytes(forged)) == forged
    assert refusal(lambda: b.release(forged)) == "foreign-journal"


def test_an_approval_dated_in_the_future_does_not_count(bench):
    b = bench(ONE)
    plan = b.plan()
    at = b.clock() + HOURS
    somebody = Principal(tid="t", oid="o")
    approval = Approval(
        plan_digest=plan.digest, approver=somebody, comment="x", at=at, expires=plan.expires
    )
    b.as_("approver")._append(history.approval_record(approval))
    assert refusal(lambda: b.release(plan)) == "expired"


def test_an_item_of_an_unknown_provider_is_left_to_the_portal(bench):
    planner = bench(ONE).as_("planner")
    [row] = planner.inventory()
    strange = replace(row, item=replace(row.item, provider="NewKind"))
    with pytest.raises(PlanRefusedError, match=f"{row.name}: azstaging knows no stop of") as caught:
        render_abandon(planner.azure, [strange])
    assert "in the portal" in caught.value.advice()


def test_another_policy_is_refused(bench):
    b = bench(ONE)
    plan = b.approved()
    looser = replace(b.config, policy=replace(b.config.policy, required=("phase-staged",)))
    with pytest.raises(PlanRefusedError) as caught:
        b.release(plan, config=looser)
    assert caught.value.code == "recomputed"
    assert f"{plan.created:%Y-%m-%d %H:%M} UTC: its policy changed. Nothing was sent." in str(
        caught.value
    )
    assert "Put [gate] back to what was approved" in caught.value.advice()
    assert not b.changes


def test_an_opaque_token_releases_nothing(bench, monkeypatch):
    b = bench(ONE)
    plan = b.approved()
    staging = b.as_("releaser")
    monkeypatch.setattr(staging, "_principal", (None,))
    assert refusal(lambda: staging.release(plan, execute=True)) == "unapproved"


def test_who_is_refused_a_name_writes_without_one_until_a_plan_needs_it(bench):
    b = bench(ONE)
    ids = tuple(each.id for each in b.azure.estate.subscriptions)
    staging = b.as_("planner", config=replace(b.config, scope=Scope(subscriptions=ids)))

    def asked():
        return sum(each.path == "/subscriptions" for each in b.azure.requests)

    b.fault("status", "GET /subscriptions", status=403, times=2)
    b.check(staging)
    assert asked() == 1
    records = staging.journal.records()
    assert len(records) > 2
    assert {each.actor for each in records} == {""}
    with pytest.raises(AccessDeniedError):
        staging.principal()
    staging.inventory()
    assert asked() == 2
    # Granted meanwhile.
    assert staging.principal() is not None
    staging.inventory()
    assert asked() == 3
    assert staging.journal.records()[-1].actor == staging.principal().key


def test_a_forged_gate_plans_nothing(bench):
    b = bench({"Files": ("file-01",), "Print": ("print-01", "mail-01")})
    planner = b.as_("planner")
    decisions = b.check(planner)
    (closed,) = decisions.closed
    (opened,) = decisions.open
    forged = replace(opened, workload=closed.workload, item_ids=closed.item_ids)
    assert refusal(lambda: planner.plan([forged])) == "recomputed"
    assert (
        refusal(lambda: planner.plan([replace(opened, item_ids=closed.item_ids)])) == "recomputed"
    )
    with pytest.raises(GateClosedError):
        planner.plan([])


def test_findings_that_the_journal_does_not_hold_count_for_nothing(bench):
    b = bench(ONE)
    planner = b.as_("planner")
    inventory = planner.inventory()
    planner.baseline(inventory)
    findings = planner.check(inventory)
    elsewhere = b.as_("planner", journal=b.folder / "elsewhere")
    assert not elsewhere.decide(elsewhere.inventory(), findings).open


def test_a_waiver_that_ends_between_plan_and_release_closes_the_gate(bench):
    b = bench({"Mail": ("mail-02",), "Files": ("file-01",)})
    plan = b.approved()
    soon = b.clock() + timedelta(minutes=5)
    waivers = tuple(replace(w, expires=soon) for w in b.config.waivers)
    assert waivers
    b.config = replace(b.config, waivers=waivers)
    assert b.as_("releaser").release(plan).clean
    b.clock.now += timedelta(minutes=5)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "done"}
    assert "source-off" in b.held(result)["mail-02"]


def test_a_worse_finding_after_the_approval_closes_the_gate(bench):
    b = bench()
    plan = b.approved()
    instance = b.state.body(b.state.vm_id("file-01"))["properties"]["instanceView"]
    off = [
        {**s, "code": "PowerState/deallocated"} if s["code"].startswith("PowerState") else s
        for s in instance["statuses"]
    ]
    b.state.change(b.state.vm_id("file-01"), {"properties.instanceView.statuses": off})
    checker = b.as_("reader")
    findings = checker.check(checker.inventory())
    assert any(f.outcome is Outcome.FAIL and f.check == "target-running" for f in findings)
    result = b.release(plan)
    assert "file-01" not in b.sent()
    assert "target-running" in b.held(result)["file-01"]
    assert {"build-01", "build-02", "report-02"} == set(b.sent())


def test_newer_good_findings_do_not_void_a_plan(bench):
    b = bench(ONE)
    plan = b.approved()
    b.check(b.as_("reader"))
    assert b.release(plan).clean


def test_a_plan_never_grows(bench):
    """A machine that joins the workload after the plan holds it; it is not sent along."""
    b = bench({"Files": ("file-01",), "More": ("file-02",)})
    plan = b.approved("Files")
    files, more = b.config.wave.workloads
    grown = replace(files, items=(*files.items, *more.items))
    b.config = replace(b.config, wave=replace(b.config.wave, workloads=(grown,)))
    b.check(b.as_("planner"))
    result = b.release(plan)
    assert "file-02" not in b.sent()
    assert "file-01" not in b.sent()
    assert "is not in the plan" in b.held(result)["file-01"]


def test_without_a_journal_nothing_is_sent(bench, monkeypatch):
    """The intent cannot be written, so the request does not leave."""
    b = bench()
    plan = b.approved()
    staging = b.as_("releaser")
    store = staging.journal._open_store()
    append = type(store).append

    def fail(self, records, **kw):
        if records[0].type is RecordType.INTENT:
            raise JournalError("The disk is full.")
        return append(self, records, **kw)

    monkeypatch.setattr(type(store), "append", fail)
    with pytest.raises(JournalError) as caught:
        staging.release(plan, execute=True)
    assert exit_codes.exit_code_of(caught.value) == exit_codes.UNDETERMINED
    assert not b.changes


@pytest.mark.parametrize("lost", ["sent", "receipt"])
def test_a_journal_that_fails_after_the_request_says_so(bench, monkeypatch, lost):
    b = bench()
    plan = b.approved()
    staging = b.as_("releaser")
    store = type(staging.journal._open_store())
    append = store.append
    kinds = {"sent": RecordType.SENT, "receipt": RecordType.RECEIPT}

    def fail(self, records, **kw):
        if records[0].type is kinds[lost]:
            raise JournalError("The disk is full.")
        return append(self, records, **kw)

    with monkeypatch.context() as patch:
        patch.setattr(store, "append", fail)
        with pytest.raises(JournalError) as caught:
            staging.release(plan, execute=True)
    assert exit_codes.exit_code_of(caught.value) == exit_codes.PARTLY
    assert "sent" in str(caught.value)
    assert b.sent() == {"build-02": 1}
    assert b.states(b.release(plan))["build-02"] == "done"
    assert set(b.sent().values()) == {1}


SHARED = {"Files": ("file-01", "build-01"), "Build": ("build-01", "build-02")}


def test_a_workload_is_not_begun_by_an_item_that_it_shares(bench):
    b = bench(SHARED)
    with pytest.raises(PlanRefusedError) as caught:
        b.plan("Files")
    assert caught.value.code == "shared-item"
    assert "BUILD-01 belongs to Build, too" in str(caught.value)
    assert "--workload 'Build' --workload 'Files'" in caught.value.advice()
    plan = b.approved("Files", "Build")
    done = b.release(plan)
    assert b.states(done) == dict.fromkeys(("file-01", "build-01", "build-02"), "done")


def test_a_plan_that_would_begin_another_workload_is_held(bench):
    b = bench(SHARED)
    whole = b.plan("Files", "Build")
    kept = tuple(item for item in whole.items if "Files" in item.workloads)
    half = _seal(replace(whole, workloads=("Files",), items=kept))
    planner = b.as_("planner")
    planner.journal.append(
        [history.plan_record(half)], at=b.clock(), run="r", actor=half.planner.key
    )
    b.as_("approver").approve(half, comment="CHG-1")
    held = b.held(b.release(half))
    assert held.keys() == {"file-01", "build-01"}
    assert held["build-01"] == "it belongs to Build, too, which is not planned"
    assert not b.changes


def test_a_closed_gate_cannot_be_planned_though_it_would_open_now(bench):
    b = bench(ONE)
    planner = b.as_("planner")
    closed = planner.decide(planner.inventory()).closed
    b.check(planner)
    assert refusal(lambda: planner.plan(closed)) == "recomputed"
    assert len(planner.plan([*planner.decide(planner.inventory()).open] * 2).workloads) == 1


@pytest.mark.parametrize("why", ["policy", "baseline", "own approval"])
def test_a_rerun_that_is_refused_settles_what_was_left_open(bench, why):
    b = bench(ONE, gate="plan_hours = 168")
    plan = b.approved()

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(release_engine, "follow", killed)
        with pytest.raises(KeyboardInterrupt):
            b.release(plan)
    assert len(b.open_attempts()) == 1
    b.clock.sleep(3_600)
    who = "releaser"
    if why == "policy":
        file = b.folder / "azstaging.toml"
        file.write_text(file.read_text("utf-8").replace("plan_hours = 168", "plan_hours = 100"))
        b.config = azstaging.load_configuration(file)
    elif why == "baseline":
        for frozen in (b.folder / "estate" / "baselines").glob("*"):
            frozen.unlink()
    else:
        who = "approver"
    refusal(lambda: b.as_(who).release(plan, execute=True))
    assert not b.open_attempts()
    (receipt,) = b.records(RecordType.RECEIPT)
    assert receipt.data["state"] == "done"
    assert sum(b.sent().values()) == 1


def test_an_approval_that_has_expired_is_none_in_the_status(bench):
    b = bench(ONE, gate="plan_hours = 168")
    plan = b.approved()

    def state():
        found = status_of(b.as_("reader").past(), now=b.clock())
        return next(row["state"] for row in found.rows() if row["what"] == "plan")

    assert state() == "approved"
    b.clock.sleep(3_600 * 100)
    assert b.clock() < plan.expires
    assert state() == "not approved"


def test_a_dry_run_ends_as_a_run_would_while_somebody_halts_it(bench):
    b = bench(ONE)
    plan = b.approved()
    (b.folder / "estate" / "stop").touch()
    dry = b.as_("releaser").release(plan)
    assert not dry.requests
    assert b.held(dry) == {"file-01": release_engine.HALTED}
    real = b.release(plan)
    assert exit_codes.of_release(dry) == exit_codes.of_release(real) == exit_codes.REFUSED
    assert not b.changes


def test_a_dry_run_ends_as_a_run_would_while_another_holds_the_vault(bench):
    b = bench(ONE)
    plan = b.approved()
    other = b.as_("releaser")
    vault = ResourceId(plan.items[0].vault_id)
    lease = lease_of(other.journal)
    lease.acquire(vault, run="other", now=b.clock())
    before = len(other.journal.records())
    for execute in (False, True):
        with pytest.raises(LeaseHeldError):
            b.as_("releaser").release(plan, execute=execute)
    lease.release(vault)
    assert len(other.journal.records()) == before


def test_a_runbook_fails_when_a_stop_did_not_happen(bench):
    b = bench(ONE)
    plan = b.approved()
    b.fault("job-failed")
    said = []
    streams = SimpleNamespace(output=said.append, warning=said.append, error=said.append)
    staging = b.as_("releaser")
    job = SimpleNamespace(
        values={"plan": plan.digest, "execute": "execute"},
        staging=staging,
        streams=streams,
        journal=staging.journal,
    )
    with pytest.raises(StagingError, match="FILE-01 did not stop; the lines above say why"):
        work._release(job)
    assert any(line.startswith("failed: FILE-01") for line in said)
