"""What proves a stop is readable before the first one is sent, and read back after each."""

from collections import Counter

import pytest
from msgspec.structs import replace

from azstaging.cli import exit_codes
from azstaging.emulator.estate import Denial
from azstaging.engine import readback
from azstaging.engine.readback import Targets
from azstaging.errors import AccessDeniedError, NotFoundError, ServiceError
from azstaging.model.ids import ResourceId
from azstaging.model.records import RecordType
from azstaging.rules.outcome import TargetRead

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
VMS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines"
STOP = "DELETE *replicationmigrationitems/*"
JOBS = "GET */replicationJobs"


def deny_jobs(b):
    scope = b.state.item_id("file-01").partition("/replicationFabrics/")[0]
    action = "Microsoft.RecoveryServices/vaults/replicationJobs/read"
    denial = Denial(scope=scope, action=action, identities=("releaser",))
    b.state.estate = replace(b.state.estate, denials=(denial,))


def test_nothing_is_sent_where_the_jobs_may_not_be_read(bench):
    b = bench()
    plan = b.approved()
    deny_jobs(b)
    for execute in (False, True):
        with pytest.raises(AccessDeniedError) as caught:
            b.as_("releaser").release(plan, execute=execute)
        error = caught.value
        assert error.permission == "Microsoft.RecoveryServices/vaults/replicationJobs/read"
        assert error.permission in str(error)
        assert "Nothing was sent" in str(error)
        assert "rbac" in error.advice()
        assert "vlt-agentless" in str(error)
        assert exit_codes.exit_code_of(error) == exit_codes.UNDETERMINED
    assert not b.changes
    assert not b.records(RecordType.INTENT)


def test_nor_where_they_cannot_be_read_for_another_reason(bench):
    b = bench()
    plan = b.approved()
    b.fault("status", JOBS, status=400, times=0)
    with pytest.raises(ServiceError):
        b.release(plan)
    assert not b.changes
    assert not b.records(RecordType.INTENT)


def test_the_first_of_a_workload_is_looked_at_once(bench):
    """Right before its intent, after the others were; each of those is looked at once more."""
    b = bench({"Build": ("build-01", "build-02")})
    plan = b.approved()
    begun = len(b.azure.requests)
    b.release(plan)
    paths = [r.path.casefold() for r in b.azure.requests[begun:] if r.method == "GET"]
    # The inventory ends with the first look at jobs; the rest is looks and reading back.
    jobs = next(n for n, path in enumerate(paths) if path.endswith("/replicationjobs"))
    asked = Counter(paths[jobs:])
    keys = ("build-01", "build-02")
    assert sorted(asked[b.state.item_id(key).casefold()] for key in keys) == [2, 3]
    assert sorted(asked[b.state.vm_id(key).casefold()] for key in keys) == [2, 3]


class Machines:
    """Virtual machines of one subscription; counts how they are asked for."""

    def __init__(self, listed, there):
        self.listed, self.there = listed, there
        self.asked = Counter()

    def list_virtual_machines(self, _subscription):
        self.asked["list"] += 1
        if self.listed is None:
            raise ServiceError("no", status=403)
        return self.listed

    def get_virtual_machine(self, vm_id):
        self.asked["get"] += 1
        if vm_id.name not in self.there:
            raise NotFoundError("gone", status=404)
        return {}


def vms(names, state="Succeeded"):
    return [{"id": f"{VMS}/{n}".upper(), "properties": {"provisioningState": state}} for n in names]


def read(azure, names):
    targets = Targets(azure)
    return [targets.read(ResourceId(f"{VMS}/{name}")) for name in names]


NAMES = [f"vm-{n}" for n in range(readback._SINGLY + 5)]


def test_many_targets_are_read_back_as_one_list():
    azure = Machines(vms(NAMES), NAMES)
    assert set(read(azure, NAMES)) == {TargetRead.PRESENT}
    assert azure.asked == {"get": readback._SINGLY, "list": 1}
    few = Machines(vms(NAMES), NAMES)
    read(few, NAMES[: readback._SINGLY])
    assert few.asked["list"] == 0


@pytest.mark.parametrize("count", [readback._SINGLY, readback._SINGLY + 1])
def test_those_that_are_known_to_be_many_are_listed_at_once(count):
    """Their jobs have ended: the list is younger than that, and no target is asked for alone."""
    azure = Machines(vms(NAMES), NAMES)
    names = NAMES[:count]
    targets = Targets(azure, {SUBSCRIPTION: count})
    assert {targets.read(ResourceId(f"{VMS}/{name}")) for name in names} == {TargetRead.PRESENT}
    many = count > readback._SINGLY
    assert azure.asked == ({"list": 1} if many else {"get": count})


@pytest.mark.parametrize("listed", [None, [], vms(NAMES, "Deleting")])
def test_a_list_never_says_that_a_target_is_gone(listed):
    """Unread, missing or on its way out: it is asked for itself."""
    azure = Machines(listed, NAMES[:-1])
    assert read(azure, NAMES) == [TargetRead.PRESENT] * (len(NAMES) - 1) + [TargetRead.GONE]
    assert azure.asked == {"get": len(NAMES), "list": 1}


def test_a_target_that_goes_with_the_stop_is_not_called_done(bench, monkeypatch):
    monkeypatch.setattr(readback, "_SINGLY", 0)
    b = bench()
    plan = b.approved()
    b.later(
        lambda s: s.remove(s.vm_id("report-02")), "DELETE *replicationmigrationitems/*", after=3
    )
    b.later(lambda s: s.remove(s.vm_id("file-01")), "DELETE *replicationmigrationitems/*", after=2)
    states = b.states(b.release(plan))
    assert {k: v for k, v in states.items() if v != "done"}
    for key, state in states.items():
        assert (state == "done") == b.state.exists(b.state.vm_id(key))
