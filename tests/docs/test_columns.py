"""The page of columns has each column of the table, in its order, and no other."""

import re
from datetime import datetime, timezone
from pathlib import Path

from azstaging.model.decisions import Decisions, Policy
from azstaging.model.differences import Diff
from azstaging.model.findings import Findings
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import NO_FACTS, Collection, ReplicatedItem
from azstaging.model.report import Report
from azstaging.model.waves import Wave
from azstaging.reports.assets import Assets

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "columns.md"
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"


def table() -> Assets:
    """Return a table of one bare item."""
    item = ReplicatedItem(
        id=ResourceId(VAULT + "/replicationFabrics/f/replicationProtectionContainers/c/"
                      "replicationMigrationItems/i"),
        name="i",
        provider="VMwareCbt",
        collection=Collection.MIGRATION_ITEMS,
        vault_id=ResourceId(VAULT),
    )  # fmt: skip
    row = InventoryItem(item=item, facts=NO_FACTS, phase=Phase.UNRECOGNISED)
    report = Report(
        made_at=NOW,
        tool_version="0",
        wave=Wave(name="w"),
        inventory=Inventory(read_at=NOW, items=(row,)),
        findings=Findings(at=NOW, run="", findings=()),
        diff=Diff(at=NOW, rows_=()),
        decisions=Decisions(at=NOW, decisions=(), policy=Policy(required=())),
    )
    return Assets(report=report)


def test_the_page_has_each_column_in_order() -> None:
    text = PAGE.read_text("utf-8").partition("## Not in the table")[0]
    laptop, _, _ = text.partition("## Wide")
    (narrow,), (wide,) = table().rows(), table().rows(wide=True)
    assert re.findall(r"^\| `(\w+)`", laptop, re.MULTILINE) == list(narrow)
    assert re.findall(r"^\| `(\w+)`", text, re.MULTILINE) == list(wide)
