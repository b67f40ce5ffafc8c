"""What happened to items, as the journal and the service tell it: the timeline's source. Pure."""

from collections.abc import Iterator, Sequence

from azstaging.model.ids import parse_id
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.records import Record, RecordType
from azstaging.model.report import Event
from azstaging.model.times import parse_time

# Azure: properties of replicationMigrationItems and replicationProtectedItems, kept raw.
_TOLD = {
    "lastTestMigrationTime": "Test migration",
    "lastSuccessfulTestFailoverTime": "Test failover",
    "lastMigrationTime": "Cut over",
    "lastSuccessfulFailoverTime": "Failed over",
    "lastSuccessfulPlannedFailoverTime": "Failed over as planned",
    "lastSuccessfulUnplannedFailoverTime": "Failed over",
}
_RECORDED = {
    RecordType.BASELINE.value: "Configuration frozen",
    RecordType.INTENT.value: "Stop about to be sent",
    RecordType.SENT.value: "Stop accepted",
}
_OF_THE_WAVE = {
    RecordType.REPORT.value: "Report written",
    RecordType.BOARDS.value: "Azure Boards written",
    RecordType.ADOPTED.value: "Journal adopted elsewhere",
}


def events(inventory: Inventory, records: Sequence[Record]) -> tuple[Event, ...]:
    """Return what the service tells of each item and what the journal says was done."""
    told = (event for row in inventory.items for event in _told(row))
    return (*told, *_recorded(records))


def _told(row: InventoryItem) -> Iterator[Event]:
    if row.replicating_since:
        yield Event(at=row.replicating_since, what="Replication began", item_id=row.id)
    for name, what in _TOLD.items():
        value = row.item.raw.get(name)
        at = parse_time(value) if isinstance(value, str) else None
        if at is not None:
            yield Event(at=at, what=what, detail="as the service tells", item_id=row.id)
    if row.target and row.target.created_at:
        yield Event(
            at=row.target.created_at,
            what="Azure VM made",
            detail=row.target.name,
            item_id=row.id,
        )


def _recorded(records: Sequence[Record]) -> Iterator[Event]:
    for record in records:
        item = parse_id(str(record.data.get("item_id") or ""))
        if record.type in _RECORDED and item is not None:
            yield Event(
                at=record.at,
                what=_RECORDED[record.type],
                detail=_job(record),
                item_id=item,
                actor=record.actor,
                seq=record.seq,
            )
        elif record.type in _OF_THE_WAVE:
            what = _OF_THE_WAVE[record.type]
            yield Event(at=record.at, what=what, actor=record.actor, seq=record.seq)


def _job(record: Record) -> str:
    job = record.data.get("job_id")
    return f"job {job}" if job else ""
