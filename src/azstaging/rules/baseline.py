"""The baseline: source, intended and target configuration of one item, frozen. Pure.

What is frozen first stands: freezing again adds what was not there yet (the target, after the
cutover) and never replaces the source or the target as first staged, unless that is asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.items import ItemDisk, ItemNic, SourceFacts, TargetSettings
from azstaging.model.machines import SourceMachine, TargetMachine
from azstaging.model.records import NewRecord
from azstaging.rules.canonical import canonical, digest, from_plain, read_canonical, to_plain
from azstaging.rules.records import Baseline, baseline_record
from azstaging.rules.source_import import filled

SCHEMA = "azstaging/baseline/1"
_KEYS = {"schema", "item_id", "generation", "source", "intended", "target"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A baseline, read back and proven to be what the journal recorded.

    Attributes:
        digest: its content address, ``sha256:<hex>``.
        at: when it was recorded.
        source, target: None where there was none to freeze.
        settings, facts, disks, nics: what the replication item intended.
    """

    item_id: str
    generation: str
    digest: str
    at: datetime
    source: SourceMachine | None
    target: TargetMachine | None
    settings: TargetSettings
    facts: SourceFacts
    disks: tuple[ItemDisk, ...]
    nics: tuple[ItemNic, ...]


def baseline_document(row: InventoryItem) -> dict[str, Any]:
    """Return what is frozen of one row: plain JSON, no raw bodies, no times of reading.

    The three sides are ``source`` (discovery or an import, or None), ``intended`` (the replication
    item's own settings, disks and adapters) and ``target`` (the VM, or None). The same
    configuration gives the same document, and so the same content address.
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


def freeze(
    row: InventoryItem,
    earlier: Frozen | None = None,
    imported: SourceMachine | None = None,
) -> tuple[str, bytes, NewRecord]:
    """Return name, content and journal record of one baseline file; the name is its address.

    Args:
        row: as it is now.
        earlier: what was frozen of the same item; of the same generation, its source and its
            target stand.
        imported: what a table tells of the source; it fills what is not told otherwise.
    """
    if earlier is not None and is_of(earlier, row):
        row = replace(row, source=earlier.source or row.source, target=earlier.target or row.target)
    if imported is not None:
        row = replace(row, source=filled(row.source, imported, row))
    document = baseline_document(row)
    address = digest(document)
    name = f"baselines/{address.removeprefix('sha256:')}.json"
    record = baseline_record(
        row.id, generation=row.item.generation or "", digest=address, file=name
    )
    return name, canonical(document), record


def read_frozen(data: bytes, recorded: Baseline) -> Frozen:
    """Read a baseline file, and prove that it is the recorded one.

    Raises:
        ValueError: it is another file, or of a version that this one does not read.
    """
    document = read_canonical(data)
    if digest(document) != recorded.digest:
        raise ValueError("its content is not what the journal recorded")
    if not isinstance(document, dict) or set(document) != _KEYS or document["schema"] != SCHEMA:
        raise ValueError("this version does not read it")
    intended = document["intended"]
    return Frozen(
        item_id=document["item_id"],
        generation=document["generation"],
        digest=recorded.digest,
        at=recorded.at,
        source=from_plain(SourceMachine, document["source"]) if document["source"] else None,
        target=from_plain(TargetMachine, document["target"]) if document["target"] else None,
        settings=from_plain(TargetSettings, intended["settings"]),
        facts=from_plain(SourceFacts, intended["source"]),
        disks=tuple(from_plain(ItemDisk, each) for each in intended["disks"]),
        nics=tuple(from_plain(ItemNic, each) for each in intended["nics"]),
    )


def is_of(frozen: Frozen, row: InventoryItem) -> bool:
    """Tell whether a baseline is of this item and of this generation of its replication."""
    same_item = ResourceId(frozen.item_id) == row.id
    return same_item and bool(frozen.generation) and frozen.generation == row.item.generation


def on_baseline(row: InventoryItem, frozen: Mapping[str, Frozen]) -> InventoryItem:
    """Return a row with its frozen source; of a released item, with all that was intended too.

    Discovery overwrites or drops a source that was switched off; what was frozen stands. A
    baseline of another generation is of another replication, and is not used.

    Args:
        row: as it is now.
        frozen: baselines by casefolded item id.
    """
    known = frozen.get(row.id.key)
    if known is None or not is_of(known, row):
        return row
    source = known.source or row.source
    if row.phase is not Phase.RELEASED:
        return replace(row, source=source)
    item = replace(
        row.item,
        settings=known.settings,
        source=known.facts,
        disks=known.disks,
        nics=known.nics,
    )
    return replace(row, item=item, source=source)


def frozen_now(
    rows: Iterable[InventoryItem], frozen: Mapping[str, Frozen]
) -> dict[ResourceId, str]:
    """Return the content address of the baseline of each row that has one of its generation."""
    return {
        row.id: known.digest
        for row in rows
        if (known := frozen.get(row.id.key)) and is_of(known, row)
    }
