"""The emulator answers with the keys, status and headers of the recorded service.

Two directions: every key of a recorded body is in ours, and ours has no key that neither a
recording nor the published description has.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azstaging.emulator import SOURCES

pytestmark = pytest.mark.corpus
Recorded = Callable[[str, int], dict[str, Any]]
Client = Any
Shapes = Any

CBT = "az.migrate.Get-AzMigrateServerReplication.2022-09"
CBT_STOP = "az.migrate.Remove-AzMigrateServerReplication.2025-11"
LOCAL = "az.migrate.Get-AzMigrateLocalServerReplication.2025-02"


@pytest.fixture(scope="session")
def site_recovery(corpus: Path, shapes: Shapes) -> Any:
    return shapes.Description(
        corpus / "openapi" / "recoveryservicessiterecovery" / "2024-04-01" / "service.json"
    )


def vault(client: Client, name: str) -> str:
    ids = client.emulator.state.scene.ids
    return ids.vault(ids.vaults[name])


def item(client: Client, key: str) -> dict[str, Any]:
    return client.json(client.emulator.state.item_id(key))


# --- migration items -------------------------------------------------------------------------


def test_a_migration_item_has_every_recorded_key(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    ours = item(azure, "pay-web-01")
    assert shapes.absent(recorded(CBT_STOP, 3)["body"], ours) == set()
    assert shapes.absent(recorded(CBT, 3)["body"], ours) == set()


def test_a_migration_item_has_no_key_of_its_own(
    azure: Client, recorded: Recorded, site_recovery: Any, shapes: Shapes
) -> None:
    known = site_recovery.paths("MigrationItem")
    known |= shapes.paths(recorded(CBT_STOP, 3)["body"]) | shapes.paths(
        recorded(CBT, 2)["body"]["value"][0]
    )
    for key in ("pay-web-01", "analytics-01", "personnel-01", "shop-web-01"):
        assert shapes.paths(item(azure, key)) - known == set()


def test_the_list_leaves_out_what_the_recorded_list_leaves_out(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    theirs = recorded(CBT, 2)["body"]
    ours = azure.json(vault(azure, "vlt-agentless") + "/replicationMigrationItems")
    assert ours.keys() == theirs.keys()
    assert ours["nextLink"] is theirs["nextLink"] is None
    never = {row["properties"]["lastMigrationStatus"] is None for row in theirs["value"]}
    assert never == {True, False}
    for row in ours["value"]:
        # Where a machine was never migrated the recorded rows have no time either.
        migrated = row["properties"]["lastMigrationStatus"] is not None
        like = next(
            r
            for r in theirs["value"]
            if (r["properties"]["lastMigrationStatus"] is not None) == migrated
        )
        assert shapes.absent(like, row) == set()
        assert ("lastMigrationTime" in row["properties"]) == migrated
        details = row["properties"]["providerSpecificDetails"]
        assert (details["protectedDisks"], details["vmNics"]) == ([], [])
        assert details["seedDiskTags"] == {}
    one = item(azure, "pay-web-01")["properties"]["providerSpecificDetails"]
    assert one["protectedDisks"]
    assert one["seedDiskTags"] is None


def test_a_migrated_item_says_what_a_recorded_one_says(azure: Client, recorded: Recorded) -> None:
    theirs = recorded(CBT_STOP, 3)["body"]["properties"]
    ours = item(azure, "pay-web-01")["properties"]
    words = (
        "replicationStatus migrationState migrationStateDescription lastMigrationStatus "
        "testMigrateState health healthErrors allowedOperations criticalJobHistory"
    )
    for word in words.split():
        assert ours[word] == theirs[word], word
    assert ours["currentJob"]["jobName"] == theirs["currentJob"]["jobName"]
    assert ours["currentJob"]["startTime"] == theirs["currentJob"]["startTime"]


def test_an_item_that_replicates_again_keeps_its_last_migration(
    azure: Client, recorded: Recorded
) -> None:
    theirs = recorded(CBT, 2)["body"]["value"][0]["properties"]
    ours = item(azure, "analytics-01")["properties"]
    for word in ("migrationState", "lastMigrationStatus", "replicationStatus", "health"):
        assert ours[word] == theirs[word]
    assert ours["providerSpecificDetails"]["migrationRecoveryPointId"]
    assert "lastMigrationTime" in ours


# --- protected items -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "recording", "seq"),
    [
        ("archive-01", "cli.siterecovery_A2A", 122),
        ("archive-02", "cli.siterecovery_A2A", 74),
        ("monitor-01", "cli.siterecovery_H2A_B2A_selfcreated", 27),
    ],
)
def test_a_protected_item_has_every_recorded_key(
    azure: Client, recorded: Recorded, key: str, recording: str, seq: int, shapes: Shapes
) -> None:
    assert shapes.absent(recorded(recording, seq)["body"], item(azure, key)) == set()


# Names of 2016-08-10 that are gone or spelt otherwise since.
_RENAMED = {
    ".properties.replicationHealthErrors": ".properties.healthErrors",
    ".properties.failoverHealthErrors": ".properties.healthErrors",
    **{
        f".properties.providerSpecificDetails.{old}": f".properties.providerSpecificDetails.{new}"
        for old, new in {
            "sourceVmCPUCount": "sourceVmCpuCount",
            "sourceVmRAMSizeInMB": "sourceVmRamSizeInMB",
            "enableRDPOnTargetOption": "enableRdpOnTargetOption",
            "vmNics[].vMSubnetName": "vmNics[].ipConfigs[].subnetName",
            "vmNics[].recoveryVMSubnetName": "vmNics[].ipConfigs[].recoverySubnetName",
            "vmNics[].ipAddressType": "vmNics[].ipConfigs[].ipAddressType",
            "vmNics[].primaryNicStaticIPAddress": "vmNics[].ipConfigs[].staticIPAddress",
            "vmNics[].replicaNicStaticIPAddress": "vmNics[].ipConfigs[].recoveryStaticIPAddress",
            "vmNics[].recoveryNicIpAddressType": "vmNics[].ipConfigs[].recoveryIPAddressType",
        }.items()
    },
}


def test_a_classic_agent_item_has_every_recorded_key_or_its_new_name(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    ours = item(azure, "ticket-db-01")
    missing = shapes.absent(recorded("ps2018.V2A_UpdateItem", 14)["body"], ours)
    assert {_RENAMED.get(path, path) for path in missing} - shapes.paths(ours) == set()


def test_an_agent_item_has_every_documented_key(azure: Client, site_recovery: Any) -> None:
    details = item(azure, "print-01")["properties"]["providerSpecificDetails"]
    documented = site_recovery.keys("InMageRcmReplicationDetails")
    assert documented - details.keys() == set()
    disks = site_recovery.keys("InMageRcmProtectedDiskDetails")
    assert disks - details["protectedDisks"][0].keys() == set()
    assert site_recovery.keys("InMageRcmNicDetails") - details["vmNics"][0].keys() == set()


@pytest.mark.parametrize("key", ["archive-01", "monitor-01", "print-01", "print-02", "wiki-01"])
def test_a_protected_item_has_no_key_of_its_own(
    azure: Client, recorded: Recorded, site_recovery: Any, key: str, shapes: Shapes
) -> None:
    known = site_recovery.paths("ReplicationProtectedItem")
    known |= shapes.paths(recorded("cli.siterecovery_A2A", 122)["body"])
    known |= shapes.paths(recorded("cli.siterecovery_H2A_B2A_selfcreated", 27)["body"])
    assert shapes.paths(item(azure, key)) - known == set()


def test_azure_local_items_have_every_recorded_key(
    azure: Client, recorded: Recorded, corpus: Path, shapes: Shapes
) -> None:
    document = corpus / "openapi" / "datareplication" / "2021-02-16-preview"
    known = shapes.Description(document / "recoveryservicesdatareplication.json").paths(
        "ProtectedItemModel"
    )
    theirs = recorded(LOCAL, 1)["body"]
    known |= shapes.paths(theirs)
    for key in ("plant-01", "plant-hist-01"):
        ours = item(azure, key)
        assert shapes.absent(theirs, ours) == set()
        assert shapes.paths(ours) - known == set()


# --- answers to a change ---------------------------------------------------------------------


def _path_shape(url: str) -> list[str]:
    """Return the fixed words of an operation URL, names and the version left out."""
    path, _, query = url.partition("://")[2].partition("/")[2].partition("?")
    return [*path.split("/")[::2], *sorted(part.partition("=")[0] for part in query.split("&"))]


def test_an_accepted_stop_answers_as_recorded(azure: Client, recorded: Recorded) -> None:
    theirs = recorded(CBT_STOP, 4)
    ours = azure.stop("pay-web-01")
    assert (ours.status_code, ours.content) == (theirs["status"], b"")
    names = {name.lower() for name in ours.headers}
    assert theirs["headers"].keys() - names == set()
    for name in ("location", "azure-asyncoperation"):
        assert _path_shape(ours.headers[name]) == _path_shape(theirs["headers"][name])
    assert "/Subscriptions/" in ours.headers["location"]
    assert re.fullmatch(
        r"[0-9a-f-]{36} \d+/\d+/\d{4} \d+:\d\d:\d\d [AP]M", ours.headers["x-ms-request-id"]
    )


def test_an_accepted_removal_answers_as_recorded(azure: Client, recorded: Recorded) -> None:
    theirs = recorded("cli.siterecovery_H2A_B2A_selfcreated", 88)
    ours = azure.stop("monitor-01")
    assert (ours.status_code, ours.content) == (theirs["status"], b"")
    assert theirs["headers"].keys() - {name.lower() for name in ours.headers} == set()
    fixed = _path_shape(theirs["headers"]["location"])
    # Older recordings are not signed yet.
    assert [word for word in _path_shape(ours.headers["location"]) if len(word) > 1] == fixed


def test_a_stop_job_has_the_recorded_shape(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    job = azure.stop("pay-web-01").headers["location"].partition("?")[0].rpartition("/")[2]
    path = f"{vault(azure, 'vlt-agentless')}/replicationJobs/{job}"
    theirs = recorded(CBT_STOP, 5)
    ours = azure.get(path)
    assert ours.json().keys() == theirs["body"].keys()
    assert shapes.paths(ours.json()) == shapes.paths(theirs["body"])
    affected = "affectedObjectDetails"
    assert (
        ours.json()["properties"]["customDetails"][affected].keys()
        == theirs["body"]["properties"]["customDetails"][affected].keys()
    )
    for word in ("scenarioName", "friendlyName", "targetInstanceType", "allowedActions"):
        assert ours.json()["properties"][word] == theirs["body"]["properties"][word]
    assert "/replicationJobs/" in ours.headers["x-ms-request-id"]


def test_a_removal_job_has_the_recorded_tasks(azure: Client, recorded: Recorded) -> None:
    job = azure.stop("print-01").headers["location"].partition("?")[0].rpartition("/")[2]
    ours = azure.json(f"{vault(azure, 'vlt-agents')}/replicationJobs/{job}")["properties"]
    theirs = recorded("ps2018.E2E_DisableDR", 12)["body"]["properties"]
    assert ours["scenarioName"] == theirs["scenarioName"] == "DisableDr"
    assert [t["taskId"] for t in ours["tasks"]] == [t["taskId"] for t in theirs["tasks"]]


def test_a_job_row_of_the_list_is_as_bare_as_recorded(azure: Client, recorded: Recorded) -> None:
    azure.stop("pay-web-01")
    ours = azure.json(f"{vault(azure, 'vlt-agentless')}/replicationJobs")
    theirs = recorded("cli.siterecovery_vault", 28)["body"]
    assert ours.keys() == theirs.keys()
    row, theirs_row = ours["value"][0], theirs["value"][0]
    assert row.keys() == theirs_row.keys()
    # A running job has no end yet.
    assert theirs_row["properties"].keys() - row["properties"].keys() == {"endTime"}
    for bare in ("activityId", "tasks", "customDetails"):
        assert row["properties"][bare] == theirs_row["properties"][bare]


def test_the_operation_status_has_the_recorded_keys(azure: Client, recorded: Recorded) -> None:
    status = azure.stop("pay-web-01").headers["Azure-AsyncOperation"]
    assert azure.json(status).keys() == recorded("cli.siterecovery_A2A", 2)["body"].keys()


# --- two kinds of 404, and others ------------------------------------------------------------


def test_arms_own_404_is_as_recorded(azure: Client, recorded: Recorded, shapes: Shapes) -> None:
    theirs = recorded("cli.siterecovery_vault", 1)
    ours = azure.get(vault(azure, "vlt-agentless") + "-gone")
    assert ours.status_code == theirs["status"]
    assert shapes.paths(ours.json()) == shapes.paths(theirs["body"])
    assert ours.json()["error"]["code"] == theirs["body"]["error"]["code"]
    assert ours.headers["content-type"] == theirs["headers"]["content-type"]
    assert ours.headers["x-ms-failure-cause"] == "gateway"


def test_the_providers_404_has_the_recorded_envelope(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    # Site Recovery's errors have one envelope; a 400 of it is what was recorded.
    theirs = recorded("ps2018.B2A_Reprotect", 13)
    ours = azure.get(azure.emulator.state.item_id("pay-web-01") + "x")
    assert ours.status_code == 404
    assert shapes.paths(ours.json()) == shapes.paths(theirs["body"])
    assert ours.json()["error"]["details"][0]["code"] == "ArmResourceDoesNotExist"
    assert ours.headers["content-type"] == theirs["headers"]["content-type"]
    assert "x-ms-failure-cause" not in ours.headers


def test_offazures_404_is_as_recorded(azure: Client, recorded: Recorded, shapes: Shapes) -> None:
    theirs = recorded("cli.offazure", 14)
    state = azure.emulator.state
    ours = azure.get(state.scene.ids.source(state.machine("pay-web-01")) + "x")
    assert ours.status_code == theirs["status"]
    assert shapes.paths(ours.json()) == shapes.paths(theirs["body"])
    assert ours.json()["error"]["code"] == theirs["body"]["error"]["code"]


def test_reads_carry_the_recorded_headers(azure: Client, recorded: Recorded) -> None:
    item_id = azure.emulator.state.item_id("pay-web-01")
    list_path = vault(azure, "vlt-agentless") + "/replicationMigrationItems"
    for ours, theirs in ((item_id, recorded(CBT, 3)), (list_path, recorded(CBT, 2))):
        answer = azure.get(ours)
        assert answer.status_code == theirs["status"]
        assert theirs["headers"].keys() - {name.lower() for name in answer.headers} == set()
        assert answer.headers["content-type"] == theirs["headers"]["content-type"]
    local = azure.get(azure.emulator.state.item_id("plant-01"))
    theirs = recorded(LOCAL, 1)["headers"]
    assert theirs.keys() - {name.lower() for name in local.headers} == set()
    assert "x-ms-ratelimit-remaining-subscription-reads" not in local.headers


# --- targets and sources ---------------------------------------------------------------------

# A migrated VM was made from attached disks: no image, no OS profile.
_MADE_FROM_AN_IMAGE = {
    ".properties.osProfile",
    ".properties.storageProfile.imageReference",
    ".properties.creationData.imageReference",
}


def test_target_machines_have_the_recorded_keys(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    state = azure.emulator.state
    machine = state.machine("pay-web-01")
    ids = state.scene.ids
    vm = azure.json(f"{ids.vm(machine)}?$expand=instanceView")
    disk, nic = azure.json(ids.disk(machine, 0)), azure.json(ids.nic(machine))
    for seq, ours in ((29, vm), (80, disk), (30, nic)):
        theirs = recorded("cli.compute_vm_multi_nic", seq)["body"]
        assert shapes.absent(theirs, ours) <= _MADE_FROM_AN_IMAGE
    view = vm["properties"]["instanceView"]
    theirs_view = recorded("cli.compute_vm_multi_nic", 29)["body"]["properties"]["instanceView"]
    assert shapes.absent(theirs_view, view) == set()


def test_sizes_have_the_recorded_keys(azure: Client, recorded: Recorded) -> None:
    subscription = azure.emulator.estate.subscriptions[0].id
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/westeurope/vmSizes"
    theirs = recorded("cli.siterecovery_eligibility", 6)["body"]
    ours = azure.json(path)
    assert ours.keys() == theirs.keys()
    assert ours["value"][0].keys() == theirs["value"][0].keys()


def test_a_discovered_machine_has_the_recorded_keys(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    state = azure.emulator.state
    path = state.scene.ids.source(state.machine("pay-web-01"))
    theirs = recorded("az.migrate.New-AzMigrateServerReplication.2025-11", 1)["body"]
    ours = azure.json(f"{path}?api-version=2020-01-01")
    assert shapes.absent(theirs, ours) == set()
    assert shapes.paths(ours) - shapes.paths(theirs) == set()


def test_newer_api_versions_spell_memory_otherwise(
    azure: Client, corpus: Path, shapes: Shapes
) -> None:
    state = azure.emulator.state
    path = state.scene.ids.source(state.machine("pay-web-01"))
    new = azure.json(f"{path}?api-version=2023-06-06")["properties"]
    description = shapes.Description(
        corpus / "openapi" / "offazure" / "2023-06-06" / "migrate.json"
    )
    assert {"allocatedMemoryInMb", "guestOsDetails", "vCenterFqdn"} <= new.keys()
    assert "allocatedMemoryInMb" in description.keys("VmwareMachineProperties")
    assert "allocatedMemoryInMB" not in new


def test_vaults_projects_and_solutions_have_the_recorded_keys(
    azure: Client, recorded: Recorded, shapes: Shapes
) -> None:
    ours = azure.json(vault(azure, "vlt-agentless"))
    assert shapes.absent(recorded("cli.siterecovery_vault", 5)["body"], ours) == set()
    ids = azure.emulator.state.scene.ids
    project = ids.project(azure.emulator.estate.projects[0])
    theirs = recorded("az.migrate.Get-AzMigrateProject.2022-09", 1)["body"]
    assert shapes.absent(theirs, azure.json(project)) == set()
    theirs = recorded(CBT, 1)["body"]
    solution = azure.json(f"{project}/solutions/Servers-Migration-ServerMigration")
    assert shapes.absent(theirs, solution) == set()
    linked = solution["properties"]["details"]["extendedDetails"]["vaultId"]
    assert linked == vault(azure, "vlt-agentless")


def test_resource_graph_answers_with_the_recorded_keys(azure: Client, recorded: Recorded) -> None:
    url = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    good = azure.send("POST", url, json={"query": "Resources | project id, tags, properties"})
    theirs = recorded("cli.resourcegraph_query", 1)
    assert good.status_code == theirs["status"]
    assert good.json().keys() == theirs["body"].keys()
    assert good.json()["data"][0].keys() == theirs["body"]["data"][0].keys()
    bad = azure.send("POST", url, json={"query": "nonsense"})
    theirs = recorded("cli.resourcegraph_query_error", 1)
    assert bad.status_code == theirs["status"] == 400
    assert [d["code"] for d in bad.json()["error"]["details"]] == [
        d["code"] for d in theirs["body"]["error"]["details"]
    ]


def test_every_behaviour_states_its_source() -> None:
    assert {source.basis for source in SOURCES} == {"recorded", "documented", "guessed"}
    assert len({source.behaviour for source in SOURCES}) == len(SOURCES) > 40
