"""``azstaging residue``."""

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import journal_option, session
from azstaging.cli.streams import say
from azstaging.model.text import display
from azstaging.model.views import plain


@click.command("residue")
@journal_option
@output_options
@click.pass_context
def command(ctx: click.Context, /, output: str, query: str | None, journal_url: str | None) -> int:
    """List what released replications leave behind: disks, cache accounts, test networks, agents.

    Nothing is deleted. Exits 0, or 3 when something could not be looked at.
    """
    with session(ctx, journal_url=journal_url, needs_journal=True, existing=True) as run:
        residue = run.staging.residue()
    emit(
        {
            "schema": "azstaging/residue/1",
            "at": plain(residue.at),
            "released": residue.released,
            "leftovers": plain(residue.leftovers),
        },
        residue.rows(),
        output=output,
        query=query,
        empty="Nothing is left of what was released."
        if residue.released
        else "Nothing was released.",
    )
    for step in dict.fromkeys((each.kind, each.next_step) for each in residue.leftovers):
        say(f"{step[0]}: {display(step[1])}")
    return exit_codes.DONE if residue.known else exit_codes.UNDETERMINED
