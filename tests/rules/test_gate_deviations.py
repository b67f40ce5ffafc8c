"""One healthy case, every way to leave it, and every two ways: the gate never opens again.

Each deviation closes by its own reason, whatever else is wrong: reasons hide no other reason.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest

from azstaging.model.decisions import GateClosed, GateOpen, Waiver
from azstaging.model.findings import Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Phase
from azstaging.model.items import Collection, Cutover, TestMachine
from azstaging.model.machines import Lock, TargetDisk, TargetNic
from azstaging.rules.gate import Case, decide

GROUP = "/subscriptions/0000/resourceGroups/target/providers"
LOCK = Lock(
    id=ResourceId("/subscriptions/0000/providers/Microsoft.Authorization/locks/keep"),
    level="CanNotDelete",
    scope=ResourceId("/subscriptions/0000"),
)


def row_with(**changes) -> Callable:
    return lambda case, build: on_row(case, lambda row: replace(row, **changes))


def on_row(case, change):
    first, *rest = case.inventory.items
    return replace(case, inventory=replace(case.inventory, items=(change(first), *rest)))


def fact(**changes) -> Callable:
    return lambda case, build: on_row(
        case, lambda row: replace(row, facts=replace(row.facts, **changes))
    )


def item(**changes) -> Callable:
    return lambda case, build: on_row(
        case, lambda row: replace(row, item=replace(row.item, **changes))
    )


def target(**changes) -> Callable:
    def change(row):
        return row if row.target is None else replace(row, target=replace(row.target, **changes))

    return lambda case, build: on_row(case, change)


def evidence(check, **changes) -> Callable:
    def change(case, build):
        found = tuple(
            replace(f, **{k: v(build) if callable(v) else v for k, v in changes.items()})
            if f.check == check
            else f
            for f in case.findings
        )
        return replace(case, findings=found)

    return change


def without(check) -> Callable:
    return lambda case, build: replace(
        case, findings=tuple(f for f in case.findings if f.check != check)
    )


def then(check, outcome) -> Callable:
    """One more run of a check, later than all that there is."""

    def change(case, build):
        last = next(f for f in case.findings if f.check == check)
        more = replace(last, outcome=outcome, run="run-9", seq=99)
        return replace(case, findings=(*case.findings, more))

    return change


def flaky(case, build):
    row = case.inventory.items[0]
    failed = build.finding(row, "target-running", Outcome.FAIL, run="run-0", seq=1)
    return replace(case, findings=(failed, *case.findings))


def inventory(**changes) -> Callable:
    def change(case, build):
        made = {k: v(case, build) if callable(v) else v for k, v in changes.items()}
        return replace(case, inventory=replace(case.inventory, **made))

    return change


def gap(reason, *, scope=None, covers_items=True) -> Callable:
    return inventory(
        gaps=lambda case, build: (
            *case.inventory.gaps,
            Gap(
                scope=scope or build.vault,
                reason=reason,
                detail="not read",
                permission="a/read",
                covers_items=covers_items,
            ),
        )
    )


def by_name(case, build):
    """Select the workload's machine by name, below a scope that could hide another such one."""
    [workload] = case.wave.workloads
    workload = replace(workload, items=(*workload.items, "app*"))
    return gap("forbidden")(replace(case, wave=replace(case.wave, workloads=(workload,))), build)


def suite_without_evidence(case, build):
    [workload] = case.wave.workloads
    workload = replace(workload, suite="tests/payroll")
    return replace(
        case,
        wave=replace(case.wave, workloads=(workload,)),
        workload_checks=frozenset({"workload-suite"}),
    )


