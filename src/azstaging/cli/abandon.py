"""``azstaging abandon``."""

from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.plan_file import read_plan, require_plan_target, write_plan
from azstaging.cli.release import run_plan
from azstaging.cli.session import Session, deadline_option, journal_option, session
from azstaging.errors import GateClosedError
from azstaging.model.plans import ABANDON_SCHEMA, Plan
from azstaging.rules.plan import check_verb
from azstaging.rules.selection import Filter, narrow


@click.command("abandon")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@click.option("--item", "items", multiple=True, help="Plan to give up this one: ARM id or name.")
@click.option("--reason", help="Why it is given up; goes into the plan.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the plan."
)
@click.option("--execute", is_flag=True, help="Send the requests of PLAN. Without it: a dry run.")
@click.option("--digest", help="The digest of PLAN as it was approved; refused if it differs.")
@journal_option
@deadline_option("run again to resume")
@output_options
@click.pass_context
def command(
    ctx: click.Context, /, plan_file: Path | None, output: str, query: str | None, **options: Any
) -> int:
    """Give up the replication of machines that were not migrated.

    First plan it, with --item, --reason and --out; have the plan approved; then run it with PLAN.
    A machine goes only if it was not cut over, no Azure VM came of it, and its source runs:
    what was migrated is released. Exits as plan and release do.
    """
    planning = {name: options.pop(name) for name in ("items", "reason", "out")}
    running = {name: options.pop(name) for name in ("execute", "digest")}
    if plan_file is None:
        if not (planning["items"] and planning["reason"] and planning["out"]) or running["execute"]:
            raise click.UsageError("Either PLAN, or --item, --reason and --out to make one.", ctx)
        with session(ctx, needs_journal=True, **options) as run:
            plan = _plan(run, **planning)
        emit(
            {"schema": "azstaging/abandon-planned/1", "digest": plan.digest, "items": plan.rows()},
            plan.rows(),
            output=output,
            query=query,
        )
        write_plan(planning["out"], plan)
        return exit_codes.DONE
    if any(planning.values()):
        raise click.UsageError("--item, --reason and --out make a plan; PLAN is one already.", ctx)
    plan = read_plan(plan_file, digest=running["digest"])
    check_verb(plan, abandons=True)
    with session(ctx, needs_journal=True, existing=True, **options) as run:
        staging = run.staging
        verb = staging.abandon if running["execute"] else None
        return run_plan(ctx, staging, plan, verb, output=output, query=query)


def _plan(run: Session, *, items: tuple[str, ...], reason: str, out: Path) -> Plan:
    require_plan_target(out, ABANDON_SCHEMA)
    inventory = run.staging.inventory()
    chosen = []
    for item in items:
        rows = narrow(inventory, Filter(items=(item,)), run.config.wave).items
        if len(rows) != 1:
            found = "no item" if not rows else f"{len(rows)} items"
            raise GateClosedError(
                f"{item} names {found}; nothing was planned.",
                advice="Name each machine exactly, by its ARM id where its name is not unique.",
            )
        chosen.append(rows[0].id)
    return run.staging.plan_abandon(chosen, reason=reason)
