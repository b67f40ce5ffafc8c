"""The workload's script ran in every target machine and ended with 0."""

from azstaging.checks.interface import (
    HOUR,
    Verdict,
    WorkloadContext,
    check,
    failed,
    inconclusive,
    passed,
    skipped,
)
from azstaging.model.commands import CommandRun

_MOST_NAMES = 3


@check(
    id="guest-command",
    title="The workload's script ends with 0 in every target machine",
    source="https://learn.microsoft.com/azure/virtual-machines/run-command-overview",
    lifetime_seconds=8 * HOUR,
    scope="workload",
    boot=True,
    on_request=True,
    next_step="Run the script in the machine by hand and look at what it says.",
)
def guest_command(context: WorkloadContext) -> Verdict:
    """Judge the exit codes that came with our mark; what Run Command itself says is no proof."""
    runs = context.commands
    if not context.workload.guest_script:
        return skipped("the workload names no guest_script", "Name one in the configuration.")
    if runs is None:
        return inconclusive(
            "Run Command is off", "Switch it on: run_command = true under [probes]."
        )
    if bad := [f"{run.machine} {run.exit_code}" for run in runs if run.exit_code]:
        return failed(f"{len(bad)} of {len(runs)} ended with another code: {_listed(bad)}")
    if open_ := [_said(run) for run in runs if run.exit_code is None]:
        return inconclusive(_listed(open_))
    without = len(context.rows) - len(runs)
    if not runs or without:
        return inconclusive(f"{without} items have no target machine to run it in")
    shown = [f"{run.machine} {run.size_bytes} bytes {run.sha256[:12]}" for run in runs]
    return passed(f"ended with 0: {_listed(shown)}")


def _said(run: CommandRun) -> str:
    return f"{run.machine}: {run.problem}"


def _listed(texts: list[str]) -> str:
    more = len(texts) - _MOST_NAMES
    return "; ".join(texts[:_MOST_NAMES]) + (f"; {more} more" if more > 0 else "")
