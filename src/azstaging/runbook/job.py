"""One job: its identity, journal and time budget, and how it ends.

A job ends in one of three ways, on its last line: ``finished:``, ``WARNING: not finished`` (start
the same runbook again; the journal says what is done) or ``ERROR:``. azstaging never starts the
next job: a schedule or a person does.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azstaging import __version__
from azstaging.azure.clouds import is_loopback_origin
from azstaging.azure.managed_identity import ManagedIdentity
from azstaging.azure.redaction import redact
from azstaging.config import Configuration
from azstaging.engine.memory import return_what_is_freed
from azstaging.engine.ports import Clock
from azstaging.errors import DeadlineReachedError, Effect, LeaseHeldError, StagingError
from azstaging.journal import Journal
from azstaging.model.inventory import Inventory
from azstaging.model.times import format_time
from azstaging.runbook.parameters import (
    SHARED,
    Parameter,
    configuration_of,
    minutes_of,
    read_parameters,
)
from azstaging.runbook.streams import Streams, nothing_on_stderr
from azstaging.staging import Staging

COMPLETED = 0
FAILED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a runbook works with.

    Attributes:
        values: all parameters by name.
        deadline: when to stop cleanly.
    """

    values: dict[str, str]
    config: Configuration
    staging: Staging
    credential: Any
    journal: Journal
    streams: Streams
    deadline: datetime
    clock: Clock

    def require_time(self, done: str) -> None:
        """Leave when time is up.

        Raises:
            DeadlineReachedError: it is; ``done`` says how far this job came.
        """
        if self.clock() >= self.deadline:
            raise DeadlineReachedError(f"Time was up after {done}.")

    def inventory(self) -> Inventory:
        """Read the inventory and say what it lacks."""
        inventory = self.staging.inventory()
        self.streams.output(f"inventory: {inventory!r}")
        for gap in inventory.gaps:
            missing = f", missing {gap.permission}" if gap.permission else ""
            self.streams.warning(f"gap: {gap.scope}: {gap.reason}{missing}")
        return inventory


Work = Callable[[Job], str]


def run(arguments: Sequence[str], parameters: Sequence[Parameter], work: Work, clock: Clock) -> int:
    """Run one job and return the exit code: 0, or 1 when a person has to look.

    Args:
        arguments: the runbook's parameters.
        parameters: those of this runbook, after the shared ones.
        work: does the job and returns what it finished.
        clock: the time, aware UTC.
    """
    return_what_is_freed()
    streams = Streams()
    with nothing_on_stderr(streams):
        try:
            return _attempt(arguments, (*SHARED, *parameters), work, streams, clock)
        except LeaseHeldError as error:
            return _not_finished(streams, f"{error} Nothing was done.")
        except StagingError as error:
            return _failed(streams, error)
        except Exception as error:  # noqa: BLE001 - a traceback would go to stderr, which is not kept
            text = redact(f"{type(error).__name__}: {error}", limit=500)
            streams.error(f"azstaging itself failed: {text}. Please report it.")
            return FAILED


def _attempt(
    arguments: Sequence[str],
    parameters: Sequence[Parameter],
    work: Work,
    streams: Streams,
    clock: Clock,
) -> int:
    started = clock()
    values = read_parameters(arguments, parameters)
    deadline = started + timedelta(minutes=minutes_of(values["minutes"]))
    config = configuration_of(values["configuration"], values["journal"], dict(os.environ))
    streams.output(f"azstaging {__version__}, until {format_time(deadline)} at the latest")
    credential = credential_for(config, values["identity"], os.environ)
    with Journal.open(config.journal_url, credential=credential) as journal:
        staging = Staging(credential, config, journal=journal, deadline=deadline, clock=clock)
        job = Job(
            values=values,
            config=config,
            staging=staging,
            credential=credential,
            journal=journal,
            streams=streams,
            deadline=deadline,
            clock=clock,
        )
        _say_who(job)
        try:
            streams.output(f"finished: {work(job)}")
        except DeadlineReachedError as error:
            seq, digest = journal.head
            return _not_finished(
                streams, f"{error} Continues from record {seq} ({digest[:16]}) of {journal.place}."
            )
    return COMPLETED


def credential_for(config: Configuration, client_id: str, environ: Mapping[str, str]) -> Any:
    """Return the managed identity; None against a loopback Azure on a machine without one.

    A runbook never falls back to the sign-in of whoever prepared the machine.
    """
    local = bool(config.cloud.arm_endpoint) and is_loopback_origin(config.cloud.arm_endpoint)
    if local and not client_id and "IDENTITY_ENDPOINT" not in environ:
        return None
    return ManagedIdentity(client_id, environ=environ)


def _say_who(job: Job) -> None:
    principal = job.staging.principal()
    if principal is None:
        job.streams.warning("The token names nobody; nothing can be released with it.")
    else:
        job.streams.output(f"identity: {principal.name or '(no name)'} {principal.oid}")


def _not_finished(streams: Streams, why: str) -> int:
    streams.warning(
        f"not finished: {why} Start this runbook again with the same parameters; azstaging "
        "starts no job itself, so the next one of the schedule goes on, or a person's."
    )
    return COMPLETED


def _failed(streams: Streams, error: StagingError) -> int:
    streams.error(str(error))
    if error.effect is Effect.UNKNOWN:
        streams.error("Whether Azure was changed is unknown. A later job reads; it never resends.")
    streams.error(error.advice())
    return FAILED
