"""The diff seen from the other side: which machine is the source changes no field, no equality.

More and less are two things (ADR *A diff has a direction*): only the three classes of a difference
may trade places. Compared are machines that know the same things of each other.
"""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from azstaging.model.differences import DiffClass
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem
from azstaging.model.items import SourceFacts, TargetSettings
from azstaging.model.machines import (
    SourceDisk,
    SourceMachine,
    SourceNic,
    TargetAddress,
    TargetDisk,
    TargetMachine,
    TargetNic,
)
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import compare
from azstaging.rules.diff_rules import facts

HEALTHY = json.loads(
    (Path(__file__).parent.parent / "cases" / "healthy_row.json").read_text("utf-8")
)
quick = settings(max_examples=150, deadline=None)
GIB = 1024**3
VM = ResourceId("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m")
DISK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks"
NIC = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces"
BOTH = {name: fact for name, fact in facts().items() if not fact.present}
# At least one disk and adapter: a source without any is one that does not tell them.
#: What one machine can know of itself, whichever side it stands on.
machines = st.fixed_dictionaries(
    {
        "cores": st.sampled_from([None, 1, 4, 8]),
        "memory_mib": st.sampled_from([None, 1024, 15000, 16384, 16385, 65536]),
        "os_family": st.sampled_from(["", "windows", "linux"]),
        "os_name": st.sampled_from(["", "Windows Server 2019", "Ubuntu 22.04", "Haiku"]),
        "host": st.sampled_from(["", "a", "A.contoso.example", "localhost"]),
        "kind": st.sampled_from(["", "V1", "V2"]),
        "gib": st.lists(st.sampled_from([32, 64, 128]), min_size=1, max_size=3),
        "macs": st.lists(
            st.sampled_from(["", "60-45-BD-73-BB-1D", "00:50:56:a1:b2:c3"]), min_size=1, max_size=2
        ),
        "addresses": st.lists(
            st.sampled_from(["10.1.0.4", "10.1.0.5", "10.1.0.6"]), max_size=3, unique=True
        ),
        "facts": st.dictionaries(
            st.sampled_from(sorted(BOTH)), st.sampled_from(["1", "2", "1, 2", "none"]), max_size=4
        ),
    }
)
FIRMWARE = {"": "", "V1": "bios", "V2": "uefi"}


def source(of: dict[str, Any]) -> SourceMachine:
    return SourceMachine(
        id=VM,
        name="m",
        cores=of["cores"],
        memory_mib=of["memory_mib"],
        os_family=of["os_family"],
        os_name=of["os_name"],
        host_name=of["host"],
        firmware=FIRMWARE[of["kind"]],
        disks=tuple(
            SourceDisk(id=f"d{i}", size_bytes=size and size * GIB)
            for i, size in enumerate(of["gib"])
        ),
        nics=tuple(
            SourceNic(id=f"n{n}", mac_address=mac, addresses=tuple(of["addresses"]))
            for n, mac in enumerate(of["macs"])
        ),
        facts=of["facts"],
    )


def target(of: dict[str, Any]) -> TargetMachine:
    return TargetMachine(
        id=VM,
        name="m",
        cores=of["cores"],
        memory_mib=of["memory_mib"],
        os_family=of["os_family"],
        os_name=of["os_name"],
        computer_name=of["host"],
        generation=of["kind"],
        disks=tuple(
            TargetDisk(id=ResourceId(f"{DISK}/d{i}"), name=f"d{i}", is_os=False, size_gib=size)
            for i, size in enumerate(of["gib"])
        ),
        nics=tuple(
            TargetNic(
                id=ResourceId(f"{NIC}/n{n}"),
                mac_address=mac,
                addresses=tuple(
                    TargetAddress(private_address=each, is_primary=i == 0)
                    for i, each in enumerate(of["addresses"])
                ),
            )
            for n, mac in enumerate(of["macs"])
        ),
        facts=of["facts"],
    )


def classes(one: dict[str, Any], other: dict[str, Any]) -> dict[str, DiffClass]:
    plain = from_plain(InventoryItem, HEALTHY)
    item = replace(plain.item, settings=TargetSettings(), source=SourceFacts(), disks=(), nics=())
    row: InventoryItem = replace(plain, item=item, source=source(one), target=target(other))
    return {each.field: each.cls for each in compare(row)}


@quick
@given(machines, machines)
def test_both_directions_have_the_same_fields_and_agree_on_same_and_unknown(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert seen(classes(one, other)) == seen(classes(other, one))


# What only Azure can tell of a machine has no other direction.
ONE_SIDED = (".type", ".allocation", ".public_address")
# More and less, added and missing: the classes that a direction has.
DIRECTED = {DiffClass.EXPECTED, DiffClass.ACT, DiffClass.SUSPICIOUS}


def seen(found: dict[str, DiffClass]) -> Counter[tuple[str, str]]:
    """Count fields by how they compare; disks without an index, which follows the source."""
    return Counter(
        (re.sub(r"^disk\[\d\]", "disk[*]", field), "differs" if cls in DIRECTED else cls.value)
        for field, cls in found.items()
        if not field.endswith(ONE_SIDED)
    )


@quick
@given(machines)
def test_a_machine_differs_in_nothing_from_itself(of: dict[str, Any]) -> None:
    for field, cls in classes(of, of).items():
        if field not in {"vm_agent", "boot_diagnostics"}:
            assert cls in {DiffClass.SAME, DiffClass.UNKNOWN}, field
