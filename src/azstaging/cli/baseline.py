"""``azstaging baseline``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import say
from azstaging.cli.session import selection_options, session


@click.command("baseline")
@selection_options
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Freeze source, intended and target configuration into the estate folder.

    After replication has stopped the source cannot be read any more: the baseline is then the
    only truth. Prints one file per item. Exits 0, or 3 with a gap.
    """
    with session(ctx, needs_journal=True, **options) as run:
        inventory = run.inventory()
        paths = run.staging.baseline(inventory)
    for path in paths:
        click.echo(str(path))
    say_gaps(inventory)
    say(f"{len(paths)} baselines are in the estate folder.")
    return exit_codes.of_inventory(inventory)
