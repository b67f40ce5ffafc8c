"""Each exit code, reached by what really leads to it. The numbers are those of docs/commands.md."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli import exit_codes
from azstaging.emulator.faults import Fault
from azstaging.rules.plan import plan_bytes, plan_from
from azstaging.run import utc_now

ITEM_LIST = "GET */vaults/vlt-agentless/replicationMigrationItems"
STOP = "DELETE */replicationMigrationItems/*"

Make = Callable[..., Any]
Scenario = Callable[[Make], Any]


def _always(match: str, kind: str, **more: Any) -> Fault:
    return Fault(match=match, kind=kind, times=0, **more)


# 0


def everything_is_read(make: Make) -> Any:
    return make()("inventory")


def checks_pass(make: Make) -> Any:
    world = make()
    world("baseline")
    return world("check")


def plan_is_approved_and_dry_run(make: Make) -> Any:
    world = make()
    done = world("release", world.make_approved_plan(), who="releaser")
    assert world.stops == 0
    return done


def all_is_released(make: Make) -> Any:
    world = make()
    done = world("release", world.make_approved_plan(), "--execute", who="releaser")
    assert world.stops == 5
    return done


# 1


def a_check_fails(make: Make) -> Any:
    return make("Mail")("check")


def a_difference_is_suspicious(make: Make) -> Any:
    return make("Laboratory")("diff")


def no_gate_is_open(make: Make) -> Any:
    world = make()
    done = world("plan", "--out", "wave.plan.json")
    assert not (world.folder / "wave.plan.json").exists()
    return done


def a_person_closed_a_work_item(make: Make) -> Any:
    world = make()
    assert world("boards", "--apply").code == 0
    world.azure.boards.edit(1, by="owner@contoso.example", **{"System.State": "Closed"})
    return world("boards", "--apply")


def the_journal_does_not_verify(make: Make) -> Any:
    return _broken(make())("journal", "verify")


def a_verb_meets_a_broken_journal(make: Make) -> Any:
    return _broken(make())("inventory")


def the_journal_lacks_a_head(make: Make) -> Any:
    world = make()
    world("inventory")
    return world("journal", "verify", "--head", "0" * 64)


def _broken(world: Any) -> Any:
    world("inventory")
    segment = next((world.folder / "estate" / "journal").glob("*.jsonl"))
    data = bytearray(segment.read_bytes())
    data[300] ^= 1
    segment.write_bytes(bytes(data))
    return world


# 2


def no_such_option(make: Make) -> Any:
    return make()("inventory", "--everything")


def no_such_command(make: Make) -> Any:
    return make()("inventroy")


def no_such_workload(make: Make) -> Any:
    return make()("inventory", "--workload", "Payrol")


def no_journal_is_named(make: Make) -> Any:
    world = make()
    world.replan('url = "estate"', 'url = ""')
    return world("plan")


def no_such_plan(make: Make) -> Any:
    return make()("release", "none.plan.json")


# 3


def a_list_is_forbidden(make: Make) -> Any:
    fault = _always(ITEM_LIST, "status", status=403, code="AuthorizationFailed")
    return make(faults=[fault])("inventory")


def the_token_is_unknown(make: Make) -> Any:
    return make()("inventory", AZSTAGING_TOKEN="eyJ0.eyJ0.sig")


def nobody_listens(make: Make) -> Any:
    return make()("inventory", AZSTAGING_ARM_ENDPOINT="http://127.0.0.1:9")


def the_service_answers_nonsense(make: Make) -> Any:
    return make(faults=[_always("GET /subscriptions", "null-value")])("inventory")


def a_preflight_cannot_tell_the_power_of_a_source(make: Make) -> Any:
    world = make()
    state = world.azure.state
    for machine in state.estate.machines:
        state.change(state.scene.ids.source(machine), {"properties.powerStatus": "Unknown"})
    world.collect_evidence()
    done = world("preflight", who="releaser")
    assert "SCAN-01: whether the source is off is not known: " in done.stderr
    return done


def a_preflight_did_not_see_everything(make: Make) -> Any:
    world = make()
    world.collect_evidence()
    assert world("preflight", who="releaser").code == 0
    world.azure.script.set([_always(ITEM_LIST, "status", status=403, code="AuthorizationFailed")])
    return world("preflight", who="releaser")


def a_check_cannot_tell(make: Make) -> Any:
    world = make("Monitoring")
    # No figures of the source are in the baseline, so nothing can be compared with them.
    world.configure('[gate]\nrequired = ["performance"]')
    world("baseline")
    return world("check")


def the_estate_folder_cannot_be_made(make: Make) -> Any:
    world = make()
    (world.folder / "file").write_text("", "utf-8")
    return world("inventory", "--journal", "file/estate")


def the_service_refuses_every_stop(make: Make) -> Any:
    world = _settling(make(), 1)
    plan = world.make_approved_plan()
    world.azure.script.set([_always(STOP, "status", status=409)])
    return world("release", plan, "--execute", who="releaser")


# 4


def _settling(world: Any, seconds: int) -> Any:
    world.configure(f"[gate]\nsettle_seconds = {seconds}")
    return world


def only_a_part_is_released(make: Make) -> Any:
    world = _settling(make(), 1)
    plan = world.make_approved_plan()
    world.azure.script.set([Fault(match=STOP, kind="job-failed")])
    done = world("release", plan, "--execute", who="releaser")
    assert world.stops == 1
    return done


def an_answer_is_lost(make: Make) -> Any:
    world = _settling(make(), 1)
    plan = world.make_approved_plan()
    world.azure.script.set([Fault(match=STOP, kind="drop-after")])
    done = world("release", plan, "--execute", who="releaser")
    assert world.stops == 1
    return done


class _Clock:
    """A clock that only waiting moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@contextlib.contextmanager
