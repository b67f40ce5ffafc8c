"""``azstaging approve``."""

from pathlib import Path
from typing import Any

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.plan_file import read_plan, say_stakes
from azstaging.cli.session import journal_option, session
from azstaging.cli.streams import say
from azstaging.cli.targets import has_keys, require_target
from azstaging.files import read_bytes, write_whole
from azstaging.model.plans import Approval, Plan
from azstaging.model.text import display
from azstaging.model.times import format_time
from azstaging.run import utc_now


@click.command("approve")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--comment", help="Why, e.g. the change request.")
@click.option("--hours", type=click.IntRange(1, 72), help="How long it holds.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign the approval into this file, where the journal is not.",
)
@click.option(
    "--signed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take an approval that was signed elsewhere into the journal.",
)
@click.option("--digest", help="The plan's digest as you were told it; refused if it differs.")
@journal_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plan_file: Path,
    output: str,
    query: str | None,
    digest: str | None,
    journal_url: str | None,
    **options: Any,
) -> int:
    """Approve PLAN as another person than its planner.

    With --out the approval becomes a signed file, made where the journal is not; --signed takes
    it into the journal. Exits 0, or 5 when the plan does not hold or is your own.
    """
    out, signed = options.pop("out"), options.pop("signed")
    if signed is not None and (out is not None or any(options.values())):
        raise click.UsageError("--signed brings its own comment and hours.", ctx)
    if signed is None and not options["comment"]:
        raise click.UsageError("Say why, with --comment.", ctx)
    plan = read_plan(plan_file, digest=digest)
    here = out is None
    with session(ctx, journal_url=journal_url, needs_journal=here, existing=here) as run:
        say_stakes(plan, now=utc_now())
        if out is not None:
            require_target(out, what="approval", ours=has_keys("payloadType", "signatures"))
            write_whole(out, run.staging.sign_approval(plan, **options), what="approval")
            say(f"The signed approval is in {out}. Next, where the journal is:")
            say(f"  azstaging approve {plan_file} --signed {out}")
            return exit_codes.DONE
        if signed is not None:
            envelope = read_bytes(signed, what="approval", limit=1_000_000)
            approval = run.staging.accept_approval(plan, envelope, source=str(signed))
        else:
            approval = run.staging.approve(plan, **options)
        have, needed = len(run.staging.approved_by(plan)), run.config.policy.approvals
    _show(plan, approval, output, query)
    verb = "abandon" if plan.abandons else "release"
    say(f"{have} of {needed} approvals. Plan {plan.digest}.")
    if have < needed:
        say(f"Next: azstaging approve {plan_file}, as somebody else again.")
    else:
        say(f"Next: azstaging {verb} {plan_file}, as somebody else.")
    return exit_codes.DONE


def _show(plan: Plan, approval: Approval, output: str, query: str | None) -> None:
    row = {
        "plan": plan.digest,
        "approver": approval.approver.key,
        "name": approval.approver.name,
        "comment": approval.comment,
        "at": format_time(approval.at),
        "expires": format_time(approval.expires),
        "items": len(plan.items),
    }
    emit({"schema": "azstaging/approved/1"} | row, [row], output=output, query=query, lines=())
    who = display(approval.approver.name or approval.approver.oid)
    say(f"Approved by {who} until {format_time(approval.expires)}: {display(approval.comment)}")
