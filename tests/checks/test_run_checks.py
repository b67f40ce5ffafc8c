"""The engine that runs the checks: order, subjects, lifetimes, errors, gaps, probes."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from azstaging.checks import CHECKS, item_checks
from azstaging.checks.interface import ItemContext, Verdict, check
from azstaging.checks.phase_staged import phase_staged
from azstaging.engine import check as engine
from azstaging.engine.check import run_checks
from azstaging.model.decisions import Policy
from azstaging.model.findings import Findings, Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.observations import Answer, Observation, ProbeAttempt
from azstaging.model.suites import Probed, SuiteContext, SuitePhase, SuiteRun, SuiteTarget
from azstaging.model.waves import Endpoint, Wave, Workload
from azstaging.rules.diff import diff_inventory
from azstaging.rules.evidence import item_subject, workload_scope

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)
POLICY = Policy(required=("phase-staged",))
ENDPOINT = Endpoint(kind="tcp", address="10.20.0.4:1433")
PAYROLL = Workload(name="Payroll", items=("*",), suite="tests/payroll", endpoints=(ENDPOINT,))


class FakeProber:
    """Answers for every endpoint, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Endpoint] = []
        self.suites: list[tuple[str, SuiteContext]] = []

    def look(self, tasks, progress):
        seen = [
            Probed(
                observations=self.observe(task.endpoints) if task.endpoints else None,
                suite=self.run_suite(task.suite, task.context) if task.suite else None,
            )
            for task in tasks
        ]
        for done in range(1, len(tasks) + 1):
            progress("probe", done, len(tasks))
        return tuple(seen)

    def observe(self, endpoints) -> tuple[Observation, ...]:
        self.asked.extend(endpoints)
        attempt = ProbeAttempt(at=NOW, answer=Answer.ANSWERED, detail="connected")
        return tuple(
            Observation(kind=each.kind, address=each.address, attempts=(attempt,))
            for each in endpoints
        )

    def run_suite(self, folder: str, context: SuiteContext) -> SuiteRun:
        self.suites.append((folder, context))
        return PASSED


