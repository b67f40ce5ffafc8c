"""What a gap says to whoever it stops: what was to be read, of what, and what to do."""

from dataclasses import replace

import pytest

from azstaging.model.ids import ResourceId, subscription_scope
from azstaging.model.inventory import Gap
from azstaging.rules.completeness import absent_gap
from azstaging.rules.gaps import next_step
from azstaging.rules.gate import decide

ANSWERED = "GET /a/b was answered 500 InternalServerError: no. Nothing was concluded from it."
GUID = "11111111-1111-4111-8111-111111111111"


def reasons(build, *gaps, items=None, rows=None, unresolved=()):
    case = build.case(build.row("app01"))
    [workload] = case.wave.workloads
    workload = replace(workload, items=items or workload.items)
    inventory = replace(
        case.inventory,
        gaps=gaps,
        items=case.inventory.items if rows is None else rows,
        unresolved=tuple((workload.name, each) for each in unresolved),
    )
    wave = replace(case.wave, workloads=(workload,))
    (decision,) = decide(replace(case, wave=wave, inventory=inventory), now=build.now)
    assert not decision
    return {reason.code: reason for reason in decision.reasons}


def test_a_gap_says_what_was_to_be_read_and_where(build):
    scope = subscription_scope(GUID)
    locks = Gap(
        scope=scope,
        reason="forbidden",
        detail=f"management locks could not be read: {ANSWERED}",
        permission="Microsoft.Authorization/locks/read",
    )
    found = reasons(build, locks, items=("app*",))["gap"]
    assert found.detail == f"management locks of subscription {GUID} could not be read: forbidden"
    assert found.next_step == "Grant Microsoft.Authorization/locks/read."
    everywhere = replace(locks, scope=ResourceId("/subscriptions"))
    found = reasons(build, everywhere, items=("app*",))["gap"]
    assert found.detail == "management locks of all subscriptions could not be read: forbidden"
    listed = replace(everywhere, detail=f"subscriptions could not be read: {ANSWERED}")
    found = reasons(build, listed, items=("app*",))["gap"]
    assert found.detail == "subscriptions could not be read: forbidden"


def test_the_answer_is_in_the_detail_and_the_next_step_is_one(build):
    gap = Gap(
        scope=build.vault, reason="service-error", detail=f"items could not be read: {ANSWERED}"
    )
    found = reasons(build, gap, items=("app*",))["gap"]
    assert found.detail == (
        "items of v1 could not be read: service-error: "
        "GET /a/b was answered 500 InternalServerError: no"
    )
    assert found.next_step.startswith("Read the inventory again in some minutes; ")


@pytest.mark.parametrize(
    "part", [lambda row: row.id, lambda row: row.item.target_id], ids=["item", "target"]
)
def test_a_gap_of_one_item_names_the_machine_and_gives_its_id(build, part):
    row = build.row("app01")
    named = replace(row.item, name="Payroll server", target_id=row.target.id)
    row = replace(row, item=named)
    gap = Gap(
        scope=part(row),
        reason="throttled",
        detail="details could not be read: 429.",
        covers_items=False,
    )
    found = reasons(build, gap, rows=(row,))["gap"]
    assert found.item_id == row.id
    assert found.detail == "details of Payroll server could not be read: throttled: 429"


def test_what_is_absent_is_not_said_to_be_unread(build):
    gap = absent_gap(build.item_id("app02"))
    found = reasons(build, gap, items=(str(build.item_id("app02")),))["gap"]
    assert found.detail.startswith("app02 is expected but in no list that was read, ")
    assert found.detail.endswith("no receipt says that it was released")
    assert found.next_step == "Find out who stopped or moved it."


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        ("forbidden", "azstaging rbac"),
        ("not-found", "deleted or moved"),
        ("throttled", "again later"),
        ("unreachable", "network, proxy and endpoint"),
        ("unexpected-response", "report it"),
        ("service-error", "service's health"),
        ("short-list", "in the portal"),
        ("absent_unproven", "who stopped or moved it"),
        ("expected-count", "which machine is missing or too many"),
        ("untold-tags", "target machine can be read"),
        ("of a later version", "Read the inventory again; "),
    ],
)
def test_every_reason_has_a_next_step_of_its_own(build, reason, step):
    gap = Gap(scope=build.vault, reason=reason, detail=ANSWERED)
    assert step in next_step(gap)
    assert "answered" not in next_step(gap)


@pytest.mark.parametrize("selector", ["app09", "app*", "tag:app=pay", None])
def test_what_may_lie_in_a_gap_is_not_called_a_wrong_selector(build, selector):
    selector = selector or str(build.item_id("app09"))
    gap = Gap(scope=build.vault, reason="forbidden", detail="items could not be read: 403.")
    hidden = reasons(build, gap, items=(selector,), rows=(), unresolved=(selector,))
    assert hidden["unresolved-selector"].detail == f"{selector} matches no item that was read"
    for code in ("unresolved-selector", "empty-workload"):
        assert hidden[code].next_step.endswith(
            " may lie in what could not be read: close the gap first."
        )


def test_what_no_gap_can_hide_is_to_be_corrected(build):
    wanted = str(build.item_id("app09"))
    elsewhere = ResourceId(str(build.vault).replace("v1", "v2"))
    gaps = (
        absent_gap(ResourceId(wanted)),
        Gap(scope=elsewhere, reason="forbidden", detail="items could not be read: 403."),
        Gap(scope=build.vault, reason="forbidden", detail="locks: 403.", covers_items=False),
    )
    found = reasons(build, *gaps, items=(wanted,), rows=(), unresolved=(wanted,))
    assert found["unresolved-selector"].next_step.startswith("Correct the selector")
    assert found["empty-workload"].next_step.startswith("Correct the workload's items")
