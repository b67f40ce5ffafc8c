"""``azstaging config show``: every setting that the documentation names, and where it is from."""

import re
from pathlib import Path

from azstaging.cli import exit_codes

COMMANDS = Path(__file__).parents[2] / "docs" / "commands.md"
# What the file names in another way than its value: a table of members, a subject.
ELSEWHERE = {
    "wave.workloads": "workload.items",
    "waiver.item": "waiver.subject",
    "waiver.workload": "waiver.subject",
}

WHOLE = """
[wave]
free_days = 180
free_days_source = "price list of 2026"
[[workload]]
name = "Payroll"
items = ["payroll-db"]
[[approver]]
name = "Second pair of eyes"
tid = "11111111-1111-4111-8111-111111111111"
oid = "22222222-2222-4222-8222-222222222222"
public_key = "keys/approver.pem"
[[waiver]]
check = "licence"
workload = "Payroll"
reason = "The licence is moved at the end of the month."
category = "accepted-risk"
approver = "operations lead"
ticket = "CHG-4471"
created = 2026-11-23T08:00:00Z
expires = 2026-12-10T08:00:00Z
[[expect]]
field = "os.host_name"
reason = "Renamed by the new naming scheme."
owner = "operations lead"
expires = 2026-12-31T00:00:00Z
"""


def documented() -> set[str]:
    """Return every key of the table of settings."""
    section = COMMANDS.read_text("utf-8").partition("\n## Configuration\n")[2].partition("\n## ")[0]
    keys = set()
    for cell in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE):
        table = ""
        for key in re.findall(r"`([\w.]+)`", cell):
            table = table if key.startswith(".") else key.partition(".")[0]
            keys.add(table + key if key.startswith(".") else key)
    assert len(keys) > 40, "the table of settings has moved"
    return keys


def test_every_documented_setting_is_shown(desk):
    (desk.folder / "azstaging.toml").write_text(WHOLE)
    done = desk("config", "show", "--origin", "-o", "jsonl")
    assert done.code == exit_codes.DONE, done.stderr
    shown = {re.sub(r"\[\d+\]", "", key) for key in re.findall(r'"setting": "(.*?)"', done.stdout)}
    names = {key: ELSEWHERE.get(key, key) for key in documented()}
    assert not [
        key
        for key, wanted in sorted(names.items())
        if not any(name == wanted or name.startswith(f"{wanted}.") for name in shown)
    ]


def test_who_may_approve_and_what_is_free_is_shown_with_its_origin(desk):
    (desk.folder / "azstaging.toml").write_text(WHOLE)
    settings = desk("config", "show", "-o", "json").document["settings"]
    assert settings["approver"] == [
        {
            "name": "Second pair of eyes",
            "tid": "11111111-1111-4111-8111-111111111111",
            "oid": "22222222-2222-4222-8222-222222222222",
            "public_key": str(Path("keys/approver.pem")),
            "signing_key": "",
        }
    ]
    assert settings["wave"]["free_days"] == 180
    rows = desk("config", "show", "--origin", "-o", "tsv").stdout.splitlines()
    origin = {row.split("\t")[0]: row.split("\t")[2] for row in rows}
    assert origin["approver[0].name"].endswith("azstaging.toml")
    assert origin["gate.approvals"] == "default"
