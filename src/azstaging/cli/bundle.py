"""The wheels that an Azure Automation runtime needs: exact, with hashes, closed under requirement.

pip downloads for CPython 3.10 on Linux whatever Python runs here, but it judges markers such as
``python_version < "3.11"`` by the Python that runs. So the requirements of every wheel are read
again, for 3.10, and what is missing is fetched, until nothing is.
"""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from azstaging.azure.redaction import redact
from azstaging.cli.sbom import FILE, bill_of_materials
from azstaging.errors import ConfigurationError

LOCK = "requirements.lock"
SCRIPT = "upload.sh"
_TARGET = (
    *("--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.10"),
    *("--platform", "manylinux2014_x86_64", "--abi", "cp310", "--abi", "abi3", "--abi", "none"),
)
_RUNTIME = {
    "implementation_name": "cpython",
    "implementation_version": "3.10.14",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.10.14",
    "python_version": "3.10",
    "sys_platform": "linux",
}
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """One wheel of the bundle.

    Attributes:
        requires: its requirements as written, markers included.
    """

    path: Path
    name: str
    version: str
    size_bytes: int
    sha256: str
    requires: tuple[str, ...]


def gather(requirements: Sequence[str], out: Path) -> tuple[Wheel, ...]:
    """Download what the requirements need on the runtime; write lock, bill of materials, script.

    Args:
        requirements: the first is our own, its extras count; wheels may be named by path.
        out: a folder that is empty or missing.

    Returns:
        The wheels, sorted by name.

    Raises:
        ConfigurationError: pip is missing, a wheel cannot be had, or the folder is not empty.
    """
    if find_spec("pip") is None:
        raise ConfigurationError("pip is not installed, and it downloads the wheels.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"{out} is not an empty folder; nothing was downloaded.")
    extras = {"blob"}
    wanted: Sequence[str] = requirements
    for _ in range(_MOST_ROUNDS):
        _download(wanted, out)
        wheels = tuple(sorted(map(_wheel, out.glob("*.whl")), key=lambda wheel: wheel.name))
        wanted = _missing(wheels, extras)
        if not wanted:
            break
    else:
        raise ConfigurationError(f"These requirements cannot be met: {', '.join(wanted)}.")
    (out / LOCK).write_text(lock_file(wheels), encoding="utf-8")
    bill = json.dumps(bill_of_materials(wheels), indent=2) + "\n"
    (out / FILE).write_text(bill, encoding="utf-8")
    script = resources.files("azstaging.cli").joinpath(SCRIPT).read_bytes()
    (out / SCRIPT).write_bytes(script)
    (out / SCRIPT).chmod(0o755)
    return wheels


def _download(requirements: Sequence[str], out: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(  # noqa: S603 - a list of words, no shell
        [*command, *_TARGET, "--dest", str(out), "--", *requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise ConfigurationError(
            f"pip could not download the wheels: {redact(' '.join(said) or done.stderr)}",
            advice="Check the index (pip's own settings count), then run again into an empty "
            "folder. --wheel names a wheel of azstaging that no index has.",
        )


def _wheel(path: Path) -> Wheel:
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    data = path.read_bytes()
    return Wheel(
        path=path,
        name=_normal(str(metadata["Name"])),
        version=str(metadata["Version"]),
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        requires=tuple(metadata.get_all("Requires-Dist") or ()),
    )


def _normal(name: str) -> str:
    return name.casefold().replace("_", "-").replace(".", "-")


def _missing(wheels: Iterable[Wheel], extras: set[str]) -> list[str]:
    """Return the requirements of the wheels that no wheel meets on the runtime."""
    parse: Any = _packaging().Requirement
    have = {wheel.name for wheel in wheels}
    missing = set()
    for wheel in wheels:
        mine = extras if wheel.name == "azstaging" else set()
        for text in wheel.requires:
            required = parse(text)
            applies = required.marker is None or any(
                required.marker.evaluate(_RUNTIME | {"extra": extra}) for extra in ("", *mine)
            )
            if applies and _normal(required.name) not in have:
                missing.add(f"{required.name}{required.specifier}")
    return sorted(missing)


def _packaging() -> Any:
    """Return ``packaging.requirements``, which pip carries inside for whoever lacks it."""
    try:
        return import_module("packaging.requirements")
    except ImportError:
        return import_module("pip._vendor.packaging.requirements")


def lock_file(wheels: Iterable[Wheel]) -> str:
    """Return a requirements file that pip installs with ``--require-hashes --no-index``."""
    lines = ["# CPython 3.10, manylinux2014_x86_64. Made by azstaging runbook bundle."]
    lines += [f"{w.name}=={w.version} --hash=sha256:{w.sha256}" for w in wheels]
    return "\n".join(lines) + "\n"