def _library(world: Any, who: str, clock: _Clock, **more: Any) -> Iterator[azstaging.Staging]:
    """Give what the commands use, with a clock of our own."""
    config = azstaging.load_configuration(world.folder / "azstaging.toml")
    credential: Any = StaticCredential(world.azure.token(who))
    with azstaging.Journal.open(world.folder / "estate") as journal:
        yield azstaging.Staging(
            credential, config, journal=journal, clock=clock, sleep=clock.sleep, **more
        )


def an_attempt_is_open(make: Make) -> Any:
    """The deadline came while the first job was still running; nobody knows how it ended."""
    world = make(job_seconds=3600.0)
    plan = plan_from(world.make_approved_plan().read_bytes())
    clock = _Clock(utc_now())
    deadline = clock.now + timedelta(seconds=90)
    with _library(world, "releaser", clock, deadline=deadline) as staging:
        result = staging.release(plan, execute=True)
    assert len(result.open_attempts) == 1
    assert exit_codes.of_release(result) == exit_codes.PARTLY
    assert world.stops == 1
    return world("status")


def boards_take_only_a_part(make: Make) -> Any:
    fault = Fault(match="POST */wit/workitems/*", kind="status", status=500, after=1, times=0)
    return make(faults=[fault])("boards", "--apply")


# 5


def nobody_approved(make: Make) -> Any:
    world = make()
    done = world("release", world.make_plan(), who="releaser")
    assert "DELETE" in done.stdout
    assert world.stops == 0
    return done


def nobody_approved_and_execute(make: Make) -> Any:
    world = make()
    done = world("release", world.make_plan(), "--execute", who="releaser")
    assert world.stops == 0
    return done


def the_planner_approves(make: Make) -> Any:
    world = make()
    plan = world.make_plan()
    done = world("approve", plan, "--comment", "mine")
    assert json.loads(plan.read_text("utf-8"))["digest"][:19] in done.complaint[0]
    return done


def the_approver_releases(make: Make) -> Any:
    world = make()
    done = world("release", world.make_approved_plan(), "--execute", who="approver")
    assert world.stops == 0
    return done


def a_token_names_nobody(make: Make) -> Any:
    world = make()
    plan = world.make_plan()
    return world("approve", plan, "--comment", "CHG-4471", AZSTAGING_TOKEN="loopback")


def the_plan_is_stale(make: Make) -> Any:
    world = make()
    plan = world.make_approved_plan()
    state = world.azure.state
    state.change(state.vm_id("scan-01"), {"properties.hardwareProfile.vmSize": "Standard_D8s_v5"})
    done = world("release", plan, "--execute", who="releaser")
    assert "target.size: standard_d2s_v5 -> standard_d8s_v5" in done.stderr
    assert world.stops == 0
    return done


def the_plan_has_expired(make: Make) -> Any:
    """Everything happened yesterday, by a clock of yesterday; today is too late."""
    clock = _Clock(utc_now() - timedelta(hours=25))
    world = make(clock=clock)
    with _library(world, "planner", clock) as staging:
        inventory = staging.inventory()
        staging.baseline(inventory)
        findings = staging.check(inventory)
        plan = staging.plan(staging.decide(inventory, findings).open)
    (world.folder / "old.plan.json").write_bytes(plan_bytes(plan))
    return world("release", "old.plan.json", who="releaser")


def the_plan_is_of_another_journal(make: Make) -> Any:
    world = make()
    plan = world.make_approved_plan()
    world("inventory", "--journal", "another")
    return world("release", plan, "--journal", "another", who="releaser")


def the_plan_was_edited(make: Make) -> Any:
    world = make()
    plan = world.make_approved_plan()
    document = json.loads(plan.read_text("utf-8"))
    document["expires"] = "2099-01-01T00:00:00Z"
    plan.write_text(json.dumps(document), "utf-8")
    return world("release", plan, who="releaser")


def the_digest_is_not_the_approved_one(make: Make) -> Any:
    world = make()
    plan = world.make_approved_plan()
    return world("release", plan, "--digest", "sha256:" + "0" * 64, who="releaser")


