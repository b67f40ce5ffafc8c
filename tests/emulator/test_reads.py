"""Reads: pages lose nothing, paths have no case, and every refusal has ARM's words."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

Client = Any


def subscription(client: Client, number: int = 0) -> str:
    return f"/subscriptions/{client.emulator.estate.subscriptions[number].id}"


def vault(client: Client, name: str) -> str:
    ids = client.emulator.state.scene.ids
    return ids.vault(ids.vaults[name])


LISTS = {
    "migration items": "vlt-agentless/replicationMigrationItems",
    "protected items": "vlt-agents/replicationProtectedItems",
    "local items": "drv-azlocal/protectedItems",
}


@given(size=st.integers(1, 40), name=st.sampled_from(sorted(LISTS)))
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_page_size_loses_an_item(azure: Client, size: int, name: str) -> None:
    where, _, collection = LISTS[name].partition("/")
    azure.emulator.app.arm.page_size = size
    found = [row["id"] for row in azure.rows(f"{vault(azure, where)}/{collection}")]
    state = azure.emulator.state
    wanted = [state.item_id(m.key) for m in azure.emulator.estate.machines if m.vault == where]
    assert sorted(found) == sorted(wanted)


@given(size=st.integers(1, 12), stops=st.sets(st.integers(0, 22), max_size=6))
@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_vanishes_between_two_pages_takes_nothing_with_it(
    azure: Client, size: int, stops: set[int]
) -> None:
    azure.emulator.reset()
    azure.emulator.app.arm.page_size = size
    path = f"{vault(azure, 'vlt-agentless')}/replicationMigrationItems"
    keys = [m.key for m in azure.emulator.estate.machines if m.vault == "vlt-agentless"]
    gone = {azure.emulator.state.item_id(keys[number]) for number in stops}
    first = azure.json(path)
    for item_id in gone:
        azure.emulator.state.remove(item_id)
    rows = first["value"] + (azure.rows(first["nextLink"]) if first["nextLink"] else [])
    found = {row["id"] for row in rows}
    assert {azure.emulator.state.item_id(key) for key in keys} - gone <= found
    assert len(rows) == len(found)


def test_every_list_is_paged(run: Callable[..., Client]) -> None:
    azure = run(page_size=3)
    root = subscription(azure)
    state = azure.emulator.state
    site = state.scene.ids.site(state.scene.ids.sites["vmware-west"])
    lists = (
        f"{root}/providers/Microsoft.Compute/virtualMachines",
        f"{root}/providers/Microsoft.Compute/virtualMachines?statusOnly=true",
        f"{root}/providers/Microsoft.Compute/disks",
        f"{root}/providers/Microsoft.Network/networkInterfaces",
        f"{root}/resources",
        f"{site}/machines",
    )
    for path in lists:
        first = azure.json(path)
        assert len(first["value"]) == 3
        rows = azure.rows(path)
        assert len({row["id"].casefold() for row in rows}) == len(rows) > 20


def test_paths_have_no_case(azure: Client) -> None:
    item_id = azure.emulator.state.item_id("pay-web-01")
    assert item_id.startswith("/Subscriptions/")
    as_written = azure.json(item_id)
    assert azure.json(item_id.lower()) == as_written
    assert azure.json(item_id.replace("/Subscriptions/", "/subscriptions/")) == as_written
    assert azure.json(item_id.upper().replace("API-VERSION", "api-version")) == as_written


def test_a_link_of_offazure_is_escaped_as_recorded(run: Callable[..., Client]) -> None:
    azure = run(page_size=4)
    state = azure.emulator.state
    site = state.scene.ids.site(state.scene.ids.sites["vmware-west"])
    link = azure.json(f"{site}/machines")["nextLink"]
    assert "continuationToken=at%3a4" in link
    assert "totalRecordCount=" in link


def test_the_api_version_is_required(azure: Client) -> None:
    answer = azure.session.get(f"{azure.emulator.url}/subscriptions", timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        400,
        "MissingApiVersionParameter",
    )


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic eA==", "Bearer a.e30.c"])
def test_a_strange_token_is_refused(azure: Client, header: str) -> None:
    headers = {"Authorization": header} if header else {"Authorization": None}
    answer = azure.get("/subscriptions", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert azure.emulator.requests[-1].identity == ""


def test_an_expired_token_is_refused(azure: Client, clock: Any) -> None:
    clock.pass_seconds(25 * 3600)
    answer = azure.get("/subscriptions")
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        401,
        "ExpiredAuthenticationToken",
    )


def test_loopback_reads_and_changes_nothing(azure: Client) -> None:
    azure.session.headers["Authorization"] = "Bearer loopback"
    assert len(azure.rows("/subscriptions")) == 3
    refused = azure.stop("pay-web-01")
    assert refused.status_code == 403
    assert azure.emulator.state.stops == []


def test_loopback_is_no_word_over_tls(run: Callable[..., Client]) -> None:
    azure = run(tls=True)
    azure.session.headers["Authorization"] = "Bearer loopback"
    assert azure.get("/subscriptions").status_code == 401


def test_the_restricted_vault_names_the_missing_action(azure: Client) -> None:
    for name in ("planner", "reader", "releaser"):
        token = azure.emulator.token(name)
        azure.session.headers["Authorization"] = f"Bearer {token}"
        path = vault(azure, "vlt-restricted")
        assert azure.get(path).status_code == 200
        refused = azure.get(f"{path}/replicationMigrationItems")
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "AuthorizationFailed"
        action = "Microsoft.RecoveryServices/vaults/replicationMigrationItems/read"
        assert f"'{action}' over scope '{path}'" in refused.json()["error"]["message"]
        item_id = azure.emulator.state.item_id("portal-db-01")
        assert azure.get(item_id).status_code == 403


def test_the_boards_writer_sees_subscriptions_only(run: Callable[..., Client]) -> None:
    azure = run("boards-writer")
    assert azure.get("/subscriptions").status_code == 200
    assert azure.get(vault(azure, "vlt-agents")).status_code == 403


def test_the_two_404s_tell_item_and_vault_apart(azure: Client) -> None:
    item_id = azure.emulator.state.item_id("pay-web-01")
    azure.emulator.state.remove(item_id)
    gone = azure.get(item_id)
    assert gone.json()["error"]["code"] == "NotFound"
    assert "x-ms-failure-cause" not in gone.headers
    azure.emulator.state.remove(vault(azure, "vlt-agentless"))
    for path in (item_id, f"{vault(azure, 'vlt-agentless')}/replicationMigrationItems"):
        vault_gone = azure.get(path)
        assert vault_gone.json()["error"]["code"] == "ResourceNotFound"
        assert vault_gone.headers["x-ms-failure-cause"] == "gateway"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/subscriptions/99999999-0000-4000-8000-000000000000/resources", "SubscriptionNotFound"),
        ("{s}/resourceGroups/none/providers/Microsoft.Compute/disks/d", "ResourceGroupNotFound"),
        ("{s}/resourceGroups/rg-payroll/providers/Microsoft.Compute/disks/d", "ResourceNotFound"),
    ],
)
def test_what_is_not_there(azure: Client, path: str, code: str) -> None:
    answer = azure.get(path.format(s=subscription(azure)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_views_of_a_vm(azure: Client) -> None:
    vm = azure.emulator.state.vm_id("pay-web-01")
    model = azure.json(vm)["properties"]
    full = azure.json(f"{vm}?$expand=instanceView")["properties"]
    states = azure.rows(
        f"{subscription(azure)}/providers/Microsoft.Compute/virtualMachines?statusOnly=true"
    )
    state = next(row for row in states if row["id"] == vm)["properties"]
    assert "instanceView" not in model
    assert full == {**model, "instanceView": full["instanceView"]}
    assert state.keys() == {"provisioningState", "vmId", "timeCreated", "instanceView"}
    assert azure.json(f"{vm}/instanceView") == full["instanceView"]


def test_locks_show_at_their_scope_above_and_below(azure: Client) -> None:
    locks = "providers/Microsoft.Authorization/locks"
    vm = azure.emulator.state.vm_id("pay-db-01")
    for scope in (subscription(azure), vm.partition("/providers/")[0], vm):
        assert [row["name"] for row in azure.rows(f"{scope}/{locks}")] == ["keep-payroll-database"]
    other = azure.emulator.state.vm_id("pay-web-01")
    assert azure.rows(f"{other}/{locks}") == []
    item = azure.emulator.state.item_id("plant-01")
    assert [row["name"] for row in azure.rows(f"{item}/{locks}")] == ["keep-azure-local"]


def test_the_vm_that_the_service_renamed_is_found_by_its_disks_only(azure: Client) -> None:
    item = azure.json(azure.emulator.state.item_id("time-web-01"))["properties"]
    details = item["providerSpecificDetails"]
    intended = f"{details['targetResourceGroupId']}/providers/Microsoft.Compute/virtualMachines/"
    assert azure.get(intended + details["targetVmName"]).status_code == 404
    disk = azure.json(details["protectedDisks"][0]["targetManagedDiskId"])
    assert azure.get(disk["managedBy"]).status_code == 200
    assert disk["managedBy"].startswith(f"{intended}time-web-01-")


def test_resource_graph_pages_filters_and_keeps_quiet_about_the_rest(azure: Client) -> None:
    url = "/providers/Microsoft.ResourceGraph/resources"
    kind = (
        "microsoft.recoveryservices/vaults/replicationfabrics"
        "/replicationprotectioncontainers/replicationprotecteditems"
    )
    query = f"recoveryservicesresources | where type =~ '{kind}' | project id, name | order by id"
    found: list[Any] = []
    token = None
    while True:
        options = {"$top": 7, **({"$skipToken": token} if token else {})}
        answer = azure.send("POST", url, json={"query": query, "options": options}).json()
        found += answer["data"]
        token = answer.get("$skipToken")
        if token is None:
            break
    assert len(found) == answer["totalRecords"] == 30
    assert all(row.keys() == {"id", "name"} for row in found)
    everything = azure.send("POST", url, json={"query": "resources"}).json()["data"]
    kinds = {row["type"] for row in everything}
    assert "microsoft.compute/virtualmachines" in kinds
    assert not any("replicationmigrationitems" in kind for kind in kinds)


def test_resource_graph_refuses_what_it_does_not_understand(azure: Client) -> None:
    url = "/providers/Microsoft.ResourceGraph/resources"
    for query in ("resources | summarize count()", "advisorresources", ""):
        assert azure.send("POST", url, json={"query": query}).status_code == 400
    assert azure.send("POST", url, data=b"{").status_code == 400


def test_the_identity_endpoint_of_a_runbook(azure: Client) -> None:
    path = "/msi/token?resource=https://management.azure.com&client_id=approver"
    assert azure.get(path).status_code == 400
    answer = azure.get(path, headers={"X-IDENTITY-HEADER": "x"}).json()
    assert int(answer["expires_on"]) > 0
    azure.session.headers["Authorization"] = f"Bearer {answer['access_token']}"
    azure.get("/subscriptions")
    assert azure.emulator.requests[-1].identity == "approver"
    endpoints = azure.get("/metadata/endpoints").json()
    assert endpoints[0]["resourceManager"] == azure.emulator.url
