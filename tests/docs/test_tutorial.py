"""The tutorial's commands, as they stand there, in one shell, against the emulator it starts."""

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "start" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EXITS = re.compile(r"\s+# exits (\d)$")


def blocks():
    """Return (language, role, text) of every block, in order."""
    return _BLOCK.findall(TUTORIAL.read_text("utf-8"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shell:
    """One terminal: a folder, and variables that commands export."""

    def __init__(self, folder):
        programs = folder / "bin"
        programs.mkdir()
        for name, words in (("azstaging", ["-m", "azstaging"]), ("python", [])):
            program = programs / name
            line = shlex.join([sys.executable, *words])
            program.write_text(f'#!/bin/sh\nexec {line} "$@"\n', "utf-8")
            program.chmod(0o755)
        self.folder = folder / "work"
        self.folder.mkdir()
        kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
        self.environment = kept | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
        }
        self.output = ""

    def run(self, line):
        """Run one line; an export is kept for the next ones."""
        wanted = _EXITS.search(line)
        command = _EXITS.sub("", line)
        if command.startswith("export "):
            command += "; printf '%s' \"$AZSTAGING_TOKEN\""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if command.startswith("export "):
            self.environment["AZSTAGING_TOKEN"] = done.stdout
        self.output = done.stdout + done.stderr
        assert done.returncode == int(wanted.group(1) if wanted else 0), f"{line}\n{self.output}"


@pytest.mark.skipif(os.name == "nt", reason="the tutorial is written for a POSIX shell")
def test_the_tutorial_does_what_it_says(tmp_path):
    shell = Shell(tmp_path)
    port = str(free_port())
    server = None
    ran = []
    said = ""
    try:
        for language, role, text in blocks():
            if role == "setup":
                continue
            for line in text.replace("8443", port).splitlines():
                if role == "background":
                    server = subprocess.Popen(
                        ["/bin/sh", "-c", f"exec {line}"],
                        cwd=shell.folder,
                        env=shell.environment,
                        stderr=subprocess.PIPE,
                        text=True,
                    )
                    wait_for(server)
                elif language == "sh":
                    shell.run(line)
                    ran.append(line.split()[0])
                    said += shell.output
                elif language == "text":
                    assert line in said, f"the tutorial promises: {line}\n{shell.output}"
            if language == "text":
                said = ""
    finally:
        if server is not None:
            server.terminate()
            server.communicate(timeout=30)
    assert ran.count("azstaging") > 15
    assert (shell.folder / "reports" / "engineer.html").is_file()


def wait_for(server):
    """Wait until the emulator says that it serves."""
    for line in server.stderr:
        if line.startswith("Press Ctrl+C"):
            return
    pytest.fail("the emulator ended")
