"""Everything imports where only Unix has a module: runbooks and laptops run Windows."""

import json
import subprocess
import sys
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
UNIX_ONLY = ("fcntl", "resource", "pwd", "grp", "termios")
# On Windows filelock uses msvcrt; here it finds neither, and says so.
FILELOCK = "ignore:only soft file lock is available:UserWarning"
PROGRAM = """
import importlib
import json
import sys

unix_only, names = json.load(sys.stdin)


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in unix_only:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


for name in unix_only:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Missing())
for name in names:
    importlib.import_module(name)
print(len(names), *sorted(set(unix_only) & set(sys.modules)))
"""


def run(names: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", FILELOCK, "-c", PROGRAM],
        input=json.dumps([UNIX_ONLY, names]),
        capture_output=True,
        text=True,
        check=False,
    )


def modules() -> list[str]:
    """All modules of the package; running __main__ is another thing than importing it."""
    paths = sorted((SRC / "azstaging").rglob("*.py"))
    names = [".".join(path.relative_to(SRC).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def test_everything_imports_without_the_modules_of_unix() -> None:
    names = modules()
    assert len(names) > 100
    done = run(names)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(len(names))]


def test_a_module_of_unix_is_missing_there() -> None:
    done = run(["fcntl"])
    assert done.returncode == 1
    assert "No module named 'fcntl'" in done.stderr
