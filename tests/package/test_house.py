"""The house rules that no linter knows: sizes, names, waiting, ids, versions, no self-awareness."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "azstaging"
TESTS = ROOT / "tests"

MODULE_LINES = 420  # "about 400"
FUNCTION_LINES = 60
PURE = ("model", "rules", "providers", "checks", "reports", "errors.py")
FORBIDDEN = {"azure", "requests", "urllib", "urllib3", "http", "socket", "ssl", "asyncio"}
FORBIDDEN |= {"threading", "concurrent", "multiprocessing", "subprocess", "os", "pathlib", "io"}
FORBIDDEN |= {"tempfile", "time", "random", "uuid", "secrets", "sqlite3", "importlib", "logging"}
# A format turns values into bytes, and reads its templates from the package.
ALLOWED = {"reports": {"io", "importlib"}}
# It runs in whatever executor it is given, another process included; the pause is an argument.
WAITS = {"probes/__init__.py"}
# They hold ids as text and fold them themselves. This list may only become shorter.
FOLDS = {
    "azure/session.py",
    "cli/demo.py",
    "engine/follow.py",
    "engine/release.py",
    "pytest_plugin.py",
    "reports/item_table.py",
    "reports/lookup.py",
    "reports/sections.py",
    "reports/standings.py",
    "reports/table.py",
    "rules/folding.py",
    "rules/gate.py",
    "rules/history.py",
    "rules/outcome.py",
}
VERSION = re.compile(r"(?<![\d-])20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\dT])")

Found = Iterator[tuple[int, str]]


def trees(folder: Path) -> dict[str, ast.Module]:
    return {
        path.relative_to(folder).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.py"))
    }


SOURCES = trees(SRC)


def offenders(look: Callable[[ast.Module], Found], modules: dict[str, ast.Module]) -> list[str]:
    return [f"{name}:{line} {what}" for name, tree in modules.items() for line, what in look(tree)]


def outside(*folders: str) -> dict[str, ast.Module]:
    return {name: tree for name, tree in SOURCES.items() if not name.startswith(folders)}


def imports(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def docstrings(tree: ast.Module) -> set[ast.AST]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }


def test_the_house_is_looked_at() -> None:
    assert len(SOURCES) > 100
    assert {name.split("/")[0] for name in SOURCES} >= set(PURE)


# Sizes.


def test_no_module_is_long() -> None:
    lengths = {name: len((SRC / name).read_text("utf-8").splitlines()) for name in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a body: without docstring and inner functions, a dict as one line."""
    lines: set[int] = set()
    skipped: set[int] = set()
    for node in ast.walk(function):
        if node is function or not hasattr(node, "lineno"):
            continue
        span = set(range(node.lineno, node.end_lineno + 1))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            skipped |= span
        elif isinstance(node, ast.Dict):
            skipped |= span - {node.lineno}
        elif isinstance(node, ast.stmt):
            lines |= span
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        skipped |= set(range(first.lineno, first.end_lineno + 1))
    return len(lines - skipped)


def long_functions(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = code_lines(node)
            if lines > FUNCTION_LINES:
                yield node.lineno, f"{node.name}: {lines} lines"


def test_no_function_is_long() -> None:
    assert offenders(long_functions, SOURCES) == []


def test_lines_of_code_are_counted_as_code() -> None:
    lines = ("def f():", '    """Doc."""', "    a = 1", "    return {", "        'x': a,", "    }")
    [function] = ast.parse("\n".join(lines)).body
    assert isinstance(function, ast.FunctionDef)
    assert code_lines(function) == 2


# Names and imports.


def test_no_module_is_a_drawer() -> None:
    drawers = re.compile(r"(^|[/_])(utils?|helpers?|common|misc|managers?)([_.]|$)")
    assert [name for name in SOURCES if drawers.search(name)] == []


@pytest.mark.parametrize("package", PURE)
def test_what_is_pure_imports_nothing_that_does_io(package: str) -> None:
    banned = FORBIDDEN - ALLOWED.get(package, set())

    def look(tree: ast.Module) -> Found:
        return ((line, name) for line, name in imports(tree) if name.split(".")[0] in banned)

    inside = {n: tree for n, tree in SOURCES.items() if n == package or n.startswith(package + "/")}
    assert inside
    assert offenders(look, inside) == []


@pytest.mark.parametrize("package", PURE)
def test_what_is_pure_opens_and_waits_for_nothing(package: str) -> None:
    names = {"open", "input", "print", "eval", "exec", "__import__", "breakpoint"}
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}

    def look(tree: ast.Module) -> Found:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in names:
                    yield node.lineno, node.func.id
            elif isinstance(node, ast.Attribute) and ast.unparse(node) in clocks:
                yield node.lineno, ast.unparse(node)

    inside = {n: tree for n, tree in SOURCES.items() if n == package or n.startswith(package + "/")}
    assert offenders(look, inside) == []


