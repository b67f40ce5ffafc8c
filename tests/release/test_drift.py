"""Drift: what changed since a machine was staged, and who did it."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema

from azstaging.model.drift_views import drift_document
from azstaging.model.ids import ResourceId
from azstaging.rules.drift import drift_of

ONE = {"Files": ("file-01",)}
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "drift-1.schema.json").read_text("utf-8")
)


def staged(bench):
    b = bench(ONE)
    staging = b.as_("planner")
    staging.baseline(staging.inventory())
    b.clock.sleep(60)
    return b, staging


def test_nothing_changed_is_no_drift_and_asks_no_activity_log(bench):
    b, staging = staged(bench)
    drift = staging.drift(staging.inventory())
    assert (drift.rows_, drift.unknown, drift.gaps) == ((), (), ())
    assert not [r for r in b.azure.requests if "insights" in r.path.casefold()]


def test_a_change_has_a_name_and_a_time(bench):
    b, staging = staged(bench)
    vm = b.state.vm_id("file-01")
    b.state.change(vm, {"tags.owner": "somebody"}, by="first@contoso.example")
    b.clock.sleep(60)
    b.state.change(
        vm, {"properties.hardwareProfile.vmSize": "Standard_E8s_v5"}, by="second@contoso.example"
    )
    when = b.clock.now
    b.clock.sleep(60)
    inventory = staging.inventory()
    drift = staging.drift(inventory)
    size = next(row for row in drift if row.field == "size")
    assert size.now == "Standard_E8s_v5"
    assert size.staged
    assert size.staged != size.now
    assert size.actor.caller == "second@contoso.example"
    assert abs(size.actor.at - when) < timedelta(milliseconds=1)
    assert size.actor.operation == "Microsoft.Compute/virtualMachines/write"
    assert {"size", "tags[owner]"} <= {row.field for row in drift}
    assert drift.for_item(inventory.items[0].id).rows() == drift.rows()
    jsonschema.validate(drift_document(drift, inventory), SCHEMA)


def test_a_change_of_a_disk_is_looked_for_at_the_disk(bench):
    b, staging = staged(bench)
    disk = staging.inventory().items[0].target.disks[1]
    b.state.change(b.state.vm_id("file-01"), {"tags": {}}, by="not-me@contoso.example")
    b.state.change(disk.id.text, {"properties.diskSizeGB": 4096}, by="disks@contoso.example")
    b.clock.sleep(1)
    rows = {row.field: row for row in staging.drift(staging.inventory())}
    found = rows[f"disks[{disk.name}].size_gib"]
    assert (found.now, found.actor.caller) == ("4096", "disks@contoso.example")


def test_a_forbidden_or_silent_activity_log_leaves_the_change_without_a_name(bench):
    b, staging = staged(bench)
    vm = b.state.vm_id("file-01")
    b.state.change(vm, {"location": "northeurope"})
    (row,) = [r for r in staging.drift(staging.inventory()) if r.field == "location"]
    assert row.actor is None
    assert row.note == "the activity log names no change of this resource"

    b.state.change(vm, {"location": "northeurope"}, by="hidden@contoso.example")
    b.fault("status", "GET */microsoft.insights/*", status=403, code="AuthorizationFailed")
    drift = staging.drift(staging.inventory())
    (row,) = [r for r in drift if r.field == "location"]
    assert (row.actor, row.now) == (None, "northeurope")
    assert row.note == (
        "the activity log was not read: missing Microsoft.Insights/eventtypes/values/read"
    )
    assert drift.gaps[0].reason == "forbidden"


def test_a_change_of_the_plan_is_drift_too_and_states_are_not(bench):
    b, staging = staged(bench)
    item = b.state.item_id("file-01")
    body = b.state.body(item)["properties"]
    details = body["providerSpecificDetails"]
    b.state.change(
        item, {"properties.providerSpecificDetails": {**details, "targetVmSize": "Standard_B2s"}}
    )
    drift = staging.drift(staging.inventory())
    assert [(row.side, row.field, row.now) for row in drift] == [
        ("intended", "vm_size", "Standard_B2s")
    ]


def test_what_cannot_be_compared_is_named(bench):
    b = bench(ONE)
    staging = b.as_("planner")
    inventory = staging.inventory()
    drift = staging.drift(inventory)
    assert drift.unknown == ((inventory.items[0].id, "no baseline of this generation is frozen"),)


def test_a_log_older_than_ninety_days_is_asked_for_what_it_keeps(bench):
    b, staging = staged(bench)
    b.clock.sleep(timedelta(days=100).total_seconds())
    staging = b.as_("reader")
    b.state.change(b.state.vm_id("file-01"), {"location": "x"}, by="late@contoso.example")
    b.clock.sleep(1)
    (row,) = [r for r in staging.drift(staging.inventory()) if r.field == "location"]
    assert row.actor.caller == "late@contoso.example"


def test_the_drift_of_a_released_machine_is_still_told(bench):
    b = bench(ONE)
    assert b.states(b.release(b.approved())) == {"file-01": "done"}
    staging = b.as_("reader")
    assert len(staging.drift(staging.inventory())) == 0
    b.state.change(b.state.vm_id("file-01"), {"location": "x"}, by="late@contoso.example")
    b.clock.sleep(1)
    assert [row.field for row in staging.drift(staging.inventory())] == ["location"]


def test_a_disk_that_went_away_is_one_row_at_the_machine_that_lost_it(bench):
    b, staging = staged(bench)
    vm, target = b.state.vm_id("file-01"), staging.inventory().items[0].target
    storage = b.state.body(vm)["properties"]["storageProfile"]
    gone = target.disks[1]
    b.state.change(
        vm,
        {
            "properties.storageProfile": {
                **storage,
                "dataDisks": [each for each in storage["dataDisks"] if each["name"] != gone.name],
            }
        },
        by="disks@contoso.example",
    )
    b.clock.sleep(1)
    (row,) = staging.drift(staging.inventory())
    assert (row.field, row.now, row.resource) == (f"disks[{gone.name}]", "", target.id)
    assert f"size_gib {gone.size_gib}" in row.staged
    assert row.actor.caller == "disks@contoso.example"


def test_a_machine_that_went_away_is_one_row(bench):
    _b, staging = staged(bench)
    row = staging.inventory().items[0]
    frozen = staging.frozen(staging.inventory())[row.id.key]
    (gone,) = drift_of(replace(row, target=None), frozen)
    assert (gone.field, gone.staged, gone.now) == ("machine", row.target.name, "")


def test_what_came_is_one_row_and_what_stayed_is_told_by_its_values(bench):
    _b, staging = staged(bench)
    row = staging.inventory().items[0]
    frozen = staging.frozen(staging.inventory())[row.id.key]
    nic = row.target.nics[0]
    second = replace(nic.addresses[0], private_address="10.9.9.9", is_primary=False)
    new = replace(row.target.disks[1], id=ResourceId(f"{row.target.disks[1].id}-2"), name="new")
    target = replace(
        row.target,
        disks=(
            row.target.disks[0],
            replace(row.target.disks[1], size_gib=7),
            *row.target.disks[2:],
            new,
        ),
        nics=(replace(nic, addresses=(*nic.addresses, second)),),
    )
    found = {each.field: each for each in drift_of(replace(row, target=target), frozen)}
    kept = row.target.disks[1].id.name
    assert set(found) == {
        f"disks[{kept}].size_gib",
        f"disks[{new.id.name}]",
        f"nics[{nic.id.name}].addresses[10.9.9.9]",
    }
    assert found[f"disks[{new.id.name}]"].staged == ""
    assert found[f"disks[{kept}].size_gib"].resource == row.target.disks[1].id
    assert "private_address 10.9.9.9" in found[f"nics[{nic.id.name}].addresses[10.9.9.9]"].now


def test_an_adapter_that_went_away_with_its_addresses_is_one_row(bench):
    _b, staging = staged(bench)
    row = staging.inventory().items[0]
    frozen = staging.frozen(staging.inventory())[row.id.key]
    nic = row.target.nics[0]
    assert nic.addresses
    (gone,) = drift_of(replace(row, target=replace(row.target, nics=())), frozen)
    assert (gone.field, gone.now) == (f"nics[{nic.id.name}]", "")
