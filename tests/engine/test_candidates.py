"""Resource Graph as a second witness: what it knows and no list has shown is a gap."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from azstaging.emulator import Emulator
from azstaging.errors import AccessDeniedError, NotFoundError
from azstaging.model.ids import ResourceId
from azstaging.model.waves import Scope

ALL = Scope(resource_graph=True)


def test_an_item_that_the_list_left_out_is_a_gap(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("a")
    hidden = shapes.protected_item("hidden", shapes.vault())
    gone = shapes.protected_item("gone", shapes.vault())
    azure.candidates = [hidden, gone]
    azure.bodies[ResourceId(hidden["id"]).key] = hidden
    inventory = read(azure, ALL)
    assert [(gap.scope, gap.reason) for gap in inventory.gaps] == [
        (ResourceId(hidden["id"]), "short-list")
    ]
    assert not inventory.complete
    assert read(azure, Scope()).complete
    assert not read(azure, ALL, lists_only=True).complete


def test_what_a_list_has_is_not_asked_for_again(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("a")
    shown = shapes.protected_item("b", shapes.vault())
    azure.protected[shapes.vault().key] = [shown]
    azure.candidates = [{"id": shown["id"].upper().replace("/SUBSCRIPTIONS", "/subscriptions")}]
    assert read(azure, ALL).complete
    assert ("get_item", ResourceId(shown["id"]).key) not in azure.calls


@pytest.mark.parametrize(
    ("error", "reason"),
    [(AccessDeniedError("no"), "forbidden"), (NotFoundError("no"), "not-found")],
)
def test_a_witness_that_does_not_answer_is_a_gap(
    shapes: Any, read: Any, error: Exception, reason: str
) -> None:
    azure = shapes.migrated("a")
    azure.refuse[("list_candidates", "*")] = error
    assert [gap.reason for gap in read(azure, ALL).gaps] == [reason]
    azure.refuse = {}
    azure.candidates = [{"id": None}]
    assert [gap.reason for gap in read(azure, ALL).gaps] == ["unexpected-response"]


def test_a_candidate_that_may_not_be_read_is_a_gap(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("a")
    hidden = ResourceId(shapes.protected_item("hidden", shapes.vault())["id"])
    azure.candidates = [{"id": str(hidden)}]
    azure.refuse[("get_item", hidden.key)] = AccessDeniedError("no")
    gap = next(iter(read(azure, ALL).gaps))
    assert (gap.scope, gap.reason) == (hidden, "forbidden")
    assert gap.permission.endswith("/replicationProtectedItems/read")


def test_vaults_outside_of_the_scope_are_passed_by(shapes: Any, read: Any) -> None:
    azure = shapes.migrated("a")
    other = shapes.protected_item("other", shapes.vault("v2"))
    azure.candidates = [other]
    azure.bodies[ResourceId(other["id"]).key] = other
    assert read(azure, Scope(vaults=(shapes.vault(),), resource_graph=True)).complete
    assert not read(azure, ALL).complete


def test_the_emulator_and_its_lists_agree(
    read: Any, connected: Callable[..., Any], emulator: Emulator
) -> None:
    with connected(emulator.url, emulator.token("planner")) as azure:
        before, after = read(azure), read(azure, ALL)
    assert before.gaps == after.gaps
    asked = [each for each in emulator.requests if each.path.endswith("/resources")]
    assert [each.method for each in asked] == ["POST"]


def test_the_vault_of_a_project_is_compared_too(
    shapes: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = shapes.migrated("a")
    hidden = shapes.protected_item("hidden", shapes.vault())
    azure.candidates = [hidden]
    azure.bodies[ResourceId(hidden["id"]).key] = hidden
    project = ResourceId(f"{shapes.group}/providers/Microsoft.Migrate/migrateProjects/p")
    extended = {"vaultId": str(shapes.vault())}
    solution = {"properties": {"details": {"extendedDetails": extended}}}
    known = azure.get_resource

    def resource(asked: ResourceId) -> Any:
        return solution if asked.is_under(project) else known(asked)

    monkeypatch.setattr(azure, "get_resource", resource)
    gaps = read(azure, Scope(projects=(project,), resource_graph=True)).gaps
    assert [(gap.scope.name, gap.reason) for gap in gaps] == [("hidden", "short-list")]


def test_of_a_subscription_beside_a_vault_only_what_was_asked_for_counts(
    shapes: Any, read: Any
) -> None:
    azure = shapes.migrated("a")
    other = shapes.protected_item("other", shapes.vault("v2"))
    azure.candidates = [other]
    azure.bodies[ResourceId(other["id"]).key] = other
    far = ("00000000-0000-4000-8000-000000000002",)
    elsewhere = Scope(vaults=(shapes.vault(),), subscriptions=far, resource_graph=True)
    assert read(azure, elsewhere).complete
    whole = Scope(vaults=(shapes.vault(),), subscriptions=(shapes.subscription,))
    # A vault that the list of vaults left out is noticed by its items.
    gaps = read(azure, replace(whole, resource_graph=True)).gaps
    assert [(gap.scope.name, gap.reason) for gap in gaps] == [("other", "short-list")]


@pytest.mark.parametrize("odd", ["/", "/x", "/subscriptions/s", "https://example.org"])
def test_a_candidate_that_is_no_item_is_a_gap(shapes: Any, read: Any, odd: str) -> None:
    azure = shapes.migrated("a")
    azure.candidates = [{"id": odd}]
    assert [gap.reason for gap in read(azure, ALL).gaps] == ["unexpected-response"]
