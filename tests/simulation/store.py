"""What outlives a process: the journal's lines and the leases, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from azstaging.errors import JournalError, LeaseHeldError
from azstaging.journal import Journal
from azstaging.journal.format import ZERO, write_line
from azstaging.journal.holding import Records
from azstaging.model.records import Record
from simulation.wire import Client, Killed


@dataclass(slots=True)
class Lines:
    """The one durable journal, and who holds which vault: all that outlives a process."""

    records: list[Record] = field(default_factory=list)
    leases: dict[str, str] = field(default_factory=dict)


class MemoryStore:
    """One process's handle of the journal: it appends where it last saw the end, or not at all."""

    def __init__(self, lines: Lines, folder: Path, seen: int) -> None:
        self.lines = lines
        self.folder = folder
        self.seen = seen
        self.opened = seen
        self.openers = 1
        self.client: Client | None = None
        self.before: Callable[[Any], None] = lambda _records: None
        self.after: Callable[[Any], None] = lambda _records: None

    def close(self) -> None:
        """Nothing is held open: the lines outlive every process."""

    @property
    def id(self) -> str:
        return str(self.lines.records[0].data["id"])

    def records(self) -> Records:
        self.seen = max(self.seen, len(self.lines.records))
        return Records((), tuple(self.lines.records[: self.seen]))

    def append(self, records: Any, *, at: datetime, run: str, actor: str) -> tuple[Record, ...]:
        self.before(records)
        if self.client is not None and self.client.dead:
            raise Killed
        if any(new.type.value.startswith("release.") for new in records):
            self._require_held(run)
        if self.seen != len(self.lines.records):
            raise JournalError("Another run has appended to the journal; nothing was written.")
        written = []
        seq, prev = len(self.lines.records) - 1, ZERO
        if self.lines.records:
            prev = self.lines.records[-1].hash
        for new in records:
            seq += 1
            _, record = write_line(new, seq=seq, prev=prev, at=at, run=run, actor=actor)
            prev = record.hash
            written.append(record)
        self.lines.records += written
        self.seen = len(self.lines.records)
        self.after(records)
        return tuple(written)

    def _require_held(self, run: str) -> None:
        """Refuse to write after a later lease, also when its record was read meanwhile.

        What comes before the first intent, the run looks at itself.
        """
        holders: dict[str, set[str]] = {}
        for record in self.lines.records[self.opened :]:
            if record.type == "lease.taken":
                vault = str(record.data["vault_id"]).casefold()
                # From our own on: the last one to take it holds it.
                taken = {record.run} | (holders.get(vault, set()) if record.run != run else set())
                holders[vault] = taken
        if any(run in runs and len(runs) > 1 for runs in holders.values()):
            raise JournalError("The lease was lost to another run; nothing was written.")


class MemoryLease:
    """Leases in memory; one that is lost says nothing to who held it."""

    def __init__(self, lines: Lines, journal: Journal, holder: str) -> None:
        self.lines, self.journal, self.holder = lines, journal, holder

    def acquire(self, vault_id: Any, *, run: str, now: datetime) -> int:
        if self.lines.leases.get(vault_id.key, self.holder) != self.holder:
            raise LeaseHeldError(f"The vault {vault_id.name} is held by another run.")
        self.lines.leases[vault_id.key] = self.holder
        return self.journal.history().epoch(vault_id) + 1

    def release(self, vault_id: Any) -> None:
        if self.lines.leases.get(vault_id.key) == self.holder:
            del self.lines.leases[vault_id.key]
