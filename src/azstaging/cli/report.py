"""``azstaging report``."""

from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.decisions import decide_selected
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import blob_credential, configuration, selection_options, session
from azstaging.cli.streams import say
from azstaging.errors import ConfigurationError
from azstaging.files import require_writable
from azstaging.model.views import gap_documents

_VIEWS = ["operations", "auditor", "manager", "engineer"]
_FORMATS = ["html", "xlsx", "csv", "json", "markdown", "parquet"]


@click.command("report")
@selection_options
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder."
)
@click.option("--view", "views", multiple=True, type=click.Choice(_VIEWS), help="Default: all.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(_FORMATS),
    help="Default: all but parquet, which needs azstaging[arrow].",
)
@click.option("--mask", is_flag=True, help="Replace ids and addresses, consistently.")
@click.option(
    "--from",
    "source",
    help="Write an earlier report again, offline: an estate folder, a segment, a pack.",
)
@click.option(
    "--at",
    type=click.IntRange(min=0),
    help="With --from: as of this record; a report names it. Default: the last report.",
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    out: Path,
    views: tuple[str, ...],
    formats: tuple[str, ...],
    mask: bool,
    source: str | None,
    at: int | None,
    output: str,
    query: str | None,
    **options: Any,
) -> int:
    """Write the migration reports from a fresh inventory and the evidence of the journal.

    A selection selects whole workloads, and with them all that share one of their machines.
    Prints one path per line. Exits 0, or 3 when the inventory has a gap (the reports say so).
    With --from it reads nothing but the journal, and the same version writes the same bytes.
    """
    require_writable(out, what="report")
    choices = {"views": views, "formats": formats, "mask": mask}
    if source is not None:
        _refuse_selection(options)
        credential = blob_credential(configuration(ctx)) if "://" in source else None
        given: dict[str, Any] = {
            "credential": credential,
            "choices": choices,
            "output": output,
            "query": query,
        }
        return _rebuild(source, out, at=at, **given)
    if at is not None:
        raise ConfigurationError("--at needs --from.", advice="Name the estate folder with --from.")
    with session(ctx, **options) as run:
        inventory, decisions = decide_selected(run)
        diff = run.staging.diff(inventory)
        evidence = run.staging.evidence()
        jobs = run.staging.job_history(inventory)
        paths = run.staging.report(out, inventory, evidence, diff, decisions, jobs=jobs, **choices)
    gaps = {"complete": inventory.complete, "gaps": gap_documents(inventory.gaps)}
    _say_files(paths, gaps, output=output, query=query)
    say_gaps(inventory)
    return exit_codes.of_inventory(inventory)


def _refuse_selection(options: dict[str, Any]) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise ConfigurationError(
            f"--from writes a whole report again; it takes no selection ({', '.join(given)}).",
            advice="Leave the selection out: the report is of what was selected when it was made.",
        )


def _rebuild(
    source: str,
    out: Path,
    *,
    at: int | None,
    credential: Any,
    choices: dict[str, Any],
    output: str,
    query: str | None,
) -> int:
    from azstaging.rebuild import rebuild_report  # noqa: PLC0415 - loads journal and reports

    made = rebuild_report(source, out, at=at, credential=credential, **choices)
    facts = {"complete": made.complete, "record": made.record, "seq": made.seq}
    _say_files(made.paths, facts, output=output, query=query)
    recorded = len(made.same) + len(made.differ)
    same = f"{len(made.same)} of {recorded} files have the bytes that record {made.record} names."
    say(f"Made from journal record {made.seq}. {same}")
    if made.differ:
        why = f"azstaging {made.tool_version} wrote them, or other options were given"
        say(f"Not the same ({why}): {', '.join(made.differ)}.")
    return exit_codes.DONE if made.complete else exit_codes.UNDETERMINED


def _say_files(
    paths: tuple[Path, ...], facts: dict[str, Any], *, output: str, query: str | None
) -> None:
    files = [str(path) for path in paths]
    emit(
        {"schema": "azstaging/report-files/1", **facts, "files": files},
        [{"file": file} for file in files],
        output=output,
        query=query,
        lines=files,
    )
