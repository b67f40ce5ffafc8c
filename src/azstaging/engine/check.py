"""Runs every check on every item and workload, and makes findings of what they say."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from azstaging.checks import IMPORTED_CHECKS, item_checks, workload_checks
from azstaging.checks.interface import C, Check, ItemContext, Verdict, WorkloadContext
from azstaging.engine.keeping import Keep, kept_nowhere
from azstaging.engine.ports import Clock, Progress, Trace
from azstaging.errors import ConfigurationError
from azstaging.model.commands import CommandRun, GuestTask
from azstaging.model.decisions import Policy
from azstaging.model.differences import Diff, Difference
from azstaging.model.findings import Artefact, Finding, Findings, Outcome, Subject, workload_subject
from azstaging.model.ids import ResourceId
from azstaging.model.imports import ImportedResults
from azstaging.model.inventory import Gap, Inventory, InventoryItem, Phase
from azstaging.model.suites import Probed, ProbeTask, SuiteContext, SuiteItem, SuiteTarget
from azstaging.model.surroundings import Surroundings
from azstaging.model.waves import Wave, Workload
from azstaging.rules.canonical import canonical, to_plain
from azstaging.rules.evidence import item_subject, workload_scope

_LONGEST_ERROR = 200
_NOTHING_READ = Surroundings()
_FIND_OUT = "Find out what is not told, then run azstaging check again."


class Prober(Protocol):
    """Looks at the migrated machines; `azstaging.probes` does it with sockets and processes."""

    def look(self, tasks: Sequence[ProbeTask], progress: Progress) -> tuple[Probed, ...]:
        """Return what was seen for each task, in their order. It does not raise."""
        ...


def _silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


def _untraced(_item_id: str) -> AbstractContextManager[None]:
    return nullcontext()


def run_checks(
    inventory: Inventory,
    diff: Diff,
    *,
    wave: Wave,
    policy: Policy,
    clock: Clock,
    run: str,
    probes: Prober | None = None,
    baselines: Collection[str] | None = None,
    around: Mapping[str, Surroundings] | None = None,
    commands: Mapping[str, tuple[CommandRun, ...]] | None = None,
    keep: Keep = kept_nowhere,
    progress: Progress = _silent,
    trace: Trace = _untraced,
) -> Findings:
    """Run every check on every item that is not released, and on every workload.

    Args:
        inventory: what was read.
        diff: its configuration diff, expectations applied.
        wave: its workloads and their endpoints.
        policy: its lifetimes replace those of the checks; checks on request run if it lists them.
        clock: gives one time for all findings of items, and one for those of workloads.
        run: id of this run.
        probes: looks at endpoints and runs suites; without it nobody does.
        baselines: casefolded ids of the items with a frozen baseline; None without a journal.
        around: what was read around the targets, by casefolded item id.
        commands: what came back of the scripts inside the targets, by workload.
        keep: keeps what the findings on a workload were judged by, every attempt of it.
        progress: called once per item and workload.
        trace: goes around the checks of one item.

    Returns:
        Findings sorted by subject and check. They are not recorded here.
    """
    maker = _Maker(at=clock(), run=run, lifetimes=dict(policy.lifetimes), trace=trace)
    checks = item_checks(policy)
    facts = _Facts(diff=diff, baselines=baselines, around=around or {})
    findings = _item_findings(maker, inventory, checks, facts, progress)
    run_probes = _Workloads(
        checks=workload_checks(policy), probes=probes, commands=commands or {}, keep=keep
    )
    findings += _workload_findings(maker, inventory, wave, run_probes, clock, progress)
    return Findings(at=maker.at, run=run, findings=tuple(findings))


class _Maker:
    """Makes findings of one run."""

    def __init__(
        self, *, at: datetime, run: str, lifetimes: dict[str, int], trace: Trace = _untraced
    ) -> None:
        self.at = at
        self.trace = trace
        self._run = run
        self._lifetimes = lifetimes

    def findings(
        self, checks: Sequence[Check[C]], context: C, subject: Subject
    ) -> Iterator[Finding]:
        """Run checks on one subject; whatever one raises is a finding, and the others run."""
        at, run, lifetimes = context.now, self._run, self._lifetimes
        for check in checks:
            name = check.id
            try:
                verdict = check.judge(context)
            except Exception as error:  # noqa: BLE001 - a check that breaks must not end the run
                verdict = _broken(error)
            outcome = verdict.outcome
            yield Finding(
                check=name,
                subject=subject,
                outcome=outcome,
                detail=verdict.detail,
                at=at,
                lifetime_seconds=lifetimes.get(name) or check.lifetime_seconds,
                next_step="" if outcome is Outcome.PASS else _next_step(check, verdict),
                run=run,
                artefacts=verdict.artefacts,
            )


def _next_step(check: Check[C], verdict: Verdict) -> str:
    return verdict.next_step or (
        _FIND_OUT if verdict.outcome is Outcome.INCONCLUSIVE else check.next_step
    )


def _broken(error: Exception) -> Verdict:
    text = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
    return Verdict(
        outcome=Outcome.ERROR,
        detail=f"the check itself failed: {text}",
        next_step="Report this with the item's JSON; the item was not judged.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What is known of the items beyond their rows; `run_checks` has the meanings."""

    diff: Diff
    baselines: Collection[str] | None
    around: Mapping[str, Surroundings]


