"""What if: another policy over the same evidence; nothing is planned or recorded."""

import json


def test_another_policy_decides_over_the_same_evidence(world):
    assert world("baseline").code == 0
    world("check")
    assert world("plan", "-o", "json").code == 0
    before = world("journal", "head", "estate").stdout
    strict = world.folder / "strict.toml"
    strict.write_text('[gate]\nrequired = ["phase-staged", "licence", "backup-item"]\n')
    asked = world("plan", "--what-if", strict, "-o", "json")
    assert asked.code == 1, asked.stderr
    loose = world.folder / "loose.toml"
    loose.write_text('[gate]\nrequired = ["phase-staged"]\n')
    opened = world("plan", "--what-if", loose, "-o", "json")
    assert opened.code == 0, opened.stderr
    assert "Nothing planned." in opened.stderr
    assert json.loads(opened.stdout)["schema"] == "azstaging/decisions/1"
    kinds = [json.loads(line)["type"] for line in records(world)]
    assert "plan" not in kinds
    assert before


def records(world):
    files = sorted((world.folder / "estate").rglob("*.jsonl"))
    return [line for file in files for line in file.read_text("utf-8").splitlines()]


def test_what_if_writes_no_plan(world):
    other = world.folder / "other.toml"
    other.write_text("[gate]\n")
    refused = world("plan", "--what-if", other, "--out", "a.json")
    assert refused.code == 2
    assert "--what-if plans nothing" in refused.stderr
    assert "a.json" not in world.listing()


def test_a_reason_names_code_item_evidence_and_next_step(world):
    world.azure.state.change(
        world.azure.state.item_id("scan-01"), {"properties.migrationState": "Replicating"}
    )
    world("baseline")
    world("check")
    done = world("plan", "-o", "json")
    assert done.code == 1
    [decision] = [d for d in done.document["decisions"] if d["gate"] == "closed"]
    for reason in decision["reasons"]:
        assert reason["code"]
        assert reason["next_step"].endswith(".")
    of_items = [r for r in decision["reasons"] if r["item_id"]]
    assert {r["code"] for r in of_items} >= {"phase"}
    weighed = [r for r in decision["reasons"] if r["check"] and r["code"] == "evidence-failed"]
    assert all(isinstance(r["evidence"], int) for r in weighed)
