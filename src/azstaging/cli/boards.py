"""``azstaging boards``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options, say
from azstaging.cli.session import selection_options, session
from azstaging.rules.canonical import to_plain


@click.command("boards")
@selection_options
@click.option("--apply", is_flag=True, help="Write. Without it: a preview.")
@output_options
@click.pass_context
def command(
    ctx: click.Context, /, output: str, query: str | None, apply: bool, **options: Any
) -> int:
    """Show what Azure Boards should say, and write it with --apply.

    An item that a person closed, reopened or edited is a conflict and is left alone. Exits 0,
    or 1 with a conflict, 3 with a gap.
    """
    with session(ctx, **options) as run:
        inventory = run.inventory()
        diff = run.staging.diff(inventory)
        decisions = run.staging.decide(inventory)
        result = run.staging.boards(inventory, run.staging.evidence(), diff, decisions, apply=apply)
    rows = result.rows()
    emit(
        {"schema": "azstaging/boards/1", "applied": apply, "actions": to_plain(rows)},
        rows,
        output=output,
        query=query,
        empty="The backlog agrees with reality; nothing to write.",
    )
    say_gaps(inventory)
    if not apply:
        say("Preview: nothing was written. --apply writes it.")
    return exit_codes.CLOSED if result.conflicts else exit_codes.of_inventory(inventory)
