"""The official clients run on our pipeline, unchanged; Resource Graph, jobs and Migrate beside."""

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient

from azstaging.azure.migrate import sites_of, vaults_of
from azstaging.errors import ConfigurationError, ServiceError, UnexpectedResponseError
from azstaging.model.ids import ResourceId

VAULT = ResourceId(
    "/subscriptions/s1/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v1"
)
LOCAL = ResourceId(
    "/subscriptions/s1/resourceGroups/g/providers/Microsoft.DataReplication/replicationVaults/v1"
)
SINCE = datetime(2026, 11, 23, 10, 0, tzinfo=timezone.utc)


def test_the_clients_share_the_sessions_pipeline(connection: Any, session: Any) -> None:
    for part in (connection.site_recovery, connection.resources):
        client = part.client("s1")
        assert client._client._pipeline is session.pipeline
        assert part.client("s1") is client
        assert part.client("s2") is not client


def test_the_client_takes_a_policy_list_unchanged(session: Any) -> None:
    client = SiteRecoveryManagementClient(
        session.credential, "s1", policies=session.policies, transport=session._transport
    )
    assert client._client._pipeline._impl_policies == session.policies


def test_a_read_of_the_official_client_needs_our_session(arm: Any, connection: Any) -> None:
    client = connection.site_recovery.client("s1")
    with pytest.raises(ConfigurationError, match="did not come from a session"):
        list(client.replication_protected_items.list("g", "v1"))
    assert arm.requests == []


def job(name: str, started: str | None) -> dict[str, Any]:
    return {"id": f"{VAULT}/replicationJobs/{name}", "properties": {"startTime": started}}


@pytest.mark.parametrize("vault", [VAULT, LOCAL], ids=["site recovery", "azure local"])
def test_jobs_since_a_time(arm: Any, connection: Any, vault: ResourceId) -> None:
    jobs = [
        job("old", "2026-11-23T09:59:59.9999999Z"),
        job("new", "2026-11-23T10:00:00.0000000Z"),
        job("no time", None),
        job("sentinel", "0001-01-01T00:00:00"),
        {"id": "/odd", "properties": None},
    ]
    arm.says({"value": jobs})
    found = connection.list_jobs(vault, SINCE)
    assert [row["id"].rpartition("/")[2] for row in found] == ["new", "no time", "sentinel", "odd"]


def test_a_job_list_that_may_be_cut_is_asked_for_the_time_only(arm: Any, connection: Any) -> None:
    full = [job(f"j{n}", "2026-11-23T11:00:00Z") for n in range(200)]
    arm.says({"value": full}, {"value": full[:3]})
    assert len(connection.list_jobs(VAULT, SINCE)) == 3
    assert "StartTime%20eq%20%272026-11-23T10%3A00%3A00.000Z%27" in arm.requests[1].path


def test_a_job_list_that_stays_cut_is_an_error(arm: Any, connection: Any) -> None:
    arm.says({"value": [job(f"j{n}", "2026-11-23T11:00:00Z") for n in range(200)]})
    with pytest.raises(UnexpectedResponseError, match="may have cut"):
        connection.list_jobs(VAULT, SINCE)


def test_a_full_job_list_that_reaches_back_is_whole(arm: Any, connection: Any) -> None:
    jobs = [job(f"j{n}", "2026-11-23T11:00:00Z") for n in range(200)]
    arm.says({"value": [*jobs, job("old", "2026-11-01T00:00:00Z")]})
    assert len(connection.list_jobs(VAULT, SINCE)) == 200
    assert len(arm.requests) == 1


def test_a_full_job_list_in_no_order_is_not_believed(arm: Any, connection: Any) -> None:
    jobs = [job(f"j{n}", "2026-11-23T11:00:00Z") for n in range(200)]
    arm.says({"value": [job("old", "2026-11-01T00:00:00Z"), *jobs]}, {"value": jobs[:2]})
    assert len(connection.list_jobs(VAULT, SINCE)) == 2
    assert len(arm.requests) == 2


@pytest.mark.parametrize(
    ("vault", "path"),
    [(VAULT, f"{VAULT}/replicationJobs/j1"), (LOCAL, f"{LOCAL}/jobs/j1")],
    ids=["site recovery", "azure local"],
)
def test_one_job(arm: Any, connection: Any, vault: ResourceId, path: str) -> None:
    arm.says({"id": path})
    assert connection.get_job(vault, "j1") == {"id": path}
    assert arm.requests[0].path.startswith(f"{path}?")
    with pytest.raises(ConfigurationError):
        connection.get_job(vault, "../x")


def graph(data: Any, **more: Any) -> dict[str, Any]:
    return {"data": data, "resultTruncated": "false", **more}


