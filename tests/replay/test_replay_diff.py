"""The configuration diff over every machine that was recorded."""

from collections import Counter
from datetime import datetime, timezone

from azstaging.engine.check import run_checks
from azstaging.model.decisions import Policy
from azstaging.model.differences import DiffClass
from azstaging.model.findings import Outcome
from azstaging.model.inventory import Inventory
from azstaging.model.waves import Wave
from azstaging.rules.diff import diff_inventory

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)


def test_every_recorded_item_has_a_diff_and_is_judged_without_error(inventory: Inventory) -> None:
    diff = diff_inventory(inventory, at=NOW)
    per_item = Counter(row.item_id for row in diff)
    assert set(per_item) == {row.id for row in inventory}
    fields = Counter((row.item_id, row.field) for row in diff)
    assert set(fields.values()) == {1}
    findings = run_checks(
        inventory,
        diff,
        wave=Wave(),
        policy=Policy(required=("phase-staged",)),
        clock=lambda: NOW,
        run="run-1",
    )
    assert not [f for f in findings if f.outcome is Outcome.ERROR]


def test_what_a_recording_does_not_tell_is_unknown(inventory: Inventory) -> None:
    for row in diff_inventory(inventory, at=NOW):
        if not row.actual and row.area != "tags":
            assert row.cls in {DiffClass.UNKNOWN, DiffClass.SUSPICIOUS, DiffClass.ACT}
