"""``azstaging inventory``."""

from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.clean_up import say_test_machines
from azstaging.cli.gaps import say_gaps
from azstaging.cli.layout import Layout
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import deadline_option, selection_options, session
from azstaging.cli.streams import say
from azstaging.cli.targets import has_schema, require_target
from azstaging.model.views import INVENTORY_SCHEMA, inventory_document
from azstaging.snapshots import compare_snapshots, load_snapshot, save_snapshot

_NARROW = Layout(
    first=("name", "first_reason", "gate", "phase", "checks"),
    then=(
        *("mark", "diff", "evidence_age", "workloads", "test_machines", "health", "lag_seconds"),
        *("provider", "wave"),
    ),
    narrowest={"first_reason": 20, "gate": 11, "phase": 9, "checks": 11, "workloads": 12},
    room={"first_reason": 32},
    short={
        "mark": "!",
        "evidence_age": "AGE",
        "test_machines": "TEST",
        "lag_seconds": "LAG (S)",
    },
    remedy="--wide and -o tsv have them",
)
_WIDE = Layout(whole=True)


@click.command("inventory")
@selection_options
@click.option(
    "--wide",
    is_flag=True,
    help="All columns, whole; a terminal that they do not fit gets a block of lines per item.",
)
@click.option(
    "--save", "save_to", metavar="FILE", help="Also save the whole inventory, to compare it."
)
@click.option(
    "--compare", "compare_with", metavar="FILE", help="Show what changed since a saved one."
)
@click.option(
    "--resume",
    "resume_from",
    metavar="FILE",
    help="Keep what was read in FILE, and read only what is not in it yet.",
)
@deadline_option("--resume keeps what was read")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    output: str,
    query: str | None,
    wide: bool,
    save_to: str | None,
    compare_with: str | None,
    resume_from: str | None,
    **options: Any,
) -> int:
    """List every replicated item with phase and gate, and what could not be read.

    The table joins what the journal knows: checks (passed/required, the worst), diff
    (act/suspicious/unknown), age of the oldest evidence, gate and first reason. -o json is the
    inventory alone.

    Exits 0 when the inventory is complete, 3 when something is missing from it.
    """
    if save_to:
        require_target(Path(save_to), what="snapshot", ours=has_schema(INVENTORY_SCHEMA))
    earlier = load_snapshot(compare_with) if compare_with else None
    with session(ctx, **options) as run:
        whole = run.staging.inventory(resume=resume_from)
        inventory = run.inventory_of(whole, earlier=earlier.items if earlier else ())
        rows: list[dict[str, Any]] = []
        if earlier is None and output != "json" and query is None:
            shown = (row.id for row in inventory)
            rows = run.staging.assets(whole, shown=shown).rows(wide=wide)
    if save_to:
        say(f"Saved: {save_snapshot(whole, save_to)}")
    if earlier is not None:
        changes = compare_snapshots(earlier, whole, wanted=run.wanted)
        empty = "Nothing changed."
        emit(changes.document(), changes.rows(), output=output, query=query, empty=empty)
    else:
        empty = "No replicated item was found."
        if whole.items:
            empty = "Nothing that was read is selected."
        elif inventory.gaps:
            empty = "No replicated item could be read; the gaps say why."
        emit(
            inventory_document(inventory),
            rows,
            output=output,
            query=query,
            empty=empty,
            layout=_WIDE if wide else _NARROW,
        )
    say_gaps(inventory)
    say_test_machines(inventory)
    return exit_codes.of_inventory(inventory)
