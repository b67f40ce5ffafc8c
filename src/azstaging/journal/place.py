"""Where a journal lives: a host and a path, on a file system that can keep promises.

A copied folder looks like the original and would go on with the same history; so a journal
remembers its place, and another place must be adopted.
"""

import platform
import re
from dataclasses import dataclass
from pathlib import Path

from azstaging.errors import ConfigurationError

# Locks and fsync on these are promises of somebody else's machine.
_NETWORK = frozenset(
    {"afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs"}
    | {"nfs", "nfs4", "orangefs", "smb2", "smb3", "smbfs"}
    | {f"fuse.{name}" for name in ("blobfuse", "blobfuse2", "davfs", "davfs2", "gcsfuse")}
    | {f"fuse.{name}" for name in ("glusterfs", "rclone", "s3fs", "sshfs")}
)
_MOUNTS = Path("/proc/mounts")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A host's name and the resolved path of an estate folder."""

    host: str
    path: str

    @classmethod
    def of(cls, folder: Path) -> "Place":
        """Return the place of a folder on this host."""
        return cls(host=platform.node(), path=str(folder.resolve()))

    def __str__(self) -> str:
        return f"{self.path} on {self.host}"


def file_system_of(path: str, mounts: str) -> str:
    """Return the type of the file system that a resolved path lies on, "" when not told.

    Args:
        path: absolute, resolved.
        mounts: the text of ``/proc/mounts``.
    """
    best, found = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:  # noqa: PLR2004 - device, mount point, type
            continue
        point = _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), fields[1])
        below = path == point or path.startswith(point.rstrip("/") + "/")
        # Of two mounts on one point, the later hides the earlier.
        if below and len(point) >= len(best):
            best, found = point, fields[2]
    return found


def require_local(folder: Path) -> None:
    """Refuse a folder on a network file system, where that can be told (Linux, UNC paths).

    Raises:
        ConfigurationError: it is on one.
    """
    resolved = str(folder.resolve())
    kind = ""
    if resolved.startswith("\\\\") and not resolved.startswith(("\\\\?\\", "\\\\.\\")):
        kind = "network share"
    elif _MOUNTS.exists():
        told = file_system_of(resolved, _MOUNTS.read_text(encoding="utf-8", errors="replace"))
        kind = told if told.casefold() in _NETWORK else ""
    if kind:
        raise ConfigurationError(
            f"The estate folder {resolved} is on a network file system ({kind}), where locks and "
            "flushing to disk cannot be trusted; nothing was written.",
            advice="Use a folder on a local disk.",
        )
