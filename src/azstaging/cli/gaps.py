"""What could not be read, said on stderr after every table."""

from azstaging.cli.output import say
from azstaging.model.inventory import Inventory
from azstaging.model.text import display


def say_gaps(inventory: Inventory) -> None:
    """Say how complete an inventory is, gap by gap."""
    expected = "" if inventory.expected is None else f" of {inventory.expected} expected"
    items = "item" if inventory.read == 1 else "items"
    say(f"{inventory.read}{expected} {items} read, {len(inventory.gaps)} gaps.")
    for gap in inventory.gaps:
        say(f"  gap: {display(str(gap.scope))}")
        say(f"       {gap.reason}: {display(gap.detail)}")
        if gap.permission:
            say(f"       missing: {gap.permission}")
    for workload, selector in inventory.unresolved:
        say(f"  workload {display(workload)}: {display(selector)} matches no item")
