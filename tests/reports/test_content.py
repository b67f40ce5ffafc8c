"""What a report says: the answer, the reasons, the evidence, and what is missing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from azstaging.errors import ConfigurationError
from azstaging.model.decisions import Decisions, GateClosed, GateOpen, Policy, Reason, Waiver
from azstaging.model.differences import Diff
from azstaging.model.findings import Findings
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, Phase
from azstaging.model.plans import Receipt, ReceiptState
from azstaging.model.report import Event, Report
from azstaging.model.waves import Endpoint, Wave
from azstaging.reports import find_format, find_view, make_document
from azstaging.reports.document import Blocker, Document, Workload
from azstaging.reports.document import Reason as Shown
from azstaging.reports.ledger import gaps


@pytest.fixture(scope="module")
def document(report: Report) -> Document:
    return make_document(report)


def workload(document: Document, name: str) -> Workload:
    return next(found for found in document.workloads if found.name == name)


def with_states(report: Report, states: dict[str, str]) -> Report:
    """Return the report with the gates of some workloads set, and only these workloads."""
    kept = tuple(w for w in report.wave.workloads if w.name in states)
    rows = tuple(
        replace(row, phase=Phase.RELEASED if states[row.workloads[0]] == "released" else row.phase)
        for row in report.inventory.items
        if row.workloads[0] in states
    )
    at = report.decisions.at
    closed = Reason(code="lock", detail="locked", next_step="Unlock.")
    decisions = tuple(
        GateOpen(workload=name, at=at, item_ids=(), evidence=())
        if states[name] == "ready"
        else GateClosed(workload=name, at=at, item_ids=(), reasons=(closed,))
        for name in sorted(states)
    )
    return replace(
        report,
        wave=replace(report.wave, workloads=kept),
        inventory=replace(report.inventory, items=rows, expected=len(rows), gaps=()),
        decisions=Decisions(at=at, decisions=decisions, policy=report.decisions.policy),
        receipts=(),
    )


@pytest.mark.parametrize(
    ("states", "state", "headline", "why"),
    [
        (
            {"Payroll": "ready", "Identity": "ready"},
            "ready",
            "All 2 workloads can be released.",
            "",
        ),
        ({"Payroll": "ready"}, "ready", "The workload can be released.", ""),
        (
            {"Payroll": "ready", "Identity": "released"},
            "ready",
            "The remaining workload can be released.",
            "",
        ),
        (
            {"Payroll": "ready", "Identity": "held"},
            "partly",
            "1 of 2 workloads can be released.",
            "One is held, because a lock would block the stop.",
        ),
        (
            {"Payroll": "held", "Identity": "held"},
            "held",
            "Nothing can be released: 2 workloads held.",
            "2 are held, most often because a lock would block the stop (2 workloads).",
        ),
        (
            {"Payroll": "released", "Identity": "released"},
            "released",
            "All 2 workloads are released.",
            "",
        ),
    ],
)
def test_the_answer(
    report: Report, states: dict[str, str], state: str, headline: str, why: str
) -> None:
    answer = make_document(with_states(report, states)).answer
    assert (answer.state, answer.headline, answer.why) == (state, headline, why)


def test_an_empty_wave_can_release_nothing_and_is_not_complete(report: Report) -> None:
    at = report.decisions.at
    empty = replace(
        report,
        wave=Wave(name="Wave 08"),
        inventory=Inventory(read_at=at, items=()),
        findings=Findings(at=at, run="", findings=()),
        diff=Diff(at=at, rows_=()),
        decisions=Decisions(at=at, decisions=()),
        plans=(),
        approvals=(),
        receipts=(),
        events=(),
        waivers=(),
        journal=None,
    )
    document = make_document(empty)
    assert document.answer.headline == "Nothing can be released: the wave has no workload."
    assert document.completeness.complete is False
    assert document.completeness.statement.endswith("An empty inventory proves nothing.")
    assert "Everything that was asked for was read" not in gaps(document).empty
    assert document.integrity.verify == [
        "No journal was written: this report proves nothing by itself.",
        "Run sha256sum -c SHA256SUMS in the folder of this report: each file is as it was written.",
    ]


def test_the_counts_agree_with_the_decisions(report: Report, document: Document) -> None:
    answer = document.answer
    assert answer.ready == len(report.decisions.open)
    assert answer.ready + answer.held + answer.released == answer.workloads == 24
    assert sum(tally.count for tally in document.phases) == len(report.inventory)
    assert len(document.items) == len(report.inventory)


def test_a_gap_is_on_the_first_page_and_makes_it_incomplete(document: Document) -> None:
    found = document.completeness
    assert found.complete is False
    assert found.statement == (
        "60 of 60 expected items were read. 3 vaults were listed completely. "
        "1 scope could not be read; what it touches stays held."
    )
    assert found.gaps[0].permission.endswith("replicationProtectedItems/read")


def test_what_is_unresolved_ambiguous_or_unexpected_is_told(report: Report) -> None:
    first = report.inventory.items[0].id
    inventory = replace(
        report.inventory,
        gaps=(),
        unresolved=(("Payroll", "payroll-db-*"),),
        ambiguous=(("Payroll", "WEB01"),),
        unexpected=(first,),
    )
    found = make_document(replace(report, inventory=inventory)).completeness
    assert found.complete is False
    assert found.statement == (
        "59 of 60 expected items were read. 3 vaults were listed completely. "
        "1 item more was read than expected. 1 selector of workloads matches no item. "
        "1 name matches several machines."
    )
    assert found.unexpected == [str(first)]


def test_items_of_no_workload_are_told(report: Report) -> None:
    rows = (replace(report.inventory.items[0], workloads=()), *report.inventory.items[1:])
    document = make_document(replace(report, inventory=replace(report.inventory, items=rows)))
    assert "1 item belongs to no workload." in document.completeness.statement
    assert document.items[0].gate == "none"


def test_every_reason_of_a_held_workload_is_there_with_its_next_step(
    report: Report, document: Document
) -> None:
    for decision in report.decisions.closed:
        found = workload(document, decision.workload)
        if found.state == "held":
            assert [r.detail for r in found.reasons] == [r.detail for r in decision.reasons]
            assert all(reason.next_step for reason in found.reasons)
        else:
            assert found.reasons == []


def test_a_workload_without_a_decision_is_held(report: Report) -> None:
    decisions = tuple(d for d in report.decisions if d.workload != "Payroll")
    undecided = replace(report, decisions=replace(report.decisions, decisions=decisions))
    found = workload(make_document(undecided), "Payroll")
    assert found.state == "held"
    assert found.reasons[0].code == "not-decided"


def holds(blocker: Blocker, reason: Shown) -> bool:
    return reason.code == blocker.code and (not reason.check or reason.check in blocker.checks)


def with_failed(
    report: Report, failed: dict[str, dict[str, str]], code: str = "evidence-failed"
) -> Report:
    """Return the report with workloads held by some checks: {workload: {check: next step}}."""
    decisions = tuple(
        GateClosed(
            workload=name,
            at=report.decisions.at,
            item_ids=(),
            reasons=tuple(
                Reason(code=code, check=check, detail="no", next_step=step)
                for check, step in checks.items()
            ),
        )
        for name, checks in failed.items()
    )
    held = with_states(report, dict.fromkeys(failed, "held"))
    return replace(held, decisions=replace(held.decisions, decisions=decisions))


@pytest.mark.parametrize(
    ("code", "titles"),
    [
        ("evidence-error", ["A check could not run: a", "A check could not run: b"]),
        ("evidence-inconclusive", ["A check was inconclusive: a", "A check was inconclusive: b"]),
        ("evidence-skipped", ["A check was skipped: a", "A check was skipped: b"]),
        ("evidence-missing", ["Evidence is missing"]),
        ("evidence-expired", ["Evidence has expired"]),
        ("evidence-void", ["The machine changed since it was checked"]),
        ("evidence-flaky", ["A check failed, then passed"]),
    ],
)
def test_what_is_the_checks_own_to_say_is_apart_and_what_is_said_of_all_is_one(
    report: Report, code: str, titles: list[str]
) -> None:
    made = make_document(with_failed(report, {"Payroll": {"b": "Two.", "a": "One."}}, code))
    assert [b.title for b in made.blockers] == titles


def test_the_answer_counts_all_failed_checks_as_one_reason(report: Report) -> None:
    failed = {name: {f"check-{name}": "Mend it."} for name in ("Payroll", "Ticketing", "Warehouse")}
    held = with_failed(report, failed)
    missing = Reason(code="evidence-missing", check="x", detail="no", next_step="Check.")
    first, second, *rest = held.decisions.decisions
    both = [replace(each, reasons=(*each.reasons, missing)) for each in (first, second)]
    made = make_document(replace(held, decisions=replace(held.decisions, decisions=(*both, *rest))))
    assert made.blockers[0].code == "evidence-missing"
    assert made.answer.why == "3 are held, most often because a check failed (3 workloads)."


def test_what_one_check_found_is_not_said_to_be_mended_by_the_next_step_of_another(
    report: Report,
) -> None:
    failed = {
        "Payroll": {"phase-staged": "Bring it there.", "target-running": "Start it."},
        "Ticketing": {"target-running": "Start it."},
    }
    made = make_document(with_failed(report, failed))
    told = [(b.title, b.workloads, b.checks, b.next_step) for b in made.blockers]
    assert told == [
        ("A check failed: target-running", 2, ["target-running"], "Start it."),
        ("A check failed: phase-staged", 1, ["phase-staged"], "Bring it there."),
    ]
    assert made.answer.why.endswith("because a check failed (2 workloads).")


def test_what_a_machine_is_comes_before_the_check_that_found_it(report: Report) -> None:
    failed = {"Payroll": {"phase-staged": "Bring it there."}}
    held = with_failed(report, failed)
    (decision,) = held.decisions.decisions
    assert isinstance(decision, GateClosed)
    phase = Reason(code="phase", detail="it is paused", next_step="Migrate it.")
    both = replace(decision, reasons=(*decision.reasons, phase))
    made = make_document(replace(held, decisions=replace(held.decisions, decisions=(both,))))
    assert [b.code for b in made.blockers] == ["phase", "evidence-failed"]
    assert made.answer.why == "One is held, because the item is not staged."


def test_what_one_command_mends_stays_one_blocker(document: Document) -> None:
    missing = [b for b in document.blockers if b.code == "evidence-missing"]
    assert [b.title for b in missing] == ["Evidence is missing"]
    assert len(missing[0].checks) > 1


def test_blockers_count_workloads_and_items_once_and_the_worst_comes_first(
    document: Document,
) -> None:
    held = [w for w in document.workloads if w.state == "held"]
    for blocker in document.blockers:
        touched = [w for w in held if any(holds(blocker, r) for r in w.reasons)]
        assert blocker.workloads == len(touched)
        assert blocker.owners == sorted({w.owner for w in touched if w.owner})
    counts = [blocker.workloads for blocker in document.blockers]
    assert counts == sorted(counts, reverse=True)
    assert "already-released" not in {blocker.code for blocker in document.blockers}


def receipt_for(report: Report, *, generation: str | None = None) -> tuple[Receipt, str]:
    row = next(row for row in report.inventory if row.phase is Phase.STAGED)
    receipt = Receipt(
        item_id=row.id.key,
        name=row.name,
        generation=row.item.generation or "" if generation is None else generation,
        plan_digest="0" * 64,
        state=ReceiptState.DONE,
        at=report.made_at,
    )
    return receipt, str(row.id)


def test_a_receipt_releases_its_generation_only(report: Report) -> None:
    receipt, item_id = receipt_for(report)
    released = make_document(replace(report, receipts=(receipt,)))
    assert next(item.gate for item in released.items if item.id == item_id) == "released"

    other, item_id = receipt_for(report, generation="an earlier one")
    protected_again = make_document(replace(report, receipts=(other,)))
    assert next(item.gate for item in protected_again.items if item.id == item_id) != "released"


def test_the_standings_are_those_of_the_gate(report: Report, document: Document) -> None:
    seen = {finding.standing for finding in document.findings}
    assert seen >= {"failed", "error", "inconclusive", "expired", "flaky", "missing", "passed"}
    for decision in report.decisions.closed:
        for reason in decision.reasons:
            if reason.code.startswith("evidence-") and reason.item_id:
                found = next(
                    f
                    for f in document.findings
                    if f.check == reason.check and f.subject == str(reason.item_id)
                )
                assert f"evidence-{found.standing}" == reason.code
                assert found.evidence == reason.evidence


def test_evidence_names_the_record_and_its_digest(report: Report, document: Document) -> None:
    proven = [finding for finding in document.findings if finding.evidence is not None]
    assert proven
    assert all(f.digest == report.evidence[f.evidence] for f in proven if f.evidence is not None)


def test_cells_count_what_passed_and_show_the_worst(document: Document) -> None:
    for found in document.workloads:
        mine = [f for f in document.findings if found.name in f.workloads]
        for cell in found.cells:
            standings = [f.standing for f in mine if f.check == cell.check]
            assert cell.total == len(standings)
            assert cell.passed == standings.count("passed")
            assert (cell.standing == "passed") == (cell.passed == cell.total > 0)


def test_a_waived_check_is_neither_passed_nor_failed(report: Report) -> None:
    held = next(
        (decision.workload, reason)
        for decision in report.decisions.closed
        for reason in decision.reasons
        if reason.waivable
    )
    waiver = Waiver(
        check=held[1].check,
        subject=held[0],
        reason="watched from outside",
        category="accepted risk",
        approver="head of platform",
        ticket="CHG-1",
        created=report.made_at - timedelta(days=1),
        expires=report.made_at + timedelta(days=2, hours=3),
    )
    document = make_document(replace(report, waivers=(waiver,)))
    cell = next(c for c in workload(document, held[0]).cells if c.check == held[1].check)
    assert cell.standing == "waived"
    assert cell.passed < cell.total
    assert (document.waivers[0].in_force, document.waivers[0].days_left) == (True, 2)


def test_an_expired_waiver_is_listed_and_does_nothing(report: Report) -> None:
    old = replace(report.waivers[0], expires=report.made_at)
    document = make_document(replace(report, waivers=(old,)))
    assert (document.waivers[0].in_force, document.waivers[0].days_left) == (False, 0)
    assert "waived" not in {finding.standing for finding in document.findings}


def test_a_check_of_a_workload_is_weighed_on_the_workload(report: Report) -> None:
    policy = Policy(required=("endpoints",))
    document = make_document(
        replace(
            report,
            workload_checks=frozenset({"endpoints"}),
            decisions=replace(report.decisions, policy=policy),
        )
    )
    mine = [f for f in document.findings if f.check == "endpoints"]
    assert {f.subject for f in mine} >= {"workload:Payroll"}
    assert all(f.standing == "missing" and f.required for f in mine)


def test_an_endpoint_that_a_workload_names_is_required_of_it(report: Report) -> None:
    endpoint = Endpoint(kind="tcp", address="10.20.0.4:443")
    named, *others = report.wave.workloads
    wave = replace(report.wave, workloads=(replace(named, endpoints=(endpoint,)), *others))
    checks = frozenset({"endpoint-reachable"})
    document = make_document(replace(report, wave=wave, workload_checks=checks))
    mine = [f for f in document.findings if f.check == "endpoint-reachable"]
    assert [(f.subject, f.standing, f.required) for f in mine] == [
        (f"workload:{named.name}", "missing", True)
    ]


def test_differences_come_by_class_and_add_up(report: Report, document: Document) -> None:
    order = ["suspicious", "act", "unknown", "expected"]
    ranks = [order.index(difference.cls) for difference in document.diff]
    assert ranks == sorted(ranks)
    counts = report.diff.counts()
    assert sum(area.same for area in document.areas) == counts["same"]
    assert sum(item.act for item in document.items) == counts["act"]
    assert len(document.diff) == sum(counts.values()) - counts["same"]


def test_source_and_target_stand_side_by_side(document: Document) -> None:
    item = next(item for item in document.items if item.name == "payroll-sql-01")
    assert item.source is not None
    assert item.target is not None
    assert item.source.addresses == ["10.10.0.5"]
    assert item.target.addresses == ["10.20.0.5"]
    assert item.target.size == "Standard_D4s_v5"
    assert sum(disk.size_bytes or 0 for disk in item.target.disks) == 160 * 1024**3


def test_a_source_that_discovery_lost_is_told_by_the_item(document: Document) -> None:
    item = next(item for item in document.items if item.name == "srv-00006")
    assert item.source is not None
    assert item.source.id == ""
    assert item.source.cores == 2
    assert item.source_note == "discovery dropped the machine"


def test_a_target_that_could_not_be_read_is_not_called_missing(report: Report) -> None:
    row = replace(report.inventory.items[0], target=None, target_unknown=True, target_note="")
    rows = (row, *report.inventory.items[1:])
    document = make_document(replace(report, inventory=replace(report.inventory, items=rows)))
    assert document.items[0].target_note == "could not be read"


def test_the_timeline_is_in_order_and_names_the_item(report: Report) -> None:
    extra = Event(
        at=report.made_at - timedelta(days=40),
        what="Replication enabled",
        item_id=ResourceId(str(report.inventory.items[0].id).upper()),
    )
    timeline = make_document(replace(report, events=(extra, extra))).timeline
    assert [event.at for event in timeline] == sorted(event.at for event in timeline)
    assert timeline[0].what == "Replication enabled"
    assert timeline[0].name == report.inventory.items[0].name
    assert [event.what for event in timeline].count("Replication enabled") == 1
    assert [e.actor for e in timeline if e.what == "Plan approved"] == [
        "approver@contoso.example (7e9a0c11-0000-4000-8000-00000000aad0/approver)"
    ]


def test_every_table_has_a_cell_for_every_column(document: Document) -> None:
    from azstaging.reports import ledger, tables  # noqa: PLC0415 - only this test looks at them
    from azstaging.reports.wide import WIDE  # noqa: PLC0415

    others = (tables.blockers, tables.heat_map, tables.phases, ledger.plans, ledger.policy)
    for make in (*WIDE, *others):
        table = make(document)
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert len({column.key for column in table.columns}) == len(table.columns)


@pytest.mark.parametrize("find", [find_view, find_format])
def test_an_unknown_view_or_format_names_the_known_ones(find: Callable[[str], object]) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no .* 'pdf'\. The .* are "):
        find("pdf")
