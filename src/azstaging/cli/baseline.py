"""``azstaging baseline``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.notes import named, say_by_reason
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.machines import SourceMachine
from azstaging.model.text import display
from azstaging.model.views import gap_documents
from azstaging.rules.source_import import Imported, conflicts, match_sources
from azstaging.source_files import import_sources


@click.command("baseline")
@selection_options
@click.option(
    "--again",
    is_flag=True,
    help="Replace the source and the target that were frozen first; else they stand.",
)
@click.option(
    "--source",
    "files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also take what this CSV or XLSX file tells of the sources: RVTools, a CMDB.",
)
@click.option(
    "--columns",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file: what the columns of --source mean.",
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    output: str,
    query: str | None,
    again: bool,
    files: tuple[Path, ...],
    columns: Path | None,
    **options: Any,
) -> int:
    """Freeze source, intended and target configuration into the estate folder.

    After replication has stopped the source cannot be read any more: the baseline is then the
    only truth, and release refuses without one. What was frozen first stands; freezing again adds
    what was not there yet. A file tells what discovery does not. Prints one file per item. Exits 0,
    or 3 with a gap or a part of a file that could not be read.
    """
    imported = import_sources(files, columns)
    with session(ctx, needs_journal=True, **options) as run:
        inventory = run.inventory()
        frozen = [row for row in inventory if row.phase is not Phase.RELEASED]
        told, notes = match_sources(frozen, imported) if files else ({}, ())
        paths = run.staging.baseline(inventory, again=again, sources=told)
    made = [
        {"id": row.id.text, "name": row.name, "file": str(path)}
        for row, path in zip(frozen, paths, strict=True)
    ]
    document = {
        "schema": "azstaging/baselines/1",
        "complete": inventory.complete,
        "gaps": gap_documents(inventory.gaps),
        "baselines": made,
        "not_imported": [*imported.problems, *notes],
    }
    emit(document, made, output=output, query=query, lines=[str(path) for path in paths])
    say_gaps(inventory)
    say(f"{len(paths)} baselines are in the estate folder.")
    if files:
        _say_imported(imported, told, notes, frozen)
    incomplete = bool(imported.problems) and not exit_codes.of_inventory(inventory)
    return exit_codes.UNDETERMINED if incomplete else exit_codes.of_inventory(inventory)


def _say_imported(
    imported: Imported,
    told: Mapping[ResourceId, SourceMachine],
    notes: Sequence[str],
    rows: Sequence[InventoryItem],
) -> None:
    """Say what the files told, what was not read, and where discovery tells otherwise."""
    say(f"The files tell {len(told)} of {len(rows)} machines.")
    for problem in imported.problems:
        say(f"  not read: {display(problem, limit=300)}")
    say_by_reason(map(named, notes))
    for row in rows:
        if row.id in told:
            for conflict in conflicts(row.source, told[row.id]):
                say(f"  {display(conflict, limit=300)}; that of discovery stands")
