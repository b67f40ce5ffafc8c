"""How fast a backlog is written for the first time, and how little a second look costs.

    python benchmarks/boards.py [items]

The emulator lets 50 writes a second through, then asks to wait on a 200 (Retry-After), as Boards
does. The first sync should take no longer than that bound plus 20 %; the second reads
ceil(n / 200) batches, one call per type and at most five more, and writes nothing.
"""

import math
import sys
import time
from datetime import datetime, timezone
from typing import Any

from azstaging.azure.boards import AzureBoards
from azstaging.azure.clouds import choose_cloud
from azstaging.emulator.server import Emulator
from azstaging.engine.sync import sync_boards
from azstaging.model.backlog import BacklogSettings
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.items import NO_FACTS, Collection, ReplicatedItem

WRITES_PER_SECOND = 50
VAULT = ResourceId(
    "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg-migrate"
    "/providers/Microsoft.RecoveryServices/vaults/vault-1"
)


def inventory_of(count: int) -> Inventory:
    """Return that many replicating items, without workloads: one work item each."""
    rows = []
    for number in range(count):
        name = f"vm-{number:05}"
        path = "/replicationFabrics/f/replicationProtectionContainers/c/replicationMigrationItems/"
        item = ReplicatedItem(
            id=ResourceId(f"{VAULT}{path}{name}"),
            name=name,
            provider="VMwareCbt",
            collection=Collection.MIGRATION_ITEMS,
            vault_id=VAULT,
        )
        rows.append(InventoryItem(item=item, facts=NO_FACTS, phase=Phase.REPLICATING))
    return Inventory(read_at=datetime.now(timezone.utc), items=tuple(rows))


def main() -> int:
    """Run both syncs and print what they took beside what they may take."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    inventory = inventory_of(count)
    settings = BacklogSettings(workload_type="User Story", item_type="Task", follow_up_type="Task")
    with Emulator() as azure:
        azure.boards.writes_per_second = WRITES_PER_SECOND
        cloud = choose_cloud(arm_endpoint=azure.url, boards_url=azure.url)
        project = azure.estate.boards
        token = azure.token("boards-writer")
        with AzureBoards(
            cloud,
            project.organization,
            project.project,
            environ={"AZSTAGING_TOKEN": token},
        ) as port:
            seconds, first = _timed(port, inventory, settings)
            sent = len(azure.boards.requests)
            again, second = _timed(port, inventory, settings)
            reads = len(azure.boards.requests) - sent
    bound = count / WRITES_PER_SECOND
    allowed = math.ceil(count / 200) + 1 + 5
    print(f"first   {seconds:7.1f} s   {len(first.applied)} written, bound {bound:.1f} s")
    print(f"second  {again:7.1f} s   {len(second.applied)} written, {reads} reads of {allowed}")
    late = f"the first sync took {seconds / bound - 1:.0%} more than the bound"
    targets = {
        f"{len(first.applied)} of {count} written": len(first.applied) == count,
        f"{len(first.gaps)} gaps": not first.gaps,
        late: seconds <= bound * 1.2,
        f"the second sync wrote {len(second.applied)}": not second.applied,
        f"the second sync sent {reads} requests, more than {allowed}": reads <= allowed,
    }
    missed = [f"missed: {text}" for text, held in targets.items() if not held]
    print("\n".join(missed) or "all targets met")
    return int(bool(missed))


def _timed(port: AzureBoards, inventory: Inventory, settings: BacklogSettings) -> tuple[float, Any]:
    started = time.perf_counter()
    result = sync_boards(port, inventory, settings=settings, at=inventory.read_at, apply=True)
    return time.perf_counter() - started, result


if __name__ == "__main__":
    sys.exit(main())
