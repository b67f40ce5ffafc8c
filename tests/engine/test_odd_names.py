"""A name that addresses nothing is a gap where it was told; everything else is still read."""

import json
from typing import Any

import pytest

from azstaging.emulator import Emulator, Fault, sample_estate
from azstaging.model.ids import ResourceId

VAULTS = "/subscriptions/1/resourceGroups/a/providers/Microsoft.RecoveryServices/vaults"
VM = "/providers/Microsoft.Compute/virtualMachines/v"


def _details(azure: Any, name: str, **details: Any) -> None:
    for key, body in azure.bodies.items():
        if key.endswith(f"/{name}"):
            body["properties"]["providerSpecificDetails"] |= details
    for rows in azure.migration.values():
        for row in rows:
            if row["id"].endswith(f"/{name}"):
                row["properties"]["providerSpecificDetails"] |= details


@pytest.mark.parametrize(
    "told",
    [
        {"targetLocation": "n/a"},
        {"targetLocation": ".."},
        {"targetResourceGroupId": "/subscriptions/<none>/resourceGroups/rg"},
        {"targetResourceGroupId": "/subscriptions//resourceGroups/rg"},
        {"vmwareMachineId": "/x"},
        {"vmwareMachineId": "//"},
        {"vmwareMachineId": "/x/y#z/w"},
        {"vmwareMachineId": f"/subscriptions/a%20b/resourceGroups/r{VM}"},
    ],
)
def test_one_odd_name_of_an_item_does_not_lose_the_others(
    read: Any, shapes: Any, told: dict[str, str]
) -> None:
    azure = shapes.migrated("app01", "app02")
    _details(azure, "app01", **told)
    inventory = read(azure)
    assert [row.name for row in inventory] == ["app01", "app02"]
    other = next(row for row in inventory if row.name == "app02")
    assert (other.target.name, other.source.name) == ("app02", "app02")


@pytest.mark.parametrize("location", ["n/a", "..", "a b/c"])
def test_one_odd_place_of_a_machine_does_not_lose_the_others(
    shapes: Any, read: Any, location: str
) -> None:
    azure = shapes.migrated("app01", "app02")
    azure.vms[0]["location"] = location
    inventory = read(azure)
    assert [row.target.name for row in inventory] == ["app01", "app02"]


@pytest.mark.parametrize("odd", ["a/b", "..", "a%2fb"])
def test_an_odd_subscription_is_a_gap_and_the_others_are_read(
    shapes: Any, read: Any, odd: str
) -> None:
    azure = shapes.migrated("app01")
    azure.subscriptions = [odd, shapes.subscription]
    assert [row.name for row in read(azure)] == ["app01"]


@pytest.mark.parametrize("odd", ["//", "/ ", "/x", "/subscriptions/1", f"{VAULTS}/.."])
def test_an_odd_vault_is_a_gap_and_the_others_are_read(connected: Any, read: Any, odd: str) -> None:
    subscription = "11111111-1111-4111-8111-111111111111"
    listing = f"GET */{subscription}/providers/Microsoft.RecoveryServices/vaults"
    text = json.dumps({"value": [{"id": odd}]})
    fault = Fault(match=listing, kind="body", text=text, times=0)
    emulator = Emulator(sample_estate(), faults=(fault,))
    emulator.start()
    try:
        with connected(emulator.url, emulator.token("planner")) as azure:
            inventory = read(azure)
    finally:
        emulator.stop()
    assert not inventory.complete
    assert inventory.read
    scope = ResourceId(odd if odd.startswith(VAULTS) else f"/subscriptions/{subscription}")
    assert scope in {gap.scope for gap in inventory.gaps}
