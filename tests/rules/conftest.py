"""Builders of values for the pure rules; a healthy, staged item by default."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from azstaging.model.decisions import Policy
from azstaging.model.findings import Finding, Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import (
    Collection,
    Cutover,
    Facts,
    ReplicatedItem,
    Replication,
    TestMachine,
)
from azstaging.model.machines import TargetDisk, TargetMachine, TargetNic
from azstaging.model.waves import Wave, Workload
from azstaging.rules.evidence import item_subject
from azstaging.rules.gate import Case

NOW = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)
VAULT = ResourceId(
    "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v1"
)
REQUIRED = ("phase-staged", "target-running")


def item_id(name: str, vault: ResourceId = VAULT) -> ResourceId:
    """Return the id of a migration item."""
    return vault.child("replicationFabrics", "f", "replicationProtectionContainers", "c").child(
        "replicationMigrationItems", name
    )


def make_target(name: str, **changes: object) -> TargetMachine:
    """Return a running target machine with one disk and one adapter."""
    group = "/subscriptions/0000/resourceGroups/target/providers"
    target = TargetMachine(
        id=ResourceId(f"{group}/Microsoft.Compute/virtualMachines/{name}"),
        name=name,
        vm_id=f"vm-{name}",
        size="Standard_D2s_v5",
        provisioning_state="Succeeded",
        power="running",
        agent="ready",
        disks=(
            TargetDisk(
                id=ResourceId(f"{group}/Microsoft.Compute/disks/{name}-os"),
                name=f"{name}-os",
                is_os=True,
            ),
        ),
        nics=(TargetNic(id=ResourceId(f"{group}/Microsoft.Network/networkInterfaces/{name}")),),
    )
    return replace(target, **changes)  # type: ignore[arg-type]


STAGED = Facts(
    cutover=Cutover.DONE,
    replication=Replication.PAUSED,
    test=TestMachine.NONE,
    reversed=False,
    stop_allowed=True,
    cleanup_allowed=False,
    idle=True,
)


def make_row(name: str = "app01", *workloads: str, **changes: object) -> InventoryItem:
    """Return a staged row."""
    item = ReplicatedItem(
        id=item_id(name),
        name=name,
        provider="VMwareCbt",
        collection=Collection.MIGRATION_ITEMS,
        vault_id=VAULT,
        generation=f"gen-{name}",
        raw={"migrationState": "MigrationSucceeded", "testMigrateState": "None"},
        allowed_operations=("DisableMigration", "ResumeReplication"),
    )
    row = InventoryItem(
        item=item,
        facts=STAGED,
        phase=Phase.STAGED,
        target=make_target(name),
        workloads=workloads or ("Payroll",),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def make_finding(
    row: InventoryItem,
    check: str,
    outcome: Outcome = Outcome.PASS,
    *,
    at: datetime = NOW - timedelta(minutes=10),
    run: str = "run-1",
    seq: int | None = 7,
) -> Finding:
    """Return a finding on a row as it is."""
    return Finding(
        check=check,
        subject=item_subject(row),
        outcome=outcome,
        detail=f"{check} says {outcome.value}",
        at=at,
        lifetime_seconds=3600,
        run=run,
        seq=seq,
    )


def make_case(*rows: InventoryItem, findings: tuple[Finding, ...] | None = None) -> Case:
    """Return a case in which every workload named by the rows is open."""
    names = sorted({name for row in rows for name in row.workloads})
    if findings is None:
        findings = tuple(make_finding(row, check) for row in rows for check in REQUIRED)
    return Case(
        inventory=Inventory(read_at=NOW - timedelta(minutes=5), items=tuple(rows), wave="w"),
        wave=Wave(
            name="w",
            workloads=tuple(
                Workload(
                    name=name,
                    items=tuple(str(row.id) for row in rows if name in row.workloads),
                )
                for name in names
            ),
        ),
        findings=findings,
        waivers=(),
        policy=Policy(required=REQUIRED),
    )


class Build:
    """The builders, for tests to use."""

    now = NOW
    vault = VAULT
    required = REQUIRED
    staged = STAGED
    row = staticmethod(make_row)
    target = staticmethod(make_target)
    finding = staticmethod(make_finding)
    case = staticmethod(make_case)
    item_id = staticmethod(item_id)


@pytest.fixture
def build() -> type[Build]:
    """Builders of values."""
    return Build


BuildFixture = type[Build]
Make = Callable[..., InventoryItem]
