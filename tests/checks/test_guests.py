"""Run Command over real sockets: off unless switched on, sent once, one at a time per machine."""

import dataclasses
import hashlib
import subprocess
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator
from azstaging.emulator.sample import sample_estate
from azstaging.engine.guests import Guests
from azstaging.errors import JournalError, ServiceError
from azstaging.journal.evidence import read_evidence
from azstaging.model.commands import GuestTask
from azstaging.model.findings import Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.records import NewRecord
from azstaging.rules.roles import PROBER, READER
from azstaging.run import utc_now

GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines"
ENDED = {"status": "Succeeded", "properties": {"output": {"value": []}}}


def shell(lines: list[str]) -> str:
    command = ["/bin/sh", "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


class Company:
    """One workload with a script, before the emulator."""

    def __init__(self, azure: Emulator, folder: Path, *, run_command: bool) -> None:
        self.azure = azure
        (folder / "payroll.sh").write_text("echo runs\n", "utf-8")
        config = azstaging.load_configuration(
            write_config(
                folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
            )
        )
        first, *others = config.wave.workloads
        self.workload = dataclasses.replace(first, guest_script=str(folder / "payroll.sh"))
        self.config = dataclasses.replace(
            config,
            wave=dataclasses.replace(config.wave, workloads=(self.workload, *others)),
            policy=dataclasses.replace(config.policy, advisory=("guest-command",)),
            probes=dataclasses.replace(config.probes, run_command=run_command),
        )

    def check(self, journal):
        token = StaticCredential(self.azure.token("planner"))
        staging = azstaging.Staging(token, self.config, journal=journal)
        inventory = staging.inventory()
        rows = inventory.in_workload(self.workload.name)
        for row in rows:
            if row.target is not None:
                self.azure.state.guests.guests[row.target.id.key] = shell
        findings = staging.check(inventory)
        subject = f"workload:{self.workload.name}"
        (found,) = [f for f in findings if f.check == "guest-command" and f.subject.id == subject]
        return rows, found


@pytest.fixture
def estate(tmp_path: Path):
    with azstaging.Journal.open(tmp_path / "estate") as journal:
        yield journal


def test_it_is_off_unless_switched_on(tmp_path: Path, estate) -> None:
    with Emulator() as azure:
        _, found = Company(azure, tmp_path, run_command=False).check(estate)
        assert azure.state.guests.commands == []
    assert (found.outcome, found.detail) == (Outcome.INCONCLUSIVE, "Run Command is off")


def test_the_identity_needs_the_action_of_the_prober(tmp_path: Path, estate) -> None:
    with Emulator() as azure:
        _, found = Company(azure, tmp_path, run_command=True).check(estate)
        assert azure.state.guests.commands == []
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "Microsoft.Compute/virtualMachines/runCommand/action" in found.detail


class Port:
    """Counts the commands that run at the same time in each machine."""

    def __init__(self, *, busy: bool = False, ends: bool = True) -> None:
        self.busy, self.ends = busy, ends
        self.lock = threading.Lock()
        self.active: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.sent = 0

    def run_command(self, vm_id: ResourceId, _body: object) -> str:
        if self.busy:
            raise ServiceError("busy", status=409)
        with self.lock:
            self.sent += 1
            self.active[vm_id.key] = self.active.get(vm_id.key, 0) + 1
            self.most[vm_id.key] = max(self.most.get(vm_id.key, 0), self.active[vm_id.key])
        return "operation"

    def get_command(self, vm_id: ResourceId, _location: str, _operation: str):
        if not self.ends:
            return {"status": "InProgress"}
        with self.lock:
            self.active[vm_id.key] -= 1
        return ENDED


def guests(port: Port, **more) -> Guests:
    now = [datetime(2026, 1, 31, tzinfo=timezone.utc)]

    def sleep(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    return Guests(port, clock=lambda: now[0], sleep=sleep, mark=lambda: "ab" * 16, **more)


def tasks(*names: str) -> list[GuestTask]:
    return [
        GuestTask(machine=ResourceId(f"{GROUP}/{n}"), location="x", os_family="linux", script="x")
        for n in names
    ]


def test_one_command_at_a_time_per_machine_and_one_answer_each() -> None:
    port = Port()
    runs = guests(port).run(tasks("a", "A", "b", "a"))
    assert [run.machine for run in runs] == ["a", "A", "b", "a"]
    assert set(port.most.values()) == {1}
    assert port.sent == 4
    assert {run.problem for run in runs} == {"the guest did not send our mark"}


def test_each_command_has_its_intent_before_it_is_sent_and_its_receipt_after() -> None:
    port, written = Port(), []
    guests(port, record=lambda new: written.append((new, port.sent))).run(tasks("a"))
    assert [(new.type.value, sent) for new, sent in written] == [
        ("command.intent", 0),
        ("command.receipt", 1),
    ]
    intent, receipt = (new.data for new, _ in written)
    assert intent["machine_id"] == receipt["machine_id"] == f"{GROUP}/a"
    assert intent["script_sha256"] == hashlib.sha256(b"x").hexdigest()
    assert receipt["operation"] == "operation"
    assert receipt["problem"] == "the guest did not send our mark"


def test_a_refused_command_has_its_receipt_too() -> None:
    written: list[NewRecord] = []
    guests(Port(busy=True), record=written.append).run(tasks("a"))
    assert [new.type.value for new in written] == ["command.intent", "command.receipt"]
    assert written[1].data["problem"] == "another command runs in it (409)"


def test_without_a_durable_intent_nothing_is_sent() -> None:
    def full(_record: NewRecord) -> None:
        raise JournalError("the disk is full")

    port = Port()
    with pytest.raises(JournalError):
        guests(port, record=full).run(tasks("a", "b"))
    assert port.sent == 0


def test_a_busy_machine_is_not_tried_again() -> None:
    (run,) = guests(Port(busy=True)).run(tasks("a"))
    assert run.problem == "another command runs in it (409)"


def test_a_command_that_does_not_end_is_left_at_the_deadline_and_sent_once() -> None:
    port = Port(ends=False)
    (run,) = guests(port, deadline_seconds=60).run(tasks("a"))
    assert (run.problem, port.sent) == ("sent, and not ended in time", 1)


def test_nothing_is_sent_after_the_time_of_the_run() -> None:
    port = Port()
    past = datetime(2026, 1, 30, tzinfo=timezone.utc)
    (run,) = guests(port, until=past).run(tasks("a"))
    assert (run.problem, port.sent) == ("not sent: the time of the run was up", 0)


def test_every_target_runs_the_script_once_and_the_attempt_is_on_record(
    tmp_path: Path, estate
) -> None:
    sample = sample_estate()
    people = tuple(
        msgspec.structs.replace(each, actions=(*READER.actions, *PROBER.actions))
        for each in sample.identities
    )
    with Emulator(msgspec.structs.replace(sample, identities=people)) as azure:
        rows, found = Company(azure, tmp_path, run_command=True).check(estate)
        targets = sorted(row.target.id.key for row in rows if row.target)
        linux = all(row.target and row.target.os_family == "linux" for row in rows)
        assert sorted(each.casefold() for each in azure.state.guests.commands) == targets
    assert not linux or found.outcome is Outcome.PASS
    told = [r.type for r in estate.records() if r.type.startswith("command.")]
    assert told.count("command.intent") == told.count("command.receipt") == len(targets)
    (kept,) = found.artefacts
    data = read_evidence(tmp_path / "estate", kept.file, digest=kept.sha256)
    assert len(data) == kept.size_bytes
    assert b'"machine"' in data
    assert b"echo runs" not in data
