"""Whatever changes between plan, look and request: what is stale is held, and says why."""

import pytest

from azstaging.cli import exit_codes
from azstaging.emulator.estate import Lock

STOP = "DELETE *replicationmigrationitems/*"


def resize(state):
    state.change(state.vm_id("build-01"), {"properties.hardwareProfile.vmSize": "Standard_D8s_v5"})


def protect_again(state):
    state.change(state.item_id("build-01"), {"properties.eventCorrelationId": "another"})


def replicate_again(state):
    state.change(
        state.item_id("build-01"),
        {
            "properties.migrationState": "Replicating",
            "properties.replicationStatus": "Delta sync",
            "properties.allowedOperations": ["DisableMigration", "TestMigrate", "Migrate"],
        },
    )


def start_a_job(state):
    state.change(state.item_id("build-01"), {"properties.currentJob.jobName": "ResumeReplication"})


def test_migrate(state):
    state.change(
        state.item_id("build-01"), {"properties.testMigrateState": "TestMigrationSucceeded"}
    )


test_migrate.__test__ = False


def leave_a_test_machine(state):
    body = state.body(state.vm_id("build-01"))
    body["id"] += "-Test"
    body["name"] += "-Test"
    folder = body["id"].rpartition("/")[0]
    subscription = body["id"].partition("/resourceGroups/")[0]
    kind = "/providers/Microsoft.Compute/virtualMachines"
    state.add(body, [folder, subscription + kind])


def lock(state):
    scope = state.item_id("build-01").partition("/replicationFabrics/")[0]
    state.locks.append(Lock(name="keep", scope=scope))


def make_the_vm_again(state):
    state.change(state.vm_id("build-01"), {"properties.vmId": "another"})


def lose_the_vm(state):
    state.remove(state.vm_id("build-01"))


def lose_the_item(state):
    state.remove(state.item_id("build-01"))


def forbid(state):
    state.change(state.item_id("build-01"), {"properties.allowedOperations": ["ResumeReplication"]})


def take_a_disk(state):
    body = state.body(state.vm_id("build-01"))
    profile = body["properties"]["storageProfile"]
    extra = {
        "lun": 9,
        "name": "x",
        "managedDisk": {"id": body["id"].replace("virtualMachines", "disks") + "x"},
    }
    state.change(
        body["id"], {"properties.storageProfile.dataDisks": [*profile["dataDisks"], extra]}
    )


# change, what the held item or its workload says of it
CHANGES = [
    pytest.param(resize, "target.size", id="resized"),
    pytest.param(protect_again, "generation", id="protected-again"),
    pytest.param(replicate_again, "state.migrationState", id="replicating-again"),
    pytest.param(start_a_job, "runningJob", id="job-running"),
    pytest.param(test_migrate, "state.testMigrateState", id="test-migrated"),
    pytest.param(make_the_vm_again, "target.vmId", id="vm-made-again"),
    pytest.param(lose_the_vm, "target.id", id="vm-lost"),
    pytest.param(forbid, "allowedOperations", id="not-allowed"),
    pytest.param(take_a_disk, "target.disks", id="disk-attached"),
]
AT_THE_INVENTORY = [
    *CHANGES,
    pytest.param(leave_a_test_machine, "testMachines", id="test-machine"),
    pytest.param(lock, "lock keep", id="locked"),
    pytest.param(lose_the_item, "not in the inventory", id="item-lost"),
]


def said(result):
    return [f"{held.reason} {' '.join(held.changes)}" for held in result.held]


@pytest.mark.parametrize(("act", "word"), AT_THE_INVENTORY)
def test_a_change_after_the_plan_holds_the_whole_workload(bench, act, word):
    b = bench()
    plan = b.approved()
    act(b.state)
    result = b.release(plan)
    assert not {"build-02", "build-01"} & set(b.sent())
    assert {"build-02", "build-01"} <= set(b.held(result))
    assert any(word in line for line in said(result)), said(result)
    others = {} if act in (lock, lose_the_item) else {"file-01": "done", "report-02": "done"}
    if others:
        assert b.states(result) == others
        assert exit_codes.of_release(result) == exit_codes.PARTLY
    dry = b.as_("releaser").release(plan)
    assert any(word in line for line in said(dry)), said(dry)


@pytest.mark.parametrize(("act", "word"), CHANGES)
def test_a_change_during_the_run_is_seen_by_the_last_look(bench, act, word):
    """The inventory is read; the change comes with the first single read of the item."""
    b = bench()
    plan = b.approved()
    # 1: inventory; 2: the look at the whole workload. The change comes just before the second.
    b.later(act, f"GET {b.state.item_id('build-01')}", after=1)
    result = b.release(plan)
    assert not {"build-02", "build-01"} & set(b.sent())
    assert {"build-02", "build-01"} <= set(b.held(result))
    assert any(word in line for line in said(result)), said(result)
    assert b.states(result) == {"file-01": "done", "report-02": "done"}


@pytest.mark.parametrize(("act", "word"), CHANGES)
def test_a_change_after_the_first_item_of_a_workload_holds_the_rest(bench, act, word):
    b = bench()
    plan = b.approved()
    b.later(act, STOP)
    result = b.release(plan)
    assert b.sent()["build-02"] == 1
    assert "build-01" not in b.sent()
    assert any(word in line for line in said(result)), said(result)


def test_a_shared_item_waits_until_all_its_workloads_were_looked_at(bench):
    """Billing and Directory share a host; Directory's own machine changes during the run."""
    b = bench({"Billing": ("build-02", "report-02"), "Directory": ("build-01", "report-02")})
    plan = b.approved()
    b.later(resize, f"GET {b.state.item_id('build-01')}", after=1)
    result = b.release(plan)
    assert b.sent() == {}
    assert set(b.held(result)) == {"build-02", "build-01", "report-02"}


def test_what_nobody_can_read_again_is_held(bench):
    b = bench()
    plan = b.approved()
    path = f"GET {b.state.item_id('build-01')}"
    b.fault("status", path, status=403, after=1, times=0)
    result = b.release(plan)
    assert "could not be read again" in b.held(result)["build-01"]
    assert "build-02" not in b.sent()


@pytest.mark.parametrize("later", [False, True], ids=["at the start", "at the last look"])
def test_a_target_that_nobody_can_read_is_not_called_changed(bench, later):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    vm = f"GET {b.state.vm_id('file-01')}"
    if later:  # After what the inventory reads of it.
        begun = len(b.azure.requests)
        b.as_("releaser").release(plan)
        reads = [r for r in b.azure.requests[begun:] if f"GET {r.path}".casefold() == vm.casefold()]
        b.fault("status", vm, status=403, times=0, after=len(reads))
    else:
        b.fault("status", "GET */virtualmachines*", status=403, times=0)
    result = b.release(plan)
    [held] = result.held
    assert held.reason.startswith("its target machine could not be read: ")
    assert held.changes == ()
    assert "the plan holds" in held.next_step
    assert not b.changes
    b.azure.script.set(())
    assert b.release(plan).clean
