"""One releaser per vault and estate folder."""

import hashlib
import os
from datetime import datetime, timezone

import pytest

from azstaging.errors import LeaseHeldError
from azstaging.journal.lease import FileLease
from azstaging.model.ids import ResourceId
from azstaging.rules.history import lease_record

AT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)
VAULT = ResourceId(
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/V"
)
OTHER = VAULT.parent().child("vaults", "other")


def test_the_epoch_grows_with_every_lease_on_record(journal):
    lease = FileLease(journal)
    for epoch in (1, 2, 3):
        assert lease.acquire(VAULT, run="run", now=AT) == epoch
        journal.append([lease_record(VAULT, epoch)], at=AT, run="run", actor="")
        lease.release(VAULT)
    assert lease.acquire(OTHER, run="run", now=AT) == 1


def test_a_held_vault_names_its_holder_whatever_the_casing(journal):
    first, second = FileLease(journal), FileLease(journal)
    first.acquire(VAULT, run="run-1", now=AT)
    wanted = f"vault V is in use by run run-1, process {os.getpid()} on .* since 2026-01-31"
    with pytest.raises(LeaseHeldError, match=wanted):
        second.acquire(ResourceId(VAULT.text.replace("vaults", "Vaults")), run="run-2", now=AT)
    second.acquire(OTHER, run="run-2", now=AT)
    first.release(VAULT)
    assert second.acquire(VAULT, run="run-2", now=AT) == 1


def test_the_lock_file_is_named_by_the_casefolded_id(journal, estate):
    FileLease(journal).acquire(VAULT, run="run", now=AT)
    name = hashlib.sha256(VAULT.key.encode()).hexdigest()
    assert (estate / "locks" / f"{name}.lock").exists()


def test_giving_back_what_is_not_held_is_harmless(journal):
    lease = FileLease(journal)
    lease.release(VAULT)
    lease.acquire(VAULT, run="run", now=AT)
    lease.release(VAULT)
    lease.release(VAULT)
    assert FileLease(journal).acquire(VAULT, run="run", now=AT) == 1


def test_a_damaged_holder_file_still_holds(journal, estate):
    lease = FileLease(journal)
    lease.acquire(VAULT, run="run", now=AT)
    for holder in (estate / "locks").glob("*.json"):
        holder.write_text("[]")
    with pytest.raises(LeaseHeldError, match="another process"):
        FileLease(journal).acquire(VAULT, run="run-2", now=AT)
