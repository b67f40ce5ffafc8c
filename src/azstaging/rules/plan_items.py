"""What a plan says of each item: what was observed, the request, and what it relies on. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from azstaging.model.decisions import GateOpen
from azstaging.model.findings import Finding
from azstaging.model.inventory import InventoryItem
from azstaging.model.plans import PlanItem, PlannedRequest
from azstaging.rules.cache import cache_accounts
from azstaging.rules.fingerprint import fingerprint


def plan_item(
    row: InventoryItem, request: PlannedRequest, evidence: Sequence[int], *, free_days: int = 0
) -> PlanItem:
    """Freeze one row as it was observed, with the request as rendered."""
    return PlanItem(
        id=str(row.id),
        name=row.name,
        provider=row.item.provider,
        generation=row.item.generation or "",
        vault_id=str(row.item.vault_id),
        workloads=row.workloads,
        fingerprint=fingerprint(row),
        request=request,
        evidence=tuple(evidence),
        seed_bytes=_seed_bytes(row),
        free_until=_free_until(row, free_days),
        cache_accounts=cache_accounts(row.item.body),
    )


def _free_until(row: InventoryItem, free_days: int) -> datetime | None:
    since = row.replicating_since
    return since + timedelta(days=free_days) if since is not None and free_days else None


def _seed_bytes(row: InventoryItem) -> int | None:
    sizes = [disk.size_bytes for disk in row.item.disks]
    told = [size for size in sizes if size is not None]
    return sum(told) if sizes and len(told) == len(sizes) else None


def evidence_of(
    gates: Iterable[GateOpen], findings: Iterable[Finding]
) -> Mapping[str, AbstractSet[int]]:
    """Return what each item relies on: its own findings, and those on its workloads.

    Not those on its neighbours, or a plan grows with the square of a workload.
    """
    about = {each.seq: each.subject.id for each in findings}
    evidence: dict[str, set[int]] = {}
    for gate in gates:
        keys = {item_id.key for item_id in gate.item_ids}
        whole = {seq for seq in gate.evidence if about.get(seq) not in keys}
        for key in keys:
            evidence.setdefault(key, set()).update(whole)
        for seq in set(gate.evidence) - whole:
            evidence[about[seq]].add(seq)
    return evidence
