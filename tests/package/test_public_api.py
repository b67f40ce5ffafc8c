"""The public names: sorted, real, described, and free of charge until they are used."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import azstaging

ROOT = Path(__file__).parents[2]
API = ROOT / "docs" / "api.md"
HEAVY = {"azure", "msrest", "requests", "jinja2", "xlsxwriter", "click", "pytest"}
SERVERS = {"starlette", "uvicorn"}
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"^\*\*`(\w+)`\*\*", re.MULTILINE)


def packages_after(code: str) -> set[str]:
    """Run code in a new interpreter and return the top-level packages it has loaded."""
    dump = "import sys; print(*sorted(m for m in sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{dump}"], capture_output=True, text=True, check=True
    )
    return {module.split(".")[0] for module in done.stderr.split()}


def test_names_are_sorted_and_dir_shows_exactly_them() -> None:
    assert azstaging.__all__ == sorted(azstaging.__all__)
    assert len(set(azstaging.__all__)) == len(azstaging.__all__)
    assert dir(azstaging) == azstaging.__all__


@pytest.mark.parametrize("name", azstaging.__all__)
def test_every_name_resolves_to_something_described(name: str) -> None:
    value = getattr(azstaging, name)
    assert isinstance(value, str) or value.__doc__
    if hasattr(value, "__name__"):
        assert value.__name__ == name


def test_type_checkers_see_the_names_that_python_serves() -> None:
    tree = ast.parse(Path(azstaging.__file__).read_text("utf-8"))
    told = {
        str(alias.asname): f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("azstaging.")
        for alias in node.names
    }
    assert sorted(told) == sorted(set(azstaging.__all__) - {"__version__"})
    for name, home in told.items():
        module, _, attribute = home.rpartition(".")
        assert attribute == name
        assert getattr(import_module(module), name) is getattr(azstaging, name)


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Stagin'"):
        azstaging.Stagin  # noqa: B018
    with pytest.raises(ImportError):
        exec("from azstaging import Stagin")


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert packages_after("import azstaging") & (HEAVY | SERVERS | {"typing", "msgspec"}) == set()


def test_using_every_public_name_loads_no_service_and_no_report_writer() -> None:
    loaded = packages_after("from azstaging import *")
    assert "azstaging" in loaded
    assert loaded & (HEAVY | SERVERS) == set()


def test_help_loads_click_and_nothing_else() -> None:
    loaded = packages_after("from azstaging.cli import main\nassert main(['--help']) == 0")
    assert loaded & (HEAVY | SERVERS | {"msgspec"}) == {"click"}


def test_the_documentation_describes_each_name_and_no_other() -> None:
    text = API.read_text("utf-8")
    assert sorted(ENTRY.findall(text)) == azstaging.__all__
    for entry in text.split("\n\n"):
        if found := ENTRY.match(entry):
            assert len(entry.split()) > 6, f"{found[1]} has a name and no paragraph"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An emulated Azure whose configuration lies in tmp_path, and the planner's environment."""
    command = ["emulator", "serve", "--port", "0", "--write-config", "azstaging.toml"]
    with subprocess.Popen(
        [sys.executable, "-m", "azstaging", *command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            prefix = "planner: AZSTAGING_TOKEN="
            assert server.stdout is not None
            line = next(line for line in server.stdout if line.startswith(prefix))
            yield {**os.environ, "AZSTAGING_TOKEN": line.removeprefix(prefix).strip()}
        finally:
            server.terminate()


def test_the_example_runs_as_it_stands(tmp_path: Path, served: dict[str, str]) -> None:
    example = BLOCK.findall(API.read_text("utf-8"))[0]
    assert len([line for line in example.splitlines() if line.strip()]) <= 20
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env=served,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert " is held: " in done.stdout
    assert list((tmp_path / "out").glob("*.html"))
    plan = azstaging.plan_from((tmp_path / "wave.plan.json").read_bytes())
    for item in plan.items:
        assert f"{item.request.method} {item.id}\n" in done.stdout
    assert azstaging.Journal.verify_at(tmp_path / "estate").ok
