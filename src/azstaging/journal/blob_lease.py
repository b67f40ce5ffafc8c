"""The lease of a vault in a container: a blob's lease, renewed while it is held.

A run that is killed lets it expire within a minute. A run that was paused beyond that finds a later
``lease.taken`` on record, or its renewal refused, and writes nothing more.
"""

import hashlib
import json
import os
import platform
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from azstaging.errors import JournalError, LeaseHeldError
from azstaging.journal.blob import BlobJournal
from azstaging.model.ids import ResourceId
from azstaging.model.records import Record, RecordType
from azstaging.model.times import format_time

SECONDS = 60
_RENEW_SECONDS = 15.0


class HeldLease:
    """One lease, renewed by a thread of its own until it is given back."""

    def __init__(self, lease: Any, vault_id: ResourceId, epoch: int) -> None:
        self.vault_id = vault_id
        self.epoch = epoch
        self.lost = False
        self._lease = lease
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="azstaging-lease", daemon=True)
        self._thread.start()

    def _renew(self) -> None:
        try:
            while not self._over.wait(_RENEW_SECONDS):
                self._lease.renew()
        except Exception:  # noqa: BLE001 - whatever it is, the lease cannot be relied on
            self.lost = True

    def release(self) -> None:
        """End the renewal, and the lease."""
        self._over.set()
        self._thread.join()
        # It expires by itself when it cannot be given back.
        with suppress(Exception):
            self._lease.release()


class BlobLease:
    """Leases of blobs ``locks/<sha256 of the casefolded vault id>.lock``.

    Args:
        store: the journal of the container; it writes nothing once a held lease is lost.
        what: what is leased, for messages.
    """

    def __init__(self, store: BlobJournal, *, what: str = "vault") -> None:
        self._store = store
        self._what = what
        self._held: dict[ResourceId, HeldLease] = {}

    def acquire(self, vault_id: ResourceId, *, run: str, now: datetime) -> int:
        """Take the lease of a vault.

        Returns:
            Its epoch: one more than the highest in the journal.

        Raises:
            LeaseHeldError: another run holds it; the message names the holder.
            JournalError: the container cannot be read or written.
        """
        name = f"locks/{hashlib.sha256(vault_id.key.encode()).hexdigest()}"
        lease = self._store.container.lease(f"{name}.lock", SECONDS)
        if lease is None:
            raise LeaseHeldError(
                f"The {self._what} {vault_id.name} is in use by {self._holder(name)}; nothing was "
                "changed.",
                advice=f"Wait until the other run ends. One that was killed holds it for at most "
                f"{SECONDS} seconds more.",
            )
        epoch = self._last_epoch(vault_id) + 1
        who = {"run": run, "host": platform.node(), "pid": os.getpid(), "at": format_time(now)}
        self._store.container.put(f"{name}.json", json.dumps(who, sort_keys=True).encode())
        self._held[vault_id] = HeldLease(lease, vault_id, epoch)
        if self._guard not in self._store.guards:
            self._store.guards.append(self._guard)
        return epoch

    def _last_epoch(self, vault_id: ResourceId) -> int:
        return max(
            (
                int(record.data["epoch"])
                for record in self._store.leases()
                if ResourceId(str(record.data["vault_id"])) == vault_id
            ),
            default=0,
        )

    def _holder(self, name: str) -> str:
        try:
            part = self._store.container.read(f"{name}.json")
            who = json.loads(part.data if part else b"")
            return f"run {who['run']}, process {who['pid']} on {who['host']} since {who['at']}"
        except (JournalError, ValueError, KeyError, TypeError):
            return "another run"

    def _guard(self, others: Sequence[Record]) -> None:
        """Refuse to write once a lease that this run holds is somebody else's."""
        for held in self._held.values():
            later = any(
                record.type == RecordType.LEASE_TAKEN.value
                and ResourceId(str(record.data["vault_id"])) == held.vault_id
                and int(record.data["epoch"]) > held.epoch
                for record in others
            )
            if later or held.lost:
                raise JournalError(
                    f"The lease of {held.vault_id.name} was lost to another run; nothing was "
                    "written.",
                    advice="Run the same command again: it reads what became of what was sent.",
                )

    def release(self, vault_id: ResourceId) -> None:
        """Give the lease back; harmless when it is not held."""
        held = self._held.pop(vault_id, None)
        if held is not None:
            held.release()
        if not self._held and self._guard in self._store.guards:
            self._store.guards.remove(self._guard)
