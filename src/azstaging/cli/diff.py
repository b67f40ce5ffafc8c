"""``azstaging diff``."""

from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.gaps import say_gaps
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import selection_options, session
from azstaging.cli.streams import say
from azstaging.errors import ConfigurationError
from azstaging.model.differences import DiffClass
from azstaging.model.views import diff_document, diff_rows

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
@output_options
@click.pass_context
def command(
    ctx: click.Context, /, output: str, query: str | None, classes: str, **options: Any
) -> int:
    """Compare source, intended and actual configuration, field by field.

    Exits 0, 1 with a suspicious difference, 3 with an unknown one or a gap.
    """
    wanted = [name.strip() for name in classes.split(",") if name.strip()]
    wrong = [name for name in wanted if name not in _CLASSES]
    if wrong:
        raise ConfigurationError(f"--class {wrong[0]!r} is none of {', '.join(_CLASSES)}.")
    with session(ctx, **options) as run:
        inventory = run.inventory()
        diff = run.staging.diff(inventory)
    shown = diff.where(*wanted)
    emit(
        diff_document(shown, inventory),
        diff_rows(shown, inventory),
        output=output,
        query=query,
        empty="No difference of these classes.",
    )
    say_gaps(inventory)
    say(", ".join(f"{count} {name}" for name, count in diff.counts().items()) + ".")
    return exit_codes.of_diff(diff, inventory)
