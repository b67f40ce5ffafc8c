"""Plan files: how one is written, with what people read beside it, and how it is announced."""

from datetime import datetime
from pathlib import Path

from azstaging.cli.streams import say
from azstaging.files import write_whole
from azstaging.model.plans import Plan
from azstaging.model.text import display
from azstaging.model.times import format_time
from azstaging.reports.plan_sheet import blast_radius, plan_sheet, price_of_regret
from azstaging.rules.plan import plan_bytes


def write_plan(out: Path, plan: Plan) -> None:
    """Write a plan, and the sheet for people beside it."""
    sheet = out.with_suffix(".md")
    write_whole(out, plan_bytes(plan), what="plan")
    write_whole(sheet, plan_sheet(plan), what="plan sheet")
    say(f"Plan {plan.digest} is in {out}; {sheet} is for people.")
    say_stakes(plan, now=plan.created)
    say(
        f"It expires at {format_time(plan.expires)}. "
        f"Next: azstaging approve {out}, as somebody else."
    )


def say_stakes(plan: Plan, *, now: datetime) -> None:
    """Say what cannot be undone, and the price if it is wrong; for whoever approves or runs it."""
    say(blast_radius(plan))
    say(price_of_regret(plan, now=now))
    if plan.reason:
        say(f"Reason: {display(plan.reason)}")
