"""Every example in README and docs is code that exists: Python, TOML, JSON, and commands."""

import ast
import json
import re
import shlex
from pathlib import Path

import click
import pytest

import azstaging
from azstaging.cli import azstaging as group
from azstaging.config import load_configuration
from azstaging.source_files import read_column_map

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
LIVE = ROOT / "docs" / "reference" / "live-checks.md"
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples(*languages):
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}-{number}")
        for page in PAGES
        for number, (language, kind, text) in enumerate(_BLOCK.findall(page.read_text("utf-8")))
        if f"{language}{kind}" in languages
    ]


def without_magic(text):
    return "\n".join("" if line.startswith(("%", ">>>")) else line for line in text.splitlines())


@pytest.mark.parametrize("text", examples("python"))
def test_python_parses_and_names_what_is_there(text):
    tree = ast.parse(without_magic(text))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in {"az", "azstaging"}
        ):
            assert hasattr(azstaging, node.attr), node.attr
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("azstaging"):
            module = __import__(node.module, fromlist=["x"])
            for alias in node.names:
                assert hasattr(module, alias.name), f"{node.module}.{alias.name}"


@pytest.mark.parametrize("text", examples("json"))
def test_json_parses(text):
    json.loads(text)


@pytest.mark.parametrize("text", examples("toml"))
def test_toml_is_a_configuration(text, tmp_path):
    if "[tool." in text or "..." in text:
        pytest.skip("an excerpt")
    (tmp_path / "azstaging.toml").write_text(text, "utf-8")
    load_configuration(tmp_path / "azstaging.toml")


@pytest.mark.parametrize("text", examples("toml columns"))
def test_toml_is_a_column_map(text, tmp_path):
    (tmp_path / "cmdb.toml").write_text(text, "utf-8")
    assert read_column_map(tmp_path / "cmdb.toml").columns


def test_every_kind_of_example_is_looked_at():
    known = {"python", "json", "toml", "sh", "console", "powershell", "text", "yaml", "{toctree}"}
    found = {
        language for page in PAGES for language, _, _ in _BLOCK.findall(page.read_text("utf-8"))
    }
    assert found <= known


def commands():
    found = []
    for page in PAGES:
        for language, _, text in _BLOCK.findall(page.read_text("utf-8")):
            if language in {"sh", "console", "powershell"}:
                lines = text.replace("\\\n", " ").splitlines()
                last = [line.split(" && ")[-1].strip() for line in lines]
                found += [
                    pytest.param(line, id=f"{page.relative_to(ROOT)}: {line[:60]}")
                    for line in last
                    if line.startswith("azstaging ")
                ]
    inline = re.findall(r"`(azstaging [^`]+)`", LIVE.read_text("utf-8"))
    return found + [pytest.param(line, id=f"live: {line[:60]}") for line in inline]


def parse(line):
    """Parse a line as the command line would, without running it."""
    words = shlex.split(line, comments=True)[1:]
    words = words[: next((i for i, word in enumerate(words) if word in {">", "|"}), len(words))]
    context = group.make_context("azstaging", list(words))
    command, arguments = group, context._protected_args + context.args
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, line
        context = found.make_context(name, arguments, parent=context)
        command = found
        arguments = context._protected_args + context.args


@pytest.mark.parametrize("line", commands())
def test_a_command_exists_with_its_options(line):
    parse(line)


@pytest.mark.parametrize(
    "line", ["azstaging inventori", "azstaging inventory --no-such", "azstaging plan --out"]
)
def test_a_wrong_example_is_found(line):
    with pytest.raises(click.UsageError):
        parse(line)
