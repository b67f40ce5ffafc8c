"""The target stands where it was intended: region, group, zone, network, size."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    listed,
    passed,
    rows_of_class,
)
from azstaging.model.differences import DiffClass, Difference

_FIELDS = frozenset({"region", "resource_group", "zone", "availability_set", "size"})


@check(
    id="target-placement",
    title="Region, resource group, zone, network and size are as intended",
    source="the target settings of the replication item",
    lifetime_seconds=DAY,
    next_step="Move the machine, or state the difference under [[expect]] with owner and reason.",
)
def target_placement(context: ItemContext) -> Verdict:
    """Judge the rows of the diff that say where the machine stands."""
    rows = tuple(row for row in context.differences if _is_placement(row))
    if not rows:
        return inconclusive("the diff does not tell where the machine stands")
    if wrong := rows_of_class(rows, DiffClass.SUSPICIOUS):
        return failed(listed(wrong))
    if unknown := rows_of_class(rows, DiffClass.UNKNOWN):
        return inconclusive("not told: " + listed(unknown))
    return passed(f"{len(rows)} settings are as intended")


def _is_placement(row: Difference) -> bool:
    is_network = row.area == "network" and row.field.endswith(".subnet")
    return row.field in _FIELDS or is_network
