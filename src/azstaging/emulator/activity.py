"""The activity log: ``Microsoft.Insights/eventtypes/management/values``.

Documented: https://learn.microsoft.com/rest/api/monitor/activity-logs/list (filters, fields, 90
days). Guessed: the texts of its refusals, and that status is ``Succeeded`` at once.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from azstaging.emulator import answers
from azstaging.emulator.answers import Answer
from azstaging.emulator.paths import Address
from azstaging.model.times import format_time, parse_time

if TYPE_CHECKING:
    from azstaging.emulator.arm import Call
    from azstaging.emulator.state import State

_PATH = "/providers/microsoft.insights/eventtypes/management/values"
_FILTER = re.compile(
    r"eventTimestamp ge '([^']+)' and eventTimestamp le '([^']+)'"
    r"(?: and resourceGroupName eq '([^']*)')?",
    re.IGNORECASE,
)
_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of a resource."""

    resource_id: str
    caller: str
    operation: str
    at: datetime


def activity(state: "State", address: Address, call: "Call") -> Answer | None:
    """Answer the list of events, or None: another path."""
    if not address.key.endswith(_PATH):
        return None
    told = _FILTER.fullmatch(call.query.get("$filter", "").strip())
    times = [parse_time(text) for text in told.groups()[:2]] if told else []
    if told is None or None in times:
        return answers.error(400, "BadRequest", "The $filter of the activity log is not valid.")
    since, until = (time for time in times if time is not None)
    if state.clock() - since > _KEPT:
        return answers.error(400, "BadRequest", "The start time cannot be more than 90 days ago.")
    group = f"/resourcegroups/{told[3].casefold()}/" if told[3] else "/"
    scope = f"/subscriptions/{address.subscription}/".casefold()
    found = [
        _body(event)
        for event in reversed(state.events)
        if since <= event.at <= until
        and event.resource_id.casefold().startswith(scope)
        and group in event.resource_id.casefold()
    ]
    return Answer(status=200, body={"value": found})


def _body(event: Event) -> dict[str, object]:
    return {
        "caller": event.caller,
        "eventTimestamp": format_time(event.at),
        "operationName": {"value": event.operation, "localizedValue": event.operation},
        "resourceId": event.resource_id,
        "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
    }