# name -> (change, the code of its own reason)
DEVIATIONS = {
    "phase-failed": (row_with(phase=Phase.FAILED), "phase"),
    "phase-replicating": (row_with(phase=Phase.REPLICATING), "phase"),
    "phase-unrecognised": (row_with(phase=Phase.UNRECOGNISED), "phase"),
    "phase-contradiction": (row_with(phase=Phase.CONTRADICTION), "phase"),
    "unknown-value": (fact(unrecognised=("migrationState=New",)), "unrecognised"),
    "stop-not-allowed": (fact(stop_allowed=False), "stop-not-allowed"),
    "job-running": (fact(idle=False), "job-running"),
    "job-unknown": (fact(idle=None), "job-running"),
    "test-outstanding": (fact(test=TestMachine.OUTSTANDING), "test-machine"),
    "test-unknown": (fact(test=None), "test-machine"),
    "cleanup-offered": (fact(cleanup_allowed=True), "test-machine"),
    "test-machine-found": (
        row_with(test_machines=(ResourceId(f"{GROUP}/x/y/app01-test"),)),
        "test-machine",
    ),
    "no-generation": (item(generation=None), "no-generation"),
    "other-generation": (item(generation="gen-2"), "evidence-void"),
    "list-row-only": (item(detailed=False), "not-detailed"),
    "azure-local": (item(collection=Collection.DATA_REPLICATION), "target-not-provable"),
    "target-unread": (row_with(target=None, target_unknown=True), "target-unread"),
    "target-missing": (row_with(target=None), "target-missing"),
    "lock": (row_with(locks=(LOCK,)), "lock"),
    "notes-unread": (fact(cutover=Cutover.DONE_WITH_NOTES), "evidence-missing"),
    "resized": (target(size="Standard_D4s_v5"), "evidence-void"),
    "made-again": (target(vm_id="vm-2"), "evidence-void"),
    "disk-added": (
        target(
            disks=(
                TargetDisk(
                    id=ResourceId(f"{GROUP}/Microsoft.Compute/disks/new"), name="new", is_os=False
                ),
            )
        ),
        "evidence-void",
    ),
    "adapter-changed": (
        target(nics=(TargetNic(id=ResourceId(f"{GROUP}/Microsoft.Network/networkInterfaces/n")),)),
        "evidence-void",
    ),
    "extension-failed": (target(extensions={"monitor": "Failed"}), "evidence-void"),
    "no-evidence": (without("target-running"), "evidence-missing"),
    "failed": (evidence("target-running", outcome=Outcome.FAIL), "evidence-failed"),
    "error": (evidence("target-running", outcome=Outcome.ERROR), "evidence-error"),
    "inconclusive": (
        evidence("target-running", outcome=Outcome.INCONCLUSIVE),
        "evidence-inconclusive",
    ),
    "skipped": (evidence("target-running", outcome=Outcome.SKIPPED), "evidence-skipped"),
    "failed-later": (then("phase-staged", Outcome.FAIL), "evidence-failed"),
    "inconclusive-later": (then("phase-staged", Outcome.INCONCLUSIVE), "evidence-inconclusive"),
    "expired": (
        evidence("target-running", at=lambda b: b.now - timedelta(seconds=3600)),
        "evidence-expired",
    ),
    "from-the-future": (
        evidence("target-running", at=lambda b: b.now + timedelta(minutes=5, seconds=1)),
        "evidence-from-the-future",
    ),
    "flaky": (flaky, "evidence-flaky"),
    "no-required-check": (
        lambda case, build: replace(case, policy=replace(case.policy, required=())),
        "no-required-check",
    ),
    "shorter-lifetime": (
        lambda case, build: replace(
            case, policy=replace(case.policy, lifetimes=(("target-running", 600),))
        ),
        "evidence-expired",
    ),
    "stale-inventory": (
        inventory(read_at=lambda _, build: build.now - timedelta(hours=1, seconds=1)),
        "stale-inventory",
    ),
    "inventory-from-the-future": (
        inventory(read_at=lambda _, build: build.now + timedelta(minutes=5, seconds=1)),
        "stale-inventory",
    ),
    "unresolved": (inventory(unresolved=(("Payroll", "db9"),)), "unresolved-selector"),
    "count-not-met": (gap("expected-count"), "gap"),
    "hidden-by-name": (by_name, "gap"),
    "detail-unread": (
        gap("forbidden", scope=ResourceId("/subscriptions/0000"), covers_items=False),
        "gap",
    ),
    "cooling-off": (
        lambda case, build: replace(
            case, wave=replace(case.wave, release_after=build.now + timedelta(seconds=1))
        ),
        "cooling-off",
    ),
    "suite-not-run": (suite_without_evidence, "evidence-missing"),
}


def healthy(build) -> Case:
    return build.case(build.row())


def decided(case, build):
    [decision] = decide(case, now=build.now)
    return decision


def test_the_healthy_case_is_open(build):
    assert isinstance(decided(healthy(build), build), GateOpen)


@pytest.mark.parametrize("name", DEVIATIONS)
def test_each_deviation_closes_by_its_own_reason(build, name):
    change, code = DEVIATIONS[name]
    decision = decided(change(healthy(build), build), build)
    assert isinstance(decision, GateClosed)
    assert code in {reason.code for reason in decision.reasons}
    for reason in decision.reasons:
        assert reason.detail
        assert reason.next_step


@pytest.mark.parametrize("name", DEVIATIONS)
def test_no_second_deviation_opens_it_again(build, name):
    change, _ = DEVIATIONS[name]
    for other in DEVIATIONS:
        if other != name:
            case = DEVIATIONS[other][0](change(healthy(build), build), build)
            assert isinstance(decided(case, build), GateClosed), other


NOT_FRESH = ("void", "expired", "from-the-future")
PRECONDITIONS = [name for name, (_, code) in DEVIATIONS.items() if not code.startswith("evidence-")]


def test_preconditions_are_all_listed_at_once(build):
    hidden = {"target-unread", "target-missing", "azure-local"}, {"test-machine-found"}
    for one, two in combinations(PRECONDITIONS, 2):
        case = DEVIATIONS[two][0](DEVIATIONS[one][0](healthy(build), build), build)
        codes = {reason.code for reason in decided(case, build).reasons}
        both = {DEVIATIONS[one][1], DEVIATIONS[two][1]}
        if not any({one, two} & group for group in hidden):
            assert both <= codes, (one, two)


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_waiver_of_everything_waives_evidence_only(build, name):
    """Waivers for every check, on workload and item: what is no evidence stays closed."""
    case = DEVIATIONS[name][0](healthy(build), build)
    waivers = tuple(
        Waiver(
            check=check,
            subject=subject,
            reason="known",
            category="accepted-risk",
            approver="operations lead",
            ticket="CHG-1",
            created=build.now - timedelta(days=1),
            expires=build.now + timedelta(days=1),
        )
        for check in (*build.required, "migration-notes", "workload-suite")
        for subject in ("Payroll", str(build.item_id("app01")))
    )
    decision = decided(replace(case, waivers=waivers), build)
    never = not DEVIATIONS[name][1].startswith("evidence-") or name.endswith("-later")
    stale = DEVIATIONS[name][1] in {f"evidence-{how}" for how in NOT_FRESH}
    assert isinstance(decision, GateClosed) == (never or stale), name
