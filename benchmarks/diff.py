"""How long the configuration diff takes, beside a bare loop over the same fields and deepdiff.

    python benchmarks/diff.py [pairs]

Every pair is its own values: three disks, two adapters, tags, extensions and facts; at least 45
fields each; one in ten has a fault. The bare loop flattens the three sides of the same values,
compares path by path without any rule, and builds a row where something differs (101,000 for
10,000 pairs, where the diff builds 131,000). ``same`` is kept as counts by both. deepdiff (a
development dependency) compares source and target documents of fewer pairs, as it takes so much
longer. Exits 1 when the diff takes more than 3 times the bare loop, or the process has held more
than 200 MiB with all that it compares.
"""

import dataclasses
import gc
import json
import resource
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from azstaging.model.differences import DiffClass, Difference
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.rules.canonical import from_plain
from azstaging.rules.diff import compare, diff_inventory

CASE = Path(__file__).parents[1] / "tests" / "cases" / "healthy_row.json"
NOW = datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc)
FIELDS, RATIO, MIB = 45, 3.0, 200
GROUP = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001/resourceGroups/rg-app/providers"
FACTS = {
    "time_zone": "W. Europe Standard Time",
    "domain": "corp.contoso.example",
    "services": "w3svc, mssqlserver",
    "listeners": "tcp/443, tcp/1433",
}


def document(number: int) -> dict[str, Any]:
    """Return one machine as plain values; each has its own names, ids and addresses."""
    name = f"app-{number:05}"
    text = CASE.read_text("utf-8").replace("app-01", name).replace("APP-01", name.upper())
    row: dict[str, Any] = json.loads(text.replace("item-1", f"item-{number}"))
    disk = f"{GROUP}/Microsoft.Compute/disks/{name}-datadisk-01"
    bytes_ = (64 + number % 7) * 2**30
    row["item"]["disks"].append(
        row["item"]["disks"][1]
        | {"source_id": "6000C293", "size_bytes": bytes_, "target_disk_id": disk}
    )
    row["source"]["disks"].append({"id": "6000C293", "name": "Hard disk 3", "size_bytes": bytes_})
    row["target"]["disks"].append(
        row["target"]["disks"][1]
        | {
            "id": disk,
            "name": f"{name}-datadisk-01",
            "size_gib": bytes_ // 2**30,
            "size_bytes": bytes_,
        }
    )
    _second_adapter(row, number)
    row["source"]["facts"] = dict(FACTS)
    row["target"]["facts"] = dict(FACTS)
    row["target"]["extensions"] = {"AzureMonitorWindowsAgent": "Succeeded"}
    row["target"]["tags"] = row["item"]["settings"]["tags"] | {"wave": "7"}
    if number % 10 == 0:
        row["target"]["cores"] = 2
    return row


def _second_adapter(row: dict[str, Any], number: int) -> None:
    address = f"10.20.{number // 250 % 250}.{number % 250 + 4}"
    item, source, target = row["item"]["nics"], row["source"]["nics"], row["target"]["nics"]
    item.append(item[0] | {"source_id": "4001", "is_primary": False, "target_address": address})
    source.append(source[0] | {"id": "4001", "mac_address": f"00:50:56:00:{number % 100:02}:01"})
    target.append(json.loads(json.dumps(target[0])))
    target[1]["id"] += "-2"
    target[1]["is_primary"] = False
    target[1]["addresses"][0]["private_address"] = address


# What the three sides call the same thing; None: the diff does not look at it.
NAMES: dict[str, str | None] = {
    "vm_name": "name",
    "vm_size": "size",
    "computer_name": "host_name",
    "target_type": "sku",
    "target_address": "private_address",
    "target_address_type": "allocation",
    "target_subnet": "subnet_id",
    "firmware": "generation",
    **dict.fromkeys(
        (
            "id",
            "body",
            "bios_id",
            "power",
            "is_deleted",
            "updated_at",
            "vm_id",
            "created_at",
            "lun",
        ),
    ),
    **dict.fromkeys(
        ("provisioning_state", "resolved_by", "renamed", "is_os", "locks", "controller")
    ),
    **dict.fromkeys(("source_id", "target_disk_id", "seed_disk_id", "is_primary", "is_selected")),
    **dict.fromkeys(("target_network_id", "test_network_id", "size_gib", "source_address")),
}


