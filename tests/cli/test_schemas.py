"""Every JSON document and every line of JSON that commands print fits its published schema."""

import base64
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from azstaging.emulator.faults import Fault

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    schema["properties"]["schema"]["const"]: schema
    for file in sorted((ROOT / "docs" / "schemas").glob("*.schema.json"))
    if "properties" in (schema := json.loads(file.read_text("utf-8")))
}
# Read by azstaging alone: what an interrupted inventory had read; the format of a journal's lines
# is in docs/explanation; the report has a schema that is made from its type.
UNPUBLISHED = {"azstaging/reads/1", "azstaging/report/1"}
WHOLE = """
[[workload]]
name = "Payroll"
items = ["payroll-db"]
endpoints = ["https://payroll.contoso.example/health", "dns://payroll.contoso.example"]
[[approver]]
name = "a"
tid = "11111111-1111-4111-8111-111111111111"
oid = "22222222-2222-4222-8222-222222222222"
[[waiver]]
check = "licence"
workload = "Payroll"
reason = "r"
category = "accepted-risk"
approver = "a"
ticket = "CHG-1"
created = 2026-11-23T08:00:00Z
expires = 2026-12-10T08:00:00Z
[[expect]]
field = "os.host_name"
reason = "r"
owner = "o"
expires = 2026-12-31T00:00:00Z
"""


def fits(document: Any) -> Any:
    """Check a document against the schema that it names, which has no key too many or too few."""
    schema = SCHEMAS[document["schema"]]
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def told(desk: Any, *arguments: object, code: int = 0, **more: Any) -> Any:
    """Run a command for its document."""
    done = desk(*arguments, "-o", "json", **more)
    assert done.code == code, (arguments, done.stderr)
    return fits(done.document)


def lines(desk: Any, name: str, *arguments: object, **more: Any) -> list[Any]:
    """Run a command for its lines, of which there is one at least."""
    schema = SCHEMAS[name]
    row = {"$ref": "#/$defs/row", "$defs": schema["$defs"]}
    made = [
        json.loads(line) for line in desk(*arguments, "-o", "jsonl", **more).stdout.splitlines()
    ]
    assert made, arguments
    for each in made:
        jsonschema.Draft202012Validator(row).validate(each)
    return made


def written(file: Path) -> Any:
    return fits(json.loads(file.read_text("utf-8")))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_one_and_has_an_id_of_its_own(name):
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == "urn:azstaging:schema:" + ":".join(name.split("/")[1:])
    assert schema["title"] == name
    assert schema["description"]


def test_every_schema_that_the_code_names_is_published():
    named = set()
    for file in (ROOT / "src").rglob("*.py"):
        named |= set(re.findall(r'"(azstaging/[a-z-]+/\d+)"', file.read_text("utf-8")))
    assert named - UNPUBLISHED == set(SCHEMAS)


def test_what_is_read_and_frozen(world):
    told(world, "doctor")
    lines(world, "azstaging/doctor/1", "doctor", HTTPS_PROXY="http://p.example:1", NO_PROXY="*")
    told(world, "inventory", "--save", "before.json")
    assert written(world.folder / "before.json")["complete"] is True
    told(world, "diff")
    state = world.azure.state
    state.change(state.item_id("scan-01"), {"properties.migrationState": "Replicating"})
    assert told(world, "inventory", "--compare", "before.json")["changes"]
    lines(world, "azstaging/changes/1", "inventory", "--compare", "before.json")
    for each in told(world, "baseline")["baselines"]:
        assert written(world.folder / each["file"])["item_id"] == each["id"]
    lines(world, "azstaging/baselines/1", "baseline")
    lines(world, "azstaging/diff/1", "diff", "--class", "same,expected")
    told(world, "diff", "--drift")
    state.change(state.vm_id("scan-01"), {"tags.owner": "somebody"})
    lines(world, "azstaging/drift/1", "diff", "--drift")


