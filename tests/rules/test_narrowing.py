"""A decision on one row is the same with all of the case and with what the row touches of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azstaging.model.decisions import Waiver
from azstaging.model.findings import Outcome
from azstaging.model.inventory import Phase
from azstaging.rules import gate
from azstaging.rules.gate import decide
from azstaging.rules.narrowing import Narrowed

NAMES = ("Archive", "Payroll", "Portal", "Shop")


@st.composite
def waves(draw):
    """Draw (workloads of each row, check outcomes of each row, phases of each row)."""
    count = draw(st.integers(1, 6))
    members = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
    outcomes = st.sampled_from([None, Outcome.PASS, Outcome.PASS, Outcome.FAIL])
    phases = st.sampled_from([Phase.STAGED, Phase.STAGED, Phase.RELEASED, Phase.FAILED])
    return [(draw(members), draw(outcomes), draw(phases)) for _ in range(count)]


def case_of(build, drawn):
    rows = [
        build.row(f"vm-{n}", *sorted(members), phase=phase)
        for n, (members, _, phase) in enumerate(drawn)
    ]
    findings = tuple(
        build.finding(row, check, outcome, seq=10 * n + k)
        for n, (row, (_, outcome, _)) in enumerate(zip(rows, drawn, strict=True))
        for k, check in enumerate(build.required)
        if outcome is not None
    )
    return build.case(*rows, findings=findings)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=waves(), fresh=st.sampled_from([Phase.STAGED, Phase.FAILED, Phase.CONTRADICTION]))
def test_what_a_row_touches_decides_its_workloads(build, drawn, fresh):
    case = case_of(build, drawn)
    for row in case.inventory.items:
        seen = replace(row, phase=fresh)
        items = tuple(seen if each.id == row.id else each for each in case.inventory.items)
        whole = decide(replace(case, inventory=replace(case.inventory, items=items)), now=build.now)
        wanted = [d for d in whole.decisions if d.workload in row.workloads]
        narrow = decide(Narrowed(case).around(seen), now=build.now)
        assert [d for d in narrow.decisions if d.workload in row.workloads] == wanted


def test_what_it_does_not_touch_is_left_out(build):
    rows = [build.row("a", "Payroll"), build.row("b", "Payroll", "Portal"), build.row("c", "Shop")]
    case = build.case(*rows)
    around = Narrowed(case).around(rows[0])
    assert [row.name for row in around.inventory.items] == ["a", "b"]
    assert [workload.name for workload in around.wave.workloads] == ["Payroll", "Portal"]


TIMES = st.lists(st.integers(-30, 90), min_size=1, max_size=8)
LOOKS = st.sampled_from(["as it is", "anew", "resized", "job", "failed"])


def seen_as(row, look):
    """Return a row as somebody who looks again may see it."""
    if look == "as it is":
        return row
    changes = {
        "anew": {},
        "resized": {"target": replace(row.target, size="Standard_D8s_v5")},
        "job": {"facts": replace(row.facts, idle=False)},
        "failed": {"phase": Phase.FAILED},
    }
    return replace(row, **changes[look])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), drawn=waves(), minutes=TIMES, whole_check=st.booleans(), waived=st.booleans()
)
def test_a_decision_is_the_same_with_what_earlier_ones_found(
    build, data, drawn, minutes, whole_check, waived
):
    """Whatever was seen of which row in between, and wherever the clock goes."""
    case = case_of(build, drawn)
    rows = case.inventory.items
    aged = tuple(
        replace(f, at=f.at - timedelta(minutes=data.draw(st.integers(0, 50))))
        for f in case.findings
    )
    case = replace(case, findings=aged)
    if whole_check:
        checks = frozenset({build.required[-1]})
        case = replace(case, workload_checks=checks)
    if waived:
        case = replace(case, waivers=(waiver_of(build, data),))
    narrowed = Narrowed(case)
    for minute in minutes:
        row = data.draw(st.sampled_from(rows))
        around = narrowed.around(seen_as(row, data.draw(LOOKS)))
        now = build.now + timedelta(minutes=minute)
        assert decide(around, now=now) == decide(replace(around, lasting=None), now=now)


def waiver_of(build, data):
    ends = data.draw(st.integers(-5, 60))
    return Waiver(
        check=build.required[-1],
        subject=data.draw(st.sampled_from(NAMES)),
        reason="known",
        category="accepted-risk",
        approver="operations lead",
        ticket="CHG-1",
        created=build.now - timedelta(days=1),
        expires=build.now + timedelta(minutes=ends),
    )


def test_what_earlier_decisions_found_counts_for_their_findings_and_policy_alone(build):
    row = build.row("a", "Payroll")
    around = Narrowed(build.case(row)).around(row)
    assert decide(around, now=build.now).open
    stricter = replace(around, policy=replace(around.policy, required=(*build.required, "more")))
    assert decide(stricter, now=build.now).closed
    assert decide(replace(around, findings=()), now=build.now).closed
    of_workload = replace(around, workload_checks=frozenset({build.required[0]}))
    assert decide(of_workload, now=build.now).closed


def test_a_row_that_passed_is_not_weighed_again(build, monkeypatch):
    rows = [build.row(f"vm-{n}", "Payroll") for n in range(20)]
    narrowed = Narrowed(build.case(*rows))
    weighed = []
    usual = gate.weigh

    def counted(check, subject, *args, **options):
        weighed.append(subject.id)
        return usual(check, subject, *args, **options)

    monkeypatch.setattr(gate, "weigh", counted)
    assert decide(narrowed.around(rows[0]), now=build.now).open
    assert set(weighed) == {row.id.key for row in rows}
    weighed.clear()
    assert decide(narrowed.around(replace(rows[3])), now=build.now).open
    assert set(weighed) == {rows[3].id.key}
    weighed.clear()
    expired = build.now + timedelta(hours=1)
    assert decide(narrowed.around(rows[0]), now=expired).closed
    assert set(weighed) == {row.id.key for row in rows}


def test_items_are_found_by_id_whatever_its_case_and_names_are_counted(build):
    one, other = build.row("a", "Payroll"), build.row("b", "Payroll")
    twin = replace(other, item=replace(other.item, name="A"))
    narrowed = Narrowed(build.case(one, twin))
    assert narrowed.find(one.id.text.upper()) is one
    assert narrowed.find(f"{one.id}-gone") is None
    assert narrowed.is_ambiguous("a")
    assert not narrowed.is_ambiguous("b")
    assert not Narrowed(build.case(one)).is_ambiguous("a")


@pytest.mark.parametrize("field", ["expected", "expected_ids"])
def test_an_expected_count_is_dropped_as_an_unmet_one_is_a_gap_already(build, field):
    case = build.case(build.row("a", "Payroll"))
    wave = replace(case.wave, expected=5, expected_ids=(case.inventory.items[0].id,))
    around = Narrowed(replace(case, wave=wave)).around(case.inventory.items[0])
    assert not getattr(around.wave, field)
    assert around.inventory.expected is None
