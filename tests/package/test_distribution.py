"""The sdist builds, gives the same wheel, and the wheel alone does the whole run without extras."""

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from azstaging.cli.estate_config import write_config
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.run import utc_now

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ("starlette", "uvicorn", "trustme", "azure.storage.blob", "pandas", "pytest")


def build(source, out, *targets):
    chosen = [word for target in targets for word in ("-t", target)]
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out), *chosen],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_the_sdist_builds_and_gives_the_same_wheel(tmp_path):
    build(ROOT, tmp_path / "dist", "sdist", "wheel")
    [archive] = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
        members = [m for m in sdist.getmembers() if m.isfile()]
        for member in members:
            target = tmp_path / "unpacked" / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(sdist.extractfile(member).read())
    kept = ("README.md", "LICENSE", "docs/index.md", "runbooks/azstaging_assess.py")
    assert {*kept, "tests/conftest.py", "benchmarks/startup.py", "noxfile.py"} <= names
    [source] = (tmp_path / "unpacked").iterdir()
    build(source, tmp_path / "again", "wheel")
    [first], [second] = (tmp_path / "dist").glob("*.whl"), (tmp_path / "again").glob("*.whl")
    assert contents(first) == contents(second)
    packaged = set(contents(first))
    modules = {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / "src").rglob("*.py")}
    assert modules <= packaged
    assert {"azstaging/py.typed", "azstaging/cli/upload.sh"} <= packaged
    assert not any(name.startswith(("tests", "docs")) for name in packaged)


@pytest.fixture
def python():
    """A Python that has the wheel, what it requires, and nothing else."""
    given = os.environ.get("AZSTAGING_WHEEL_PYTHON")
    if not given:
        pytest.skip("a Python with the wheel alone is needed (AZSTAGING_WHEEL_PYTHON)")
    return given


class Traveller:
    """Types commands with the installed wheel, in a folder without sources."""

    def __init__(self, python, folder, azure):
        self._python = python
        self._folder = folder
        self._azure = azure
        self.errors = ""

    def __call__(self, *arguments, who="planner"):
        return self.run("-m", "azstaging", *map(str, arguments), who=who)

    def run(self, *arguments, who="planner"):
        done = subprocess.run(
            [self._python, "-I", "-W", "error", *arguments],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "AZSTAGING_TOKEN": self._azure.token(who)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.errors = done.stderr
        return done.returncode, done.stdout


def test_the_wheel_alone_does_the_whole_run(python, tmp_path):
    with Emulator(sample_estate()) as azure:
        write_config(
            tmp_path / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
        )
        azstaging = Traveller(python, tmp_path, azure)
        code, place = azstaging.run("-c", "import azstaging; print(azstaging.__file__)")
        assert code == 0, azstaging.errors
        assert str(ROOT) not in place, "the wheel is tested, not these sources"
        for extra in EXTRAS:
            found = f"import importlib.util as u; print(u.find_spec({extra!r}) is not None)"
            code, answer = azstaging.run("-c", found)
            assert "False" in answer or code != 0, f"{extra} is no part of the base"

        assert azstaging("inventory")[0] == 3, "one vault of the estate may not be read"
        assert azstaging("baseline")[0] == 3, azstaging.errors
        assert azstaging("diff")[0] in {1, 3}, azstaging.errors
        assert azstaging("check")[0] in {1, 3}, azstaging.errors
        assert azstaging("report", "--out", "reports")[0] in {0, 3}, azstaging.errors
        assert (tmp_path / "reports" / "engineer.html").is_file()
        # One vault may not be read, and something was written: partly applied.
        assert azstaging("boards", "--apply")[0] == 4, azstaging.errors
        assert azstaging("plan", "--out", "p.json")[0] == 0, azstaging.errors
        assert azstaging("approve", "p.json", "--comment", "CHG-1", who="approver")[0] == 0
        code, _ = azstaging("release", "p.json", "--execute", who="releaser")
        assert code == 0, azstaging.errors
        assert azstaging("journal", "verify", "estate")[0] == 0
        assert azure.state.stops
        assert azure.boards.items
