"""``azstaging boards``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.errors import Effect
from azstaging.model.text import display
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
    1 with a conflict, 3 with a gap, 4 when only a part could be written.
    """
    with session(ctx, **options) as run:
        inventory = run.inventory()
        diff = run.staging.diff(inventory)
        decisions = run.staging.decide(inventory)
        ctx.obj["changing"] = apply
        result = run.staging.boards(inventory, run.staging.evidence(), diff, decisions, apply=apply)
    rows = result.rows()
    emit(
        {"schema": "azstaging/boards/1", "applied": apply, "actions": to_plain(rows)},
        rows,
        output=output,
        query=query,
        empty="The backlog agrees with reality; nothing to write.",
        effect=Effect.DONE if apply else Effect.NONE,
    )
    say_gaps(inventory)
    if not apply:
        say("Preview: nothing was written. --apply writes it.")
    for gap in result.gaps:
        say(f"  gap: {display(str(gap.scope))}: {gap.reason}: {display(gap.detail, limit=300)}")
    return exit_codes.of_boards(result, inventory)
