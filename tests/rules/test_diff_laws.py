"""Laws of the configuration diff, over machines that nobody thought of."""

import copy
import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azstaging.model.differences import Diff, DiffClass, Expectation
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import (
    Collection,
    Cutover,
    Facts,
    ItemDisk,
    ItemNic,
    ReplicatedItem,
    Replication,
    SourceFacts,
    TargetSettings,
    TestMachine,
)
from azstaging.model.machines import (
    Lock,
    SourceDisk,
    SourceMachine,
    SourceNic,
    TargetAddress,
    TargetDisk,
    TargetMachine,
    TargetNic,
)
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import compare, diff_inventory, new_since, unused_expectations
from azstaging.rules.diff_rules import facts

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)
HEALTHY = json.loads(
    (Path(__file__).parent.parent / "cases" / "healthy_row.json").read_text("utf-8")
)
quick = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
# Rows of nobody's making are large; fewer of them reach as far.
few_rows = settings(quick, max_examples=40)

# Anything that Azure, discovery or a person could write, and some that nobody should.
texts = st.one_of(
    st.sampled_from(["", "none", "*", "Static", "Dynamic", "V1", "V2", "bios", "4000", "10.1.0.4"]),
    st.text(max_size=12),
)
numbers = st.one_of(st.none(), st.integers(-1, 2**63))
flags = st.sampled_from([None, True, False])
ids = st.sampled_from(
    [
        ResourceId("/x"),
        ResourceId("/x/y"),
        ResourceId("/subscriptions/s"),
        ResourceId("/subscriptions/s/resourceGroups/g"),
        ResourceId("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d"),
        ResourceId("/SUBSCRIPTIONS/S/resourcegroups/G/providers/Microsoft.Compute/disks/D"),
        ResourceId(
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"
            "/subnets/n"
        ),
    ]
)
maybe_ids = st.one_of(st.none(), ids)
tags = st.dictionaries(texts, texts, max_size=3)
fact_names = st.one_of(st.sampled_from([*facts(), "cores", "name"]), texts)


