"""Reports to look at: a realistic wave, built from rules, with names that nobody should trust."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from azstaging import reports
from azstaging.model.decisions import Policy, Waiver
from azstaging.model.differences import Diff, DiffClass, Difference
from azstaging.model.findings import Finding, Findings, Outcome
from azstaging.model.ids import ResourceId, vault_of
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.items import (
    Collection,
    Cutover,
    Facts,
    HealthError,
    ItemDisk,
    ItemNic,
    ReplicatedItem,
    Replication,
    SourceFacts,
    TargetSettings,
    TestMachine,
)
from azstaging.model.machines import (
    SourceDisk,
    SourceMachine,
    SourceNic,
    TargetAddress,
    TargetDisk,
    TargetMachine,
    TargetNic,
)
from azstaging.model.plans import (
    Approval,
    Plan,
    PlanItem,
    PlannedRequest,
    Principal,
    Receipt,
    ReceiptState,
)
from azstaging.model.report import Event, JournalHead, PastInventory, Report
from azstaging.model.waves import Wave, Workload
from azstaging.rules.evidence import item_subject
from azstaging.rules.gate import Case, decide

NOW = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)
SUBSCRIPTION = "/subscriptions/5d0c0a11-0000-4000-8000-00000000000{}"
VAULT = SUBSCRIPTION + "/resourceGroups/rg-migrate/providers/Microsoft.RecoveryServices/vaults/{}"
TENANT = "7e9a0c11-0000-4000-8000-00000000aad0"
CHECKS = ("phase-staged", "target-running", "agent-ready", "disks-attached")
ADVISORY = ("boot-diagnostics", "<i>odd</i>|=1+1")
GIB = 1024**3
SIZES = (("Standard_D2s_v5", 2, 8), ("Standard_D4s_v5", 4, 16), ("Standard_E8s_v5", 8, 64))

WORKLOADS = (
    "Payroll",
    "Lohn&Gehalt-DB (alt)",
    "<b>web</b>",
    "=cmd|x",
    "Ticketing",
    "File services",
    "Print",
    "Identity",
    "Intranet",
    "Warehouse",
    "Invoicing",
    "Time recording",
    "Archive",
    "Reporting",
    "Mail relay",
    "Build farm",
    "Monitoring",
    "Licence server",
    "Shop front",
    "Shop back",
    "Document store",
    "Badge control",
    "Telephony",
    "Sandbox",
)
NAMES = {
    0: "payroll-app-01",
    1: "payroll-sql-01",
    3: "Lohn&Gehalt-DB (alt)",
    5: "<b>web</b>",
    8: "=cmd|x",
    9: "WEB01",
    10: "web01",
    13: "</script><script>alert(1)</script>",
    16: "invoice\u202egnp.exe",
    19: "esc\x1b[2Jape\x9b31m",
}
FIELDS = (
    ("compute", "memory_mib", "16384", "16384", "8192", DiffClass.SUSPICIOUS, "Less than before."),
    ("compute", "size", "", "Standard_D4s_v5", "Standard_D8s_v5", DiffClass.ACT, "Not as planned."),
    ("os", "host_name", "app-01", "app-01", "", DiffClass.UNKNOWN, "The guest was not asked."),
    ("disks", "disk[0].size_gib", "63", "64", "64", DiffClass.EXPECTED, "Rounded up to whole GiB."),
    ("disks", "disk[1].caching", "", "ReadOnly", "None", DiffClass.ACT, "Set the caching."),
    (
        "network",
        "nic[0].address",
        "10.10.0.4",
        "10.20.0.4",
        "10.20.0.4",
        DiffClass.EXPECTED,
        "Plan.",
    ),
    ("network", "nic[0].mac", "00:50:56:00:00:01", "", "", DiffClass.UNKNOWN, "Not told by Azure."),
    ("tags", "owner", "finance", "finance", "", DiffClass.ACT, "A required tag is missing."),
    ("placement", "zone", "", "1", "1", DiffClass.EXPECTED, "As planned."),
)


class Estate:
    """Builds one wave from three numbers; everything follows from a machine's place in it."""

    def __init__(
        self,
        machines: int,
        workloads: int,
        *,
        machine_names: Mapping[int, str] | None = None,
        workload_names: Sequence[str] = WORKLOADS,
    ) -> None:
        self.machines = machines
        self.machine_names = NAMES if machine_names is None else machine_names
        self.names = [
            workload_names[i] if i < len(workload_names) else f"workload-{i:05d}"
            for i in range(workloads)
        ]

    def name(self, number: int) -> str:
        return self.machine_names.get(number, f"srv-{number:05d}")

    def workload_of(self, number: int) -> str:
        return self.names[number * len(self.names) // self.machines]

    def item(self, number: int) -> ReplicatedItem:
        physical = number % 4 == 3
        collection = Collection.PROTECTED_ITEMS if physical else Collection.MIGRATION_ITEMS
        vault = VAULT.format(number % 2 + 1, "asr-physical" if physical else "migrate-vmware")
        leaf = hashlib.sha256(f"item {number}".encode()).hexdigest()[:32]
        item_id = ResourceId(
            f"{vault}/replicationFabrics/fabric-1/replicationProtectionContainers/container-1/"
            f"{collection.value}/{leaf[:8]}-{leaf[8:12]}-4{leaf[13:16]}-8{leaf[17:20]}-{leaf[20:]}"
        )
        size, cores, memory = SIZES[number % 3]
        return ReplicatedItem(
            id=item_id,
            name=self.name(number),
            provider="InMageRcm" if physical else "VMwareCbt",
            collection=collection,
            vault_id=vault_of(item_id),
            generation=f"generation-{number}",
            health="Warning" if number % 13 == 0 else "Normal",
            health_errors=(
                (HealthError(code="151052", level="Warning", message="Lag <is> high & rising"),)
                if number % 13 == 0
                else ()
            ),
            raw={"migrationState": "MigrationSucceeded", "isHydrated": True, "attempts": 3},
            allowed_operations=("DisableMigration",),
            settings=TargetSettings(
                vm_name=self.vm_name(number),
                vm_size=size,
                location="westeurope",
                cores=cores,
                memory_mib=memory * 1024,
                availability_zone=str(number % 3 + 1),
                licence_type="WindowsServer" if number % 2 else "NoLicenseType",
            ),
            source=SourceFacts(
                cores=cores, memory_mib=memory * 1024, os_type="Windows" if number % 2 else "Linux"
            ),
            disks=(ItemDisk(source_id=f"disk-{number}-0", is_os=True, size_bytes=64 * GIB),),
            nics=(
                ItemNic(
                    source_id=f"nic-{number}",
                    is_primary=True,
                    is_selected=True,
                    source_address=self.address(number, 10),
                    target_address=self.address(number, 20),
                ),
            ),
            rpo_seconds=[45, 300, 7_300, None][number % 4],
        )

    def vm_name(self, number: int) -> str:
        return f"vm-{number:05d}"

    def address(self, number: int, second: int) -> str:
        return f"10.{second}.{number // 250}.{number % 250 + 4}"

    def source(self, number: int) -> SourceMachine:
        _, cores, memory = SIZES[number % 3]
        site = f"{SUBSCRIPTION.format(1)}/resourceGroups/rg-migrate/providers/Microsoft.OffAzure"
        return SourceMachine(
            id=ResourceId(f"{site}/VMwareSites/site-1/machines/m-{number:05d}"),
            name=self.name(number),
            cores=cores,
            memory_mib=memory * 1024,
            os_family="windows" if number % 2 else "linux",
            os_name="Windows Server 2019" if number % 2 else "Red Hat Enterprise Linux 8",
            firmware="uefi",
            power="off",
            host_name=f"esx-{number % 5:02d}",
            disks=(
                SourceDisk(id=f"disk-{number}-0", name="scsi0:0", size_bytes=64 * GIB),
                *(
                    SourceDisk(id=f"disk-{number}-{n}", name=f"scsi0:{n}", size_bytes=n * 96 * GIB)
                    for n in range(1, number % 3 + 1)
                ),
            ),
            nics=(SourceNic(id=f"nic-{number}", addresses=(self.address(number, 10),)),),
        )

    def target(self, number: int) -> TargetMachine:
        size, cores, memory = SIZES[number % 3 if number % 17 else (number + 1) % 3]
        group = f"{SUBSCRIPTION.format(3)}/resourceGroups/rg-wave-07/providers"
        compute = f"{group}/Microsoft.Compute"
        name = self.vm_name(number)
        return TargetMachine(
            id=ResourceId(f"{compute}/virtualMachines/{name}"),
            name=name,
            vm_id=f"00000000-0000-4000-8000-{number:012d}",
            location="westeurope",
            zones=(str(number % 3 + 1),),
            size=size,
            cores=cores,
            memory_mib=memory * 1024,
            provisioning_state="Failed" if number == 21 else "Succeeded",
            power="running",
            agent="not ready" if number % 11 == 7 else "ready",
            generation="V2",
            os_family="windows" if number % 2 else "linux",
            os_name="Windows Server 2019" if number % 2 else "Red Hat Enterprise Linux 8",
            licence_type="Windows_Server" if number % 2 else "",
            boot_diagnostics=number % 5 != 0,
            disks=tuple(
                TargetDisk(
                    id=ResourceId(f"{compute}/disks/{name}-disk-{n}"),
                    name=f"{name}-disk-{n}",
                    is_os=n == 0,
                    lun=None if n == 0 else n,
                    size_gib=n * 96 or 64,
                    sku="Premium_LRS",
                )
                for n in range(number % 3 + 1)
            ),
            nics=(
                TargetNic(
                    id=ResourceId(f"{group}/Microsoft.Network/networkInterfaces/{name}-nic"),
                    is_primary=True,
                    addresses=(
                        TargetAddress(
                            private_address=self.address(number, 20), allocation="Dynamic"
                        ),
                    ),
                ),
            ),
            tags={"wave": "07"},
            resolved_by="disks",
        )

    def row(self, number: int) -> InventoryItem:
        phase = self.phase(number)
        released = phase is Phase.RELEASED
        lost = number % 59 == 14
        return InventoryItem(
            item=self.item(number),
            facts=Facts(
                cutover=Cutover.DONE,
                replication=Replication.ACTIVE,
                test=TestMachine.NONE,
                reversed=False,
                stop_allowed=True,
                cleanup_allowed=False,
                idle=True,
            ),
            phase=phase,
            phase_evidence=("receipt in the journal",) if released else ("migration succeeded",),
            source=None if number % 8 == 6 else self.source(number),
            source_note="discovery dropped the machine" if number % 8 == 6 else "",
            target=None if lost else self.target(number),
            target_note="its disks are attached to no VM" if lost else "found by its disks",
            test_machines=(
                (ResourceId(f"{self.target(number).id}-Test"),) if number % 59 == 11 else ()
            ),
            workloads=(self.workload_of(number),),
        )

    def phase(self, number: int) -> Phase:
        if self.workload_of(number) in {"Archive", "Print", "Sandbox"}:
            return Phase.RELEASED
        odd = {21: Phase.CONTRADICTION, 26: Phase.REPLICATING, 33: Phase.UNRECOGNISED}
        return odd.get(number, Phase.STAGED)

    def findings(self, rows: list[InventoryItem]) -> Iterator[Finding]:
        seq = 10
        for number, row in enumerate(rows):
            for place, check in enumerate((*CHECKS, *ADVISORY)):
                for outcome, hours in self.outcomes(number, place):
                    seq += 1
                    yield Finding(
                        check=check,
                        subject=item_subject(row),
                        outcome=outcome,
                        detail=f"{row.name}: {check} is {outcome.value}",
                        at=NOW - timedelta(hours=hours),
                        lifetime_seconds=8 * 3600,
                        next_step="" if outcome is Outcome.PASS else "Look at the machine.",
                        run=f"run-{hours:02d}",
                        seq=seq,
                    )

    def outcomes(self, number: int, place: int) -> list[tuple[Outcome, int]]:
        key = (number * 7 + place * 5) % 131
        odd = {
            3: [(Outcome.FAIL, 2)],
            11: [(Outcome.INCONCLUSIVE, 2)],
            17: [(Outcome.ERROR, 2)],
            23: [(Outcome.PASS, 20)],
            31: [],
            37: [(Outcome.FAIL, 4), (Outcome.PASS, 2)],
            41: [(Outcome.SKIPPED, 2)],
        }
        return odd.get(key, [(Outcome.PASS, 2)])

    def differences(self, rows: list[InventoryItem]) -> Iterator[Difference]:
        for number, row in enumerate(rows):
            for place, (area, field, source, intended, actual, cls, reason) in enumerate(FIELDS):
                told = cls if (number * 3 + place * 5) % 7 == 0 else DiffClass.SAME
                yield Difference(
                    item_id=row.id,
                    area=area,
                    field=field,
                    source=source if told is not DiffClass.SAME else actual,
                    intended=intended,
                    actual=actual,
                    cls=told,
                    rule=f"{area}-{place}",
                    reason=reason if told is not DiffClass.SAME else "equal",
                )

    def waivers(self) -> tuple[Waiver, ...]:
        return tuple(
            Waiver(
                check=check,
                subject=subject,
                reason="The appliance has no agent; it is watched from outside",
                category="mitigated elsewhere",
                approver="Head of platform",
                ticket=f"CHG-44{number}1",
                created=NOW - timedelta(days=6),
                expires=NOW + timedelta(days=days),
            )
            for number, (check, subject, days) in enumerate(
                [("agent-ready", "Telephony", 12), ("disks-attached", "Badge control", 3)]
            )
        )

    def gaps(self) -> tuple[Gap, ...]:
        vault = SUBSCRIPTION.format(2)
        return (
            Gap(
                scope=ResourceId(
                    f"{vault}/resourceGroups/rg-fin/providers/Microsoft.RecoveryServices"
                    "/vaults/asr-finance"
                ),
                reason="forbidden",
                detail="the service answered 403",
                permission=("Microsoft.RecoveryServices/vaults/replicationProtectedItems/read"),
            ),
        )

    def report(self, *, gaps: bool = True) -> Report:
        rows = [self.row(number) for number in range(self.machines)]
        inventory = Inventory(
            read_at=NOW - timedelta(minutes=4),
            items=tuple(sorted(rows, key=lambda row: row.id)),
            gaps=self.gaps() if gaps else (),
            expected=self.machines,
            wave="Wave 07",
            vaults=tuple(sorted({row.item.vault_id for row in rows})),
        )
        wave = self.wave(rows)
        findings = tuple(self.findings(rows))
        case = Case(
            inventory=replace(inventory, gaps=()),
            wave=wave,
            findings=findings,
            waivers=self.waivers(),
            policy=Policy(required=CHECKS, advisory=ADVISORY, lifetimes=(("agent-ready", 14400),)),
        )
        released = [row for row in rows if row.phase is Phase.RELEASED]
        plan, approval, receipts = _released(released)
        return Report(
            made_at=NOW,
            tool_version="0.1.0",
            wave=wave,
            inventory=inventory,
            findings=Findings(at=NOW, run="run-02", findings=findings),
            diff=Diff(at=NOW, rows_=tuple(self.differences(rows))),
            decisions=decide(case, now=NOW),
            waivers=self.waivers(),
            plans=(plan,),
            approvals=(approval,),
            receipts=receipts,
            events=_events(rows[:12]),
            past_inventories=_past(self.machines),
            evidence={f.seq: _hash(f"record {f.seq}") for f in findings if f.seq is not None},
            journal=JournalHead(
                journal_id="3f1b6c52-0000-4000-8000-0000000000aa", seq=412, hash=_hash("head")
            ),
        )

    def wave(self, rows: list[InventoryItem]) -> Wave:
        owners = ("Finance systems", "Web platform", "Workplace", "")
        return Wave(
            name="Wave 07",
            expected=self.machines,
            workloads=tuple(
                Workload(
                    name=name,
                    items=tuple(str(row.id) for row in rows if name in row.workloads),
                    owner=owners[number % 4],
                    criticality=("high", "medium", "low")[number % 3],
                )
                for number, name in enumerate(self.names)
            ),
        )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _past(machines: int) -> tuple[PastInventory, ...]:
    """Return two weeks of inventories; four machines joined the wave in the second one."""

    def one(day: int) -> PastInventory:
        read = machines if day > 7 else machines - 4
        released = machines // 60 * max(0, day - 9)
        staged = read * day // 20
        return PastInventory(
            at=NOW - timedelta(days=15 - day),
            expected=read,
            read=read,
            phases={
                "released": released,
                "staged": staged,
                "test-migrated": read // 10,
                "failed": 1,
                "replicating": read - released - staged - read // 10 - 1,
            },
        )

    return tuple(one(day) for day in range(1, 15))


def _events(rows: list[InventoryItem]) -> tuple[Event, ...]:
    steps = (("Test migration ended", 30), ("Test machine cleaned up", 28), ("Cutover ended", 5))
    return tuple(
        Event(at=NOW - timedelta(days=days), what=what, item_id=row.id, detail="replication job")
        for row in rows
        for what, days in steps
    )


def _released(rows: list[InventoryItem]) -> tuple[Plan, Approval, tuple[Receipt, ...]]:
    digest = _hash("plan")
    planned = NOW - timedelta(days=1, hours=2)
    plan = Plan(
        schema="azstaging/plan/1",
        journal_id="3f1b6c52-0000-4000-8000-0000000000aa",
        wave="Wave 07",
        created=planned,
        expires=planned + timedelta(hours=24),
        planner=Principal(tid=TENANT, oid="planner", name="planner@contoso.example"),
        workloads=("Archive", "Print", "Sandbox"),
        items=tuple(
            PlanItem(
                id=str(row.id),
                name=row.name,
                provider=row.item.provider,
                generation=row.item.generation or "",
                vault_id=str(row.item.vault_id),
                workloads=row.workloads,
                fingerprint={},
                request=PlannedRequest(method="DELETE", url="https://management.example/"),
                evidence=(),
            )
            for row in rows
        ),
        policy_digest=_hash("policy"),
        content=_hash("content"),
        digest=digest,
    )
    approval = Approval(
        plan_digest=digest,
        approver=Principal(tid=TENANT, oid="approver", name="approver@contoso.example"),
        comment="CHG-4471",
        at=planned + timedelta(hours=1),
        expires=planned + timedelta(hours=9),
    )
    receipts = tuple(
        Receipt(
            item_id=row.id.key,
            name=row.name,
            generation=row.item.generation or "",
            plan_digest=digest,
            state=ReceiptState.DONE,
            at=planned + timedelta(hours=2, minutes=number),
            job_id=f"job-{number:04d}",
            witnesses=("job succeeded", "item gone", "target VM present"),
        )
        for number, row in enumerate(rows)
    )
    return plan, approval, receipts


@pytest.fixture(scope="session")
def build() -> Callable[..., Report]:
    """Return the builder: ``build(machines, workloads)``."""

    def _build(machines: int = 60, workloads: int = 24, *, gaps: bool = True) -> Report:
        return Estate(machines, workloads).report(gaps=gaps)

    return _build


@pytest.fixture(scope="session")
def report(build: Callable[..., Report]) -> Report:
    """Sixty machines in 24 workloads, some released, some held, one vault unread."""
    return build()


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    """Names that nobody should trust, and one of 64 KB."""
    names: list[str] = json.loads((Path(__file__).parent / "hostile.json").read_text("ascii"))
    return [*names, "<i>" + "x" * 65_533]


# Texts that the values are joined by; they stay as they are.
_KEYS = {
    "text",
    "id",
    "generation",
    "target",
    "hash",
    "run",
    "journal_id",
    "plan_digest",
    "digest",
    "content",
    "policy_digest",
    "item_id",
    "check",
    "workload",
    "workloads",
    "name",
    "subject",
    "code",
    "items",
    "required",
    "advisory",
    "lifetimes",
}


def _poisoned(value: Any, corpus: Iterator[str]) -> Any:
    if isinstance(value, str):
        return next(corpus) + value
    if isinstance(value, tuple):
        return tuple(_poisoned(entry, corpus) for entry in value)
    if isinstance(value, dict):
        return {key: _poisoned(entry, corpus) for key, entry in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {
        f.name: _poisoned(getattr(value, f.name), corpus)
        for f in fields(value)
        if f.name not in _KEYS
    }
    return replace(value, **changed)


@pytest.fixture(scope="session")
def hostile(corpus: list[str]) -> Report:
    """Return a report in which every name and every text is hostile."""
    short = corpus[:-1]
    estate = Estate(
        len(corpus),
        len(corpus),
        machine_names=dict(enumerate(corpus)),
        workload_names=corpus,
    )
    poisoned: Report = _poisoned(estate.report(), itertools.cycle(short))
    return replace(poisoned, tool_version="0.1.0")


@pytest.fixture(scope="session")
def large(build: Callable[..., Report]) -> dict[str, bytes]:
    """Return the HTML of the two largest views of 20,000 machines."""
    return reports.render_all(build(20_000, 400), views=["auditor", "engineer"], formats=["html"])
