"""``azstaging baseline``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.model.inventory import Phase
from azstaging.model.views import gap_documents


@click.command("baseline")
@selection_options
@click.option(
    "--again",
    is_flag=True,
    help="Replace the source and the target that were frozen first; else they stand.",
)
@output_options
@click.pass_context
def command(
    ctx: click.Context, /, output: str, query: str | None, again: bool, **options: Any
) -> int:
    """Freeze source, intended and target configuration into the estate folder.

    After replication has stopped the source cannot be read any more: the baseline is then the
    only truth, and release refuses without one. What was frozen first stands; freezing again adds
    what was not there yet. Prints one file per item. Exits 0, or 3 with a gap.
    """
    with session(ctx, needs_journal=True, **options) as run:
        inventory = run.inventory()
        paths = run.staging.baseline(inventory, again=again)
    frozen = [row for row in inventory if row.phase is not Phase.RELEASED]
    files = [
        {"id": row.id.text, "name": row.name, "file": str(path)}
        for row, path in zip(frozen, paths, strict=True)
    ]
    emit(
        {
            "schema": "azstaging/baselines/1",
            "complete": inventory.complete,
            "gaps": gap_documents(inventory.gaps),
            "baselines": files,
        },
        files,
        output=output,
        query=query,
        lines=[str(path) for path in paths],
    )
    say_gaps(inventory)
    say(f"{len(paths)} baselines are in the estate folder.")
    return exit_codes.of_inventory(inventory)