def the_policy_changed(make: Make) -> Any:
    world = make()
    plan = world.make_approved_plan()
    world.configure("[gate]\napprovals = 2")
    return world("release", plan, who="releaser")


def the_gate_closed_since(make: Make) -> Any:
    """The plan and its approval hold; the cooling-off was made longer."""
    world = make()
    plan = world.make_approved_plan()
    world.replan("[wave]", "[wave]\nrelease_after = 2099-01-01T00:00:00Z")
    done = world("release", plan, "--execute", who="releaser")
    assert world.stops == 0
    return done


# 6

HOLD_JOURNAL = """
import sys
from azstaging import Journal
journal = Journal.open(sys.argv[1])
journal.records()
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def _another_process(program: str, *arguments: str) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
    finally:
        holder.communicate()


def another_process_has_the_journal(make: Make) -> Any:
    world = make()
    world("inventory")
    with _another_process(HOLD_JOURNAL, str(world.folder / "estate")):
        return world("inventory")


HOLD_LEASE = """
import hashlib, pathlib, sys
from filelock import FileLock
name = hashlib.sha256(sys.argv[2].casefold().encode()).hexdigest()
lock = FileLock(pathlib.Path(sys.argv[1]) / "locks" / f"{name}.lock")
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def another_run_has_the_vault(make: Make) -> Any:
    world = make()
    plan = world.make_approved_plan()
    vault = json.loads(plan.read_bytes())["items"][0]["vault_id"]
    with _another_process(HOLD_LEASE, str(world.folder / "estate"), vault):
        done = world("release", plan, "--execute", who="releaser")
    assert world.stops == 0
    return done


# 7


def time_is_up_while_reading(make: Make) -> Any:
    fault = _always("GET *", "status", status=429, retry_after_seconds=30)
    return make(faults=[fault])("check", "--deadline", 1)


def time_is_up_before_the_first_stop(make: Make) -> Any:
    world = make()
    plan = world.make_approved_plan()
    done = world("release", plan, "--execute", "--deadline", 1, who="releaser")
    assert world.stops == 0
    return done


def the_hour_is_full(make: Make) -> Any:
    world = make()
    world.configure("[gate]\nmax_stops_per_hour = 2")
    done = world("release", world.make_approved_plan(), "--execute", who="releaser")
    assert world.stops == 2
    assert (
        "2 of the 2 stops that an hour may see (gate.max_stops_per_hour) are taken" in done.stderr
    )
    assert "Run the same command again from" in done.stderr
    status = world("status")
    assert "2 of the 2 stops" in status.stderr
    assert "The next may go from" in status.stderr
    assert "not ok" in world("preflight").stdout
    return done


SCENARIOS: tuple[tuple[int, Scenario], ...] = (
    (0, everything_is_read),
    (0, checks_pass),
    (0, plan_is_approved_and_dry_run),
    (0, all_is_released),
    (1, a_check_fails),
    (1, a_difference_is_suspicious),
    (1, no_gate_is_open),
    (1, a_person_closed_a_work_item),
    (1, the_journal_does_not_verify),
    (1, a_verb_meets_a_broken_journal),
    (1, the_journal_lacks_a_head),
    (2, no_such_option),
    (2, no_such_command),
    (2, no_such_workload),
    (2, no_journal_is_named),
    (2, no_such_plan),
    (3, a_list_is_forbidden),
    (3, the_token_is_unknown),
    (3, nobody_listens),
    (3, the_service_answers_nonsense),
    (3, a_preflight_cannot_tell_the_power_of_a_source),
    (3, a_preflight_did_not_see_everything),
    (3, a_check_cannot_tell),
    (3, the_estate_folder_cannot_be_made),
    (3, the_service_refuses_every_stop),
    (4, only_a_part_is_released),
    (4, an_answer_is_lost),
    (4, an_attempt_is_open),
    (4, boards_take_only_a_part),
    (5, nobody_approved),
    (5, nobody_approved_and_execute),
    (5, the_planner_approves),
    (5, the_approver_releases),
    (5, a_token_names_nobody),
    (5, the_plan_is_stale),
    (5, the_plan_has_expired),
    (5, the_plan_is_of_another_journal),
    (5, the_plan_was_edited),
    (5, the_digest_is_not_the_approved_one),
    (5, the_policy_changed),
    (5, the_gate_closed_since),
    (6, another_process_has_the_journal),
    (6, another_run_has_the_vault),
    (7, time_is_up_while_reading),
    (7, time_is_up_before_the_first_stop),
    (7, the_hour_is_full),
)


@pytest.mark.parametrize(
    ("code", "scenario"), SCENARIOS, ids=[f"{code}-{each.__name__}" for code, each in SCENARIOS]
)
def test_the_exit_code_is_the_one_in_the_table(
    code: int, scenario: Scenario, make_world: Make
) -> None:
    done = scenario(make_world)
    assert done.code == code, f"{done.code}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr


def test_every_exit_code_has_a_scenario() -> None:
    assert {code for code, _ in SCENARIOS} == set(range(8))
