"""Plans are exact, sealed, and refused for any reason that would make them untrue."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from azstaging.errors import PlanRefusedError
from azstaging.model.items import ItemDisk
from azstaging.model.plans import Approval, PlannedRequest, Principal
from azstaging.reports.plan_sheet import price_of_regret
from azstaging.rules.evidence import workload_scope
from azstaging.rules.fingerprint import changes, fingerprint
from azstaging.rules.gate import decide
from azstaging.rules.plan import (
    build_plan,
    check_approvals,
    check_approver,
    check_plan,
    plan_bytes,
    plan_from,
)

PLANNER = Principal(tid="T", oid="planner")
APPROVER = Principal(tid="T", oid="approver")
RELEASER = Principal(tid="T", oid="releaser")


def make_plan(build, *rows, now=None, max_release=None, case=None, free_days=0):
    case = case or build.case(*(rows or (build.row(),)))
    case = replace(case, inventory=replace(case.inventory, free_days=free_days))
    now = now or build.now
    requests = {
        row.id.key: PlannedRequest(
            method="DELETE", url=f"https://arm.example{row.id}?api-version=1"
        )
        for row in case.inventory.items
    }
    return build_plan(
        decide(case, now=now).open,
        case.inventory,
        requests,
        case.findings,
        journal_id="j1",
        planner=PLANNER,
        policy=case.policy,
        now=now,
        max_release=max_release,
    )


def approval(build, plan, who=APPROVER, **changes):
    value = Approval(
        plan_digest=plan.digest,
        approver=who,
        comment="CHG-1",
        at=build.now,
        expires=build.now + timedelta(hours=8),
    )
    return replace(value, **changes)


def refusal(call):
    with pytest.raises(PlanRefusedError) as caught:
        call()
    return caught.value.code


def test_a_plan_survives_its_file_and_names_exact_requests(build):
    plan = make_plan(build)
    assert plan_from(plan_bytes(plan)) == plan
    assert plan.items[0].request.url.endswith("app01?api-version=1")
    assert plan.items[0].evidence == (7,)


def test_the_same_state_has_the_same_content_and_another_digest(build):
    first = make_plan(build)
    later = make_plan(build, now=build.now + timedelta(minutes=1))
    assert first.content == later.content
    assert first.digest != later.digest


def test_any_changed_byte_of_a_plan_is_refused(build):
    data = plan_bytes(make_plan(build)).rstrip()
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 0x01
        assert refusal(lambda flipped=flipped: plan_from(bytes(flipped))) == "digest"


def test_a_plan_with_an_item_slipped_in_is_refused(build):
    plain = json.loads(plan_bytes(make_plan(build)))
    plain["items"].append(plain["items"][0] | {"id": "/subscriptions/other"})
    assert refusal(lambda: plan_from(json.dumps(plain).encode())) == "digest"


def test_another_plan_than_the_expected_one_is_refused(build):
    plan = make_plan(build)
    assert plan_from(plan_bytes(plan), expected_digest=plan.digest) == plan
    assert refusal(lambda: plan_from(plan_bytes(plan), expected_digest="sha256:0")) == "digest"


def test_a_plan_that_is_read_twice_is_one_value_while_somebody_has_it(build):
    plan = make_plan(build)
    first = plan_from(plan_bytes(plan))
    assert plan_from(json.loads(plan_bytes(plan))) is first
    first.items[0].fingerprint["target.size"] = "another"
    again = plan_from(plan_bytes(plan))
    assert again is not first, "one that somebody wrote into stands for nothing"
    assert again == plan


def test_an_item_relies_on_its_own_evidence_and_on_that_of_its_workload(build):
    one, two = build.row("a"), build.row("b")
    whole = workload_scope("Payroll", (one, two))
    findings = [
        *(build.finding(one, check, seq=seq) for seq, check in enumerate(build.required, 10)),
        *(build.finding(two, check, seq=seq) for seq, check in enumerate(build.required, 20)),
        replace(build.finding(one, "workload-suite", seq=30), subject=whole),
    ]
    case = build.case(one, two, findings=tuple(findings))
    policy = replace(case.policy, required=(*build.required, "workload-suite"))
    case = replace(case, policy=policy, workload_checks=frozenset({"workload-suite"}))
    first, second = make_plan(build, case=case).items
    assert first.evidence == (10, 11, 30)
    assert second.evidence == (20, 21, 30)


def test_a_plan_of_one_large_workload_is_as_large_as_of_many_small_ones(build):
    def size(*workloads):
        rows = [build.row(f"vm-{n:03}", workloads[n % len(workloads)]) for n in range(200)]
        sequences = iter(range(1000, 2000))
        findings = [
            build.finding(row, check, seq=next(sequences))
            for row in rows
            for check in build.required
        ]
        return len(plan_bytes(make_plan(build, case=build.case(*rows, findings=tuple(findings)))))

    assert size("One") <= size(*(f"Many {n}" for n in range(50)))


def test_max_release_is_a_ceiling(build):
    rows = (build.row("a"), build.row("b"))
    assert len(make_plan(build, *rows, max_release=2).items) == 2
    assert refusal(lambda: make_plan(build, *rows, max_release=1)) == "max-release"


def test_a_plan_holds_for_its_journal_its_hours_and_its_policy(build):
    plan = make_plan(build)
    policy = build.case(build.row()).policy
    check_plan(plan, journal_id="j1", policy=policy, now=build.now)

    def check(**changes):
        arguments = {"journal_id": "j1", "policy": policy, "now": build.now} | changes
        return refusal(lambda: check_plan(plan, **arguments))

    assert check(journal_id="j2") == "foreign-journal"
    assert check(now=plan.expires) == "expired"
    assert check(now=build.now - timedelta(minutes=6)) == "expired"
    assert check(policy=replace(policy, required=("phase-staged",))) == "recomputed"


def test_the_planner_cannot_approve(build):
    plan = make_plan(build)
    assert check_approver(plan, APPROVER) == APPROVER
    same = Principal(tid="t", oid="PLANNER", name="another name")
    assert refusal(lambda: check_approver(plan, same)) == "own-approval"
    assert refusal(lambda: check_approver(plan, None)) == "unapproved"


def test_approvals_count_by_distinct_others_within_their_hours(build):
    plan = make_plan(build)
    policy = build.case(build.row()).policy

    def check(*approvals, releaser=RELEASER, policy=policy):
        return check_approvals(plan, approvals, releaser=releaser, policy=policy, now=build.now)

    good = approval(build, plan)
    assert check(good) == RELEASER
    assert refusal(check) == "unapproved"
    assert refusal(lambda: check(good, releaser=None)) == "unapproved"
    assert refusal(lambda: check(approval(build, plan, PLANNER))) == "own-approval"
    assert refusal(lambda: check(good, releaser=APPROVER)) == "own-approval"
    assert refusal(lambda: check(replace(good, plan_digest="sha256:0"))) == "unapproved"
    assert refusal(lambda: check(replace(good, expires=build.now))) == "expired"
    assert refusal(lambda: check(replace(good, at=build.now + timedelta(hours=1)))) == "expired"
    two = replace(policy, approvals=2)
    assert refusal(lambda: check(good, replace(good, comment="again"), policy=two)) == "unapproved"
    other = approval(build, plan, Principal(tid="T", oid="second"))
    assert check(good, other, policy=two) == RELEASER


def test_a_policy_cannot_ask_for_no_approval(build):
    plan = make_plan(build)
    policy = replace(build.case(build.row()).policy, approvals=0)
    call = lambda: check_approvals(  # noqa: E731
        plan, (), releaser=RELEASER, policy=policy, now=build.now
    )
    assert refusal(call) == "unapproved"


def test_the_fingerprint_shows_what_changed(build):
    before = fingerprint(build.row())
    resized = build.row(target=build.target("app01", size="Standard_D8s_v5"))
    assert changes(before, fingerprint(resized)) == (
        "target.size: standard_d2s_v5 -> standard_d8s_v5",
    )
    assert changes(before, fingerprint(build.row(target=None)))[0].endswith("-> (none)")


def test_health_and_times_are_no_part_of_the_fingerprint(build):
    row = build.row()
    item = replace(
        row.item,
        health="Critical",
        last_recovery_point="2026-11-26T15:00:00Z",
        raw=dict(row.item.raw) | {"replicationHealth": "Critical"},
    )
    assert fingerprint(row) == fingerprint(replace(row, item=item))


@pytest.mark.parametrize(
    "change",
    [
        {"generation": "second"},
        {"provider": "InMageRcm"},
        {"allowed_operations": ("DisableMigration",)},
        {"running_job": "Resync"},
        {"raw": {"migrationState": "Replicating", "testMigrateState": "None"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_listed_value_counts(build, change):
    row = build.row()
    assert changes(fingerprint(row), fingerprint(replace(row, item=replace(row.item, **change))))


def test_a_plan_tells_the_price_of_regret(build):
    disks = (ItemDisk(source_id="a", size_bytes=3 * 2**30), ItemDisk(source_id="b", size_bytes=1))
    since = build.now - timedelta(days=100)
    row = build.row()
    row = replace(row, item=replace(row.item, disks=disks), replicating_since=since)
    plan = make_plan(build, row, free_days=180)
    assert plan.items[0].seed_bytes == 3 * 2**30 + 1
    assert plan.of_items == 1
    assert price_of_regret(plan, now=build.now) == (
        "If it is wrong: 4 GiB to copy from the sources again; days of free replication left: 80."
    )
    late = price_of_regret(plan, now=build.now + timedelta(days=81))
    assert "left: 0." in late
    untold = make_plan(build, build.row())
    assert untold.seed_bytes is None
    assert "do not tell how much" in price_of_regret(untold, now=build.now)
    both = make_plan(build, row, build.row("app02"), free_days=180)
    assert "at least 4 GiB" in price_of_regret(both, now=build.now)
    assert "80; 1 items do not tell" in price_of_regret(both, now=build.now)
    assert "not known" in price_of_regret(untold, now=build.now)
