"""Runs a script in machines through Run Command: one at a time per machine, each sent once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock

from azstaging.engine.ports import Clock, GuestPort, Json, Sleep
from azstaging.errors import StagingError
from azstaging.model.commands import CommandRun, GuestTask
from azstaging.model.records import NewRecord
from azstaging.rules.command_records import command_intent_record, command_receipt_record
from azstaging.rules.guest_script import command_body, command_run

_CONFLICT = 409
_THREADS = 8
_TICK_SECONDS = 5.0
_ENDED = frozenset({"succeeded", "failed", "canceled"})


def _recorded_nowhere(_record: NewRecord) -> None:
    """Write nothing."""


class Guests:
    """Runs scripts inside machines.

    Args:
        azure: sends the commands.
        clock, sleep: give the time, and wait between two looks at an operation.
        mark: gives a new hexadecimal mark for every command.
        deadline_seconds: for one command; Run Command itself ends after 90 minutes.
        until: when the run must be over, aware UTC, or None.
        record: writes a record durably; called before a script is sent, and when its end is known.
    """

    def __init__(
        self,
        azure: GuestPort,
        *,
        clock: Clock,
        sleep: Sleep,
        mark: Callable[[], str],
        deadline_seconds: float = 300.0,
        until: datetime | None = None,
        record: Callable[[NewRecord], object] = _recorded_nowhere,
    ) -> None:
        self._azure = azure
        self._clock = clock
        self._sleep = sleep
        self._mark = mark
        self._seconds = deadline_seconds
        self._until = until
        self._record = record
        self._writing = Lock()
        self._locks: dict[str, Lock] = {}

    def run(self, tasks: Sequence[GuestTask]) -> tuple[CommandRun, ...]:
        """Run every task once; one answer each, in their order.

        Raises:
            JournalError: an intent or a receipt could not be written; without its intent nothing
                is sent.
        """
        for task in tasks:
            self._locks.setdefault(task.machine.key, Lock())
        if not tasks:
            return ()
        with ThreadPoolExecutor(min(_THREADS, len(tasks))) as threads:
            return tuple(threads.map(self._one, tasks))

    def _one(self, task: GuestTask) -> CommandRun:
        name, mark = task.machine.name, self._mark()
        with self._locks[task.machine.key]:
            body = command_body(task, mark=mark)
            if body is None:
                return CommandRun(machine=name, problem="its operating system is not told")
            end = self._clock() + timedelta(seconds=self._seconds)
            end = min(end, self._until or end)
            if self._clock() >= end:
                return CommandRun(machine=name, problem="not sent: the time of the run was up")
            self._write(command_intent_record(task))
            operation = ""
            try:
                operation = self._azure.run_command(task.machine, body)
                run = self._followed(task, operation, mark=mark, end=end)
            except StagingError as error:
                run = CommandRun(machine=name, problem=_why(error))
            self._write(command_receipt_record(task, run, operation))
            return run

    def _write(self, record: NewRecord) -> None:
        with self._writing:
            self._record(record)

    def _followed(self, task: GuestTask, operation: str, *, mark: str, end: datetime) -> CommandRun:
        name = task.machine.name
        while True:
            answer = self._azure.get_command(task.machine, task.location, operation)
            if str(answer.get("status")).casefold() in _ENDED:
                return command_run(_messages(answer), mark=mark, machine=name)
            if self._clock() >= end:
                return CommandRun(machine=name, problem="sent, and not ended in time")
            self._sleep(_TICK_SECONDS)


def _messages(answer: Json) -> list[str]:
    """Return the messages of an operation; a shape that is not known has none."""
    found = answer
    for key in ("properties", "output"):
        member = found.get(key)
        found = member if isinstance(member, dict) else {}
    values = found.get("value")
    rows = values if isinstance(values, list) else []
    texts = [row.get("message") for row in rows if isinstance(row, dict)]
    return [text for text in texts if isinstance(text, str)]


def _why(error: StagingError) -> str:
    status = getattr(error, "status", None)
    if status == _CONFLICT:
        return "another command runs in it (409)"
    missing = getattr(error, "permission", "")
    return f"Run Command was refused: {missing or status or type(error).__name__}"
