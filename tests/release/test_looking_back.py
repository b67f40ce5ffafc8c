"""What was sent is looked at while more is sent, with one list of jobs, cut or whole."""

from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from azstaging.engine import readback
from azstaging.engine.readback import Jobs
from azstaging.errors import UnreachableError
from azstaging.model.jobs import JobState
from azstaging.model.plans import Attempt
from azstaging.model.records import RecordType

STOP = "DELETE *replicationmigrationitems/*"
VAULT = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
    "/providers/Microsoft.RecoveryServices/vaults/vlt"
)
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


def take_a_while(b, key, *, also=lambda _state: None):
    """Let twenty seconds pass at the stop of one machine, whose job takes no time."""

    def act(state):
        b.clock.now += timedelta(seconds=20)
        state.job_seconds = 0.0
        also(state)

    b.later(act, f"DELETE {b.state.item_id(key)}*")


def order(b):
    """Return (type, key of the machine) of every intent and receipt, as they were written."""
    keys = {b.state.item_id(m.key).casefold(): m.key for m in b.azure.estate.machines}
    with b.as_("reader").journal as journal:
        kinds = {RecordType.INTENT.value: "intent", RecordType.RECEIPT.value: "receipt"}
        return [
            (kinds[record.type], keys[record.data["item_id"].casefold()])
            for record in journal.records()
            if record.type in kinds
        ]


def test_what_has_ended_is_settled_before_the_next_workload(bench):
    b = bench()
    plan = b.approved()
    take_a_while(b, "build-01")
    assert set(b.states(b.release(plan)).values()) == {"done"}
    written = order(b)
    assert written.index(("receipt", "build-01")) < written.index(("intent", "file-01"))


def test_before_a_quarter_of_a_minute_nobody_looks(bench):
    b = bench()
    plan = b.approved()
    b.release(plan)
    written = order(b)
    assert written.index(("receipt", "build-01")) > written.index(("intent", "report-02"))


def test_an_unknown_end_stops_the_sending_at_the_next_workload(bench):
    b = bench()
    plan = b.approved()
    take_a_while(b, "build-01", also=lambda state: state.remove(state.vm_id("build-01")))
    result = b.release(plan)
    assert b.states(result) == {"build-02": "done", "build-01": "unknown"}
    assert b.sent() == {"build-02": 1, "build-01": 1}
    reason = f"the effect on {b.state.machine('build-01').name} is unknown; nothing new is sent"
    assert b.held(result) == {"file-01": reason, "report-02": reason}


class Listed:
    """A vault whose list of jobs is cut: it has the newest, single reads have them all."""

    def __init__(self, names, *, whole=False, running=""):
        self.names, self.whole, self.running = names, whole, running
        self.asked = Counter()

    def list_latest_jobs(self, _vault, _since):
        self.asked["list"] += 1
        if self.names is None:
            raise UnreachableError("No answer.")
        states = {self.running: "InProgress"}
        return [job(name, states.get(name, "Succeeded")) for name in self.names], self.whole

    def get_job(self, _vault, name):
        self.asked["get"] += 1
        return job(name)


def job(name, state="Succeeded"):
    return {
        "id": f"{VAULT}/replicationJobs/{name}",
        "name": name,
        "properties": {
            "state": state,
            "scenarioName": "DisableMigration",
            "targetObjectId": f"{VAULT}/items/{name}",
            "targetObjectName": name,
            "startTime": "2026-11-23T12:00:01Z",
        },
    }


def attempt(name, *, job_id="", target_id=""):
    return Attempt(
        item_id=f"{VAULT}/items/{name}",
        name=name,
        generation="g",
        vault_id=VAULT,
        plan_digest="d",
        target_id=target_id,
        at=NOON,
        job_id=job_id,
    )


NAMES = [f"j{n}" for n in range(readback._SINGLY + 30)]


def test_one_list_tells_of_all_and_a_few_are_asked_for_where_it_is_cut():
    newest = NAMES[-5:]
    azure = Listed(newest)
    attempts = [attempt(name, job_id=name) for name in NAMES]
    jobs = Jobs(azure, attempts)
    found = [jobs.of(each, settled=False) for each in attempts]
    assert azure.asked == {"list": 1, "get": readback._SINGLY}
    # Those that wait longest, and those of the list; the others wait for the next look.
    expected = [*NAMES[: readback._SINGLY], *newest]
    assert [each.id for each in found if each is not None] == expected
    assert not jobs.all_read


def test_what_must_be_known_now_is_asked_for_however_many_they_are():
    azure = Listed([])
    attempts = [attempt(name, job_id=name) for name in NAMES]
    jobs = Jobs(azure, attempts)
    found = [jobs.of(each, settled=True) for each in attempts]
    assert [each.state for each in found] == [JobState.SUCCEEDED] * len(NAMES)


@pytest.mark.parametrize("whole", [True, False])
def test_a_cut_list_names_no_job_by_its_item(whole):
    """The one that it lacks may be the later, and ours."""
    lost = attempt("j1")
    jobs = Jobs(Listed(["j1"], whole=whole), [lost])
    assert (jobs.of(lost, settled=False) is not None) is whole
    assert jobs.all_read is whole


def test_the_ended_are_counted_by_the_subscription_of_their_targets():
    vm = VAULT.partition("/resourceGroups")[0] + "/resourceGroups/rg/providers/vm"
    attempts = [
        attempt(name, job_id=name.upper(), target_id=vm.upper() if name != "j3" else "")
        for name in ("j1", "j2", "j3", "j4")
    ]
    jobs = Jobs(Listed(["j1", "j2", "j3"], running="j2"), attempts)
    assert jobs.ended(attempts) == {"00000000-0000-4000-8000-000000000001": 1}


def test_an_unread_list_is_no_empty_one():
    jobs = Jobs(Listed(None), [attempt("j1")])
    assert not jobs.all_read
