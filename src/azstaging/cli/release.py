"""``azstaging release``."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.plan_file import read_plan, say_stakes
from azstaging.cli.session import deadline_option, journal_option, session
from azstaging.cli.streams import say
from azstaging.errors import Effect
from azstaging.model.names import names_of
from azstaging.model.plans import Plan, ReceiptState, ReleaseResult
from azstaging.model.release_views import release_document, release_rows
from azstaging.model.text import display
from azstaging.reports.words import is_or_are
from azstaging.rules.plan import check_verb
from azstaging.rules.readiness import NEXT_STEPS
from azstaging.run import utc_now
from azstaging.staging import Staging


@click.command("release")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--execute", is_flag=True, help="Send the requests. Without it: a dry run.")
@click.option("--digest", help="The plan's digest as it was approved; refused if it differs.")
@journal_option
@deadline_option("run again to resume")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plan_file: Path,
    output: str,
    query: str | None,
    execute: bool,
    digest: str | None,
    **options: Any,
) -> int:
    """Stop the replication of what PLAN names, if it is approved and still true.

    Without --execute nothing is sent: the exact requests are shown, and the exit code is what a
    real run would exit with before its first request. Stopping cannot be undone.
    """
    plan = read_plan(plan_file, digest=digest)
    with session(ctx, needs_journal=True, existing=True, **options) as run:
        check_verb(plan, abandons=False)
        verb = run.staging.release if execute else None
        return run_plan(ctx, run.staging, plan, verb, output=output, query=query)


def run_plan(
    ctx: click.Context,
    staging: Staging,
    plan: Plan,
    verb: Callable[..., ReleaseResult] | None,
    *,
    output: str,
    query: str | None,
) -> int:
    """Run a plan with its verb, or show what a run would do when there is none."""
    say_stakes(plan, now=utc_now())
    if verb is None:
        result = staging.preview(plan)
        _show(plan, result, output, query)
        staging.authorise(plan)
        staging.require_free(plan)
        for line in _what_a_run_would_do(result):
            say(line)
    else:
        ctx.obj["changing"] = True
        result = verb(plan, execute=True)
        _show(plan, result, output, query)
    return exit_codes.of_release(result)


def _what_a_run_would_do(result: ReleaseResult) -> Iterator[str]:
    if result.open_attempts:
        first = min(result.open_attempts, key=lambda attempt: attempt.at)
        yield (
            f"Dry run: nothing was sent. {len(result.open_attempts):,} of an earlier run "
            f"{is_or_are(len(result.open_attempts))} still open, {display(first.name)} since "
            f"{first.at:%Y-%m-%d %H:%M} UTC."
        )
        yield "--execute settles that first, by reading, and may then send more than is shown here."
    elif result.requests:
        yield "Dry run: nothing was sent. --execute sends exactly these requests."
    else:
        yield "Dry run: nothing was sent, and --execute would send nothing either."


def _show(plan: Plan, result: ReleaseResult, output: str, query: str | None) -> None:
    changed = result.executed and bool(result.requests)
    gone = "given up" if plan.abandons else "released"
    emit(
        release_document(result),
        release_rows(result),
        output=output,
        query=query,
        empty=f"Everything in this plan is {gone}; nothing was sent.",
        effect=Effect.DONE if changed else Effect.NONE,
    )
    name_of = names_of(result)
    for receipt in result.receipts:
        if receipt.state is not ReceiptState.DONE:
            how = "may be stopped" if receipt.state is ReceiptState.UNKNOWN else "was not stopped"
            say(f"{display(name_of(receipt.item_id))} {how}: {display(receipt.reason)}")
            say(f"  {NEXT_STEPS[receipt.state]}")
    _say_held(result, name_of)
    if result.out_of_time:
        say("The deadline was near. Run the same command again; it goes on with the rest.")


def _say_held(result: ReleaseResult, name_of: Callable[[str], str], *, most: int = 5) -> None:
    """Say why items are held and what to do; those with one reason in one breath."""
    alike: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for held in result.held:
        alike.setdefault((held.reason, held.changes, held.next_step), []).append(
            name_of(held.item_id)
        )
    for (reason, changes, next_step), names in alike.items():
        named = display(", ".join(names[:most]))
        if len(names) > most:
            named += f" and {len(names) - most:,} more"
        say(f"{named} {is_or_are(len(names))} held: {display(reason)}")
        for change in changes:
            say(f"  {display(change)}")
        if next_step:
            say(f"  {display(next_step)}")
