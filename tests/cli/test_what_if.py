"""What if: another policy over the same evidence; nothing is planned or recorded."""

import json

import azstaging


def test_another_policy_decides_over_the_same_evidence(world):
    assert world("baseline").code == 0
    world("check")
    assert world("plan", "-o", "json").code == 0
    before = estate(world)
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
    assert estate(world) == before
    assert world("plan", "--out", "a.json").code == 0
    assert estate(world) != before


def estate(world):
    """Return every file of the estate folder with what is in it."""
    files = (path for path in (world.folder / "estate").rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files}


def test_what_if_takes_nothing_from_whoever_writes(world):
    """It looks only, so another run may have the estate folder and its vaults."""
    world.collect_evidence()
    other = world.folder / "other.toml"
    other.write_text('[gate]\nrequired = ["phase-staged"]\n')
    with azstaging.Journal.open(world.folder / "estate") as writer:
        assert writer.head[0] > 0
        done = world.spawn("plan", "--what-if", other)
    assert done.code == 0, done.stderr


def test_what_if_of_no_journal_makes_none(world):
    other = world.folder / "other.toml"
    other.write_text("[gate]\n")
    done = world("plan", "--what-if", other, "--journal", "estaet")
    assert done.code == 2
    assert "There is no journal at estaet." in done.stderr
    assert not (world.folder / "estaet").exists()


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
