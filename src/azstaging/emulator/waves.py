"""Steps of a wave's runbook: completes the manual ones that a test or a rehearsal put there."""

import json
from dataclasses import dataclass, field

from azstaging.emulator import answers
from azstaging.emulator.answers import Answer
from azstaging.emulator.paths import Address


@dataclass(kw_only=True)
class WaveStep:
    """One step of an execution.

    Attributes:
        kind: ``Manual`` or ``Approval``.
        state: ``NotStarted``, ``AwaitingUserAction``, ``Succeeded``, ...
        comments: of those who completed it, in order.
    """

    kind: str = "Manual"
    state: str = "AwaitingUserAction"
    comments: list[str] = field(default_factory=list)


Executions = dict[str, dict[str, WaveStep]]


def is_step_action(address: Address) -> bool:
    """Tell whether a path is an action on a wave's runbook."""
    return "/migrateprojects/" in address.key and "/runbooks/" in address.key


def act(executions: Executions, address: Address, body: bytes) -> Answer:
    """Answer ``POST {execution}/UpdateStepStatus``; nothing else is known here."""
    if address.parts[-1].casefold() != "updatestepstatus":
        return answers.error(405, "MethodNotAllowed", "The emulator only completes steps.")
    steps = executions.get(address.up())
    if steps is None:
        return answers.error(404, "ResourceNotFound", "There is no such execution.")
    try:
        asked = json.loads(body)
        step = steps.get(str(asked["targetId"]))
        comment, action = str(asked.get("comment") or ""), asked.get("action")
    except (ValueError, KeyError, TypeError, AttributeError):
        return answers.bad_request("The request content was invalid: 'targetId' is required.")
    if step is None:
        return answers.error(404, "StepNotFound", "There is no such step in this execution.")
    if action != "Complete" or not comment:
        return answers.bad_request("A step is completed with the action Complete and a comment.")
    if step.kind != "Manual" or step.state != "AwaitingUserAction":
        return answers.error(409, "InvalidStepState", f"The step is {step.kind}, {step.state}.")
    step.state = "Succeeded"
    step.comments.append(comment)
    return Answer(status=200, body={})
