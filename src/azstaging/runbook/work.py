"""What the four runbooks do. Each can be stopped or killed anywhere and started again."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta

from azstaging.checks import item_checks, workload_checks
from azstaging.engine.ports import Clock
from azstaging.errors import ConfigurationError, DeadlineReachedError, Effect, StagingError
from azstaging.journal.container import check_container_url, is_url
from azstaging.model.backlog import ActionKind
from azstaging.model.decisions import Decisions, Policy
from azstaging.model.findings import Outcome, Subject
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.names import names_of
from azstaging.model.plans import Plan, ReceiptState, ReleaseResult
from azstaging.rules.batches import batches
from azstaging.rules.evidence import item_subject, workload_scope
from azstaging.rules.pace import minute
from azstaging.run import utc_now
from azstaging.runbook.blobs import put_files
from azstaging.runbook.job import Job, run
from azstaging.runbook.parameters import Parameter, number_of

# A journal append per batch: what was checked before a kill need not be checked again.
BATCH_ITEMS = 50
FRESH = Parameter(
    name="fresh_hours", meaning="what was checked within so many hours is done", default="12"
)
OUT = Parameter(name="out", meaning="the reports: a blob URL, or a folder of a worker")
BOARDS = Parameter(
    name="boards",
    meaning="whether Azure Boards is written",
    default="no",
    choices=("no", "preview", "apply"),
)
PLAN = Parameter(
    name="plan",
    meaning="the digest of an approved plan, as azstaging plan showed it",
    required=True,
)
EXECUTE = Parameter(
    name="execute",
    meaning="dry-run sends nothing",
    default="dry-run",
    choices=("dry-run", "execute"),
)


def assess(arguments: Sequence[str], *, clock: Clock = utc_now) -> int:
    """Inventory, baselines, diff, checks, gates: nightly, with a reader's identity.

    Args:
        arguments: configuration, journal, identity, minutes, fresh_hours.
        clock: the time, aware UTC.
    """
    return run(arguments, (FRESH,), _assess, clock)


def _assess(job: Job) -> str:
    hours = number_of(FRESH.name, job.values[FRESH.name])
    since = job.clock() - timedelta(hours=hours)
    inventory = job.inventory()
    job.require_time("the inventory")
    _freeze(job, inventory)
    fresh = {(f.check, f.subject) for f in job.staging.past().findings() if f.at >= since}
    done = checked = 0
    for part in batches(inventory, size=BATCH_ITEMS):
        job.require_time(f"checking {done} of {len(inventory)} items")
        if not _wanted(part, job.staging.config.policy) <= fresh:
            findings = job.staging.check(part)
            checked += len(part)
            worst = Counter(finding.outcome.value for finding in findings)
            job.streams.verbose(f"checked {len(part)} items: {dict(worst)}")
        done += len(part)
    job.require_time(f"checking {done} of {len(inventory)} items")
    decisions = job.staging.decide(inventory)
    _say_findings(job)
    _say_gates(job, decisions)
    return (
        f"{len(inventory)} items, {checked} of them checked now; {len(decisions.open)} gates are "
        f"open, {len(decisions.closed)} closed; {_place(job)}"
    )


def _freeze(job: Job, inventory: Inventory) -> None:
    """Freeze what has no baseline yet; a baseline that stands is what drift is measured from."""
    frozen = job.staging.past().baselines()
    rows = [
        row
        for row in _pending(inventory)
        if (known := frozen.get(row.id.key)) is None or known.generation != row.item.generation
    ]
    if rows:
        made = job.staging.baseline(replace(inventory, items=tuple(rows)))
        job.streams.output(f"baselines: {len(made)} frozen")


def _pending(inventory: Inventory) -> Iterator[InventoryItem]:
    return (row for row in inventory if row.phase is not Phase.RELEASED)


def _wanted(part: Inventory, policy: Policy) -> set[tuple[str, Subject]]:
    """Return every finding that a complete check of a batch makes, as (check, subject)."""
    rows = list(_pending(part))
    wanted = {(check.id, item_subject(row)) for row in rows for check in item_checks(policy)}
    for name in {name for row in rows for name in row.workloads}:
        subject = workload_scope(name, [row for row in rows if name in row.workloads])
        wanted |= {(check.id, subject) for check in workload_checks(policy)}
    return wanted


def _say_findings(job: Job) -> None:
    counts = Counter(finding.outcome for finding in job.staging.evidence())
    shown = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)
    job.streams.output(f"findings: {shown}")


def _say_gates(job: Job, decisions: Decisions) -> None:
    for decision in decisions.closed:
        first = decision.reasons[0]
        job.streams.warning(f"gate closed: {decision.workload}: {first.detail} {first.next_step}")


def _place(job: Job) -> str:
    seq, digest = job.journal.head
    return f"journal {job.journal.place} at record {seq} {digest}"


def report(arguments: Sequence[str], *, clock: Clock = utc_now) -> int:
    """Write the reports, and preview or apply the backlog.

    Args:
        arguments: configuration, journal, identity, minutes, out, boards.
        clock: the time, aware UTC.
    """
    return run(arguments, (replace(OUT, required=True), BOARDS), _report, clock)


def _report(job: Job) -> str:
    out, boards = job.values[OUT.name], job.values[BOARDS.name]
    if is_url(out):
        check_container_url(out)
    inventory = job.inventory()
    job.require_time("the inventory")
    diff = job.staging.diff(inventory)
    decisions = job.staging.decide(inventory)
    findings = job.staging.evidence()
    with _folder(out) as folder:
        paths = job.staging.report(
            folder,
            inventory,
            findings,
            diff,
            decisions,
            jobs=job.staging.job_history(inventory),
        )
        if is_url(out):
            put_files(out, paths, credential=job.credential)
    job.streams.output(f"reports: {len(paths)} files in {out}")
    if boards == "no":
        return f"{len(paths)} report files; {_place(job)}"
    job.require_time("the reports")
    result = job.staging.boards(inventory, findings, diff, decisions, apply=boards == "apply")
    counts = ", ".join(
        f"{result.count(kind)} {kind.value}" for kind in ActionKind if result.count(kind)
    )
    job.streams.output(f"boards, {'written' if boards == 'apply' else 'preview'}: {counts}")
    for row in result.rows() if result.conflicts else ():
        if row["action"] == ActionKind.CONFLICT.value:
            job.streams.warning(f"conflict: {row}")
    for gap in result.gaps:
        job.streams.warning(f"boards gap: {gap.scope}: {gap.reason}")
    return f"{len(paths)} report files, {boards} of Azure Boards; {_place(job)}"


def _folder(out: str) -> AbstractContextManager[str]:
    return tempfile.TemporaryDirectory() if is_url(out) else nullcontext(out)


def release(arguments: Sequence[str], *, clock: Clock = utc_now) -> int:
    """Stop the replication of what one approved plan names. A dry run unless told to execute.

    Args:
        arguments: configuration, journal, identity, minutes, plan, execute.
        clock: the time, aware UTC.
    """
    return run(arguments, (PLAN, EXECUTE), _release, clock)


def _release(job: Job) -> str:
    plan = _plan(job, job.values[PLAN.name])
    execute = job.values[EXECUTE.name] == "execute"
    result = job.staging.release(plan, execute=execute)
    name_of = names_of(result)
    for receipt in result.receipts:
        say = job.streams.output if receipt.state is ReceiptState.DONE else job.streams.warning
        say(f"{receipt.state.value}: {name_of(receipt.item_id)} {receipt.reason}".rstrip())
    for held in result.held:
        said = f"held: {name_of(held.item_id)}: {held.reason}"
        job.streams.warning("; ".join((said, *held.changes)))
    if not execute:
        for item_id, request in result.requests:
            job.streams.output(f"would send {request.method} for {item_id}")
        return f"dry run of {plan.digest}: {len(result.requests)} requests, none sent"
    _require_settled(result)
    done = sum(receipt.state is ReceiptState.DONE for receipt in result.receipts)
    return f"{plan.digest}: {done} released now, {len(result.held)} held; {_place(job)}"


def _plan(job: Job, digest: str) -> Plan:
    plan = job.staging.past().plan(digest)
    if plan is None:
        known = ", ".join(each.digest for each in job.staging.past().plans()[-3:]) or "none"
        raise ConfigurationError(
            f"The journal holds no plan {digest!r}; nothing was sent.",
            advice=f"Give the whole digest; the latest plans are: {known}.",
        )
    return plan


def _require_settled(result: ReleaseResult) -> None:
    """Leave as not finished, or as failed, when the outcome of something that was sent is open."""
    unknown = [r.name for r in result.receipts if r.state is ReceiptState.UNKNOWN]
    if unknown:
        raise StagingError(
            f"What became of {', '.join(unknown)} is unknown.",
            effect=Effect.UNKNOWN,
            advice="Look at the items in the portal; azstaging status lists them.",
        )
    failed = [r.name for r in result.receipts if r.state is not ReceiptState.DONE]
    if failed:
        raise StagingError(
            f"{', '.join(failed)} did not stop; the lines above say why.",
            effect=Effect.DONE,
            advice="Mend the cause, and make a new plan for what is left.",
        )
    if result.next_at is not None and not result.open_attempts:
        raise DeadlineReachedError(
            f"{len(result.held)} items are held: the hour has no room for more stops.",
            advice=f"Start the job again from {minute(result.next_at)} on.",
        )
    if result.open_attempts or result.out_of_time:
        names = ", ".join(attempt.name for attempt in result.open_attempts)
        raise DeadlineReachedError(
            f"Time was up with {len(result.open_attempts)} stops still running ({names})."
            if names
            else f"Time was up with {len(result.held)} items held."
        )
