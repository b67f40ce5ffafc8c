"""Many work items: reads of 200, queries below their cap, writes at the pace that is asked for."""

from collections.abc import Callable
from typing import Any

import pytest

from azstaging.emulator.boards import BoardsFault
from azstaging.engine import sync_read
from azstaging.errors import LeaseHeldError
from azstaging.model.backlog import BacklogSettings
from azstaging.rules.backlog_read import parse_work_item

Make = Callable[..., Any]


@pytest.fixture
def many(inventory: Make) -> Any:
    names = [f"vm-{number:04}" for number in range(430)]
    return inventory(dict.fromkeys(names, "replicating"), {"w": tuple(names[:50])})


def test_a_second_sync_reads_in_batches_and_writes_nothing(world: Any, many: Any) -> None:
    first = world.sync(many)
    assert first.gaps == ()
    assert len(world.state.items) == 431
    world.state.requests.clear()
    settings = BacklogSettings(
        workload_type="Product Backlog Item", item_type="Task", follow_up_type="Task"
    )
    second = world.sync(many, settings=settings)
    assert second.applied == ()
    paths = [request.path.casefold() for request in world.state.requests]
    assert sum(path.endswith("/workitemsbatch") for path in paths) == 3
    assert sum(path.endswith("/wiql") for path in paths) == 1
    assert sum(path.endswith("/states") for path in paths) == 2
    assert len(paths) <= 3 + 2 + 5


def test_queries_are_partitioned(world: Any, many: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_read, "PAGE", 100)
    world.sync(many)
    world.state.requests.clear()
    again = world.sync(many)
    assert again.applied == ()
    queries = [r for r in world.state.requests if r.path.endswith("/wiql")]
    assert len(queries) == 5
    assert len({str(query.body) for query in queries}) == 5


def test_a_query_beyond_the_cap_is_refused_by_the_service_not_cut(world: Any) -> None:
    title = [{"op": "add", "path": "/fields/System.Title", "value": "x"}]
    made = world.state.create("Task", title, by="x")
    world.state.items.update(dict.fromkeys(range(2, 20_003), made))
    with pytest.raises(Exception, match="VS402337"):
        world.port().query_ids("SELECT [System.Id] FROM WorkItems", top=30_000)


def test_throttled_writes_arrive_once_each(make_world: Make, many: Any) -> None:
    world = make_world(retry_after_seconds=2)
    result = world.sync(many, workers=1)
    assert result.gaps == ()
    assert len(world.state.items) == 431
    assert world.writes() == 431, "waited for, none repeated"
    assert set(world.slept) == {2.0}


def test_429_is_waited_for_and_nothing_is_missing(world: Any, inventory: Make) -> None:
    world.state.faults.append(
        BoardsFault(
            kind="status",
            method="POST",
            path="/workitems/$",
            status=429,
            type_key="RequestBlockedException",
            retry_after_seconds=4,
            times=3,
        )
    )
    result = world.sync(inventory({"sql": "staged"}, {"payroll": ("sql",)}), workers=1)
    assert result.gaps == ()
    assert len(world.state.items) == 2
    assert sum(wait > 3.9 for wait in world.slept) == 3


class Lease:
    """Notes what happens to it, and may be held by somebody else."""

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.events: list[str] = []

    def acquire(self, vault_id: Any, *, run: str, now: Any) -> int:
        del run, now
        if self.held:
            raise LeaseHeldError("Another run writes to this project.")
        self.events.append(f"acquire {vault_id}")
        return 1

    def release(self, vault_id: Any) -> None:
        self.events.append(f"release {vault_id}")


def test_one_writer_per_project(world: Any, inventory: Make) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    with pytest.raises(LeaseHeldError):
        world.sync(estate, lease=Lease(held=True))
    assert world.state.requests == []
    lease = Lease()
    world.sync(estate, lease=lease, apply=False)
    assert lease.events == [], "a preview takes none"
    world.sync(estate, lease=lease)
    scope = "/azureDevOps/contoso/projects/Migration"
    assert lease.events == [f"acquire {scope}", f"release {scope}"]


def test_a_key_field_is_used_where_the_process_has_one(make_world: Make, inventory: Make) -> None:
    world = make_world(custom_fields=("Custom.StagingKey",))
    settings = BacklogSettings(key_field="Custom.StagingKey")
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate, settings=settings)
    item = world.titles()["sql: stage and release"]
    assert item.fields["Custom.StagingKey"].startswith("azst:")
    world.state.edit(item.id, System_Tags="finance")
    result = world.sync(estate, settings=settings)
    assert [c.field for c in result.conflicts] == ["tags"]
    assert len(world.state.items) == 2, "found by its field, although every tag is gone"


def test_markdown_is_left_alone(world: Any, inventory: Make) -> None:
    estate = inventory({"sql": "staged"}, {"payroll": ("sql",)})
    world.sync(estate)
    item = world.titles()["sql: stage and release"]
    body = {
        "id": item.id,
        "rev": item.rev,
        "fields": item.fields,
        "multilineFieldsFormat": {"System.Description": "markdown"},
    }
    assert parse_work_item(body).markdown
