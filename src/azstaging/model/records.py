"""Journal records as values. How they are written and chained is `azstaging.journal`'s matter."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class RecordType(enum.Enum):
    """Every type of record that a journal holds."""

    OPENED = "journal.opened"
    ADOPTED = "journal.adopted"
    TORN = "journal.torn"
    RUN = "run.started"
    INVENTORY = "inventory.read"
    FINDING = "finding"
    DIFF = "diff.made"
    BASELINE = "baseline.frozen"
    DECISION = "gate.decided"
    REPORT = "report.written"
    BOARDS = "boards.synced"
    PLAN = "plan.made"
    APPROVAL = "plan.approved"
    LEASE_TAKEN = "lease.taken"
    LEASE_RELEASED = "lease.released"
    INTENT = "release.intent"
    SENT = "release.sent"
    RECEIPT = "release.receipt"
    COMMAND_INTENT = "command.intent"
    COMMAND_RECEIPT = "command.receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the journal.

    Attributes:
        seq: 0, 1, 2, ...; record 0 opens the journal.
        run: id of the run that wrote it.
        actor: ``tid/oid`` of the principal, or "" when none is known.
        data: JSON without floats.
        prev, hash: the chain.
    """

    seq: int
    at: datetime
    run: str
    actor: str
    type: str
    data: Mapping[str, Any]
    prev: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record before the journal gives it its place in the chain."""

    type: RecordType
    data: Mapping[str, Any]
