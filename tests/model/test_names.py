"""A display name is not unique: where people read of several, each is told apart."""

from azstaging.model.ids import ResourceId
from azstaging.model.names import names_of, told_apart
from azstaging.model.plans import Held, ReleaseResult
from azstaging.model.release_views import release_rows


def item(vault, container, leaf):
    return (
        "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.RecoveryServices/"
        f"vaults/{vault}/replicationFabrics/f/replicationProtectionContainers/{container}"
        f"/replicationMigrationItems/{leaf}"
    )


ONE, OTHER = item("v1", "c1", "a"), item("v2", "c1", "a")
LOCAL = (
    "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.DataReplication/"
    "replicationVaults/local/protectedItems/a"
)


def labels(*named):
    return list(told_apart(named).values())


def test_a_name_of_its_own_stays_as_it_is():
    assert labels((ONE, "APP-07"), (OTHER, "APP-08")) == ["APP-07", "APP-08"]
    again = ResourceId(ONE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert labels((ONE, "APP-07"), (again, "APP-07")) == ["APP-07"]


def test_the_first_place_that_differs_tells_twins_apart():
    assert labels((ONE, "APP-07"), (OTHER, "app-07")) == ["APP-07 (v1)", "app-07 (v2)"]
    assert labels((ONE, "A"), (LOCAL, "A")) == ["A (v1)", "A (local)"]
    assert labels((ONE, "A"), (item("v1", "c2", "a"), "A")) == ["A (c1)", "A (c2)"]
    assert labels((ONE, "A"), (item("v1", "c1", "b"), "A")) == ["A (a)", "A (b)"]


def test_what_no_single_place_tells_apart_is_called_by_its_id():
    elsewhere = ONE.replace("/rg/", "/rg-2/")
    assert labels((ONE, "A"), (elsewhere, "A")) == [f"A ({ONE})", f"A ({elsewhere})"]
    local = LOCAL.replace("/local/", "/v1/")
    assert labels((ONE, "A"), (local, "A")) == [f"A ({ONE})", f"A ({local})"]


def test_the_rows_of_a_release_tell_twins_apart():
    held = [
        Held(item_id=each, name="APP-07", workloads=("W",), reason="it changed")
        for each in (ONE, OTHER)
    ]
    result = ReleaseResult(
        plan_digest="sha256:1", executed=True, requests=(), receipts=(), held=tuple(held)
    )
    assert [row["name"] for row in release_rows(result)] == ["APP-07 (v1)", "APP-07 (v2)"]
    assert names_of(result)(OTHER.upper()) == "APP-07 (v2)"
