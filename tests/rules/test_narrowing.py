"""A decision on one row is the same with all of the case and with what the row touches of it."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azstaging.model.findings import Outcome
from azstaging.model.inventory import Phase
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
    assert {finding.subject.id for finding in around.findings} == {
        rows[0].id.key,
        rows[1].id.key,
    }


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
