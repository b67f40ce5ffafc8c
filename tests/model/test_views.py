"""Rows, documents and DataFrames of values; the published schema describes what is printed."""

import builtins
import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

import jsonschema
import pytest

from azstaging.errors import ConfigurationError
from azstaging.model.decisions import Decisions, GateClosed, GateOpen, Reason
from azstaging.model.differences import Diff, DiffClass, Difference
from azstaging.model.findings import Finding, Findings, Outcome, Subject
from azstaging.model.frames import Tabular
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.items import (
    NO_FACTS,
    Collection,
    Facts,
    HealthError,
    ItemDisk,
    ItemNic,
    ReplicatedItem,
    SourceFacts,
    TargetSettings,
)
from azstaging.model.machines import Lock, SourceMachine, TargetDisk, TargetMachine, TargetNic
from azstaging.model.plans import Held, PlannedRequest, Receipt, ReceiptState, ReleaseResult
from azstaging.model.release_views import release_document, release_rows
from azstaging.model.views import (
    decisions_document,
    decisions_rows,
    diff_document,
    diff_rows,
    findings_document,
    findings_rows,
    inventory_document,
    inventory_rows,
)

NOW = datetime(2026, 11, 26, 16, 0, tzinfo=timezone.utc)
ROOT = "/Subscriptions/S1/resourceGroups/rg/providers"
VAULT = ResourceId(f"{ROOT}/Microsoft.RecoveryServices/vaults/v")
SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "inventory-1.schema.json"


def _row(name: str, **changes: Any) -> InventoryItem:
    item_id = ResourceId(f"{VAULT}/replicationMigrationItems/{name}")
    item = ReplicatedItem(
        id=item_id,
        name=name,
        provider="VMwareCbt",
        collection=Collection.MIGRATION_ITEMS,
        vault_id=VAULT,
        raw={"migrationState": "Odd", "currentJob": {"jobName": "None"}, "unknown": None},
        body={"secret": "of the body"},
    )
    return InventoryItem(
        item=item, facts=NO_FACTS, phase=changes.pop("phase", Phase.STAGED), **changes
    )


def _target() -> TargetMachine:
    return TargetMachine(
        id=ResourceId(f"{ROOT}/Microsoft.Compute/virtualMachines/vm"),
        name="vm",
        created_at=NOW,
        disks=(TargetDisk(id=ResourceId(f"{ROOT}/d"), name="d", is_os=True, size_gib=64),),
        body={"secret": "of the body"},
    )


def _inventory(*rows: InventoryItem, **changes: Any) -> Inventory:
    return Inventory(read_at=NOW, items=rows, **changes)


def test_the_document_keeps_what_the_service_wrote() -> None:
    document = inventory_document(_inventory(_row("B"), _row("a")))
    assert [item["name"] for item in document["items"]] == ["a", "B"]
    item = document["items"][1]
    assert item["id"].startswith("/Subscriptions/S1")
    assert item["raw"] == {
        "migrationState": "Odd",
        "currentJob": {"jobName": "None"},
        "unknown": None,
    }
    assert document["read_at"] == "2026-11-26T16:00:00.000Z"
    assert item["source"] is None


def test_whole_bodies_stay_out_of_documents() -> None:
    document = inventory_document(_inventory(_row("a", target=_target())))
    assert "of the body" not in json.dumps(document)


def test_a_gap_has_scope_reason_and_permission() -> None:
    gap = Gap(scope=VAULT, reason="forbidden", detail="no", permission="a/b/read")
    (found,) = inventory_document(_inventory(gaps=(gap,)))["gaps"]
    assert found == {
        "scope": str(VAULT),
        "reason": "forbidden",
        "detail": "no",
        "permission": "a/b/read",
        "covers_items": True,
    }


VALUES = {
    "item": None,
    "gap": Gap,
    "health_error": HealthError,
    "facts": Facts,
    "source": SourceMachine,
    "source_facts": SourceFacts,
    "intended": TargetSettings,
    "item_disk": ItemDisk,
    "item_nic": ItemNic,
    "lock": Lock,
    "target": TargetMachine,
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_the_schema_names_every_field_that_is_printed(name: str) -> None:
    schema = json.loads(SCHEMA.read_text())["$defs"][name]
    kind = VALUES[name]
    if kind is None:
        (document,) = inventory_document(_inventory(_row("a")))["items"]
        printed = set(document)
    else:
        printed = {field.name for field in dataclasses.fields(kind)} - {"body"}
    assert printed == set(schema["properties"]) == set(schema["required"])


@pytest.mark.parametrize("kind", [TargetDisk, TargetNic])
def test_the_schema_names_the_parts_of_a_target(kind: type) -> None:
    target = json.loads(SCHEMA.read_text())["$defs"]["target"]["properties"]
    part = target["disks" if kind is TargetDisk else "nics"]["items"]["properties"]
    assert set(part) == {field.name for field in dataclasses.fields(kind)}


def test_every_word_of_an_enum_is_in_the_schema() -> None:
    definitions = json.loads(SCHEMA.read_text())["$defs"]
    assert definitions["item"]["properties"]["phase"]["enum"] == [each.value for each in Phase]
    hints = get_type_hints(Facts)
    for name in ("cutover", "replication", "test"):
        assert isinstance(hints[name], UnionType)
        words = [each.value for each in get_args(hints[name])[0]]
        assert definitions["facts"]["properties"][name]["enum"] == [*words, None]


def test_the_document_fits_the_schema() -> None:
    rows = (_row("a", target=_target()), _row("b", phase=Phase.RELEASED))
    document = inventory_document(_inventory(*rows, expected=3, unresolved=(("w", "x"),)))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))


