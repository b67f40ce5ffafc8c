"""A whole staging run whose estate folder is a container, and two releasers over one vault."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator.faults import Fault
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.errors import JournalError, LeaseHeldError
from azstaging.journal import blob_lease
from azstaging.journal.blob import BlobJournal
from azstaging.journal.blob_lease import BlobLease
from azstaging.model.ids import ResourceId
from azstaging.model.records import NewRecord, RecordType
from azstaging.rebuild import rebuild_report
from azstaging.run import utc_now

VAULT = ResourceId(
    "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v1"
)
RELEASE = ["release", "wave.plan.json", "--execute"]


class Office:
    """A folder with a configuration, an Azure, and a container as the estate folder."""

    def __init__(self, azure, folder, url):
        self.azure, self.folder, self.url = azure, folder, url
        write_config(folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now())

    def start(self, *arguments, who="planner"):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "azstaging", *map(str, arguments)],
            cwd=self.folder,
            env=kept | {"AZSTAGING_TOKEN": self.azure.token(who), "AZSTAGING_JOURNAL": self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments, who="planner"):
        with self.start(*arguments, who=who) as process:
            out, errors = process.communicate(timeout=180)
        return process.returncode, out, errors

    def approved_plan(self):
        for verb in ("baseline", "check"):
            assert self(verb)[0] in {0, 1, 3}
        code, _, errors = self("plan", "--out", "wave.plan.json")
        assert code == 0, errors
        code, _, errors = self("approve", "wave.plan.json", "--comment", "CHG-1", who="approver")
        assert code == 0, errors


@pytest.fixture
def office(url, tmp_path):
    with Emulator(sample_estate()) as azure:
        yield Office(azure, tmp_path, url)


def test_the_whole_run_on_a_container(office, tmp_path):
    office.approved_plan()
    code, out, errors = office("report", "--out", "reports")
    assert code == 3, errors
    code, _, errors = office(*RELEASE, who="releaser")
    assert code == 0, errors
    assert Counter(stop.item_id for stop in office.azure.state.stops).most_common(1)[0][1] == 1
    assert office("status")[0] == 0
    code, out, _ = office("journal", "verify")
    assert (code, out.split(":")[0]) == (0, "ok")
    code, out, _ = office("journal", "head")
    assert code == 0
    assert office("journal", "export", "--out", "pack.zip")[0] == 0
    assert azstaging.Journal.verify_at(tmp_path / "pack.zip", head=out.strip()).ok
    made = rebuild_report(office.url, tmp_path / "again")
    assert not made.differ
    assert made.same
    code, out, errors = office("report", "--from", office.url, "--out", "third")
    assert code in {0, 3}, errors


def test_a_second_releaser_is_told_within_two_seconds_of_work(office):
    office.approved_plan()
    plan = azstaging.plan_from((office.folder / "wave.plan.json").read_bytes())
    with azstaging.Journal.open(office.url) as journal:
        held = BlobLease(journal.blobs)
        for vault in {item.vault_id for item in plan.items}:
            held.acquire(ResourceId(vault), run="first", now=utc_now())
        staging = azstaging.Staging(
            StaticCredential(office.azure.token("releaser")),
            azstaging.load_configuration(office.folder / "azstaging.toml"),
            journal=azstaging.Journal.open(office.url),
        )
        staging.principal()
        began = time.monotonic()
        with pytest.raises(LeaseHeldError, match="run first, process"):
            staging.release(plan, execute=True)
        assert time.monotonic() - began < 2
        code, _, errors = office(*RELEASE, who="releaser")
        assert code == 6, errors
        assert "nothing was changed" in errors
        assert office.azure.state.stops == []
        for vault in {item.vault_id for item in plan.items}:
            held.release(ResourceId(vault))
    assert office(*RELEASE, who="releaser")[0] == 0


def test_a_blob_named_stop_halts_a_release(office):
    office.approved_plan()
    with azstaging.Journal.open(office.url) as journal:
        assert not journal.halted()
        journal.blobs.container.put("stop", b"")
        assert journal.halted()
    code, _, errors = office(*RELEASE, who="releaser")
    assert code == 5, errors
    assert office.azure.state.stops == []


def intents(office):
    with azstaging.Journal.open(office.url) as journal:
        return sum(record.type == RecordType.INTENT.value for record in journal.records())


def within(seconds, held):
    """Wait until something holds; False when it does not in time."""
    ended = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < ended:
        if held():
            return True
        pause.wait(0.2)
    return False


def test_of_two_releasing_processes_the_second_is_refused_and_the_first_holds(office):
    """The first is between its intent and the answer to its first stop when the second comes."""
    office.approved_plan()
    stops = ("DELETE *replicationmigrationitems/*", "POST *replicationprotecteditems/*/remove")
    office.azure.script.set([Fault(match=m, kind="slow", seconds=45.0) for m in stops])
    with office.start(*RELEASE, who="releaser") as first:
        try:
            assert within(60, lambda: intents(office) == 1)
            code, _, errors = office(*RELEASE, who="releaser")
            assert first.poll() is None
            begun = intents(office)
        finally:
            office.azure.script.set(())
        _, said = first.communicate(timeout=180)
    assert code == 6, errors
    assert "nothing was changed" in errors
    assert begun == 1
    assert first.returncode == 0, said
    sent = [r.path.casefold() for r in office.azure.requests if r.method != "GET"]
    assert set(Counter(sent).values()) == {1}
    assert len(sent) == len(office.azure.state.stops)


def test_the_epoch_grows_with_each_lease(container):
    store = BlobJournal(container)
    for expected in (1, 2):
        lease = BlobLease(store)
        epoch = lease.acquire(VAULT, run="r", now=utc_now())
        assert epoch == expected
        store.append(
            [NewRecord(type=RecordType.LEASE_TAKEN, data={"vault_id": str(VAULT), "epoch": epoch})],
            at=utc_now(),
            run="r",
            actor="",
        )
        lease.release(VAULT)
        assert store.guards == [], "a lease that was given back guards nothing"


def take(store, vault, run):
    lease = BlobLease(store)
    epoch = lease.acquire(vault, run=run, now=utc_now())
    data = {"vault_id": str(vault), "epoch": epoch}
    record = NewRecord(type=RecordType.LEASE_TAKEN, data=data)
    store.append([record], at=utc_now(), run=run, actor="")
    return lease


def test_a_run_whose_lease_was_taken_over_writes_nothing_more(container):
    slow, quick = BlobJournal(container), BlobJournal(container)
    lease = take(slow, VAULT, "slow")
    # As after a pause longer than the lease: it is free, and somebody else takes it.
    lease._held[VAULT]._lease.release()
    other = take(quick, VAULT, "quick")
    intent = NewRecord(type=RecordType.RUN, data={"would": "be an intent"})
    with pytest.raises(JournalError, match="lost to another run; nothing was written"):
        slow.append([intent], at=utc_now(), run="slow", actor="")
    runs = {record.run for record in quick.records()[-1:]}
    assert runs == {"quick"}
    other.release(VAULT)
    lease.release(VAULT)


def test_a_lease_that_cannot_be_renewed_is_lost(container, monkeypatch):
    monkeypatch.setattr(blob_lease, "_RENEW_SECONDS", 0.05)
    store = BlobJournal(container)
    lease = take(store, VAULT, "slow")
    held = lease._held[VAULT]
    held._lease.release()
    held._thread.join(timeout=30)
    assert held.lost
    with pytest.raises(JournalError, match="lost"):
        store.append([NewRecord(type=RecordType.RUN, data={})], at=utc_now(), run="s", actor="")
    lease.release(VAULT)


@pytest.mark.parametrize("verb", ["residue", "status"])
def test_a_container_that_holds_no_journal_is_no_empty_estate(office, verb):
    code, told, errors = office(verb, "--journal", f"{office.url}/typo")
    assert code == 2, (told, errors)
    assert "There is no journal at" in errors
    assert "sig=" not in errors
