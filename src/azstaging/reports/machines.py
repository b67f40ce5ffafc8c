"""Rows of items: the replicated item with its source and its target, side by side."""

import json
from collections import Counter
from typing import Any

from azstaging.model.decisions import GateClosed
from azstaging.model.findings import Finding
from azstaging.model.inventory import InventoryItem
from azstaging.model.machines import SourceMachine, TargetMachine
from azstaging.model.times import format_time
from azstaging.reports import document as doc
from azstaging.reports.lookup import Lookup
from azstaging.reports.operated import operated
from azstaging.reports.progress import phase_since
from azstaging.reports.standings import Standings
from azstaging.reports.words import worst

_GIB = 1024**3


def item_row(row: InventoryItem, lookup: Lookup, standings: Standings) -> doc.Item:
    """Return the row of one item."""
    item = row.item
    weighed = [w for w in standings.by_item.get(row.id.key, ()) if w.required]
    seen = [w.overall for w in weighed]
    used = [w.verdict.finding.at for w in weighed if w.verdict.finding]
    classes = Counter(d.cls.value for d in lookup.differences.get(row.id.key, ()))
    gate = _gate(row, lookup)
    return doc.Item(
        id=str(row.id),
        name=row.name,
        provider=item.provider,
        phase=row.phase.value,
        phase_evidence=list(row.phase_evidence),
        workloads=list(row.workloads),
        gate=gate,
        first_reason=_first_reason(row, lookup) if gate == "held" else "",
        health=item.health,
        lag_seconds=item.rpo_seconds,
        vault_id=str(item.vault_id),
        generation=item.generation or "",
        raw={str(key): _text(value) for key, value in item.raw.items()},
        allowed_operations=list(item.allowed_operations),
        running_job=item.running_job,
        health_errors=[f"{e.code}: {e.message}" for e in item.health_errors],
        source=_discovered(row.source) if row.source else _told(row),
        source_note=row.source_note,
        target=_target(row.target, lookup.backups(row)) if row.target else None,
        target_note=_target_note(row),
        test_machines=[str(machine) for machine in row.test_machines],
        locks=[f"{lock.level} {lock.id}" for lock in row.locks],
        checks_passed=seen.count("passed"),
        checks_total=len(seen),
        checks_worst=worst(seen),
        evidence_at=format_time(min(used)) if used else "",
        same=classes["same"],
        expected=classes["expected"],
        act=classes["act"],
        suspicious=classes["suspicious"],
        unknown=classes["unknown"],
        phase_since=phase_since(row, lookup),
    )


def _gate(row: InventoryItem, lookup: Lookup) -> str:
    if lookup.is_released(row):
        return "released"
    if not row.workloads:
        return "none"
    states = {lookup.workload_state(name) for name in row.workloads}
    return "held" if "held" in states else "ready"


def _first_reason(row: InventoryItem, lookup: Lookup) -> str:
    closed = [d for n in row.workloads if isinstance(d := lookup.decisions.get(n), GateClosed)]
    reasons = [reason for decision in closed for reason in decision.reasons]
    own = next((reason for reason in reasons if reason.item_id == row.id), None)
    shared = next((reason for reason in reasons if reason.item_id is None), None)
    first = own or shared or (reasons[0] if reasons else None)
    return first.detail if first else "no decision was made"


def _target_note(row: InventoryItem) -> str:
    if row.target_unknown and not row.target_note:
        return "could not be read"
    return row.target_note


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, sort_keys=True, default=str)


def _machine(**told: Any) -> doc.Machine:
    blank: dict[str, Any] = {
        "size": "",
        "firmware": "",
        "power": "",
        "place": "",
        "resource_group": "",
        "provisioning_state": "",
        "agent": "",
        "licence_type": "",
        "vm_id": "",
        "tags": {},
        "extensions": {},
    }
    return doc.Machine(**{**blank, **told})


def _discovered(source: SourceMachine) -> doc.Machine:
    return _machine(
        id=str(source.id),
        name=source.name,
        cores=source.cores,
        memory_mib=source.memory_mib,
        os=source.os_name or source.os_family,
        firmware=source.firmware,
        power=source.power,
        place=source.host_name,
        addresses=[address for nic in source.nics for address in nic.addresses],
        disks=[
            doc.Disk(name=d.name or d.id, size_bytes=d.size_bytes, kind=d.controller, is_os=None)
            for d in source.disks
        ],
    )


def _told(row: InventoryItem) -> doc.Machine:
    """Return the source as far as the item itself tells of it."""
    item = row.item
    facts = item.source
    addresses = facts.addresses or tuple(n.source_address for n in item.nics if n.source_address)
    return _machine(
        id=str(item.source_id or ""),
        name=item.name,
        cores=facts.cores,
        memory_mib=facts.memory_mib,
        os=facts.os_name or facts.os_type,
        firmware=facts.firmware,
        power=facts.power,
        addresses=list(addresses),
        disks=[
            doc.Disk(name=d.name or d.source_id, size_bytes=d.size_bytes, kind="", is_os=d.is_os)
            for d in item.disks
        ],
    )


def _target(target: TargetMachine, backups: list[Finding]) -> doc.Machine:
    addresses = [address for nic in target.nics for address in nic.addresses]
    private = [a.private_address for a in addresses if a.private_address]
    public = [str(a.public_address_id) for a in addresses if a.public_address_id]
    zones = f", zone {', '.join(target.zones)}" if target.zones else ""
    return _machine(
        id=str(target.id),
        name=target.name,
        size=target.size,
        cores=target.cores,
        memory_mib=target.memory_mib,
        os=target.os_name or target.os_family,
        firmware=target.generation,
        power=target.power,
        place=target.location + zones,
        resource_group=target.id.resource_group or "",
        addresses=private + public,
        disks=[
            doc.Disk(
                name=d.name,
                size_bytes=d.size_bytes or (d.size_gib * _GIB if d.size_gib else None),
                kind=d.sku,
                is_os=d.is_os,
            )
            for d in target.disks
        ],
        provisioning_state=target.provisioning_state,
        agent=target.agent,
        licence_type=target.licence_type,
        vm_id=target.vm_id,
        tags=dict(target.tags),
        extensions=dict(target.extensions),
        **operated(target, backups),
    )
