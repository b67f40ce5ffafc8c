"""``azstaging report``."""

from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.files import require_writable
from azstaging.model.views import gap_documents

_VIEWS = ["operations", "auditor", "manager", "engineer"]
_FORMATS = ["html", "xlsx", "csv", "json", "markdown"]


@click.command("report")
@selection_options
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder."
)
@click.option("--view", "views", multiple=True, type=click.Choice(_VIEWS), help="Default: all.")
@click.option(
    "--format", "formats", multiple=True, type=click.Choice(_FORMATS), help="Default: all."
)
@click.option("--mask", is_flag=True, help="Replace ids and addresses, consistently.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: Path,
    views: tuple[str, ...],
    formats: tuple[str, ...],
    mask: bool,
    output: str,
    query: str | None,
    **options: Any,
) -> int:
    """Write the migration reports from a fresh inventory and the evidence of the journal.

    Prints one path per line. Exits 0, or 3 when the inventory has a gap (the reports say so).
    """
    require_writable(out, what="report")
    with session(ctx, **options) as run:
        inventory = run.inventory()
        diff = run.staging.diff(inventory)
        decisions = run.staging.decide(inventory)
        paths = run.staging.report(
            out,
            inventory,
            run.staging.evidence(),
            diff,
            decisions,
            views=views,
            formats=formats,
            mask=mask,
        )
    files = [str(path) for path in paths]
    emit(
        {
            "schema": "azstaging/report-files/1",
            "complete": inventory.complete,
            "gaps": gap_documents(inventory.gaps),
            "files": files,
        },
        [{"file": file} for file in files],
        output=output,
        query=query,
        lines=files,
    )
    say_gaps(inventory)
    return exit_codes.of_inventory(inventory)