def test_resource_graph_reads_all_pages(arm: Any, connection: Any) -> None:
    arm.says(
        graph([{"id": "/a"}], totalRecords=2, **{"$skipToken": "t1"}),
        graph([{"id": "/b"}], totalRecords=2),
    )
    rows = connection.resource_graph.query("resources | order by id", ["s1"])
    assert rows == [{"id": "/a"}, {"id": "/b"}]
    bodies = [json.loads(seen.body) for seen in arm.requests]
    assert [seen.method for seen in arm.requests] == ["POST", "POST"]
    assert bodies[0]["subscriptions"] == ["s1"]
    assert "$skipToken" not in bodies[0]["options"]
    assert bodies[1]["options"]["$skipToken"] == "t1"


def test_a_query_is_repeated_like_a_read(arm: Any, connection: Any) -> None:
    arm.says((503, {}), graph([]))
    assert connection.resource_graph.query("resources", ["s1"]) == []
    assert connection.counts == {"query": 2, "repeated": 1}


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"data": None},
        {"data": {"rows": []}},
        {"data": ["x"]},
        {"data": [], "resultTruncated": "true"},
        {"data": [{"id": "/a"}], "totalRecords": 2},
    ],
)
def test_a_result_that_is_cut_is_an_error(arm: Any, connection: Any, page: Any) -> None:
    arm.says(page)
    with pytest.raises(UnexpectedResponseError):
        connection.resource_graph.query("resources", ["s1"])


def test_a_token_that_comes_twice_is_an_error(arm: Any, connection: Any) -> None:
    arm.says(graph([{"id": "/a"}], **{"$skipToken": "t"}))
    with pytest.raises(UnexpectedResponseError, match="used already"):
        connection.resource_graph.query("resources", ["s1"])
    assert len(arm.requests) == 2


def test_a_wrong_query_says_so(arm: Any, connection: Any) -> None:
    arm.says((400, {"error": {"code": "BadRequest", "message": "Parser failure"}}))
    with pytest.raises(ServiceError, match="Parser failure"):
        connection.resource_graph.query("resources |", ["s1"])
    assert len(arm.requests) == 1


def test_ids_travel_as_a_literal(arm: Any, connection: Any) -> None:
    ids = [ResourceId(f"/subscriptions/S1/resourceGroups/g/providers/X.Y/z/ü{n}") for n in (2, 1)]
    arm.says(graph([]))
    assert connection.resource_graph.find_by_id(ids) == []
    body = json.loads(arm.requests[0].body)
    assert body["subscriptions"] == ["S1"]
    assert 'dynamic(["/subscriptions/s1/resourcegroups/g/providers/x.y/z/\\u00fc1"' in body["query"]
    with pytest.raises(ConfigurationError):
        connection.resource_graph.find_by_id([ResourceId('/subscriptions/s/x"]) or true')])
    assert connection.resource_graph.find_by_id([]) == []
    assert len(arm.requests) == 1


def test_many_subscriptions_are_asked_in_groups(arm: Any, connection: Any) -> None:
    arm.says(graph([{"id": "/a"}]))
    rows = connection.resource_graph.list_candidates([f"s{n}" for n in range(260)])
    assert len(rows) == 2
    assert len(arm.requests) == 2


def solution(name: str, details: dict[str, Any] | None) -> dict[str, Any]:
    return {"name": name, "properties": {"details": {"extendedDetails": details}}}


def test_the_solutions_of_a_project_lead_to_vaults_and_sites() -> None:
    site = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OffAzure/VMwareSites/a"
    solutions = [
        solution("Servers-Migration-ServerMigration", {"vaultId": VAULT.text}),
        solution("servers-migration-servermigration_datareplication", {"vaultId": LOCAL.text}),
        solution("Servers-Assessment-ServerAssessment", {"vaultId": "/not/this"}),
        solution(
            "Servers-Discovery-ServerDiscovery",
            {
                "applianceNameToSiteIdMapV2": f'[{{"SiteId": "{site}"}}]',
                "applianceNameToSiteIdMapV3": f'{{"app": {{"SiteId": "{site.upper()}"}}}}',
            },
        ),
        solution("Servers-Discovery-ServerDiscovery", None),
        solution("Servers-Discovery-ServerDiscovery", {"applianceNameToSiteIdMapV2": "{torn"}),
        {"name": None},
    ]
    assert vaults_of(solutions) == (VAULT, LOCAL)
    assert sites_of(solutions) == (ResourceId(site),)


def test_the_skus_of_a_location(arm: Any, connection: Any) -> None:
    arm.says({"value": []})
    assert connection.resources.list_skus("s1", "West Europe") == []
    assert "location%20eq%20%27westeurope%27" in arm.requests[0].path
    with pytest.raises(ConfigurationError):
        connection.resources.list_skus("s1", "x' or '1'='1")


def test_what_azstaging_does_not_read(arm: Any, connection: Any) -> None:
    id = ResourceId("/subscriptions/s1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/k")  # noqa: A001
    with pytest.raises(ConfigurationError, match="not read by azstaging"):
        connection.get_resource(id)
    assert arm.requests == []
