"""A plan as people read it before they approve: what cannot be undone, and what an error costs.

Written beside the plan file, as Markdown. The JSON is what counts; its digest stands at the end.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from azstaging.model.ids import ResourceId
from azstaging.model.plans import Plan, PlanItem
from azstaging.reports.markdown import escaped

_GIB = 2**30
_DAY = timedelta(days=1)


def blast_radius(plan: Plan) -> str:
    """Say how much goes at once: items, workloads, share of the wave."""
    count, of = len(plan.items), plan.of_items
    share = f", {100 * count // of} % of the {of:,} items of the wave" if of else ""
    verb = "given up" if plan.abandons else "released"
    items = "1 item" if count == 1 else f"{count:,} items"
    workloads = len(plan.workloads)
    of_workloads = "1 workload" if workloads == 1 else f"{workloads:,} workloads"
    return f"{items} of {of_workloads} would be {verb}{share}. It cannot be undone."


def price_of_regret(plan: Plan, *, now: datetime) -> str:
    """Say what it takes to replicate all of it again: GiB to seed, and what is left for free."""
    untold = sum(item.seed_bytes is None for item in plan.items)
    told = sum(item.seed_bytes or 0 for item in plan.items)
    seed = f"{_gib(told)} to copy from the sources again"
    if untold == len(plan.items):
        seed = "everything to copy from the sources again (the items do not tell how much)"
    elif untold:
        seed = f"at least {seed} ({untold:,} items do not tell the size of every disk)"
    return f"If it is wrong: {seed}; {_free(plan.items, now)}."


def _gib(size: int) -> str:
    return f"{-(-size // _GIB):,} GiB"


def _free(items: Iterable[PlanItem], now: datetime) -> str:
    ends = [item.free_until for item in items]
    told = sorted(max(0, (end - now) // _DAY) for end in ends if end is not None)
    if not told:
        return "the days of free replication are not known (wave.free_days)"
    least, most = told[0], told[-1]
    days = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    untold = f"; {len(ends) - len(told):,} items do not tell" if len(told) < len(ends) else ""
    return f"days of free replication left: {days}{untold}"


def plan_sheet(plan: Plan) -> bytes:
    """Return the plan as Markdown; the same plan gives the same bytes."""
    what = "Abandon" if plan.abandons else "Release"
    who = plan.planner.name or plan.planner.oid
    lines = [
        f"# {what} plan, wave {escaped(plan.wave)}",
        "",
        escaped(blast_radius(plan)),
        escaped(price_of_regret(plan, now=plan.created)),
        "",
        f"Planned by {escaped(who)} at {_at(plan.created)}; expires at {_at(plan.expires)}.",
        "",
    ]
    if plan.reason:
        lines += [f"Reason: {escaped(plan.reason)}", ""]
    lines += [*_table(plan), "", *_requests(plan), "", f"Plan digest: `{plan.digest}`", ""]
    return "\n".join(lines).encode()


def _at(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _table(plan: Plan) -> Iterable[str]:
    yield "| Machine | Workloads | Provider | Azure VM | GiB to seed | Evidence |"
    yield "| --- | --- | --- | --- | ---: | ---: |"
    for item in plan.items:
        size = "not told" if item.seed_bytes is None else f"{-(-item.seed_bytes // _GIB):,}"
        cells = (item.name, ", ".join(item.workloads), item.provider, _target(item))
        text = " | ".join(escaped(cell) for cell in cells)
        yield f"| {text} | {size} | {len(item.evidence):,} |"


def _target(item: PlanItem) -> str:
    target = item.fingerprint.get("target.id", "")
    return ResourceId(target).name if target else "none known"


def _requests(plan: Plan) -> Iterable[str]:
    yield "## Requests, to the letter"
    yield ""
    for item in plan.items:
        # Rendered by us: every segment is validated and encoded, so no backtick ends the span.
        yield f"- {escaped(item.name)}: `{item.request.method} {item.request.url}`"
