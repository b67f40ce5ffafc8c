"""``azstaging preflight``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.model.text import display
from azstaging.model.views import gap_documents, plain
from azstaging.rules.preflight import Preflight


@click.command("preflight")
@selection_options
@output_options
@click.pass_context
def command(ctx: click.Context, /, output: str, query: str | None, **options: Any) -> int:
    """List at once everything that could stop a release, for the identity that asks.

    Permission for the stop, locks (inherited ones too), running jobs, source, recovery point,
    baseline, journal and lease. Exits 0 when all is well, 1 when something is not, 3 when
    something could not be told or read. Run it as the identity that will release.
    """
    with session(ctx, needs_journal=True, **options) as run:
        inventory = run.staging.inventory()
        chosen = run.inventory_of(inventory)
        result = run.staging.preflight(chosen)
    emit(
        {
            "schema": "azstaging/preflight/1",
            "at": plain(result.at),
            "ok": result.ok,
            "complete": chosen.complete,
            "gaps": gap_documents(chosen.gaps),
            "checks": plain(result.checks),
        },
        result.rows(),
        output=output,
        query=query,
        empty="No item of a workload was read.",
    )
    say_preflight(result)
    say_gaps(inventory)
    return exit_codes.of_preflight(result, chosen)


def say_preflight(result: Preflight, *, most: int = 10) -> None:
    """Say what is not as a release needs it, or not known, with the next step."""
    wrong = result.not_ok()
    for check in wrong[:most]:
        say(display(check.sentence))
        say(f"  {display(check.next_step)}")
    if len(wrong) > most:
        say(f"... and {len(wrong) - most} more; azstaging preflight lists all.")
