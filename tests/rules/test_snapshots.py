"""Two saved inventories compared: what is new, gone, unread, re-created, moved, regrouped."""

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azstaging.errors import ConfigurationError
from azstaging.model.ids import ResourceId
from azstaging.model.snapshots import ChangeKind, Snapshot, SnapshotItem
from azstaging.rules.snapshots import compare, snapshot_of

ROOT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults"
AT = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)


def item(name: str, vault: str = "v", **changes: Any) -> SnapshotItem:
    first = SnapshotItem(
        id=ResourceId(f"{ROOT}/{vault}/items/{name}"),
        name=name,
        phase="staged",
        generation="g1",
        source_id=ResourceId(f"/sites/s/machines/{name}"),
        workloads=("Payroll",),
    )
    return replace(first, **changes)


def snapshot(*items: SnapshotItem, unread: str = "", vaults: str = "v v2") -> Snapshot:
    scopes = (ResourceId(f"{ROOT}/{unread}"),) if unread else ()
    read = tuple(ResourceId(f"{ROOT}/{name}") for name in vaults.split() if name != unread)
    return Snapshot(
        read_at=AT, wave="w", complete=not unread, items=items, unread=scopes, vaults=read
    )


def kinds(before: Snapshot, after: Snapshot) -> list[str]:
    return [change.kind.value for change in compare(before, after).changes]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ((item("a"),), (item("a"),), []),
        ((item("a"),), (item("A"),), []),
        ((), (item("a"),), ["new"]),
        ((item("a"),), (), ["gone"]),
        ((item("a", phase="released"),), (), []),
        ((item("a"),), (item("a", phase="released"),), ["released"]),
        ((item("a"),), (item("a", generation="g2"),), ["re-created"]),
        ((item("a"),), (item("a", generation=None),), ["re-created"]),
        ((item("a", phase="released"),), (item("a"),), ["re-created", "phase"]),
        ((item("a"),), (item("a", vault="v2"),), ["moved"]),
        ((item("a", source_id=None),), (item("a", vault="v2", source_id=None),), ["new", "gone"]),
        ((item("a"),), (item("a", workloads=()),), ["regrouped"]),
        ((item("a"),), (item("a", phase="failed"),), ["phase"]),
    ],
)
def test_every_change_has_its_word(before: Any, after: Any, found: list[str]) -> None:
    assert kinds(snapshot(*before), snapshot(*after)) == found


def test_two_items_of_one_source_are_no_move() -> None:
    after = snapshot(item("a", vault="v2"), item("b", vault="v2", source_id=item("a").source_id))
    assert kinds(snapshot(item("a")), after) == ["new", "new", "gone"]


def told(before: Snapshot, after: Snapshot, **more: Any) -> list[tuple[str, str]]:
    changes = compare(before, after, **more).changes
    return [(change.kind.value, change.detail) for change in changes]


def test_what_lies_in_a_vault_that_was_not_read_is_never_gone() -> None:
    # Another scope in the configuration: neither a gap, nor a vault that was listed.
    ((kind, detail),) = told(snapshot(item("a")), snapshot(vaults="v2"))
    assert (kind, detail) == ("unread", "it may be there: its vault was not read")


def test_what_was_not_read_before_may_be_as_old_as_anything() -> None:
    for before in (snapshot(unread="v"), snapshot(vaults="v2")):
        ((kind, detail),) = told(before, snapshot(item("a")))
        assert kind == "new"
        assert "may have been there" in detail


def test_what_may_still_be_there_has_not_moved() -> None:
    after = snapshot(item("a", vault="v2"), unread="v")
    assert kinds(snapshot(item("a")), after) == ["new", "unread"]
    before = snapshot(item("a"), unread="v2")
    assert kinds(before, snapshot(item("a", vault="v2"))) == ["moved"]


def test_a_part_of_an_inventory_proves_nothing_gone_and_nothing_new() -> None:
    whole, part = snapshot(item("a"), item("b")), replace(snapshot(item("a")), selected=True)
    ((kind, detail),) = told(whole, part)
    assert (kind, "only a part" in detail) == ("unread", True)
    ((kind, detail),) = told(part, whole)
    assert (kind, "only a part" in detail) == ("new", True)
    assert not compare(whole, part).complete
    assert not compare(part, whole).complete


def test_changes_of_some_items_are_those_of_either_side() -> None:
    before = snapshot(item("a"), item("b"), item("c"))
    after = snapshot(item("a", vault="v2"), item("c", phase="failed"))
    assert [kind for kind, _ in told(before, after)] == ["gone", "moved", "phase"]
    for one in (item("a").id, item("a", vault="v2").id):
        assert [kind for kind, _ in told(before, after, only={one})] == ["moved"]
    assert [kind for kind, _ in told(before, after, only={item("b").id})] == ["gone"]
    assert told(before, after, only=set()) == []


def test_what_was_not_read_is_never_gone() -> None:
    changes = compare(snapshot(item("a"), item("b", vault="v2")), snapshot(unread="v"))
    assert [(change.kind, change.name) for change in changes.changes] == [
        (ChangeKind.GONE, "b"),
        (ChangeKind.UNREAD, "a"),
    ]
    assert not changes.complete
    assert changes.counts()["unread"] == 1
    assert changes.document()["changes"][0]["item_id"] == item("b", vault="v2").id.text


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"schema": "azstaging/inventory/2"},
        {"schema": "azstaging/inventory/1"},
        {"schema": "azstaging/inventory/1", "read_at": "never", "gaps": [], "items": []}
        | {"wave": "", "complete": True},
        {"schema": "azstaging/inventory/1", "read_at": "2026-11-26T16:00:00Z", "gaps": []}
        | {"items": [{"id": "/a"}], "wave": "", "complete": True},
        {"schema": "azstaging/inventory/1", "read_at": "2026-11-26T16:00:00Z", "gaps": None},
    ],
)
def test_what_is_no_saved_inventory_is_refused(document: Any) -> None:
    with pytest.raises(ConfigurationError):
        snapshot_of(document)


NAMES = st.sets(st.sampled_from("abcdef"))


@given(before=NAMES, after=NAMES, unread=st.booleans())
def test_every_item_of_both_is_accounted_for_once(
    before: set[str], after: set[str], unread: bool
) -> None:
    first = snapshot(*(item(name) for name in sorted(before)))
    second = snapshot(*(item(name) for name in sorted(after)), unread="v" if unread else "")
    changes = compare(first, second).changes
    lost = ChangeKind.UNREAD if unread else ChangeKind.GONE
    assert {c.name for c in changes if c.kind is ChangeKind.NEW} == after - before
    assert {c.name for c in changes if c.kind is lost} == before - after
    assert len(changes) == len(before ^ after)
