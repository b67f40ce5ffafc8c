"""Boot diagnostics are on, so that somebody can see why a machine does not boot."""

from azstaging.checks.interface import (
    DAY,
    ItemContext,
    Verdict,
    check,
    failed,
    inconclusive,
    passed,
)


@check(
    id="boot-diagnostics",
    title="Boot diagnostics are on",
    source="https://learn.microsoft.com/azure/virtual-machines/boot-diagnostics",
    lifetime_seconds=7 * DAY,
    next_step="Switch boot diagnostics on, with managed storage.",
)
def boot_diagnostics(context: ItemContext) -> Verdict:
    """Judge the target's setting."""
    target = context.row.target
    if target is None or target.boot_diagnostics is None:
        return inconclusive("Azure does not tell whether boot diagnostics are on")
    return passed("on") if target.boot_diagnostics else failed("off")