def flatten(value: Any, path: str, found: dict[str, str]) -> None:
    """Write every leaf of a frozen value that the diff looks at as text under its path."""
    if value is None or value == "":
        return
    if type(value) is ResourceId:
        found[path] = value.text
    elif dataclasses.is_dataclass(value):
        for name in value.__dataclass_fields__:
            known = NAMES.get(name, name)
            if known is not None:
                flatten(getattr(value, name), f"{path}.{known}", found)
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            flatten(each, f"{path}[{index}]", found)
    elif isinstance(value, dict):
        for name, each in value.items():
            flatten(each, f"{path}[{name}]", found)
    else:
        found[path] = str(value)


def bare(rows: tuple[InventoryItem, ...]) -> tuple[int, list[Difference]]:
    """Flatten, compare and build, knowing nothing; return the number of equal fields, and rows."""
    same, found = 0, []
    for row in rows:
        sides: tuple[dict[str, str], dict[str, str], dict[str, str]] = ({}, {}, {})
        flatten(row.source, "", sides[0])
        flatten(row.item.settings, "", sides[1])
        flatten(row.item.disks, ".disks", sides[1])
        flatten(row.item.nics, ".nics", sides[1])
        flatten(row.target, "", sides[2])
        for path in {**sides[0], **sides[1], **sides[2]}:
            told = [side.get(path, "") for side in sides]
            if len({each for each in told if each}) == 1:
                same += 1
            else:
                found.append(
                    Difference(
                        item_id=row.id,
                        area="any",
                        field=path,
                        source=told[0],
                        intended=told[1],
                        actual=told[2],
                        cls=DiffClass.SUSPICIOUS,
                    )
                )
    return same, found


def peak_mib() -> float:
    """Return the most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Any) -> tuple[float, Any]:
    """Return CPU seconds and result; without the collector, as both make many values."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        found = work()
        return time.process_time() - start, found
    finally:
        gc.enable()


def with_deepdiff(documents: list[dict[str, Any]]) -> float:
    """Return CPU seconds that deepdiff takes for source against target of some documents."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - not needed by the rest

    return timed(lambda: [DeepDiff(each["source"], each["target"]) for each in documents])[0]


def main() -> int:
    """Run the three on the same pairs, print what they took, and judge."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rows = tuple(from_plain(InventoryItem, document(number)) for number in range(pairs))
    fields = min(len(compare(row)) for row in rows[:20])
    held = peak_mib()
    inventory = Inventory(read_at=NOW, items=rows)
    ours, diff = timed(lambda: diff_inventory(inventory, at=NOW, keep_same=False))
    peak = peak_mib()
    counts = diff.counts()
    del diff
    theirs, (same, found) = timed(lambda: bare(rows))
    built = len(found)
    del found
    few = min(pairs, 200)
    deep = with_deepdiff([document(number) for number in range(few)])
    print(f"{pairs} pairs of at least {fields} fields: {counts}")
    print(f"diff       {ours:7.2f} s CPU, {ours / pairs * 1e6:7.0f} us a pair")
    print(f"bare loop  {theirs:7.2f} s CPU, {theirs / pairs * 1e6:7.0f} us a pair", end="")
    print(f"  ({same} equal, {built} rows built)")
    print(f"deepdiff   {deep:7.2f} s CPU, {deep / few * 1e6:7.0f} us a pair  ({few} pairs)")
    print(f"ratio to the bare loop: {ours / theirs:.2f} (at most {RATIO})")
    print(f"memory: {peak:.0f} MiB (at most {MIB}), {peak - held:.0f} of it for the differences")
    return 0 if ours <= RATIO * theirs and peak <= MIB and fields >= FIELDS else 1


if __name__ == "__main__":
    sys.exit(main())
