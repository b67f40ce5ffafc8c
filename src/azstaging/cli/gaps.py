"""What could not be read, and what nobody expected, said on stderr after every table."""

from azstaging.cli.streams import say
from azstaging.model.ids import parse_id
from azstaging.model.inventory import Inventory
from azstaging.model.names import told_apart
from azstaging.model.text import display
from azstaging.reports.words import count, some
from azstaging.rules.gaps import may_hide
from azstaging.rules.selection import folded

_NAMED = 5
_ALL = "azstaging inventory -o json lists all"


def say_gaps(inventory: Inventory) -> None:
    """Say how complete an inventory is, gap by gap; and what of it nobody named, or not alone."""
    say(_counted(inventory))
    for gap in inventory.gaps:
        say(f"  gap: {display(str(gap.scope))}")
        if gap.permission and gap.reason == "forbidden":
            say(f"       {gap.reason}, missing {gap.permission}")
        else:
            say(f"       {gap.reason}: {display(gap.detail, limit=300)}")
    _say_unresolved(inventory)
    _say_ambiguous(inventory)
    _say_unexpected(inventory)


def _counted(inventory: Inventory) -> str:
    """Count what was read against what is expected; what nobody expected makes up for nothing."""
    surplus, expected = len(inventory.unexpected), inventory.expected
    wanted, gaps = inventory.read - surplus, count(len(inventory.gaps), "gap")
    if expected is not None and not surplus and wanted <= expected:
        return f"{wanted:,} of {count(expected, 'expected item')} read, {gaps}."
    parts = [f"{count(inventory.read, 'item')} read"]
    if expected is not None:
        met = "all read" if wanted == expected else f"{wanted:,} of them read"
        parts.append(f"{expected:,} expected" + (f", {met}" if wanted <= expected else ""))
    if surplus:
        parts.append(f"{surplus:,} that nobody expected")
    return ("; " if len(parts) > 1 else ", ").join([*parts, gaps]) + "."


def _say_ambiguous(inventory: Inventory) -> None:
    """Name the plain names that select several machines, and the machines."""
    for workload, selector in inventory.ambiguous[:_NAMED]:
        twins = [row for row in inventory if folded(row.name) == folded(selector)]
        # A selection may have kept one of them.
        number = f"{len(twins):,}" if len(twins) > 1 else "several"
        which = some(sorted(told_apart((row.id, row.name) for row in twins).values()))
        listed = f": {display(which, limit=500)}" if len(twins) > 1 else ""
        said = f"{number} machines are named {display(selector)}, and all belong to it{listed}"
        say(f"  workload {display(workload)}: {said}")
    more = len(inventory.ambiguous) - _NAMED
    if more > 0:
        say(f"  and {count(more, 'more such name')}; {_ALL} under ambiguous")
    if inventory.ambiguous:
        say("       to take one alone, name it by its ARM id")


def _say_unexpected(inventory: Inventory) -> None:
    """Name the first items that the list of expected ids does not name."""
    number = len(inventory.unexpected)
    if not number:
        return
    rows = {row.id: row.name for row in inventory}
    apart = told_apart((each, rows.get(each, each.name)) for each in inventory.unexpected)
    named = display(some(list(apart.values()), _NAMED), limit=500)
    rest = f"; {_ALL} under unexpected" if number > _NAMED + 1 else ""
    say(f"  nobody expected {named}{rest}")


def _say_unresolved(inventory: Inventory) -> None:
    """Name what no workload selector found; what lies in a gap is counted, not listed."""
    hidden: dict[str, int] = {}
    shown = {name for row in inventory for name in row.workloads}
    for workload, selector in inventory.unresolved:
        named = parse_id(selector)
        if named is not None and any(named.is_under(gap.scope) for gap in inventory.gaps):
            hidden[workload] = hidden.get(workload, 0) + 1
        elif not inventory.selected or workload in shown:
            # A selection leaves gaps out, too.
            unread = inventory.selected or may_hide(selector, inventory)
            read = " that was read" if unread else ""
            say(f"  workload {display(workload)}: {display(selector)} matches no item{read}")
    for workload, number in hidden.items():
        say(f"  workload {display(workload)}: {number} of its items lie in what could not be read")