def test_nothing_is_mocked() -> None:
    def look(tree: ast.Module) -> Found:
        for line, name in imports(tree):
            if name.startswith(("unittest.mock", "mock.", "pytest_mock")) or name == "mock":
                yield line, name
        for node in ast.walk(tree):
            if isinstance(node, ast.arg) and node.arg == "mocker":
                yield node.lineno, "mocker"

    assert offenders(look, SOURCES) == []
    assert offenders(look, trees(TESTS)) == []
    assert "mock" not in (ROOT / "pyproject.toml").read_text("utf-8").split("[tool.", 1)[0]


def test_nothing_asks_whether_it_is_under_test() -> None:
    asking = re.compile(
        r"PYTEST_(CURRENT_TEST|VERSION|XDIST)|UNDER_TEST|^test_mode$", re.IGNORECASE
    )

    def look(tree: ast.Module) -> Found:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and asking.search(str(node.value)):
                yield node.lineno, str(node.value)
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.modules":
                yield node.lineno, "sys.modules"

    assert offenders(look, SOURCES) == []


# Waiting.


def sleeps(tree: ast.Module) -> Found:
    """Find calls of time.sleep; ``sleep: Sleep = time.sleep`` as a default is no call."""
    bare = any(name == "time.sleep" for _, name in imports(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called == "time.sleep" or (bare and called == "sleep"):
                yield node.lineno, ast.unparse(node)


def test_waiting_goes_through_an_injected_sleep() -> None:
    assert {name for name, tree in SOURCES.items() if any(sleeps(tree))} == WAITS


def test_no_test_waits_for_time_to_pass() -> None:
    assert offenders(sleeps, trees(TESTS)) == []


# Ids and versions.


ID_NAMES = {"item_id", "vault_id", "target_id", "resource_id", "row_id", "project_id"}
OWNERS = {"item", "row", "subject", "job", "entry", "plan_item", "held", "receipt", "attempt"}


def folded_ids(tree: ast.Module) -> Found:
    """Find ``item_id.casefold()``, ``item.id.lower()`` and the like."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr in {"casefold", "lower", "upper"}):
            continue
        held = node.value
        name = held.attr if isinstance(held, ast.Attribute) else getattr(held, "id", "")
        owner = ""
        if isinstance(held, ast.Attribute):
            owner = ast.unparse(held.value).rpartition(".")[2]
        if name in ID_NAMES or (name == "id" and owner in OWNERS):
            yield node.lineno, ast.unparse(node)


def test_no_further_module_folds_ids() -> None:
    # The emulator plays the service, which folds ids in its own way.
    folding = outside("emulator/", "model/ids.py")
    assert {name for name, tree in folding.items() if any(folded_ids(tree))} == FOLDS


def test_versions_of_the_services_stay_in_azure() -> None:
    def look(tree: ast.Module) -> Found:
        told = docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told:
                yield from ((node.lineno, found) for found in VERSION.findall(node.value))

    assert offenders(look, outside("azure/", "emulator/")) == []
    assert offenders(look, {"azure/api_versions.py": SOURCES["azure/api_versions.py"]})


@pytest.mark.parametrize(
    ("look", "bad", "good"),
    [
        (sleeps, "import time\ntime.sleep(1)", "import time\ndef f(sleep=time.sleep): sleep(1)"),
        (sleeps, "from time import sleep\nsleep(1)", "def f(sleep): sleep(1)"),
        (folded_ids, "a = item_id.lower()", "a = vm_id.casefold()"),
        (folded_ids, "a = row.item.id.casefold()", "a = row.item.id.key"),
        (long_functions, "def f():\n" + "    x = 1\n" * 61, "def f():\n" + "    x = 1\n" * 60),
    ],
)
def test_a_rule_finds_what_it_looks_for_and_no_more(
    look: Callable[[ast.Module], Found], bad: str, good: str
) -> None:
    assert list(look(ast.parse(bad)))
    assert not list(look(ast.parse(good)))
