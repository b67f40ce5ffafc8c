"""Plan files: how one is written, with what people read beside it, and how it is announced."""

from datetime import datetime
from pathlib import Path

from azstaging.cli.streams import say
from azstaging.cli.targets import has_schema, require_target
from azstaging.errors import PlanRefusedError
from azstaging.files import read_bytes, write_whole
from azstaging.model.plans import ABANDON_SCHEMA, RELEASE_SCHEMA, Plan
from azstaging.model.text import display
from azstaging.model.times import format_time
from azstaging.reports.plan_sheet import blast_radius, plan_sheet, price_of_regret
from azstaging.rules.plan import plan_bytes, plan_from

is_plan = has_schema(RELEASE_SCHEMA, ABANDON_SCHEMA)


def read_plan(file: Path, *, digest: str | None = None) -> Plan:
    """Read a plan's file.

    Raises:
        PlanRefusedError: it is no plan, was changed, or is not the one with this digest.
    """
    data = read_bytes(file, what="plan")
    if not is_plan(data):
        raise PlanRefusedError(
            f"{file} is not a plan; nothing was sent.",
            code="digest",
            advice="Name the file that azstaging plan --out wrote.",
        )
    return plan_from(data, expected_digest=digest)


def require_plan_target(out: Path, schema: str) -> None:
    """Refuse, before any work, to replace what is neither such a plan nor its sheet."""
    require_target(out, what="plan", ours=has_schema(schema))
    require_target(
        _sheet_of(out), what="plan sheet", ours=lambda data: b" plan, wave " in data[:200]
    )


def _sheet_of(out: Path) -> Path:
    return out.with_suffix(".md")


def write_plan(out: Path, plan: Plan) -> None:
    """Write a plan, and the sheet for people beside it."""
    sheet = _sheet_of(out)
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
