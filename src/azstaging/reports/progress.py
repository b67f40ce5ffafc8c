"""Progress: readings of earlier days, scope, pace, calendar, and time in phase."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from azstaging.model.ids import id_key
from azstaging.model.inventory import InventoryItem
from azstaging.model.item_details import cut_over_at, tested_at
from azstaging.model.plans import ReceiptState
from azstaging.model.report import PastInventory, Report
from azstaging.model.times import format_time, parse_time
from azstaging.reports import document as doc
from azstaging.reports.lookup import Lookup
from azstaging.reports.words import PHASES, count, some

_WINDOW_DAYS = 14
_MOST_READINGS = 60
_GROUPS = {
    "released": "released",
    "staged": "staged",
    "stopping": "staged",
    "test-migrated": "moving",
    "cutover-running": "moving",
    "preparing": "replicating",
    "replicating": "replicating",
    "paused": "replicating",
}


def readings(report: Report) -> list[doc.Reading]:
    """Return the last inventory of each day, the latest 60 days; this report's own among them."""
    inventory = report.inventory
    own = PastInventory(
        at=inventory.read_at,
        expected=inventory.expected,
        read=inventory.read,
        phases=Counter(row.phase.value for row in inventory.items),
    )
    ordered = sorted((*report.past_inventories, own), key=lambda past: past.at)
    days = {past.at.date(): past for past in ordered}
    found = [_reading(past, report) for past in list(days.values())[-_MOST_READINGS:]]
    return found if report.wave.due is None else _on_time(found, report.wave.due)


def _on_time(found: list[doc.Reading], due: datetime) -> list[doc.Reading]:
    """Add the straight way from what was released on the first day to everything when due."""
    times = [at for reading in found if (at := parse_time(reading.at)) is not None]
    start, scope = found[0].released, found[-1].scope
    whole = int((due - times[0]).total_seconds())
    ways = [int((at - times[0]).total_seconds()) for at in times]
    return [
        msgspec.structs.replace(reading, on_time=_part(start, scope, way, whole))
        for reading, way in zip(found, ways, strict=True)
    ]


def _part(start: int, scope: int, way: int, whole: int) -> int:
    if way >= whole:
        return scope
    return start + (scope - start) * way // whole


def _reading(past: PastInventory, report: Report) -> doc.Reading:
    groups: Counter[str] = Counter()
    for phase, number in past.phases.items():
        groups[_GROUPS.get(phase, "trouble")] += number
    planned = {id_key(item.id) for p in report.plans if p.created <= past.at for item in p.items}
    return doc.Reading(
        at=format_time(past.at),
        scope=past.read if past.expected is None else past.expected,
        planned=len(planned),
        released=groups["released"],
        staged=groups["staged"],
        moving=groups["moving"],
        replicating=groups["replicating"],
        trouble=groups["trouble"],
    )


def scope_changes(found: Sequence[doc.Reading]) -> list[doc.ScopeChange]:
    """Return every day on which the scope is not what it was before."""
    return [
        doc.ScopeChange(at=later.at, before=earlier.scope, after=later.scope)
        for earlier, later in pairwise(found)
        if earlier.scope != later.scope
    ]


def forecast(lookup: Lookup) -> str:
    """Say when the rest would be released at the pace of the last 14 days; never more."""
    report = lookup.report
    now = report.decisions.at
    items = report.inventory.items
    scope = max(report.inventory.expected or 0, len(items))
    rest = scope - sum(lookup.is_released(row) for row in items)
    if not scope:
        return "There is nothing to forecast: the inventory is empty."
    if not rest:
        return "Everything in scope is released."
    due = _against_due(report, scope - rest)
    done = sorted(
        r.at
        for r in report.receipts
        if r.state is ReceiptState.DONE and r.at > now - timedelta(days=_WINDOW_DAYS)
    )
    left = f"{count(rest, 'item')} of {scope:,} {'is' if rest == 1 else 'are'} not released."
    if not done:
        return f"{left} Nothing was released in the last 14 days, so there is no forecast.{due}"
    days = max(1, (now - done[0]).days + 1)
    end = now + timedelta(days=-(-rest * days // len(done)))
    pace = f"{count(len(done), 'item')} in {count(days, 'day')}"
    return f"{left} At the latest pace ({pace}) the rest would be released by {end:%Y-%m-%d}.{due}"


def _against_due(report: Report, released: int) -> str:
    """Say how the wave stands against its due date, or nothing when there is none."""
    due = report.wave.due
    if due is None:
        return ""
    if report.decisions.at >= due:
        return f" The wave was due on {due:%Y-%m-%d}."
    on_time = readings(report)[-1].on_time or 0
    so_far = f"a straight way there would have {on_time:,} released by now, and {released:,} are"
    return f" The wave is due on {due:%Y-%m-%d}: {so_far}."


def calendar(lookup: Lookup) -> list[doc.Day]:
    """Return the days on which something was released, or will be due or expire."""
    report = lookup.report
    released: Counter[str] = Counter()
    planned: Counter[str] = Counter()
    waivers: Counter[str] = Counter()
    notes: dict[str, list[str]] = defaultdict(list)
    for receipt in report.receipts:
        if receipt.state is ReceiptState.DONE:
            day = _day(receipt.at)
            released[day] += 1
            row = lookup.rows.get(id_key(receipt.item_id))
            notes[day] += row.workloads if row else ()
    for plan in report.plans:
        rest = [i for i in plan.items if id_key(i.id) not in lookup.released]
        if rest and plan.expires > report.decisions.at:
            planned[_day(plan.expires)] += len(rest)
            notes[_day(plan.expires)].append("a plan expires")
    for waiver in report.waivers:
        waivers[_day(waiver.expires)] += 1
    if report.wave.release_after:
        notes[_day(report.wave.release_after)].append("the cooling-off period ends")
    if report.wave.due:
        notes[_day(report.wave.due)].append("the wave is due")
    return [
        doc.Day(
            day=day,
            released=released[day],
            planned=planned[day],
            waivers=waivers[day],
            note=some(sorted(set(notes[day])), 5),
        )
        for day in sorted({*released, *planned, *waivers, *notes})
    ]


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def phase_times(rows: Iterable[tuple[str, str]], now: datetime) -> list[doc.PhaseTime]:
    """Return one row per phase of (phase, since) pairs, in the order of a migration."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for phase, since in rows:
        found[phase][_age(parse_time(since), now)] += 1
    names = ("day", "week", "month", "longer", "untold")
    return [
        doc.PhaseTime(phase=phase, **{name: found[phase][name] for name in names})
        for phase in PHASES
        if phase in found
    ]


def _age(since: datetime | None, now: datetime) -> str:
    if since is None or since > now:
        return "untold"
    days = (now - since).days
    return next(
        (name for name, most in (("day", 1), ("week", 7), ("month", 30)) if days <= most), "longer"
    )


def phase_since(row: InventoryItem, lookup: Lookup) -> str:
    """Return since when an item is in its phase, or ""; only what was told, nothing guessed."""
    phase = row.phase.value
    if phase == "released":
        return lookup.released_at.get(row.id.key, "")
    if phase in {"staged", "stopping"}:
        made = row.target.created_at if row.target else None
        return cut_over_at(row.item) or (format_time(made) if made else "")
    if phase == "test-migrated":
        return tested_at(row.item)
    if phase in {"replicating", "preparing"} and row.replicating_since:
        return format_time(row.replicating_since)
    return ""
