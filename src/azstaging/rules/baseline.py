"""The baseline: source, intended and target configuration of one item, frozen. Pure."""

from typing import Any

from azstaging.model.inventory import InventoryItem
from azstaging.model.records import NewRecord
from azstaging.rules.canonical import canonical, digest, to_plain
from azstaging.rules.records import baseline_record

SCHEMA = "azstaging/baseline/1"


def baseline_document(row: InventoryItem) -> dict[str, Any]:
    """Return what is frozen of one row: plain JSON, no raw bodies, no times of reading.

    The three sides are ``source`` (discovery, or None), ``intended`` (the replication item's own
    settings, disks and adapters) and ``target`` (the VM, or None). The same configuration gives
    the same document, and so the same content address.
    """
    source = to_plain(row.source) if row.source else None
    target = to_plain(row.target) if row.target else None
    for side in (source, target):
        if side:
            side.pop("body", None)
    if source:
        source.pop("updated_at", None)
    return {
        "schema": SCHEMA,
        "item_id": str(row.id),
        "generation": row.item.generation or "",
        "source": source,
        "intended": {
            "settings": to_plain(row.item.settings),
            "source": to_plain(row.item.source),
            "disks": to_plain(row.item.disks),
            "nics": to_plain(row.item.nics),
        },
        "target": target,
    }


def freeze(row: InventoryItem) -> tuple[str, bytes, NewRecord]:
    """Return name, content and journal record of one baseline file; the name is its address."""
    document = baseline_document(row)
    address = digest(document)
    name = f"baselines/{address.removeprefix('sha256:')}.json"
    record = baseline_record(
        row.id, generation=row.item.generation or "", digest=address, file=name
    )
    return name, canonical(document), record
