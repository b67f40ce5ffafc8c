"""The sample estate over real sockets: what is healthy is quiet, what is odd shows."""

from collections import Counter
from datetime import datetime, timezone

import pytest

from azstaging.azure import connect
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.credentials import StaticCredential
from azstaging.emulator import Emulator
from azstaging.emulator.addresses import Addresses
from azstaging.engine.check import run_checks
from azstaging.engine.collect import collect
from azstaging.model.decisions import Policy
from azstaging.model.differences import Diff, DiffClass
from azstaging.model.findings import Findings, Outcome
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.waves import Scope, Wave
from azstaging.rules.diff import diff_inventory

# What the stories of the sample estate say is wrong with a machine.
SMALLER = "lab-01"
RENAMED = "time-web-01"
BROKEN_VM = "warehouse-app-01"
NOT_RUNNING = "mail-01"
TEST_LEFT, TEST_HIDDEN = "shop-web-01", "crm-app-01"
PAUSED, AGAIN = "personnel-01", "analytics-01"
PROVIDERS = ("VMwareCbt", "InMageRcm", "InMageAzureV2", "HyperVReplicaAzure", "A2A")


class Seen:
    """Inventory, diff and findings of the estate; rows by the machine's key."""

    def __init__(self, emulator: Emulator) -> None:
        cloud = choose_cloud(arm_endpoint=emulator.url)
        now = datetime.now(timezone.utc)
        with connect(cloud, StaticCredential(emulator.token("planner"))) as azure:
            self.inventory: Inventory = collect(azure, Scope(), Wave(), clock=lambda: now)
        self.diff: Diff = diff_inventory(self.inventory, at=now)
        self.findings: Findings = run_checks(
            self.inventory,
            self.diff,
            wave=Wave(),
            policy=Policy(required=("phase-staged",)),
            clock=lambda: now,
            run="run-1",
            baselines=frozenset(row.id.key for row in self.inventory),
        )
        ids = Addresses(emulator.estate)
        self.ids = {machine.key: ids.item(machine) for machine in emulator.estate.machines}

    def row(self, key: str) -> InventoryItem:
        found = self.inventory.find(self.ids[key])
        assert found is not None
        return found

    def suspicious(self, key: str) -> set[str]:
        rows = self.diff.for_item(self.ids[key])
        return {row.field for row in rows if row.cls is DiffClass.SUSPICIOUS}

    def failed(self, key: str) -> set[str]:
        findings = self.findings.for_item(self.ids[key])
        return {each.check for each in findings if each.outcome is Outcome.FAIL}


@pytest.fixture(scope="module")
def seen() -> Seen:
    with Emulator() as emulator:
        return Seen(emulator)


def test_healthy_machines_of_every_provider_are_quiet(seen: Seen) -> None:
    odd = {SMALLER, RENAMED, BROKEN_VM, NOT_RUNNING, TEST_LEFT, TEST_HIDDEN}
    odd_ids = {seen.row(key).id for key in odd}
    healthy = [
        row
        for row in seen.inventory
        if row.phase is Phase.STAGED and row.target is not None and row.id not in odd_ids
    ]
    assert Counter(row.item.provider for row in healthy).keys() == set(PROVIDERS)
    for row in healthy:
        mine = seen.diff.for_item(row.id)
        assert len(mine.where("suspicious")) == 0, row.name
        # Data disks arrive without caching: somebody decides about it, on every machine.
        assert {each.field for each in mine.where("act")} <= {"data_disk_caching"}, row.name
        bad = {f.check for f in seen.findings.for_item(row.id) if f.outcome is not Outcome.PASS}
        # Two providers do not name the source machine, so nobody knows whether it is off.
        assert bad <= {"source-off"}, (row.name, bad)


def test_only_the_smaller_machine_is_suspicious(seen: Seen) -> None:
    suspicious = {row.item_id for row in seen.diff if row.cls is DiffClass.SUSPICIOUS}
    assert suspicious == {seen.row(SMALLER).id}
    assert seen.suspicious(SMALLER) == {"size", "cores", "memory_mib"}
    assert seen.failed(SMALLER) == {"diff-clean", "target-placement"}


def test_the_renamed_machine_is_found_and_to_act_on(seen: Seen) -> None:
    rows = {row.field: row for row in seen.diff.for_item(seen.ids[RENAMED])}
    assert (rows["name"].cls, rows["name"].rule) == (DiffClass.ACT, "name.renamed")
    assert seen.failed(RENAMED) == set()


@pytest.mark.parametrize(
    ("key", "failed"),
    [
        (BROKEN_VM, {"phase-staged", "target-running"}),
        (NOT_RUNNING, {"target-running"}),
        (TEST_LEFT, {"test-migration-cleaned"}),
        (TEST_HIDDEN, {"test-migration-cleaned"}),
        (PAUSED, {"phase-staged", "target-running"}),
        (AGAIN, {"phase-staged"}),
    ],
)
def test_each_story_fails_the_checks_that_it_is_about(
    seen: Seen, key: str, failed: set[str]
) -> None:
    assert seen.failed(key) == failed


def test_azure_local_is_judged_on_nothing_that_nobody_can_read(seen: Seen) -> None:
    local = [row for row in seen.inventory if "AzStackHCI" in row.item.provider]
    assert len(local) == 3
    for row in local:
        assert {each.cls for each in seen.diff.for_item(row.id)} == {DiffClass.UNKNOWN}
        outcome = {f.check: f.outcome for f in seen.findings.for_item(row.id)}
        assert outcome["target-running"] is Outcome.INCONCLUSIVE
        assert outcome["diff-clean"] is Outcome.INCONCLUSIVE
