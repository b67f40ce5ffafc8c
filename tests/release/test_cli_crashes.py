"""The command line, killed with -9 after each journal write and at each request, for each provider.

What must hold then is read from the service's own log and state, and from the journal's records.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import pytest

import azstaging
from azstaging.cli import exit_codes
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator, Fault, sample_estate
from azstaging.emulator.estate import Workload

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

DRIVER = Path(__file__).with_name("cli_driver.py")
# One item per provider; Mail and Directory have a waiver for what nobody can read of them.
WORKLOADS = {
    "Files": "file-01",
    "Time": "time-db-01",
    "Mail": "mail-02",
    "Directory": "directory-01",
    "Archive": "archive-01",
    "Plant": "plant-01",
    "History": "plant-hist-01",
}
# All but a failback, which is never stopped.
PROVIDERS = {
    "VMwareCbt",
    "InMageRcm",
    "InMageAzureV2",
    "HyperVReplicaAzure",
    "A2A",
    "VMwareToAzStackHCI",
    "HyperVToAzStackHCI",
}
# What nobody can read of an Azure Local machine cannot be checked.
GATE = """
[gate]
settle_seconds = 1
accept_unprovable_target = true
required = ["phase-staged", "test-migration-cleaned", "no-running-job", "source-off"]
"""
KILLED = -signal.SIGKILL if hasattr(signal, "SIGKILL") else None
STEPS = ("release.intent", "release.sent", "release.receipt")


def estate():
    sample = sample_estate()
    machines = tuple(m for m in sample.machines if m.key in WORKLOADS.values())
    vaults = {machine.vault for machine in machines}
    return type(sample)(
        name="One of each provider",
        subscriptions=sample.subscriptions,
        vaults=tuple(vault for vault in sample.vaults if vault.name in vaults),
        sites=sample.sites,
        machines=machines,
        workloads=tuple(
            Workload(name=name, owner="o", criticality="low", machines=(key,))
            for name, key in WORKLOADS.items()
        ),
        identities=sample.identities,
        sizes=sample.sizes,
    )


class Desk:
    """A folder with an approved plan, its Azure, and a driver that starts commands."""

    def __init__(self, folder, azure):
        self.folder, self.azure = folder, azure
        file = folder / "azstaging.toml"
        write_config(file, azure.estate, arm_endpoint=azure.url, now=datetime.now(timezone.utc))
        file.write_text(file.read_text("utf-8") + GATE, "utf-8")
        self.driver = subprocess.Popen(
            [sys.executable, "-W", "error", str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for arguments in (["baseline"], ["check"], ["plan", "--out", "plan.json"]):
            assert self(*arguments) in {0, 1, 3}, self.said
        assert self("approve", "plan.json", "--comment", "CHG-1", who="approver") == 0, self.said
        plan = azstaging.plan_from((folder / "plan.json").read_bytes())
        self.planned = {(i.request.method, i.request.url.partition("?")[0]) for i in plan.items}
        self.items = {item.id.casefold(): item for item in plan.items}
        shutil.copytree(folder / "estate", folder / "saved")

    @property
    def said(self):
        return (self.folder / "streams.txt").read_text("utf-8")

    def __call__(self, *arguments, who="planner", append=0, request=0):
        """Run a command; kill it after an append, or when a request has arrived."""
        told = {
            "arguments": arguments,
            "folder": str(self.folder),
            "streams": str(self.folder / "streams.txt"),
            "environment": {"AZSTAGING_TOKEN": self.azure.token(who)},
            "append": append,
        }
        self._tell(json.dumps(told))
        child = int(self.driver.stdout.readline())
        if request:
            kill = Fault(
                match="*",
                kind="call",
                after=request - 1,
                call=lambda _state: os.kill(child, signal.SIGKILL),
            )
            self.azure.script.set([kill])
        self._tell("go")
        code = int(self.driver.stdout.readline())
        self.azure.script.set([])
        return code

    def _tell(self, line):
        self.driver.stdin.write(f"{line}\n")
        self.driver.stdin.flush()

    def release(self, **kill):
        return self("release", "plan.json", "--execute", who="releaser", **kill)

    def restore(self):
        shutil.rmtree(self.folder / "estate")
        shutil.copytree(self.folder / "saved", self.folder / "estate")
        self.azure.reset()

    def records(self):
        """What is on record of single items: intents, answers, receipts."""
        with azstaging.Journal.read(self.folder / "estate") as journal:
            return [record for record in journal.records() if record.type in STEPS]

    @property
    def changes(self):
        return [r for r in self.azure.requests if r.method != "GET"]

    def end(self):
        self.driver.stdin.close()
        self.driver.wait(timeout=30)
        self.driver.stdout.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with Emulator(estate(), job_duration_seconds=0.01) as azure:
        made = Desk(tmp_path_factory.mktemp("cli-crash"), azure)
        assert {machine.provider for machine in azure.estate.machines} == PROVIDERS
        yield made
        made.end()


def prove(desk, where):
    """Run again in peace; then each item is released, or held with a receipt that says why."""
    where = f"{where}\n{desk.said}"
    code = desk.release()
    where += desk.said
    assert code in {exit_codes.DONE, exit_codes.PARTLY}, where
    state = desk.azure.state
    sent = Counter(change.path.casefold().removesuffix("/remove") for change in desk.changes)
    assert set(sent) <= set(desk.items), where
    assert set(sent.values()) <= {1}, where
    origin = desk.azure.url
    assert {(c.method, f"{origin}{c.path}") for c in desk.changes} <= desk.planned, where
    assert not state.purges, where
    intents, receipts = Counter(), {}
    for record in desk.records():
        item = record.data["item_id"].casefold()
        intents[item] += record.type == "release.intent"
        if record.type == "release.receipt":
            receipts[item] = record.data["state"]
    assert set(receipts) == set(desk.items), where
    assert set(intents.values()) == {1}, where
    gone = {item for item in desk.items if item not in state.entries}
    assert gone == set(sent) == {i for i, said in receipts.items() if said == "done"}, where
    # Only what was killed between its intent and its request is left, and the receipt says so.
    left = {item: said for item, said in receipts.items() if item not in gone}
    assert len(left) <= 1, where
    assert set(left.values()) <= {"none"}, where
    assert (code == exit_codes.DONE) == (not left), where
    assert azstaging.Journal.verify_at(desk.folder / "estate").ok, where
    return len(left)


def test_killed_after_each_journal_write(desk):
    desk.restore()
    assert desk.release() == exit_codes.DONE, desk.said
    met, step = set(), 0
    lost = 0
    while True:
        step += 1
        desk.restore()
        code = desk.release(append=step)
        if code != KILLED:
            break
        last = desk.records()[-1:]
        met |= {(desk.items[r.data["item_id"].casefold()].provider, r.type) for r in last}
        lost += prove(desk, f"killed after append {step}")
    assert code == exit_codes.DONE
    assert met == {(provider, kind) for provider in PROVIDERS for kind in STEPS}
    # Each provider's intent was once the last thing that happened.
    assert lost == len(PROVIDERS)


def test_killed_at_each_request(desk):
    desk.restore()
    assert desk.release() == exit_codes.DONE, desk.said
    whole = list(desk.azure.requests)
    # The inventory ends with the first look at jobs; of its reads the first and the last are met.
    jobs = next(n for n, r in enumerate(whole, 1) if r.path.casefold().endswith("/replicationjobs"))
    # Of looks at the same jobs in a row one is met. Their number may differ by one from run to
    # run, so the reads beside a change are met, too.
    paths = [each.path.casefold() for each in whole]
    again = {
        n for n in range(1, len(whole)) if paths[n - 1] == paths[n] and paths[n].endswith("jobs")
    }
    numbers = [n for n in range(jobs - 1, len(whole)) if n not in again]
    stopped = set()
    for number in (1, *numbers, len(whole)):
        desk.restore()
        code = desk.release(request=number)
        assert code in {KILLED, exit_codes.DONE}, desk.said
        if code == KILLED and desk.changes:
            stopped.add(desk.changes[-1].path.casefold().removesuffix("/remove"))
        assert prove(desk, f"killed at request {number} of {len(whole)}") == 0
    assert stopped == set(desk.items)
