"""The page about the journal's format: its program verifies, its table is what is written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.model.plans import Plan
from azstaging.model.records import RecordType
from azstaging.run import utc_now

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "journal.md"


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """The estate folder of a wave from inventory to release."""
    folder = tmp_path_factory.mktemp("wave")
    with Emulator(sample_estate(), job_duration_seconds=0.01) as azure:
        config = azstaging.load_configuration(
            write_config(
                folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
            )
        )
        with azstaging.Journal.open(folder / "estate") as journal:

            def acting(name):
                credential = StaticCredential(azure.token(name))
                return azstaging.Staging(credential, config, journal=journal)

            planner = acting("planner")
            inventory = planner.inventory()
            planner.baseline(inventory)
            diff = planner.diff(inventory)
            planner.check(inventory, diff)
            decisions = planner.decide(inventory)
            planner.report(folder / "r", inventory, planner.evidence(), diff, decisions)
            planner.boards(inventory, planner.evidence(), diff, decisions, apply=True)
            planner.preflight(inventory)
            plan = planner.plan(decisions.open)
            acting("approver").approve(plan, comment="CHG-1")
            acting("releaser").release(plan, execute=True)
    return folder / "estate"


def verify(program, estate):
    return subprocess.run(
        [sys.executable, "-c", program, str(estate)], capture_output=True, text=True, check=False
    )


def test_the_program_of_the_page_verifies_a_journal_and_finds_a_change(estate, tmp_path):
    (program,) = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    seq, head = azstaging.Journal.read(estate).head
    assert verify(program, estate).stdout == f"{seq + 1} records, head {head}\n"
    (segment,) = (estate / "journal").glob("*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    (tmp_path / "journal").mkdir()
    copy = tmp_path / "journal" / segment.name
    for changed, said in (
        ([*lines[:7], lines[7].replace(b'"at":"2', b'"at":"3'), *lines[8:]], "record 7 "),
        ([*lines[:5], *lines[6:]], "record 5 "),
        ([*lines[:5], lines[6], lines[5], *lines[7:]], "record 5 "),
    ):
        copy.write_bytes(b"".join(changed))
        assert verify(program, tmp_path).stderr.startswith(said)
    # Bits that break JSON, the encoding or a line end, too.
    whole = segment.read_bytes()
    for at in (*range(1_000, 1_012), whole.index(b"\n"), len(whole) - 1, len(whole) // 2):
        for bit in (0x01, 0x20, 0x80):
            copy.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            number = whole.count(b"\n", 0, at)
            found = verify(program, tmp_path)
            assert found.stderr == f"record {number} does not verify\n", (at, bit)
    copy.write_bytes(whole.replace(b"\n", b"\r\n"))
    assert verify(program, tmp_path).stderr == "record 0 does not verify\n"
    assert verify(program, estate / "journal").stderr == "there is no journal\n"


def table():
    """Return type -> (keys that are always there, keys that may be)."""
    rows = re.findall(
        r"^\| (`[a-z.`, ]+) \| .*? \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    found = {}
    for types, keys in rows:
        optional = set(re.findall(r"\[`(\w+)`\]", keys))
        named = set(re.findall(r"`(\w+)`", keys)) - optional
        for name in re.findall(r"`([a-z.]+)`", types):
            found[name] = (named, optional)
    return found


def test_every_type_of_record_is_in_the_table():
    types = {each.value for each in RecordType}
    assert {name for name in table() if "." in name or name == "finding"} == types


def test_the_keys_of_the_table_are_those_that_are_written(estate):
    told = table()
    plan = set(Plan.__dataclass_fields__)
    seen = set()
    for record in azstaging.Journal.read(estate).records():
        always, optional = told[record.type]
        if record.type == RecordType.PLAN.value:
            always = plan
        keys = set(record.data)
        assert always <= keys <= always | optional, record.type
        seen.add(record.type)
    assert seen >= {each.value for each in RecordType} - {
        "journal.adopted",
        "journal.torn",
        "lease.released",
        "command.intent",
        "command.receipt",
    }
