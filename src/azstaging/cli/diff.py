"""``azstaging diff``."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.notes import named, say_by_reason
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.side_by_side import side_by_side, wide_enough
from azstaging.cli.streams import say, write
from azstaging.errors import ConfigurationError
from azstaging.model.differences import DiffClass, Expectation
from azstaging.model.drift import Drift
from azstaging.model.drift_views import drift_document, drift_rows
from azstaging.model.inventory import Inventory
from azstaging.model.text import display
from azstaging.model.views import diff_document, diff_rows
from azstaging.rules.diff import unused_expectations
from azstaging.rules.target_facts import match_facts
from azstaging.source_files import import_sources

_CLASSES = [cls.value for cls in DiffClass]


@click.command("diff")
@selection_options
@click.option(
    "--class",
    "classes",
    default="act,suspicious,unknown",
    show_default=True,
    help="Classes to show: same, expected, act, suspicious, unknown.",
)
@click.option(
    "--drift",
    "drifts",
    is_flag=True,
    help="Show instead what changed since the baseline, and who changed it.",
)
@click.option(
    "--facts",
    "files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A CSV or XLSX file: what the guests tell in Azure, a column per fact.",
)
@click.option(
    "--columns",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file: what the columns of --facts mean.",
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    output: str,
    query: str | None,
    classes: str,
    drifts: bool,
    files: tuple[Path, ...],
    columns: Path | None,
    **options: Any,
) -> int:
    """Compare source, intended and actual configuration, field by field.

    The source is the frozen one where there is a baseline. Exits 0, 1 with a suspicious
    difference, 3 with an unknown one or a gap. With --drift it exits 1 when something changed, 3
    when it cannot be told.
    """
    if drifts and files:
        raise ConfigurationError("--facts tells nothing of --drift; facts are not frozen there.")
    if drifts:
        return _drift(ctx, output, query, options)
    wanted = [name.strip() for name in classes.split(",") if name.strip()]
    wrong = [name for name in wanted if name not in _CLASSES]
    if wrong:
        raise ConfigurationError(f"--class {wrong[0]!r} is none of {', '.join(_CLASSES)}.")
    imported = import_sources(files, columns, option="--facts")
    with session(ctx, **options) as run:
        inventory = run.inventory()
        told, notes = match_facts(inventory, imported)
        diff = run.staging.diff(inventory, keep_same="same" in wanted, facts=told)
        whole = not run.wanted and inventory.complete
        unused = unused_expectations(diff, run.config.expectations) if whole else None
    shown = diff.where(*wanted)
    if output == "table" and query is None and len(shown) and wide_enough():
        write("\n".join(side_by_side(shown, diff, inventory)))
    else:
        emit(
            diff_document(shown, inventory, counts=diff.counts(), unused=unused),
            diff_rows(shown, inventory),
            output=output,
            query=query,
            empty="No difference of these classes." if len(inventory) else "No item was compared.",
        )
    say_gaps(inventory)
    for problem in imported.problems:
        say(f"  not read: {display(problem, limit=300)}")
    say_by_reason(map(named, notes))
    if files:
        say(f"The facts of {len(told)} of {len(inventory)} machines were told.")
    _say_expectations(run.config.expectations, unused or (), now=diff.at)
    machines = len({row.item_id for row in diff} | set(diff.same))
    say(f"{len(diff.baselines)} of {machines} machines are compared with a frozen baseline.")
    say(", ".join(f"{count} {name}" for name, count in diff.counts().items()) + ".")
    code = exit_codes.of_diff(diff, inventory)
    return exit_codes.UNDETERMINED if imported.problems and not code else code


def _drift(ctx: click.Context, output: str, query: str | None, options: dict[str, Any]) -> int:
    with session(ctx, needs_journal=True, **options) as run:
        inventory = run.inventory()
        drift = run.staging.drift(inventory)
    emit(
        drift_document(drift, inventory),
        drift_rows(drift, inventory),
        output=output,
        query=query,
        empty=(
            "Nothing changed since the baseline in what could be compared."
            if drift.unknown or inventory.gaps
            else "Nothing changed since the baseline."
        ),
    )
    say_gaps(inventory)
    for gap in drift.gaps:
        missing = f", missing {gap.permission}" if gap.permission else ""
        say(f"  the activity log of {display(gap.scope.text)}: {gap.reason}{missing}")
    _say_not_compared(drift, inventory)
    machines = len({row.item_id for row in drift})
    say(f"{len(drift)} values of {machines} machines changed since the baseline.")
    return exit_codes.of_drift(drift, inventory)


def _say_not_compared(drift: Drift, inventory: Inventory) -> None:
    shown = {row.id.key: row.name for row in inventory}
    left_out = ((shown.get(item.key, item.name), reason) for item, reason in drift.unknown)
    say_by_reason(left_out, what="not compared")


def _say_expectations(
    expectations: Iterable[Expectation], unused: Iterable[Expectation], *, now: datetime
) -> None:
    """Say which expectations are over, and which matched nothing; a gap hides no end."""
    ended = [each for each in expectations if each.expires <= now]
    for each in ended:
        pattern = display(each.rule.removeprefix("expect:"))
        say(f"  [[expect]] {pattern} of {display(each.owner)} ended on {each.expires:%Y-%m-%d}:")
        say("       it matches nothing any more; state it anew, or remove it")
    for each in unused:
        if each not in ended:
            say(f"  no row of this wave matches [[expect]] {display(each.rule[len('expect:') :])}")
            reason = display(each.reason, limit=200)
            say(f"       of {display(each.owner)}, until {each.expires:%Y-%m-%d}: {reason}")