def few(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


target_settings = st.builds(
    TargetSettings,
    vm_name=texts,
    vm_size=texts,
    location=texts,
    resource_group_id=maybe_ids,
    network_id=maybe_ids,
    test_network_id=maybe_ids,
    availability_zone=texts,
    availability_set_id=maybe_ids,
    generation=texts,
    licence_type=texts,
    secure_boot=flags,
    tags=st.one_of(st.none(), tags),
    cores=numbers,
    memory_mib=numbers,
)
item_disks = st.builds(
    ItemDisk,
    source_id=texts,
    name=texts,
    is_os=flags,
    size_bytes=numbers,
    target_type=texts,
    target_disk_id=maybe_ids,
    encryption_set_id=maybe_ids,
)
item_nics = st.builds(
    ItemNic,
    source_id=texts,
    is_primary=flags,
    is_selected=flags,
    source_address=texts,
    target_address=texts,
    target_address_type=texts,
    target_subnet=texts,
    target_network_id=maybe_ids,
)
items = st.builds(
    ReplicatedItem,
    id=st.just(ResourceId("/subscriptions/s/items/i")),
    name=texts,
    provider=texts,
    collection=st.sampled_from(Collection),
    vault_id=ids,
    settings=target_settings,
    source=st.builds(
        SourceFacts,
        cores=numbers,
        memory_mib=numbers,
        os_type=texts,
        os_name=texts,
        firmware=texts,
        power=texts,
    ),
    disks=few(item_disks),
    nics=few(item_nics),
)
sources = st.builds(
    SourceMachine,
    id=ids,
    name=texts,
    cores=numbers,
    memory_mib=numbers,
    os_family=texts,
    os_name=texts,
    firmware=texts,
    host_name=texts,
    size=texts,
    location=texts,
    licence_type=texts,
    facts=st.dictionaries(fact_names, texts, max_size=4),
    disks=few(st.builds(SourceDisk, id=texts, name=texts, size_bytes=numbers, lun=numbers)),
    nics=few(
        st.builds(SourceNic, id=texts, mac_address=texts, addresses=few(texts), network=texts)
    ),
)
addresses = st.builds(
    TargetAddress,
    private_address=texts,
    allocation=texts,
    is_primary=flags,
    subnet_id=maybe_ids,
    public_address_id=maybe_ids,
)
targets = st.builds(
    TargetMachine,
    id=ids,
    name=texts,
    location=texts,
    zones=few(texts),
    size=texts,
    cores=numbers,
    memory_mib=numbers,
    agent=texts,
    generation=texts,
    os_family=texts,
    os_name=texts,
    computer_name=texts,
    licence_type=texts,
    secure_boot=flags,
    boot_diagnostics=flags,
    availability_set_id=maybe_ids,
    disks=few(
        st.builds(
            TargetDisk,
            id=ids,
            name=texts,
            is_os=st.booleans(),
            size_gib=numbers,
            size_bytes=numbers,
            sku=texts,
            caching=texts,
            encryption_set_id=maybe_ids,
        )
    ),
    nics=few(
        st.builds(
            TargetNic,
            id=ids,
            mac_address=texts,
            is_primary=flags,
            addresses=few(addresses),
            security_group_id=maybe_ids,
            accelerated=flags,
        )
    ),
    extensions=tags,
    tags=tags,
    identity=texts,
    patch_mode=texts,
    encryption_at_host=flags,
    proximity_group_id=maybe_ids,
    host_id=maybe_ids,
    locks=few(st.builds(Lock, id=ids, level=texts, scope=ids)),
    facts=st.dictionaries(fact_names, texts, max_size=4),
)
any_rows = st.builds(
    InventoryItem,
    item=items,
    facts=st.just(
        Facts(
            cutover=Cutover.DONE,
            replication=Replication.PAUSED,
            test=TestMachine.NONE,
            reversed=False,
            stop_allowed=True,
            cleanup_allowed=False,
            idle=True,
        )
    ),
    phase=st.just(Phase.STAGED),
    source=st.one_of(st.none(), sources),
    target=st.one_of(st.none(), targets),
    target_unknown=st.booleans(),
)


def build(changes: dict[str, Any]) -> InventoryItem:
    document = copy.deepcopy(HEALTHY)
    for path, value in changes.items():
        *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
        place = document
        for name in parents:
            place = place[name]
        place[last] = value
    return from_plain(InventoryItem, document)


def classes(row: InventoryItem) -> dict[str, DiffClass]:
    return {each.field: each.cls for each in compare(row)}


@few_rows
@given(any_rows)
def test_nothing_makes_it_raise_and_every_field_appears_once(row: InventoryItem) -> None:
    fields = Counter(each.field for each in compare(row))
    assert set(fields.values()) == {1}


@few_rows
@given(any_rows)
def test_the_same_input_gives_the_same_rows(row: InventoryItem) -> None:
    assert compare(row) == compare(row)


@few_rows
@given(any_rows)
def test_everything_that_is_told_appears(row: InventoryItem) -> None:
    found = compare(row)
    sizes = [each for each in found if each.field.endswith(".size_gib")]
    target_sizes = [
        disk
        for disk in (row.target.disks if row.target else ())
        if disk.size_gib is not None or disk.size_bytes is not None
    ]
    assert sum(bool(each.intended) for each in sizes) == sum(
        disk.size_bytes is not None for disk in row.item.disks
    )
    assert sum(bool(each.actual) for each in sizes) == len({id(disk) for disk in target_sizes})
    told = {name.casefold() for name in row.item.settings.tags or ()}
    told |= {name.casefold() for name in (row.target.tags if row.target else ())}
    assert sum(each.area == "tags" for each in found) == len(told)


@few_rows
@given(any_rows)
def test_every_fact_that_either_side_tells_appears_exactly_once(row: InventoryItem) -> None:
    sides = [row.source.facts if row.source else {}, row.target.facts if row.target else {}]
    told = {name for side in sides for name, value in side.items() if value}
    shown = [name if name in facts() else f"fact[{name}]" for name in told]
    fields = Counter(each.field for each in compare(row))
    assert {fields[name] for name in shown} <= {1}


# What has a value on both sides, and how to set it; values that mean something on either.
SWAPPED: dict[str, tuple[str, str, list[Any]]] = {
    "cores": ("source.cores", "target.cores", [None, 1, 4, 8]),
    "memory_mib": ("source.memory_mib", "target.memory_mib", [None, 1024, 16384, 16385, 65536]),
    "host_name": ("source.host_name", "target.computer_name", ["", "a", "A.b", "localhost"]),
    "os_name": (
        "source.os_name",
        "target.os_name",
        ["Windows Server 2019", "Windows Server", "Ubuntu 22.04", "Haiku", "Windows Server 2022"],
    ),
    "nic[0].mac": (
        "source.nics.0.mac_address",
        "target.nics.0.mac_address",
        ["", "00:50:56:a1:b2:c3", "00-50-56-A1-B2-C3", "60-45-BD-73-BB-1D"],
    ),
}


@quick
@given(st.data(), st.sampled_from(sorted(SWAPPED)))
def test_same_and_unknown_do_not_depend_on_which_side_is_which(
    data: st.DataObject, field: str
) -> None:
    """More and less are two things, so the other classes have a direction."""
    source, target, values = SWAPPED[field]
    one, other = data.draw(st.sampled_from(values)), data.draw(st.sampled_from(values))
    there = classes(build({source: one, target: other})).get(field)
    back = classes(build({source: other, target: one})).get(field)
    for cls in (DiffClass.SAME, DiffClass.UNKNOWN, None):
        assert (there is cls) == (back is cls)


@quick
@given(st.sampled_from(sorted(facts())), st.sampled_from(["1", "2", "1, 2", "none", ""]), st.data())
def test_facts_are_symmetric_and_a_fact_is_itself(name: str, one: str, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from(["1", "2", "1, 2", "none", ""]))
    if facts()[name].present:
        return

    def judged(source: str, actual: str) -> DiffClass | None:
        row = build({"source.facts": {name: source}, "target.facts": {name: actual}})
        return classes(row).get(name)

    for cls in (DiffClass.SAME, DiffClass.UNKNOWN, None):
        assert (judged(one, other) is cls) == (judged(other, one) is cls)
    assert judged("1", "1") is DiffClass.SAME


@few_rows
@given(any_rows)
def test_what_is_counted_is_what_would_have_been_kept(row: InventoryItem) -> None:
    inventory = Inventory(read_at=NOW, items=(row,))
    kept = diff_inventory(inventory, at=NOW)
    counted = diff_inventory(inventory, at=NOW, keep_same=False)
    assert counted.counts() == kept.counts()
    assert counted.rows_ == tuple(each for each in kept if each.cls is not DiffClass.SAME)
    assert counted.where("same").counts()["same"] == kept.counts()["same"]
    assert counted.for_item(row.id).counts() == counted.counts()


@few_rows
@given(any_rows)
def test_without_a_target_nothing_is_good(row: InventoryItem) -> None:
    found = set(classes(replace(row, target=None)).values())
    assert found <= {DiffClass.UNKNOWN, DiffClass.SUSPICIOUS}


@few_rows
@given(any_rows)
def test_a_value_that_is_not_told_is_never_same(row: InventoryItem) -> None:
    for each in compare(row):
        # "" is a value of a tag.
        if not each.actual and each.area != "tags" and each.cls is not DiffClass.SUSPICIOUS:
            assert each.cls in {DiffClass.UNKNOWN, DiffClass.ACT}, each


def same_pair(cores: int, memory_mib: int, gib: list[int], addresses: list[str]) -> InventoryItem:
    """Return an Azure VM that was copied as it is: source, intended and actual mean the same."""
    group = "/subscriptions/s/resourceGroups/g/providers"
    subnet = ResourceId(f"{group}/Microsoft.Network/virtualNetworks/v/subnets/n")
    row = build({})
    disks = [ResourceId(f"{group}/Microsoft.Compute/disks/d{i}") for i in range(len(gib))]
    bytes_ = [size * 1024**3 for size in gib]
    target = TargetMachine(
        id=ResourceId(f"{group}/Microsoft.Compute/virtualMachines/vm"),
        name="vm",
        location="westeurope",
        size="Standard_D4s_v5",
        cores=cores,
        memory_mib=memory_mib,
        agent="ready",
        generation="V2",
        os_family="windows",
        os_name="Windows Server 2022",
        computer_name="vm",
        licence_type="Windows_Server",
        boot_diagnostics=True,
        disks=tuple(
            TargetDisk(id=d, name=d.name, is_os=i == 0, size_bytes=bytes_[i], sku="Premium_LRS")
            for i, d in enumerate(disks)
        ),
        nics=tuple(
            TargetNic(
                id=ResourceId(f"{group}/Microsoft.Network/networkInterfaces/n{i}"),
                mac_address="60-45-BD-73-BB-1D",
                is_primary=i == 0,
                addresses=(
                    TargetAddress(
                        private_address=address,
                        allocation="Static",
                        is_primary=True,
                        subnet_id=subnet,
                    ),
                ),
            )
            for i, address in enumerate(addresses)
        ),
        tags={"wave": "1"},
    )
    source = SourceMachine(
        id=target.id,
        name="VM",
        cores=cores,
        memory_mib=memory_mib,
        os_family="windows",
        os_name=target.os_name,
        firmware="uefi",
        host_name="vm.contoso.example",
        size=target.size,
        location="West Europe",
        licence_type="Windows_Server",
        disks=tuple(SourceDisk(id=d.text, size_bytes=bytes_[i]) for i, d in enumerate(disks)),
        nics=tuple(
            SourceNic(
                id=f"n{i}",
                mac_address="60:45:bd:73:bb:1d",
                addresses=(address,),
                network=subnet.text,
            )
            for i, address in enumerate(addresses)
        ),
    )
    item = replace(
        row.item,
        settings=TargetSettings(
            vm_name="vm",
            vm_size=target.size,
            location="westeurope",
            resource_group_id=ResourceId("/subscriptions/S/resourcegroups/G"),
            network_id=subnet.parent(),
            generation="V2",
            licence_type="WindowsServer",
            secure_boot=False,
            tags={"Wave": "1"},
        ),
        disks=tuple(
            ItemDisk(
                source_id=d.text.upper(),
                is_os=i == 0,
                size_bytes=bytes_[i],
                target_type="premium_lrs",
                target_disk_id=d,
            )
            for i, d in enumerate(disks)
        ),
        nics=tuple(
            ItemNic(
                source_id=f"N{i}",
                is_primary=i == 0,
                source_address=address,
                target_address=address,
                target_address_type="static",
                target_subnet="N",
            )
            for i, address in enumerate(addresses)
        ),
    )
    return replace(row, item=item, source=source, target=target)


ipv4 = st.integers(1, 250).map(lambda n: f"10.20.{n}.{n}")


@quick
@given(
    st.integers(1, 416),
    st.integers(512, 12_000_000),
    st.lists(st.integers(1, 65_536), min_size=1, max_size=6),
    st.lists(ipv4, min_size=1, max_size=4, unique=True),
)
def test_a_machine_compared_with_itself_is_the_same(
    cores: int, memory_mib: int, gib: list[int], addresses: list[str]
) -> None:
    found = compare(same_pair(cores, memory_mib, gib, addresses))
    # What Azure adds has no source to be the same as.
    added = {"vm_agent", "boot_diagnostics"}
    assert [
        each for each in found if each.cls is not DiffClass.SAME and each.field not in added
    ] == []


# Each sets one value wrong; together they make most fields suspicious.
FAULTS: dict[str, Any] = {
    "target.size": "Standard_B2s",
    "target.cores": 1,
    "target.memory_mib": 1024,
    "target.generation": "V1",
    "item.settings.secure_boot": True,
    "target.os_family": "linux",
    "target.os_name": "Windows Server 2008 R2",
    "target.computer_name": "somebody-else",
    "target.location": "northeurope",
    "target.disks.0.size_gib": 32,
    "target.disks.1.sku": "Standard_LRS",
    "target.nics.0.addresses.0.private_address": "10.99.0.9",
    "target.nics.0.addresses.0.allocation": "Dynamic",
    "target.tags": {"environment": "test"},
    "item.settings.licence_type": "NoLicenseType",
}
# Values whose absence is an absence. Left out: those by which things are matched, those for which
# "" says "none", those that a second witness tells (region: network, firmware: item, GiB: bytes).
BLANKS: dict[str, Any] = {
    "item.settings.vm_name": "",
    "item.settings.vm_size": "",
    "item.settings.resource_group_id": None,
    "item.settings.licence_type": "",
    "item.settings.secure_boot": None,
    "item.settings.tags": None,
    "item.disks.0.target_type": "",
    "item.disks.1.target_type": "",
    "item.disks.0.size_bytes": None,
    "item.nics.0.target_address_type": "",
    "item.nics.0.target_subnet": "",
    "source.cores": None,
    "source.memory_mib": None,
    "source.host_name": "",
    "source.disks.0.size_bytes": None,
    "source.nics.0.mac_address": "",
    "target.size": "",
    "target.cores": None,
    "target.memory_mib": None,
    "target.agent": "",
    "target.generation": "",
    "target.os_family": "",
    "target.os_name": "",
    "target.computer_name": "",
    "target.location": "",
    "target.boot_diagnostics": None,
    "target.disks.1.sku": "",
    "target.nics.0.mac_address": "",
    "target.nics.0.addresses.0.private_address": "",
    "target.nics.0.addresses.0.allocation": "",
}


@quick
@given(
    st.sets(st.sampled_from(sorted(FAULTS))), st.sets(st.sampled_from(sorted(BLANKS)), max_size=6)
)
def test_an_unknown_never_makes_a_suspicious_row_good(faults: set[str], blanks: set[str]) -> None:
    wrong = {path: FAULTS[path] for path in faults}
    before = classes(build(wrong))
    after = classes(build(wrong | {path: BLANKS[path] for path in blanks}))
    suspicious = [field for field, cls in before.items() if cls is DiffClass.SUSPICIOUS]
    lost = {
        field: after.get(field)
        for field in suspicious
        if after.get(field) not in {DiffClass.SUSPICIOUS, DiffClass.UNKNOWN}
    }
    assert lost == {}


@quick
@given(
    st.sets(st.sampled_from(sorted(FAULTS))), st.sets(st.sampled_from(sorted(BLANKS)), max_size=6)
)
def test_only_a_row_that_shows_the_unknown_value_may_stop_being_suspicious(
    faults: set[str], blanks: set[str]
) -> None:
    """One value at a time, over every case: test_diff_unknowns.py."""
    wrong = {path: FAULTS[path] for path in faults}
    before = {each.field: each for each in compare(build(wrong))}
    after = {
        each.field: each for each in compare(build(wrong | {path: BLANKS[path] for path in blanks}))
    }
    for row in before.values():
        if row.cls is not DiffClass.SUSPICIOUS:
            continue
        now = after[row.field]
        if now.cls is not DiffClass.SUSPICIOUS:
            assert now.cls is DiffClass.UNKNOWN
            assert (now.source, now.intended, now.actual) != (row.source, row.intended, row.actual)


def expectation(**more: Any) -> Expectation:
    fields = {"field": "*", "reason": "r", "owner": "o", "expires": NOW + timedelta(days=1)}
    return Expectation(**(fields | more))


@few_rows
@given(any_rows)
def test_an_expectation_touches_only_what_must_be_acted_on_or_is_suspicious(
    row: InventoryItem,
) -> None:
    plain, expected = compare(row), compare(row, expectations=[expectation()])
    for before, after in zip(plain, expected, strict=True):
        if before.cls in {DiffClass.ACT, DiffClass.SUSPICIOUS}:
            assert (after.cls, after.rule) == (DiffClass.EXPECTED, "expect:*")
        else:
            assert after == before


def diff_of(*rows: InventoryItem, expectations: tuple[Expectation, ...] = ()) -> Diff:
    return diff_inventory(Inventory(read_at=NOW, items=rows), expectations, at=NOW)


@few_rows
@given(any_rows, any_rows)
def test_the_diff_of_two_diffs_holds_what_is_new(one: InventoryItem, other: InventoryItem) -> None:
    old, new = diff_of(one), diff_of(other)
    fresh = new_since(old, new)
    known = {(r.field, r.source, r.intended, r.actual, r.cls) for r in old}
    assert {r.field for r in fresh} == {
        r.field for r in new if (r.field, r.source, r.intended, r.actual, r.cls) not in known
    }
    assert len(new_since(new, new)) == 0


def test_released_items_are_left_out_unless_a_baseline_tells_them() -> None:
    row = replace(build({}), phase=Phase.RELEASED)
    assert len(diff_of(replace(row, source=None, target=None))) == 0
    assert diff_of(row).rows_ == compare(row)
    lost = diff_of(replace(row, target=None))
    assert {each.rule for each in lost} == {"no-target"}
    assert len(diff_of(row)) == len(compare(row))


def test_an_expectation_names_field_values_and_item() -> None:
    row = build({"target.disks.1.sku": "StandardSSD_LRS", "target.location": "northeurope"})

    def rule(**more: Any) -> str:
        found = diff_of(row, expectations=(expectation(**more),))
        return next(each.rule for each in found if each.field == "disk[1].type")

    assert rule(field="disk[1].type") == "expect:disk[1].type"
    assert rule(field="disk[*].type") == "expect:disk[*].type"
    assert rule(field="DISK[1].TYPE", item="app-01") == "expect:DISK[1].TYPE@app-01"
    assert rule(field="disk[1].type", item=row.id.text.upper()).startswith("expect:")
    assert rule(field="disk[1].type", to="StandardSSD_*") == (
        "expect:disk[1].type:*->StandardSSD_*"
    )
    for other in (
        {"field": "disk1.type"},
        {"field": "disk[0].type"},
        {"field": "disk[1].type", "item": "app-02"},
        {"field": "disk[1].type", "item": "/"},
        {"field": "disk[1].type", "to": "Standard_LRS"},
        {"field": "disk[1].type", "from_": "Premium_LRS"},
        {"field": "disk[1].type", "expires": NOW},
    ):
        assert rule(**other) == "disk.slower", other


def test_an_expected_row_says_who_expects_it_and_until_when() -> None:
    row = build({"target.disks.1.sku": "StandardSSD_LRS"})
    known = expectation(field="disk[1].type", reason="cheaper is enough", owner="storage")
    found = next(each for each in diff_of(row, expectations=(known,)) if each.rule == known.rule)
    assert found.reason == "cheaper is enough (expected by storage, until 2026-02-01)"


def test_an_expectation_that_matches_nothing_is_reported() -> None:
    row = build({"target.disks.1.sku": "StandardSSD_LRS"})
    used = expectation(field="disk[1].type")
    unused = expectation(field="region")
    expired = expectation(field="disk[1].*", expires=NOW)
    diff = diff_of(row, expectations=(used, unused, expired))
    assert unused_expectations(diff, (used, unused, expired)) == (unused, expired)
