"""A selection is completed to whole workloads, with every gap that closes them."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap
from azstaging.model.waves import Workload
from azstaging.rules.completeness import EVERYTHING, gaps_touching
from azstaging.rules.selection import Filter, narrow
from azstaging.rules.whole_workloads import complete_workloads

NAMES = ("Archive", "Payroll", "Portal", "Shop")
MEMBERS = st.lists(
    st.lists(st.sampled_from(NAMES), max_size=2, unique=True), min_size=1, max_size=7
)


def completed(case, wanted, *gaps):
    whole = replace(case.inventory, gaps=gaps)
    kept = narrow(whole, wanted, case.wave)
    return kept, whole, *complete_workloads(kept, whole, case.wave, wanted)


def case_of(build, members, **more):
    rows = [build.row(f"vm-{n}", *sorted(names)) for n, names in enumerate(members)]
    return build.case(*rows, **more)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=MEMBERS, at=st.integers(0, 6))
def test_no_workload_is_told_in_part(build, members, at):
    case = case_of(build, members)
    wanted = Filter(items=(f"vm-{at % len(members)}",))
    kept, whole, selected, names = completed(case, wanted)
    assert {row.id for row in kept.items} <= {row.id for row in selected.items}
    for row in whole.items:
        inside = not names.isdisjoint(row.workloads)
        assert inside == set(row.workloads).issubset(names) or not row.workloads
        assert (row in selected.items) == (inside or row in kept.items)
    assert names >= {name for row in selected.items for name in row.workloads}
    # Nothing is there without a reason: each is reached from what was selected.
    reached = {name for row in kept.items for name in row.workloads}
    for _ in NAMES:
        reached |= {n for row in whole.items if reached & set(row.workloads) for n in row.workloads}
    assert names == reached


def test_every_gap_that_closes_a_workload_comes_with_it(build):
    case = case_of(build, [["Payroll"], ["Shop"]])
    payroll, shop = case.inventory.items
    gone = ResourceId(f"{payroll.item.vault_id}/replicationFabrics/dark")
    gap = Gap(scope=gone, reason="forbidden", detail="no")
    workloads = (
        Workload(name="Payroll", items=("vm-0", f"{gone}/x")),
        Workload(name="Shop", items=(str(shop.id),)),
    )
    case = replace(case, wave=replace(case.wave, workloads=workloads))
    other = replace(case.inventory, gaps=(gap,))
    assert gaps_touching(workloads[0], other) == (gap,)
    for name, gaps in (("vm-0", (gap,)), ("vm-1", (gap,))):
        *_, selected, _ = completed(case, Filter(items=(name,)), gap)
        assert selected.gaps == gaps
    elsewhere = Filter(vaults=(f"{payroll.item.vault_id}-other",), workloads=("Payroll",))
    kept = replace(other, items=(payroll,), gaps=())
    selected, names = complete_workloads(kept, other, case.wave, elsewhere)
    assert (selected.gaps, names) == ((gap,), {"Payroll"})
    kept = replace(other, items=(shop,), gaps=())
    assert complete_workloads(kept, other, case.wave, elsewhere)[0].gaps == ()


def test_a_workload_that_could_not_be_read_is_selected_by_its_gap_or_its_name(build):
    case = case_of(build, [["Payroll"]])
    (row,) = case.inventory.items
    dark = ResourceId(str(row.item.vault_id) + "-dark")
    gap = Gap(scope=dark, reason="forbidden", detail="no")
    count = Gap(scope=EVERYTHING, reason="expected-count", detail="no")
    workloads = (*case.wave.workloads, Workload(name="Lost", items=(f"{dark}/x",)))
    case = replace(case, wave=replace(case.wave, workloads=workloads))
    for wanted, names in (
        (Filter(vaults=(str(dark),)), {"Lost"}),
        (Filter(vaults=(str(dark),), workloads=("Payroll",)), set()),
        (Filter(workloads=("Lost",)), {"Lost"}),
        (Filter(vaults=(str(row.item.vault_id),)), {"Payroll"}),
        (Filter(wave=case.wave.name), {"Payroll", "Lost"}),
    ):
        *_, found = completed(case, wanted, gap, count)
        assert found == names, wanted


def test_selectors_that_found_nothing_follow_their_workload(build):
    case = case_of(build, [["Payroll"], ["Shop"]])
    pairs = (("Payroll", "nobody"), ("Shop", "nothing"))
    whole = replace(case.inventory, unresolved=pairs, ambiguous=pairs)
    kept = replace(whole, items=whole.items[:1], unresolved=(), ambiguous=())
    selected, _ = complete_workloads(kept, whole, case.wave, Filter(items=("vm-0",)))
    assert selected.unresolved == selected.ambiguous == pairs[:1]
