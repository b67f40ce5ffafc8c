"""Run Command: accepted as an operation that ends at once, with what the guest says."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from azstaging.emulator import answers
from azstaging.emulator.answers import Answer

if TYPE_CHECKING:
    from azstaging.emulator.arm import Call
    from azstaging.emulator.paths import Address
    from azstaging.emulator.populate import Entry

Json = dict[str, Any]
Guest = Callable[[list[str]], str]
"""Takes the lines of a script and returns what it writes to standard output."""


@dataclass(slots=True)
class GuestState:
    """What runs inside machines.

    Attributes:
        guests: casefolded VM id -> guest; a machine without one says nothing.
        busy: casefolded ids of VMs in which another command runs.
        commands: VM ids in which a command was started, in order.
        operations: id -> body of the operation.
    """

    guests: dict[str, Guest] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    operations: dict[str, Json] = field(default_factory=dict)


def start_command(state: GuestState, entry: "Entry", call: "Call") -> Answer:
    """Answer ``POST {vm}/runCommand``."""
    key = entry.id.casefold()
    if key in state.busy:
        message = "Run command extension execution is in progress. Please wait for completion."
        return answers.error(409, "Conflict", message)
    body = msgspec.json.decode(call.body, type=Json)
    state.commands.append(entry.id)
    guest = state.guests.get(key)
    said = guest(body.get("script", [])) if guest else ""
    # Recorded by its users: only the last 4,096 bytes of the output come back.
    message = f"Enable succeeded: \n[stdout]\n{said[-4096:]}\n[stderr]\n"
    status = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": message,
    }
    name = str(uuid.uuid4())
    state.operations[name] = {
        "name": name,
        "status": "Succeeded",
        "properties": {"output": {"value": [status]}},
    }
    location = entry.body("full")["location"]
    subscription = entry.id.split("/")[2]
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
    url = f"{call.origin}{path}/operations/{name}?api-version={call.query['api-version']}"
    headers = {"Location": f"{url}&monitor=true", "Azure-AsyncOperation": url}
    return Answer(status=202, headers=headers)


def command_operation(state: GuestState, address: "Address") -> Answer | None:
    """Answer the operation of a command, or None: the path is none."""
    if "/providers/microsoft.compute/locations/" not in address.key or (
        len(address.parts) < 2 or address.parts[-2].casefold() != "operations"  # noqa: PLR2004
    ):
        return None
    body = state.operations.get(address.parts[-1])
    return Answer(status=200, body=body) if body else answers.item_not_found(address.parts[-1])
