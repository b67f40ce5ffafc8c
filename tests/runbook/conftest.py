"""The shipped runbooks in a simulated sandbox, against an emulator on loopback."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator.faults import Fault
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.run import utc_now
from azurite import azurite, url

__all__ = ["account", "accounts", "azurite", "url"]

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = Path(__file__).with_name("sandbox.py")
KEPT = ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


GIVEN = os.environ.get("AZSTAGING_SANDBOX_PYTHON", "")


@cache
def python():
    """The Python of a sandbox: one with the bundle, else a 3.10 with what is needed, else this."""
    if GIVEN:
        return GIVEN
    found = shutil.which("python3.10")
    if found is not None:
        needs = "import azure.identity, azure.devops, msgspec, jinja2, xlsxwriter, filelock"
        done = subprocess.run([found, "-c", needs], capture_output=True, check=False)
        if done.returncode == 0:
            return found
    return sys.executable


@dataclass
class Job:
    """What became of one job; ``seen`` is None when it was killed."""

    returncode: int
    stdout: str
    stderr: str
    seen: dict | None

    @property
    def lines(self):
        return self.stdout.splitlines()

    @property
    def finished(self):
        return bool(self.lines) and self.lines[-1].startswith("finished: ")


@dataclass
class Automation:
    """An Automation account: variables, an identity endpoint, and a folder for the journal."""

    folder: Path
    azure: Emulator
    variables: dict[str, str] = field(default_factory=dict)
    container: str = ""

    @property
    def estate(self):
        return self.container or self.folder / "estate"

    def __call__(self, runbook, *parameters, kill_at_line=0, kill_at_request=0, **more):
        """Run one job; kill it once it has written so many lines, or sends that request."""
        record = self.folder / "record.json"
        record.unlink(missing_ok=True)
        given = ["variable:azstaging", str(self.estate), more.pop("identity", "planner"), ""]
        program = [python(), str(SANDBOX), str(record), str(ROOT / "runbooks" / runbook)]
        with (self.folder / "stderr").open("w+b") as stderr:
            with subprocess.Popen(
                [*program, *given, *parameters],
                env=self._environment() | more,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=stderr,
            ) as process:
                if kill_at_request:
                    self.azure.script.set(
                        [
                            Fault(
                                match="*",
                                kind="call",
                                after=kill_at_request - 1,
                                call=lambda _state: process.kill(),
                            )
                        ]
                    )
                lines = []
                for line in process.stdout:
                    lines.append(line)
                    if len(lines) == kill_at_line:
                        process.kill()
            self.azure.script.set([])
            stderr.seek(0)
            complaint = stderr.read().decode()
        seen = json.loads(record.read_text("utf-8")) if record.exists() else None
        return Job(process.returncode, b"".join(lines).decode("utf-8"), complaint, seen)

    def _environment(self):
        file = self.folder / "variables.json"
        file.write_text(json.dumps(self.variables), "utf-8")
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        # A Python that was made of the bundle has azstaging: that one is what a sandbox runs.
        sources = {} if GIVEN else {"PYTHONPATH": str(ROOT / "src")}
        return (
            kept
            | sources
            | {
                "PYTHONIOENCODING": "utf-8",
                "IDENTITY_ENDPOINT": f"{self.azure.url}/msi/token",
                "IDENTITY_HEADER": "a-secret-header",
                "SANDBOX_VARIABLES": str(file),
            }
        )

    def staging(self, identity, journal):
        config = azstaging.load_configuration(self.folder / "azstaging.toml")
        credential = StaticCredential(self.azure.token(identity))
        return azstaging.Staging(credential, config, journal=journal)


def make_account(folder, azure):
    file = write_config(
        folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now()
    )
    # A variable has no folder beside it: the list of expected ids is named by its whole path.
    text = file.read_text("utf-8").replace(
        '"expected.csv"', json.dumps(str(folder / "expected.csv"))
    )
    return Automation(folder, azure, {"azstaging": text})


@pytest.fixture
def account(tmp_path):
    with Emulator(sample_estate()) as azure:
        yield make_account(tmp_path, azure)


@pytest.fixture
def accounts(tmp_path):
    """Two accounts over twin estates."""
    with Emulator(sample_estate()) as one, Emulator(sample_estate()) as two:
        made = []
        for name, azure in (("whole", one), ("broken", two)):
            (tmp_path / name).mkdir()
            made.append(make_account(tmp_path / name, azure))
        yield tuple(made)
