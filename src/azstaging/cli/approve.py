"""``azstaging approve``."""

from pathlib import Path

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.session import journal_option, session
from azstaging.cli.streams import say
from azstaging.files import read_bytes
from azstaging.model.text import display
from azstaging.model.times import format_time
from azstaging.rules.plan import plan_from


@click.command("approve")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--comment", required=True, help="Why, e.g. the change request.")
@click.option("--digest", help="The plan's digest as you were told it; refused if it differs.")
@journal_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plan_file: Path,
    comment: str,
    digest: str | None,
    output: str,
    query: str | None,
    journal_url: str | None,
) -> int:
    """Approve PLAN as another person than its planner.

    Exits 0, or 5 when the plan does not hold or is your own.
    """
    plan = plan_from(read_bytes(plan_file, what="plan"), expected_digest=digest)
    with session(ctx, journal_url=journal_url, needs_journal=True) as run:
        approval = run.staging.approve(plan, comment=comment)
    row = {
        "plan": plan.digest,
        "approver": approval.approver.key,
        "name": approval.approver.name,
        "comment": approval.comment,
        "at": format_time(approval.at),
        "expires": format_time(approval.expires),
        "items": len(plan.items),
    }
    emit({"schema": "azstaging/approval/1"} | row, [row], output=output, query=query, lines=())
    who = display(approval.approver.name or approval.approver.oid)
    say(f"Approved by {who} until {format_time(approval.expires)}: {len(plan.items)} items.")
    say(f"Plan {plan.digest}. Next: azstaging release {plan_file}, as somebody else.")
    return exit_codes.DONE
