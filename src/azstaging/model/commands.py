"""Commands inside a guest: what was asked, and what came back of it."""

from dataclasses import dataclass

from azstaging.model.ids import ResourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTask:
    """A script to run in one machine.

    Attributes:
        machine: the VM; one command at a time runs in it.
        location: its region.
        os_family: ``windows`` or ``linux``.
        script: text of a shell or PowerShell script.
    """

    machine: ResourceId
    location: str
    os_family: str
    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRun:
    """One attempt of a script in one machine. The output stays in the guest.

    Attributes:
        machine: name of the VM.
        problem: why nothing is known of its end, or "".
        exit_code: the script's own, or None.
        size_bytes, sha256: of the script's output, as the guest counted it.
    """

    machine: str
    problem: str = ""
    exit_code: int | None = None
    size_bytes: int = 0
    sha256: str = ""
