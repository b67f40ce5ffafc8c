"""Locks of the estate folder: one process at a time, held by the operating system.

A lock goes with its process, however that ends. Beside each lock file lies a small JSON file that
names the last holder; it is for messages only, the lock alone decides.
"""

import contextlib
import json
import os
import platform
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from azstaging.errors import ConfigurationError, JournalError, LeaseHeldError
from azstaging.files import write_whole
from azstaging.model.times import format_time
from azstaging.rules.canonical import canonical


class Lock:
    """One lock file.

    Args:
        path: the lock file; its folder must exist.
        what: what it guards, for messages: ``The journal of <folder>``.
    """

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        self._holder = path.with_suffix(".json")
        self._what = what
        # Taken in one thread and given back in another is ordinary here.
        self._lock = FileLock(path, timeout=0, thread_local=False)

    def acquire(self, *, run: str, now: datetime) -> None:
        """Take the lock at once or not at all.

        Raises:
            LeaseHeldError: another run has it; the message names the holder.
            JournalError: the lock file cannot be made.
        """
        try:
            self._lock.acquire()
        except Timeout as error:
            raise LeaseHeldError(
                f"{self._what} is in use by {self._held_by()}; nothing was changed."
            ) from error
        except (OSError, NotImplementedError) as error:
            raise JournalError(
                f"{self._what} cannot be locked: {error}; nothing was changed.",
                advice="Use a folder on a local disk that this account may write to.",
            ) from error
        holder = {
            "run": run,
            "host": platform.node(),
            "pid": os.getpid(),
            "at": format_time(now),
        }
        # A holder that cannot be named still holds the lock.
        with contextlib.suppress(ConfigurationError):
            write_whole(self._holder, canonical(holder), what="lock's holder")

    def _held_by(self) -> str:
        try:
            holder = json.loads(self._holder.read_bytes())
            run = f"run {holder['run']}, " if holder["run"] else ""
            return f"{run}process {holder['pid']} on {holder['host']} since {holder['at']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        self._lock.release()
