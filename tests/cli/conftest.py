"""The command line in this process and in processes of its own, against an emulator on loopback."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import msgspec
import pytest

from azstaging.cli import main
from azstaging.cli.estate_config import write_config
from azstaging.emulator.estate import Estate
from azstaging.emulator.faults import Fault
from azstaging.emulator.sample import sample_estate
from azstaging.emulator.server import Emulator
from azstaging.run import utc_now

_KEPT = {"PATH", "HOME", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV", "TEMP", "TMP", "TMPDIR"}


def _bare_environment() -> dict[str, str]:
    """Return this environment without what azstaging, azure-identity and terminals read."""
    return {name: value for name, value in os.environ.items() if name in _KEPT}


@dataclass(frozen=True)
class Done:
    """What a command did: its exit code and both of its streams."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)

    @property
    def complaint(self) -> list[str]:
        """The lines on stderr from ``Error:`` on."""
        lines = self.stderr.splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith("Error: ")]
        assert len(starts) == 1, self.stderr
        return lines[starts[0] :]


@dataclass
class Desk:
    """A folder, an environment and an Azure: where somebody types commands.

    Attributes:
        token_of: gives the token of an identity, or raises for a desk without Azure.
        environment: set for every command, on top of a bare one.
    """

    folder: Path
    token_of: Callable[[str], str] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        *arguments: object,
        who: str = "planner",
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        **more: str,
    ) -> Done:
        """Run a command in this process; what goes to a stream that was given is not kept."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(stdout or out),
            contextlib.redirect_stderr(stderr or err),
        ):
            patch.chdir(self.folder)
            for name in set(os.environ) - _KEPT:
                patch.delenv(name)
            for name, value in self._variables(who, more).items():
                patch.setenv(name, value)
            code = main([str(each) for each in arguments])
        return Done(code, *(_text(stream) for stream in (out, err)))

    def spawn(
        self, *arguments: object, who: str = "planner", file_blocks: int | None = None, **more: str
    ) -> Done:
        """Run a command in a process of its own; ``file_blocks`` of 512 bytes fit a file."""
        argv = self.argv(*arguments)
        if file_blocks is not None:
            # A cut short .pyc would be believed by every later process.
            more |= {"PYTHONDONTWRITEBYTECODE": "1"}
            argv = ["sh", "-c", f'ulimit -f {file_blocks}; exec "$@"', "sh", *argv]
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env=self.variables(who, **more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def argv(self, *arguments: object) -> list[str]:
        """Return the command line of a real process, in which every warning is an error."""
        program = [sys.executable, "-W", "error", "-m", "azstaging"]
        return [*program, *(str(each) for each in arguments)]

    def variables(self, who: str = "planner", **more: str) -> dict[str, str]:
        """Return the whole environment of a process."""
        return _bare_environment() | self._variables(who, more)

    def _variables(self, who: str, more: dict[str, str]) -> dict[str, str]:
        token = {"AZSTAGING_TOKEN": self.token_of(who)} if self.token_of else {}
        return token | self.environment | more

    def listing(self) -> list[str]:
        """Return every file below the folder, but what a journal keeps for itself."""
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))
        return sorted(name for name in found if not name.startswith("estate/"))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer: Any = stream.buffer
    data: bytes = buffer.getvalue()
    return data.decode("utf-8")


def small_estate(*workloads: str) -> Estate:
    """Return the part of the sample estate that some workloads need, and no denial."""
    whole = sample_estate()
    kept = tuple(each for each in whole.workloads if each.name in workloads)
    assert len(kept) == len(workloads)
    keys = {key for workload in kept for key in workload.machines}
    machines = tuple(machine for machine in whole.machines if machine.key in keys)
    vaults = {machine.vault for machine in machines}
    return msgspec.structs.replace(
        whole,
        machines=machines,
        workloads=kept,
        vaults=tuple(vault for vault in whole.vaults if vault.name in vaults),
        projects=tuple(project for project in whole.projects if project.vault in vaults),
        locks=(),
        denials=(),
    )


class World(Desk):
    """A desk with an emulated Azure of its own and a configuration that fits it."""

    def __init__(self, azure: Emulator, folder: Path) -> None:
        super().__init__(folder, azure.token)
        self.azure = azure
        write_config(folder / "azstaging.toml", azure.estate, arm_endpoint=azure.url, now=utc_now())

    def configure(self, text: str) -> None:
        """Append to the configuration."""
        with (self.folder / "azstaging.toml").open("a", encoding="utf-8") as stream:
            stream.write(f"\n{text}\n")

    def replan(self, old: str, new: str) -> None:
        """Change the configuration."""
        file = self.folder / "azstaging.toml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    def collect_evidence(self) -> None:
        """Freeze the baselines and run the checks."""
        for verb in ("baseline", "check"):
            done = self(verb)
            assert done.code in {0, 1, 3}, done.stderr

    def make_plan(self) -> Path:
        """Gather evidence and plan; return the plan's file."""
        self.collect_evidence()
        done = self("plan", "--out", "wave.plan.json")
        assert done.code == 0, done.stderr
        return self.folder / "wave.plan.json"

    def make_approved_plan(self) -> Path:
        """Plan, and have it approved by somebody else."""
        plan = self.make_plan()
        done = self("approve", plan, "--comment", "CHG-4471", who="approver")
        assert done.code == 0, done.stderr
        return plan

    def let_replicate(self, key: str = "scan-01") -> str:
        """Make a machine one that was never migrated, its source running; return its id."""
        state = self.azure.state
        state.change(
            state.item_id(key),
            {
                "properties.migrationState": "Replicating",
                "properties.providerSpecificDetails.targetVMName": "",
            },
        )
        state.remove(state.vm_id(key))
        state.change(state.scene.ids.source(state.machine(key)), {"properties.powerStatus": "ON"})
        return state.item_id(key)

    @property
    def stops(self) -> int:
        """How many stops Azure has accepted."""
        return len(self.azure.state.stops)


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make small worlds by the workloads that they hold; the first lies in ``tmp_path``."""
    with contextlib.ExitStack() as stack:
        count = 0

        def make(
            *workloads: str, faults: Iterable[Fault] = (), job_seconds: float = 0.01, **more: Any
        ) -> World:
            nonlocal count
            count += 1
            folder = tmp_path / f"desk-{count}"
            folder.mkdir()
            azure = Emulator(
                small_estate(*(workloads or ("Scanning",))),
                faults=faults,
                job_duration_seconds=job_seconds,
                **more,
            )
            stack.enter_context(azure)
            return World(azure, folder)

        yield make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Two healthy machines in one vault, all of it readable."""
    return make_world("Scanning")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder and no Azure."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(folder)


@pytest.fixture(scope="module")
def estate_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The whole sample estate, shared by a module's tests that only read it."""
    with Emulator(sample_estate()) as azure:
        yield World(azure, tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="session")
def honest_plan(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a plan as it was made. Its journal is elsewhere."""
    with Emulator(small_estate("Scanning")) as azure:
        return World(azure, tmp_path_factory.mktemp("planned")).make_plan().read_bytes()