def test_what_is_not_read_is_a_gap_in_every_document(make_world):
    world = make_world(
        faults=[
            Fault(
                match="GET */vaults/*/replicationMigrationItems", kind="status", status=403, times=0
            )
        ]
    )
    for verb in ("inventory", "baseline", "check", "diff", "boards"):
        document = told(world, verb, code=3)
        assert document["complete"] is False
        assert document["gaps"]
    told(world, "report", "--out", "reports", code=3)
    told(world, "preflight", code=1)
    told(world, "plan", code=1)


def test_a_wave_from_check_to_residue(make_world):
    world = make_world("Scanning", "Laboratory", "Mail")
    told(world, "plan", code=1)
    lines(world, "azstaging/decisions/1", "plan")
    told(world, "baseline")
    told(world, "preflight", code=1)
    outcomes = {each["outcome"] for each in told(world, "check", code=1)["findings"]}
    assert outcomes >= {"pass", "fail"}
    lines(world, "azstaging/findings/1", "check", "--all")
    gates = told(world, "plan", "--out", "wave.plan.json")
    assert {each["gate"] for each in gates["decisions"]} == {"open", "closed"}
    plan = written(world.folder / "wave.plan.json")
    lines(world, "azstaging/preflight/1", "preflight")
    told(world, "preflight", code=1)

    refused = world("approve", "wave.plan.json", "--comment", "mine", "-o", "json")
    assert (refused.code, refused.stdout) == (5, "")
    assert told(world, "release", "wave.plan.json", code=5, who="releaser")["receipts"] == []
    told(world, "approve", "wave.plan.json", "--comment", "CHG-1", who="approver")
    more = ("--comment", "CHG-1 again")
    lines(world, "azstaging/approved/1", "approve", "wave.plan.json", *more, who="approver")
    (live,) = told(world, "status")["live_plans"]
    assert live["digest"] == plan["digest"]
    assert [each["request"] for each in live["items"]] == [
        each["request"] for each in plan["items"]
    ]
    lines(world, "azstaging/status/1", "status")
    dry = told(world, "release", "wave.plan.json", who="releaser")
    assert dry["clean"] is True
    assert any(each["body"] for each in dry["requests"]), "the exact requests have their bodies"
    lines(world, "azstaging/release/1", "release", "wave.plan.json", who="releaser")
    done = told(world, "release", "wave.plan.json", "--execute", who="releaser")
    assert {each["state"] for each in done["receipts"]} == {"done"}
    assert told(world, "status")["receipts"]
    assert told(world, "residue")["released"] == len(done["receipts"])
    lines(world, "azstaging/residue/1", "residue")
    told(world, "report", "--out", "reports")
    lines(world, "azstaging/report-files/1", "report", "--out", "reports")
    told(world, "report", "--from", "estate", "--out", "again")

    told(world, "journal", "show")
    lines(world, "azstaging/journal/1", "journal", "show")
    told(world, "journal", "verify")
    told(world, "journal", "verify", "--head", "0" * 64, code=1)
    lines(world, "azstaging/journal-verify/1", "journal", "verify")
    told(world, "journal", "head")
    lines(world, "azstaging/journal-head/1", "journal", "head")
    told(world, "journal", "export", "--out", "wave.pack")
    lines(world, "azstaging/journal-export/1", "journal", "export", "--out", "wave.pack")
    with zipfile.ZipFile(world.folder / "wave.pack") as pack:
        fits(json.loads(pack.read("manifest.json")))
    told(world, "journal", "verify", "wave.pack")
    (world.folder / "estate").rename(world.folder / "moved")
    told(world, "journal", "adopt", "moved", "--reason", "a new disk")
    (world.folder / "moved").rename(world.folder / "here")
    lines(world, "azstaging/journal-adopt/1", "journal", "adopt", "here", "--reason", "and again")


def test_a_release_of_which_something_is_held_or_open(make_world):
    world = make_world("Scanning", job_seconds=60)
    plan = world.make_approved_plan()
    state = world.azure.state
    state.change(state.item_id("scan-01"), {"properties.allowedOperations": []})
    held = told(world, "release", plan, code=5, who="releaser")
    assert held["held"]
    assert {
        each["state"]
        for each in lines(world, "azstaging/release/1", "release", plan, who="releaser")
    } == {"held"}


