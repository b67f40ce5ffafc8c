"""What completing a step of an Azure Migrate wave needs. Experimental; nothing here does I/O."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from azstaging.model.ids import ResourceId
from azstaging.rules import gate
from azstaging.rules.wave_step import StepCompletion, completion_of


class WaveStepPort(Protocol):
    """Steps of the runbooks that Azure Migrate keeps for a wave."""

    def complete_step(self, completion: StepCompletion) -> str:
        """Complete one manual step, once; return the id of the request.

        Raises an error of `azstaging.errors`, with ``effect`` UNKNOWN when no answer came.
        """
        ...


def complete_step(
    port: WaveStepPort,
    execution_id: ResourceId,
    step_id: str,
    workloads: Iterable[str],
    case: gate.Case,
    *,
    now: datetime,
    report_url: str = "",
    head: tuple[int, str] | None = None,
    execute: bool = False,
) -> StepCompletion:
    """Complete a step of a wave with the evidence of its workloads; a dry run without ``execute``.

    The gates are decided here and now; no decision that somebody made before is believed.

    Returns:
        What was sent, or would be. That the service accepted it is not a proof that the step is
        complete: its state stands only in a document behind a signed URL, which is not read.

    Raises:
        GateClosedError: a gate is not open; nothing was sent.
        ConfigurationError: an id that is none; nothing was sent.
        ServiceError: the service refused, or ``effect`` is UNKNOWN: look, never send again.
    """
    completion = completion_of(
        execution_id,
        step_id,
        workloads,
        gate.decide(case, now=now),
        report_url=report_url,
        head=head,
    )
    if execute:
        port.complete_step(completion)
    return completion
