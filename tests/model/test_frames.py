"""Frames have their columns, and each its own kind, also where there is nothing to tell."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from azstaging.model.decisions import Decisions, Policy
from azstaging.model.differences import Diff
from azstaging.model.findings import Findings
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import NO_FACTS, Collection, ReplicatedItem
from azstaging.model.report import Report
from azstaging.model.waves import Wave
from azstaging.reports.assets import Assets

NOW = datetime(2026, 11, 26, 8, tzinfo=timezone.utc)
VAULT = ResourceId(
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"
)


def inventory(*items):
    return Inventory(read_at=NOW, items=items, free_days=180)


def row(since=None, lag=None):
    item = ReplicatedItem(
        id=VAULT.child("replicationFabrics", "f"),
        name="a",
        provider="VMwareCbt",
        collection=Collection.MIGRATION_ITEMS,
        vault_id=VAULT,
        rpo_seconds=lag,
    )
    return InventoryItem(item=item, facts=NO_FACTS, phase=Phase.STAGED, replicating_since=since)


def frames(value, **how):
    """Return the frame of each library as {column: dtype}, and as rows."""
    for library in ("pandas", "polars"):
        pytest.importorskip(library)
    left, right = value.to_pandas(**how), value.to_polars(**how)
    assert list(left.columns) == right.columns
    assert len(left) == right.height
    return left, right


@pytest.mark.parametrize("wide", [False, True])
def test_a_frame_of_nothing_has_the_columns_of_rows(wide):
    names = list(inventory(row()).rows(wide=wide)[0])
    left, right = frames(inventory(), wide=wide)
    assert list(left.columns) == names
    assert left[left.phase == "staged"].empty
    assert right.filter(right["phase"] == "staged").is_empty()
    full, other = frames(inventory(row(since=NOW, lag=4)), wide=wide)
    for name, kind in inventory().columns(wide=wide).items():
        if kind is not str:
            assert left.dtypes[name] == full.dtypes[name], name
    assert right.schema == other.schema


def test_where_nothing_is_told_a_column_keeps_its_kind():
    left, right = frames(inventory(row()), wide=True)
    assert str(left.dtypes["lag_seconds"]) == str(left.dtypes["free_days_left"]) == "Int64"
    assert str(left.dtypes["replicating_since"]).endswith(", UTC]")
    assert str(right.schema["lag_seconds"]) == str(right.schema["free_days_left"]) == "Int64"
    assert str(right.schema["replicating_since"]).startswith("Datetime(")
    assert left["free_days_left"].isna().all()


def test_what_is_told_is_the_same_in_both():
    since = NOW - timedelta(days=10)
    left, right = frames(inventory(row(since=since, lag=4), row()), wide=True)
    assert list(left["free_days_left"].dropna()) == [170]
    assert right["free_days_left"].to_list() == [170, None]
    assert left["replicating_since"].iloc[0].to_pydatetime() == since
    assert right["replicating_since"].to_list() == [since, None]
    assert right["lag_seconds"].to_list() == [4, None]


def test_every_column_holds_what_it_is_said_to_hold():
    full = inventory(row(since=NOW, lag=4))
    for wide in (False, True):
        kinds = full.columns(wide=wide)
        for name, value in full.rows(wide=wide)[0].items():
            kind = str if kinds[name] is datetime else kinds[name]
            assert value is None or type(value) is kind, name


def test_the_asset_table_of_nothing_has_its_columns():
    report = Report(
        made_at=NOW,
        tool_version="0",
        wave=Wave(name="w"),
        inventory=inventory(row()),
        findings=Findings(at=NOW, run="", findings=()),
        diff=Diff(at=NOW, rows_=()),
        decisions=Decisions(at=NOW, decisions=(), policy=Policy(required=())),
    )
    full = Assets(report=report)
    left, _ = frames(Assets(report=replace(report, inventory=inventory())))
    assert list(left.columns) == list(full.rows()[0])
