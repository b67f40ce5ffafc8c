"""``azstaging plan``."""

from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.decisions import narrow_decisions, say_closed
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.plan_file import require_plan_target, write_plan
from azstaging.cli.preflight import say_preflight
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.config import load_configuration
from azstaging.errors import GateClosedError
from azstaging.model.decisions import Policy
from azstaging.model.plans import RELEASE_SCHEMA
from azstaging.model.views import decisions_document, decisions_rows


@click.command("plan")
@selection_options
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the plan; without it the gates are only shown.",
)
@click.option(
    "--what-if",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Decide with the [gate] of this file over the same evidence; plans and records nothing.",
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    output: str,
    query: str | None,
    out: Path | None,
    what_if: Path | None,
    **options: Any,
) -> int:
    """Decide every gate, and plan the release of the selected open ones.

    A workload goes whole or not at all, so a selection by item selects its workloads. Exits 0
    when a plan was written (or, without --out, when a gate is open), 1 when none is open.
    """
    if out is not None and what_if is not None:
        raise click.UsageError("--what-if plans nothing, so it takes no --out.", ctx)
    if out is not None:
        require_plan_target(out, RELEASE_SCHEMA)
    asks = what_if is not None
    with session(ctx, needs_journal=True, reads_only=asks, **options) as run:
        inventory = run.staging.inventory(record=not asks)
        decisions = narrow_decisions(
            run.staging.decide(inventory, policy=_other_policy(what_if)),
            kept := run.inventory_of(inventory),
            run.wanted,
        )
        emit(
            decisions_document(decisions),
            decisions_rows(decisions),
            output=output,
            query=query,
            empty="No workload has an item that was selected."
            if run.wanted
            else "No workload is configured; name them under [[workload]].",
        )
        if not asks:  # it writes a record to try the journal
            say_preflight(run.staging.preflight(kept))
        say_closed(decisions, inventory)
        say_gaps(inventory)
        if asks:
            say(f"Decided with the gate of {what_if}: {len(decisions.open)} open. Nothing planned.")
            return exit_codes.DONE if decisions.open else exit_codes.CLOSED
        if not decisions.open:
            raise GateClosedError("No gate is open; there is nothing to plan.")
        if out is None:
            say(f"{len(decisions.open)} gates are open. --out FILE writes their plan.")
            return exit_codes.DONE
        plan = run.staging.plan(decisions.open)
        write_plan(out, plan)
    return exit_codes.DONE


def _other_policy(file: Path | None) -> Policy | None:
    return None if file is None else load_configuration(file).policy