def test_the_backlog_before_and_after_somebody_closed_a_work_item(world):
    assert {each["action"] for each in told(world, "boards")["actions"]} == {"create"}
    told(world, "boards", "--apply")
    lines(world, "azstaging/boards/1", "boards")
    world.azure.boards.edit(1, by="owner@contoso.example", **{"System.State": "Closed"})
    assert told(world, "boards", code=1)["conflicts"]


def test_a_machine_that_is_given_up(world):
    state = world.azure.state
    for key in ("scan-01", "scan-02"):
        changes = {
            "properties.migrationState": "Replicating",
            "properties.providerSpecificDetails.targetVMName": "",
        }
        state.change(state.item_id(key), changes)
        state.remove(state.vm_id(key))
        state.change(state.scene.ids.source(state.machine(key)), {"properties.powerStatus": "ON"})
    make = ("abandon", "--reason", "descoped", "--item")
    told(world, *make, "scan-01", "--out", "a.json")
    assert written(world.folder / "a.json")["reason"] == "descoped"
    lines(world, "azstaging/abandon-planned/1", *make, "scan-02", "--out", "b.json")


def test_a_copy_and_its_rehearsal(world):
    plan = world.make_plan()
    told(world, "capture", "--anonymise", "--out", "copy.json")
    written(world.folder / "copy.json.map.json")
    lines(world, "azstaging/capture-files/1", "capture", "--out", "plain.json")
    copy = ("--estate", "copy.json", "--map", "copy.json.map.json")
    told(world, "rehearse", "--plan", plan, *copy)
    lines(world, "azstaging/rehearsal/1", "rehearse", "--plan", plan, *copy[:2])
    told(world, "rehearse", "--plan", plan, *copy[:2], code=5)


def test_what_needs_no_azure(desk):
    told(desk, "init")
    lines(desk, "azstaging/init/1", "init", "--out", "other.toml")
    told(desk, "rbac")
    lines(desk, "azstaging/rbac/1", "rbac")
    (desk.folder / "azstaging.toml").write_text(WHOLE)
    told(desk, "config", "show")
    lines(desk, "azstaging/config/1", "config", "show", "--origin")
    lines(desk, "azstaging/config/1", "config", "show")


@pytest.mark.parametrize("output", ["json", "jsonl"])
def test_the_emulator_says_where_it_is(desk, output):
    argv = desk.argv("emulator", "serve", "--port", 0, "-o", output)
    with subprocess.Popen(
        argv,
        cwd=desk.folder,
        env=desk.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n" or output == "jsonl":
                break
        process.terminate()
    if output == "json":
        fits(json.loads(text))
    else:
        schema = SCHEMAS["azstaging/emulator/1"]
        jsonschema.validate(json.loads(text), {"$ref": "#/$defs/row", "$defs": schema["$defs"]})


def key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a key pair."""
    key = ed25519.Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    raw = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    private.write_bytes(key.private_bytes(*raw, serialization.NoEncryption()))
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, info))
    return private, public


def test_what_is_signed(world):
    private, public = key_pair(world.folder, "approver")
    token = json.loads(base64.urlsafe_b64decode(world.azure.token("approver").split(".")[1] + "=="))
    world.configure(
        f'[[approver]]\nname = "approver"\ntid = "{token["tid"]}"\noid = "{token["oid"]}"\n'
        f'signing_key = "{private.name}"\npublic_key = "{public.name}"'
    )
    plan = world.make_plan()
    signed = ("--comment", "CHG-1", "--out", "approval.json")
    done = world("approve", plan, *signed, who="approver")
    assert done.code == 0, done.stderr
    envelope = json.loads((world.folder / "approval.json").read_text("utf-8"))
    fits(json.loads(base64.b64decode(envelope["payload"])))
    told(world, "approve", plan, "--signed", "approval.json")
