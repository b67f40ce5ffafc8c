"""What a step of an Azure Migrate wave is told of the evidence. Pure, experimental.

Completing a step lets the wave's runbook go on, and a later step may stop replication. So the
step is only ever completed for workloads whose gates are all open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from azstaging.errors import ConfigurationError, GateClosedError
from azstaging.model.decisions import Decisions, GateOpen
from azstaging.model.ids import ResourceId, check_segment
from azstaging.model.text import display
from azstaging.model.times import format_time

ACTION = "UpdateStepStatus"
_PROVIDER = "microsoft.migrate"
_KINDS = ("migrateprojects", "runbooks", "executions")
# subscriptions/S/resourceGroups/G/providers/Microsoft.Migrate/migrateProjects/P/runbooks/R/...
_KIND_PARTS = slice(6, None, 2)
_SEGMENTS = 12
# The service does not publish a limit; what is longer is cut by us, and says so.
COMMENT_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompletion:
    """One manual step to complete, and what it is told.

    Attributes:
        execution_id: ARM id, ``.../migrateProjects/{p}/runbooks/{r}/executions/{e}``.
        comment: who reads the wave finds the evidence by it: gates, report, head of the journal.
    """

    execution_id: ResourceId
    step_id: str
    comment: str

    @property
    def body(self) -> dict[str, Any]:
        """The request's body; an empty ``entities`` is the whole step."""
        return {
            "action": "Complete",
            "targetId": self.step_id,
            "entities": [],
            "comment": self.comment,
        }


def completion_of(
    execution_id: ResourceId,
    step_id: str,
    workloads: Iterable[str],
    decisions: Decisions,
    *,
    report_url: str = "",
    head: tuple[int, str] | None = None,
) -> StepCompletion:
    """Return the completion of a step whose workloads all have an open gate.

    Raises:
        ConfigurationError: the id is none of an execution, the step has no name, or no workload.
        GateClosedError: a gate is closed, or a workload was not decided.
    """
    _check_execution(execution_id)
    check_segment(step_id)
    named = tuple(dict.fromkeys(workloads))
    if not named:
        raise ConfigurationError("A step is completed for workloads; none was named.")
    opened = {gate.workload: gate for gate in decisions.open}
    shut = [name for name in named if name not in opened]
    if shut:
        raise GateClosedError(
            f"Step {display(step_id)} stays as it is: the gate is not open for "
            f"{', '.join(display(name) for name in shut)}. Nothing was sent."
        )
    comment = _comment([opened[name] for name in named], report_url, head)
    return StepCompletion(execution_id=execution_id, step_id=step_id, comment=comment)


def _check_execution(execution_id: ResourceId) -> None:
    parts = execution_id.text.strip("/").split("/")
    kinds = tuple(part.casefold() for part in parts[_KIND_PARTS])
    if len(parts) == _SEGMENTS and parts[5].casefold() == _PROVIDER and kinds == _KINDS:
        return
    raise ConfigurationError(
        f"{display(execution_id.text)} is no execution of a wave's runbook: "
        ".../Microsoft.Migrate/migrateProjects/PROJECT/runbooks/RUNBOOK/executions/ID. "
        "Nothing was sent."
    )


def _comment(gates: list[GateOpen], report_url: str, head: tuple[int, str] | None) -> str:
    lines = [
        f"azstaging: gate open for {display(gate.workload, limit=80)} at {format_time(gate.at)}, "
        f"{len(gate.item_ids)} items, {len(gate.waivers)} waivers"
        for gate in gates
    ]
    tail = [f"report: {display(report_url)}"] if report_url else []
    tail += [f"journal: record {head[0]}, {head[1]}"] if head else []
    room = COMMENT_CHARACTERS - sum(len(line) + 1 for line in tail) - len("and 1000 more") - 1
    kept: list[str] = []
    for line in lines:
        if sum(len(one) + 1 for one in kept) + len(line) > room:
            break
        kept.append(line)
    more = [f"and {len(lines) - len(kept)} more"] if len(kept) < len(lines) else []
    return "\n".join([*kept, *more, *tail])