def test_the_top_of_the_document_is_what_the_schema_says() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert set(inventory_document(_inventory())) == set(schema["properties"])


@pytest.mark.parametrize("wide", [False, True])
def test_rows_have_the_same_columns_and_no_nested_values(wide: bool) -> None:
    rows = inventory_rows(_inventory(_row("a", target=_target()), _row("b")), wide=wide)
    assert list(rows[0]) == list(rows[1])
    assert all(
        value is None or isinstance(value, (str, int, bool))
        for row in rows
        for value in row.values()
    )


def test_wide_rows_begin_like_narrow_ones() -> None:
    inventory = _inventory(_row("a"))
    (narrow,), (wide,) = inventory.rows(), inventory.rows(wide=True)
    assert list(wide)[: len(narrow)] == list(narrow)
    assert wide["id"].startswith("/Subscriptions/")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"phase": Phase.CONTRADICTION, "phase_evidence": ("why",)}, "why"),
        ({"test_machines": (ResourceId("/x/vm-test"),)}, "test machine left over"),
        (
            {"locks": (Lock(id=ResourceId("/s/locks/keep"), level="ReadOnly", scope=VAULT),)},
            "locked by keep",
        ),
    ],
)
def test_what_needs_a_person_is_marked(changes: dict[str, Any], note: str) -> None:
    marked, calm = inventory_rows(_inventory(_row("a", **changes), _row("b")))
    assert (marked["mark"], marked["note"]) == ("!", note)
    assert (calm["mark"], calm["note"]) == ("", "")


def _finding(subject: str) -> Finding:
    return Finding(
        check="c",
        subject=Subject(id=subject),
        outcome=Outcome.FAIL,
        detail="d",
        at=NOW,
        lifetime_seconds=60,
    )


def test_findings_are_named_by_the_inventory() -> None:
    row = _row("a")
    findings = Findings(
        at=NOW, run="r", findings=(_finding(row.id.key), _finding("workload:payroll"))
    )
    named = _inventory(dataclasses.replace(row, item=dataclasses.replace(row.item, name="A 1")))
    assert [each["name"] for each in findings_rows(findings, named)] == ["A 1", "payroll"]
    assert [each["name"] for each in findings.rows()] == ["a", "payroll"]
    document = findings_document(findings, named)
    assert document["findings"][0]["name"] == "A 1"
    assert document["findings"][0]["outcome"] == "fail"


def test_the_diff_names_item_and_class() -> None:
    row = _row("a")
    difference = Difference(
        item_id=row.id,
        area="compute",
        field="cores",
        source="2",
        intended="2",
        actual="4",
        cls=DiffClass.SUSPICIOUS,
        rule="r1",
    )
    diff = Diff(at=NOW, rows_=(difference,))
    (flat,) = diff_rows(diff, _inventory(row))
    assert (flat["class"], flat["name"], flat["actual"]) == ("suspicious", "a", "4")
    document = diff_document(diff, _inventory(row))
    assert document["rows"][0]["item_id"] == str(row.id)
    assert document["counts"]["suspicious"] == 1


def test_gates_show_their_first_reason() -> None:
    closed = GateClosed(
        workload="b",
        at=NOW,
        item_ids=(VAULT,),
        reasons=(Reason(code="phase", detail="not staged", next_step="wait"),),
    )
    decisions = Decisions(
        at=NOW,
        decisions=(GateOpen(workload="a", at=NOW, item_ids=(VAULT,), evidence=(1,)), closed),
    )
    first, second = decisions_rows(decisions)
    assert (first["gate"], first["first_reason"]) == ("open", "")
    assert (second["gate"], second["first_reason"]) == ("closed", "not staged")
    document = decisions_document(decisions)
    assert (document["open"], document["closed"]) == (1, 1)
    assert document["decisions"][1]["reasons"][0]["code"] == "phase"


def test_a_release_shows_requests_receipts_and_what_was_held() -> None:
    receipt = Receipt(
        item_id=f"{VAULT}/replicationMigrationItems/a",
        name="A",
        generation="g",
        plan_digest="p",
        state=ReceiptState.DONE,
        at=NOW,
    )
    request = PlannedRequest(method="DELETE", url="https://arm.example/x")
    result = ReleaseResult(
        plan_digest="p",
        executed=True,
        requests=((receipt.item_id.upper(), request), ("/s/b", request)),
        receipts=(receipt,),
        held=(Held(item_id="/s/c", name="C", workloads=("w",), reason="changed"),),
    )
    rows = release_rows(result)
    assert [(row["state"], row["name"]) for row in rows] == [
        ("done", "A"),
        ("would be sent", "b"),
        ("held", "C"),
    ]
    assert release_document(result)["requests"][0]["method"] == "DELETE"


def _without(package: str) -> Callable[..., Any]:
    real = builtins.__import__

    def absent(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    return absent


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_missing_package_names_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "__import__", _without(package))
    with pytest.raises(ConfigurationError, match=package) as refused:
        getattr(_inventory(), f"to_{package}")()
    assert "azstaging[notebook]" in refused.value.advice()


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_frame_has_the_rows(package: str) -> None:
    pytest.importorskip(package, reason=f"{package} is an extra")
    frame = getattr(_inventory(_row("a"), _row("b")), f"to_{package}")()
    assert list(frame["name"]) == ["a", "b"]


def test_whatever_is_tabular_has_rows() -> None:
    assert all(issubclass(kind, Tabular) for kind in (Inventory, Findings, Diff, Decisions))
