"""The pages about commands and emulator say what the code does."""

import importlib.util
import json
import re
import shlex
from pathlib import Path

import click
import pytest

from azstaging.cli import azstaging, exit_codes, main
from azstaging.cli.examples import EXAMPLES
from azstaging.cli.init import TEMPLATE
from azstaging.config import load_configuration
from azstaging.emulator.faults import KINDS, faults_from

ROOT = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("commands", Path(__file__).with_name("commands.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
commands = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(commands)


def page(name):
    return (ROOT / "docs" / name).read_text("utf-8")


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize(("name", "text"), list(commands.help_texts()), ids=lambda v: v[:40])
def test_the_page_has_the_help_of_every_command(name, text):
    _, found, rest = page("commands.md").partition(f"### {name}\n\n```text\n")
    assert found, f"docs/commands.md lacks {name}; run python tests/docs/commands.py"
    assert words(rest.split("```")[0]) == words(text)


def test_the_lines_that_have_no_schema_are_named():
    schemas = [json.loads(each.read_text("utf-8")) for each in (ROOT / "docs/schemas").iterdir()]
    printed = [each for each in schemas if "-o json" in each.get("description", "")]
    assert len(printed) > 20
    without = [each["title"] for each in printed if "row" not in each["$defs"]]
    assert without == ["azstaging/inventory/1"]
    said = "Every document, and every line of `jsonl` but those of `inventory`, has a [published"
    assert said in words(page("commands.md"))


@pytest.mark.parametrize(("name", "text"), list(commands.help_texts()), ids=lambda v: v[:40])
def test_every_command_shows_examples_that_parse(name, text):
    path = name.removeprefix("azstaging ")
    if "[ARGS]" in text:
        assert EXAMPLES[path] == (), f"{name} is a group: its commands have the examples"
        return
    assert EXAMPLES[path], f"{name} has no example in cli/examples.py"
    for line in EXAMPLES[path]:
        assert words(line) in words(text)
        if line.startswith("azstaging "):
            parse(azstaging, shlex.split(line.partition(" > ")[0])[1:])


def parse(command, arguments):
    """Let click read a command line, the groups on its way included, and run nothing."""
    context = command.make_context("azstaging", list(arguments), obj={})
    if isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        _, child, rest = command.resolve_command(context, rest)
        parse(child, rest)


def test_the_page_has_every_exit_code():
    codes = {
        value
        for name, value in vars(exit_codes).items()
        if name.isupper() and isinstance(value, int)
    }
    listed = {int(code) for code in re.findall(r"^\| (\d) \|", page("commands.md"), re.MULTILINE)}
    assert listed == codes == set(range(8))


def test_the_page_has_every_key_of_the_template():
    keys = re.findall(r"^#? ?([a-z_]+) *= ", TEMPLATE, re.MULTILINE)
    text = page("commands.md")
    assert keys
    assert [key for key in keys if key not in text] == []


def test_the_page_has_every_setting(tmp_path, capsys):
    (tmp_path / "azstaging.toml").write_text(
        '[[workload]]\nname = "a"\nitems = ["a"]\n[[approver]]\nname = "b"\n'
        'tid = "11111111-1111-4111-8111-111111111111"\n'
        'oid = "22222222-2222-4222-8222-222222222222"\n',
        "utf-8",
    )
    given = ["--config", str(tmp_path / "azstaging.toml"), "config", "show", "--origin"]
    assert main([*given, "-o", "tsv"]) == 0
    settings = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()[1:]]
    names = {re.sub(r"\[\d+\]", "", name) for name in settings}
    assert {"gate.approvals", "journal.url", "workload.guest_script"} <= names
    # Shown as one setting each where there is none.
    names = {re.sub(r"^(boards\.\w+)\.\w+$", r"\1", name) for name in names} - {"expect", "waiver"}
    text = page("commands.md")
    missing = [
        name
        for name in sorted(names)
        if f"`{name}`" not in text and f"`.{name.partition('.')[2]}`" not in text
    ]
    assert missing == []


def test_the_template_loads_with_everything_switched_on(tmp_path):
    lines = TEMPLATE.splitlines()
    body = [line[2:] if re.match(r"# (\[|[a-z_]+ *= )", line) else line for line in lines]
    kept = [line for line in body if "..." not in line and "arm_endpoint" not in line]
    file = tmp_path / "azstaging.toml"
    file.write_text("\n".join(kept), "utf-8")
    config = load_configuration(file)
    assert config.wave.workloads[0].name == "Payroll"
    assert config.waivers[0].check == "licence"
    assert config.expectations[0].field == "os.host_name"
    (tmp_path / "plain.toml").write_text(TEMPLATE, "utf-8")
    assert load_configuration(tmp_path / "plain.toml").journal_url == str(tmp_path / "estate")


def test_the_emulators_page_names_every_fault_and_its_script_reads():
    text = page("emulator.md")
    named = set(re.findall(r"`([a-z0-9-]+)`", text))
    assert KINDS - named - {"call"} == set()
    script = text.split("```json\n")[1].split("```")[0]
    assert [fault.kind for fault in faults_from(json.loads(script))] == ["drop-after", "status"]
