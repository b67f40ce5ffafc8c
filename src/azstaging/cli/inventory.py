"""``azstaging inventory``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.model.views import inventory_document, inventory_rows


@click.command("inventory")
@selection_options
@click.option("--wide", is_flag=True, help="All columns.")
@output_options
@click.pass_context
def command(
    ctx: click.Context, /, output: str, query: str | None, wide: bool, **options: Any
) -> int:
    """List every replicated item with phase, source and target, and what could not be read.

    Exits 0 when the inventory is complete, 3 when something is missing from it.
    """
    with session(ctx, **options) as run:
        inventory = run.inventory()
    emit(
        inventory_document(inventory),
        inventory_rows(inventory, wide=wide),
        output=output,
        query=query,
        empty="No replicated item was found.",
    )
    say_gaps(inventory)
    return exit_codes.of_inventory(inventory)
