"""Selectors of workloads and filters of faces."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.items import NO_FACTS, Collection, ReplicatedItem
from azstaging.model.waves import Wave, Workload
from azstaging.rules.selection import Filter, narrow, select, unmatched

SUBSCRIPTION = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults"
V1, V2 = ResourceId(f"{SUBSCRIPTION}/v1"), ResourceId(f"{SUBSCRIPTION.replace('s1', 's2')}/v2")


@dataclass(frozen=True)
class Thing:
    """Something with an id and a name."""

    name: str
    id: ResourceId
    tags: Mapping[str, str] = field(default_factory=dict)
    workloads: tuple[str, ...] = ()


def _things(*names: str) -> list[Thing]:
    return [Thing(name, ResourceId(f"{V1}/items/{index}")) for index, name in enumerate(names)]


def _select(things: list[Thing], *selectors: str) -> Any:
    return select(things, [Workload(name="w", items=selectors)])


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("tag:app=payroll", ["a", "b"]),
        ("TAG:App=Pay*", ["a", "b"]),
        ("tag:tier=*", ["b"]),
        ("tag:app=web", []),
        ("tag:owner=*", []),
    ],
)
def test_a_selector_may_look_at_a_tag(selector: str, found: list[str]) -> None:
    tags = {"a": {"App": "Payroll"}, "b": {"app": "payroll", "Tier": "db"}, "c": {}}
    things = [replace(thing, tags=tags[thing.name]) for thing in _things("a", "b", "c")]
    selection = _select(things, selector)
    assert [thing.name for thing in things if thing.id in selection.workloads] == found
    assert selection.unresolved == (() if found else (("w", selector),))
    assert not selection.ambiguous


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("web01", ["WEB01"]),
        ("WEB*", ["WEB01", "web02"]),
        ("web0?", ["WEB01", "web02"]),
        ("*[12]", ["WEB01", "web02"]),
        (f"{V1}/ITEMS/2", ["=cmd|x"]),
        (f"{V1}/items/[01]", ["WEB01", "web02"]),
        ("=cmd|x", ["=cmd|x"]),
        ("Lohn&Gehalt-DB (alt)", ["Lohn&Gehalt-DB (alt)"]),
        ("srv[1]", ["srv[1]"]),
        ("büro", ["BU\u0308RO"]),
        ("none", []),
        (f"{V1}/items/99", []),
        ("we", []),
    ],
)
def test_a_selector_is_an_id_a_name_or_a_glob(selector: str, found: list[str]) -> None:
    things = _things("WEB01", "web02", "=cmd|x", "Lohn&Gehalt-DB (alt)", "srv[1]", "BU\u0308RO")
    selection = _select(things, selector)
    assert [thing.name for thing in things if thing.id in selection.workloads] == found
    assert selection.unresolved == (() if found else (("w", selector),))


def test_a_name_of_several_machines_selects_all_and_is_reported() -> None:
    selection = _select(_things("WEB01", "web01", "web02"), "web01", "web*")
    assert len(selection.workloads) == 3
    assert selection.ambiguous == (("w", "web01"),)


def test_one_item_in_several_workloads() -> None:
    (thing,) = things = _things("sql")
    both = [Workload(name=name, items=("sql",)) for name in ("b", "a")]
    assert select(things, both).workloads == {thing.id: ("a", "b")}


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=8))
def test_every_exact_id_selects_exactly_its_item(names: list[str]) -> None:
    things = _things(*names)
    for thing in things:
        selection = _select(things, thing.id.text.upper())
        assert list(selection.workloads) == [thing.id]


@pytest.fixture
def inventory(staged_row: Any) -> Inventory:
    """Two vaults in two subscriptions, one workload in each."""
    one, two = staged_row("app01", V1, ("alpha",)), staged_row("app02", V2, ("beta",))
    return Inventory(
        read_at=datetime(2026, 11, 26, tzinfo=timezone.utc),
        items=(one, two),
        wave="w",
        unresolved=(("beta", "ghost"),),
    )


@pytest.fixture
def staged_row() -> Any:
    """Make a row from a name, a vault and workloads."""
    facts = NO_FACTS

    def make(name: str, vault: ResourceId, workloads: tuple[str, ...]) -> InventoryItem:
        item = ReplicatedItem(
            id=vault.child("items", name),
            name=name,
            provider="p",
            collection=Collection.PROTECTED_ITEMS,
            vault_id=vault,
        )
        return InventoryItem(item=item, facts=facts, phase=Phase.STAGED, workloads=workloads)

    return make


WAVE = Wave(
    name="w",
    workloads=(Workload(name="alpha", items=("app01",)), Workload(name="beta", items=("app02",))),
)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Filter(), ["app01", "app02"]),
        (Filter(wave="W"), ["app01", "app02"]),
        (Filter(workloads=("Alpha",)), ["app01"]),
        (Filter(workloads=("*a",)), ["app01", "app02"]),
        (Filter(items=("APP02",)), ["app02"]),
        (Filter(vaults=("v2",)), ["app02"]),
        (Filter(vaults=(str(V1).upper(),)), ["app01"]),
        (Filter(subscriptions=("S1",)), ["app01"]),
        (Filter(subscriptions=("s1", "s2"), items=("app*",)), ["app01", "app02"]),
    ],
)
def test_filters_keep_what_all_of_them_name(
    inventory: Inventory, wanted: Filter, names: list[str]
) -> None:
    assert [row.name for row in narrow(inventory, wanted, WAVE)] == names


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(wave="other"),
        Filter(workloads=("gamma",)),
        Filter(items=("typo",)),
        Filter(vaults=("v3",)),
        Filter(subscriptions=("s3",)),
        Filter(vaults=("v1",), subscriptions=("s2",)),
    ],
)
def test_a_filter_that_keeps_nothing_is_an_error(inventory: Inventory, wanted: Filter) -> None:
    with pytest.raises(ConfigurationError):
        narrow(inventory, wanted, WAVE)


def test_a_gap_may_hide_what_the_filter_names(inventory: Inventory) -> None:
    gap = Gap(scope=V2, reason="forbidden", detail="no")
    unread = replace(inventory, gaps=(gap,))
    assert narrow(unread, Filter(items=("typo",)), WAVE).gaps == (gap,)
    assert narrow(unread, Filter(vaults=("v2",)), WAVE).gaps == (gap,)
    assert narrow(unread, Filter(vaults=("v1",)), WAVE).gaps == ()
    assert narrow(unread, Filter(subscriptions=("s1",)), WAVE).gaps == ()


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(vaults=("nope",)),
        Filter(vaults=(str(V1)[:-1],)),
        Filter(subscriptions=("s3",)),
        Filter(items=("app01", "typo"), vaults=("v1",)),
        Filter(workloads=("beta",), vaults=("v1",)),
    ],
)
def test_what_no_gap_may_hide_is_an_error_beside_gaps_too(
    inventory: Inventory, wanted: Filter
) -> None:
    """A list of nothing that is called complete would be a typo that nobody notices."""
    unread = replace(inventory, gaps=(Gap(scope=V2, reason="forbidden", detail="no"),))
    with pytest.raises(ConfigurationError, match="selects none of the 2 items read"):
        narrow(unread, wanted, WAVE)


def test_what_was_there_before_may_be_selected_and_nothing_else(inventory: Inventory) -> None:
    earlier = _things("gone")
    kept = narrow(inventory, Filter(items=("gone",)), WAVE, earlier=earlier)
    assert (kept.items, kept.gaps) == ((), ())
    assert len(narrow(inventory, Filter(items=("gone", "app01")), WAVE, earlier=earlier)) == 1
    for typo in (Filter(items=("gone", "typo")), Filter(items=("app01", "typo"))):
        with pytest.raises(ConfigurationError, match="--item typo selects none"):
            narrow(inventory, typo, WAVE, earlier=earlier)
    with pytest.raises(ConfigurationError, match="--vault nope selects none"):
        narrow(inventory, Filter(vaults=("nope",)), WAVE, earlier=earlier)


PROJECT = ResourceId(
    "/subscriptions/s9/resourceGroups/rg/providers/Microsoft.Migrate/MigrateProjects/p"
)


@pytest.mark.parametrize(
    ("wanted", "stays"),
    [
        (Filter(vaults=("v1",)), True),
        (Filter(vaults=(str(V1),)), False),
        (Filter(vaults=(str(V1).upper(), str(V2))), True),
        (Filter(subscriptions=("s1",)), True),
        (Filter(subscriptions=("s1",), vaults=(str(V1),)), False),
    ],
)
def test_a_project_that_is_unread_may_name_any_vault_that_was_not_read(
    inventory: Inventory, wanted: Filter, stays: bool
) -> None:
    gap = Gap(scope=PROJECT, reason="forbidden", detail="no")
    unread = replace(inventory, gaps=(gap,), vaults=(V1,))
    assert narrow(unread, wanted, WAVE).gaps == ((gap,) if stays else ())


def test_a_selector_that_found_nothing_stays_whatever_gap_was_left_out(
    inventory: Inventory,
) -> None:
    """Otherwise its workload would be taken for whole."""
    gap = Gap(scope=V2, reason="forbidden", detail="no")
    pairs = (("beta", f"{V2}/items/x"), ("beta", "name"))
    unread = replace(inventory, gaps=(gap,), unresolved=pairs)
    kept = narrow(unread, Filter(vaults=("v1",)), WAVE)
    assert (kept.gaps, kept.unresolved) == ((), pairs)


def test_a_subscription_that_is_unread_stays_a_gap_of_its_vaults(inventory: Inventory) -> None:
    gap = Gap(scope=ResourceId("/subscriptions/s2"), reason="forbidden", detail="no")
    unread = replace(inventory, gaps=(gap,))
    assert narrow(unread, Filter(vaults=(str(V2),)), WAVE).gaps == (gap,)
    assert narrow(unread, Filter(vaults=(str(V1),)), WAVE).gaps == ()
    assert narrow(unread, Filter(vaults=("v1",)), WAVE).gaps == (gap,)
    # Read to its end, it was named in the scope: nothing of it is hidden.
    named = replace(unread, vaults=(V2,))
    assert narrow(named, Filter(vaults=(str(V2),)), WAVE).gaps == ()
    assert narrow(named, Filter(vaults=("v2",)), WAVE).gaps == (gap,)


def test_an_unmet_count_stays_a_gap_of_every_selection(inventory: Inventory) -> None:
    gap = Gap(scope=ResourceId("/subscriptions"), reason="expected-count", detail="no")
    short = narrow(replace(inventory, gaps=(gap,), expected=3), Filter(vaults=("v1",)), WAVE)
    assert short.gaps == (gap,)
    assert not short.complete


def test_unresolved_selectors_follow_their_workload(inventory: Inventory) -> None:
    assert narrow(inventory, Filter(workloads=("alpha",)), WAVE).unresolved == ()
    assert narrow(inventory, Filter(workloads=("beta",)), WAVE).unresolved == (("beta", "ghost"),)


def test_what_selects_nothing_is_named(inventory: Inventory) -> None:
    with pytest.raises(ConfigurationError, match="--item typo selects none of the 2 items read"):
        narrow(inventory, Filter(items=("typo",)), WAVE)


def test_one_name_of_several_that_there_is_not_is_named_too(inventory: Inventory) -> None:
    name = inventory.items[0].name
    with pytest.raises(ConfigurationError, match="--item typo selects none of the 2 items read"):
        narrow(inventory, Filter(items=(name, "typo", "nothing-*")), WAVE)
    assert len(narrow(inventory, Filter(items=(name, "nothing-*")), WAVE)) == 1
    gap = Gap(scope=V1, reason="forbidden", detail="refused")
    unread = replace(inventory, gaps=(gap,))
    assert len(narrow(unread, Filter(items=(name, "typo")), WAVE)) == 1, "it may lie in the gap"
    assert unmatched(inventory.items, Filter(items=(name, "typo", "x*"))) == ("typo",)
