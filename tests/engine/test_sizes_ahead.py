"""What rows that are made while others are read need of the lists, and what they hold of pages."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from azstaging.engine import ahead
from azstaging.errors import ServiceError
from azstaging.model.bodies import Body
from azstaging.model.ids import ResourceId
from azstaging.model.packing import MARK

NAMES = ("app01", "app02", "app03", "app04", "app05")


@pytest.fixture
def made_ahead(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write down whose rows were made while others were read."""
    seen: list[str] = []
    parts_of = ahead.parts_of

    def told(matched: Any, *others: Any) -> Any:
        found = parts_of(matched, *others)
        seen.extend([matched.item.name] if found.row is not None else [])
        return found

    monkeypatch.setattr(ahead, "parts_of", told)
    return seen


def _whole(shapes: Any, azure: Any, name: str, *, tells: str, lies: str) -> ResourceId:
    """Add an item of which no more is read, on a machine that lies where the item may not tell."""
    vault = shapes.vault()
    azure.vaults = [str(vault)]
    item = shapes.protected_item(name, vault, instanceType="InMageRcm")
    item["properties"]["providerSpecificDetails"] |= {
        "targetResourceGroupId": shapes.group,
        "targetLocation": tells,
        "protectedDisks": [
            {"diskId": "0", "isOSDisk": "true", "targetManagedDiskId": shapes.disk_id(f"{name}-os")}
        ],
    }
    azure.protected.setdefault(vault.key, []).append(item)
    azure.vms.append(shapes.vm(name, f"{name}-os") | {"location": lies})
    azure.disks.append(shapes.disk(f"{name}-os", name))
    azure.sizes = [{"name": "Standard_D2s_v5", "numberOfCores": 2, "memoryInMB": 8192}]
    return ResourceId(item["id"])


@pytest.mark.parametrize("tells", ["", "westeurope"])
def test_sizes_of_a_place_that_the_machine_alone_tells_are_read_in_time(
    shapes: Any, read: Any, made_ahead: list[str], tells: str
) -> None:
    azure = shapes.migrated()
    item = _whole(shapes, azure, "whole01", tells=tells, lies="northeurope")
    inventory = read(azure)
    assert inventory.complete
    assert inventory.find(item).target.cores == 2
    assert made_ahead == ["whole01"]
    asked = Counter(where for what, where in azure.calls if what == "list_skus")
    assert asked.pop(f"{shapes.subscription}/northeurope") == 1
    assert set(asked.values()) <= {1}


def test_sizes_that_cannot_be_read_are_a_gap_and_hold_up_no_row(
    shapes: Any, read: Any, made_ahead: list[str]
) -> None:
    azure = shapes.migrated()
    item = _whole(shapes, azure, "whole01", tells="westeurope", lies="northeurope")
    azure.refuse["list_skus", f"{shapes.subscription}/northeurope"] = ServiceError("Not now.")
    inventory = read(azure)
    row = inventory.find(item)
    assert (row.target.name, row.target.cores) == ("whole01", None)
    assert made_ahead == ["whole01"]
    assert "northeurope" in {gap.scope.name for gap in inventory.gaps}


def test_a_machine_that_no_list_has_is_read_before_its_row_is_made(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch, made_ahead: list[str]
) -> None:
    azure = shapes.migrated()
    item = _whole(shapes, azure, "whole01", tells="westeurope", lies="westeurope")
    monkeypatch.setattr(azure, "list_virtual_machines", lambda _subscription: [])
    assert read(azure).find(item).target.name == "whole01"
    assert made_ahead == []


def test_rows_that_are_read_once_more_let_their_page_go_at_once(shapes: Any, read: Any) -> None:
    azure = shapes.migrated(*NAMES)
    (listed,) = azure.migration.values()
    page = msgspec.json.decode(msgspec.json.encode(listed), type=list[msgspec.Raw])
    listed[:] = [Body(each) for each in page]
    azure.refuse["get_item", "*"] = ServiceError("Not now.")
    held = []

    def look(step: str, _done: int, _total: int) -> None:
        held.extend([type(row.json) for row in listed] if step == "details" else [])

    read(azure, progress=look)
    assert held == [bytes] * 25


def test_a_row_whose_detail_is_refused_is_small_at_the_end(shapes: Any, read: Any) -> None:
    azure = shapes.migrated(*NAMES)
    (listed,) = azure.migration.values()
    listed[:] = [Body(_text(body)) for body in listed]
    azure.refuse["get_item", "*"] = ServiceError("Not now.")
    rows = list(read(azure))
    assert [row.name for row in rows] == list(NAMES)
    assert all(row.item.body._packed[:1] == MARK for row in rows)


def _text(body: Any) -> bytes:
    body["properties"]["padding"] = "x" * 2000
    return msgspec.json.encode(body)


def test_a_machine_that_lies_elsewhere_than_its_item_tells_has_its_size(
    shapes: Any, read: Any, made_ahead: list[str]
) -> None:
    azure = shapes.migrated(*NAMES)
    (listed,) = azure.migration.values()
    for body in (*listed, *azure.bodies.values()):
        body["properties"]["providerSpecificDetails"]["targetLocation"] = "westeurope"
    azure.vms[0]["location"] = "northeurope"
    rows = list(read(azure))
    assert [(row.name, row.target.cores) for row in rows] == [(name, 2) for name in NAMES]
    assert sorted(made_ahead) == list(NAMES[1:])
