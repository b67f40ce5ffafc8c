"""What Azure says of a target machine beyond the machine itself: its backup. None is not read."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup item of a Recovery Services vault that protects a machine.

    Attributes:
        vault: the vault's name.
        state: ``protectionState`` as the service gave it, e.g. ``Protected``, ``IRPending``.
        last_point: the newest recovery point, aware UTC, or None when there is none.
    """

    vault: str
    state: str
    last_point: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was read around one target machine.

    Attributes:
        backups: backup items of the machine, in the order of the vaults; None when they were
            not read, or not all of them.
        backups_problem: why not, or "".
    """

    backups: tuple[Backup, ...] | None = None
    backups_problem: str = ""
