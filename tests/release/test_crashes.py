"""A release killed after each journal append and each request; and two releasers at once."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli import exit_codes
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator, Fault, sample_estate
from azstaging.emulator.estate import Workload
from azstaging.errors import LeaseHeldError
from azstaging.rules.plan import plan_bytes, plan_from

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")

KEYS = ("file-01", "file-02", "time-db-01")
DRIVER = Path(__file__).with_name("crash_driver.py")


class World:
    """An emulator with three machines, an approved plan of all of them, and the driver."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder, self.azure = folder, emulator
        file = folder / "azstaging.toml"
        now = datetime.now(timezone.utc)
        write_config(file, emulator.estate, arm_endpoint=emulator.url, now=now)
        file.write_text(file.read_text("utf-8") + "\n[gate]\nsettle_seconds = 20\n", "utf-8")
        self.config = azstaging.load_configuration(file)
        self.plan_file = folder / "plan.json"
        self.digest = self.plan(self.plan_file)
        self.saved = folder / "saved"
        shutil.copytree(folder / "estate", self.saved)
        self.driver = self.start(self.plan_file)

    def start(self, plan_file: Path) -> subprocess.Popen[str]:
        token = self.azure.token("releaser")
        arguments = [str(self.folder / "azstaging.toml"), str(plan_file)]
        return subprocess.Popen(
            [sys.executable, str(DRIVER), *arguments, str(self.folder / "estate"), token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ready(self, driver) -> bool:
        """Wait until a driver has loaded everything."""
        driver.stdin.write("ready 0\n")
        driver.stdin.flush()
        return json.loads(driver.stdout.readline())["ready"]

    def run(self, kind: str = "none", limit: int = 0, driver=None) -> dict[str, int]:
        driver = driver or self.driver
        driver.stdin.write(f"{kind} {limit}\n")
        driver.stdin.flush()
        return json.loads(driver.stdout.readline())

    def plan(self, file: Path) -> str:
        """Plan and approve whatever is open."""
        with azstaging.Journal.open(self.folder / "estate") as journal:
            both = []
            for name in ("planner", "approver"):
                credential = StaticCredential(self.azure.token(name))
                both.append(azstaging.Staging(credential, self.config, journal=journal))
            planner, approver = both
            inventory = planner.inventory()
            planner.baseline(inventory)
            diff = planner.diff(inventory)
            decisions = planner.decide(inventory, planner.check(inventory, diff), diff)
            plan = planner.plan(decisions.open)
            approver.approve(plan, comment="CHG-1")
            for staging in both:
                staging.azure.close()
        file.write_bytes(plan_bytes(plan))
        return plan.digest

    def restore(self) -> None:
        shutil.rmtree(self.folder / "estate")
        shutil.copytree(self.saved, self.folder / "estate")
        self.azure.reset()

    def history(self):
        with azstaging.Journal.open(self.folder / "estate") as journal:
            return journal.history()

    def sent(self) -> Counter[str]:
        changes = (r for r in self.azure.requests if r.method != "GET")
        return Counter(r.path.casefold().removesuffix("/remove") for r in changes)

    def end(self) -> None:
        self.driver.stdin.close()
        self.driver.wait(timeout=30)
        self.driver.stdout.close()
        self.azure.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    sample = sample_estate()
    machines = tuple(machine for machine in sample.machines if machine.key in KEYS)
    vaults = {machine.vault for machine in machines}
    estate = type(sample)(
        name="Crash matrix",
        subscriptions=sample.subscriptions[:2],
        vaults=tuple(vault for vault in sample.vaults if vault.name in vaults),
        sites=sample.sites,
        machines=machines,
        workloads=(
            Workload(name="Files", owner="o", criticality="low", machines=KEYS[:2]),
            Workload(name="Time", owner="o", criticality="low", machines=KEYS[2:]),
        ),
        identities=sample.identities,
        sizes=sample.sizes,
    )
    emulator = Emulator(estate, job_duration_seconds=0.005).start()
    made = World(tmp_path_factory.mktemp("crash"), emulator)
    yield made
    made.end()


def prove(world: World, where: str) -> None:
    """Run until the plan has nothing left to do; then everything must be in order."""
    state = world.azure.state
    ids = {state.item_id(key).casefold() for key in KEYS}
    code = -1
    for _ in range(3):
        code = world.run()["exit"]
        assert code in {exit_codes.DONE, exit_codes.PARTLY, exit_codes.REFUSED, 3}, where
        past = world.history()
        assert not past.open_attempts(), where
        if code in {exit_codes.DONE, exit_codes.REFUSED}:
            break
    under_the_plan = world.sent()
    assert max(under_the_plan.values(), default=0) <= 1, where
    assert {r.state.value for r in past.receipts()} <= {"done", "none"}, where
    gone = {key for key in ids if key not in state.entries}
    done = {r.item_id.casefold() for r in past.receipts() if r.state.value == "done"}
    assert gone == done, where
    assert set(under_the_plan) == done, where
    if code == exit_codes.REFUSED:
        finish(world, where)
    assert not state.purges, where
    assert Counter(stop.item_id.casefold() for stop in state.stops) == Counter(ids), where
    assert world.sent() == Counter(ids), where
    assert azstaging.Journal.verify_at(world.folder / "estate").ok, where


def finish(world: World, where: str) -> None:
    """What was held with a receipt goes under a plan of its own."""
    file = world.folder / "second.json"
    assert world.plan(file) != world.digest
    driver = world.start(file)
    try:
        assert world.run(driver=driver)["exit"] == exit_codes.DONE, where
    finally:
        driver.stdin.close()
        driver.wait(timeout=30)
        driver.stdout.close()


@pytest.mark.parametrize("kind", ["append", "request"])
def test_killed_after_every_step_a_rerun_ends_the_same(world, kind):
    world.restore()
    whole = world.run()
    assert whole["exit"] == exit_codes.DONE
    steps = whole[f"{kind}s"]
    assert steps >= 12
    killed = 0
    for step in range(1, steps + 1):
        world.restore()
        crash = world.run(kind, step)
        killed += crash["killed"]
        prove(world, f"killed after {kind} {step} of {steps}: {crash}")
    # Waiting for a job takes a read more or less.
    assert killed >= steps - 3


def test_killed_again_and_again_it_ends_the_same(world):
    """A runbook that its host restarts from the top each time it has come one step further."""
    world.restore()
    for step in range(1, 40):
        if not world.run("append", step % 5 + 1)["killed"]:
            break
    prove(world, "killed again and again")


def test_of_two_releasers_one_wins_and_the_other_knows_at_once(world):
    world.restore()
    begun, refused = threading.Event(), threading.Event()

    def wait_for_the_other(_state):
        begun.set()
        refused.wait(20)

    stop = "DELETE *replicationmigrationitems/*"
    world.azure.script.set([Fault(match=stop, kind="call", call=wait_for_the_other)])
    winner = threading.Thread(target=lambda: said.append(world.run()))
    said: list[dict[str, int]] = []
    other = world.start(world.plan_file)
    # Loaded and waiting, so that only the refusal is timed.
    assert world.ready(other)
    winner.start()
    try:
        assert begun.wait(20)
        asked = time.monotonic()
        loser = world.run(driver=other)
        refused_seconds = time.monotonic() - asked
        assert winner.is_alive()
    finally:
        refused.set()
        other.stdin.close()
        other.wait(timeout=30)
        other.stdout.close()
    assert loser["exit"] == exit_codes.LEASE_HELD
    assert refused_seconds < 2
    assert loser["requests"] == loser["appends"] == 0
    winner.join(30)
    assert said[0]["exit"] == exit_codes.DONE
    world.azure.script.set(())
    assert set(world.sent().values()) == {1}
    assert len(world.sent()) == 3


def test_of_two_releasers_in_one_process_one_wins(world):
    """One process shares one journal; the lease of the vault still lets only one send."""
    world.restore()
    begun = threading.Event()
    world.azure.script.set(
        [
            Fault(
                match="DELETE *replicationmigrationitems/*",
                kind="call",
                call=lambda _state: begun.set(),
            ),
            Fault(match="GET *replicationjobs*", kind="slow", after=1, seconds=0.5),
        ]
    )
    plan = plan_from(world.plan_file.read_bytes())
    results = []
    with azstaging.Journal.open(world.folder / "estate") as journal:
        first, second = (
            azstaging.Staging(
                StaticCredential(world.azure.token("releaser")), world.config, journal=journal
            )
            for _ in range(2)
        )
        thread = threading.Thread(target=lambda: results.append(first.release(plan, execute=True)))
        thread.start()
        assert begun.wait(20)
        with pytest.raises(LeaseHeldError, match="vlt-"):
            second.release(plan, execute=True)
        thread.join(30)
        first.azure.close()
        second.azure.close()
    world.azure.script.set(())
    assert results[0].clean
    assert set(world.sent().values()) == {1}
