"""The table of items: the default columns fit a laptop, the wide ones are everything else."""

from functools import lru_cache

from azstaging.reports.document import Disk, Document, Item, Machine
from azstaging.reports.table import Column, Table, Value, item_anchor

_GIB = 1024**3
_GATES = ("held", "none", "ready", "released")

DEFAULT = (
    Column(key="gate", label="Gate", kind="state", facet=True),
    Column(key="name", label="Item"),
    Column(key="workloads", label="Workloads"),
    Column(key="phase", label="Phase", kind="state", facet=True),
    Column(key="first_reason", label="First reason"),
    Column(key="checks", label="Checks", kind="standing"),
    Column(key="suspicious", label="Suspicious", kind="int", short="Susp."),
    Column(key="act", label="Act", kind="int"),
    Column(key="unknown", label="Unknown", kind="int", short="Unkn."),
    Column(key="lag", label="Lag", kind="seconds"),
    Column(key="test_machine", label="Test machine"),
    Column(key="provider", label="Source kind", facet=True),
    Column(key="health", label="Health", facet=True),
    Column(key="evidence_at", label="Oldest evidence", kind="time"),
)
_WIDE = (
    Column(key="id", label="Item id", kind="id"),
    Column(key="vault_id", label="Vault", kind="id"),
    Column(key="generation", label="Generation", kind="id"),
    Column(key="phase_evidence", label="Phase because"),
    Column(key="phase_since", label="In this phase since", kind="time"),
    Column(key="raw", label="Raw states"),
    Column(key="allowed_operations", label="Allowed operations"),
    Column(key="running_job", label="Running job"),
    Column(key="health_errors", label="Health errors"),
    Column(key="locks", label="Locks"),
    Column(key="same", label="Same", kind="int"),
    Column(key="expected", label="Expected", kind="int"),
)
_SIDE = (
    ("name", "name", "text"),
    ("cores", "cores", "int"),
    ("memory_mib", "memory (MiB)", "int"),
    ("os", "operating system", "text"),
    ("firmware", "firmware", "text"),
    ("power", "power", "text"),
    ("place", "place", "text"),
    ("addresses", "addresses", "text"),
    ("disks", "disks", "text"),
    ("disk_gib", "disks in all (GiB, rounded up)", "int"),
    ("id", "id", "id"),
    ("note", "note", "text"),
)
_TARGET_ONLY = (
    ("size", "size", "text"),
    ("resource_group", "resource group", "text"),
    ("licence_type", "licence", "text"),
    ("provisioning_state", "provisioning state", "text"),
    ("agent", "VM agent", "text"),
    ("vm_id", "VM id", "id"),
    ("tags", "tags", "text"),
    ("extensions", "extensions", "text"),
    ("identity", "identity", "text"),
    ("backup", "backup", "text"),
    ("monitoring", "monitoring", "text"),
    ("patching", "patching", "text"),
)


def items(document: Document) -> Table:
    """Return every item with every column: held first, then by workload and name."""
    rows = sorted(document.items, key=_order)
    return Table(
        name="items",
        title="Items",
        empty="No item was read.",
        columns=(*DEFAULT, *_hidden(_WIDE), *_side("source", _SIDE), *_side("target", _TARGET)),
        rows=[(*_default(item), *_wide(item), *_sides(item)) for item in rows],
        anchors=[item_anchor(item.name, item.id) for item in rows],
    )


_TARGET = (*_SIDE, *_TARGET_ONLY)


def _order(item: Item) -> tuple[int, str, str, str]:
    workload = item.workloads[0] if item.workloads else ""
    return (_GATES.index(item.gate), workload.casefold(), item.name.casefold(), item.id.casefold())


def _hidden(columns: tuple[Column, ...]) -> list[Column]:
    return [Column(key=c.key, label=c.label, kind=c.kind, shown=False) for c in columns]


def _side(side: str, fields: tuple[tuple[str, str, str], ...]) -> list[Column]:
    return [
        Column(key=f"{side}_{key}", label=f"{side.capitalize()} {label}", kind=kind, shown=False)
        for key, label, kind in fields
    ]


def _default(item: Item) -> tuple[Value, ...]:
    checks = f"{item.checks_worst} {item.checks_passed}/{item.checks_total}"
    return (
        item.gate,
        item.name,
        "; ".join(item.workloads),
        item.phase,
        item.first_reason,
        checks if item.checks_total else "",
        item.suspicious,
        item.act,
        item.unknown,
        item.lag_seconds,
        "; ".join(machine.rsplit("/", 1)[-1] for machine in item.test_machines),
        item.provider,
        item.health,
        item.evidence_at,
    )


def _wide(item: Item) -> tuple[Value, ...]:
    return (
        item.id,
        item.vault_id,
        item.generation,
        "; ".join(item.phase_evidence),
        item.phase_since,
        pairs(item.raw),
        ", ".join(item.allowed_operations),
        item.running_job,
        "; ".join(item.health_errors),
        "; ".join(item.locks),
        item.same,
        item.expected,
    )


def _sides(item: Item) -> tuple[Value, ...]:
    source = _common(item.source, item.source_note)
    target = _common(item.target, item.target_note)
    found = item.target
    if found is None:
        return (*source, *target, *(("",) * len(_TARGET_ONLY)))
    return (
        *source,
        *target,
        found.size,
        found.resource_group,
        found.licence_type,
        found.provisioning_state,
        found.agent,
        found.vm_id,
        pairs(found.tags),
        pairs(found.extensions),
        found.identity,
        found.backup,
        found.monitoring,
        found.patching,
    )


def _common(machine: Machine | None, note: str) -> tuple[Value, ...]:
    if machine is None:
        return ("", None, None, "", "", "", "", "", "", None, "", note)
    return (
        machine.name,
        machine.cores,
        machine.memory_mib,
        machine.os,
        machine.firmware,
        machine.power,
        machine.place,
        ", ".join(machine.addresses),
        ", ".join([disk_text(disk) for disk in machine.disks]),
        total_gib(machine.disks),
        machine.id,
        note,
    )


def pairs(mapping: dict[str, str]) -> str:
    """Return ``key=value`` pairs, sorted by key."""
    return "; ".join(f"{key}={mapping[key]}" for key in sorted(mapping))


def disk_text(disk: Disk) -> str:
    """Return a disk as ``name (64 GiB, Premium_LRS)``."""
    inside = _size_and_kind(disk.size_bytes, disk.kind)
    return f"{disk.name}{inside}"


@lru_cache(maxsize=4_096)
def _size_and_kind(size_bytes: int | None, kind: str) -> str:
    inside = ", ".join(part for part in (gib_text(size_bytes), kind) if part)
    return f" ({inside})" if inside else ""


def gib_text(size_bytes: int | None) -> str:
    """Return a size in GiB with at most one decimal, or "" when not told."""
    if size_bytes is None:
        return ""
    tenths = (size_bytes * 10 + _GIB // 2) // _GIB
    whole, tenth = divmod(tenths, 10)
    return f"{whole:,}.{tenth} GiB" if tenth else f"{whole:,} GiB"


def total_gib(disks: list[Disk]) -> int | None:
    """Return the sum of disks in GiB, rounded up; None when any size is not told."""
    total = 0
    for disk in disks:
        if disk.size_bytes is None:
            return None
        total += disk.size_bytes
    return -(-total // _GIB) if disks else None