def _item_findings(
    maker: _Maker,
    inventory: Inventory,
    checks: Sequence[Check[ItemContext]],
    facts: _Facts,
    progress: Progress,
) -> list[Finding]:
    rows = [row for row in inventory.items if row.phase is not Phase.RELEASED]
    # The checks are sorted by id, so the findings come out in their order.
    rows.sort(key=lambda row: row.id.key)
    differences, baselines = _by_item(facts.diff), facts.baselines
    unread = [gap for gap in inventory.gaps if not gap.covers_items]
    found: list[Finding] = []
    for done, row in enumerate(rows, 1):
        key = row.id.key
        context = ItemContext(
            now=maker.at,
            row=row,
            differences=tuple(differences.get(key, ())),
            baseline=None if baselines is None else key in baselines,
            unread=tuple(gap for gap in unread if _touches(gap, row)) if unread else (),
            around=facts.around.get(key, _NOTHING_READ),
        )
        with maker.trace(str(row.id)):
            found += maker.findings(checks, context, item_subject(row))
        progress("check", done, len(rows))
    return found


def _by_item(diff: Diff) -> dict[str, list[Difference]]:
    """Group the rows of a diff by item; rows of one item share its id, so it is folded once."""
    found: dict[str, list[Difference]] = {}
    last: ResourceId | None = None
    rows: list[Difference] = []
    for row in diff:
        if row.item_id is not last:
            last = row.item_id
            rows = found.setdefault(last.key, [])
        rows.append(row)
    return found


def _touches(gap: Gap, row: InventoryItem) -> bool:
    """Tell whether the gap covers the item or what its target is made of."""
    own = (row.id, row.target_id, row.item.settings.resource_group_id)
    return any(each is not None and each.is_under(gap.scope) for each in own)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Workloads:
    """How workloads are looked at; `run_checks` has the meanings."""

    checks: Sequence[Check[WorkloadContext]]
    probes: Prober | None
    commands: Mapping[str, tuple[CommandRun, ...]]
    keep: Keep


def _workload_findings(
    maker: _Maker,
    inventory: Inventory,
    wave: Wave,
    how: _Workloads,
    clock: Clock,
    progress: Progress,
) -> list[Finding]:
    members = _pending_by_workload(inventory)
    pending = [(each, members[each.name]) for each in wave.workloads if each.name in members]
    pending.sort(key=lambda pair: workload_subject(pair[0].name))
    seen = [Probed()] * len(pending)
    if how.probes is not None:
        tasks = [
            ProbeTask(
                endpoints=workload.endpoints,
                suite=workload.suite,
                context=suite_context(workload, rows),
            )
            for workload, rows in pending
        ]
        seen = list(how.probes.look(tasks, progress))
    elif pending:
        progress("probe", len(pending), len(pending))
    now = clock()
    found: list[Finding] = []
    for (workload, rows), probed in zip(pending, seen, strict=True):
        context = WorkloadContext(
            now=now,
            workload=workload,
            rows=rows,
            observations=probed.observations,
            suite=probed.suite,
            commands=how.commands.get(workload.name),
        )
        looked_at = (probed.observations, probed.suite, context.commands)
        subject = workload_scope(workload.name, rows)
        made = maker.findings(how.checks, context, subject)
        if any(looked_at):
            attempts = how.keep("attempts", canonical(to_plain(list(looked_at))))
            made = (replace(each, artefacts=(attempts,)) for each in made)
        found += made
    return found


