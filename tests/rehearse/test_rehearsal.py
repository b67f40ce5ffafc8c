"""Capture an estate, serve the copy, rehearse a release against it."""

import json
import re

import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli import exit_codes, main
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator, Estate, sample_estate
from azstaging.rules.anonymise import Anonymiser
from azstaging.run import utc_now


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a plan, a copy, and an anonymised copy with its map; Azure is gone again."""
    folder = tmp_path_factory.mktemp("desk")
    with Emulator(sample_estate()) as azure, pytest.MonkeyPatch.context() as patch:
        write_config(folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now())
        patch.chdir(folder)
        patch.setenv("AZSTAGING_TOKEN", azure.token("planner"))
        assert main(["baseline"]) == exit_codes.UNDETERMINED
        assert main(["check"]) == exit_codes.CLOSED
        assert main(["plan", "--out", "wave.plan.json"]) == exit_codes.DONE
        assert main(["capture", "--out", "copy.json"]) == exit_codes.UNDETERMINED
        assert main(["capture", "--anonymise", "--out", "anon.json"]) == exit_codes.UNDETERMINED
        assert azure.state.stops == []
    return folder


def inventory_of(estate, folder):
    folder.mkdir()
    with Emulator(estate) as azure:
        file = write_config(
            folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        staging = azstaging.Staging(
            StaticCredential(azure.token("planner")), azstaging.load_configuration(file)
        )
        inventory = staging.inventory()
        return inventory, staging.diff(inventory)


def seen(inventory, rename=str):
    return sorted(
        (
            rename(row.id.text).casefold(),
            row.phase.value,
            row.item.provider,
            row.item.health,
            row.source is not None,
            row.target is not None,
            len(row.test_machines),
            len(row.target.disks) if row.target else 0,
            tuple(sorted(rename(name).casefold() for name in row.workloads)),
        )
        for row in inventory
    )


def classes(diff, rename=str):
    """Every compared field but those of whose text a pseudonym tells nothing."""
    return sorted(
        (rename(row.item_id.text).casefold(), row.area, row.field.partition("[")[0], row.cls.value)
        for row in diff
    )


def test_a_copy_answers_as_the_estate_did(desk, tmp_path):
    copy = Estate.from_json((desk / "copy.json").read_bytes())
    original, diff = inventory_of(sample_estate(), tmp_path / "original")
    copied, copied_diff = inventory_of(copy, tmp_path / "copied")
    assert seen(copied) == seen(original)
    assert classes(copied_diff) == classes(diff)
    assert {(gap.scope.key, gap.permission) for gap in copied.gaps} >= {
        (gap.scope.key, gap.permission) for gap in original.gaps if gap.permission
    }


def test_an_anonymised_copy_has_the_same_shape_and_none_of_the_names(desk, tmp_path):
    text = (desk / "anon.json").read_text("utf-8")
    names = Anonymiser(json.loads((desk / "anon.json.map.json").read_text("utf-8"))["names"])
    estate = sample_estate()
    secrets = {machine.key for machine in estate.machines} | {m.name for m in estate.machines}
    secrets |= {vault.name for vault in estate.vaults} | {vault.group for vault in estate.vaults}
    secrets |= {s.id for s in estate.subscriptions} | {s.name for s in estate.subscriptions}
    secrets |= {m.address for m in estate.machines} | {m.group for m in estate.machines}
    secrets |= {workload.name for workload in estate.workloads}
    words = "|".join(re.escape(secret) for secret in sorted(secrets - {""}))
    assert set(re.findall(rf"(?<![\w-])(?:{words})(?![\w-])", text, re.IGNORECASE)) == set()
    adapters = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f-])", re.IGNORECASE)
    originals = set(adapters.findall((desk / "copy.json").read_text("utf-8")))
    assert originals
    assert originals & set(adapters.findall(text)) == set()
    copy = Estate.from_json((desk / "copy.json").read_bytes())
    original, diff = inventory_of(copy, tmp_path / "a")
    anonymous, anonymous_diff = inventory_of(Estate.from_json(text), tmp_path / "b")
    assert seen(anonymous) == seen(original, names.text)
    assert classes(anonymous_diff) == classes(diff, names.text)


def rehearse(desk, monkeypatch, capsys, *arguments):
    monkeypatch.chdir(desk)
    monkeypatch.delenv("AZSTAGING_TOKEN", raising=False)
    capsys.readouterr()
    code = main(["rehearse", "--plan", "wave.plan.json", *arguments, "-o", "json"])
    return code, json.loads(capsys.readouterr().out)


ANONYMISED = ("--estate", "anon.json", "--map", "anon.json.map.json")


@pytest.mark.parametrize(
    "copy", [("--estate", "copy.json"), ANONYMISED], ids=["copy", "anonymised"]
)
def test_a_rehearsal_releases_the_plan_on_the_copy(desk, monkeypatch, capsys, copy):
    before = (desk / "estate").stat(), sorted((desk / "estate" / "journal").iterdir())
    code, said = rehearse(desk, monkeypatch, capsys, *copy)
    plan = azstaging.plan_from((desk / "wave.plan.json").read_bytes())
    assert code == exit_codes.DONE
    assert {row["id"] for row in said["items"]} == {item.id for item in plan.items}
    assert {row["result"] for row in said["items"]} == {"done"}
    assert said["stops_accepted"] == len(plan.items)
    assert ((desk / "estate").stat(), sorted((desk / "estate" / "journal").iterdir())) == before


def test_a_rehearsal_with_faults_says_what_would_have_happened(desk, monkeypatch, capsys):
    script = {
        "fault": [
            {"match": "DELETE *", "kind": "drop-after"},
            {"match": "POST */remove", "kind": "job-failed", "after": 1},
        ]
    }
    (desk / "faults.json").write_text(json.dumps(script), "utf-8")
    code, said = rehearse(desk, monkeypatch, capsys, *ANONYMISED, "--faults", "faults.json")
    assert code == exit_codes.PARTLY
    results = {row["result"] for row in said["items"]}
    assert "done" in results
    assert results & {"held", "failed", "unknown"}
    assert "name-" not in json.dumps([row["why"] for row in said["items"]])


def test_what_is_not_in_the_copy_is_held(desk, monkeypatch, capsys, tmp_path):
    estate = json.loads((desk / "copy.json").read_bytes())
    estate["copies"] = [
        body for body in estate["copies"] if "/replicationmigrationitems/" not in body["id"].lower()
    ]
    (tmp_path / "less.json").write_text(json.dumps(estate), "utf-8")
    code, said = rehearse(desk, monkeypatch, capsys, "--estate", str(tmp_path / "less.json"))
    assert code == exit_codes.PARTLY
    agentless = [row for row in said["items"] if "/replicationMigrationItems/" in row["id"]]
    assert {row["result"] for row in agentless} == {"held"}


def test_a_copy_with_pseudonyms_asks_for_its_map(desk, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    code = main(["rehearse", "--plan", "wave.plan.json", "--estate", "anon.json"])
    said = capsys.readouterr().err
    items = len(azstaging.plan_from((desk / "wave.plan.json").read_bytes()).items)
    assert code == exit_codes.REFUSED
    assert f"{items} held." in said
    assert "One made with --anonymise needs its map: --map." in said


def test_a_wrong_map_is_refused(desk, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    given = ["rehearse", "--plan", "wave.plan.json", "--estate", "anon.json", "--map", "copy.json"]
    assert main(given) == exit_codes.USAGE
    assert "The map copy.json cannot be read" in capsys.readouterr().err


def test_a_pseudonym_is_the_same_everywhere_and_keeps_what_the_service_appends():
    names = Anonymiser()
    vm = names.arm_id(
        "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/web-Test"
    )
    assert vm.split("/")[-1] == f"{names.text('WEB')}-Test"
    assert vm.split("/")[4] == names.text("rg")
    assert names.text("web.corp.example").split(".")[0] == names.text("web")
    assert names.text("10.1.2.3") == names.text("10.1.2.3") != "10.1.2.3"
    assert names.value(
        {"size_gib": 4, "vmSize": "Standard_D2s_v5", "at": "2026-11-24T01:02:03Z"}
    ) == {
        "size_gib": 4,
        "vmSize": "Standard_D2s_v5",
        "at": "2026-11-24T01:02:03Z",
    }
    assert names.value({"sku": {"name": "Premium_LRS"}, "anything": "Frankfurt"}) == {
        "sku": {"name": "Premium_LRS"},
        "anything": names.text("Frankfurt"),
    }
    assert names.restore(f"{names.text('web')} is held") in {"web is held", "WEB is held"}
    again = Anonymiser(names.names)
    assert again.text("web") == names.text("web")
