"""``azstaging boards``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.conflicts import ChoiceType, choices_of, conflict_rows, say_conflicts
from azstaging.cli.decisions import decide_selected
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.errors import Effect
from azstaging.model.backlog import Choice
from azstaging.model.text import display
from azstaging.model.views import gap_documents
from azstaging.rules.canonical import to_plain


@click.command("boards")
@selection_options
@click.option("--apply", is_flag=True, help="Write. Without it: a preview.")
@click.option(
    "--resolve",
    multiple=True,
    type=ChoiceType(),
    help="Choose once about a work item as shown: leave, accept or restore. Repeatable.",
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    output: str,
    query: str | None,
    apply: bool,
    resolve: tuple[tuple[str, Choice], ...],
    **options: Any,
) -> int:
    """Show what Azure Boards should say, and write it with --apply.

    A selection selects whole workloads, and with them all that share one of their machines.

    An item that a person closed, reopened or edited is a conflict: it is left alone until
    --resolve chooses, for the revision that was shown. Exits 0, 1 with a conflict that is left, 3
    with a gap, 4 when something was written although a gap hides a part, or the effect is unknown.
    """
    choices = choices_of(resolve)
    with session(ctx, **options) as run:
        inventory, decisions = decide_selected(run)
        diff = run.staging.diff(inventory)
        ctx.obj["changing"] = apply
        evidence = (inventory, run.staging.evidence(), diff, decisions)
        result = run.staging.boards(*evidence, apply=apply, choices=choices)
    rows = result.rows()
    emit(
        {
            "schema": "azstaging/boards/1",
            "applied": apply,
            "actions": to_plain(rows),
            "conflicts": conflict_rows(result),
            "complete": inventory.complete and not result.gaps,
            "gaps": gap_documents((*inventory.gaps, *result.gaps)),
        },
        rows,
        output=output,
        query=query,
        empty="The backlog agrees with reality; nothing to write.",
        effect=Effect.DONE if apply else Effect.NONE,
    )
    say_gaps(inventory)
    say_conflicts(result, choices, applied=apply)
    if not apply:
        say("Preview: nothing was written. --apply writes it.")
    for gap in result.gaps:
        say(f"  gap: {display(str(gap.scope))}: {gap.reason}: {display(gap.detail, limit=300)}")
    return exit_codes.of_boards(result, inventory)
