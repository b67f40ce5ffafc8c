"""Records folded into state: what a run may rely on after any crash."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.errors import JournalError
from azstaging.model.decisions import GateClosed, GateOpen, Policy, Reason
from azstaging.model.differences import Diff, DiffClass, Difference
from azstaging.model.findings import Finding, Findings, Outcome, Subject
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.items import Collection, Facts, ReplicatedItem
from azstaging.model.plans import (
    Approval,
    Attempt,
    PlannedRequest,
    Principal,
    Receipt,
    ReceiptState,
)
from azstaging.model.records import NewRecord, Record, RecordType
from azstaging.rules import history
from azstaging.rules.canonical import canonical, parse_canonical
from azstaging.rules.plan import build_plan

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)
VAULT = ResourceId(
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/V"
)
ITEM = VAULT.child("replicationFabrics", "f", "replicationMigrationItems", "App-01")
PRINCIPAL = Principal(tid="t", oid="planner")
REQUEST = PlannedRequest(method="DELETE", url=f"https://management.azure.com{ITEM}?api-version=1")


def recorded(*new: NewRecord, start: int = 0) -> list[Record]:
    """Return records as a journal gives them back."""
    return [
        Record(
            seq=seq,
            at=AT + timedelta(seconds=seq),
            run="run",
            actor="t/planner",
            type=each.type.value,
            data=parse_canonical(canonical(dict(each.data))),
            prev="",
            hash="",
        )
        for seq, each in enumerate(new, start)
    ]


def finding(check="phase-staged", outcome=Outcome.PASS, generation="g1", item=ITEM) -> Finding:
    return Finding(
        check=check,
        subject=Subject(id=item.key, generation=generation, target="/vm#sha256:0"),
        outcome=outcome,
        detail="It is staged.",
        at=AT,
        lifetime_seconds=86_400,
        next_step="",
        run="run",
    )


def attempt(generation="g1", plan_digest="sha256:p") -> Attempt:
    return Attempt(
        item_id=str(ITEM),
        name="App-01",
        generation=generation,
        vault_id=str(VAULT),
        plan_digest=plan_digest,
        target_id="/vm",
        at=AT,
    )


def receipt(state=ReceiptState.DONE, generation="g1", plan_digest="sha256:p") -> Receipt:
    return Receipt(
        item_id=str(ITEM),
        name="App-01",
        generation=generation,
        plan_digest=plan_digest,
        state=state,
        at=AT,
        witnesses=("the item is gone",),
    )


def inventory() -> Inventory:
    row = InventoryItem(
        item=ReplicatedItem(
            id=ITEM,
            name="App-01",
            provider="VMwareCbt",
            collection=Collection.MIGRATION_ITEMS,
            vault_id=VAULT,
            generation="g1",
        ),
        facts=Facts(
            cutover=None,
            replication=None,
            test=None,
            reversed=None,
            stop_allowed=True,
            cleanup_allowed=False,
            idle=True,
        ),
        phase=Phase.STAGED,
        workloads=("payroll",),
    )
    gap = Gap(scope=VAULT, reason="forbidden", detail="No.", permission="Microsoft.X/read")
    return Inventory(read_at=AT, items=(row,), gaps=(gap,), expected=2, wave="w1", vaults=(VAULT,))


def plan():
    gate = GateOpen(workload="payroll", at=AT, item_ids=(ITEM,), evidence=(1, 2))
    return build_plan(
        [gate],
        inventory(),
        {ITEM.key: REQUEST},
        (),
        journal_id="j",
        planner=PRINCIPAL,
        policy=Policy(required=("phase-staged",)),
        now=AT,
        max_release=None,
    )


def approval(plan_digest="sha256:p") -> Approval:
    return Approval(
        plan_digest=plan_digest,
        approver=Principal(tid="t", oid="approver", name="a@contoso.example"),
        comment="CHG-1",
        at=AT,
        expires=AT + timedelta(hours=8),
    )


def opened() -> NewRecord:
    return NewRecord(type=RecordType.OPENED, data={"id": "j"})


def everything() -> list[NewRecord]:
    """Return one record of every kind that a run writes, in an order that occurs."""
    made = plan()
    sent = attempt(plan_digest=made.digest)
    row = Difference(
        item_id=ITEM,
        area="compute",
        field="cores",
        source="2",
        intended="2",
        actual="4",
        cls=DiffClass.SUSPICIOUS,
    )
    reason = Reason(code="gap", detail="d", next_step="n", item_id=ITEM)
    return [
        opened(),
        history.run_record("release", version="0.1.0"),
        history.inventory_record(inventory()),
        history.finding_record(finding()),
        history.diff_record(Diff(at=AT, rows_=(row,))),
        history.baseline_record(ITEM, generation="g1", digest="sha256:b", file="baselines/b.json"),
        history.decision_record(
            GateClosed(workload="payroll", at=AT, item_ids=(ITEM,), reasons=(reason,))
        ),
        history.decision_record(
            GateOpen(workload="payroll", at=AT, item_ids=(ITEM,), evidence=(3,))
        ),
        history.plan_record(made),
        history.approval_record(approval(made.digest)),
        history.lease_record(VAULT, 1),
        history.intent_record(sent, REQUEST),
        history.sent_record(sent, "job-1", 202),
        history.receipt_record(receipt(plan_digest=made.digest)),
        history.lease_released_record(VAULT, 1),
        history.report_record(
            history.WrittenReport(files={"operations.html": "sha256:0"}, seq=3, hash="00")
        ),
        history.boards_record("contoso", "migration", changes={"created": 2}, ids={"k": 7}),
    ]


def test_everything_written_is_read_back():
    past = history.fold(recorded(*everything()))
    made = plan()
    assert past.seq == 16
    assert past.findings() == (replace(finding(), seq=3),)
    assert past.plans() == (made,)
    assert past.plan(made.digest) == made
    assert past.approvals() == past.approvals(made.digest) == (approval(made.digest),)
    assert past.approvals("sha256:other") == ()
    assert past.receipts() == (receipt(plan_digest=made.digest),)
    assert past.released() == {ITEM.key: receipt(plan_digest=made.digest)}
    assert past.epoch(VAULT) == 1
    assert past.decisions()["payroll"]["open"] is True
    baseline = past.baselines()[ITEM.key]
    assert (baseline.digest, baseline.file, baseline.seq) == ("sha256:b", "baselines/b.json", 5)
    assert baseline.at == AT + timedelta(seconds=5)


def test_the_last_inventory_is_kept_with_its_gaps():
    summary = history.fold(recorded(*everything())).inventory
    assert summary is not None
    assert summary.seq == 2
    assert (summary.read, summary.expected, summary.complete) == (1, 2, False)
    assert summary.phases == {"staged": 1}
    assert summary.providers == {"VMwareCbt": 1}
    assert summary.gaps == inventory().gaps
    assert summary == replace(history.summarise(inventory()), seq=2)


def test_another_phase_gives_another_digest_of_the_items():
    before = inventory()
    after = replace(before, items=(replace(before.items[0], phase=Phase.FAILED),))
    assert history.summarise(before).items_digest != history.summarise(after).items_digest


def test_an_empty_journal_knows_nothing():
    past = history.fold([])
    assert past.seq == -1
    assert past.inventory is None
    assert (past.findings(), past.plans(), past.receipts(), past.open_attempts()) == ((),) * 4
    assert past.epoch(VAULT) == 0


@given(st.integers(min_value=0, max_value=17))
def test_folding_in_two_steps_is_folding_at_once(cut):
    records = recorded(*everything())
    first = history.fold(records[:cut])
    again = history.fold(records[:cut])
    assert first.extend(records[cut:]) == history.fold(records)
    assert first == again


def test_an_intent_without_receipt_is_open_and_a_sent_one_has_its_job():
    new = [opened(), history.intent_record(attempt(), REQUEST)]
    past = history.fold(recorded(*new))
    assert past.open_attempts() == (attempt(),)
    assert past.attempts_on(str(ITEM).upper(), "g1") == (("sha256:p", None),)
    past = past.extend(recorded(history.sent_record(attempt(), "job-1", 202), start=2))
    assert past.open_attempts() == (replace(attempt(), job_id="job-1", answered=True),)
    past = past.extend(recorded(history.receipt_record(receipt()), start=3))
    assert past.open_attempts() == ()
    assert past.attempts_on(str(ITEM), "g1") == (("sha256:p", receipt()),)
    assert past.attempts_on(str(ITEM), "g2") == ()


def test_attempts_under_several_plans_stay_apart():
    new = [
        opened(),
        history.intent_record(attempt(plan_digest="sha256:1"), REQUEST),
        history.receipt_record(receipt(ReceiptState.NONE, plan_digest="sha256:1")),
        history.intent_record(attempt(plan_digest="sha256:2"), REQUEST),
    ]
    past = history.fold(recorded(*new))
    assert past.attempts_on(str(ITEM), "g1") == (
        ("sha256:1", receipt(ReceiptState.NONE, plan_digest="sha256:1")),
        ("sha256:2", None),
    )
    assert past.open_attempts() == (attempt(plan_digest="sha256:2"),)
    assert past.released() == {}


def test_the_last_receipt_of_an_attempt_counts():
    new = [
        opened(),
        history.intent_record(attempt(), REQUEST),
        history.receipt_record(receipt(ReceiptState.UNKNOWN)),
        history.receipt_record(receipt(ReceiptState.DONE)),
    ]
    past = history.fold(recorded(*new))
    assert [each.state for each in past.receipts()] == [ReceiptState.DONE]


@pytest.mark.parametrize("state", [s for s in ReceiptState if s is not ReceiptState.DONE])
def test_only_done_is_released(state):
    new = [
        opened(),
        history.intent_record(attempt(), REQUEST),
        history.receipt_record(receipt(state)),
    ]
    assert history.fold(recorded(*new)).released() == {}


def test_an_item_that_replicates_again_is_not_released_any_more():
    released = [
        opened(),
        history.intent_record(attempt(), REQUEST),
        history.receipt_record(receipt()),
    ]
    same = [*released, history.finding_record(finding(generation="g1"))]
    assert history.fold(recorded(*same)).released() == {ITEM.key: receipt()}
    for later in (
        history.finding_record(finding(generation="g2")),
        history.intent_record(attempt("g2", "sha256:2"), REQUEST),
        history.baseline_record(ITEM, generation="g2", digest="sha256:b", file="f"),
    ):
        assert history.fold(recorded(*released, later)).released() == {}


def test_the_highest_epoch_of_a_vault_counts_whatever_its_casing():
    lower = ResourceId(VAULT.key)
    new = [opened(), history.lease_record(VAULT, 2), history.lease_record(lower, 1)]
    past = history.fold(recorded(*new))
    assert past.epoch(VAULT) == past.epoch(lower) == 2


def test_findings_learn_their_sequences():
    findings = Findings(at=AT, run="run", findings=(finding("a"), finding("b")))
    records = recorded(*(history.finding_record(each) for each in findings), start=7)
    placed = history.with_sequences(findings, records)
    assert [each.seq for each in placed] == [7, 8]
    assert history.with_sequences(findings, ()) == findings
    with pytest.raises(ValueError, match="shorter"):
        history.with_sequences(findings, records[:1])


def test_what_findings_say_alike_is_held_once_whenever_they_are_folded():
    records = recorded(opened(), *(history.finding_record(finding(name)) for name in "abc"))
    past = history.fold(records[:2]).extend(records[2:])
    found = past.findings()
    assert [each.check for each in found] == ["a", "b", "c"]
    for name in ("subject", "detail", "run"):
        assert len({id(getattr(each, name)) for each in found}) == 1, name


def bad_records():
    fine = dict(history.finding_record(finding()).data)
    changed = dict(history.plan_record(plan()).data) | {"wave": "another"}
    yield RecordType.FINDING, {}
    yield RecordType.FINDING, fine | {"outcome": "fine"}
    yield RecordType.FINDING, fine | {"lifetime_seconds": "86400"}
    yield RecordType.FINDING, fine | {"detail": None}
    yield RecordType.FINDING, fine | {"at": "2026-01-31T08:00:00.000"}
    yield RecordType.FINDING, fine | {"waived": True}
    yield RecordType.FINDING, fine | {"subject": "item"}
    yield RecordType.FINDING, fine | {"subject": {"id": "i", "generation": None, "target": ""}}
    yield RecordType.PLAN, changed
    yield RecordType.APPROVAL, {"plan_digest": "sha256:p"}
    yield RecordType.INTENT, {"item_id": str(ITEM)}
    yield RecordType.SENT, dict(history.sent_record(attempt("g9"), "job", 202).data)
    yield RecordType.RECEIPT, dict(history.receipt_record(receipt()).data) | {"state": "maybe"}
    yield RecordType.LEASE_TAKEN, {"vault_id": "vault", "epoch": 1}
    yield RecordType.LEASE_TAKEN, {"vault_id": str(VAULT), "epoch": "2"}
    yield RecordType.DECISION, {}
    yield RecordType.INVENTORY, {"read": 3}
    yield RecordType.BASELINE, {"item_id": str(ITEM)}


@pytest.mark.parametrize(("kind", "data"), list(bad_records()))
def test_a_record_that_cannot_be_read_stops_the_fold(kind, data):
    with pytest.raises(JournalError, match=r"Record 1 .* was not understood") as caught:
        history.fold(recorded(opened(), NewRecord(type=kind, data=data)))
    assert caught.value.seq == 1
    assert caught.value.broken


def test_a_record_of_a_newer_version_stops_the_fold():
    newer = replace(recorded(opened(), opened())[1], type="plan.revoked")
    with pytest.raises(JournalError, match="does not know the type") as caught:
        history.fold([*recorded(opened()), newer])
    assert "newer" in caught.value.advice()


def test_records_are_folded_in_order_and_once():
    records = recorded(*everything())
    with pytest.raises(JournalError, match="Record 3 was given where 2 belongs"):
        history.fold([*records[:2], records[3]])
    with pytest.raises(JournalError, match="Record 1 was given where 2 belongs"):
        history.fold([*records[:2], records[1]])


def test_a_failed_extension_leaves_the_history_as_it_was():
    records = recorded(*everything())
    past = history.fold(records[:4])
    with pytest.raises(JournalError):
        past.extend([records[4], records[4]])
    assert past == history.fold(records[:4])


def test_work_item_ids_of_every_sync_add_up():
    records = recorded(
        opened(),
        history.boards_record("Contoso", "Exit", changes={}, ids={"a": 1, "b": 2}),
        history.boards_record("contoso", "exit", changes={}, ids={"b": 3}),
    )
    past = history.fold(records)
    assert past.work_items("CONTOSO", "EXIT") == {"a": 1, "b": 3}
    assert past.work_items("contoso", "other") == {}
