"""Sessions: format, lint, types, layers, tests on every Python that is present, docs, notebooks."""

import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["format", "lint", "types", "layers", "tests", "docs"]


def _runs(version: str) -> bool:
    """Tell whether this Python is present and starts; a shim may be there without one."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return True
    program = shutil.which(f"python{version}")
    if program is None:
        return False
    return subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0


PYTHONS = [version for version in ("3.10", "3.11", "3.12", "3.13", "3.14") if _runs(version)]


def _dev(session: nox.Session) -> None:
    session.install("-e", ".[dev]")


@nox.session
def format(session: nox.Session) -> None:  # noqa: A001
    """Check the formatting."""
    _dev(session)
    session.run("ruff", "format", "--check", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Lint."""
    _dev(session)
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    _dev(session)
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Check that imports only go down, and that decisions do no I/O."""
    _dev(session)
    session.run("lint-imports")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests."""
    _dev(session)
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session(name="soak-release")
def soak_release(session: nox.Session) -> None:
    """Play schedules of a release for half an hour, or for as many seconds as are given."""
    _dev(session)
    session.env["PYTHONPATH"] = "tests"
    session.run("python", "-m", "simulation.soak", *(session.posargs or ["1800"]))


@nox.session(name="long-journal")
def long_journal(session: nox.Session) -> None:
    """Append 60,000 records to a container, or as many as are given, one by one, in Azurite."""
    _dev(session)
    session.env["AZSTAGING_LONG_JOURNAL"] = (session.posargs or ["60000"])[0]
    session.run("python", "-m", "pytest", "-q", "-s", "tests/blob/test_long_journal.py")


@nox.session
def docs(session: nox.Session) -> None:
    """Check that the docs name every command, check and error, and that their links hold."""
    _dev(session)
    session.run("python", "-m", "pytest", "tests/docs", "-q")


@nox.session
def notebooks(session: nox.Session) -> None:
    """Execute the notebooks against the emulator."""
    _dev(session)
    session.run("python", "-m", "pytest", "tests/notebook", "-q")


@nox.session
def package(session: nox.Session) -> None:
    """Build sdist and wheel, and take the wheel alone, without extras, through a whole run."""
    _dev(session)
    out = session.create_tmp()
    session.run("python", "-m", "hatchling", "build", "-d", f"{out}/dist")
    session.run("python", "-m", "venv", "--clear", f"{out}/alone")
    [wheel] = Path(out, "dist").glob("*.whl")
    python = f"{out}/alone/bin/python"
    session.run(python, "-m", "pip", "install", "-q", str(wheel), external=True)
    session.run(python, "-I", "benchmarks/closure.py", external=True)
    session.env["AZSTAGING_WHEEL_PYTHON"] = python
    session.run("python", "-m", "pytest", "-q", "tests/package/test_distribution.py")


@nox.session
def mutate(session: nox.Session) -> None:
    """Mutate the decisions; print what no test noticed, fail on what opens a gate."""
    _dev(session)
    session.install("mutmut>=3.8,<4")
    session.run("mutmut", "run")
    session.run("python", "tests/mutation/opens_a_gate.py", "mutants")


@nox.session
def fix(session: nox.Session) -> None:
    """Format and apply the safe fixes."""
    _dev(session)
    session.run("ruff", "format", ".")
    session.run("ruff", "check", "--fix", ".")
