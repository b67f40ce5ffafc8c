"""The baseline is the only truth after the stop: nothing is released without it."""

import json

import pytest

from azstaging.cli import exit_codes
from azstaging.errors import JournalError, PlanRefusedError
from azstaging.model.inventory import Phase
from azstaging.model.records import RecordType

ONE = {"Files": ("file-01",)}
LAX = 'required = ["phase-staged"]'


def source_of(bench):
    """Return the ARM id of the discovered machine."""
    (row,) = bench.as_("reader").inventory().items
    return str(row.item.source_id)


def by_field(diff):
    return {row.field: row for row in diff}


def test_a_release_without_baseline_is_refused_whatever_the_policy_requires(bench):
    b = bench(ONE, gate=LAX)
    planner = b.as_("planner")
    inventory = planner.inventory()
    decisions = planner.decide(inventory, planner.check(inventory))
    plan = planner.plan(decisions.open)
    b.as_("approver").approve(plan, comment="CHG-1")
    for execute in (False, True):
        with pytest.raises(PlanRefusedError, match="No baseline of FILE-01") as caught:
            b.as_("releaser").release(plan, execute=execute)
        assert caught.value.code == "no-baseline"
        assert "/subscriptions/" not in str(caught.value).casefold()
        assert exit_codes.exit_code_of(caught.value) == exit_codes.REFUSED
    assert not b.changes
    planner.baseline(planner.inventory())
    assert b.states(b.release(plan)) == {"file-01": "done"}


def test_a_baseline_that_was_changed_or_lost_releases_nothing(bench):
    b = bench(ONE)
    plan = b.approved()
    (file,) = (b.folder / "estate" / "baselines").iterdir()
    data = file.read_bytes()
    file.write_bytes(data.replace(b"FILE-01", b"FILE-02"))
    with pytest.raises(PlanRefusedError, match="not what the journal recorded"):
        b.release(plan)
    with pytest.raises(JournalError, match="cannot be trusted"):
        b.as_("reader").diff(b.as_("reader").inventory())
    file.unlink()
    with pytest.raises(PlanRefusedError, match="The baseline of FILE-01 cannot be trusted") as lost:
        b.release(plan)
    assert str(lost.value).count(str(file)) == 1
    assert "/subscriptions/" not in str(lost.value).casefold()
    assert str(lost.value).endswith("Nothing was sent.")
    assert "Nothing was changed" not in str(lost.value)
    assert not b.changes
    file.write_bytes(data)
    assert b.states(b.release(plan)) == {"file-01": "done"}


def test_a_baseline_of_another_generation_is_no_baseline(bench):
    b = bench(ONE)
    staging = b.as_("planner")
    staging.baseline(staging.inventory())
    item = b.state.item_id("file-01")
    body = b.state.body(item)
    b.state.change(item, {"properties": body["properties"] | {"eventCorrelationId": "another"}})
    inventory = staging.inventory()
    findings = {f.check: f for f in staging.check(inventory)}
    assert findings["baseline-present"].outcome.value == "fail"
    assert staging.frozen(inventory)[inventory.items[0].id.key].generation != "another"


def test_the_source_is_told_by_the_baseline_when_discovery_has_dropped_it(bench):
    b = bench(ONE)
    staging = b.as_("planner")
    before = staging.inventory()
    told = by_field(staging.diff(before))["host_name"]
    assert told.source
    staging.baseline(before)
    b.state.remove(source_of(b))
    gone = staging.inventory()
    assert gone.items[0].source is None
    assert by_field(staging.diff(gone))["host_name"] == told


def test_freezing_again_keeps_what_was_frozen_first(bench):
    b = bench(ONE)
    staging = b.as_("planner")
    first = staging.inventory()
    staging.baseline(first)
    vm = b.state.vm_id("file-01")
    b.state.change(vm, {"tags": {"changed": "later"}})
    b.state.remove(source_of(b))
    now = staging.inventory()
    key = now.items[0].id.key

    staging.baseline(now)
    kept = staging.frozen(now)[key]
    assert kept.source is not None
    assert kept.target is not None
    assert "changed" not in kept.target.tags

    (path,) = staging.baseline(now, again=True)
    replaced = staging.frozen(now)[key]
    assert replaced.source is None
    assert replaced.target is not None
    assert replaced.target.tags == {"changed": "later"}
    assert json.loads(path.read_bytes())["target"]["tags"] == {"changed": "later"}
    recorded = b.records(RecordType.BASELINE)
    assert recorded[-1].data["digest"] == replaced.digest == f"sha256:{path.stem}"


def test_a_released_machine_is_still_compared_with_what_was_frozen(bench):
    b = bench(ONE)
    staging = b.as_("planner")
    before = staging.diff(staging.inventory())
    assert b.states(b.release(b.approved())) == {"file-01": "done"}
    b.state.remove(next(iter(staging.frozen(staging.inventory()).values())).source.id.text)
    inventory = staging.inventory()
    assert [row.phase for row in inventory] == [Phase.RELEASED]
    after = staging.diff(inventory)
    assert after.rows() == before.rows()

    vm = b.state.vm_id("file-01")
    b.state.change(vm, {"location": "northeurope"})
    assert by_field(staging.diff(inventory))["region"].cls.value == "suspicious"
    b.state.remove(vm)
    assert {row.rule for row in staging.diff(inventory)} == {"no-target"}
