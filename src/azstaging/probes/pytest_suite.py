"""Runs a workload's suite: one fresh, isolated pytest process, watched by our recorder.

The suite's code is trusted code, as any script that one runs. What it gets is little: an
allow-listed environment, an empty home and working folder, no credential, and a deadline at
which its whole process group is ended. Its output is not kept: it may hold secrets.
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from azstaging.model.suites import SuiteContext, SuitePhase, SuiteRun
from azstaging.rules.canonical import from_plain, to_plain

_ENVIRONMENT = ("PATH", "SYSTEMROOT", "COMSPEC", "LANG", "LC_ALL", "TZ")
_CACHES = frozenset({"__pycache__", ".pytest_cache"})
_MOST_RECORD_BYTES = 64 * 1024 * 1024


NO_PROCESSES = (
    "Run azstaging check on a hybrid worker, in a pipeline or on a workstation, with the same "
    "journal: what it finds counts here, too."
)


def run_suite(
    folder: Path,
    context: SuiteContext,
    *,
    deadline_seconds: float,
    until: datetime | None = None,
) -> SuiteRun:
    """Run the suite in ``folder`` once. It does not raise: what goes wrong is in ``problem``.

    Args:
        folder: pytest files; their ``addopts`` do not apply.
        context: what the fixtures give.
        deadline_seconds: wall-clock time for the whole run.
        until: when it must be over at the latest, aware UTC.
    """
    seconds = deadline_seconds
    if until is not None:
        seconds = min(seconds, (until - datetime.now(timezone.utc)).total_seconds())
        if seconds <= 0:
            return SuiteRun(problem="the suite was not run: the time of the run was up")
    if not folder.is_dir():
        return SuiteRun(problem=f"there is no folder {folder.name}")
    suite = folder.resolve()
    with tempfile.TemporaryDirectory(prefix="azstaging-suite-") as place:
        home = Path(place)
        (home / "context.json").write_text(json.dumps(to_plain(context)), "utf-8")
        record = home / "record.jsonl"
        try:
            digest = digest_of(suite)
        except OSError as error:
            return SuiteRun(problem=f"the suite could not be read: {error.strerror}")
        try:
            code = _run(_command(suite, home, record), home, seconds)
        except (OSError, RuntimeError) as error:
            why = getattr(error, "strerror", "") or type(error).__name__
            return SuiteRun(
                problem=f"the suite could not be started: {why}",
                way_out=NO_PROCESSES,
            )
        problem = "" if code is not None else f"not ended after {seconds:.3g} s"
        try:
            return read_record(_lines(record), digest=digest, problem=problem, exit_code=code)
        except (ValueError, KeyError, TypeError):
            return SuiteRun(problem="the record of the run is not ours", digest=digest)


def digest_of(folder: Path) -> str:
    """Return the SHA-256 over names and contents of all files, caches aside."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not _CACHES.intersection(inside.parts):
            name = inside.as_posix().encode()
            data = path.read_bytes()
            found.update(b"%d %b %d " % (len(name), name, len(data)) + data)
    return found.hexdigest()


def _command(suite: Path, home: Path, record: Path) -> list[str]:
    # -I alone fails with the default import mode, which also mixes files of one name.
    isolated = [sys.executable, "-I", "-B", "-m", "pytest", "--import-mode=importlib"]
    plugins = ["-p", "no:cacheprovider", "-p", "azstaging.pytest_plugin"]
    strict = ["-o", "addopts=", "-o", "xfail_strict=true"]
    # A test that returns False, a class that is passed over, an assertion that fails in a thread.
    named = ("PytestReturnNotNone", "PytestCollection", "PytestUnhandledThreadException")
    warnings = [f"-Werror::pytest.{name}Warning" for name in named]
    files = ["--azstaging-context", str(home / "context.json"), "--azstaging-record", str(record)]
    where = ["--tb=no", "-q", "--rootdir", str(suite), str(suite)]
    return [*isolated, *plugins, *strict, *warnings, *files, *where]


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    own = {"HOME": str(home), "USERPROFILE": str(home), "TMPDIR": str(home), "TEMP": str(home)}
    return {**kept, **own, "TMP": str(home), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _run(command: list[str], home: Path, deadline_seconds: float) -> int | None:
    """Run to the end, or to the deadline; return the exit code, or None at the deadline."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments as a list
        command,
        cwd=home,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(deadline_seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end_group(process)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """End the process and whatever it left running."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lines(record: Path) -> list[str]:
    if not record.is_file() or record.stat().st_size > _MOST_RECORD_BYTES:
        return []
    return record.read_text("utf-8", errors="replace").splitlines()


def read_record(lines: list[str], *, digest: str, problem: str, exit_code: int | None) -> SuiteRun:
    """Make a value of the recorder's lines; a torn last line is passed by.

    Raises:
        ValueError, KeyError, TypeError: an event that the recorder does not write.
    """
    events: list[Mapping[str, Any]] = []
    for line in lines:
        with contextlib.suppress(ValueError):
            events.append(json.loads(line))

    def tests(kind: str) -> tuple[str, ...]:
        named = (event["tests"] for event in events if event["event"] == kind)
        return tuple(test for group in named for test in group)

    phases = (
        from_plain(SuitePhase, {k: v for k, v in event.items() if k != "event"})
        for event in events
        if event["event"] == "phase"
    )
    ends = [event["status"] for event in events if event["event"] == "end"]
    return SuiteRun(
        problem=problem or ("" if events else "pytest did not start"),
        digest=digest,
        collected=tests("collected"),
        deselected=tests("deselected"),
        broken=tuple(event["test"] for event in events if event["event"] == "broken"),
        phases=tuple(phases),
        exit_status=ends[-1] if ends else None,
        exit_code=exit_code,
    )
