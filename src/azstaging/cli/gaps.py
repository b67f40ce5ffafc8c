"""What could not be read, said on stderr after every table."""

from azstaging.cli.streams import say
from azstaging.model.ids import parse_id
from azstaging.model.inventory import Inventory
from azstaging.model.text import display
from azstaging.rules.gaps import may_hide


def say_gaps(inventory: Inventory) -> None:
    """Say how complete an inventory is, gap by gap."""
    expected = "" if inventory.expected is None else f" of {inventory.expected} expected"
    items = "item" if inventory.read == 1 else "items"
    say(f"{inventory.read}{expected} {items} read, {len(inventory.gaps)} gaps.")
    for gap in inventory.gaps:
        say(f"  gap: {display(str(gap.scope))}")
        if gap.permission:
            say(f"       {gap.reason}, missing {gap.permission}")
        else:
            say(f"       {gap.reason}: {display(gap.detail, limit=300)}")
    _say_unresolved(inventory)


def _say_unresolved(inventory: Inventory) -> None:
    """Name what no workload selector found; what lies in a gap is counted, not listed."""
    hidden: dict[str, int] = {}
    for workload, selector in inventory.unresolved:
        named = parse_id(selector)
        if named is not None and any(named.is_under(gap.scope) for gap in inventory.gaps):
            hidden[workload] = hidden.get(workload, 0) + 1
        else:
            read = " that was read" if may_hide(selector, inventory) else ""
            say(f"  workload {display(workload)}: {display(selector)} matches no item{read}")
    for workload, count in hidden.items():
        say(f"  workload {display(workload)}: {count} of its items lie in what could not be read")