class Ticking:
    """A clock that moves a second with every look."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> datetime:
        self.looks += 1
        return NOW + timedelta(seconds=self.looks)


PASSED = SuiteRun(
    collected=("test_pay.py::test_runs",),
    phases=tuple(
        SuitePhase(test="test_pay.py::test_runs", when=when, outcome="passed")
        for when in ("setup", "call", "teardown")
    ),
    exit_status=0,
    exit_code=0,
)


def inventory_of(*rows: InventoryItem, gaps: tuple[Gap, ...] = ()) -> Inventory:
    return Inventory(read_at=NOW, items=rows, gaps=gaps)


def run(inventory: Inventory, **more) -> Findings:
    settings = {
        "wave": Wave(workloads=(PAYROLL,)),
        "policy": POLICY,
        "clock": lambda: NOW,
        "run": "run-1",
        "baselines": frozenset(row.id.key for row in inventory),
        **more,
    }
    return run_checks(inventory, diff_inventory(inventory, at=NOW), **settings)


def finding(findings: Findings, id: str, subject: str = ""):
    found = [f for f in findings if f.check == id and f.subject.id.startswith(subject)]
    assert len(found) == 1
    return found[0]


def test_every_check_says_something_of_a_healthy_item_and_it_is_good(rows) -> None:
    findings = run(inventory_of(rows()), probes=FakeProber())
    assert sorted(f.check for f in findings) == [e.id for e in CHECKS if not e.on_request]
    assert findings.not_passed() == ()
    assert all(f.next_step == "" for f in findings)


def test_findings_are_sorted_by_subject_and_check_whatever_the_order_of_the_items(rows) -> None:
    one, other = rows(), rows({"item.id": rows.healthy["item"]["id"] + "-b"})
    forward, backward = run(inventory_of(one, other)), run(inventory_of(other, one))
    keys = [(f.subject.id, f.check) for f in forward]
    assert keys == sorted(keys)
    assert keys == [(f.subject.id, f.check) for f in backward]
    assert len(forward) == 2 * len(item_checks(POLICY)) + 2


def test_a_finding_is_about_the_item_its_generation_and_its_target(rows) -> None:
    row = rows()
    findings = run(inventory_of(row))
    assert finding(findings, "locks").subject == item_subject(row)
    assert finding(findings, "endpoint-reachable").subject == workload_scope("Payroll", [row])
    assert {f.run for f in findings} == {"run-1"}


def test_items_share_one_time_and_workloads_get_theirs_after_the_probes(rows) -> None:
    other = rows({"item.id": rows.healthy["item"]["id"] + "-b"})
    findings = run(inventory_of(rows(), other), clock=Ticking(), probes=FakeProber())
    item_times = {f.at for f in findings if f.subject.id.startswith("/")}
    assert item_times == {NOW + timedelta(seconds=1)} == {findings.at}
    assert finding(findings, "endpoint-reachable").at == NOW + timedelta(seconds=2)


def test_the_policy_sets_lifetimes(rows) -> None:
    policy = replace(POLICY, lifetimes=(("locks", 60),))
    findings = run(inventory_of(rows()), policy=policy)
    assert finding(findings, "locks").lifetime_seconds == 60
    own = next(each for each in CHECKS if each.id == "tags").lifetime_seconds
    assert finding(findings, "tags").lifetime_seconds == own


def test_a_check_that_raises_is_an_error_and_the_others_still_run(
    rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    @check(id="broken", title="t", source="s", lifetime_seconds=60, next_step="n.")
    def broken(context: ItemContext) -> Verdict:
        raise KeyError(context.row.name)

    monkeypatch.setattr(engine, "item_checks", lambda _policy: (broken, phase_staged))
    findings = run(inventory_of(rows()))
    bad = finding(findings, "broken")
    assert bad.outcome is Outcome.ERROR
    assert "KeyError: 'APP-01'" in bad.detail
    assert bad.next_step
    assert finding(findings, "phase-staged").outcome is Outcome.PASS


def test_the_error_of_a_check_is_cut_short(rows, monkeypatch: pytest.MonkeyPatch) -> None:
    @check(id="broken", title="t", source="s", lifetime_seconds=60, next_step="n.")
    def broken(context: ItemContext) -> Verdict:
        raise ValueError("x" * 100_000 + context.row.name)

    monkeypatch.setattr(engine, "item_checks", lambda _policy: (broken,))
    assert len(finding(run(inventory_of(rows())), "broken").detail) < 300


def test_what_is_not_told_asks_to_find_out_not_to_repair(rows) -> None:
    findings = run(inventory_of(rows({"target.agent": ""})))
    assert "Find out" in finding(findings, "target-running").next_step


def test_released_items_are_not_checked_again(rows) -> None:
    released = rows({"phase": "released"})
    assert released.phase is Phase.RELEASED
    prober = FakeProber()
    assert len(run(inventory_of(released), probes=prober)) == 0
    assert prober.asked == []


def test_without_a_journal_no_baseline_can_be_known(rows) -> None:
    inventory = inventory_of(rows())
    without = finding(run(inventory, baselines=None), "baseline-present")
    missing = finding(run(inventory, baselines=frozenset()), "baseline-present")
    assert without.outcome is Outcome.INCONCLUSIVE
    assert missing.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("scope", "outcome"),
    [
        ("/subscriptions/AAAAAAAA-0000-4000-8000-000000000001", Outcome.INCONCLUSIVE),
        ("/subscriptions/cccccccc-0000-4000-8000-000000000003", Outcome.PASS),
    ],
)
def test_a_gap_counts_for_the_items_that_it_touches(rows, scope: str, outcome: Outcome) -> None:
    gap = Gap(
        scope=ResourceId(scope),
        reason="forbidden",
        detail="management locks could not be read",
        covers_items=False,
    )
    findings = run(inventory_of(rows(), gaps=(gap,)))
    assert finding(findings, "locks").outcome is outcome


def test_a_workload_is_probed_once_and_judged_as_a_whole(rows) -> None:
    other = rows({"item.id": rows.healthy["item"]["id"] + "-b"})
    prober = FakeProber()
    findings = run(inventory_of(rows(), other), probes=prober)
    assert prober.asked == [ENDPOINT]
    assert finding(findings, "endpoint-reachable").outcome is Outcome.PASS
    assert [folder for folder, _ in prober.suites] == ["tests/payroll"]


def test_a_suite_is_given_the_workload_and_its_machines_as_plain_values(rows) -> None:
    prober = FakeProber()
    run(inventory_of(rows()), probes=prober)
    _, context = prober.suites[0]
    assert (context.workload, context.endpoints) == ("Payroll", (ENDPOINT,))
    assert context.items[0].name == "APP-01"
    assert context.items[0].target == SuiteTarget(
        id=rows.healthy["target"]["id"],
        name="app-01",
        computer_name="app-01",
        location="westeurope",
        size="Standard_D4s_v5",
        addresses=("10.20.0.4",),
    )


def test_without_a_prober_endpoints_are_not_proven(rows) -> None:
    reachable = finding(run(inventory_of(rows())), "endpoint-reachable")
    assert reachable.outcome is Outcome.INCONCLUSIVE
    suite = finding(run(inventory_of(rows())), "workload-suite")
    assert suite.outcome is Outcome.INCONCLUSIVE


def test_the_diff_counts_with_its_expectations(rows) -> None:
    inventory = inventory_of(rows({"target.location": "northeurope"}))
    assert finding(run(inventory), "diff-clean").outcome is Outcome.FAIL


def test_progress_counts_every_item_and_workload(rows) -> None:
    steps: list[tuple[str, int, int]] = []
    other = rows({"item.id": rows.healthy["item"]["id"] + "-b"})
    run(inventory_of(rows(), other), progress=lambda *step: steps.append(step))
    assert steps == [("check", 1, 2), ("check", 2, 2), ("probe", 1, 1)]
