"""A list is all that the service has, or an error. Never less."""

from typing import Any

import pytest

from azstaging.azure import api_versions
from azstaging.errors import (
    AccessDeniedError,
    NotFoundError,
    ServiceError,
    UnexpectedResponseError,
    UnreachableError,
)
from azstaging.model.ids import ResourceId

PATH = "/subscriptions/s1/providers/Microsoft.Compute/disks"
PAGE = b'{"value":[{"id":"/a","n":1},{"id":"/b"}],"nextLink":null}'


def read(session: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = session.list_all(PATH, "2022-07-02")
    return rows


def test_all_pages_are_read_and_the_next_link_is_used_as_it_came(arm: Any, session: Any) -> None:
    token = "/odd%2Fpath?api-version=2020-01-01&$skipToken=Group%3aBegin~x&t=1"
    arm.says(
        {"value": [{"id": "/a"}], "nextLink": f"{arm.url}{token}"},
        {"value": [], "nextLink": f"{arm.url}/empty?x=1"},
        {"value": [{"id": "/b"}], "nextLink": ""},
    )
    assert read(session) == [{"id": "/a"}, {"id": "/b"}]
    first, second, third = (seen.path for seen in arm.requests)
    assert first == f"{PATH}?api-version=2022-07-02"
    assert second.replace("%3A", "%3a") == token
    assert third == "/empty?x=1"


def test_pages_come_one_by_one(arm: Any, session: Any) -> None:
    arm.says({"value": [{"n": 1}], "nextLink": f"{arm.url}/2?x"}, {"value": [{"n": 2}]})
    pages = session.list_pages(PATH, "2022-07-02")
    assert next(pages) == [{"n": 1}]
    assert len(arm.requests) == 1
    assert list(pages) == [[{"n": 2}]]


def test_a_row_that_moved_between_pages_counts_once(arm: Any, session: Any) -> None:
    arm.says(
        {"value": [{"id": "/X/a", "n": 1}, {"id": "/x/b"}], "nextLink": f"{arm.url}/2?x"},
        {"value": [{"id": "/x/A", "n": 2}, {"name": "no id"}, {"name": "no id"}]},
    )
    rows = read(session)
    assert rows == [{"id": "/x/A", "n": 2}, {"id": "/x/b"}, {"name": "no id"}, {"name": "no id"}]


@pytest.mark.parametrize(
    ("page", "pointer"),
    [
        ({}, "/value"),
        ({"value": None}, "/value"),
        ({"value": {"a": 1}}, "/value"),
        ({"value": [{}, None]}, "/value/1"),
        ({"value": ["x"]}, "/value/0"),
        ({"value": [], "nextLink": 7}, "/nextLink"),
        ({"value": [], "nextLink": "/relative?x=1"}, "/nextLink"),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_what_is_no_list_is_an_error(arm: Any, session: Any, page: Any, pointer: str) -> None:
    arm.says(page)
    with pytest.raises(UnexpectedResponseError) as caught:
        read(session)
    assert caught.value.pointer == pointer


def test_a_link_that_was_followed_already_is_an_error(arm: Any, session: Any) -> None:
    arm.answer = lambda _seen: {"value": [{"id": "/a"}], "nextLink": f"{arm.url}/2?x=1"}
    with pytest.raises(UnexpectedResponseError, match="followed already"):
        read(session)
    assert len(arm.requests) == 2


def test_a_link_to_the_list_itself_is_an_error(arm: Any, session: Any) -> None:
    url = session.url(PATH, "2022-07-02")
    arm.says({"value": [], "nextLink": url})
    with pytest.raises(UnexpectedResponseError):
        read(session)
    assert len(arm.requests) == 1


@pytest.mark.parametrize("sent", [0, 1, len(PAGE) // 2, len(PAGE) - 1])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_torn_page_is_read_again(
    arm: Any, session: Any, reply: Any, sent: int, chunked: bool
) -> None:
    arm.says(reply(200, PAGE, sent=sent, chunked=chunked), reply(200, PAGE))
    assert [row["id"] for row in read(session)] == ["/a", "/b"]
    assert len(arm.requests) == 2
    assert session.counts["repeated"] == 1


@pytest.mark.parametrize("sent", [0, 1, len(PAGE) // 2, len(PAGE) - 1])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_page_that_stays_torn_is_an_error(
    arm: Any, session: Any, reply: Any, sent: int, chunked: bool
) -> None:
    arm.says(reply(200, PAGE, sent=sent, chunked=chunked))
    with pytest.raises(UnreachableError, match="no complete answer"):
        read(session)
    assert len(arm.requests) == 4


@pytest.mark.parametrize("end", [1, 10, len(PAGE) // 2, len(PAGE) - 1])
def test_json_that_was_cut_before_it_was_sent_is_an_error(
    arm: Any, session: Any, reply: Any, end: int
) -> None:
    arm.says(reply(200, PAGE[:end]))
    with pytest.raises(UnexpectedResponseError, match="not complete JSON"):
        read(session)


def test_a_page_of_a_proxy_is_an_error(arm: Any, session: Any, reply: Any) -> None:
    arm.says(reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}))
    with pytest.raises(UnexpectedResponseError):
        read(session)


def test_a_later_page_that_fails_fails_the_list(arm: Any, session: Any) -> None:
    denied = (403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
    arm.says({"value": [{"id": "/a"}], "nextLink": f"{arm.url}/2?x=1"}, denied)
    with pytest.raises(AccessDeniedError):
        read(session)


@pytest.mark.parametrize("status", [201, 202, 204, 206, 304])
def test_only_200_is_a_list(arm: Any, session: Any, reply: Any, status: int) -> None:
    arm.says(reply(status, b"" if status in {204, 304} else PAGE))
    with pytest.raises(ServiceError):
        read(session)


def test_a_body_with_a_mark_of_its_order_is_read(arm: Any, session: Any, reply: Any) -> None:
    arm.says(reply(200, b"\xef\xbb\xbf" + PAGE))
    assert len(read(session)) == 2


VAULT = ResourceId(
    "/subscriptions/s1/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v1"
)
ITEM = VAULT.child("replicationFabrics", "f").child(
    "replicationProtectionContainers", "c", "replicationProtectedItems", "i"
)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "x"}},
        {"id": None},
        {"id": "Microsoft Azure"},
        {"id": ITEM.text.replace("/i", "/j")},
    ],
)
def test_an_item_is_the_one_that_was_asked_for(arm: Any, connection: Any, body: Any) -> None:
    arm.says(body)
    with pytest.raises(UnexpectedResponseError) as caught:
        connection.get_item(ITEM)
    assert caught.value.pointer == "/id"


def test_an_item_in_another_casing_is_the_same(arm: Any, connection: Any) -> None:
    body = {"id": ITEM.text.upper(), "properties": {}}
    arm.says(body)
    assert connection.get_item(ITEM) == body


S = "/subscriptions/s1"
DR = ResourceId(f"{S}/resourceGroups/g/providers/Microsoft.DataReplication/replicationVaults/v")
READS = {
    "list_subscriptions": ((), "/subscriptions", api_versions.SUBSCRIPTIONS),
    "list_vaults": (
        ("s1",),
        f"{S}/providers/Microsoft.RecoveryServices/vaults",
        api_versions.RECOVERY_SERVICES_VAULTS,
    ),
    "list_migration_items": (
        (VAULT,),
        f"{VAULT}/replicationMigrationItems",
        api_versions.SITE_RECOVERY,
    ),
    "list_protected_items": (
        (VAULT,),
        f"{VAULT}/replicationProtectedItems",
        api_versions.SITE_RECOVERY,
    ),
    "list_replication_vaults": (
        ("s1",),
        f"{S}/providers/Microsoft.DataReplication/replicationVaults",
        api_versions.DATA_REPLICATION,
    ),
    "list_data_replication_items": (
        (DR,),
        f"{DR}/protectedItems",
        api_versions.DATA_REPLICATION,
    ),
    "list_virtual_machines": (
        ("s1",),
        f"{S}/providers/Microsoft.Compute/virtualMachines",
        api_versions.COMPUTE,
    ),
    "list_network_interfaces": (
        ("s1",),
        f"{S}/providers/Microsoft.Network/networkInterfaces",
        api_versions.NETWORK,
    ),
    "list_disks": (("s1",), f"{S}/providers/Microsoft.Compute/disks", api_versions.DISKS),
    "list_locks": (
        ("s1",),
        f"{S}/providers/Microsoft.Authorization/locks",
        api_versions.LOCKS,
    ),
    "list_vm_sizes": (
        ("s1", "West Europe"),
        f"{S}/providers/Microsoft.Compute/locations/westeurope/vmSizes",
        api_versions.COMPUTE,
    ),
}


@pytest.mark.parametrize("name", READS)
def test_the_discovery_reads_are_these(arm: Any, connection: Any, name: str) -> None:
    arguments, path, version = READS[name]
    arm.says({"value": [{"id": "/x"}]})
    found = getattr(connection, name)(*arguments)
    # The items of a vault come by page.
    assert (found if isinstance(found, list) else next(found)) == [{"id": "/x"}]
    (seen,) = arm.requests
    assert (seen.method, seen.path) == ("GET", f"{path}?api-version={version}")


def test_a_machine_is_read_with_its_state(arm: Any, connection: Any) -> None:
    vm = ResourceId(f"{S}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm1")
    arm.says({"id": vm.text})
    connection.get_virtual_machine(vm)
    assert "$expand=instanceView" in arm.requests[0].path


def test_states_of_machines_are_a_list_of_their_own(arm: Any, connection: Any) -> None:
    arm.says({"value": []})
    assert connection.list_virtual_machine_states("s1") == []
    assert "statusOnly=true" in arm.requests[0].path


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("Microsoft.Compute/disks/d1", api_versions.DISKS),
        ("Microsoft.Compute/virtualMachines/v", api_versions.COMPUTE),
        ("Microsoft.Network/networkInterfaces/n1", api_versions.NETWORK),
        ("Microsoft.OffAzure/VMwareSites/s/machines/m", api_versions.OFF_AZURE),
        ("Microsoft.RecoveryServices/vaults/v", api_versions.RECOVERY_SERVICES_VAULTS),
        ("Microsoft.RecoveryServices/vaults/v/replicationFabrics/f", api_versions.SITE_RECOVERY),
    ],
)
def test_a_resource_is_read_by_its_id(arm: Any, connection: Any, kind: str, version: str) -> None:
    id = ResourceId(f"{S}/resourceGroups/g/providers/{kind}")  # noqa: A001  # Azure's word
    arm.says({"id": id.text, "name": "x"})
    assert connection.get_resource(id)["name"] == "x"
    assert arm.requests[0].path == f"{id}?api-version={version}"


def test_a_discovered_machine_site_is_listed(arm: Any, connection: Any) -> None:
    site = ResourceId(f"{S}/resourceGroups/g/providers/Microsoft.OffAzure/VMwareSites/site1")
    arm.says({"value": [{"id": f"{site}/machines/m1"}]})
    assert len(connection.list_discovered_machines(site)) == 1
    assert arm.requests[0].path == f"{site}/machines?api-version={api_versions.OFF_AZURE}"


def test_a_missing_vault_is_not_an_empty_one(arm: Any, connection: Any) -> None:
    body = {"error": {"code": "ResourceNotFound", "message": "gone"}}
    arm.says((404, body, {"x-ms-failure-cause": "gateway"}))
    with pytest.raises(NotFoundError) as caught:
        list(connection.list_protected_items(VAULT))
    assert caught.value.gateway
