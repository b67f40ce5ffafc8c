"""Findings become evidence: which finding counts for which subject, and what it is worth.

Pure. A finding counts only for the exact item, generation and target it was made on. Within a
run the worst verdict wins; a later run of the same check supersedes an earlier one; a check that
failed and then passed with nothing changed is flaky and must pass again.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from azstaging.model.findings import Finding, Outcome, Subject, workload_subject
from azstaging.model.inventory import InventoryItem
from azstaging.model.items import Collection
from azstaging.model.machines import TargetMachine
from azstaging.rules.canonical import digest

# A finding from further ahead than this was made by a clock that cannot be trusted.
CLOCK_SKEW = timedelta(minutes=5)

_BADNESS = [Outcome.PASS, Outcome.SKIPPED, Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.FAIL]


class Standing(enum.Enum):
    """What the evidence for one check on one subject is worth. Only ``PASSED`` is good."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    MISSING = "missing"
    EXPIRED = "expired"
    VOID = "void"
    FLAKY = "flaky"
    FROM_THE_FUTURE = "from-the-future"


_STANDINGS = {
    Outcome.PASS: Standing.PASSED,
    Outcome.FAIL: Standing.FAILED,
    Outcome.ERROR: Standing.ERROR,
    Outcome.INCONCLUSIVE: Standing.INCONCLUSIVE,
    Outcome.SKIPPED: Standing.SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The evidence of one check on one subject.

    Attributes:
        finding: the finding that decides, or None when there is none.
        detail: one sentence.
        fresh: the finding is of now, whatever it says.
        since: since when it stands so, as far as anybody looked: aware UTC, or None where it is
            good or nobody looked.
        next_step: what to do, where the standing alone does not tell it.
        until: when what passed expires: aware UTC; None for all that did not pass.
    """

    check: str
    subject: Subject
    standing: Standing
    detail: str
    finding: Finding | None = None
    fresh: bool = True
    since: datetime | None = None
    next_step: str = ""
    until: datetime | None = None


def target_fingerprint(target: TargetMachine) -> str:
    """Digest what must not change under a target's evidence.

    Identity, size, disks, adapters and extensions (present, failed or not; not their versions).
    """
    return digest(
        {
            "id": target.id.key,
            "vm_id": target.vm_id.casefold(),
            "size": target.size.casefold(),
            "disks": sorted(disk.id.key for disk in target.disks),
            "nics": sorted(nic.id.key for nic in target.nics),
            "extensions": {
                name.casefold(): state.casefold() == "failed"
                for name, state in sorted(target.extensions.items())
            },
        }
    )


def item_subject(row: InventoryItem) -> Subject:
    """Return what a finding on this row is about, as of now."""
    target = row.target
    return Subject(
        id=row.id.key,
        generation=row.item.generation or "",
        target=f"{target.id.key}#{target_fingerprint(target)}" if target else "",
    )


def workload_scope(
    name: str,
    rows: Sequence[InventoryItem],
    subject_of: Callable[[InventoryItem], Subject] = item_subject,
) -> Subject:
    """Return what a finding on a whole workload is about: all its items with their targets."""
    members = [subject_of(row) for row in sorted(rows, key=lambda row: row.id.key)]
    return Subject(
        id=workload_subject(name),
        generation=digest([[m.id, m.generation] for m in members]),
        target=digest([m.target for m in members]),
    )


class FindingIndex:
    """Findings by what they are about, keeping their order.

    One list per subject, not one per check of it: an estate has findings by the hundred thousand.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._by_subject: dict[str, list[Finding]] = {}
        for finding in findings:
            self._by_subject.setdefault(finding.subject.id, []).append(finding)

    def of(self, check: str, subject_id: str) -> list[Finding]:
        """Return the findings of one check on one subject."""
        return [each for each in self._by_subject.get(subject_id, ()) if each.check == check]

    def checks(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each subject id and the checks with findings on it, in their order."""
        for subject_id, found in self._by_subject.items():
            yield subject_id, list(dict.fromkeys(each.check for each in found))


def _worst_per_run(findings: Iterable[Finding]) -> list[Finding]:
    worst: dict[str, Finding] = {}
    for finding in findings:
        seen = worst.pop(finding.run, finding)
        badness = _BADNESS.index
        worst[finding.run] = max(seen, finding, key=lambda f: badness(f.outcome))
    return list(worst.values())


def _flaky_since(runs: Sequence[Finding], flaky_passes: int) -> datetime | None:
    """Return when it failed last, if it has not passed often enough since."""
    passes = 0
    for finding in reversed(runs):
        if finding.outcome is not Outcome.PASS:
            break
        passes += 1
    failed = [f.at for f in runs[: len(runs) - passes] if f.outcome is Outcome.FAIL]
    return failed[-1] if failed and passes < flaky_passes else None


def _first_of_its_kind(runs: Sequence[Finding]) -> datetime:
    """Return when the last run's outcome was seen first, with none other since."""
    since = runs[-1].at
    for finding in reversed(runs):
        if finding.outcome is not runs[-1].outcome:
            break
        since = finding.at
    return since


def is_unread(rows: Iterable[InventoryItem]) -> bool:
    """Tell whether a target of some rows is not known now, though others of its kind can be."""
    return any(
        row.target_unknown and row.item.collection is not Collection.DATA_REPLICATION
        for row in rows
    )


def _void(old: Finding, now: Subject, *, unread: bool) -> tuple[str, str]:
    """Say why evidence is void; what could not be read is not said to have changed."""
    was, at = old.subject, f"{old.at:%Y-%m-%d %H:%M} UTC"
    of_workload = now.id.startswith(workload_subject(""))
    item = "the workload's items changed" if of_workload else "the item was protected anew"
    targets = "the targets changed" if of_workload else "the target changed"
    again, other = was.generation != now.generation, was.target != now.target
    if other and unread and not again:
        one = "a target of the workload" if of_workload else "the target"
        why = f"{one} could not be read now, so nobody can tell whether the evidence of {at}"
        return f"{why} is about it", f"See that {one} can be read, then decide again."
    if other and not was.target:
        targets = "the target was found"
    changed = [item] if again else []
    changed += [targets] if other and not unread else []
    return f"{' and '.join(changed)} after {at}, when the evidence was taken", ""


def weigh(
    check: str,
    subject: Subject,
    findings: FindingIndex,
    *,
    now: datetime,
    flaky_passes: int,
    lifetime_seconds: int | None = None,
    unread: bool = False,
) -> Verdict:
    """Weigh the evidence of one check on one subject at ``now``.

    Args:
        check: the check's id.
        subject: the subject as it is now; findings on another generation or target are void.
        findings: those of the journal, in its order.
        now: aware UTC.
        flaky_passes: consecutive passes that a flaky check needs.
        lifetime_seconds: the policy's lifetime; the shorter of it and the finding's holds.
        unread: a target of the subject is not known now; evidence on another one is void all
            the same, but nothing is said to have changed.
    """

    def verdict(
        standing: Standing, detail: str, finding: Finding, since: datetime | None = None
    ) -> Verdict:
        return Verdict(
            check=check,
            subject=subject,
            standing=standing,
            detail=detail,
            finding=finding,
            since=since,
        )

    on_subject = findings.of(check, subject.id)
    if not on_subject:
        return Verdict(
            check=check, subject=subject, standing=Standing.MISSING, detail="no evidence"
        )
    current = [f for f in on_subject if f.subject == subject]
    if not current:
        old = on_subject[-1]
        detail, step = _void(old, subject, unread=unread)
        return replace(verdict(Standing.VOID, detail, old, old.at), next_step=step)
    runs = _worst_per_run(current)
    last = runs[-1]
    ahead = last.at > now + CLOCK_SKEW
    lifetime = min(last.lifetime_seconds, lifetime_seconds or last.lifetime_seconds)
    expiry = last.at + timedelta(seconds=lifetime)
    if last.outcome is not Outcome.PASS:
        found = verdict(_STANDINGS[last.outcome], last.detail, last, _first_of_its_kind(runs))
        return replace(found, fresh=not (ahead or now >= expiry))
    if ahead:
        detail = f"the evidence is dated in the future, {last.at:%Y-%m-%d %H:%M} UTC"
        return verdict(Standing.FROM_THE_FUTURE, detail, last, last.at)
    if now >= expiry:
        detail = f"the evidence has expired at {expiry:%Y-%m-%d %H:%M} UTC"
        return verdict(Standing.EXPIRED, detail, last, expiry)
    failed = _flaky_since(runs, flaky_passes)
    if failed:
        detail = f"failed at {failed:%Y-%m-%d %H:%M} UTC, then passed with nothing changed"
        return verdict(Standing.FLAKY, detail, last, failed)
    return Verdict(
        check=check,
        subject=subject,
        standing=Standing.PASSED,
        detail=last.detail,
        finding=last,
        until=expiry,
    )
