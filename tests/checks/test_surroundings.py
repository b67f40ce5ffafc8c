"""What is read around targets: backups over real sockets, and what happens when they are not."""

from datetime import datetime, timedelta, timezone

import pytest

from azstaging.azure import connect
from azstaging.azure.clouds import choose_cloud
from azstaging.azure.connection import AzureConnection
from azstaging.azure.credentials import StaticCredential
from azstaging.checks import ITEM_CHECKS, item_checks
from azstaging.emulator import Emulator
from azstaging.emulator.addresses import Addresses
from azstaging.engine.check import run_checks
from azstaging.engine.collect import collect
from azstaging.engine.surroundings import read_surroundings
from azstaging.errors import ServiceError
from azstaging.model.decisions import Policy
from azstaging.model.findings import Outcome
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory
from azstaging.model.waves import Scope, Wave
from azstaging.rules.diff import diff_inventory

NOW = datetime.now(timezone.utc)
ASKED = Policy(required=("phase-staged",), advisory=("backup-item",))
BACKED_UP, NOT_BACKED_UP = "time-web-01", "lab-01"


def read(azure: AzureConnection) -> Inventory:
    return collect(azure, Scope(), Wave(), clock=lambda: NOW)


def outcomes(azure: AzureConnection, inventory: Inventory, policy: Policy = ASKED):
    findings = run_checks(
        inventory,
        diff_inventory(inventory, at=NOW),
        wave=Wave(),
        policy=policy,
        clock=lambda: NOW,
        run="run-1",
        around=read_surroundings(azure, inventory, policy, clock=lambda: NOW),
    )
    return {f.subject.id: f for f in findings if f.check == "backup-item"}


@pytest.fixture
def emulator():
    with Emulator() as running:
        yield running


def test_a_backup_with_a_recent_point_passes_and_a_machine_without_one_fails(
    emulator: Emulator,
) -> None:
    ids = {m.key: Addresses(emulator.estate).item(m) for m in emulator.estate.machines}
    cloud = choose_cloud(arm_endpoint=emulator.url)
    with connect(cloud, StaticCredential(emulator.token("planner"))) as azure:
        inventory = read(azure)
        row = inventory.find(ids[BACKED_UP])
        assert row is not None
        assert row.target is not None
        (vault, *_) = azure.list_vaults(row.target.id.subscription_id or "")
        emulator.state.back_up(vault["id"], str(row.target.id).upper(), NOW - timedelta(hours=3))
        before = len(emulator.requests)
        found = outcomes(azure, inventory)
        lists = [r.path for r in emulator.requests[before:] if "backupProtectedItems" in r.path]
        queries = {r.query for r in emulator.requests[before:] if "backupProtectedItems" in r.path}
    assert found[row.id.key].outcome is Outcome.PASS
    bare = inventory.find(ids[NOT_BACKED_UP])
    assert bare is not None
    assert found[bare.id.key].outcome is not Outcome.PASS
    # One list per vault, however many machines there are.
    assert lists
    assert len(lists) == len(set(lists))
    assert all("AzureIaasVM" in query for query in queries)


def test_nothing_more_is_read_unless_the_policy_asks(emulator: Emulator) -> None:
    cloud = choose_cloud(arm_endpoint=emulator.url)
    with connect(cloud, StaticCredential(emulator.token("planner"))) as azure:
        inventory = read(azure)
        before = len(emulator.requests)
        policy = Policy(required=("phase-staged",))
        assert outcomes(azure, inventory, policy) == {}
        assert len(emulator.requests) == before


class Refusing:
    """Lists vaults, and nothing in them; or not even those."""

    def __init__(self, *, lists: bool) -> None:
        self.lists = lists

    def list_vaults(self, subscription_id: str) -> list[dict[str, str]]:
        if not self.lists:
            raise ServiceError("no")
        group = f"/subscriptions/{subscription_id}/resourceGroups/rg"
        return [{"id": f"{group}/providers/Microsoft.RecoveryServices/vaults/rsv-backup"}]

    def list_backup_items(self, vault: ResourceId) -> list[dict[str, str]]:
        raise ServiceError(f"{vault} is not read")


@pytest.mark.parametrize(
    ("azure", "problem"),
    [
        (Refusing(lists=True), "the backup items of rsv-backup could not be read: ServiceError"),
        (Refusing(lists=False), "the vaults could not be listed: ServiceError"),
    ],
    ids=["items", "vaults"],
)
def test_what_could_not_be_read_is_no_machine_without_a_backup(rows, azure, problem) -> None:
    row = rows()
    around = read_surroundings(azure, [row], ASKED, clock=lambda: NOW)[row.id.key]
    assert around.backups is None
    assert around.backups_problem == problem


def test_an_azure_that_cannot_read_backups_reads_nothing(rows) -> None:
    assert read_surroundings(object(), [rows()], ASKED, clock=lambda: NOW) == {}


def test_checks_on_request_run_where_they_are_listed() -> None:
    usual = {check.id for check in item_checks(Policy(required=("phase-staged",)))}
    on_request = {check.id for check in ITEM_CHECKS if check.on_request}
    assert on_request == {each.id for each in ITEM_CHECKS} - usual
    assert "backup-item" in on_request
    listed = Policy(required=("encryption",), advisory=("backup-item",))
    assert {check.id for check in item_checks(listed)} == usual | {"encryption", "backup-item"}
