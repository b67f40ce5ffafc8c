"""What a machine shows on its console."""

from dataclasses import dataclass, field

from azstaging.model.findings import Artefact


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleData:
    """Picture and serial log as the storage gave them; empty where there is none."""

    picture: bytes = field(default=b"", repr=False)
    log: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSeen:
    """What was kept of a console, and what its log says.

    Attributes:
        artefacts: ``console`` and ``serial-log``, those that there were.
        stuck: the words in the log by which a boot is known that did not end well, or "".
    """

    artefacts: tuple[Artefact, ...] = ()
    stuck: str = ""
