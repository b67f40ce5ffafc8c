"""Checks of a workload at the gate: who names endpoints or a suite means them to count."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from azstaging.checks import WORKLOAD_CHECKS, check_by_id
from azstaging.engine.check import run_checks
from azstaging.model.decisions import Policy
from azstaging.model.inventory import Inventory
from azstaging.model.observations import Answer, Observation, ProbeAttempt
from azstaging.model.suites import Probed, SuitePhase, SuiteRun
from azstaging.model.waves import Endpoint, Wave, Workload
from azstaging.rules.diff import diff_inventory
from azstaging.rules.gate import ENDPOINTS, SUITE, Case, decide

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)
POLICY = Policy(required=("phase-staged",))
PLAIN = Workload(name="Payroll", items=("*",))
WITH_BOTH = replace(
    PLAIN, suite="tests/payroll", endpoints=(Endpoint(kind="tcp", address="10.20.0.4:1433"),)
)


class Prober:
    """Sees what it is told to see."""

    def __init__(self, answer: Answer = Answer.ANSWERED, outcome: str = "passed") -> None:
        self.answer, self.outcome = answer, outcome

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

    def observe(self, endpoints):
        attempt = ProbeAttempt(at=NOW, answer=self.answer, detail=self.answer.value)
        return tuple(
            Observation(kind=each.kind, address=each.address, attempts=(attempt,))
            for each in endpoints
        )

    def run_suite(self, _folder, _context):
        phases = tuple(
            SuitePhase(test="t", when=when, outcome=outcome)
            for when, outcome in (
                ("setup", "passed"),
                ("call", self.outcome),
                ("teardown", "passed"),
            )
        )
        return SuiteRun(collected=("t",), phases=phases, exit_status=0, exit_code=0)


def reasons(rows, workload: Workload, prober: Prober | None, policy: Policy = POLICY) -> set[str]:
    inventory = Inventory(read_at=NOW, items=(rows(),))
    wave = Wave(workloads=(workload,))
    findings = run_checks(
        inventory,
        diff_inventory(inventory, at=NOW),
        wave=wave,
        policy=policy,
        clock=lambda: NOW,
        run="run-1",
        probes=prober,
    )
    case = Case(
        inventory=inventory,
        wave=wave,
        findings=tuple(findings),
        waivers=(),
        policy=policy,
        workload_checks=WORKLOAD_CHECKS,
    )
    (decision,) = decide(case, now=NOW)
    return {reason.check for reason in getattr(decision, "reasons", ())}


def test_the_gate_knows_the_checks_by_their_ids() -> None:
    assert {ENDPOINTS, SUITE, "guest-command", "imported-results"} == WORKLOAD_CHECKS
    assert check_by_id(ENDPOINTS) is not None
    assert check_by_id(SUITE) is not None


def test_a_workload_that_names_nothing_needs_nothing_more(rows) -> None:
    assert reasons(rows, PLAIN, None) == set()


def test_what_a_workload_names_must_pass(rows) -> None:
    assert reasons(rows, WITH_BOTH, Prober()) == set()
    assert reasons(rows, WITH_BOTH, Prober(outcome="failed")) == {SUITE}
    assert reasons(rows, WITH_BOTH, Prober(Answer.REFUSED)) == {ENDPOINTS}
    assert reasons(rows, WITH_BOTH, None) == {SUITE, ENDPOINTS}


@pytest.mark.parametrize("advisory", [SUITE, ENDPOINTS])
def test_a_policy_can_make_them_advisory(rows, advisory: str) -> None:
    policy = replace(POLICY, advisory=(advisory,))
    assert reasons(rows, WITH_BOTH, None, policy) == {SUITE, ENDPOINTS} - {advisory}


def test_a_policy_that_requires_a_suite_closes_a_workload_without_one(rows) -> None:
    policy = replace(POLICY, required=("phase-staged", SUITE))
    assert reasons(rows, PLAIN, Prober(), policy) == {SUITE}
