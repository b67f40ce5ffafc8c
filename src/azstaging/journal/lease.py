"""Leases: one releaser per vault, one writer per Boards project, in one estate folder."""

import hashlib
from datetime import datetime

from azstaging.engine.ports import LeasePort
from azstaging.journal import Journal
from azstaging.journal.blob_lease import BlobLease
from azstaging.journal.locks import Lock
from azstaging.model.ids import ResourceId


def lease_of(journal: Journal, *, what: str = "vault") -> LeasePort:
    """Return the leases of a journal: lock files of a folder, or leases of blobs."""
    store = journal.blobs
    return FileLease(journal, what=what) if store is None else BlobLease(store, what=what)


class FileLease:
    """Leases as lock files ``locks/<sha256 of the casefolded vault id>.lock``.

    The caller appends ``lease.taken`` with the epoch. A lease ends with its process.

    Args:
        journal: the journal of the estate folder, open for writing.
        what: what is leased, for messages.
    """

    def __init__(self, journal: Journal, *, what: str = "vault") -> None:
        self._journal = journal
        self._what = what
        self._held: dict[ResourceId, Lock] = {}

    def acquire(self, vault_id: ResourceId, *, run: str, now: datetime) -> int:
        """Take the lease of a vault.

        Returns:
            Its epoch: one more than the highest in the journal.

        Raises:
            LeaseHeldError: another run holds it; the message names the holder.
            JournalError: the journal cannot be read, or the lock cannot be made.
        """
        epoch = self._journal.history().epoch(vault_id) + 1
        name = hashlib.sha256(vault_id.key.encode()).hexdigest()
        path = self._journal.folder / "locks" / f"{name}.lock"
        lock = Lock(path, f"The {self._what} {vault_id.name}")
        lock.acquire(run=run, now=now)
        self._held[vault_id] = lock
        return epoch

    def release(self, vault_id: ResourceId) -> None:
        """Give the lease back; harmless when it is not held."""
        lock = self._held.pop(vault_id, None)
        if lock is not None:
            lock.release()
