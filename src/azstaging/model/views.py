"""Values as rows for people and as documents for machines. Pure: nothing is decided here.

Rows are flat dicts, all with the same keys in the same order. Documents are plain JSON: ids as
the service wrote them, times RFC 3339 UTC, units in key names, null for "not told".
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azstaging.model.ids import ResourceId
from azstaging.model.item_details import agent_version, cut_over_at, tested_at
from azstaging.model.times import format_time

if TYPE_CHECKING:
    from azstaging.model.decisions import Decision, Decisions
    from azstaging.model.differences import Diff, Expectation
    from azstaging.model.findings import Findings
    from azstaging.model.inventory import Gap, Inventory, InventoryItem

Row = dict[str, Any]
Document = dict[str, Any]

INVENTORY_SCHEMA = "azstaging/inventory/1"
# Bodies are the service's own JSON: kept on the values, far too large for a document.
_LEFT_OUT = frozenset({"body"})
_ALARMING = frozenset({"contradiction", "failed", "reversed", "unrecognised"})


def plain(value: Any) -> Any:
    """Return a value as plain JSON.

    Dataclasses become dicts of their fields, ids and enums their text, times RFC 3339 UTC.
    """
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, ResourceId):
        return value.text
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    return {name: plain(getattr(value, name)) for name in _names(type(value))}


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    if kind not in _NAMES:
        fields = dataclasses.fields(kind)
        _NAMES[kind] = tuple(field.name for field in fields if field.name not in _LEFT_OUT)
    return _NAMES[kind]


# The inventory.


def inventory_rows(inventory: Inventory, *, wide: bool = False) -> list[Row]:
    """Return one row per item: what fits a laptop, or with ``wide`` everything that is flat."""
    rows = [_narrow_row(row, inventory.wave) for row in inventory]
    if wide:
        rows = [
            narrow | _wide_row(row) | _of_wave(inventory, row)
            for narrow, row in zip(rows, inventory, strict=True)
        ]
    return rows


def _of_wave(inventory: Inventory, row: InventoryItem) -> Row:
    return {
        "replicating_since": plain(row.replicating_since),
        "free_days_left": inventory.free_days_left(row),
        "gaps": ", ".join(gap.reason for gap in inventory.gaps if row.id.is_under(gap.scope)),
        "read_at": plain(inventory.read_at),
    }


def _narrow_row(row: InventoryItem, wave: str) -> Row:
    item = row.item
    return {
        "mark": "!" if _alarming(row) else "",
        "name": row.name,
        "workloads": ", ".join(row.workloads),
        "wave": wave,
        "phase": row.phase.value,
        "provider": item.provider,
        "health": item.health,
        "lag_seconds": item.rpo_seconds,
        "target": row.target.name if row.target else "",
        "test_machines": ", ".join(machine.name for machine in row.test_machines),
        "note": _note(row),
    }


def _alarming(row: InventoryItem) -> bool:
    return row.phase.value in _ALARMING or bool(row.test_machines or row.locks)


def _note(row: InventoryItem) -> str:
    if row.phase.value in _ALARMING and row.phase_evidence:
        return row.phase_evidence[0]
    if row.test_machines:
        return "test machine left over"
    if row.locks:
        return f"locked by {row.locks[0].id.name}"
    if row.target is not None and row.target.renamed:
        return f"intended name: {row.item.settings.vm_name}"
    return row.target_note


def _wide_row(row: InventoryItem) -> Row:
    item, source, target = row.item, row.source, row.target
    return {
        "id": item.id.text,
        "vault": item.vault_id.name,
        "vault_id": item.vault_id.text,
        "fabric": item.fabric,
        "container": item.container,
        "generation": item.generation,
        "direction": _direction(row),
        "raw_states": ", ".join(f"{name}={value}" for name, value in _flat(item.raw)),
        "allowed_operations": ", ".join(item.allowed_operations),
        "running_job": item.running_job,
        "failover_health": item.failover_health,
        "health_errors": len(item.health_errors),
        "last_recovery_point": item.last_recovery_point,
        "last_test_at": tested_at(item),
        "last_cutover_at": cut_over_at(item),
        "agent_version": agent_version(item),
        "detailed": item.detailed,
        "source_id": plain(item.source_id),
        "source_note": row.source_note,
        "source_power": source.power if source else "",
        "source_os": source.os_name if source else item.source.os_name,
        "source_cores": source.cores if source else item.source.cores,
        "source_memory_mib": source.memory_mib if source else item.source.memory_mib,
        "firmware": (source.firmware if source else "") or item.source.firmware,
        "intended_name": item.settings.vm_name,
        "intended_size": item.settings.vm_size,
        **_target_columns(row),
        "target_unknown": row.target_unknown,
        "disks": len(target.disks) if target else len(item.disks),
        "nics": len(target.nics) if target else len(item.nics),
        "locks": ", ".join(lock.id.name for lock in row.locks),
        "evidence": "; ".join(row.phase_evidence),
    }


def _direction(row: InventoryItem) -> str:
    if row.facts.reversed is None:
        return ""
    return "to the source" if row.facts.reversed else "to Azure"


def _flat(raw: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, each) for name, each in raw.items() if not isinstance(each, (dict, list))]


def _target_columns(row: InventoryItem) -> Row:
    target = row.target
    addresses = (
        [ip.private_address for nic in target.nics for ip in nic.addresses] if target else []
    )
    return {
        "target_id": plain(row.target_id),
        "target_vm_id": target.vm_id if target else "",
        "target_group": (target.id.resource_group or "") if target else "",
        "target_location": target.location if target else row.item.settings.location,
        "target_zones": ", ".join(target.zones) if target else "",
        "target_size": target.size if target else "",
        "target_cores": target.cores if target else None,
        "target_memory_mib": target.memory_mib if target else None,
        "target_power": target.power if target else "",
        "target_provisioning": target.provisioning_state if target else "",
        "target_agent": target.agent if target else "",
        "target_generation": target.generation if target else "",
        "target_identity": target.identity if target else "",
        "target_locks": ", ".join(lock.id.name for lock in target.locks) if target else "",
        "target_os": target.os_name if target else "",
        "target_addresses": ", ".join(filter(None, addresses)),
        "target_licence": target.licence_type if target else "",
        "target_tags": ", ".join(f"{k}={v}" for k, v in target.tags.items()) if target else "",
        "target_extensions": ", ".join(target.extensions) if target else "",
        "resolved_by": target.resolved_by if target else "",
        "renamed": target.renamed if target else None,
    }


def inventory_document(inventory: Inventory) -> Document:
    """Return the inventory as the JSON contract ``azstaging/inventory/1``.

    Items are sorted by casefolded id; docs/schemas/inventory-1.schema.json describes it.
    """
    return {
        "schema": INVENTORY_SCHEMA,
        "read_at": plain(inventory.read_at),
        "complete": inventory.complete,
        "expected": inventory.expected,
        "read": inventory.read,
        "wave": inventory.wave,
        "selected": inventory.selected,
        "gaps": gap_documents(inventory.gaps),
        "vaults": plain(inventory.vaults),
        "unresolved": _members(inventory.unresolved),
        "ambiguous": _members(inventory.ambiguous),
        "unexpected": plain(inventory.unexpected),
        "free_days": inventory.free_days,
        "free_days_source": inventory.free_days_source,
        "items": [
            _item(row) | {"free_days_left": inventory.free_days_left(row)}
            for row in sorted(inventory, key=lambda row: row.id.key)
        ],
    }


def gap_documents(gaps: Iterable[Gap]) -> list[Document]:
    """Return gaps as JSON."""
    return [plain(gap) for gap in gaps]


def _members(pairs: Iterable[tuple[str, str]]) -> list[Document]:
    return [{"workload": workload, "selector": selector} for workload, selector in pairs]


def _item(row: InventoryItem) -> Document:
    item = row.item
    return {
        "id": item.id.text,
        "name": item.name,
        "provider": item.provider,
        "collection": item.collection.value,
        "phase": row.phase.value,
        "phase_evidence": list(row.phase_evidence),
        "health": item.health,
        "failover_health": item.failover_health,
        "health_errors": plain(item.health_errors),
        "raw": plain(item.raw),
        "facts": plain(row.facts),
        "allowed_operations": list(item.allowed_operations),
        "running_job": item.running_job,
        "generation": item.generation,
        "detailed": item.detailed,
        "vault_id": item.vault_id.text,
        "fabric": item.fabric,
        "container": item.container,
        "last_recovery_point": item.last_recovery_point,
        "rpo_seconds": item.rpo_seconds,
        "source_id": plain(item.source_id),
        "source": plain(row.source),
        "source_note": row.source_note,
        "source_facts": plain(item.source),
        "intended": plain(item.settings),
        "disks": plain(item.disks),
        "nics": plain(item.nics),
        "target_id": plain(row.target_id or item.target_id),
        "target": plain(row.target),
        "target_unknown": row.target_unknown,
        "target_note": row.target_note,
        "test_machines": plain(row.test_machines),
        "locks": plain(row.locks),
        "workloads": list(row.workloads),
        "replicating_since": plain(row.replicating_since),
    }


# Findings.


def findings_rows(findings: Findings, inventory: Inventory | None = None) -> list[Row]:
    """Return one row per finding, names from the inventory, else from the ids."""
    names = {row.id.key: row.name for row in inventory or ()}
    return [
        {
            "outcome": finding.outcome.value,
            "name": _subject_name(finding.subject.id, names),
            "check": finding.check,
            "detail": finding.detail,
            "next_step": finding.next_step,
        }
        for finding in findings
    ]


def _subject_name(subject: str, names: Mapping[str, str]) -> str:
    return names.get(subject) or subject.rpartition("/")[2].removeprefix("workload:")


def findings_document(findings: Findings, inventory: Inventory) -> Document:
    """Return all findings of a run as JSON."""
    names = {row.id.key: row.name for row in inventory}
    return {
        "schema": "azstaging/findings/1",
        "at": plain(findings.at),
        "run": findings.run,
        "complete": inventory.complete,
        "gaps": gap_documents(inventory.gaps),
        "findings": [
            plain(finding) | {"name": _subject_name(finding.subject.id, names)}
            for finding in findings
        ],
    }


# The configuration diff.


def diff_rows(diff: Diff, inventory: Inventory | None = None) -> list[Row]:
    """Return one row per compared field, names from the inventory, else from the ids."""
    names = {row.id: row.name for row in inventory or ()}
    return [
        {
            "class": row.cls.value,
            "name": names.get(row.item_id, row.item_id.name),
            "area": row.area,
            "field": row.field,
            "source": row.source,
            "intended": row.intended,
            "actual": row.actual,
            "reason": row.reason,
        }
        for row in diff
    ]


def diff_document(
    diff: Diff,
    inventory: Inventory,
    *,
    counts: Mapping[str, int] | None = None,
    unused: Iterable[Expectation] | None = None,
) -> Document:
    """Return a diff as the JSON contract ``azstaging/diff/1``.

    docs/schemas/diff-1.schema.json describes it.

    Args:
        diff: the rows to show.
        inventory: what was compared.
        counts: fields per class of all rows; those of ``diff`` when not given.
        unused: expectations that matched no row of the wave; None when only a part was compared.
    """
    return {
        "schema": "azstaging/diff/1",
        "at": plain(diff.at),
        "complete": inventory.complete,
        "gaps": gap_documents(inventory.gaps),
        "counts": dict(counts or diff.counts()),
        "baselines": {item.text: address for item, address in diff.baselines.items()},
        "unused_expectations": None
        if unused is None
        else [plain(each) | {"rule": each.rule} for each in unused],
        "rows": [
            flat | {"item_id": row.item_id.text, "rule": row.rule, "risk": row.risk}
            for flat, row in zip(diff_rows(diff, inventory), diff, strict=True)
        ],
    }


# Gates.


def decisions_rows(decisions: Decisions) -> list[Row]:
    """Return one row per workload, with the first reason of a closed gate."""
    return [_decision_row(decision) for decision in decisions]


def _decision_row(decision: Decision) -> Row:
    reasons = getattr(decision, "reasons", ())
    return {
        "gate": "open" if decision else "closed",
        "workload": decision.workload,
        "items": len(decision.item_ids),
        "reasons": len(reasons),
        "first_reason": reasons[0].detail if reasons else "",
        "next_step": reasons[0].next_step if reasons else "",
    }


def decisions_document(decisions: Decisions) -> Document:
    """Return every gate as JSON."""
    return {
        "schema": "azstaging/decisions/1",
        "at": plain(decisions.at),
        "open": len(decisions.open),
        "closed": len(decisions.closed),
        "decisions": [
            {"gate": "open" if decision else "closed"} | plain(decision) for decision in decisions
        ],
    }


# The release.
