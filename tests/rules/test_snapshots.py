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


def snapshot(*items: SnapshotItem, unread: str = "") -> Snapshot:
    scopes = (ResourceId(f"{ROOT}/{unread}"),) if unread else ()
    return Snapshot(read_at=AT, wave="w", complete=not unread, items=items, unread=scopes)


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
