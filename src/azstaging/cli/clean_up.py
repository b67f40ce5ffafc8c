"""The command that cleans up a left-over test machine, for whoever has to run it."""

import json
import shlex

from azstaging.cli.streams import say
from azstaging.model.inventory import Inventory, InventoryItem
from azstaging.model.text import display
from azstaging.providers.clean_up import clean_up_path

_MOST = 20
_BODY = json.dumps({"properties": {"comments": "Left over: found by azstaging inventory."}})


def clean_up_command(row: InventoryItem) -> str:
    """Return the command that lets the service remove the item's test machine, or ""."""
    from azstaging.azure.api_versions import SITE_RECOVERY  # noqa: PLC0415 - only when it is shown

    path = clean_up_path(row.item)
    if not path:
        return ""
    url = shlex.quote(f"{path}?api-version={SITE_RECOVERY}")
    return f"az rest --method post --url {url} --body {shlex.quote(_BODY)}"


def say_test_machines(inventory: Inventory) -> None:
    """Name every test machine that was found, and how the service removes it."""
    found = [row for row in inventory if row.test_machines]
    for row in found[:_MOST]:
        names = ", ".join(machine.name for machine in row.test_machines)
        say(f"  test machine of {display(row.name)} left over: {display(names)}")
        command = clean_up_command(row)
        if command:
            later = " the service does not offer it now; when it does:"
            when = "" if row.facts.cleanup_allowed else later
            say(f"       clean up:{when} {display(command, limit=2_000)}")
    if len(found) > _MOST:
        say(f"  and {len(found) - _MOST} more; -o json lists them under test_machines.")
