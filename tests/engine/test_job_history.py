"""Replication jobs for the timeline: one list per vault; what was not read is named, not empty."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from azstaging.engine.jobhistory import WINDOW, read_jobs
from azstaging.errors import AccessDeniedError, DeadlineReachedError
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import NO_FACTS, Collection
from azstaging.providers import parse_item

NOW = datetime(2026, 11, 24, 16, tzinfo=timezone.utc)
GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers"
VAULT = f"{GROUP}/Microsoft.RecoveryServices/vaults/asr-1"
LOCAL = f"{GROUP}/Microsoft.DataReplication/replicationVaults/local-1"
ITEMS = f"{VAULT}/replicationFabrics/f/replicationProtectionContainers/c/replicationMigrationItems"


def row(id: str, name: str, collection: Collection) -> InventoryItem:
    item = parse_item({"id": id, "name": id.rsplit("/", 1)[-1], "properties": {}}, collection)
    return InventoryItem(
        item=replace(item, name=name),
        facts=NO_FACTS,
        phase=Phase.STAGED,
        phase_evidence=(),
    )


def job(scenario: str, object_id: str, name: str, state: str = "Succeeded") -> dict[str, Any]:
    return {
        "name": f"job-{scenario}",
        "properties": {
            "scenarioName": scenario,
            "state": state,
            "targetObjectId": object_id,
            "targetObjectName": name,
            "startTime": "2026-11-20T08:00:00Z",
        },
    }


@pytest.fixture
def inventory() -> Inventory:
    rows = (
        row(f"{ITEMS}/item-1", "web-1", Collection.MIGRATION_ITEMS),
        row(f"{ITEMS}/item-2", "twin", Collection.MIGRATION_ITEMS),
        row(f"{ITEMS}/item-3", "Twin", Collection.MIGRATION_ITEMS),
        row(f"{LOCAL}/protectedItems/item-4", "local", Collection.DATA_REPLICATION),
    )
    return Inventory(read_at=NOW, items=rows, gaps=(), wave="w")


class Vaults:
    """Answers job lists, and keeps what was asked."""

    def __init__(self, answer: Callable[[str], list[dict[str, Any]]]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, datetime]] = []

    def list_jobs(self, vault: ResourceId, since: datetime) -> list[dict[str, Any]]:
        self.asked.append((str(vault), since))
        return self.answer(str(vault))


def test_each_vault_is_asked_once_and_only_as_far_back_as_the_window(inventory: Inventory) -> None:
    vaults = Vaults(lambda vault: [])
    found = read_jobs(vaults, inventory, now=NOW)  # type: ignore[arg-type] # reads jobs, no more
    assert sorted(vaults.asked) == [(LOCAL, NOW - WINDOW), (VAULT, NOW - WINDOW)]
    assert found.since == NOW - timedelta(days=30)
    assert ({str(v) for v in found.vaults}, found.unread, found.found) == ({VAULT, LOCAL}, (), 0)


def test_a_job_belongs_to_the_item_that_it_names_and_to_no_twin(inventory: Inventory) -> None:
    jobs = [
        job("TestMigrate", "a-guid-of-its-own", "WEB-1"),
        job("Migrate", f"{ITEMS}/item-2".upper(), "twin"),
        job("Resync", "item-3", "twin", state="Odd"),
        job("Reprotect", "another-guid", "twin"),
        job("Cleanup", "/subscriptions/elsewhere", "web-1"),
    ]
    vaults = Vaults(lambda vault: jobs if vault == VAULT else [])
    found = read_jobs(vaults, inventory, now=NOW)  # type: ignore[arg-type] # reads jobs, no more
    assert found.found == 5
    assert [(e.what, str(e.item_id).rsplit("/", 1)[-1], e.detail) for e in found.events] == [
        ("Job TestMigrate", "item-1", "succeeded, job job-TestMigrate"),
        ("Job Migrate", "item-2", "succeeded, job job-Migrate"),
        ("Job Resync", "item-3", "Odd, job job-Resync"),
    ]


def test_a_list_that_is_refused_is_unread_and_not_empty(inventory: Inventory) -> None:
    def refuse(vault: str) -> list[dict[str, Any]]:
        if vault == VAULT:
            raise AccessDeniedError("403", resource_id=vault, operation="ReplicationJobs_List")
        raise AccessDeniedError("403", resource_id=vault, operation="Job_ListByVault")

    found = read_jobs(Vaults(refuse), inventory, now=NOW)  # type: ignore[arg-type] # jobs only
    assert found.vaults == ()
    assert {(str(g.scope), g.reason, g.permission, g.covers_items) for g in found.unread} == {
        (VAULT, "forbidden", "Microsoft.RecoveryServices/vaults/replicationJobs/read", False),
        (LOCAL, "forbidden", "Microsoft.DataReplication/replicationVaults/jobs/read", False),
    }


def test_time_that_is_up_is_no_list_that_was_not_read(inventory: Inventory) -> None:
    def late(vault: str) -> list[dict[str, Any]]:
        raise DeadlineReachedError("time is up")

    with pytest.raises(DeadlineReachedError):
        read_jobs(Vaults(late), inventory, now=NOW)  # type: ignore[arg-type] # reads jobs, no more
