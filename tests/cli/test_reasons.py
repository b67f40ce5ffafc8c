"""Why gates are closed, as `azstaging plan` says it: every reason, alike ones in one line."""

from datetime import datetime, timezone

from azstaging.cli.decisions import say_closed
from azstaging.cli.gaps import say_gaps
from azstaging.model.decisions import Decisions, GateClosed, Reason
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.items import NO_FACTS, Collection, ReplicatedItem

NOW = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)


def row(name, vault="v1", leaf=None):
    item_id = ResourceId(
        "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.RecoveryServices/"
        f"vaults/{vault}/replicationFabrics/f/replicationProtectionContainers/c"
        f"/replicationMigrationItems/{leaf or name}"
    )
    item = ReplicatedItem(
        id=item_id,
        name=name,
        provider="VMwareCbt",
        collection=Collection.MIGRATION_ITEMS,
        vault_id=vault_of(item_id),
        generation="g",
    )
    return InventoryItem(item=item, facts=NO_FACTS, phase=Phase.STAGED, workloads=("Payroll",))


def said(capsys, rows, reasons):
    closed = GateClosed(
        workload="Payroll",
        at=NOW,
        item_ids=tuple(each.id for each in rows),
        reasons=tuple(reasons),
    )
    say_closed(
        Decisions(at=NOW, decisions=(closed,)), Inventory(read_at=NOW, items=tuple(rows), wave="w")
    )
    return capsys.readouterr().err.splitlines()


def reason(of, detail, step="Run azstaging check."):
    return Reason(
        code="evidence-missing", detail=f"{of.name}: {detail}", next_step=step, item_id=of.id
    )


def test_every_reason_is_listed_as_the_advice_says(world):
    assert world("baseline").code == 0  # And no check.
    done = world("plan", "--out", "wave.json")
    assert done.code == 1
    assert "azstaging plan lists each reason" in done.stderr
    assert "more reason" not in done.stderr
    listed = world("plan", "-o", "json").document["decisions"]
    reasons = [reason for decision in listed for reason in decision["reasons"]]
    checks = {reason["check"] for reason in reasons}
    assert len(checks) > 5
    for check in checks:
        (line,) = [each for each in done.stderr.splitlines() if f"{check}: no evidence" in each]
        assert "SCAN-01" in line
        assert "SCAN-02" in line


def test_alike_reasons_of_many_machines_are_one_line(capsys):
    rows = [row(f"app{number:02}") for number in range(7)]
    reasons = [reason(each, check) for each in rows for check in ("a: no evidence", "b: none")]
    reasons += [reason(rows[3], "c: failed", "Mend it."), reason(rows[0], "d: failed", "Mend it.")]
    assert said(capsys, rows, reasons) == [
        "Payroll is held:",
        "  - app00, app01, app02, app03, app04 and 2 more: a: no evidence",
        "  - app00, app01, app02, app03, app04 and 2 more: b: none",
        "    Run azstaging check.",
        "  - app03: c: failed",
        "  - app00: d: failed",
        "    Mend it.",
        "azstaging plan -o json names every item of every reason.",
    ]


def test_machines_of_one_name_are_told_apart(capsys):
    rows = [row("APP-07"), row("APP-07", "v2"), row("APP-08")]
    lines = said(capsys, rows, [reason(each, "a: no evidence") for each in rows])
    assert lines[1] == "  - APP-07 (v1), APP-07 (v2), APP-08: a: no evidence"
    assert len(lines) == 3


def test_a_reason_of_the_workload_stands_as_it_is(capsys):
    lines = said(
        capsys, [], [Reason(code="gap", detail="Items\x1b: could not be read", next_step="Wait.")]
    )
    assert lines[1:] == ["  - Items\\x1b: could not be read", "    Wait."]


def test_a_name_that_a_gap_may_hide_is_not_said_to_match_nothing(capsys):
    gap = Gap(scope=row("a").item.vault_id, reason="forbidden", detail="items: 403", permission="r")
    read = Inventory(
        read_at=NOW, items=(), gaps=(gap,), unresolved=(("Payroll", "app09"),), wave="w"
    )
    say_gaps(read)
    assert "  workload Payroll: app09 matches no item that was read\n" in capsys.readouterr().err
