"""What a check is: a pure function from a context to a verdict, with a card that describes it.

One file per check. A check reads values and answers; it does no I/O, repairs nothing, and never
passes on what it does not know: missing data is ``inconclusive``. A check that raises becomes a
finding ``error`` (the engine sees to that).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar, overload

from azstaging.model.commands import CommandRun
from azstaging.model.differences import DiffClass, Difference
from azstaging.model.findings import Artefact, Outcome
from azstaging.model.imports import ImportedResults
from azstaging.model.inventory import Gap, InventoryItem
from azstaging.model.observations import Observation
from azstaging.model.suites import SuiteRun
from azstaging.model.surroundings import Surroundings
from azstaging.model.waves import Workload

HOUR = 3600
DAY = 24 * HOUR
_NOTHING_READ = Surroundings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check says.

    Attributes:
        detail: one clause without full stop, for people; names are not escaped.
        next_step: what to do about it; without it the check's own next step is used.
        artefacts: what it was judged by, where that was kept.
    """

    outcome: Outcome
    detail: str
    next_step: str = ""
    artefacts: tuple[Artefact, ...] = ()


def passed(detail: str) -> Verdict:
    """Say that it holds."""
    return Verdict(outcome=Outcome.PASS, detail=detail)


def failed(detail: str, next_step: str = "") -> Verdict:
    """Say that it does not hold."""
    return Verdict(outcome=Outcome.FAIL, detail=detail, next_step=next_step)


def inconclusive(detail: str, next_step: str = "") -> Verdict:
    """Say that what is known does not suffice to tell."""
    return Verdict(outcome=Outcome.INCONCLUSIVE, detail=detail, next_step=next_step)


def skipped(detail: str, next_step: str = "") -> Verdict:
    """Say that there is nothing to look at here; a required check that is skipped closes."""
    return Verdict(outcome=Outcome.SKIPPED, detail=detail, next_step=next_step)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemContext:
    """What a check of one item may look at.

    Attributes:
        now: aware UTC.
        differences: the item's rows of the configuration diff, expectations applied.
        baseline: whether a baseline is frozen; None when nobody can know (no journal).
        unread: gaps that touch the item, its vault or its target, other than the item itself.
        around: what was read around the target, for the checks that were asked for.
    """

    now: datetime
    row: InventoryItem
    differences: tuple[Difference, ...] = ()
    baseline: bool | None = None
    unread: tuple[Gap, ...] = ()
    around: Surroundings = _NOTHING_READ


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadContext:
    """What a check of a whole workload may look at.

    Attributes:
        rows: its items that are not released yet, in the order of the inventory.
        observations: what the probes saw; None when no probe was run.
        suite: what was recorded of the workload's suite; None when it was not run.
        imported: what another tool found; None when nothing was imported.
        commands: one run of the workload's script per target; None when Run Command is off.
    """

    now: datetime
    workload: Workload
    rows: tuple[InventoryItem, ...]
    observations: tuple[Observation, ...] | None = None
    suite: SuiteRun | None = None
    imported: ImportedResults | None = None
    commands: tuple[CommandRun, ...] | None = None


C = TypeVar("C", ItemContext, WorkloadContext)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Generic[C]):
    """One check and its card.

    Attributes:
        id: lower-case words joined by dashes; stable, journals hold it.
        title: what holds when it passes, a clause.
        source: the page that says so, or what kind of knowledge it is.
        lifetime_seconds: how long a finding counts, unless the policy sets another time.
        boot: it is about the running machine: what it saw ends with a reboot.
        next_step: what to do when it does not pass.
        on_request: it runs only where the policy lists it, required or advisory: it asks Azure
            for more, or for what not every estate wants.
    """

    id: str
    title: str
    source: str
    lifetime_seconds: int
    scope: Literal["item", "workload"]
    boot: bool
    next_step: str
    judge: Callable[[C], Verdict]
    on_request: bool = False


@overload
def check(
    *,
    id: str,
    title: str,
    source: str,
    lifetime_seconds: int,
    next_step: str,
    scope: Literal["item"] = "item",
    boot: bool = False,
    on_request: bool = False,
) -> Callable[[Callable[[ItemContext], Verdict]], Check[ItemContext]]: ...


@overload
def check(
    *,
    id: str,
    title: str,
    source: str,
    lifetime_seconds: int,
    next_step: str,
    scope: Literal["workload"],
    boot: bool = False,
    on_request: bool = False,
) -> Callable[[Callable[[WorkloadContext], Verdict]], Check[WorkloadContext]]: ...


def check(
    *,
    id: str,
    title: str,
    source: str,
    lifetime_seconds: int,
    next_step: str,
    scope: Literal["item", "workload"] = "item",
    boot: bool = False,
    on_request: bool = False,
) -> Callable[[Callable[[C], Verdict]], Check[C]]:
    """Make a check of a pure function; `Check` has the meanings."""

    def make(judge: Callable[[C], Verdict]) -> Check[C]:
        return Check(
            id=id,
            title=title,
            source=source,
            lifetime_seconds=lifetime_seconds,
            scope=scope,
            boot=boot,
            next_step=next_step,
            judge=judge,
            on_request=on_request,
        )

    return make


def rows_of_class(differences: tuple[Difference, ...], *classes: DiffClass) -> list[Difference]:
    """Return the rows of the named classes, in their order."""
    return [row for row in differences if row.cls in classes]


def listed(rows: list[Difference], limit: int = 3) -> str:
    """Write some rows in one clause: field, both values; the rest is counted."""
    shown = [f"{row.field} {row.compared_with or '?'} -> {row.actual or '?'}" for row in rows]
    more = len(shown) - limit
    return "; ".join(shown[:limit]) + (f"; {more} more" if more > 0 else "")