def _pending_by_workload(inventory: Inventory) -> dict[str, tuple[InventoryItem, ...]]:
    """Return the items that are not released, by workload, in the order of the inventory."""
    found: dict[str, list[InventoryItem]] = {}
    for row in inventory.items:
        if row.phase is not Phase.RELEASED:
            for name in row.workloads:
                found.setdefault(name, []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def suite_context(workload: Workload, rows: Sequence[InventoryItem]) -> SuiteContext:
    """Return what the suite of a workload is given."""
    items = (
        SuiteItem(id=str(row.id), name=row.name, provider=row.item.provider, target=_target(row))
        for row in rows
    )
    return SuiteContext(
        workload=workload.name,
        owner=workload.owner,
        criticality=workload.criticality,
        endpoints=workload.endpoints,
        items=tuple(items),
    )


def _target(row: InventoryItem) -> SuiteTarget | None:
    target = row.target
    if target is None:
        return None
    nics = sorted(target.nics, key=lambda nic: nic.is_primary is not True)
    addresses = (ip.private_address for nic in nics for ip in nic.addresses)
    return SuiteTarget(
        id=str(target.id),
        name=target.name,
        computer_name=target.computer_name,
        location=target.location,
        size=target.size,
        addresses=tuple(address for address in addresses if address),
    )


def import_findings(
    results: ImportedResults,
    workload: Workload,
    inventory: Inventory,
    *,
    policy: Policy,
    at: datetime,
    run: str,
) -> Findings:
    """Judge what another tool found of a workload.

    Args:
        results: what was read of its file.
        workload: what it is about, all of it.
        inventory: binds the finding to the items, generations and targets of now.
        policy: its lifetimes replace those of the checks.
        at: when the tool ran, aware UTC: the finding is as old as that.
        run: id of this run.
    """
    rows = _pending_by_workload(inventory).get(workload.name, ())
    context = WorkloadContext(now=at, workload=workload, rows=rows, imported=results)
    maker = _Maker(at=at, run=run, lifetimes=dict(policy.lifetimes))
    kept = Artefact(
        name=f"{results.format} results", sha256=results.sha256, size_bytes=results.size_bytes
    )
    found = maker.findings(IMPORTED_CHECKS, context, workload_scope(workload.name, rows))
    return Findings(
        at=at, run=run, findings=tuple(replace(each, artefacts=(kept,)) for each in found)
    )


def require_next(findings: Findings, past: Iterable[Finding], *, name: str) -> None:
    """Refuse results that would stand in the place of others without answering them.

    Recorded later they count for more: an old pass over a new failure, one pass twice, the pass of
    one tool over the failure of another.

    Raises:
        ConfigurationError: they are not newer than those on record, or those did not pass and are
            of another tool; nothing was recorded.
    """
    past = list(past)
    _require_newer(findings, past, name=name)
    _require_same_tool(findings, past, name=name)


def _require_same_tool(findings: Findings, past: Iterable[Finding], *, name: str) -> None:
    for finding in findings:
        about = (finding.check, finding.subject)
        last = max(
            (each for each in past if (each.check, each.subject) == about),
            key=lambda each: each.at,
            default=None,
        )
        if last is None or last.outcome is Outcome.PASS or _tools(last) == _tools(finding):
            continue
        raise ConfigurationError(
            f"{name} holds {_tools(finding)}, and the newest on record are {_tools(last)} that did "
            f"not pass ({last.detail}); nothing was recorded.",
            advice="Import newer results of that tool first, or bring what several tools found "
            "into one file.",
        )


def _tools(finding: Finding) -> str:
    return " and ".join(sorted(each.name for each in finding.artefacts))


def _require_newer(findings: Findings, past: Iterable[Finding], *, name: str) -> None:
    about = {(finding.check, finding.subject.id) for finding in findings}
    known = [finding.at for finding in past if (finding.check, finding.subject.id) in about]
    if known and findings.at <= max(known):
        raise ConfigurationError(
            f"{name} is from {findings.at:%Y-%m-%d %H:%M:%S} UTC and not newer than the results "
            f"on record, of {max(known):%Y-%m-%d %H:%M:%S}; nothing was recorded.",
            advice="Run the tool again and import its new results.",
        )


def guest_tasks(workload: Workload, inventory: Inventory, script: str) -> tuple[GuestTask, ...]:
    """Return one task per target machine of a workload's items that are not released."""
    rows = _pending_by_workload(inventory).get(workload.name, ())
    targets = {row.target.id.key: row.target for row in rows if row.target is not None}
    return tuple(
        GuestTask(
            machine=target.id, location=target.location, os_family=target.os_family, script=script
        )
        for target in targets.values()
    )
