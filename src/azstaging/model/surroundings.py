"""What is known of a target beyond the machine itself: backup, load. None is not read."""

from dataclasses import dataclass
from datetime import datetime

from azstaging.model.console import ConsoleSeen
from azstaging.model.usage import Usage


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
        console: what was kept of its console; None when it was not read.
        console_problem: why not, or "".
        usage: how hard the machine worked on the last day; None when that is not known.
        usage_problem: why not, or "".
        source_usage: how hard its source worked, as the baseline tells; None when it does not.
    """

    backups: tuple[Backup, ...] | None = None
    backups_problem: str = ""
    console: ConsoleSeen | None = None
    console_problem: str = ""
    usage: Usage | None = None
    usage_problem: str = ""
    source_usage: Usage | None = None
